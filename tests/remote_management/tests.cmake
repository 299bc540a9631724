simurgh_test(remote_management simurgh_formats_remote_management simurgh_formats_json
                               simurgh_io_json)
