# Whole simulated worlds. The seeds that ever failed are in seeds.txt and run again for ever.
add_test(NAME sim.life COMMAND simurgh-sim --scenario life --worlds 60 --json)
add_test(NAME sim.deterministic COMMAND simurgh-sim --scenario life --worlds 3 --seed 1 --twice)
# (life-no-base needs a rarer sequence than 60 worlds have; tests/personalisation has its control.)
foreach(canary life-naive-chip life-restore)
  # Succeeds when the checkers catch the planted mistake.
  add_test(NAME sim.canary.${canary} COMMAND simurgh-sim --scenario ${canary} --worlds 60)
endforeach()
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/seeds.txt seeds REGEX "^[0-9]")
foreach(seed IN LISTS seeds)
  string(REGEX MATCH "^[0-9]+" seed ${seed})
  add_test(NAME sim.seed.${seed} COMMAND simurgh-sim --scenario life --seed ${seed})
endforeach()
