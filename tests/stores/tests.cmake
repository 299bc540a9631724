simurgh_test(stores simurgh_memory_store simurgh_io_store_sqlite simurgh_io_journal
                 simurgh_io_crypto_openssl)
