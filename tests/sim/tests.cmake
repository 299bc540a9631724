# Whole simulated worlds. The seeds that ever failed are in seeds.txt and run again for ever.
add_test(NAME sim.life COMMAND simurgh-sim --scenario life --worlds 60 --json)
add_test(NAME sim.life-restored COMMAND simurgh-sim --scenario life-restored --worlds 20 --json)
add_test(NAME sim.life-interval COMMAND simurgh-sim --scenario life-interval --worlds 6 --json)
add_test(NAME sim.life-ffdhe2048 COMMAND simurgh-sim --scenario life-ffdhe2048 --worlds 3 --json)
add_test(NAME sim.life-hasty COMMAND simurgh-sim --scenario life-hasty --worlds 3 --json)
foreach(scenario life life-restored life-hasty life-interval)
  add_test(NAME sim.deterministic.${scenario}
           COMMAND simurgh-sim --scenario ${scenario} --worlds 2 --seed 1 --twice)
endforeach()
# One for each mistake of models/keyswitch.pml: NAIVE_AUC, NAIVE_CHIP, NOBASE, RESTORE.
foreach(canary life-naive-auc life-naive-chip life-no-base life-restore)
  # Succeeds when the checkers catch the planted mistake.
  add_test(NAME sim.canary.${canary} COMMAND simurgh-sim --scenario ${canary} --worlds 60)
endforeach()
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/seeds.txt seeds REGEX "^[0-9]")
foreach(seed IN LISTS seeds)
  string(REGEX MATCH "^[0-9]+" seed ${seed})
  add_test(NAME sim.seed.${seed} COMMAND simurgh-sim --scenario life --seed ${seed})
endforeach()

# Campaigns (G4, G5, G7): a small fleet for each order, with the ratios that the order must reach. A
# short period keeps the front end at 5000 sessions, so that chance matters as little as it does at
# full size.
set(fleet --elements 400000 --period-hours 4 --json)
add_test(NAME sim.reverse_order COMMAND simurgh-sim --scenario reverse-order ${fleet} --twice
  --messages-max 0.51 --duration-max 0.55)
add_test(NAME sim.reverse_order.noise COMMAND simurgh-sim --scenario reverse-order --noise ${fleet})
add_test(NAME sim.reverse_order.oldest_first COMMAND simurgh-sim --scenario reverse-order
  --order oldest_first ${fleet} --messages-min 0.8)
foreach(order hash_ramp random)
  add_test(NAME sim.reverse_order.${order} COMMAND simurgh-sim --scenario reverse-order
    --order ${order} ${fleet} --messages-min 0.55 --messages-max 0.8)
endforeach()
add_test(NAME sim.canary.reverse_order_naive COMMAND simurgh-sim --scenario reverse-order-naive
  ${fleet})

# Campaigns under faults and crashes (G3, I5, L2).
add_test(NAME sim.campaign COMMAND simurgh-sim --scenario campaign --worlds 24 --json)
add_test(NAME sim.campaign.deterministic COMMAND simurgh-sim --scenario campaign --worlds 4 --twice)
add_test(NAME sim.canary.campaign_credulous COMMAND simurgh-sim --scenario campaign-credulous
  --worlds 24)
