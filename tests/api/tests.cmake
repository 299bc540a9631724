# The rig is shared by all tests of the folder; its name does not end in _test.cc.
simurgh_test(api simurgh_api simurgh_memory_store simurgh_hlr simurgh_io_json
             simurgh_io_crypto_openssl)
target_sources(test_api PRIVATE api/rig.cc)
