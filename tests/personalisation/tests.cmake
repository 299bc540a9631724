# The rig is shared by all tests of the folder; its name does not end in _test.cc.
simurgh_test(personalisation simurgh_conversations_personalisation simurgh_io_crypto_openssl)
target_sources(test_personalisation PRIVATE personalisation/rig.cc personalisation/lossy_world.cc)
