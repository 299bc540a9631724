# Parts of the command line in this process …
simurgh_test(cli simurgh_cli simurgh_crypto)
# … and the programs themselves: simurgh against a simurghd of its own, on ports that the kernel
# chooses.
add_test(NAME cli.programs
         COMMAND ${CMAKE_SOURCE_DIR}/tests/cli/programs_test.py ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(cli.programs PROPERTIES TIMEOUT 600)
# First logons through the network in a box, legacy-1997 behind its switch, no key in what is kept.
add_test(NAME cli.network
         COMMAND ${CMAKE_SOURCE_DIR}/tests/cli/network_test.py ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(cli.network PROPERTIES TIMEOUT 300)
# Campaigns as an operator orders and watches them (G3, G4).
add_test(NAME cli.campaigns
         COMMAND ${CMAKE_SOURCE_DIR}/tests/cli/campaigns_test.py ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties(cli.campaigns PROPERTIES TIMEOUT 300)
