#include "apps/simurgh-lab/opening.h"

#include <fmt/format.h>

#include "io/process/process.h"

namespace simurgh::lab {

namespace {

constexpr Duration look_wait = milliseconds(20);
constexpr size_t order_file_octets_max = 65'536;

json::Value profile_of(const ChipKind& kind, bool milenage_only) {
  json::Value suites = json::Value::array();
  suites.push_back(kind.suite);
  if (kind.other_suite != nullptr) suites.push_back(kind.other_suite);
  return json::Value::object({{"name", kind.profile},
                              {"algorithm", milenage_only ? "milenage" : kind.algorithm},
                              {"ki_octets", milenage_only ? 16 : kind.ki_octets},
                              {"suites", std::move(suites)},
                              {"server_made_key", kind.server_made_key}});
}

}  // namespace

Opening::Opening(const Parts& parts, const Options& options, Done done)
    : parts_(parts),
      options_(options),
      done_(std::move(done)),
      look_(parts.loop, [this] { look_at_factory(); }) {
  std::array<size_t, chip_kinds.size()> counts{};
  for (size_t i = 0; i < options_.chips; ++i) ++counts[kind_of(i)];
  for (size_t kind = 0; kind < counts.size(); ++kind) {
    if (counts[kind] > 0) batches_.push_back({.kind = kind, .count = counts[kind]});
  }
}

void Opening::fail(const std::string& problem) {
  done_(problem);
}

uint64_t Opening::made() const {
  return made_;
}

std::string Opening::file_of(size_t batch, const char* suffix) const {
  return fmt::format("{}/{}{}", options_.folder, chip_kinds[batches_[batch].kind].profile, suffix);
}

void Opening::begin() {
  std::string output;
  const int status = run_program({options_.tool, "factory", "init", "--home",
                                  options_.folder + "/factory", "--json", "--quiet"},
                                 output);
  const auto home = json::parse(output);
  if (status != 0 || !home) {
    return fail(fmt::format("{} factory init ended with {}: {}", options_.tool, status, output));
  }
  list_steps(std::string(home->text_of("transport_public_key")));
  next_step();
}

void Opening::list_steps(const std::string& transport_key) {
  using json::Value;
  const std::string body = "894901000000000000";
  steps_.push_back(
      {parts_.desk, "/v1/manufacturers",
       Value::object({{"name", manufacturer}, {"transport_public_key", transport_key}})});
  for (const Batch& batch : batches_) {
    steps_.push_back(
        {parts_.desk, "/v1/profiles", profile_of(chip_kinds[batch.kind], options_.milenage_only)});
  }
  steps_.push_back({parts_.desk, "/v1/ranges",
                    Value::object({{"iccid_first", body + luhn_check_digit(body)},
                                   {"imsi_first", "901700000000001"},
                                   {"count", options_.chips}})});
  steps_.push_back(
      {parts_.dealer, "/v1/contracts",
       Value::object({{"id", contract}, {"customer", "everybody"}, {"tariff", "free"}})});
}

void Opening::next_step() {
  if (step_ == steps_.size()) return allocate(0);
  Step& step = steps_[step_++];
  step.rest.post(step.path, step.body, [this, path = step.path](const RestAnswer& answer) {
    if (answer.status / 100 == 2) return next_step();
    fail(fmt::format("{} answered {}: {}", path, answer.status, answer.text));
  });
}

void Opening::allocate(size_t index) {
  if (index == batches_.size()) return done_("");
  const Batch& batch = batches_[index];
  json::Value order = json::Value::object({{"manufacturer", manufacturer},
                                           {"ver", fmt::format("01020304050607{:02x}", batch.kind)},
                                           {"count", batch.count},
                                           {"profile", chip_kinds[batch.kind].profile}});
  parts_.desk.post("/v1/allocations", std::move(order), [this, index](const RestAnswer& answer) {
    if (answer.status / 100 != 2) {
      return fail(fmt::format("/v1/allocations answered {}: {}", answer.status, answer.text));
    }
    batches_[index].allocation = answer.body.integer_of("id");
    // The note travels to the factory, which fetches it with its own token.
    parts_.factory.get(fmt::format("/v1/allocations/{}", batches_[index].allocation),
                       [this, index](const RestAnswer& note) { make(index, note); });
  });
}

void Opening::make(size_t index, const RestAnswer& note) {
  std::string problem;
  if (note.status / 100 != 2) {
    return fail(fmt::format("the factory's allocation: {}: {}", note.status, note.text));
  }
  const std::string note_path = file_of(index, ".allocation.json");
  if (!process::write_new_file(note_path, note.text, 0600, problem)) return fail(problem);
  const bool started = factory_.start(
      {.command = {options_.tool, "factory", "make", "--home", options_.folder + "/factory",
                   "--allocation-file", note_path, "--pack", file_of(index, ".pack"),
                   "--order-file", file_of(index, ".order.json"), "--quiet"},
       .log = log_path()},
      problem);
  if (!started) return fail(problem);
  making_ = index;
  look_.set_after(look_wait);
}

void Opening::look_at_factory() {
  if (factory_.running()) return look_.set_after(look_wait);
  if (factory_.exit_status() != 0) {
    return fail(fmt::format("simurgh factory make ended with {}: see {}",
                            factory_.exit_status().value_or(-1), log_path()));
  }
  deliver(making_);
}

void Opening::deliver(size_t index) {
  Batch& batch = batches_[index];
  std::string problem;
  const auto text =
      process::read_file(file_of(index, ".order.json"), order_file_octets_max, problem);
  if (!text) return fail(problem);
  const auto order = json::parse(*text);
  if (!order) return fail(file_of(index, ".order.json") + " is not JSON");
  made_ += static_cast<uint64_t>(order->integer_of("made"));
  auto pack = nv_file::Pack::open(file_of(index, ".pack"), nv_file::Durability::on_sync, problem);
  if (!pack) return fail(problem);
  batch.pack = std::move(*pack);
  if (batch.pack->labelled() != batch.count) {
    return fail(fmt::format("{} has {} chips of {}", file_of(index, ".pack"),
                            batch.pack->labelled(), batch.count));
  }
  parts_.factory.post(
      fmt::format("/v1/allocations/{}/delivery", batch.allocation), *order,
      [this, index](const RestAnswer& answer) {
        const auto count = static_cast<int64_t>(batches_[index].count);
        if (answer.status / 100 == 2 && answer.body.integer_of("delivered") == count) {
          return allocate(index + 1);
        }
        fail(fmt::format("the delivery was answered {}: {}", answer.status, answer.text));
      });
}

std::vector<MadeChip> Opening::take_chips() {
  std::array<Batch*, chip_kinds.size()> by_kind{};
  for (Batch& batch : batches_) by_kind[batch.kind] = &batch;
  std::array<size_t, chip_kinds.size()> next{};
  std::vector<MadeChip> chips;
  for (size_t i = 0; i < options_.chips; ++i) {
    const size_t kind = kind_of(i);
    nv_file::Pack& pack = *by_kind[kind]->pack;
    chips.push_back({pack.slot(next[kind]), pack.seal_key(next[kind])});
    ++next[kind];
  }
  return chips;
}

}  // namespace simurgh::lab
