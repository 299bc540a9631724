#include "element_update/card.h"

#include "formats/json/fields.h"
#include "formats/remote_management/script.h"

namespace simurgh::element_update {

namespace {

using remote_management::Aid;

constexpr ByteArray<16> own_usim = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xff,
                                    0xff, 0xff, 0xff, 0x89, 0x07, 0x09, 0x00, 0x00};
constexpr std::string_view poll_dates[] = {"none", "script", "answer"};  // in PollDate's order

void read_size(json::Fields& fields, std::string_view name, int64_t min, int64_t max, size_t& out) {
  if (fields.has(name)) out = static_cast<size_t>(fields.integer(name, min, max));
}

void read_flag(json::Fields& fields, std::string_view name, bool& out) {
  if (fields.has(name)) out = fields.boolean(name);
}

void read_form(json::Fields& fields, std::string_view name, remote_admin_http::BodyForm& out) {
  if (!fields.has(name)) return;
  json::Fields form = fields.object(name);
  read_flag(form, "chunked", out.chunked);
  read_size(form, "chunk_octets", 0, 16384, out.chunk_octets);
  form.finish();
}

void read_http(json::Fields& http, remote_admin::CardProfile& out) {
  read_form(http, "script", out.script_form);
  read_form(http, "response", out.response_form);
  read_size(http, "script_octets_max", 64, remote_admin::script_octets_limit,
            out.script_octets_max);
  read_size(http, "response_octets_max", 32, remote_admin::response_octets_limit,
            out.response_octets_max);
  size_t apdus = out.apdus_per_script_max, parts = out.trigger_parts_max;
  read_size(http, "apdus_per_script_max", 1, remote_management::apdus_per_script_max, apdus);
  read_size(http, "trigger_parts_max", 1, 16, parts);
  out.apdus_per_script_max = static_cast<uint8_t>(apdus);
  out.trigger_parts_max = static_cast<uint8_t>(parts);
  read_flag(http, "definite_scripts", out.definite_scripts);
  read_flag(http, "keeps_response", out.keeps_response);
  read_flag(http, "says_resume", out.says_resume);
  read_flag(http, "understands_retry_after", out.understands_retry_after);
  http.finish();
}

}  // namespace

Card own_card() {
  Card card;
  card.poll_date = PollDate::script;
  card.poll_target = *Aid::of(own_usim);
  return card;
}

Card imported_card() {
  Card card;
  card.http.keeps_response = false;
  card.http.says_resume = false;
  card.http.understands_retry_after = false;
  return card;
}

Result<Card> read_card(std::string_view settings, const Card& base, std::string& problem) {
  const auto value = json::parse(settings);
  if (!value.has_value()) {
    problem = "the settings are not a JSON object";
    return ErrorCode::bad_value;
  }
  Card card = base;
  json::Problem found;
  json::Fields fields(*value, found);
  if (fields.has("http")) {
    json::Fields http = fields.object("http");
    read_http(http, card.http);
  }
  if (fields.has("poll_date")) {
    card.poll_date = static_cast<PollDate>(fields.choice("poll_date", poll_dates));
  }
  if (fields.has("poll_target")) {
    ByteArray<remote_management::aid_octets_max> room;
    const auto aid = Aid::of(fields.hex("poll_target", remote_management::aid_octets_min, room));
    if (aid.has_value()) card.poll_target = *aid;
  }
  if (card.poll_date == PollDate::script && card.poll_target.empty()) {
    fields.refuse("poll_target", "expected the AID that has DF.SIMURGH, in hexadecimal digits");
  }
  if (!card.http.check().has_value()) fields.refuse("http", "its limits contradict each other");
  if (!fields.finish()) {
    problem = found.sentence();
    return ErrorCode::bad_value;
  }
  return card;
}

}  // namespace simurgh::element_update
