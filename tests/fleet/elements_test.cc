#include "fleet/elements.h"

#include "crypto/memory_key_store.h"
#include "fleet/rig.h"
#include "stores/rows.h"

using namespace simurgh;
using namespace simurgh::test;
using fleet::ElementKeys;
using fleet::NewElement;

namespace {

struct ElementsRig : FleetRig {
  crypto::MemoryKeyStore keys{1};
  fleet::Elements elements{{}, {storage.elements(), audit, keys}};
  SeededRandom random{7};

  NewElement row(uint64_t number) {
    NewElement out;
    out.iccid = iccid_of(number);
    out.msisdn = msisdn_of(number);
    random.fill(out.keys.kic.fill(16));
    random.fill(out.keys.kid.fill(16));
    out.keys.key_version = 4;
    out.keys.psk_identity = "card " + std::to_string(number);
    random.fill(out.keys.psk.fill(32));
    return out;
  }
};

template <typename T>
bool failed(const Result<T>& result, ErrorCode code, size_t offset) {
  return !result && result.error().code == code && result.error().offset == offset;
}

}  // namespace

TEST_CASE("imported elements come back with their keys, and only in their own row (G8)") {
  ElementsRig rig;
  REQUIRE(rig.elements.save_batch("fleet", "{}", rig.by()).has_value());
  std::vector<NewElement> rows = {rig.row(1), rig.row(2)};
  rows[1].counter = 500;
  CHECK(*rig.elements.import("fleet", rows, rig.by()) == 0);
  std::vector<NewElement> more = {rig.row(3)};
  CHECK(*rig.elements.import("fleet", more, rig.by()) == 2);

  const auto first = rig.elements.element_of(rows[0].iccid);
  REQUIRE(first.has_value());
  const auto opened = open_element_keys(rig.keys, *first);
  REQUIRE(opened.has_value());
  CHECK(crypto::secure_equal(opened->kic.view(), rows[0].keys.kic.view()));
  CHECK(crypto::secure_equal(opened->kid.view(), rows[0].keys.kid.view()));
  CHECK(crypto::secure_equal(opened->psk.view(), rows[0].keys.psk.view()));
  CHECK(opened->psk_identity == "card 1");
  CHECK(opened->key_version == 4);

  // T-ROW-SWAP: another row, another identity or another key version do not open it.
  fleet::Element moved = *rig.elements.element_of(rows[1].iccid);
  moved.sealed_keys = first->sealed_keys;
  CHECK(open_element_keys(rig.keys, moved).error().code == ErrorCode::bad_mac);
  moved = *first;
  moved.psk_identity = "card 2";
  CHECK(open_element_keys(rig.keys, moved).error().code == ErrorCode::bad_mac);
  moved = *first;
  moved.key_version = 5;
  CHECK(open_element_keys(rig.keys, moved).error().code == ErrorCode::bad_mac);

  CHECK(*rig.elements.next_counter(0) == 1);
  CHECK(*rig.elements.next_counter(1) == 501);
  CHECK(*rig.elements.next_counter(1) == 502);
}

TEST_CASE("an import names the row that is wrong (G8)") {
  ElementsRig rig;
  REQUIRE(rig.elements.save_batch("fleet", "{}", rig.by()).has_value());
  const auto with = [&](auto change) {
    std::vector<NewElement> rows = {rig.row(1), rig.row(2), rig.row(3)};
    change(rows[2]);
    return rig.elements.import("fleet", rows, rig.by());
  };
  using E = ErrorCode;
  CHECK(failed(with([](auto& r) { r.keys.kic.assign(ByteArray<8>{}); }), E::bad_length, 2));
  CHECK(failed(with([](auto& r) { r.keys.kid.clear(); }), E::bad_length, 2));
  CHECK(failed(with([](auto& r) { r.keys.key_version = 0; }), E::bad_value, 2));
  CHECK(failed(with([](auto& r) { r.keys.key_version = 16; }), E::bad_value, 2));
  CHECK(failed(with([](auto& r) { r.keys.psk.assign(ByteArray<8>{}); }), E::bad_length, 2));
  CHECK(failed(with([](auto& r) { r.keys.psk_identity.clear(); }), E::bad_value, 2));
  CHECK(failed(with([](auto& r) { r.keys.psk_identity = "a\nb"; }), E::bad_value, 2));
  CHECK(
      failed(with([](auto& r) { r.keys.psk_identity = std::string(129, 'a'); }), E::bad_length, 2));
  CHECK(failed(with([](auto& r) { r.keys = {}; }), E::bad_value, 2));
  CHECK(failed(with([](auto& r) { r.counter = uint64_t{1} << 40; }), E::too_large, 2));
  CHECK(failed(with([](auto& r) { r.iccid = iccid_of(1); }), E::already_exists, 2));
  CHECK(failed(with([](auto& r) { r.keys.psk_identity = "card 1"; }), E::already_exists, 2));
  CHECK(failed(rig.elements.import("other", {}, rig.by()), E::not_found, 0));
  CHECK(!rig.storage.elements().element(0)->has_value());

  fleet::Elements production{{.refuse_test_keys = true},
                             {rig.storage.elements(), rig.audit, rig.keys}};
  std::vector<NewElement> rows = {rig.row(1), rig.row(2)};
  for (uint8_t& octet : rows[1].keys.psk.fill(32)) octet = 0x11;
  CHECK(failed(production.import("fleet", rows, rig.by()), E::not_allowed, 1));
  CHECK(rig.elements.import("fleet", rows, rig.by()).has_value());
}

TEST_CASE("a chip may call itself by its ICCID (G8)") {
  ElementsRig rig;
  REQUIRE(rig.elements.save_batch("fleet", "{}", rig.by()).has_value());
  std::vector<NewElement> rows = {rig.row(1), rig.row(2)};
  for (NewElement& row : rows) row.keys.psk_identity = row.iccid.text();
  CHECK(rig.elements.import("fleet", rows, rig.by()).has_value());
}

TEST_CASE("a sold chip has one element through all its lives; a batch keeps its number") {
  ElementsRig rig;
  const auto first = rig.elements.take_up(iccid_of(1), "allocation 1", rig.by());
  REQUIRE(first.has_value());
  CHECK(first->source == fleet::ElementKeySource::centre);
  CHECK(open_element_keys(rig.keys, *first).error().code == ErrorCode::bad_state);
  const auto again = rig.elements.take_up(iccid_of(1), "allocation 1", rig.by());
  REQUIRE(again.has_value());
  CHECK(*again == *first);
  CHECK(rig.elements.take_up(iccid_of(2), "allocation 2", rig.by())->batch == 2);
  CHECK(rig.elements.take_up(iccid_of(3), "allocation 1", rig.by())->batch == 1);
  const auto changed = rig.elements.save_batch("allocation 1", "{\"a\":1}", rig.by());
  REQUIRE(changed.has_value());
  CHECK(changed->id == 1);
  CHECK(rig.elements.batch(uint16_t{1})->settings == "{\"a\":1}");
  CHECK(rig.elements.batch(uint16_t{3}).error().code == ErrorCode::not_found);

  REQUIRE(rig.elements.save_batch("fleet", "{}", rig.by()).has_value());
  std::vector<NewElement> rows = {rig.row(9)};
  REQUIRE(rig.elements.import("fleet", rows, rig.by()).has_value());
  CHECK(rig.elements.take_up(iccid_of(9), "allocation 1", rig.by()).error().code ==
        ErrorCode::already_exists);
}
