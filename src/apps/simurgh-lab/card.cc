// `simurgh-lab card`: serves a virtual chip to a virtual PC/SC reader (vpcd), so that any card tool
// can read it. The chip is one of a pack file, or one made for the occasion.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "apps/simurgh-lab/card_server.h"
#include "apps/simurgh-lab/subcommands.h"
#include "io/nv_file/pack.h"
#include "io/process/process.h"
#include "uicc/chip_apdus.h"

namespace simurgh::lab {

namespace {

struct CardOptions {
  std::string vpcd = "127.0.0.1:35963";
  std::string pack;
  std::string iccid;
  std::string imsi = "001010000000001";
};

// The chip's memory and key, wherever they are kept.
struct ChipPlace {
  std::unique_ptr<nv_file::Pack> pack;
  std::unique_ptr<uicc::Nv> nv;
  ByteArray<16> seal_key{};
};

int fail_with(const std::string& what) {
  std::fprintf(stderr, "simurgh-lab card: %s\n", what.c_str());
  return 1;
}

bool open_pack(const CardOptions& options, ChipPlace& place, std::string& problem) {
  const auto iccid = Iccid::parse(options.iccid);
  if (!iccid.has_value()) {
    problem = "--iccid: give the 18 to 20 digits of a chip in the pack";
    return false;
  }
  auto pack = nv_file::Pack::open(options.pack, nv_file::Durability::every_write, problem);
  if (!pack.has_value()) return false;
  place.pack = std::move(*pack);
  const auto slot = place.pack->find(*iccid);
  if (!slot.has_value()) {
    problem = options.pack + " has no chip " + options.iccid + " (it has " +
              std::to_string(place.pack->labelled()) + " others)";
    return false;
  }
  place.nv = place.pack->slot(*slot);
  place.seal_key = place.pack->seal_key(*slot);
  return true;
}

// A chip that no operator knows: keys at random, PIN 0000, suites but no security centre.
bool make_chip(const CardOptions& options, Random& random, ChipPlace& place, std::string& problem) {
  const std::string digits = options.iccid.empty() ? "8988211000000430010" : options.iccid;
  const auto iccid = Iccid::parse(digits);
  const auto imsi = Imsi::parse(options.imsi);
  if (!iccid.has_value() || !imsi.has_value()) {
    problem = "--iccid wants 18 to 20 digits, --imsi 6 to 15";
    return false;
  }
  place.nv = std::make_unique<uicc::MemoryNv>();
  random.fill(place.seal_key);
  uicc::PrePersonalisation data;
  data.chip.iccid = *iccid;
  data.chip.imsi = *imsi;
  random.fill(data.k1.fill(32));
  data.suites = {personalisation::Suite::symmetric};
  data.service_provider_name.assign(bytes_of("Simurgh"));
  const uicc::Hardware hardware{*place.nv, random, place.seal_key};
  uicc::Card card(hardware);
  if (!uicc::make_blank_chip(hardware).has_value() || !card.reset().has_value()) {
    problem = "the chip does not start";
    return false;
  }
  const auto bytes = write_pre_personalisation(data);
  const ByteView all = bytes.view();
  SIMURGH_CHECK(all.size() <= uicc::block_octets_max);  // without public keys: one block
  std::vector<uint8_t> command = {0x80, uicc::chip_ins::pre_personalise, uicc::block_last, 0,
                                  static_cast<uint8_t>(all.size())};
  command.insert(command.end(), all.begin(), all.end());
  const auto answer = card.transmit(command);
  wipe(command);
  if (!answer.has_value() || answer->size() != 2 || (*answer)[0] != 0x90) {
    problem = "the chip does not take its numbers";
    return false;
  }
  return true;
}

int run_card(const CardOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  process::OsRandom random;
  std::string problem;
  ChipPlace place;
  const bool placed = options.pack.empty() ? make_chip(options, random, place, problem)
                                           : open_pack(options, place, problem);
  if (!placed) return fail_with(problem);
  const auto reader = net::parse_endpoint(options.vpcd);
  if (!reader.has_value()) return fail_with("--vpcd: HOST:PORT is wanted, as in 127.0.0.1:35963");
  auto loop = loop::Loop::create(problem);
  if (!loop.has_value()) return fail_with(problem);
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto watched = (*loop)->on_signal(signal, [&loop](int) { (*loop)->stop(); });
    if (!watched.has_value()) return fail_with("signals cannot be watched");
  }
  uicc::Card card({*place.nv, random, place.seal_key});
  CardServer server(**loop, *reader, card, [](const std::string& line) {
    std::printf("card: %s\n", line.c_str());
    std::fflush(stdout);
  });
  if (!server.start().has_value()) {
    return fail_with("the chip does not start: its memory is empty, or does not verify");
  }
  (*loop)->run();
  return 0;
}

}  // namespace

int card_main(int argc, char** argv) {
  CLI::App app(
      "Serves a virtual chip to a virtual PC/SC reader (Debian: vsmartcard-vpcd), so that any "
      "card\n"
      "tool can read it. Without --pack it is a chip made for the occasion, PIN 0000.");
  CardOptions options;
  app.add_option("--vpcd", options.vpcd, "Where the reader listens: HOST:PORT")
      ->capture_default_str();
  app.add_option("--pack", options.pack, "The pack file that holds the chip");
  app.add_option("--iccid", options.iccid, "Which chip; without --pack: the number it gets");
  app.add_option("--imsi", options.imsi, "Without --pack: the number it gets")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run_card(options);
}

}  // namespace simurgh::lab
