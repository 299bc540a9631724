# simurghd as a process, its front end for chips with openssl s_client as the cards' TLS.
add_test(NAME simurghd.chips
         COMMAND ${CMAKE_SOURCE_DIR}/tests/simurghd/chips_test.py ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(simurghd.chips PROPERTIES TIMEOUT 600)
# What simurghd puts together, in this process, and virtual cards.
simurgh_test(simurghd simurgh_element_update simurgh_security_centre simurgh_memory_store
                      simurgh_uicc simurgh_terminal simurgh_network simurgh_io_json
                      simurgh_io_crypto_openssl)
target_sources(test_simurghd PRIVATE security_centre/rig.cc
                                     ${CMAKE_SOURCE_DIR}/src/apps/simurghd/own_keys.cc)
