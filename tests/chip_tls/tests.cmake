simurgh_test(chip_tls simurgh_io_chip_tls simurgh_io_packet_data simurgh_io_admin_http
             simurgh_io_process simurgh_uicc simurgh_terminal simurgh_network
             simurgh_io_crypto_openssl)
