simurgh_test(uicc simurgh_uicc simurgh_terminal simurgh_network simurgh_io_json
             simurgh_io_crypto_openssl)

# The chip read by card tools that others wrote; its own pcscd, in a mount namespace (77: no root).
add_test(NAME peers.card_tools
         COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/peers/card_tools_test.py
                 $<TARGET_FILE:simurgh-lab>)
set_tests_properties(peers.card_tools PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 180)
