simurgh_test(loop simurgh_io_loop)
