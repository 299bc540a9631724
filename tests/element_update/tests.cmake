simurgh_test(element_update simurgh_element_update simurgh_memory_store simurgh_uicc
                            simurgh_terminal simurgh_io_json simurgh_io_crypto_openssl)
