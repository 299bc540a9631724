# simurghd as a process, its front end for chips with openssl s_client as the cards' TLS.
add_test(NAME simurghd.chips
         COMMAND ${CMAKE_SOURCE_DIR}/tests/simurghd/chips_test.py ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(simurghd.chips PROPERTIES TIMEOUT 600)
