simurgh_test(security_centre simurgh_security_centre simurgh_memory_store
                             simurgh_io_crypto_openssl)
target_sources(test_security_centre PRIVATE security_centre/rig.cc)
