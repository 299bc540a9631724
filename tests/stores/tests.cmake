simurgh_test(stores simurgh_memory_store simurgh_io_store_sqlite simurgh_io_store_postgres
                 simurgh_io_journal simurgh_io_crypto_openssl)
target_sources(test_stores PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/child.cc
                                   ${CMAKE_CURRENT_SOURCE_DIR}/postgres_cluster.cc)

# Runs any program with a PostgreSQL of its own.
add_executable(with_postgres ${CMAKE_CURRENT_SOURCE_DIR}/with_postgres.cc
                             ${CMAKE_CURRENT_SOURCE_DIR}/postgres_cluster.cc
                             ${CMAKE_CURRENT_SOURCE_DIR}/child.cc)
target_include_directories(with_postgres PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(with_postgres PRIVATE simurgh_io_store_postgres simurgh_io_process
                                            simurgh_io_crypto_openssl)
add_test(NAME stores.simurghd
         COMMAND with_postgres python3 ${CMAKE_CURRENT_SOURCE_DIR}/stores/simurghd_store_test.py
                 $<TARGET_FILE:simurghd> {store})
