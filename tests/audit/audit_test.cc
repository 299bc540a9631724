#include <doctest/doctest.h>

#include "audit/log.h"
#include "hex.h"
#include "memory_store/memory_storage.h"
#include "stores/seeded_random.h"

using namespace simurgh;
using namespace simurgh::test;
using audit::Detail;
using audit::Fault;

namespace {

// A store whose rows can be tampered with.
class OpenStore final : public audit::Store {
 public:
  Result<std::optional<audit::Row>> last() override {
    if (rows.empty()) return std::optional<audit::Row>();
    return std::optional(rows.back());
  }
  Result<void> append(const audit::Row& row) override {
    if (broken) return fail(ErrorCode::storage);
    rows.push_back(row);
    return {};
  }
  Result<std::vector<audit::Row>> page(uint64_t first, size_t limit) override {
    std::vector<audit::Row> page;
    for (const audit::Row& row : rows) {
      if (row.sequence >= first && page.size() < limit) page.push_back(row);
    }
    return page;
  }
  Result<std::vector<audit::Row>> page_of_subject(std::string_view, uint64_t, size_t) override {
    return std::vector<audit::Row>();
  }
  uint64_t undo_count() const override { return undone; }

  std::vector<audit::Row> rows;
  uint64_t undone = 0;
  bool broken = false;
};

void write_rows(audit::Log& log, int count) {
  for (int i = 1; i <= count; ++i) {
    REQUIRE(log.append({"alice", Instant{i * 1000}},
                       {"thing.change", "subject " + std::to_string(i), Detail().add("n", i)})
                .has_value());
  }
}

template <typename T>
concept Addable = requires(Detail detail, const T& value) { detail.add("x", value); };

}  // namespace

// The hash of a row, computed outside (Python's hashlib, from docs/operator/audit.md):
//   sha256(b"simurgh audit row 1" + bytes(32) + (1).to_bytes(8,"big") +
//   (1700000000000).to_bytes(8,"big")
//          + b"".join(len(x).to_bytes(4,"big") + x for x in (b"alice", b"chip.sell",
//          b"8949000000000000017", b"order=o1\nlife=0")))
TEST_CASE("I6: the hash of a row is the documented one") {
  audit::Row row;
  row.sequence = 1;
  row.at = Instant{1700000000000};
  row.actor = "alice";
  row.action = "chip.sell";
  row.subject = "8949000000000000017";
  row.detail = Detail().add("order", "o1").add("life", 0u).text();
  CHECK(row.detail == "order=o1\nlife=0");
  CHECK(to_hex(hash_of(row)) == "847115f09f43fe15e4d927adffabfb85da81e75a7be11ffa732ead2d99a20d7b");
}

TEST_CASE("rows are numbered and linked, and verify") {
  OpenStore store;
  audit::Log log(store);
  CHECK(*log.head() == audit::Head{});
  CHECK(log.verify()->rows == 0);
  write_rows(log, 5);
  CHECK(store.rows[0].previous == crypto::Digest{});
  for (size_t i = 1; i < 5; ++i) {
    CHECK(store.rows[i].sequence == i + 1);
    CHECK(store.rows[i].previous == store.rows[i - 1].hash);
  }
  CHECK(log.head()->sequence == 5);
  CHECK(log.head()->hash == store.rows[4].hash);
  CHECK(log.verify()->rows == 5);
  CHECK(!log.verify()->fault);
  CHECK(log.verify(3, 4)->rows == 2);
  CHECK(log.verify(1, UINT64_MAX, *log.head())->fault == std::nullopt);
  // A new Log goes on where the rows end.
  audit::Log again(store);
  write_rows(again, 1);
  CHECK(again.verify()->rows == 6);
  CHECK(!again.verify()->fault);
}

TEST_CASE("T-AUDIT: every row altered in any field is detected where it stands") {
  OpenStore store;
  audit::Log log(store);
  write_rows(log, 6);
  const auto good = store.rows;
  for (size_t i = 0; i < good.size(); ++i) {
    const auto altered = [&](auto change) {
      store.rows = good;
      change(store.rows[i]);
      const auto verified = *audit::Log(store).verify();
      REQUIRE(verified.fault.has_value());
      CHECK((verified.fault_at == i + 1 || verified.fault_at == i + 2));
    };
    altered([](audit::Row& row) { row.actor = "mallory"; });
    altered([](audit::Row& row) { row.action = "thing.chang"; });
    altered([](audit::Row& row) { row.subject += " "; });
    altered([](audit::Row& row) { row.detail = "n=7"; });
    altered([](audit::Row& row) { row.at.ms += 1; });
    altered([](audit::Row& row) { row.previous[31] ^= 1; });
    altered([](audit::Row& row) { row.hash[0] ^= 1; });
    // Octets moved from one field to the next are not the same row.
    altered([](audit::Row& row) {
      row.actor = "alicet";
      row.action = "hing.change";
    });
    // Altered with the hash made again: the next row shows it; of the last row, the trusted head.
    store.rows = good;
    store.rows[i].actor = "mallory";
    store.rows[i].hash = hash_of(store.rows[i]);
    const auto verified = *audit::Log(store).verify(1, UINT64_MAX, audit::Head{6, good[5].hash});
    REQUIRE(verified.fault.has_value());
    CHECK(verified.fault_at == (i < 5 ? i + 2 : 6));
  }
}

TEST_CASE("T-AUDIT: rows deleted, moved, doubled or cut off are detected") {
  OpenStore store;
  audit::Log log(store);
  write_rows(log, 6);
  const auto good = store.rows;
  const audit::Head head = *log.head();
  for (size_t i = 0; i < good.size(); ++i) {
    CAPTURE(i);
    store.rows = good;
    store.rows.erase(store.rows.begin() + static_cast<ptrdiff_t>(i));
    const auto verified = *audit::Log(store).verify(1, UINT64_MAX, head);
    CHECK(verified.fault == Fault::missing);
    CHECK(verified.fault_at == i + 1);
    // Deleted and numbered anew.
    for (size_t j = i; j < store.rows.size(); ++j) store.rows[j].sequence = j + 1;
    CHECK(audit::Log(store).verify(1, UINT64_MAX, head)->fault.has_value());
    for (size_t j = 0; j < good.size(); ++j) {
      if (i == j) continue;
      store.rows = good;
      std::swap(store.rows[i], store.rows[j]);
      std::swap(store.rows[i].sequence, store.rows[j].sequence);
      CHECK(audit::Log(store).verify()->fault.has_value());
    }
  }
  store.rows = good;
  store.rows.resize(4);
  CHECK(!audit::Log(store).verify()->fault);  // the chain alone cannot know
  CHECK(audit::Log(store).verify(1, UINT64_MAX, head)->fault == Fault::missing);
  store.rows.clear();
  CHECK(audit::Log(store).verify(1, UINT64_MAX, head)->fault == Fault::missing);
  // A part of the range is checked against the row before it.
  store.rows = good;
  store.rows[1].hash[3] ^= 1;
  CHECK(audit::Log(store).verify(3, 6)->fault == Fault::unlinked);
  store.rows.erase(store.rows.begin() + 1);
  CHECK(audit::Log(store).verify(3, 6)->fault == Fault::missing);
}

TEST_CASE("more rows than a page verify, and a fault on the page's edge is found") {
  OpenStore store;
  audit::Log log(store);
  write_rows(log, 2500);
  CHECK(log.verify()->rows == 2500);
  store.rows[1000].actor = "x";
  CHECK(audit::Log(store).verify()->fault_at == 1001);
}

TEST_CASE("an undone transaction does not leave a hole: the head is read again") {
  memory_store::MemoryStorage storage(ByteArray<16>{1});
  audit::Log log(storage.audit());
  write_rows(log, 2);
  REQUIRE(storage.commit(0).has_value());
  REQUIRE(storage.begin_step().has_value());
  write_rows(log, 3);
  REQUIRE(storage.undo_step().has_value());
  write_rows(log, 1);
  CHECK(log.head()->sequence == 3);
  CHECK(!log.verify()->fault);
  REQUIRE(storage.commit(0).has_value());
  write_rows(log, 1);
  storage.crash();
  write_rows(log, 1);
  CHECK(log.verify()->rows == 4);
  CHECK(!log.verify()->fault);
}

TEST_CASE("a row that cannot be kept is an error") {
  OpenStore store;
  audit::Log log(store);
  store.broken = true;
  CHECK(log.append({"a", {}}, {"b", "c", {}}).error().code == ErrorCode::storage);
}

TEST_CASE("I10: a detail takes numbers, names and times, and no octets") {
  CHECK(Addable<std::string_view>);
  CHECK(Addable<uint64_t>);
  CHECK(Addable<Iccid>);
  CHECK(Addable<Instant>);
  CHECK(!Addable<Key128>);
  CHECK(!Addable<Secret<77>>);
  CHECK(!Addable<ByteView>);
  CHECK(!Addable<MutableByteView>);
  CHECK(!Addable<ByteArray<16>>);
  CHECK(!Addable<ByteString<16>>);
}

TEST_CASE("details are canonical: different pairs, different texts") {
  CHECK(Detail().add("a", "1").add("b", "2").text() == "a=1\nb=2");
  CHECK(Detail().add("a", "1\nb=2").text() == "a=1\\nb=2");
  CHECK(Detail().add("a", "1\\nb=2").text() == "a=1\\\\nb=2");
  CHECK(Detail().add("a", std::string_view("\0\x1b\x7f", 3)).text() == "a=???");
  CHECK(Detail().add("a", -5).add("b", true).add("c", UINT64_MAX).text() ==
        "a=-5\nb=yes\nc=18446744073709551615");
  CHECK(Detail().add("at", Instant{12}).add("iccid", *Iccid::parse("8949000000000000017")).text() ==
        "at=12\niccid=8949000000000000017");
}

TEST_CASE("a row is UTF-8 whatever was given, and is cut between characters") {
  CHECK(Detail().add("a", "\xc3\xa4\xff\xe2\x82").text() == "a=\xc3\xa4???");
  OpenStore store;
  audit::Log log(store);
  const std::string long_name = std::string(63, 'x') + "\xc3\xa4";  // two octets across the limit
  REQUIRE(log.append({long_name, {}}, {"action", "\xff\xc3\xa4", {}}).has_value());
  const audit::Row& row = store.rows.back();
  CHECK(row.actor == std::string(63, 'x'));
  CHECK(row.subject == "?\xc3\xa4");
  CHECK(!log.verify()->fault);
}

TEST_CASE("a detail has a limit, and says when it was reached") {
  Detail detail;
  detail.add("a", "first");
  detail.add("b", std::string(5000, 'x'));
  detail.add("c", "not any more");
  CHECK(detail.text() == "a=first\ncut=yes");
  Detail many;
  for (int i = 0; i < 1000; ++i) many.add("name", i);
  CHECK(many.text().size() <= audit::detail_octets_max);
  CHECK(many.text().ends_with("\ncut=yes"));
}
