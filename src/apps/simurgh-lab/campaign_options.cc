// The options of `simurgh-lab campaign`.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "apps/simurgh-lab/campaign.h"
#include "apps/simurgh-lab/subcommands.h"

namespace simurgh::lab {

namespace {

void add_shares(CLI::App& app, CampaignOptions& options) {
  const auto share = [&app](const char* name, uint32_t& into, const char* what) {
    app.add_option(name, into, what)->check(CLI::Range(0, 1000))->capture_default_str();
  };
  share("--sms-only", options.sms_only, "Permille of cards for short messages only");
  share("--unnumbered", options.unnumbered, "Permille without MSISDN: they come when they poll");
  share("--off", options.off, "Permille of phones that are off for good");
  share("--wrong-keys", options.wrong_keys, "Permille whose keys the platform has wrong");
  share("--away", options.away, "Permille of phones that are off at first, for up to a period");
  share("--weak", options.weak, "Permille of phones half of whose connections break");
  share("--payload-kills", options.payload_kills,
        "Permille of chips that die of the payload: the campaign must stop by itself");
}

}  // namespace

int campaign_main(int argc, char** argv) {
  CLI::App app(
      "A campaign over a fleet of chips on a real simurghd: an imported fleet of virtual chips in "
      "their\n"
      "phones, each session over TCP and TLS under the chip's own key, triggers by SMPP through "
      "the lab's\n"
      "SMSC, recurring polls by the terminals' clocks. In the end every chip is looked into and "
      "compared\n"
      "with what the server says.");
  CampaignOptions options;
  const auto show = [](CLI::Option* option) { option->capture_default_str(); };
  show(app.add_option("--chips", options.chips, "How many")->check(CLI::Range(20, 1'000'000)));
  show(app.add_option("--seed", options.seed, "Of faults and of who is where"));
  show(app.add_option("--capacity", options.capacity,
                      "Sessions of the front end at a time; 0: a fiftieth of the chips"));
  show(app.add_option("--poll-period", options.poll_period_s, "Seconds between two polls of a chip")
           ->check(CLI::Range(60, 86'400)));
  show(app.add_option("--warm-up", options.warm_up_s,
                      "Seconds that phones are on before the campaign is ordered; a chip polls "
                      "first\nafter a minute")
           ->check(CLI::Range(0, 86'400)));
  show(app.add_option("--faults", options.faults, "Of the short-message network")
           ->check(CLI::IsMember({"none", "lossy", "chaos"})));
  show(app.add_option("--smsc-queue", options.smsc_queue,
                      "Messages that the SMSC holds; more are refused, and sent later"));
  show(app.add_option("--kills", options.kills, "How often simurghd is killed (SIGKILL) on the way")
           ->check(CLI::Range(0, 1000)));
  add_shares(app, options);
  show(app.add_option("--latency-ms", options.latency_ms, "Of the radio, one way, on average")
           ->check(CLI::Range(0, 10'000)));
  show(app.add_option("--lasts", options.lasts_s,
                      "Seconds that the campaign lasts at most; 0: it is cancelled when all "
                      "reachable chips are done"));
  show(app.add_option("--patience", options.patience_s,
                      "Seconds for the campaign, then what is not done is stuck"));
  app.add_option("--store", options.store, "Of simurghd: sqlite, or an empty PostgreSQL database");
  app.add_option("--programs", options.programs,
                 "Folder of simurghd and simurgh; default: where this program is");
  app.add_option("--dir", options.work_dir,
                 "Keep everything in this new folder; default: a folder in /tmp, kept only when\n"
                 "something went wrong");
  app.add_flag("--json", options.json, "Figures as one JSON object on standard output");
  app.add_flag("--quiet", options.quiet, "No progress on standard error");
  app.footer(
      "Exit status: 0 when every reachable chip is done, each executed once, nothing was lost and "
      "the\n"
      "capacity was never exceeded (with --payload-kills: when the campaign stopped in its first "
      "wave),\n"
      "else 1.\n"
      "Examples:\n"
      "  simurgh-lab campaign --chips 2000 --kills 2\n"
      "  simurgh-lab campaign --chips 2000 --payload-kills 10 --json");
  CLI11_PARSE(app, argc, argv);
  if (options.programs.empty()) {
    std::error_code failed;
    options.programs = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
  }
  return run_campaign(options);
}

}  // namespace simurgh::lab
