simurgh_test(io_gsup simurgh_io_gsup)
target_sources(test_io_gsup PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/child.cc)
