#include "base/function_ref.h"

#include <doctest/doctest.h>

#include "base/result.h"

using namespace simurgh;

namespace {

int sum_of(int count, FunctionRef<int(int)> number) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += number(i);
  return sum;
}

Result<void> each(FunctionRef<Result<void>(const int&)> visit) {
  for (int i = 0; i < 3; ++i) TRY(visit(i));
  return {};
}

}  // namespace

TEST_CASE("a FunctionRef calls the lambda it was made from, and the lambda keeps its state") {
  int calls = 0;
  CHECK(sum_of(4, [&](int i) { return ++calls, i * i; }) == 14);
  CHECK(calls == 4);
  auto counter = [n = 0](int) mutable { return ++n; };
  CHECK(sum_of(2, counter) == 3);
  CHECK(sum_of(2, counter) == 7);
  const auto constant = [](int) { return 5; };
  CHECK(sum_of(2, constant) == 10);
}

TEST_CASE("a FunctionRef passes on what the callable returns") {
  int seen = 0;
  auto result = each([&](const int& i) -> Result<void> {
    ++seen;
    if (i == 1) return ErrorCode::busy;
    return {};
  });
  CHECK(result.error().code == ErrorCode::busy);
  CHECK(seen == 2);
}
