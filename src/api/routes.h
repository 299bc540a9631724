// The table of routes. Private to api/.
#pragma once

#include <span>

#include "api/call.h"

namespace simurgh::api {

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/chips/{iccid}"
  Roles roles;               // any one of them; empty: no token needed
  Reply (*handler)(Call&);
  std::string_view summary;

  bool takes_body() const { return method == "POST"; }
};

std::span<const Route> routes();

// What a pattern says of a path: no match, or what stands in its {…}.
std::optional<std::vector<std::string>> match(std::string_view pattern,
                                              const std::vector<std::string>& segments);

}  // namespace simurgh::api
