simurgh_test(io_smpp simurgh_io_smpp simurgh_formats_json simurgh_io_json)
target_sources(test_io_smpp PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/child.cc)
