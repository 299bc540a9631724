#include "element_update/card.h"

#include "formats/json/fields.h"
#include "formats/remote_management/administration_session.h"
#include "formats/remote_management/script.h"
#include "formats/secured_packet/command_packet.h"
#include "formats/sms/concatenation.h"

namespace simurgh::element_update {

namespace {

using remote_management::Aid;

constexpr size_t access_point_chars_max = 99;

constexpr ByteArray<16> own_usim = {0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xff,
                                    0xff, 0xff, 0xff, 0x89, 0x07, 0x09, 0x00, 0x00};
constexpr std::string_view bearers[] = {"https", "sms"};  // in Bearer's order
constexpr std::string_view por_bearers[] = {"report", "submit"};
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

void read_tar(json::Fields& fields, std::string_view name, remote_management::Tar& out) {
  if (!fields.has(name)) return;
  ByteArray<3> room{};
  if (fields.hex(name, room.size(), room).size() == room.size()) out = room;
}

void read_packets(json::Fields& sms, PacketSettings& out) {
  size_t parts = out.parts_max, apdus = out.apdus_max;
  read_size(sms, "parts_max", 1, 16, parts);
  read_size(sms, "response_octets_max", 32, 1024, out.response_octets_max);
  read_size(sms, "apdus_max", 1, remote_management::apdus_per_script_max, apdus);
  out.parts_max = static_cast<uint8_t>(parts);
  out.apdus_max = static_cast<uint8_t>(apdus);
  if (sms.has("response_by")) out.response_by_submit = sms.choice("response_by", por_bearers) == 1;
  read_tar(sms, "tar_card_content", out.tar_card_content);
  read_tar(sms, "tar_files", out.tar_files);
  read_tar(sms, "tar_adf", out.tar_adf);
  sms.finish();
}

void read_session(json::Fields& session, SessionSettings& out) {
  const auto read_text = [&](std::string_view name, size_t max, std::string& text) {
    if (session.has(name)) text = session.text(name, 0, max);
  };
  read_text("host", remote_management::host_octets_max, out.host);
  read_text("uri", remote_management::uri_octets_max, out.uri);
  read_text("agent_id", remote_management::agent_id_octets_max, out.agent_id);
  read_text("access_point", access_point_chars_max, out.access_point);
  if (session.has("address") && !read_ipv4(session.text("address", 7, 15), out.address)) {
    session.refuse("address", "expected an IPv4 address, as 192.0.2.7");
  }
  const auto read_u16 = [&](std::string_view name, uint16_t& number) {
    size_t value = number;
    read_size(session, name, 0, 65535, value);
    number = static_cast<uint16_t>(value);
  };
  read_u16("port", out.port);
  read_u16("tries", out.tries);
  read_u16("pause_s", out.pause_s);
  read_tar(session, "trigger_tar", out.trigger_tar);
  if (!write_trigger(out).has_value()) session.refuse("access_point", "expected a name of labels");
  session.finish();
}

}  // namespace

size_t PacketSettings::script_octets_max() const {
  const size_t octets = parts_max == 1 ? sms::packet_single_octets_max
                                       : sms::packet_first_octets_max +
                                             (parts_max - 1u) * sms::part_following_octets_max;
  size_t script = octets;
  while (secured_packet::command_packet_octets(script) > octets) --script;
  return script;
}

remote_admin::CardProfile PacketSettings::profile() const {
  remote_admin::CardProfile profile;
  profile.script_octets_max = script_octets_max();
  profile.response_octets_max = response_octets_max;
  profile.apdus_per_script_max = apdus_max;
  profile.definite_scripts = true;
  return profile;
}

bool read_ipv4(std::string_view text, ByteArray<4>& out) {
  size_t at = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    unsigned number = 0;
    size_t digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 3; ++at, ++digits) {
      number = number * 10 + static_cast<unsigned>(text[at] - '0');
    }
    if (digits == 0 || number > 255) return false;
    out[i] = static_cast<uint8_t>(number);
    if (i + 1 < out.size() && (at == text.size() || text[at++] != '.')) return false;
  }
  return at == text.size();
}

Result<std::vector<uint8_t>> write_trigger(const SessionSettings& settings) {
  remote_management::SessionTrigger trigger;
  std::vector<uint8_t> point;
  std::string_view name = settings.access_point;
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty() || label.size() > 63) return ErrorCode::bad_value;
    point.push_back(static_cast<uint8_t>(label.size()));
    point.insert(point.end(), label.begin(), label.end());
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  if (settings.port != 0 || !point.empty()) {
    auto& connection = trigger.session.connection.emplace();
    connection.access_point = point;
    if (settings.port != 0) {
      connection.transport =
          toolkit::TransportLevel{toolkit::TransportProtocol::tcp_client_remote, settings.port};
      if (settings.address != ByteArray<4>{}) {
        connection.address =
            toolkit::OtherAddress{toolkit::OtherAddress::ipv4, ByteView(settings.address)};
      }
    }
  }
  if (settings.tries != 0) {
    auto& retry = trigger.session.retry.emplace();
    retry.tries = settings.tries;
    retry.pause = toolkit::TimerValue::of_seconds(settings.pause_s);
  }
  if (!settings.host.empty()) {
    auto& http = trigger.session.http.emplace();
    http.host = bytes_of(settings.host);
    http.agent_id = bytes_of(settings.agent_id);
    http.uri = bytes_of(settings.uri);
  }
  std::vector<uint8_t> room(1024);
  room.resize(TRY(write_session_trigger(trigger, room)).size());
  return room;
}

Result<Card> card_of(fleet::Elements& elements, uint16_t batch, fleet::ElementKeySource source) {
  const Card base = source == fleet::ElementKeySource::centre ? own_card() : imported_card();
  if (batch == 0) return base;
  const auto found = TRY(elements.batch(batch));
  std::string problem;
  return read_card(found.settings, base, problem);
}

Card own_card() {
  Card card;
  card.own = true;
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
  if (fields.has("bearer")) card.bearer = static_cast<Bearer>(fields.choice("bearer", bearers));
  if (card.own && card.bearer == Bearer::sms) {
    fields.refuse("bearer", "chips of our own are reached over https");
  }
  if (fields.has("sms")) {
    json::Fields sms = fields.object("sms");
    read_packets(sms, card.packets);
  }
  if (fields.has("session")) {
    json::Fields session = fields.object("session");
    read_session(session, card.session);
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
