simurgh_test(log simurgh_io_log)

# Logging a secret must not compile: each case alone, and one that may, as the control.
foreach(case Secret ByteString ByteArray ByteView Pointer)
  add_test(NAME log.refuses_${case}
           COMMAND ${CMAKE_CXX_COMPILER} -std=gnu++23 -fsyntax-only -I${CMAKE_SOURCE_DIR}/src
                   -DLOG_${case} ${CMAKE_CURRENT_SOURCE_DIR}/log/must_not_compile.cc)
  set_tests_properties(log.refuses_${case} PROPERTIES PASS_REGULAR_EXPRESSION
                       "use of deleted function")
endforeach()
add_test(NAME log.accepts_text
         COMMAND ${CMAKE_CXX_COMPILER} -std=gnu++23 -fsyntax-only -I${CMAKE_SOURCE_DIR}/src
                 ${CMAKE_CURRENT_SOURCE_DIR}/log/must_not_compile.cc)
