simurgh_test(tls simurgh_io_tls simurgh_io_http simurgh_io_process simurgh_io_crypto_openssl)
target_sources(test_tls PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/child.cc)
set_tests_properties(tls PROPERTIES TIMEOUT 300)
# simurghd and simurgh over TLS, with the ssl module of Python and openssl as other ends.
add_test(NAME tls.programs
         COMMAND ${CMAKE_SOURCE_DIR}/tests/tls/programs_test.py ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(tls.programs PROPERTIES TIMEOUT 600)
