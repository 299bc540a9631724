// One channel for errors: Result<T> is a value or an Error, and TRY passes the error on.
//
// In bare and pure code an error is a code and the offset of the byte that was wrong; words for
// people are made at the edge (api, apps), where it is known what can be done about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <type_traits>
#include <utility>

namespace simurgh {

enum class ErrorCode : uint8_t {
  truncated,       // input ends before the field does
  trailing_bytes,  // input goes on after the end of the message
  bad_length,      // a length field contradicts what holds it
  bad_value,       // a field has a value that the clause does not allow
  unsupported,     // well formed, but a feature that this end does not offer
  too_large,       // exceeds a named limit
  no_space,        // the output buffer or table is full
  bad_mac,         // authentication of the message failed
  bad_signature,   // a public-key signature does not verify
  replayed,        // counter, nonce or epoch was already used
  bad_state,       // the message does not fit the present state of the conversation
  not_found,       // no such record, file, subscriber …
  already_exists,  // such a record exists with other content
  not_allowed,     // refused by policy
  busy,            // try again later
  storage,         // the store could not read or keep data
  crypto,          // a primitive refused its input (invalid point, key size)
  closed,          // the peer or the object is gone
  timed_out,
  io,
};

// Stable lower-case name of a code, for logs and tests.
const char* name_of(ErrorCode code);

struct Error {
  ErrorCode code;
  uint32_t offset = 0;  // octets from the start of the input, where that says anything

  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
  Result(ErrorCode code) : std::expected<T, Error>(std::unexpect, Error{code}) {}  // NOLINT
  Result(Error error) : std::expected<T, Error>(std::unexpect, error) {}           // NOLINT
};

inline Error fail(ErrorCode code, size_t offset = 0) {
  return Error{code, static_cast<uint32_t>(offset)};
}

}  // namespace simurgh

// The value of `expression`, or return its error from the calling function. (A statement
// expression: both our compilers have it, and nothing in the standard does this yet.) The counter
// gives each use a variable of its own, so that uses nest.
#define TRY(expression) SIMURGH_TRY_NUMBERED(expression, __COUNTER__)
#define SIMURGH_TRY_NUMBERED(expression, number) SIMURGH_TRY_AS(expression, number)
#define SIMURGH_TRY_AS(expression, number)                                    \
  ({                                                                          \
    auto try_result_##number = (expression);                                  \
    if (!try_result_##number.has_value()) return try_result_##number.error(); \
    ::simurgh::detail::take(std::move(try_result_##number));                  \
  })

namespace simurgh::detail {
template <typename T>
T take(Result<T>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace simurgh::detail
