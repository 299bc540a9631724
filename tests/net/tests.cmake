simurgh_test(net simurgh_io_net)
