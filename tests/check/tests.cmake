# The checks of tools/ as tests, so that ctest's summary speaks for everything. They look at the
# sources, not at the programs: one tree, without sanitizers, is enough.
if(SIMURGH_SANITIZE OR SIMURGH_FUZZ)
  return()
endif()

# simurgh_check(<name> <seconds> <command…>): entry check.<name>.
function(simurgh_check name seconds)
  add_test(NAME check.${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(check.${name} PROPERTIES LABELS check TIMEOUT ${seconds})
endfunction()

set(tools ${CMAKE_SOURCE_DIR}/tools)
simurgh_check(tools 120 ${CMAKE_SOURCE_DIR}/tests/check/run.py)
simurgh_check(layers 60 ${tools}/check_layers.py)
simurgh_check(bare 300 ${tools}/check_bare.py)
simurgh_check(style 60 ${tools}/check_style.py)
simurgh_check(format 120 ${tools}/check_format.sh)
simurgh_check(docs 60 ${tools}/check_docs.py)
simurgh_check(secrets 120 ${tools}/check_secrets.py)
simurgh_check(shell 60 ${tools}/check_shell.sh)
# SIMURGH_TIDY=all looks at every file instead of what changed.
simurgh_check(tidy 1200 ${tools}/check_tidy.py --build ${CMAKE_BINARY_DIR})
set_tests_properties(check.tidy PROPERTIES PROCESSORS 2)
if(EXISTS ${CMAKE_SOURCE_DIR}/models/run.sh)
  simurgh_check(models 900 ${CMAKE_SOURCE_DIR}/models/run.sh)
endif()

# Every fuzz target for a share of one minute, in its own tree (./dev test has built it by then).
if(EXISTS ${CMAKE_SOURCE_DIR}/fuzz/CMakeLists.txt)
  add_test(NAME fuzz.smoke COMMAND ${CMAKE_SOURCE_DIR}/dev fuzz --seconds 60)
  set_tests_properties(fuzz.smoke PROPERTIES LABELS fuzz TIMEOUT 1200 PROCESSORS 2)
endif()
