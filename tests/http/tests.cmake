simurgh_test(http simurgh_io_http simurgh_io_net simurgh_io_loop simurgh_io_json
             simurgh_io_crypto_openssl)
