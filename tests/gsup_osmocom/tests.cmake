# libosmogsm's GSUP as an oracle. It holds code under the AGPL: this program links it, nothing
# that is shipped does.
find_package(PkgConfig REQUIRED)
pkg_check_modules(osmogsm IMPORTED_TARGET libosmogsm libosmocore)
if(osmogsm_FOUND)
  simurgh_test(gsup_osmocom simurgh_formats_gsup)
  target_link_libraries(test_gsup_osmocom PRIVATE PkgConfig::osmogsm)
else()
  add_test(NAME gsup_osmocom
           COMMAND sh -c "echo 'libosmocore-dev is missing: ./dev setup peers'; exit 1")
endif()
