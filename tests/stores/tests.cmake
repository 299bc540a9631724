simurgh_test(stores simurgh_memory_store simurgh_io_store_sqlite simurgh_io_store_postgres
                 simurgh_io_journal simurgh_io_crypto_openssl)
target_sources(test_stores PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/child.cc
                                   ${CMAKE_CURRENT_SOURCE_DIR}/postgres_cluster.cc)
