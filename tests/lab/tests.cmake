# D1-D12 through real SMPP, GSUP, REST and files: simurghd, the factory's tool and the network in a
# box as processes; each suite and algorithm, new PINs (D8), server-made keys (D9), and simurghd
# killed on the way.
add_test(NAME lab.life
         COMMAND simurgh-lab life --chips 24 --faults lossy --seed 7 --kills 2 --misuse-every 4
                 --json --quiet --programs $<TARGET_FILE_DIR:simurghd>)
set_tests_properties(lab.life PROPERTIES TIMEOUT 600)
# T2: with Debian's osmo-hlr as the network's HLR. Skipped, in so many words, where it is missing.
add_test(NAME lab.life_osmo_hlr
         COMMAND simurgh-lab life --chips 20 --hlr osmo-hlr --seed 5 --kills 1
                 --misuse-every 4
                 --json --quiet --programs $<TARGET_FILE_DIR:simurghd>)
set_tests_properties(lab.life_osmo_hlr PROPERTIES TIMEOUT 300
                     SKIP_REGULAR_EXPRESSION "osmo-hlr is not installed")
# The same on PostgreSQL.
add_test(NAME lab.life_postgres
         COMMAND with_postgres $<TARGET_FILE:simurgh-lab> life --store {store} --chips 12
                 --faults lossy --seed 8 --kills 2 --misuse-every 4 --json --quiet
                 --programs $<TARGET_FILE_DIR:simurghd>)
set_tests_properties(lab.life_postgres PROPERTIES TIMEOUT 600)
# G1-G8 through real TCP, TLS, SMPP and REST: a fleet of 300 imported chips, simurghd killed on the
# way; each reachable chip done and executed once.
add_test(NAME lab.campaign
         COMMAND simurgh-lab campaign --chips 300 --capacity 60 --latency-ms 100 --poll-period 60
                 --seed 3 --kills 1 --faults lossy --json --quiet
                 --programs $<TARGET_FILE_DIR:simurghd>)
set_tests_properties(lab.campaign PROPERTIES TIMEOUT 600)
add_test(NAME lab.campaign_postgres
         COMMAND with_postgres $<TARGET_FILE:simurgh-lab> campaign --store {store} --chips 300
                 --capacity 60 --latency-ms 100 --poll-period 60 --seed 4 --kills 1
                 --smsc-queue 40 --json --quiet --programs $<TARGET_FILE_DIR:simurghd>)
set_tests_properties(lab.campaign_postgres PROPERTIES TIMEOUT 600)
# A payload that kills chips stops by itself in the first wave.
add_test(NAME lab.campaign_stops
         COMMAND simurgh-lab campaign --chips 300 --capacity 60 --latency-ms 100 --poll-period 60
                 --seed 5 --payload-kills 50 --json --quiet
                 --programs $<TARGET_FILE_DIR:simurghd>)
set_tests_properties(lab.campaign_stops PROPERTIES TIMEOUT 300)
