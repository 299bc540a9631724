simurgh_test(tls simurgh_io_tls simurgh_io_process simurgh_io_crypto_openssl)
target_sources(test_tls PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/child.cc)
set_tests_properties(tls PROPERTIES TIMEOUT 300)
