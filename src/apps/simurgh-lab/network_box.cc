// `simurgh-lab network`: the network in a box around a simurghd of your own: an SMSC for it to bind
// to, a visited network that asks its HLR over GSUP, and one phone for each chip of a pack file.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

#include "apps/simurgh-lab/lab.h"
#include "apps/simurgh-lab/subcommands.h"
#include "formats/json/value.h"
#include "io/nv_file/pack.h"
#include "io/process/process.h"

namespace simurgh::lab {

namespace {

constexpr Duration look_wait = milliseconds(100);
constexpr size_t phones_max = 10'000;
constexpr size_t password_file_octets_max = 256;

struct NetworkOptions {
  std::string pack;
  std::vector<std::string> iccids;
  std::vector<std::string> codes;
  std::string smpp_listen = "127.0.0.1:2775";
  std::string smpp_system_id = "simurgh";
  std::string smpp_password_file;
  std::string gsup_connect = "127.0.0.1:4222";
  std::string name = "VLR-A";
  std::string centre = "4915550000";
  std::string faults = "none";
  bool json = false;
};

// A phone with its chip, and what was said of it last.
struct Phone {
  Iccid iccid;
  std::unique_ptr<uicc::Nv> nv;
  std::unique_ptr<network::Handset> handset;
  std::string said;
  size_t texts_said = 0;
};

class NetworkBox {
 public:
  explicit NetworkBox(const NetworkOptions& options) : options_(options) {}
  ~NetworkBox() {
    for (Phone& phone : phones_) lab_->remove(*phone.handset);
    phones_.clear();
  }

  bool open(std::string& problem) {
    auto loop = loop::Loop::create(problem);
    if (!loop.has_value()) return false;
    loop_ = std::move(*loop);
    LabOptions lab;
    lab.smpp_listen = options_.smpp_listen;
    lab.gsup_connect = options_.gsup_connect;
    lab.visited_networks = {options_.name};
    lab.esme_system_id = options_.smpp_system_id;
    const auto centre = Msisdn::parse(options_.centre);
    const auto* faults = network::FaultPlan::named(options_.faults);
    if (!centre.has_value()) problem = "--centre: an E.164 number of 1 to 15 digits is wanted";
    if (faults == nullptr) problem = "--faults: expected none, lossy, chaos or liar";
    if (!problem.empty() || !read_password(lab.esme_password, problem)) return false;
    lab.centre_number = *centre;
    lab.faults = *faults;
    log_.set_level(log::Level::error);
    lab_ = Lab::open(*loop_, lab, random_, log_, problem);
    return lab_ != nullptr && make_phones(problem);
  }

  int run() {
    for (const int signal : {SIGINT, SIGTERM}) {
      if (!loop_->on_signal(signal, [this](int) { loop_->stop(); })) return 1;
    }
    say("", "network",
        fmt::format("SMSC at {}, {} phones", lab_->smpp_endpoint().text(), phones_.size()));
    look_ = std::make_unique<loop::Timer>(*loop_, [this] { look(); });
    look_->set(loop_->now());
    loop_->run();
    for (Phone& phone : phones_) phone.handset->switch_off();
    return pack_->sync().has_value() ? 0 : 1;
  }

 private:
  bool read_password(std::string& out, std::string& problem) {
    if (options_.smpp_password_file.empty()) return true;
    const auto text =
        process::read_file(options_.smpp_password_file, password_file_octets_max, problem);
    if (text) out = text->substr(0, text->find_first_of("\r\n"));
    return text.has_value();
  }

  bool read_codes(std::map<Iccid, std::string>& codes, std::string& problem) {
    for (const std::string& entry : options_.codes) {
      const size_t equals = entry.find('=');
      const auto iccid = Iccid::parse(entry.substr(0, equals));
      if (equals == std::string::npos || !iccid.has_value()) {
        problem = "--code: ICCID=CODE is wanted, with the code of the order document";
        return false;
      }
      codes[*iccid] = entry.substr(equals + 1);
    }
    return true;
  }

  bool make_phones(std::string& problem) {
    std::map<Iccid, std::string> codes;
    if (!read_codes(codes, problem)) return false;
    auto pack = nv_file::Pack::open(options_.pack, nv_file::Durability::every_write, problem);
    if (!pack.has_value()) return false;
    pack_ = std::move(*pack);
    std::vector<size_t> slots;
    for (const std::string& digits : options_.iccids) {
      const auto iccid = Iccid::parse(digits);
      const auto slot = iccid.has_value() ? pack_->find(*iccid) : std::nullopt;
      if (!slot.has_value()) {
        problem = fmt::format("{} has no chip {}", options_.pack, digits);
        return false;
      }
      slots.push_back(*slot);
    }
    for (size_t slot = 0; options_.iccids.empty() && slot < pack_->shape().slots; ++slot) {
      if (!pack_->label(slot).empty()) slots.push_back(slot);
    }
    if (slots.empty() || slots.size() > phones_max) {
      problem = fmt::format("{} phones: 1 to {} are possible; choose chips by --iccid",
                            slots.size(), phones_max);
      return false;
    }
    for (const size_t slot : slots) phones_.push_back(make_phone(slot));
    for (Phone& phone : phones_) {
      if (const auto code = codes.find(phone.iccid); code != codes.end()) {
        phone.handset->customer.activation_code = code->second;
      }
      if (!phone.handset->switch_on().has_value()) {
        problem = fmt::format("chip {} does not start", phone.iccid.text());
        return false;
      }
    }
    return true;
  }

  Phone make_phone(size_t slot) {
    Phone phone;
    phone.iccid = pack_->label(slot);
    phone.nv = pack_->slot(slot);
    network::Handset::Settings settings;
    settings.imei = *Imei::parse(fmt::format("35000000{:06}0", slot % 1'000'000));
    const uicc::Hardware hardware{*phone.nv, random_, pack_->seal_key(slot)};
    phone.handset =
        std::make_unique<network::Handset>(settings, hardware, lab_->network(0), lab_->now());
    lab_->add(*phone.handset);
    return phone;
  }

  // Says what has changed with each phone since the last look.
  void look() {
    for (Phone& phone : phones_) {
      network::Handset& handset = *phone.handset;
      std::string state = "not registered";
      if (handset.registered()) {
        const Msisdn hotline = lab_->network(0).hotline(handset.imsi());
        state = hotline.empty() ? "in service" : fmt::format("hotlined to {}", hotline.text());
      }
      if (state != phone.said) say(phone.iccid.text(), "state", phone.said = state);
      const auto& texts = handset.displayed();
      for (; phone.texts_said < texts.size(); ++phone.texts_said) {
        say(phone.iccid.text(), "display", texts[phone.texts_said]);
      }
    }
    look_->set_after(look_wait);
  }

  void say(std::string_view iccid, std::string_view what, const std::string& words) {
    if (options_.json) {
      const json::Value line =
          json::Value::object({{"iccid", iccid}, {"what", what}, {"words", words}});
      std::printf("%s\n", json::write(line).c_str());
    } else {
      std::printf("%s\n", fmt::format("{} {}: {}", iccid, what, words).c_str());
    }
    std::fflush(stdout);
  }

  NetworkOptions options_;
  process::OsRandom random_;
  log::Log log_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<nv_file::Pack> pack_;
  std::vector<Phone> phones_;
  std::unique_ptr<loop::Timer> look_;
};

}  // namespace

int network_main(int argc, char** argv) {
  CLI::App app(
      "The network in a box around a simurghd of your own: an SMSC for it to bind to, a visited\n"
      "network that asks its HLR over GSUP, and a phone for each chip of a pack file. Says what\n"
      "becomes of each phone, until it is interrupted.",
      "simurgh-lab network");
  NetworkOptions options;
  app.add_option("--pack", options.pack, "The pack file that holds the chips")->required();
  app.add_option("--iccid", options.iccids, "Only this chip; may be given again");
  app.add_option("--code", options.codes,
                 "ICCID=CODE: what the customer of this chip types when he is asked");
  app.add_option("--smpp-listen", options.smpp_listen, "The SMSC's address, smpp.connect there")
      ->capture_default_str();
  app.add_option("--smpp-system-id", options.smpp_system_id, "Name that simurghd binds with")
      ->capture_default_str();
  app.add_option("--smpp-password-file", options.smpp_password_file,
                 "A file with its password in the first line");
  app.add_option("--gsup-connect", options.gsup_connect, "The HLR's address, hlr.gsup_listen there")
      ->capture_default_str();
  app.add_option("--name", options.name, "Name of the visited network, hlr.peer there")
      ->capture_default_str();
  app.add_option("--centre", options.centre, "security_centre.number there")->capture_default_str();
  app.add_option("--faults", options.faults, "What goes wrong: none, lossy, chaos, liar")
      ->capture_default_str();
  app.add_flag("--json", options.json, "One JSON object a line");
  CLI11_PARSE(app, argc, argv);
  signal(SIGPIPE, SIG_IGN);
  NetworkBox box(options);
  std::string problem;
  if (!box.open(problem)) {
    std::fprintf(stderr, "simurgh-lab network: %s\n", problem.c_str());
    return 1;
  }
  return box.run();
}

}  // namespace simurgh::lab
