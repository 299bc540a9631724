// Files that a remote script creates, resizes and deletes (TS 102 222), over secured packets.
#include <doctest/doctest.h>

#include "ota_rig.h"

using namespace simurgh;
using test::RawPacket;
using test::Target;

namespace {

// A remote script in the USIM; each is a packet of its own.
struct Script {
  explicit Script(Target& target_in) : target(target_in) { packet.tar = uicc::tar_rfm_usim; }
  std::string run(std::string_view hex) {
    packet.data = test::from_hex(hex);
    const std::string answer = target.send(packet);
    ++packet.counter;
    return answer;
  }
  Target& target;
  RawPacket packet;
};

// 62 { 82 transparent, 83 FID, 8A active, 8B EF.ARR record 3 (read always, update with PIN1; ADM
// may), 80 size, 88 SFI }.
constexpr std::string_view create_6f01 =
    "00e0000019 6217 82024121 83026f01 8a0105 8b036f0603 80020014 8801a0";
constexpr std::string_view create_dir_5f71 = "00e0000012 6210 82027821 83025f71 8a0105 8b036f0608";

}  // namespace

TEST_CASE("G8: CREATE FILE, UPDATE, RESIZE and DELETE of a transparent file, kept over resets") {
  Target target;
  Script script(target);
  CHECK(script.run(create_6f01) == "00 019000");
  CHECK(script.run(create_6f01) == "00 016a89");  // it exists
  CHECK(script.run("00a40004026f01 00d6000003414243 00b0000004") == "00 039000414243ff");
  target.card.reset();
  REQUIRE(target.card.send("8010000008 ffffffffffffffff").starts_with("91"));
  REQUIRE(target.card.send("8012000000").ends_with("9000"));
  REQUIRE(target.card.send("801400000c 810301050082028281 830100") == "9000");
  // The terminal sees it as any other file, and may read it.
  target.card.select_usim();
  CHECK(target.card.get("00a40004026f01") ==
        "62178202412183026f018a01058b036f0603800200148801a0"
        "9000");
  CHECK(target.card.send("00b0940003") == "4142439000");
  CHECK(target.card.send("00d600000158") == "6982");
  target.card.verify_pin();
  CHECK(target.card.send("00d600000158") == "9000");
  // Larger, smaller; what is new is filled.
  CHECK(script.run("80d400000a 6208 83026f01 80020120 00a40004026f01 00b0000002") ==
        "00 0390005842");
  CHECK(target.card.get("00a40004026f01").find("80020120") != std::string::npos);
  CHECK(script.run("80d400000a 6208 83026f01 80020001 00a40004026f01 00b0000001") == "00 03900058");
  CHECK(script.run("00e40000026f01") == "00 019000");
  CHECK(script.run("00a40004026f01") == "00 016a82");
  CHECK(target.card.get("00a40004026f01") == "6a82");
  CHECK(script.run("00e40000026f01") == "00 016a82");
  // What was deleted does not come back with a new file of that name.
  CHECK(script.run(create_6f01) == "00 019000");
  CHECK(script.run("00a40004026f01 00b0000003") == "00 029000ffffff");
}

TEST_CASE("G8: directories and record files; a directory goes with everything in it") {
  Target target;
  Script script(target);
  CHECK(script.run(create_dir_5f71) == "00 019000");
  // 3 records of 4 octets inside it, filled with 30 (A5 { C1 41 30 }: the first octet is 41).
  CHECK(script.run(
            "00a40004025f71"
            "00e000001f 621d 820542210004 03 83024f01 8a0105 8b036f0604 8002000c a504c1024130") ==
        "00 029000");
  CHECK(script.run("00a40004025f7100a40004024f01 00b2030404") == "00 03900041303030");
  CHECK(script.run("00a40004025f7100a40004024f01 00dc020404 01020304 00b2020404") ==
        "00 04900001020304");
  // Five records, then two: the third comes back as new.
  CHECK(script.run("00a40004025f71 80d400000a 6208 83024f01 80020014 00b2050404") ==
        "00 03900041303030");
  CHECK(script.run("00a40004025f71 80d400000a 6208 83024f01 80020004 00b2020404") == "00 036a83");
  CHECK(script.run("00a40004025f71 80d400000a 6208 83024f01 80020008 00b2020404") ==
        "00 03900041303030");
  CHECK(script.run("00e40000025f71") == "00 019000");
  CHECK(script.run("00a40004025f71") == "00 016a82");
}

TEST_CASE("G8: deactivation is a state of its own, of created files too") {
  Target target;
  Script script(target);
  CHECK(script.run(create_6f01) == "00 019000");
  CHECK(script.run("0004000000") == "00 016986");  // no file selected
  CHECK(script.run("00a40004026f01 0004000000 00b0000001") == "00 036984");
  CHECK(script.run("00a40004026f01 0044000000 00b0000001") == "00 039000ff");
}

TEST_CASE("G8: what CREATE FILE must not do") {
  Target target;
  Script script(target);
  struct Wrong {
    const char* command;
    const char* answer;
  };
  const Wrong all[] = {
      // reserved names, a rule that is not there, a directory's rule for a file, no size
      {"00e0000019 6217 82024121 83023f00 8a0105 8b036f0603 80020014 8801a0", "00 016a80"},
      {"00e0000019 6217 82024121 83026f01 8a0105 8b036f060a 80020014 8801a0", "00 016a80"},
      {"00e0000019 6217 82024121 83026f01 8a0105 8b036f0608 80020014 8801a0", "00 016a80"},
      {"00e0000012 6210 82024121 83026f01 8a0105 8b036f0603", "00 016a80"},
      // larger than a file may be; terminated from the start; not a file
      {"00e0000019 6217 82024121 83026f01 8a0105 8b036f0603 80020401 8801a0", "00 016a84"},
      {"00e0000019 6217 82024121 83026f01 8a010c 8b036f0603 80020014 8801a0", "00 016a80"},
      {"00e000000441424344", "00 016a80"},
      {"00e0010019 6217 82024121 83026f01 8a0105 8b036f0603 80020014 8801a0", "00 016a86"},
      // files of the table can be neither deleted nor resized
      {"00e40000026f07", "00 016985"},
      {"80d400000a 6208 83026f07 80020014", "00 016985"},
  };
  for (const Wrong& wrong : all) {
    CAPTURE(wrong.command);
    CHECK(script.run(wrong.command) == wrong.answer);
  }
  // And nobody without a verified packet.
  target.card.select_usim();
  target.card.verify_pin();
  CHECK(target.card.send(create_6f01) == "6982");
  CHECK(target.card.send("00e40000026f07") == "6982");
}

TEST_CASE("G8: the memory that scripts can take is bounded") {
  Target target;
  Script script(target);
  std::string answer = "00 019000";
  int files = 0;
  for (; answer == "00 019000" && files < 64; ++files) {
    const ByteArray<1> low = {static_cast<uint8_t>(files + 1)};
    answer = script.run("00a40004027fff 00e0000016 6214 82024121 83026e" + test::to_hex(low) +
                        "8a0105 8b036f0603 80020200");
    if (answer == "00 029000") answer = "00 019000";
  }
  CHECK(answer == "00 026a84");
  CHECK(files == 5);  // a quarter of a bank of 8 kB: four of 512 octets
}

TEST_CASE("G8, I5: power cut at every granule of create, resize and delete: all or nothing") {
  const char* steps[] = {
      "00e0000019 6217 82024121 83026f01 8a0105 8b036f0603 80020014 8801a0",
      "80d400000a 6208 83026f01 80020120",
      "00e40000026f01",
  };
  for (size_t step = 0; step < 3; ++step) {
    uint64_t cuts = 0;
    for (const uicc::Cut how : uicc::every_cut) {
      for (uint64_t n = 0;; ++n) {
        Target target;
        Script script(target);
        for (size_t i = 0; i < step; ++i) REQUIRE(script.run(steps[i]) == "00 019000");
        script.packet.data = test::from_hex(steps[step]);
        script.packet.spi2 = 0x00;  // no response
        target.card.nv.cut_at(n, how);
        (void)target.deliver(script.packet.bytes(target.keys));
        if (target.card.nv.powered()) break;
        ++cuts;
        target.card.nv.power_on();
        target.card.nv.cut_never();
        target.card.reset();
        target.card.select_usim();
        const std::string fcp = target.card.get("00a40004026f01");
        const bool before = step == 0   ? fcp == "6a82"
                            : step == 1 ? fcp.find("80020014") != std::string::npos
                                        : fcp.find("80020120") != std::string::npos;
        const bool after = step == 0   ? fcp.find("80020014") != std::string::npos
                           : step == 1 ? fcp.find("80020120") != std::string::npos
                                       : fcp == "6a82";
        CAPTURE(fcp);
        CHECK((before || after));
        if (fcp != "6a82") CHECK(target.card.send("00b0000001") == "ff9000");
      }
    }
    CHECK(cuts > 20);
  }
}
