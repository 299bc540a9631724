// A callable that somebody else owns, for a function that calls it back before it returns.
//
// std::function may allocate, and its header is slow to compile; a visitor needs neither. Not for
// keeping: a FunctionRef must not outlive the callable, so it is only ever a parameter.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace simurgh {

template <typename Signature>
class FunctionRef;

template <typename Answer, typename... Arguments>
class FunctionRef<Answer(Arguments...)> {
 public:
  template <typename Callable>
    requires(std::is_invocable_r_v<Answer, Callable&, Arguments...> &&
             !std::same_as<std::remove_cvref_t<Callable>, FunctionRef> &&
             !std::is_function_v<std::remove_reference_t<Callable>>)
  FunctionRef(Callable&& callable)  // NOLINT: a lambda is passed as it stands
      : callable_(&callable), call_([](const void* whose, Arguments... arguments) -> Answer {
          using Target = std::remove_reference_t<Callable>;
          return (*static_cast<Target*>(const_cast<void*>(whose)))(
              std::forward<Arguments>(arguments)...);
        }) {}

  Answer operator()(Arguments... arguments) const {
    return call_(callable_, std::forward<Arguments>(arguments)...);
  }

 private:
  const void* callable_;
  Answer (*call_)(const void*, Arguments...);
};

}  // namespace simurgh
