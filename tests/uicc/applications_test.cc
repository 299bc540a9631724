// Remote application management over secured packets: load files, applications, patches.
#include "uicc/applications.h"

#include <doctest/doctest.h>

#include "ota_rig.h"

using namespace simurgh;
using test::Bytes;
using test::from_hex;
using test::RawPacket;
using test::Target;
using test::to_hex;

namespace {

constexpr const char* package_aid = "a0000000090001";
constexpr const char* applet_aid = "a000000009000101";
constexpr const char* instance_aid = "a0000000090001ffffffff89abcdef00";  // TAR abcdef

struct Manager {
  explicit Manager(Target& target_in) : target(target_in) { packet.tar = uicc::tar_ram; }
  // Compact format; several commands as they stand.
  std::string run(std::string_view hex) {
    packet.data = from_hex(hex);
    const std::string answer = target.send(packet);
    ++packet.counter;
    return answer;
  }
  // INSTALL [for load] with a hash, and LOAD in one block.
  std::string load(std::string_view aid, const Bytes& content, bool right_hash = true) {
    auto hash = crypto::sha256({content});
    if (!right_hash) hash[0] ^= 1;
    std::string data = lv(aid) + "00" + "20" + to_hex(hash) + "00" + "00";
    std::string out = run("80e60200" + length(data) + data);
    if (out != "00 019000") return out;
    const ByteArray<1> size = {static_cast<uint8_t>(content.size())};
    data = "c4" + to_hex(size) + to_hex(content);
    return run("80e88000" + length(data) + data);
  }
  std::string install(std::string_view package, std::string_view instance, bool selectable = true,
                      std::string_view toolkit = "") {
    std::string parameters = "c900";
    if (!toolkit.empty()) {
      parameters += "ea" + length(std::string("80") + length(toolkit) + std::string(toolkit)) +
                    "80" + length(toolkit) + std::string(toolkit);
    }
    const std::string data = lv(package) + lv(applet_aid) + lv(instance) + "0100" +
                             length(parameters) + parameters + "00";
    return run((selectable ? "80e60c00" : "80e60400") + length(data) + data);
  }
  static std::string length(std::string_view hex) {
    const ByteArray<1> octet = {static_cast<uint8_t>(hex.size() / 2)};
    return to_hex(octet);
  }
  static std::string lv(std::string_view hex) { return length(hex) + std::string(hex); }
  std::string remove(std::string_view aid, bool related = false) {
    const std::string data = "4f" + lv(aid);
    return run(std::string("80e400") + (related ? "80" : "00") + length(data) + data);
  }
  std::string list(std::string_view subset) {
    return run("80f2" + std::string(subset) + "02024f00 00c0000000");
  }
  Target& target;
  RawPacket packet;
};

// The beginning of a CAP file: header component with package version 1.7.
Bytes cap() {
  return from_hex("01000f decaffed 0102 04 0701 07a0000000090001 0200");
}

// A patch that makes version `to` of version `from`.
Bytes patch(uint8_t from, uint8_t to) {
  Bytes out(13);
  Writer writer(out);
  writer.bytes(uicc::patch_magic).u32(from).u32(to).u8(0x55);
  return out;
}

// The TAR in EA/80: priority, timers, menu text, menu entries, channels, MSL, TARs, services.
constexpr const char* toolkit_abcdef = "ff000000000003abcdef00";

}  // namespace

TEST_CASE("G8: a load file is loaded, an applet installed, reported, locked and deleted") {
  Target target;
  Manager manager(target);
  CHECK(manager.load(package_aid, cap()) == "00 019000");
  CHECK(manager.list("20").find("4f07a0000000090001") != std::string::npos);
  CHECK(manager.list("20").find("ce020107") != std::string::npos);  // version 1.7
  CHECK(manager.install(package_aid, instance_aid, true, toolkit_abcdef) == "00 019000");
  const std::string applications = manager.list("40");
  CHECK(applications.starts_with("00 029000e3"));
  CHECK(applications.find(instance_aid) != std::string::npos);
  CHECK(applications.find("9f700107") != std::string::npos);
  CHECK(manager.list("10").find(applet_aid) != std::string::npos);

  // Its TAR is known now, and is no more when the application is locked or gone.
  RawPacket message;
  message.tar = {0xab, 0xcd, 0xef};
  message.data = {0x01};
  message.counter = manager.packet.counter++;
  CHECK(target.send(message) == "00 ");
  CHECK(manager.run("80f0408010" + std::string(instance_aid)) == "00 019000");
  CHECK(manager.list("40").find("9f700187") != std::string::npos);
  message.counter = manager.packet.counter++;
  CHECK(target.send(message) == "09 ");
  CHECK(manager.run("80f0400710" + std::string(instance_aid)) == "00 019000");
  message.counter = manager.packet.counter++;
  CHECK(target.send(message) == "00 ");

  target.card.reset();  // it is durable
  REQUIRE(target.card.send("8010000008 ffffffffffffffff").starts_with("91"));
  REQUIRE(target.card.send("8012000000").ends_with("9000"));
  REQUIRE(target.card.send("801400000c 810301050082028281 830100") == "9000");
  CHECK(manager.list("40").find(instance_aid) != std::string::npos);
  CHECK(manager.remove(package_aid) == "00 016985");  // still in use
  CHECK(manager.remove(package_aid, true) == "00 019000");
  CHECK(manager.list("40") == "00 016a88");
  CHECK(manager.list("20") == "00 016a88");
  message.counter = manager.packet.counter++;
  CHECK(target.send(message) == "09 ");
}

TEST_CASE("G8: loads that are not whole, not in order, or not what was announced") {
  Target target;
  Manager manager(target);
  CHECK(manager.load(package_aid, cap(), false) == "00 016a80");
  CHECK(manager.run("80e8800003 c40141") == "00 016985");  // nothing announced
  const std::string announce = "80e602000c 07a0000000090001 00 00 00 00";
  CHECK(manager.run(announce) == "00 019000");
  CHECK(manager.run("80e8000103 c40341") == "00 016985");  // block 1 first
  CHECK(manager.run(announce) == "00 019000");
  CHECK(manager.run("80e8000003 c40341 80e8800101 42") == "00 026a80");  // one octet too few
  CHECK(manager.list("20") == "00 016a88");
  CHECK(manager.run(announce) == "00 019000");
  CHECK(manager.run("80e8000003 c40341 80e8800102 4243") == "00 029000");
  CHECK(manager.run(announce) == "00 016985");  // it is there
  CHECK(manager.install("a0000000090002", instance_aid) == "00 016a88");
  CHECK(manager.install(package_aid, instance_aid) == "00 019000");
  CHECK(manager.install(package_aid, instance_aid) == "00 016985");
  // Somebody else's TAR, and the file system's.
  CHECK(manager.install(package_aid, "a000000009000102", true, toolkit_abcdef) == "00 019000");
  CHECK(manager.install(package_aid, "a000000009000103", true, toolkit_abcdef) == "00 016a80");
  CHECK(manager.install(package_aid, "a000000009000103", true, "ff000000000003b0000000") ==
        "00 016a80");
  // Installed first, selectable later.
  CHECK(manager.install(package_aid, "a000000009000104", false) == "00 019000");
  CHECK(manager.list("40").find("9f700103") != std::string::npos);
  // Terminals have no such commands.
  CHECK(target.card.send("80f28002024f00").starts_with("6"));
  CHECK(target.card.send("80e40000094f07a0000000090001").starts_with("6"));
}

TEST_CASE("G8: a patch is for one version, makes a higher one, and is never undone") {
  Target target;
  Manager manager(target);
  CHECK(manager.run("80cadf1f00") == "00 019000df1f0400000001");
  CHECK(manager.load("a00000000900f1", patch(2, 3)) == "00 016985");  // not our version
  CHECK(manager.load("a00000000900f1", patch(1, 1)) == "00 016985");  // not higher
  CHECK(manager.load("a00000000900f1", patch(1, 3)) == "00 019000");
  CHECK(manager.run("80cadf1f00") == "00 019000df1f0400000003");
  CHECK(manager.load("a00000000900f2", patch(1, 4)) == "00 016985");
  CHECK(manager.remove("a00000000900f1") == "00 016985");
  CHECK(manager.list("20").find("ce0400000003") != std::string::npos);
}

TEST_CASE("G8: GET STATUS gives long lists page by page, other data by GET DATA") {
  Target target;
  Manager manager(target);
  CHECK(manager.load(package_aid, cap()) == "00 019000");
  for (int i = 0; i < 10; ++i) {
    CHECK(manager.install(package_aid, "a0000000090001ffffffff890000000" + std::to_string(i)) ==
          "00 019000");
  }
  // In expanded format, where each answer has its own status.
  std::string all;
  std::string page = manager.run("aa0a 2208 80f24002024f0000");
  int pages = 1;
  while (page.ends_with("6310") && pages < 10) {
    all += page;
    page = manager.run("aa0a 2208 80f24003024f0000");
    ++pages;
  }
  all += page;
  CHECK(pages >= 2);
  CHECK(page.ends_with("9000"));
  for (int i = 0; i < 10; ++i) {
    CHECK(all.find("4f10a0000000090001ffffffff890000000" + std::to_string(i)) != std::string::npos);
  }
  CHECK(manager.run("80f2400302 4f00") == "00 016985");  // nothing to go on with
  CHECK(manager.run("80ca00e000").starts_with("00 019000e0"));
  CHECK(manager.run("80caff2100").find("81010a") != std::string::npos);
  CHECK(manager.run("80ca008500") == "00 016a88");
  CHECK(manager.run("80e290000f 850d 890b 8a03612e62 8c042f782f79") == "00 019000");
  CHECK(manager.run("80ca008500") == "00 019000850d890b8a03612e628c042f782f79");
}

TEST_CASE("G8, I5: power cut at every granule of LOAD, INSTALL, DELETE and a patch") {
  struct Step {
    const char* name;
    std::function<std::string(Manager&)> run;
    std::function<bool(Manager&)> done;
  };
  const auto has = [](Manager& manager, const char* subset, const char* what) {
    return manager.list(subset).find(what) != std::string::npos;
  };
  const Step steps[] = {
      {"load", [](Manager& m) { return m.load(package_aid, cap()); },
       [&](Manager& m) { return has(m, "20", "ce020107"); }},
      {"install", [](Manager& m) { return m.install(package_aid, instance_aid); },
       [&](Manager& m) { return has(m, "40", instance_aid); }},
      {"delete", [](Manager& m) { return m.remove(package_aid, true); },
       [&](Manager& m) { return !has(m, "40", instance_aid) && !has(m, "20", package_aid); }},
      {"patch", [](Manager& m) { return m.load("a00000000900f1", patch(1, 2)); },
       [](Manager& m) { return m.run("80cadf1f00").find("df1f0400000002") != std::string::npos; }},
  };
  for (size_t step = 0; step < std::size(steps); ++step) {
    for (const uicc::Cut how : uicc::every_cut) {
      for (uint64_t n = 0;; n += 2) {
        Target target;
        Manager manager(target);
        for (size_t i = 0; i < step; ++i) REQUIRE(steps[i].run(manager) == "00 019000");
        manager.packet.spi2 = 0x19;
        target.card.nv.cut_at(n, how);
        const auto packets = [&]() -> bool {
          // Mute from the cut on: what comes back then is not looked at.
          try {
            (void)steps[step].run(manager);
          } catch (...) {
            return false;
          }
          return target.card.nv.powered();
        };
        if (packets()) {
          target.card.nv.cut_never();  // looking takes counters, which are writes
          CHECK(steps[step].done(manager));
          break;
        }
        target.card.nv.power_on();
        target.card.nv.cut_never();
        target.card.reset();
        manager.packet.counter += 5;
        CAPTURE(steps[step].name);
        CAPTURE(n);
        if (!steps[step].done(manager)) {
          manager.packet.counter += 5;
          CHECK(steps[step].run(manager) == "00 019000");
        }
        CHECK(steps[step].done(manager));
        // Whatever was before is still there.
        if (step == 1) CHECK(has(manager, "20", "ce020107"));
      }
    }
  }
}

TEST_CASE("G8: scripts in expanded format over secured packets; chaining keeps the selected file") {
  Target target;
  RawPacket packet;
  packet.tar = uicc::tar_rfm_usim;
  packet.spi2 = 0x19;
  const auto run = [&](std::string_view hex) {
    packet.data = from_hex(hex);
    const std::string answer = target.send(packet);
    ++packet.counter;
    return answer;
  };
  CHECK(run("aa10 2207 00a4000c026f46 2205 00b0000002") ==
        "00 ab0d800102"
        "23029000"
        "230401539000");
  // A first script selects, a last one reads what is selected.
  CHECK(run("aa0c 830101 2207 00a4000c026f46")
            .find("2302"
                  "9000") != std::string::npos);
  CHECK(run("aa0a 830103 2205 00b0000001")
            .find("2303"
                  "01"
                  "9000") != std::string::npos);
  CHECK(run("aa0a 830103 2205 00b0000001").find("830101") != std::string::npos);  // no chain
  CHECK(run("aa0a 830111 2205 00b0000001").find("830102") != std::string::npos);  // not offered
  CHECK(run("aa03 990101").find("900101") != std::string::npos);                  // unknown tag
  // It stops at the first error, and says so.
  CHECK(run("aa10 2207 00a4000c026fff 2205 00b0000001") ==
        "00 ab07800101"
        "2302"
        "6a82");
}
