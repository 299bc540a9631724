// What a campaign brings to a chip, as JSON: scripts of APDUs, file contents, applets, patches, key
// rotation, the date of the next poll.
#include <algorithm>

#include "api/campaign_terms.h"
#include "base/hex.h"
#include "crypto/primitives.h"
#include "element_update/payload.h"
#include "formats/apdu/apdu.h"
#include "formats/base64/base64.h"

namespace simurgh::api {
namespace {

using campaign::PayloadKind;
using element_update::Bytes;

constexpr std::string_view kinds[] = {"script",   "file",         "applet",
                                      "os_patch", "key_rotation", "next_poll"};
constexpr std::string_view targets[] = {"ram", "rfm"};
constexpr std::string_view actions[] = {"install", "delete"};
constexpr size_t command_octets_max = 261;  // 5 + 255 + Le
constexpr size_t file_id_digits = 4;

// Hexadecimal digits of any size up to the limit.
Bytes read_hex(json::Fields& fields, std::string_view name, size_t octets_min, size_t octets_max) {
  const std::string_view text = fields.text(name, 2 * octets_min, 2 * octets_max);
  Bytes octets(text.size() / 2);
  if (!parse_hex(text, octets).has_value()) {
    fields.refuse(name, "expected an even number of hexadecimal digits");
    return {};
  }
  return octets;
}

element_update::Aid read_aid(json::Fields& fields, std::string_view name) {
  if (!fields.has(name)) return {};
  ByteArray<remote_management::aid_octets_max> room;
  const ByteView octets = fields.hex(name, remote_management::aid_octets_min, room);
  const auto aid = element_update::Aid::of(octets);
  return aid.has_value() ? *aid : element_update::Aid{};
}

void read_target(json::Fields& fields, element_update::Target& target) {
  if (fields.has("target")) {
    target.kind = fields.choice("target", targets) == 0 ? element_update::ScriptKind::card_content
                                                        : element_update::ScriptKind::file;
  }
  target.application = read_aid(fields, "target_aid");
}

std::string element_name(std::string_view list, size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

// One C-APDU.
Bytes read_command(const json::Value& value, json::Problem& problem, const std::string& name) {
  const std::string* text = value.as_text();
  Bytes octets(text == nullptr ? 0 : text->size() / 2);
  const bool good = text != nullptr && text->size() <= 2 * command_octets_max &&
                    parse_hex(*text, octets).has_value() && apdu::parse_command(octets).has_value();
  if (!good && !problem.any()) {
    problem = {name,
               "expected one command APDU in hexadecimal digits: CLA INS P1 P2 [Lc data] [Le], "
               "with Lc as long as the data"};
  }
  return octets;
}

Result<campaign::Payload> read_commands(PayloadKind kind, json::Fields& fields,
                                        json::Problem& problem) {
  element_update::CommandsPayload payload;
  payload.target.kind = kind == PayloadKind::os_patch ? element_update::ScriptKind::card_content
                                                      : element_update::ScriptKind::file;
  read_target(fields, payload.target);
  if (fields.has("repeatable")) payload.repeatable = fields.boolean("repeatable");
  const auto& commands = fields.array("commands", element_update::commands_max);
  if (commands.empty()) fields.refuse("commands", "expected at least one command");
  for (size_t i = 0; i < commands.size(); ++i) {
    payload.commands.push_back(
        read_command(commands[i], problem, element_name("payload.commands", i)));
  }
  if (fields.has("read_back")) {
    const auto& looks = fields.array("read_back", element_update::commands_max);
    for (size_t i = 0; i < looks.size(); ++i) {
      const std::string name = element_name("payload.read_back", i);
      json::Fields look(looks[i], problem, name);
      look.text("command", 8, 2 * command_octets_max);
      element_update::ReadBack& read_back = payload.read_back.emplace_back();
      if (const json::Value* command = looks[i].find("command")) {
        read_back.command = read_command(*command, problem, name + ".command");
      }
      if (look.has("expected")) read_back.expected = read_hex(look, "expected", 1, 256);
      look.finish();
    }
    if (!payload.read_back.empty() && payload.read_back.back().expected.empty()) {
      fields.refuse("read_back",
                    "the last command must say what data it gives once the work is "
                    "done (\"expected\")");
    }
  }
  if (problem.any()) return ErrorCode::bad_value;
  return element_update::write_payload(kind, payload);
}

// "3f00/7f20/6f46", the slashes as one likes.
bool read_path(std::string_view text, std::vector<uint16_t>& path) {
  std::string digits;
  for (const char c : text) {
    if (c != '/') digits.push_back(c);
  }
  if (digits.empty() || digits.size() % file_id_digits != 0) return false;
  for (size_t i = 0; i < digits.size(); i += file_id_digits) {
    ByteArray<2> id;
    if (!parse_hex(digits.substr(i, file_id_digits), id).has_value()) return false;
    path.push_back(static_cast<uint16_t>(id[0] << 8 | id[1]));
  }
  return path.size() <= element_update::path_files_max;
}

Result<campaign::Payload> read_files(json::Fields& fields, json::Problem& problem) {
  element_update::FilePayload payload;
  payload.target.application = read_aid(fields, "target_aid");
  const auto& files = fields.array("files", element_update::commands_max);
  if (files.empty()) fields.refuse("files", "expected at least one {path, octets, offset?}");
  for (size_t i = 0; i < files.size(); ++i) {
    json::Fields file(files[i], problem, element_name("payload.files", i));
    element_update::FileWrite& write = payload.writes.emplace_back();
    if (!read_path(file.text("path", 4, 64), write.path)) {
      file.refuse("path",
                  "expected 1-8 file identifiers of 4 hexadecimal digits: "
                  "\"3f00/7f20/6f46\"");
    }
    read_number(file, "offset", 0, 0x7fff, write.offset);
    write.octets = read_hex(file, "octets", 1, element_update::write_octets_max);
    file.finish();
  }
  if (problem.any()) return ErrorCode::bad_value;
  return element_update::write_payload(payload);
}

Bytes read_code(json::Fields& fields) {
  if (fields.has("code")) return read_hex(fields, "code", 1, campaign::payload_octets_max);
  const auto code = base64::parse(fields.text("code_base64", 4, campaign::payload_octets_max * 2));
  if (code.has_value()) return *code;
  fields.refuse("code_base64", "expected base 64 with padding and without line ends");
  return {};
}

Result<campaign::Payload> read_applet(json::Fields& fields, json::Problem& problem) {
  element_update::AppletPayload payload;
  payload.target.application = read_aid(fields, "target_aid");
  const bool installs = fields.choice("action", actions) == 0;
  payload.what = installs ? element_update::AppletPayload::What::install
                          : element_update::AppletPayload::What::erase;
  payload.load_file = read_aid(fields, "load_file_aid");
  if (payload.load_file.empty()) {
    fields.refuse("load_file_aid", "missing; expected the AID of the load file (package)");
  }
  if (installs) {
    payload.module = read_aid(fields, "module_aid");
    if (payload.module.empty()) {
      fields.refuse("module_aid", "missing; expected the AID of the applet's class");
    }
    payload.instance =
        fields.has("instance_aid") ? read_aid(fields, "instance_aid") : payload.module;
    payload.privileges =
        fields.has("privileges") ? read_hex(fields, "privileges", 1, 3) : Bytes{0x00};
    if (payload.privileges.size() != 1 && payload.privileges.size() != 3) {
      fields.refuse("privileges", "expected 1 or 3 octets in hexadecimal digits");
    }
    if (fields.has("parameters")) payload.parameters = read_hex(fields, "parameters", 0, 255);
    payload.code = read_code(fields);
  }
  if (problem.any()) return ErrorCode::bad_value;
  return element_update::write_payload(payload);
}

}  // namespace

void read_payload(json::Fields& outer, json::Problem& problem, campaign::Payload& payload) {
  json::Fields fields = outer.object("payload");
  const auto kind = static_cast<PayloadKind>(fields.choice("kind", kinds) + 1);
  if (problem.any()) return;
  uint16_t release_after = 0;
  read_number(fields, "release_after", 0, UINT16_MAX, release_after);
  Result<campaign::Payload> read = ErrorCode::bad_value;
  switch (kind) {
    case PayloadKind::script:
    case PayloadKind::os_patch: read = read_commands(kind, fields, problem); break;
    case PayloadKind::file: read = read_files(fields, problem); break;
    case PayloadKind::applet: read = read_applet(fields, problem); break;
    case PayloadKind::key_rotation: read = element_update::key_rotation_payload(); break;
    case PayloadKind::next_poll: read = element_update::next_poll_payload(); break;
  }
  if (!read.has_value() && !problem.any()) {
    outer.refuse("payload", read.error().code == ErrorCode::too_large
                                ? "expected less: with all commands at most 4 MiB, an applet's "
                                  "load file at most 256 blocks of 239 octets"
                                : "a command or an identifier in it cannot be sent to a card");
  }
  if (!fields.finish() || !read.has_value()) return;
  payload = std::move(*read);
  payload.release_after = release_after;
}

json::Value describe_payload(const campaign::Payload& payload) {
  json::Value out = json::Value::object({{"kind", name_of(payload.kind)},
                                         {"octets", payload.bytes.size()},
                                         {"sha256", hex_of(crypto::sha256({payload.bytes}))}});
  if (payload.release_after != 0) out.set("release_after", payload.release_after);
  const auto plan = element_update::plan_of(payload);
  if (!plan.has_value() || plan->work.empty()) return out;
  size_t commands = 0;
  for (const element_update::Group& group : plan->work) commands += group.size();
  out.set("target", plan->target.kind == element_update::ScriptKind::card_content ? "ram" : "rfm");
  if (!plan->target.application.empty()) {
    out.set("target_aid", hex_of(plan->target.application.view()));
  }
  out.set("commands", commands);
  out.set("read_back", !plan->guard.empty());
  out.set("repeatable", plan->repeatable);
  return out;
}

}  // namespace simurgh::api
