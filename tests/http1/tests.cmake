simurgh_test(http1 simurgh_formats_http1)

# llhttp, Node's parser, as an independent reader of the same bytes: Debian's node-llhttp brings its
# C sources. Without them the comparison says so and the rest is tested all the same.
set(llhttp_sources /usr/share/llhttp/api.c /usr/share/llhttp/http.c /usr/share/llhttp/llhttp.c)
if(EXISTS /usr/share/llhttp/llhttp.c)
  add_library(llhttp_oracle STATIC ${llhttp_sources} http1/llhttp_reader.cc)
  target_include_directories(llhttp_oracle SYSTEM PUBLIC /usr/share/include/llhttp)
  target_include_directories(llhttp_oracle PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(llhttp_oracle PUBLIC simurgh_formats_http1)
  set_source_files_properties(${llhttp_sources} PROPERTIES COMPILE_OPTIONS -w)
  target_link_libraries(test_http1 PRIVATE llhttp_oracle)
  target_sources(test_http1 PRIVATE http1/llhttp_comparison.cc)
else()
  message(STATUS "no /usr/share/llhttp (package node-llhttp): http1 is not compared with llhttp")
endif()
