simurgh_test(osmo_hlr simurgh_io_osmo_hlr simurgh_io_gsup simurgh_memory_store
                      simurgh_io_crypto_openssl)
