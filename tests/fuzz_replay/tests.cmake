# Every fuzz target over its corpus, as an ordinary test: replay.<target>.
include(${CMAKE_SOURCE_DIR}/fuzz/targets.cmake)

function(simurgh_replay_targets)
  simurgh_fuzz_sources(sources)
  foreach(source IN LISTS sources)
    simurgh_add_fuzz_target(replay_ ${source} name ${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc)
    if(name)
      add_test(NAME replay.${name}
               COMMAND replay_${name} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
      set_tests_properties(replay.${name} PROPERTIES LABELS replay)
    endif()
  endforeach()
endfunction()

# After the areas that follow this one, because they make libraries that targets link (oracles).
cmake_language(DEFER CALL simurgh_replay_targets)
