# What the libFuzzer build and the replay of the corpora have in common.
set(fuzz_folder ${CMAKE_SOURCE_DIR}/fuzz)

# The files with an LLVMFuzzerTestOneInput: all but the two that belong to no target.
function(simurgh_fuzz_sources out)
  file(GLOB sources CONFIGURE_DEPENDS ${fuzz_folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/(replay_main|check_failed)\\.cc$")
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

# Program <prefix><name> from <name>.cc and the libraries of its first line; `out` is the name, or
# empty when a library is not there (an oracle whose package is missing), which is said.
function(simurgh_add_fuzz_target prefix source out)
  get_filename_component(name ${source} NAME_WE)
  set(${out} "" PARENT_SCOPE)
  file(STRINGS ${source} first LIMIT_COUNT 1)
  if(NOT first MATCHES "^// link:(.*)$")
    message(FATAL_ERROR "fuzz/${name}.cc: its first line has to say \"// link: <libraries>\"")
  endif()
  string(REGEX MATCHALL "[^ ]+" libraries "${CMAKE_MATCH_1}")
  foreach(library IN LISTS libraries)
    if(NOT TARGET ${library})
      message(STATUS "fuzz/${name}.cc is left out: there is no ${library}")
      return()
    endif()
  endforeach()
  add_executable(${prefix}${name} ${source} ${fuzz_folder}/check_failed.cc ${ARGN})
  target_include_directories(${prefix}${name} PRIVATE ${CMAKE_SOURCE_DIR}/src
                             ${CMAKE_SOURCE_DIR}/tests ${fuzz_folder})
  target_link_libraries(${prefix}${name} PRIVATE ${libraries} simurgh_base)
  set(${out} ${name} PARENT_SCOPE)
endfunction()
