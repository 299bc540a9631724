#include "formats/remote_management/script_cutter.h"

#include "round_trip.h"

using namespace simurgh;
using namespace simurgh::remote_management;
using test::Bytes;
using test::to_hex;

TEST_CASE("G3 T2: APDUs are cut into scripts within every limit, none lost, none twice") {
  std::vector<Bytes> octets;
  for (const size_t size : {4u, 5u, 120u, 121u, 122u, 126u, 127u, 128u, 7u, 260u, 4u, 4u}) {
    octets.emplace_back(size, static_cast<uint8_t>(octets.size() + 1));
  }
  const std::vector<ByteView> apdus(octets.begin(), octets.end());
  for (int variant = 0; variant < 4; ++variant) {
    for (size_t apdus_max = 1; apdus_max <= 13; ++apdus_max) {
      for (size_t octets_max = 1; octets_max < 1100; octets_max += apdus_max % 3 + 1) {
        const ScriptLimits limits{
            .octets_max = octets_max,
            .apdus_max = apdus_max,
            .form = (variant & 1) != 0 ? LengthForm::definite : LengthForm::indefinite,
            .chained = (variant & 2) != 0};
        ScriptCutter cutter(apdus, limits);
        Bytes room(octets_max);
        std::vector<std::optional<Chaining>> chainings;
        size_t next = 0;
        bool too_large = false;
        while (!cutter.at_end() && !too_large) {
          const auto written = cutter.next(room);
          if (!written.has_value()) {
            REQUIRE(written.error().code == ErrorCode::too_large);
            too_large = true;
            // It is true: with nothing else, in the shortest form, there is no room.
            CHECK(octets[next].size() + 6 + (limits.chained ? 3 : 0) + 3 > octets_max);
            break;
          }
          const auto script = parse_command_script(*written);
          REQUIRE(script.has_value());
          CHECK(script->apdu_count <= apdus_max);
          CHECK(script->form == limits.form);
          chainings.push_back(script->chaining);
          CommandItems items(*script);
          while (const auto item = items.next()) CHECK(equal(item->value, apdus[next++]));
        }
        if (too_large) continue;
        CHECK(next == apdus.size());
        for (size_t i = 0; i < chainings.size(); ++i) {
          if (!limits.chained || chainings.size() == 1) {
            CHECK(!chainings[i].has_value());
          } else {
            CHECK(chainings[i] == (i == 0                     ? Chaining::first
                                   : i + 1 < chainings.size() ? Chaining::subsequent
                                                              : Chaining::last));
          }
        }
      }
    }
  }
}

TEST_CASE("T2: a script that does not fit the room is not taken") {
  const Bytes apdu(10, 1);
  const ByteView apdus[] = {apdu};
  ScriptCutter cutter(apdus, {});
  Bytes small(15), room(16);
  CHECK(cutter.next(small).error().code == ErrorCode::no_space);
  CHECK(!cutter.at_end());
  CHECK(to_hex(*cutter.next(room)) == "ae80220a010101010101010101010000");
  CHECK(cutter.at_end());
}
