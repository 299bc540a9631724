simurgh_test(formats simurgh_formats_tlv simurgh_formats_apdu simurgh_formats_sms
                 simurgh_formats_toolkit simurgh_formats_json simurgh_io_json)
