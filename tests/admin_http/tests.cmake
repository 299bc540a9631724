simurgh_test(
    admin_http simurgh_io_admin_http simurgh_io_tls simurgh_io_process simurgh_io_crypto_openssl)
    target_sources(test_admin_http PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} / child.cc)
        set_tests_properties(admin_http PROPERTIES TIMEOUT 300)
