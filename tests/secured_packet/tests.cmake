simurgh_test(secured_packet simurgh_formats_secured_packet simurgh_formats_json simurgh_io_json
             simurgh_io_crypto_openssl)
