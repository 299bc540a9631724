#include "base/reader.h"

#include <doctest/doctest.h>

#include "hex.h"

using namespace simurgh;
using test::from_hex;
using test::to_hex;

namespace {
Result<uint32_t> sum_of_two(Reader& reader) {
  const uint32_t a = TRY(reader.u16());
  const uint32_t b = TRY(reader.u24());
  return a + b;
}
}  // namespace

TEST_CASE("a reader gives big-endian fields and their offsets, and never reads past the end") {
  const auto bytes = from_hex("0102 030405 ff");
  Reader reader(bytes);
  CHECK(sum_of_two(reader) == 0x0102u + 0x030405u);
  CHECK(reader.offset() == 5);
  CHECK(reader.u16().error() == fail(ErrorCode::truncated, 5));
  CHECK(reader.expect_end().error() == fail(ErrorCode::trailing_bytes, 5));
  CHECK(*reader.u8() == 0xff);
  CHECK(reader.expect_end().has_value());
  for (size_t size = 0; size < 5; ++size) {
    Reader cut(ByteView(bytes).first(size));
    CHECK(sum_of_two(cut).error().code == ErrorCode::truncated);
  }
}

TEST_CASE("a writer that runs out of room stays failed") {
  ByteArray<6> room;
  Writer writer(room);
  writer.u16(0x0102).prefixed8(from_hex("aabb"));
  CHECK(to_hex(writer.written()) == "010202aabb");
  writer.u16(1).u8(7);
  CHECK(writer.finish().error().code == ErrorCode::no_space);
}

TEST_CASE("a writer makes room in the middle, and fails when there is none") {
  ByteArray<6> room;
  Writer writer(room);
  writer.u8(1).u16(0x0203).insert(1, 2);
  CHECK(to_hex(writer.written()) == "0100000203");
  writer.insert(5, 1);
  CHECK(to_hex(writer.written()) == "010000020300");
  writer.insert(0, 1);
  CHECK(writer.finish().error().code == ErrorCode::no_space);
  Writer refused(room);
  refused.u8(1).set_failed();
  CHECK(refused.finish().error().code == ErrorCode::no_space);
}

TEST_CASE("TRY nests: the inner error is the one that is returned") {
  const auto second_of_two = [](Reader& reader) -> Result<uint8_t> {
    return *TRY(reader.bytes(TRY(reader.u8()))).data();
  };
  const auto good = from_hex("01 2a");
  Reader reader(good);
  CHECK(second_of_two(reader) == uint8_t{0x2a});
  const auto cut = from_hex("02 2a");
  Reader short_reader(cut);
  CHECK(second_of_two(short_reader).error() == fail(ErrorCode::truncated, 1));
  Reader empty({});
  CHECK(second_of_two(empty).error() == fail(ErrorCode::truncated, 0));
}
