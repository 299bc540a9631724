# D1-D12 through real SMPP, GSUP, REST and files: simurghd and the network in a box as processes.
add_test(NAME lab.life
         COMMAND simurgh-lab life --chips 24 --faults lossy --seed 7 --kills 2 --misuse-every 4
                 --json --quiet --programs $<TARGET_FILE_DIR:simurghd>)
set_tests_properties(lab.life PROPERTIES TIMEOUT 300)
