// The fleet's elements: bringing in chips made elsewhere from a file (row G8), and looking at them.
#include <array>

#include "api/http_types.h"
#include "apps/simurgh/commands.h"
#include "apps/simurgh/line_reader.h"
#include "apps/simurgh/local_file.h"
#include "apps/simurgh/progress.h"
#include "apps/simurgh/session.h"
#include "fleet/elements.h"
#include "formats/fleet_file/fleet_file.h"

namespace simurgh::cli {
namespace {

// Of one request, which is one commit: small enough that the server's other work hardly waits, and
// that its JSON text stays below the server's limit for a body.
constexpr size_t piece_rows_max = 2000;
constexpr size_t piece_octets_max = 700'000;
static_assert(piece_rows_max <= fleet::import_rows_max);

struct ImportOptions {
  std::string file;
  std::string batch;
  std::string settings;  // a file
};

Failure cannot_read(const std::string& path) {
  return local(path + " cannot be read", "check its name and whose file it is");
}

struct Checked {
  std::string header;
  uint64_t rows = 0;
};

// Reads the whole file once, so that nothing is sent of a file with a mistake.
Outcome<Checked> check_file(const std::string& path) {
  LineReader lines(path);
  if (!lines.is_open()) return cannot_read(path);
  std::string_view line;
  Checked checked;
  const std::string hint = "docs/operator/fleet-file.md says what a fleet file is";
  if (lines.next(line)) checked.header = line;
  const auto header = fleet_file::parse_header(checked.header);
  if (!header) {
    return local(path + ", line 1: " + fleet_file::words_for_header(header.error()), hint);
  }
  while (lines.next(line)) {
    const auto row = fleet_file::parse_row(*header, line);
    if (!row) {
      return local(path + ", line " + std::to_string(lines.number()) + ", " +
                       fleet_file::words_for_row(*header, row.error()),
                   "nothing was imported; " + hint);
    }
    ++checked.rows;
  }
  if (lines.failed()) return cannot_read(path);
  if (checked.rows == 0) return local(path + " has no rows", hint);
  return checked;
}

// Makes the batch, or gives it the settings; one that is there keeps its own without.
Outcome<void> prepare_batch(Session& session, const ImportOptions& options) {
  json::Value body = json::Value::object({{"name", options.batch}});
  if (!options.settings.empty()) {
    body.set("settings", TRY(read_json_file(options.settings)));
  } else {
    const json::Value known = TRY(session.api().get("/v1/batches"));
    const json::Value* items = known.find("items");
    if (items != nullptr && items->as_array() != nullptr) {
      for (const json::Value& item : *items->as_array()) {
        if (item.text_of("name") == options.batch) return {};
      }
    }
  }
  TRY(session.api().post("/v1/batches", body));
  return {};
}

// Sends pieces; what a run before this one has brought in already is left out by the server.
class Import {
 public:
  Import(Session& session, const std::string& batch, const Checked& file)
      : session_(session),
        batch_(batch),
        header_(file.header),
        progress_("rows", file.rows, 0, session.shows_progress()) {
    rows_.reserve(piece_octets_max + fleet_file::line_octets_max + 1);
  }
  ~Import() { wipe_rows(); }
  Import(const Import&) = delete;
  Import& operator=(const Import&) = delete;

  Outcome<void> add(std::string_view line, uint64_t number) {
    if (count_ == 0) first_line_ = number;
    (rows_ += line) += '\n';
    if (++count_ < piece_rows_max && rows_.size() < piece_octets_max) return {};
    return send();
  }
  Outcome<void> send() {
    if (count_ == 0) return {};
    auto answer = post();
    if (!answer && answer.error().exit == Exit::refused && !skip_known_) {
      // Perhaps it is there, of a run that was killed. If not, the same refusal comes again.
      skip_known_ = true;
      answer = post();
    }
    if (!answer && answer.error().exit == Exit::unreachable) {
      answer.error().hint += "; then run the command again: it goes on where it stopped";
    }
    const json::Value done = TRY(std::move(answer));
    const int64_t known = done.integer_of("known");
    known_ += static_cast<uint64_t>(known);
    imported_ += static_cast<uint64_t>(done.integer_of("imported"));
    skip_known_ = known > 0;
    progress_.advance(count_);
    wipe_rows();
    count_ = 0;
    return {};
  }
  uint64_t rows() const { return imported_ + known_; }
  json::Value finish() {
    progress_.finish();
    const double seconds = progress_.seconds();
    return json::Value::object(
        {{"batch", batch_},
         {"imported", imported_},
         {"known", known_},
         {"milliseconds", static_cast<uint64_t>(seconds * 1000)},
         {"rows_per_second", static_cast<uint64_t>(static_cast<double>(rows()) / seconds)}});
  }

 private:
  Outcome<json::Value> post() {
    json::Value body = json::Value::object(
        {{"batch", batch_}, {"header", header_}, {"rows", rows_}, {"first_line", first_line_}});
    if (skip_known_) body.set("skip_known", true);
    auto answer = session_.api().post("/v1/elements/import", body);
    body.wipe();  // it has the keys
    return answer;
  }
  void wipe_rows() {
    wipe({reinterpret_cast<uint8_t*>(rows_.data()), rows_.size()});
    rows_.clear();
  }

  Session& session_;
  const std::string& batch_;
  const std::string& header_;
  Progress progress_;
  std::string rows_;
  size_t count_ = 0;
  uint64_t first_line_ = 0;
  bool skip_known_ = false;
  uint64_t imported_ = 0, known_ = 0;
};

Outcome<void> import_file(Session& session, const ImportOptions& options) {
  const Checked file = TRY(check_file(options.file));
  TRY(prepare_batch(session, options));
  LineReader lines(options.file);
  if (!lines.is_open()) return cannot_read(options.file);
  std::string_view line;
  lines.next(line);  // the header
  Import import(session, options.batch, file);
  while (lines.next(line)) TRY(import.add(line, lines.number()));
  if (lines.failed()) return cannot_read(options.file);
  TRY(import.send());
  if (import.rows() != file.rows) {
    return local(options.file + " changed while it was read",
                 "run the command again with a file that stays as it is");
  }
  session.answer(import.finish());
  return {};
}

void add_import(Commands& commands) {
  auto options = std::make_shared<ImportOptions>();
  commands.commands.push_back(
      {.group = "fleet",
       .name = "import",
       .summary = "Bring in chips made elsewhere, with their keys; run again, it goes on",
       .examples = "  simurgh fleet import chips.csv --batch winter-24\n",
       .options = {{.name = "file",
                    .into = &options->file,
                    .what = "A fleet file: docs/operator/fleet-file.md",
                    .required = true},
                   {.name = "--batch",
                    .into = &options->batch,
                    .what = "The batch that the cards belong to; made when there is none",
                    .required = true},
                   {.name = "--settings",
                    .into = &options->settings,
                    .what = "JSON file with what the cards of the batch differ in"}},
       .run = [options](Session& session) { return import_file(session, *options); }});
}

void add_show(Commands& commands) {
  auto iccid = std::make_shared<std::string>();
  commands.commands.push_back(
      {.group = "fleet",
       .name = "show",
       .summary = "Show an element, never its keys",
       .options = {{.name = "iccid", .into = iccid.get(), .what = "ICCID", .required = true}},
       .run = [iccid](Session& session) -> Outcome<void> {
         session.answer(TRY(session.api().get("/v1/elements/" + api::percent_encoded(*iccid))));
         return {};
       }});
}

void add_query(Commands& commands) {
  struct Options {
    std::string batch, prefix, profile, release, release_not, contacted_from, contacted_before;
    uint64_t rows_max = 1000;
  };
  auto options = std::make_shared<Options>();
  static constexpr std::array columns = {Column{"ICCID", "iccid"},
                                         Column{"MSISDN", "msisdn"},
                                         Column{"BATCH", "batch"},
                                         Column{"RELEASE", "release"},
                                         Column{"LAST CONTACT", "last_contact"},
                                         Column{"SOURCE", "source"},
                                         Column{"KEYS", "key_version"},
                                         Column{"PSK", "psk_identity"}};
  commands.commands.push_back(
      {.group = "fleet",
       .name = "query",
       .summary = "List elements",
       .examples = "  simurgh fleet query --batch winter-24 --rows 20\n"
                   "  simurgh fleet query --release-not 4 --contacted-from 2026-01-01T00:00:00Z\n",
       .options =
           {{.name = "--batch", .into = &options->batch, .what = "Of this batch"},
            {.name = "--iccid-prefix",
             .into = &options->prefix,
             .what = "Whose ICCID begins with these digits"},
            {.name = "--profile", .into = &options->profile, .what = "With this card profile"},
            {.name = "--release", .into = &options->release, .what = "With this release"},
            {.name = "--release-not",
             .into = &options->release_not,
             .what = "With another release"},
            {.name = "--contacted-from",
             .into = &options->contacted_from,
             .what = "Last contact at or after, 2026-01-02T03:04:05Z"},
            {.name = "--contacted-before",
             .into = &options->contacted_before,
             .what = "Last contact before"},
            {.name = "--rows", .into = &options->rows_max, .what = "Show at most so many rows"}},
       .run = [options](Session& session) -> Outcome<void> {
         std::string path = "/v1/elements";
         path = with_parameter(path, "batch", options->batch);
         path = with_parameter(path, "iccid_prefix", options->prefix);
         path = with_parameter(path, "profile", options->profile);
         path = with_parameter(path, "release", options->release);
         path = with_parameter(path, "release_not", options->release_not);
         path = with_parameter(path, "contacted_from", options->contacted_from);
         path = with_parameter(path, "contacted_before", options->contacted_before);
         const json::Value::Array rows = TRY(session.api().list(path, options->rows_max));
         session.answer_table(json::Value::object({{"items", rows}}), rows, columns);
         return {};
       }});
}

}  // namespace

void add_fleet_commands(Commands& commands) {
  commands.groups.push_back({"fleet", "Elements: all chips that campaigns reach"});
  add_import(commands);
  add_show(commands);
  add_query(commands);
}

}  // namespace simurgh::cli
