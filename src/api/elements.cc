// Elements: chips that campaigns reach, those made elsewhere brought in by a file (row G8). No key
// is ever in an answer, and no cell of a file.
#include "fleet/elements.h"
#include "api/campaign_terms.h"
#include "formats/fleet_file/fleet_file.h"

namespace simurgh::api {
namespace {

json::Value describe(const fleet::Batch& batch) {
  const auto settings = json::parse(batch.settings);
  return json::Value::object({{"id", batch.id},
                              {"name", batch.name},
                              {"settings", settings ? *settings : json::Value()},
                              {"created", time_of(batch.created)}});
}

json::Value describe(const fleet::Element& row, const std::vector<fleet::Batch>& batches,
                     const campaign::ElementRow& state) {
  json::Value batch;
  for (const fleet::Batch& known : batches) {
    if (known.id == row.batch) batch = json::Value(known.name);
  }
  return json::Value::object({{"id", row.id},
                              {"iccid", row.iccid.text()},
                              {"msisdn", row.msisdn.text()},
                              {"batch", std::move(batch)},
                              {"source", name_of(row.source)},
                              {"key_version", row.key_version},
                              {"psk_identity", row.psk_identity},
                              {"created", time_of(row.created)},
                              {"release", state.release},
                              {"last_contact", time_of(campaign::instant_of(state.last_contact_s))},
                              {"next_poll", time_of(campaign::instant_of(state.next_poll_s))}});
}

campaign::ElementRow state_of(const Call& call, uint32_t id) {
  const campaign::ElementId element{id};
  return call.parts.population.has(element) ? call.parts.population.row(element)
                                            : campaign::ElementRow{.element = element};
}

uint32_t read_time(Query& query, json::Problem& problem, std::string_view name,
                   uint32_t otherwise) {
  const std::string_view text = query.text(name, 40);
  if (text.empty()) return otherwise;
  const auto at = fleet_file::parse_time(text);
  if (!at && !problem.any()) {
    problem = {std::string(name), "expected a time: 2026-01-02T03:04:05Z"};
  }
  return at ? *at : otherwise;
}

// What a campaign's filter asks of an element, by the same words; batches and profiles apart.
campaign::Filter read_filter(Query& query, json::Problem& problem) {
  campaign::Filter filter;
  for (const std::string_view name : {"release", "release_not"}) {
    const uint64_t release = query.number(name, UINT64_MAX, 0, UINT16_MAX);
    if (release == UINT64_MAX) continue;
    filter.releases = {static_cast<uint16_t>(release)};
    filter.releases_excluded = name == "release_not";
  }
  filter.contacted_from_s = read_time(query, problem, "contacted_from", 0);
  filter.contacted_before_s = read_time(query, problem, "contacted_before", UINT32_MAX);
  return filter;
}

// A piece of a fleet file, as it came in a request.
struct Piece {
  std::vector<fleet::NewElement> elements;
  std::vector<campaign::ElementRow> states;  // of the same index; the id is still missing
  std::vector<uint64_t> lines;
};

// Line after line without its end; the number rises with each.
class Lines {
 public:
  Lines(std::string_view text, uint64_t first) : text_(text), number_(first - 1) {}
  bool next(std::string_view& line) {
    if (text_.empty()) return false;
    line = text_.substr(0, text_.find('\n'));
    text_.remove_prefix(std::min(line.size() + 1, text_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return true;
  }
  uint64_t number() const { return number_; }

 private:
  std::string_view text_;
  uint64_t number_;
};

void add_row(const fleet_file::Row& row, uint64_t line, Piece& piece) {
  fleet::NewElement& element = piece.elements.emplace_back();
  element.iccid = row.iccid;
  element.msisdn = row.msisdn;
  element.keys.kic = row.kic;
  element.keys.kid = row.kid;
  element.keys.key_version = row.key_version;
  element.keys.psk_identity = row.psk_identity;
  element.keys.psk = row.psk;
  element.counter = row.counter;
  campaign::ElementRow& state = piece.states.emplace_back();
  state.last_contact_s = row.last_contact_s;
  state.next_poll_s = row.next_poll_s;
  piece.lines.push_back(line);
}

// False with the problem set. `first_line` is the number of the first row's line in the file that
// the piece is of.
bool read_piece(std::string_view header_line, std::string_view rows, uint64_t first_line,
                Piece& piece, json::Problem& problem) {
  const auto header = fleet_file::parse_header(header_line);
  if (!header) {
    problem = {"header", fleet_file::words_for_header(header.error())};
    return false;
  }
  Lines lines(rows, first_line);
  std::string_view line;
  while (lines.next(line)) {
    if (piece.elements.size() == fleet::import_rows_max) {
      problem = {"rows", "expected at most " + std::to_string(fleet::import_rows_max) + " rows"};
      return false;
    }
    const auto row = fleet_file::parse_row(*header, line);
    if (!row) {
      problem = {"rows", "line " + std::to_string(lines.number()) + ", " +
                             fleet_file::words_for_row(*header, row.error())};
      return false;
    }
    add_row(*row, lines.number(), piece);
  }
  return true;
}

// Whether the very same row is there already: an import that is run again after a crash.
Result<bool> is_there(Call& call, const fleet::Batch& batch, const fleet::NewElement& row) {
  const auto known = TRY(call.parts.elements.store().element_of(row.iccid));
  if (!known || known->source != fleet::ElementKeySource::imported) return false;
  if (known->batch != batch.id || known->msisdn != row.msisdn ||
      known->key_version != row.keys.key_version || known->psk_identity != row.keys.psk_identity) {
    return false;
  }
  const auto keys = TRY(fleet::open_element_keys(call.parts.keys, *known));
  return crypto::secure_equal(keys.kic.view(), row.keys.kic.view()) &&
         crypto::secure_equal(keys.kid.view(), row.keys.kid.view()) &&
         crypto::secure_equal(keys.psk.view(), row.keys.psk.view());
}

// Leaves out of `piece` what is there; how many those were.
Result<uint64_t> leave_out_known(Call& call, const fleet::Batch& batch, Piece& piece) {
  Piece rest;
  for (size_t i = 0; i < piece.elements.size(); ++i) {
    if (TRY(is_there(call, batch, piece.elements[i]))) continue;
    rest.elements.push_back(piece.elements[i]);
    rest.states.push_back(piece.states[i]);
    rest.lines.push_back(piece.lines[i]);
  }
  const uint64_t known = piece.elements.size() - rest.elements.size();
  piece = std::move(rest);
  return known;
}

Reply refuse_import(const Error& error, const Piece& piece) {
  if (error.code == ErrorCode::storage || error.offset >= piece.lines.size()) {
    return reply(error, "the import");
  }
  const std::string line = "line " + std::to_string(piece.lines[error.offset]) + ": ";
  switch (error.code) {
    case ErrorCode::already_exists:
      return reply(Refusal{
          .kind = ProblemKind::conflict,
          .detail = line + "this ICCID, MSISDN or PSK identity is there already, or comes twice",
          .hint = "to go on with an import that was interrupted, say \"skip_known\": true"});
    case ErrorCode::not_allowed:
      return reply(Refusal{.kind = ProblemKind::policy,
                           .detail = line + "a key that everybody knows",
                           .hint = "production does not take test keys"});
    case ErrorCode::bad_length:
    case ErrorCode::bad_value:
      return reply(json::Problem{
          "rows", line + "expected KIc and KID together with key_version, or psk with "
                         "psk_identity, or both"});
    default: return reply(error, "the import");
  }
}

}  // namespace

Reply list_batches(Call& call) {
  const auto rows = call.parts.elements.store().batches();
  if (!rows) return reply(rows.error(), "the batches");
  json::Value items = json::Value::array();
  for (const fleet::Batch& row : *rows) items.push_back(describe(row));
  return reply(page_of(std::move(items), std::nullopt));
}

Reply save_batch(Call& call) {
  json::Problem problem;
  json::Fields fields(call.body, problem);
  const std::string name = read_word(fields, "name", fleet::name_octets_max);
  json::Value settings = json::Value::object();
  if (fields.has("settings")) {
    fields.object("settings");
    settings = *call.body.find("settings");
  }
  if (!fields.finish()) return reply(problem);
  const auto saved = call.parts.elements.save_batch(name, json::write(settings), call.by());
  if (saved) return reply(describe(*saved), 201);
  switch (saved.error().code) {
    case ErrorCode::no_space:
      return reply(Refusal{.kind = ProblemKind::conflict, .detail = "there are 65535 batches"});
    case ErrorCode::too_large:
      fields.refuse("settings", "expected at most " +
                                    std::to_string(fleet::batch_settings_octets_max) + " octets");
      return reply(problem);
    default: return reply(saved.error(), "the batch");
  }
}

Reply import_elements(Call& call) {
  constexpr size_t rows_octets_max = size_t{1} << 20;
  json::Problem problem;
  json::Fields fields(call.body, problem);
  const std::string_view name = fields.text("batch", 1, fleet::name_octets_max);
  const std::string_view header = fields.text("header", 1, fleet_file::line_octets_max);
  const std::string_view rows = fields.text("rows", 1, rows_octets_max);
  const uint64_t first_line =
      fields.has("first_line") ? static_cast<uint64_t>(fields.integer("first_line", 1, 1LL << 40))
                               : 2;
  const bool skip_known = fields.has("skip_known") && fields.boolean("skip_known");
  if (!fields.finish()) return reply(problem);
  Piece piece;
  if (!read_piece(header, rows, first_line, piece, problem)) return reply(problem);
  const auto batch = call.parts.elements.batch(name);
  if (!batch && batch.error().code == ErrorCode::not_found) {
    fields.refuse("batch", "no such batch; add it by POST /v1/batches");
    return reply(problem);
  }
  if (!batch) return reply(batch.error(), "the batch");
  uint64_t known = 0;
  if (skip_known) {
    const auto left_out = leave_out_known(call, *batch, piece);
    if (!left_out) return reply(left_out.error(), "the elements that are there");
    known = *left_out;
  }
  if (!piece.elements.empty()) {
    const auto first = call.parts.elements.import(name, piece.elements, call.by());
    if (!first) return refuse_import(first.error(), piece);
    for (size_t i = 0; i < piece.states.size(); ++i) {
      piece.states[i].element.value = *first + static_cast<uint32_t>(i);
      piece.states[i].batch = batch->id;
    }
    const auto kept = call.parts.campaign_rows.apply(piece.states);
    if (!kept) return reply(kept.error(), "the elements");
    for (const campaign::ElementRow& row : piece.states) {
      const auto known_now = call.parts.population.put(row);
      if (!known_now) return reply(known_now.error(), "the elements");
    }
  }
  return reply(json::Value::object({{"imported", piece.elements.size()}, {"known", known}}), 201);
}

Reply list_elements(Call& call) {
  json::Problem problem;
  Query query(call.target, problem);
  const size_t limit = page_limit(query, call.settings);
  fleet::ElementFilter filter;
  filter.iccid_prefix = query.text("iccid_prefix", Iccid::size_max);
  const std::string_view batch_name = query.text("batch", fleet::name_octets_max);
  const std::string_view profile = query.text("profile", fleet::name_octets_max);
  campaign::Filter wanted = read_filter(query, problem);
  const std::string_view after = query.text("after", Iccid::size_max);
  const bool finished = query.finish();
  const auto position = after.empty() ? Result<Iccid>(Iccid{}) : Iccid::parse(after);
  if (finished && !position) problem = {"after", "expected an ICCID"};
  if (finished && filter.iccid_prefix.find_first_not_of("0123456789") != std::string::npos) {
    problem = {"iccid_prefix", "expected digits"};
  }
  if (problem.any()) return reply(problem);
  const auto names = read_batch_names(call.parts, !profile.empty());
  if (!names) return reply(names.error(), "the batches");
  if (!batch_name.empty()) {
    const fleet::Batch* batch = names->find(batch_name);
    if (batch == nullptr) return no_such("batch", batch_name);
    filter.batch = batch->id;
  }
  wanted.batches = names->with_profile(profile);
  if (!profile.empty() && wanted.batches.empty()) return no_such("profile of a batch", profile);
  // Whoever asks for all gets those that no campaign knows, too.
  const bool all = wanted == campaign::Filter{};
  const auto rows = call.parts.elements.store().elements(filter, *position, limit);
  if (!rows) return reply(rows.error(), "the elements");
  json::Value items = json::Value::array();
  for (const fleet::Element& row : *rows) {
    const campaign::ElementId element{row.id};
    const bool known = call.parts.population.has(element);
    if (!all && !(known && call.parts.population.matches(wanted, element))) continue;
    items.push_back(describe(row, names->batches, state_of(call, row.id)));
  }
  std::optional<std::string> next;
  if (rows->size() == limit) next = std::string(rows->back().iccid.text());
  return reply(page_of(std::move(items), next));
}

Reply get_element(Call& call) {
  const auto iccid = path_digits<Iccid>(call, 0);
  if (!iccid) return no_such("element", call.path[0]);
  const auto row = call.parts.elements.element_of(*iccid);
  if (!row && row.error().code == ErrorCode::not_found) return no_such("element", call.path[0]);
  if (!row) return reply(row.error(), "the element");
  const auto batches = call.parts.elements.store().batches();
  if (!batches) return reply(batches.error(), "the batches");
  const auto counter = call.parts.elements.store().counter(row->id);
  if (!counter) return reply(counter.error(), "the counter");
  json::Value out = describe(*row, *batches, state_of(call, row->id));
  out.set("counter", *counter);
  return reply(out);
}

}  // namespace simurgh::api
