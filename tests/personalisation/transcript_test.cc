// Worked transcripts: whole conversations from fixed random numbers, equal to the ones that
// docs/protocols/personalisation-transcripts.txt shows. An independent program, reference.py,
// recomputes every octet of that file from its inputs alone.
//
// After a change of the protocol: SIMURGH_WRITE_TRANSCRIPTS=1 writes the file anew.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "conversations/personalisation/labels.h"
#include "rig.h"
#include "source_folder.h"

using namespace simurgh;
using namespace simurgh::personalisation;
using namespace simurgh::personalisation::rig;
using test::to_hex;

namespace {

const std::string docs = test::source_folder() + "/docs/protocols/";

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Writes `name = value` lines, long values folded.
class Scribe {
 public:
  void section(const std::string& title) { text_ += "\n[" + title + "]\n"; }
  void line(const std::string& name, const std::string& value) {
    constexpr size_t columns = 96;
    text_ += name + " =";
    if (name.size() + 3 + value.size() <= columns) {
      text_ += (value.empty() ? "" : " ") + value + "\n";
      return;
    }
    text_ += "\n";
    for (size_t at = 0; at < value.size(); at += columns - 4) {
      text_ += "    " + value.substr(at, columns - 4) + "\n";
    }
  }
  void bytes(const std::string& name, ByteView value) { line(name, to_hex(value)); }
  void draws(const std::string& name, TestRandom& random) {
    std::string all;
    for (const Bytes& draw : random.record) all += to_hex(draw);
    line(name, all);
    random.record.clear();
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

class Transcript {
 public:
  Transcript(Scribe& scribe, const std::string& title, const Setting& setting)
      : scribe_(scribe), setting_(setting), world_(setting) {
    world_.chip.random().recording = true;
    world_.centre.random().recording = true;
    const ChipIdentity chip = test_identity();
    scribe_.section(title);
    scribe_.bytes("k1", world_.keys.k1_of_version(chip.ver)->view());
    scribe_.line("iccid", std::string(chip.iccid.text()));
    scribe_.line("imsi", std::string(chip.imsi.text()));
    scribe_.bytes("ver", chip.ver);
    scribe_.line("code", setting.code == CodeKind::none
                             ? ""
                             : std::string(text_of(write_code(world_.code).view())));
    const ServerKeys keys = world_.store.record().server_keys;
    const Suite suite = *strongest_common(setting.chip_suites, setting.centre_suites);
    scribe_.bytes("server_key", keys.of(suite));
  }

  void personalise() {
    std::vector<std::pair<bool, Bytes>> queue;
    for (Bytes& m : world_.centre.tick()) queue.emplace_back(true, std::move(m));
    for (size_t i = 0; i < queue.size(); ++i) {
      const auto [to_chip, message] = queue[i];
      scribe_.bytes(name(message), message);
      auto out = to_chip ? world_.chip.deliver(message) : world_.centre.deliver(message);
      for (Bytes& m : out) queue.emplace_back(!to_chip, std::move(m));
    }
    REQUIRE(world_.agreed());
    scribe_.draws("centre_random", world_.centre.random());
    scribe_.draws("chip_random", world_.chip.random());
    const Epoch epoch = world_.store.record().active;
    ByteArray<16> ki;
    derive_ki(epoch.secret, ki);
    scribe_.bytes("epoch_secret", epoch.secret.view());
    scribe_.bytes("ki", ki);
    scribe_.line("puk", std::string(text_of(derive_puk(epoch.puk_secret))));
  }

  void rekey(const std::string& title) {
    scribe_.section(title);
    world_.centre.want(false);
    personalise();
  }

  void query_and_reset(const std::string& title) {
    scribe_.section(title);
    const Epoch active = world_.centre.db.active;
    auto& centre = world_.centre.half();
    const Message query = *centre.make_query(test_identity().iccid, Suite::x25519, active);
    scribe_.bytes("QUERY", query);
    scribe_.bytes("RESYNC", world_.chip.deliver(query)[0]);
    const Message challenge = *world_.chip.half().reset_challenge();
    scribe_.bytes("RESET_CHALLENGE", challenge);
    const Message reset =
        *centre.make_reset(challenge, test_identity(), 0, OrderId(bytes_of("RETURN-1")),
                           setting_.centre_suites, active);
    scribe_.bytes("RESET", reset);
    scribe_.bytes("RESET_DONE", world_.chip.deliver(reset)[0]);
    scribe_.draws("centre_random", world_.centre.random());
    scribe_.draws("chip_random", world_.chip.random());
  }

 private:
  static std::string name(ByteView message) {
    switch (*type_of(message)) {
      case MessageType::init: return "INIT";
      case MessageType::m1: return "M1";
      case MessageType::m2: return "M2";
      case MessageType::prepared: return "PREPARED";
      case MessageType::commit: return "COMMIT";
      default: return "DONE";
    }
  }
  Scribe& scribe_;
  Setting setting_;
  World world_;
};

std::string transcripts() {
  Scribe scribe;
  Transcript first(scribe, "x25519, short code, new PIN",
                   {.seed = 101, .code = CodeKind::short_code, .choose_pin = true});
  first.personalise();
  first.rekey("x25519, re-keyed");
  first.query_and_reset("x25519, query and reset");
  Transcript(
      scribe, "p256, code secret",
      {.seed = 102, .chip_suites = {Suite::p256, Suite::ffdhe2048}, .code = CodeKind::secret})
      .personalise();
  Transcript(scribe, "ffdhe2048, no code, key made by the centre",
             {.seed = 103, .chip_suites = {Suite::ffdhe2048}, .server_made = true})
      .personalise();
  Transcript(scribe, "symmetric, code secret, key made by the centre",
             {.seed = 104,
              .chip_suites = {Suite::symmetric},
              .centre_suites = {Suite::x25519, Suite::symmetric},
              .code = CodeKind::secret})
      .personalise();
  return scribe.text();
}

const char* const head =
    "# Worked transcripts of the personalisation, made by "
    "tests/personalisation/transcript_test.cc\n"
    "# and checked by tests/personalisation/reference.py. The random numbers are in the order in\n"
    "# which each end draws them. No key here is of any use.\n";

}  // namespace

TEST_CASE("the worked transcripts in the document are what the halves say") {
  const std::string made = head + transcripts();
  const std::string path = docs + "personalisation-transcripts.txt";
  if (std::getenv("SIMURGH_WRITE_TRANSCRIPTS") != nullptr) std::ofstream(path) << made;
  CHECK(read_file(path) == made);
}

TEST_CASE("the document lists every label, and no two uses have the same") {
  const std::string document = read_file(docs + "personalisation.md");
  const std::string source =
      read_file(test::source_folder() + "/src/conversations/personalisation/labels.h");
  // Each `constexpr … = both("use");` and text label of labels.h.
  int count = 0;
  std::string seen = "\n";
  for (const char* const role : {"both", "chip", "centre"}) {
    const std::string start = std::string("= ") + role + "(\"";
    for (size_t at = source.find(start); at != std::string::npos; at = source.find(start, at + 1)) {
      const size_t begin = at + start.size();
      const std::string label =
          std::string(role) + "/" + source.substr(begin, source.find('"', begin) - begin);
      CAPTURE(label);
      CHECK(document.find("`" + label + "`") != std::string::npos);
      CHECK(seen.find("\n" + label + "\n") == std::string::npos);
      seen += label + "\n";
      ++count;
    }
  }
  const std::string start = "= \"simurgh/personalisation/1/";
  for (size_t at = source.find(start); at != std::string::npos; at = source.find(start, at + 1)) {
    const size_t begin = at + start.size();
    const std::string label = source.substr(begin, source.find('"', begin) - begin);
    CAPTURE(label);
    CHECK(document.find("`" + label + "`") != std::string::npos);
    CHECK(seen.find("\n" + label + "\n") == std::string::npos);
    seen += label + "\n";
    ++count;
  }
  CHECK(count == 33 + 12);
}
