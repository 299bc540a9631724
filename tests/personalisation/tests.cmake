# The rig is shared by all tests of the folder; its name does not end in _test.cc.
simurgh_test(personalisation simurgh_conversations_personalisation simurgh_io_crypto_openssl)
target_sources(test_personalisation PRIVATE personalisation/rig.cc personalisation/lossy_world.cc)

# The worked transcripts, recomputed by an independent program; skipped (it says why) where Python's
# cryptography or libsodium is missing.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_test(NAME personalisation.reference
         COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/personalisation/reference.py)
set_tests_properties(personalisation.reference PROPERTIES SKIP_RETURN_CODE 77)
