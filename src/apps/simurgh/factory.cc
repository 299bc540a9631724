// The manufacturer's tool: a key, and batches of chips (D1-D3).
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "apps/simurgh/commands.h"
#include "apps/simurgh/factory_home.h"
#include "apps/simurgh/local_file.h"
#include "apps/simurgh/production.h"
#include "apps/simurgh/session.h"

namespace simurgh::cli {
namespace {

constexpr const char* home_default = "factory";

// Set by the first signal: the line stops after its chunk. The second one ends the program.
std::atomic<bool> stop_wanted = false;

void on_stop_signal(int number) {
  stop_wanted = true;
  std::signal(number, SIG_DFL);
}

struct InitOptions {
  std::string home = home_default;
  std::string server_key;
};

Outcome<void> init(Session& session, const InitOptions& options) {
  const FactoryHome home =
      TRY(FactoryHome::create(options.home, options.server_key, session.random()));
  session.answer(json::Value::object(
      {{"home", home.path()}, {"transport_public_key", home.transport_public_hex()}}));
  session.remark("give transport_public_key to the operator; keep " + home.path() +
                 "/factory.json secret, and a copy of it");
  return {};
}

struct MakeOptions {
  std::string home = home_default;
  uint64_t allocation = 0;
  std::string allocation_file;
  std::string pack;
  std::string order_file;
  uint64_t threads = 0;
  bool report = false;
};

Outcome<factory::AllocationNote> parse_note(const json::Value& value) {
  json::Problem problem;
  const auto note = factory::parse_allocation(value, problem);
  if (!note.has_value()) {
    return local("this is no allocation: " + problem.sentence(),
                 "it is the answer of: simurgh allocations show ID --json");
  }
  return *note;
}

// The allocation from where the options say; what was begun before goes on with the note of then.
Outcome<json::Value> find_note(Session& session, const FactoryHome& home,
                               const MakeOptions& options) {
  if (!options.allocation_file.empty()) return read_json_file(options.allocation_file);
  if (options.allocation == 0) {
    return usage("--allocation or --allocation-file is needed", "see --help");
  }
  const auto record = TRY(home.record(options.allocation));
  if (record.has_value()) return record->note;
  return session.api().get("/v1/allocations/" + std::to_string(options.allocation));
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto out = std::filesystem::absolute(path, error);
  return error ? path : out.lexically_normal().string();
}

// An allocation has one pack for ever: this decides which, before the pack is made.
Outcome<AllocationRecord> begin(const FactoryHome& home, const MakeOptions& options,
                                const factory::AllocationNote& note, const json::Value& value) {
  auto record = TRY(home.record(note.id));
  const std::string name = "allocation-" + std::to_string(note.id);
  if (!record.has_value()) {
    record = AllocationRecord{
        .note = value,
        .pack = absolute(options.pack.empty() ? home.path() + "/" + name + ".pack" : options.pack)};
    TRY(home.save(note.id, *record));
    return *record;
  }
  const factory::AllocationNote before = TRY(parse_note(record->note));
  if (before.run != note.run || before.ver != note.ver) {
    return local("allocation " + std::to_string(note.id) + " was begun with other numbers",
                 "is it of another operator? use another --home for each");
  }
  if (!options.pack.empty() && absolute(options.pack) != record->pack) {
    return local("allocation " + std::to_string(note.id) + " is made into " + record->pack,
                 "leave out --pack: no number is made twice");
  }
  if (record->pack_made && !file_exists(record->pack)) {
    return local(record->pack + " is gone, and its chips with it",
                 "put it back, or ask the operator for a new allocation: "
                 "no number is made twice");
  }
  return *record;
}

Outcome<std::unique_ptr<nv_file::Pack>> open_pack(const FactoryHome& home,
                                                  const factory::AllocationNote& note,
                                                  AllocationRecord& record, Random& random) {
  using nv_file::Durability;
  using nv_file::Pack;
  std::string problem;
  if (!file_exists(record.pack)) {
    auto pack =
        Pack::create(record.pack, {.slots = note.run.count}, random, Durability::on_sync, problem);
    if (!pack.has_value()) return local(problem);
    record.pack_made = true;
    TRY(home.save(note.id, record));
    return std::move(*pack);
  }
  auto pack = Pack::open(record.pack, Durability::on_sync, problem);
  if (!pack.has_value()) return local(problem);
  if ((*pack)->shape().slots != note.run.count) {
    return local(record.pack + " has another number of slots than the allocation has chips",
                 "is it the pack of this allocation?");
  }
  if (!record.pack_made) {
    record.pack_made = true;
    TRY(home.save(note.id, record));
  }
  return std::move(*pack);
}

Outcome<void> make(Session& session, const MakeOptions& options) {
  std::signal(SIGINT, on_stop_signal);
  std::signal(SIGTERM, on_stop_signal);
  FactoryHome home = TRY(FactoryHome::open(options.home));
  const json::Value value = TRY(find_note(session, home, options));
  const factory::AllocationNote note = TRY(parse_note(value));
  const auto batch = factory::Batch::of(note, home.transport_private());
  if (!batch.has_value()) {
    return local("K1 of this allocation cannot be opened",
                 "was it made for another manufacturer, or for an older transport key?");
  }
  std::string trusted_now;
  TRY(home.trust(note, trusted_now));
  if (!trusted_now.empty()) {
    session.remark("the operator's key is trusted from now on; compare it once: " + trusted_now);
  }
  if (note.profile.legacy_1997) {
    session.remark(
        "INSECURE: these are chips of profile legacy-1997 (single DES, key agreement "
        "without authentication)");
  }
  AllocationRecord record = TRY(begin(home, options, note, value));
  const auto pack = TRY(open_pack(home, note, record, session.random()));

  const auto threads = static_cast<unsigned>(
      options.threads == 0 ? std::max(1u, std::thread::hardware_concurrency()) : options.threads);
  ProductionLine line(*batch, *pack, session.random(), threads);
  const uint64_t before = line.made();
  Progress progress("chips", note.run.count, before, session.shows_progress());
  const auto ran = line.run(progress, stop_wanted);
  progress.finish();
  const factory::OrderFile order = line.order(note);
  const std::string order_path =
      options.order_file.empty() ? record.pack + ".order.json" : options.order_file;
  const json::Value order_value = factory::write_order_file(order);
  TRY(write_file(order_path, json::write(order_value) + "\n", Access::readable, Overwrite::yes));
  TRY(ran);
  json::Value answer = json::Value::object({{"allocation", note.id},
                                            {"pack", record.pack},
                                            {"order_file", order_path},
                                            {"count", note.run.count},
                                            {"made", order.made},
                                            {"made_now", order.made - before},
                                            {"seconds", progress.seconds()},
                                            {"chips_per_second", progress.rate_per_second()}});
  if (note.profile.legacy_1997) answer.set(fleet::legacy_1997_name, fleet::insecure_mark);
  if (options.report) {
    TRY(session.api().post("/v1/allocations/" + std::to_string(note.id) + "/delivery",
                           order_value));
    answer.set("reported", true);
  }
  session.answer(answer);
  return {};
}

Outcome<void> status(Session& session, const std::string& path) {
  const FactoryHome home = TRY(FactoryHome::open(path));
  json::Value::Array rows;
  for (const uint64_t id : TRY(home.allocations())) {
    const auto record = TRY(home.record(id));
    if (!record.has_value()) continue;
    const factory::AllocationNote note = TRY(parse_note(record->note));
    json::Value row = json::Value::object({{"allocation", id},
                                           {"manufacturer", note.manufacturer},
                                           {"count", note.run.count},
                                           {"made", json::Value()},
                                           {"pack", record->pack},
                                           {"state", "not begun"}});
    if (note.profile.legacy_1997) row.set(fleet::legacy_1997_name, fleet::insecure_mark);
    std::string problem;
    const auto pack = nv_file::Pack::open(record->pack, nv_file::Durability::on_sync, problem);
    if (pack.has_value()) {
      row.set("made", (*pack)->labelled());
      row.set("state", (*pack)->labelled() == note.run.count ? "done" : "part");
    } else if (record->pack_made) {
      row.set("state", pack.error().code == ErrorCode::busy ? "in use" : problem);
    }
    rows.push_back(std::move(row));
  }
  static constexpr std::array columns = {Column{"ALLOCATION", "allocation"},
                                         Column{"MANUFACTURER", "manufacturer"},
                                         Column{"COUNT", "count"},
                                         Column{"MADE", "made"},
                                         Column{"STATE", "state"},
                                         Column{"PACK", "pack"},
                                         Column{"LEGACY 1997", "legacy_1997"}};
  session.answer_table(json::Value::object({{"home", home.path()},
                                            {"transport_public_key", home.transport_public_hex()},
                                            {"items", rows}}),
                       rows, columns);
  return {};
}

void add_make(Commands& commands) {
  auto options = std::make_shared<MakeOptions>();
  commands.commands.push_back(
      {.group = "factory",
       .name = "make",
       .summary = "Make the chips of an allocation into a pack file; goes on where it stopped",
       .examples = "  simurgh factory make --allocation 7 --report\n"
                   "  simurgh factory make --allocation-file allocation-7.json --pack chips.pack\n",
       .options = {{.name = "--home", .into = &options->home, .what = "The factory's folder"},
                   {.name = "--allocation",
                    .into = &options->allocation,
                    .what = "Fetch the allocation with this number from the server"},
                   {.name = "--allocation-file",
                    .into = &options->allocation_file,
                    .what = "Read the allocation from this file"},
                   {.name = "--pack",
                    .into = &options->pack,
                    .what = "New file for the chips; default: in the factory's folder"},
                   {.name = "--order-file",
                    .into = &options->order_file,
                    .what = "Order file for the operator, without secrets; default: beside the "
                            "pack"},
                   {.name = "--threads",
                    .into = &options->threads,
                    .what = "Threads; 0: one for each processor"},
                   {.name = "--report",
                    .into = &options->report,
                    .what = "Report what was made to the server"}},
       .run = [options](Session& session) { return make(session, *options); }});
}

}  // namespace

void add_factory_commands(Commands& commands) {
  commands.groups.push_back({"factory", "The chip manufacturer: keys, and batches of chips"});
  auto options = std::make_shared<InitOptions>();
  commands.commands.push_back(
      {.group = "factory",
       .name = "init",
       .summary = "Make a factory: its folder and transport key",
       .examples = "  simurgh factory init --home northern\n",
       .options = {{.name = "--home", .into = &options->home, .what = "New folder (0700)"},
                   {.name = "--server-key",
                    .into = &options->server_key,
                    .what = "The operator's Ed25519 key, 64 hexadecimal digits; default: trust the "
                            "first allocation's"}},
       .run = [options](Session& session) { return init(session, *options); }});
  add_make(commands);
  auto home = std::make_shared<std::string>(home_default);
  commands.commands.push_back(
      {.group = "factory",
       .name = "status",
       .summary = "Show the batches of this factory",
       .options = {{.name = "--home", .into = home.get(), .what = "The factory's folder"}},
       .run = [home](Session& session) { return status(session, *home); }});
}

}  // namespace simurgh::cli
