simurgh_test(crypto simurgh_crypto simurgh_io_crypto_openssl simurgh_formats_json simurgh_io_json)

# Timing: under valgrind, which no sanitizer goes together with.
find_program(VALGRIND valgrind)
find_path(VALGRIND_HEADERS valgrind/memcheck.h)
if(VALGRIND AND VALGRIND_HEADERS AND NOT SIMURGH_SANITIZE)
  add_executable(constant_time_check crypto/constant_time_check.cc)
  target_include_directories(constant_time_check PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(constant_time_check PRIVATE simurgh_crypto simurgh_io_crypto_openssl)
  set(beside ${CMAKE_CURRENT_SOURCE_DIR}/crypto)
  set(memcheck ${VALGRIND} -q --error-exitcode=9 --suppressions=${beside}/constant_time.supp)
  add_test(NAME crypto_constant_time COMMAND ${memcheck} $<TARGET_FILE:constant_time_check>)
  add_test(NAME crypto_constant_time_password
           COMMAND ${memcheck} --suppressions=${beside}/constant_time_password.supp
                   $<TARGET_FILE:constant_time_check> password)
  add_test(NAME crypto_constant_time_control
           COMMAND ${memcheck} $<TARGET_FILE:constant_time_check> leak)
  set_tests_properties(crypto_constant_time_control PROPERTIES WILL_FAIL ON)
else()
  message(STATUS "No valgrind here, or a sanitizer: constant_time_check is not built")
endif()
