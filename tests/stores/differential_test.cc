// A back end does the same as the memory at length: random operations, steps, commits and crashes
// on both, every answer compared.
#include "stores/back_ends.h"
#include "stores/rows.h"

using namespace simurgh;
using namespace simurgh::test;

namespace {

template <typename BackEnd>
class Pair {
 public:
  explicit Pair(uint64_t seed) : random_(seed) {}

  void step(int index) {
    CAPTURE(index);
    const uint64_t number = random_.below(12);
    switch (random_.below(16)) {
      case 0: return save_chip(number);
      case 1: return save_subscriber(number);
      case 2: return both([&](auto& s) { return s.hlr().erase(imsi_of(number)); });
      case 3: return save_keys(number);
      case 4: return both([&](auto& s) { return s.security_centre().erase(iccid_of(number)); });
      case 5: return add_allocation(number);
      case 6: return add_contact(number);
      case 7: return add_work(number);
      case 8: return commit();
      case 9: return crash();
      case 10: return begin_or_end_step();
      default: return compare(number);
    }
  }
  void compare_all() {
    for (uint64_t number = 0; number < 12; ++number) compare(number);
  }

 private:
  storage::Storage& memory() { return memory_.storage(); }
  storage::Storage& other() { return other_.storage(); }

  template <typename Change>
  void both(Change change) {
    const auto a = change(memory());
    const auto b = change(other());
    REQUIRE(a.has_value() == b.has_value());
    if (!a) CHECK(a.error().code == b.error().code);
  }
  template <typename Question>
  void same(Question question) {
    const auto a = question(memory());
    const auto b = question(other());
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    CHECK(*a == *b);
  }

  void save_chip(uint64_t number) {
    fleet::Chip chip = some_chip(number);
    chip.state = static_cast<fleet::ChipState>(1 + random_.below(6));
    chip.msisdn = random_.one_in(3) ? Msisdn() : msisdn_of(random_.below(12));
    if (random_.one_in(8)) chip.imsi = imsi_of(random_.below(12));
    both([&](auto& s) { return s.fleet().save_chip(chip); });
  }
  void save_subscriber(uint64_t number) {
    hlr::Subscriber row = some_subscriber(number);
    row.msisdn = random_.one_in(3) ? Msisdn() : msisdn_of(random_.below(12));
    row.epoch = static_cast<uint32_t>(random_.below(100));
    both([&](auto& s) { return s.hlr().save(row); });
  }
  void save_keys(uint64_t number) {
    security_centre::ChipKeys row = some_chip_keys(number);
    row.work = static_cast<security_centre::Work>(random_.below(3));
    row.commit_unconfirmed = random_.one_in(2);
    row.interval_from = Instant{static_cast<int64_t>(random_.below(4))};
    if (random_.one_in(8)) row.imsi = imsi_of(random_.below(12));
    both([&](auto& s) { return s.security_centre().save(row); });
  }
  void add_allocation(uint64_t number) {
    const auto row = some_allocation(number + 1, random_.below(300), 1 + random_.below(20));
    both([&](auto& s) { return s.fleet().add_allocation(row); });
  }
  void add_contact(uint64_t number) {
    const fleet::Contact contact{iccid_of(number),
                                 Instant{static_cast<int64_t>(random_.below(50))}};
    both([&](auto& s) { return s.fleet().add_contacts({&contact, 1}); });
  }
  void add_work(uint64_t number) {
    const hlr::NetworkWork work{imsi_of(number), "vlr", hlr::Domain::packet,
                                static_cast<hlr::NetworkWork::Kind>(1 + random_.below(3))};
    if (random_.one_in(2)) return both([&](auto& s) { return s.hlr().add_work(work); });
    both([&](auto& s) { return s.hlr().erase_work(work); });
  }
  void commit() {
    if (in_step_) return;
    const auto a = memory().commit(random_.below(5));
    const auto b = other().commit(a->journal_sequence);
    REQUIRE(b.has_value());
  }
  void crash() {
    if (!random_.one_in(4)) return;
    memory_.kill();
    other_.kill();
    in_step_ = false;
  }
  void begin_or_end_step() {
    if (!in_step_) {
      both([](auto& s) { return s.begin_step(); });
    } else if (random_.one_in(2)) {
      both([](auto& s) { return s.undo_step(); });
    } else {
      both([](auto& s) { return s.keep_step(); });
    }
    in_step_ = !in_step_;
  }
  void compare(uint64_t number) {
    same([&](auto& s) { return s.fleet().chip(iccid_of(number)); });
    same([&](auto& s) { return s.fleet().chip_of(imsi_of(number)); });
    same([&](auto& s) { return s.fleet().chip_of(msisdn_of(number)); });
    same([&](auto& s) { return s.fleet().chips({}, iccid_of(number), 4); });
    same([&](auto& s) { return s.fleet().allocation_with(run_of(number * 20, 1).iccid); });
    same([&](auto& s) { return s.fleet().allocation_with(run_of(number * 20, 1).imsi); });
    same([&](auto& s) { return s.hlr().load(imsi_of(number)); });
    same([&](auto& s) { return s.hlr().load_by_msisdn(msisdn_of(number)); });
    same([&](auto& s) { return s.hlr().all_work(); });
    same([&](auto& s) { return s.security_centre().load_by_imsi(imsi_of(number)); });
    same([&](auto& s) -> Result<std::vector<Iccid>> {
      std::vector<Iccid> open;
      const auto visited = s.security_centre().each_open(
          [&](const security_centre::ChipKeys& row) { open.push_back(row.iccid); });
      REQUIRE(visited.has_value());
      return open;
    });
    same([&](auto& s) -> Result<std::vector<Iccid>> {
      std::vector<Iccid> due;
      const auto visited = s.security_centre().each_rekey_due(
          Instant{3}, 3, [&](const security_centre::ChipKeys& row) { due.push_back(row.iccid); });
      REQUIRE(visited.has_value());
      return due;
    });
    // A change that came to nothing may count as one.
    CHECK((other().has_changes() || !memory().has_changes()));
  }

  SeededRandom random_;
  MemoryBackEnd memory_;
  BackEnd other_;
  bool in_step_ = false;
};

}  // namespace

TEST_CASE_TEMPLATE("memory and database answer alike through random histories with crashes",
                   BackEnd, SqliteBackEnd, PostgresBackEnd) {
  for (uint64_t seed = 1; seed <= 15; ++seed) {
    CAPTURE(seed);
    Pair<BackEnd> pair(seed);
    for (int i = 0; i < 400; ++i) pair.step(i);
    pair.compare_all();
  }
}
