#include "io/nv_file/pack.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "../uicc/test_card.h"

using namespace simurgh;
using nv_file::Durability;
using nv_file::Pack;

namespace {

// A path below /tmp that is removed in the end.
struct TemporaryPath {
  TemporaryPath() {
    char name[] = "/tmp/simurgh-pack-XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    ::close(fd);
    ::unlink(name);
    path = name;
  }
  ~TemporaryPath() { ::unlink(path.c_str()); }
  std::string path;
};

Iccid numbered(unsigned n) {
  char digits[20];
  std::snprintf(digits, sizeof(digits), "894917%013u", n);
  return *Iccid::parse(digits);
}

uicc::PrePersonalisation data_of(unsigned n) {
  auto data = test::test_pre_personalisation();
  data.chip.iccid = numbered(n);
  return data;
}

void make(Pack& pack, size_t slot, Random& random) {
  const auto nv = pack.slot(slot);
  const uicc::Hardware hardware{*nv, random, pack.seal_key(slot)};
  REQUIRE(uicc::make_blank_chip(hardware).has_value());
  uicc::Card card(hardware);
  REQUIRE(card.reset().has_value());
  const auto bytes = write_pre_personalisation(data_of(static_cast<unsigned>(slot)));
  for (const auto& apdu : test::blocks_of(uicc::chip_ins::pre_personalise, bytes.view())) {
    REQUIRE(test::to_hex(*card.transmit(apdu)) == "9000");
  }
  REQUIRE(pack.set_label(slot, numbered(static_cast<unsigned>(slot))).has_value());
}

}  // namespace

TEST_CASE("D3: chips made in a pack are there when it is opened again") {
  TemporaryPath file;
  std::string problem;
  test::SeededRandom random(1);
  {
    auto pack = Pack::create(file.path, {300}, random, Durability::on_sync, problem);
    REQUIRE(pack.has_value());
    for (size_t slot = 0; slot < 300; slot += 7) make(**pack, slot, random);
    CHECK((*pack)->sync().has_value());
    CHECK(!Pack::open(file.path, Durability::on_sync, problem).has_value());
    CHECK(problem.find("in use") != std::string::npos);
  }
  auto pack = Pack::open(file.path, Durability::every_write, problem);
  REQUIRE(pack.has_value());
  CHECK((*pack)->shape().slots == 300);
  CHECK((*pack)->labelled() == 43);
  const auto found = (*pack)->find(numbered(14));
  REQUIRE(found == 14);
  CHECK(!(*pack)->find(numbered(15)).has_value());
  const auto nv = (*pack)->slot(*found);
  uicc::Card card({*nv, random, (*pack)->seal_key(*found)});
  REQUIRE(card.reset().has_value());
  const ByteArray<5> get = {0x80, uicc::chip_ins::get_chip_data, 0, 0, 0};
  const auto answer = *card.transmit(get);
  const auto data = uicc::parse_chip_data(answer.first(answer.size() - 2));
  REQUIRE(data.has_value());
  CHECK(data->iccid == numbered(14));
  // With another slot's key the records do not verify.
  uicc::Card copied({*nv, random, (*pack)->seal_key(15)});
  CHECK(!copied.reset().has_value());
  // Sparse: a chip of this age takes two blocks or so.
  struct stat status = {};
  REQUIRE(::stat(file.path.c_str(), &status) == 0);
  CHECK(static_cast<size_t>(status.st_blocks) * 512 < 43 * 16384);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("slots of a pack may be filled by several threads") {
  TemporaryPath file;
  std::string problem;
  test::SeededRandom random(1);
  auto pack = Pack::create(file.path, {64}, random, Durability::on_sync, problem);
  REQUIRE(pack.has_value());
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&pack, t] {
      test::SeededRandom own(t + 10);
      for (size_t slot = t; slot < 64; slot += 4) make(**pack, slot, own);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK((*pack)->labelled() == 64);
}

TEST_CASE("what is not a whole pack is refused, with words that say what to do") {
  TemporaryPath file;
  std::string problem;
  test::SeededRandom random(1);
  CHECK(Pack::open(file.path, Durability::on_sync, problem).error().code == ErrorCode::not_found);
  CHECK(Pack::create(file.path, {0}, random, Durability::on_sync, problem).error().code ==
        ErrorCode::bad_value);
  CHECK(Pack::create(file.path, {1, 5000}, random, Durability::on_sync, problem).error().code ==
        ErrorCode::bad_value);
  CHECK(Pack::create(file.path, {2}, random, Durability::on_sync, problem).has_value());
  CHECK(Pack::create(file.path, {2}, random, Durability::on_sync, problem).error().code ==
        ErrorCode::already_exists);
  CHECK(problem.find("already") != std::string::npos);
  REQUIRE(::truncate(file.path.c_str(), 20'000) == 0);
  CHECK(Pack::open(file.path, Durability::on_sync, problem).error().code == ErrorCode::bad_value);
  CHECK(problem.find("shorter") != std::string::npos);
  REQUIRE(::truncate(file.path.c_str(), 10) == 0);
  CHECK(Pack::open(file.path, Durability::on_sync, problem).error().code == ErrorCode::bad_value);
}

TEST_CASE("every changed octet of a pack's header is noticed; a torn label is none") {
  TemporaryPath file;
  std::string problem;
  test::SeededRandom random(1);
  {
    auto pack = Pack::create(file.path, {2}, random, Durability::on_sync, problem);
    REQUIRE((*pack)->set_label(1, numbered(1)).has_value());
  }
  const auto flip = [&file](long offset) {
    std::FILE* stream = std::fopen(file.path.c_str(), "r+b");
    REQUIRE(stream != nullptr);
    std::fseek(stream, offset, SEEK_SET);
    const int octet = std::fgetc(stream);
    std::fseek(stream, offset, SEEK_SET);
    std::fputc(octet ^ 1, stream);
    std::fclose(stream);
  };
  for (long offset = 0; offset < 44; ++offset) {
    flip(offset);
    CHECK(!Pack::open(file.path, Durability::on_sync, problem).has_value());
    flip(offset);
  }
  CHECK((*Pack::open(file.path, Durability::on_sync, problem))->labelled() == 1);
  flip(4096 + 32 + 5);
  CHECK((*Pack::open(file.path, Durability::on_sync, problem))->labelled() == 0);
}
