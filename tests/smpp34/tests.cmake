# PDUs of libsmpp34 (LGPL): linked with this test only.
find_path(SMPP34_INCLUDE libsmpp34/smpp34.h)
find_library(SMPP34_LIBRARY smpp34)
if(SMPP34_INCLUDE AND SMPP34_LIBRARY)
  simurgh_test(smpp34 simurgh_formats_smpp)
  target_link_libraries(test_smpp34 PRIVATE ${SMPP34_LIBRARY})
else()
  add_test(NAME smpp34 COMMAND sh -c "echo 'libsmpp34-dev is missing: ./dev setup peers'; exit 1")
endif()
