#include "element_update/payload.h"

#include "formats/apdu/apdu.h"
#include "formats/remote_management/global_platform.h"

namespace simurgh::element_update {

namespace {

namespace rm = remote_management;
using campaign::PayloadKind;

constexpr uint8_t version = 1;
constexpr uint8_t flag_repeatable = 0x01;
constexpr size_t binary_block_octets = 128;  // of UPDATE and READ BINARY: any card takes that
constexpr size_t load_block_octets = 239;    // LOAD in cards that want room for a header
constexpr uint16_t offset_limit = 0x8000;

// Writes into a buffer that grows.
class Encoder {
 public:
  explicit Encoder(PayloadKind kind) {
    u8(version);
    u8(static_cast<uint8_t>(kind));
  }
  void u8(size_t value) { out_.push_back(static_cast<uint8_t>(value)); }
  void u16(size_t value) {
    u8(value >> 8);
    u8(value);
  }
  void octets(ByteView value) { out_.insert(out_.end(), value.begin(), value.end()); }
  void prefixed8(ByteView value) {
    fits_ = fits_ && value.size() <= 0xff;
    u8(value.size());
    octets(value);
  }
  void prefixed16(ByteView value) {
    fits_ = fits_ && value.size() <= 0xffff;
    u16(value.size());
    octets(value);
  }
  void prefixed32(ByteView value) {
    u16(value.size() >> 16);
    u16(value.size());
    octets(value);
  }
  void target(const Target& target) {
    u8(target.kind == ScriptKind::card_content ? 1 : 2);
    prefixed8(target.application);
  }
  // Only what plan_of() takes leaves.
  Result<campaign::Payload> finish(PayloadKind kind) {
    if (!fits_ || out_.size() > campaign::payload_octets_max) return ErrorCode::too_large;
    campaign::Payload payload;
    payload.kind = kind;
    payload.bytes = std::move(out_);
    TRY(plan_of(payload));
    return payload;
  }

 private:
  Bytes out_;
  bool fits_ = true;
};

Result<Aid> read_aid(Reader& reader) {
  const ByteView octets = TRY(reader.prefixed8());
  if (octets.empty()) return Aid{};
  return Aid::of(octets);
}

Result<Target> read_target(Reader& reader) {
  Target target;
  const uint8_t kind = TRY(reader.u8());
  if (kind != 1 && kind != 2) return reader.error(ErrorCode::bad_value);
  target.kind = kind == 1 ? ScriptKind::card_content : ScriptKind::file;
  target.application = TRY(read_aid(reader));
  return target;
}

Bytes bytes_of_view(ByteView view) {
  return {view.begin(), view.end()};
}

Result<Bytes> read_command(Reader& reader) {
  const ByteView octets = TRY(reader.prefixed16());
  if (octets.size() > apdu::short_command_octets_max) return reader.error(ErrorCode::too_large);
  TRY(apdu::parse_command(octets));
  return bytes_of_view(octets);
}

Result<Bytes> bytes_of_command(const apdu::Command& command) {
  ByteArray<apdu::short_command_octets_max> room;
  return bytes_of_view(TRY(apdu::write_command(command, room)));
}

Result<void> plan_commands(Reader& reader, Plan& plan) {
  plan.target = TRY(read_target(reader));
  const uint8_t flags = TRY(reader.u8());
  if ((flags & ~flag_repeatable) != 0) return reader.error(ErrorCode::bad_value);
  plan.repeatable = (flags & flag_repeatable) != 0;
  const uint16_t commands = TRY(reader.u16());
  if (commands == 0 || commands > commands_max) return reader.error(ErrorCode::bad_value);
  Group work;
  for (uint16_t i = 0; i < commands; ++i) work.push_back({.command = TRY(read_command(reader))});
  plan.work.push_back(std::move(work));
  const uint16_t looks = TRY(reader.u16());
  if (looks > commands_max) return reader.error(ErrorCode::bad_value);
  Group guard;
  for (uint16_t i = 0; i < looks; ++i) {
    Step& step = guard.emplace_back();
    step.command = TRY(read_command(reader));
    step.data = bytes_of_view(TRY(reader.prefixed16()));
    // Of a command that only selects, the answer differs from card to card.
    step.expect = step.data.empty() ? Step::Expect::success : Step::Expect::same_data;
  }
  if (!guard.empty() && guard.back().expect != Step::Expect::same_data) {
    return reader.error(ErrorCode::bad_value);  // it would say "done" to everybody
  }
  if (!guard.empty()) plan.guard.push_back(std::move(guard));
  return {};
}

// SELECT by file identifier, without an answer (TS 102 221 11.1.1: P2 0C).
Result<void> append_path(const std::vector<uint16_t>& path, Group& group) {
  for (const uint16_t file : path) {
    const ByteArray<2> id = {static_cast<uint8_t>(file >> 8), static_cast<uint8_t>(file)};
    group.push_back({.command = TRY(bytes_of_command(
                         {.ins = apdu::ins::select, .p1 = 0x00, .p2 = 0x0c, .data = id}))});
  }
  return {};
}

Result<void> append_write(const FileWrite& write, Plan& plan) {
  Group work, guard;
  TRY(append_path(write.path, work));
  TRY(append_path(write.path, guard));
  const ByteView octets = write.octets;
  for (size_t at = 0; at < octets.size(); at += binary_block_octets) {
    const ByteView block = octets.subspan(at, std::min(binary_block_octets, octets.size() - at));
    const size_t offset = write.offset + at;
    const auto p1 = static_cast<uint8_t>(offset >> 8);
    const auto p2 = static_cast<uint8_t>(offset);
    work.push_back({.command = TRY(bytes_of_command(
                        {.ins = apdu::ins::update_binary, .p1 = p1, .p2 = p2, .data = block}))});
    guard.push_back({.command = TRY(bytes_of_command({.ins = apdu::ins::read_binary,
                                                      .p1 = p1,
                                                      .p2 = p2,
                                                      .le = static_cast<uint32_t>(block.size())})),
                     .expect = Step::Expect::same_data,
                     .data = bytes_of_view(block)});
  }
  plan.work.push_back(std::move(work));
  plan.guard.push_back(std::move(guard));
  return {};
}

Result<void> plan_files(Reader& reader, Plan& plan) {
  plan.target = TRY(read_target(reader));
  plan.repeatable = true;  // the same octets in the same place
  const uint16_t writes = TRY(reader.u16());
  if (writes == 0 || writes > commands_max) return reader.error(ErrorCode::bad_value);
  for (uint16_t i = 0; i < writes; ++i) {
    FileWrite write;
    const uint8_t files = TRY(reader.u8());
    if (files == 0 || files > path_files_max) return reader.error(ErrorCode::bad_value);
    for (uint8_t f = 0; f < files; ++f) write.path.push_back(TRY(reader.u16()));
    write.offset = TRY(reader.u16());
    write.octets = bytes_of_view(TRY(reader.prefixed16()));
    if (write.octets.empty() || write.octets.size() > write_octets_max ||
        write.offset + write.octets.size() > offset_limit) {
      return reader.error(ErrorCode::bad_value);
    }
    TRY(append_write(write, plan));
  }
  return {};
}

// GET STATUS for exactly this name.
Result<Step> look_for(rm::Subset subset, const Aid& aid, Step::Expect expect) {
  ByteArray<rm::command_data_octets_max> room;
  const auto command =
      TRY(rm::write_get_status({.subset = subset, .aid_prefix = aid.view()}, room));
  return Step{.command = TRY(bytes_of_command(command)), .expect = expect};
}

Result<Step> erase(const Aid& aid, bool and_related, Step::Expect expect) {
  ByteArray<rm::command_data_octets_max> room;
  const auto command = TRY(rm::write_delete({.aid = aid, .and_related = and_related}, room));
  return Step{.command = TRY(bytes_of_command(command)), .expect = expect};
}

Result<void> plan_install(const AppletPayload& applet, Plan& plan) {
  ByteArray<rm::command_data_octets_max> room;
  const auto for_load = TRY(rm::write_install_for_load({.load_file = applet.load_file}, room));
  plan.work.push_back({{.command = TRY(bytes_of_command(for_load))}});
  rm::LoadFileCutter cutter(applet.code, load_block_octets);
  while (!cutter.at_end()) {
    const auto load = TRY(cutter.next(room));
    plan.work.push_back({{.command = TRY(bytes_of_command(load))}});
  }
  const auto install = TRY(rm::write_install_for_install({.load_file = applet.load_file,
                                                          .module = applet.module,
                                                          .instance = applet.instance,
                                                          .privileges = applet.privileges,
                                                          .parameters = applet.parameters},
                                                         room));
  plan.work.push_back({{.command = TRY(bytes_of_command(install))}});
  plan.guard.push_back(
      {TRY(look_for(rm::Subset::applications, applet.instance, Step::Expect::some_data))});
  // A load file whose instance is not there yet. One that others use is refused, and stays.
  plan.before_again.push_back({TRY(erase(applet.load_file, false, Step::Expect::anything))});
  return {};
}

Result<void> plan_applet(Reader& reader, Plan& plan) {
  AppletPayload applet;
  plan.target = applet.target = TRY(read_target(reader));
  const uint8_t what = TRY(reader.u8());
  if (what != 1 && what != 2) return reader.error(ErrorCode::bad_value);
  applet.what = static_cast<AppletPayload::What>(what);
  applet.load_file = TRY(read_aid(reader));
  applet.module = TRY(read_aid(reader));
  applet.instance = TRY(read_aid(reader));
  applet.privileges = bytes_of_view(TRY(reader.prefixed8()));
  applet.parameters = bytes_of_view(TRY(reader.prefixed8()));
  const uint32_t code_octets = TRY(reader.u32());
  applet.code = bytes_of_view(TRY(reader.bytes(code_octets)));
  if (applet.load_file.empty()) return reader.error(ErrorCode::bad_value);
  if (applet.what == AppletPayload::What::install) {
    if (applet.module.empty() || applet.instance.empty() || applet.code.empty() ||
        (applet.privileges.size() != 1 && applet.privileges.size() != 3)) {
      return reader.error(ErrorCode::bad_value);
    }
    return plan_install(applet, plan);
  }
  if (!applet.module.empty() || !applet.instance.empty() || !applet.code.empty() ||
      !applet.privileges.empty() || !applet.parameters.empty()) {
    return reader.error(ErrorCode::bad_value);
  }
  plan.work.push_back({TRY(erase(applet.load_file, true, Step::Expect::success))});
  plan.guard.push_back(
      {TRY(look_for(rm::Subset::load_files, applet.load_file, Step::Expect::not_there))});
  return {};
}

campaign::Payload without_content(PayloadKind kind) {
  campaign::Payload payload;
  payload.kind = kind;
  payload.bytes = {version, static_cast<uint8_t>(kind)};
  return payload;
}

}  // namespace

Result<campaign::Payload> write_payload(PayloadKind kind, const CommandsPayload& payload) {
  if (kind != PayloadKind::script && kind != PayloadKind::os_patch) return ErrorCode::bad_value;
  if (payload.commands.size() > commands_max || payload.read_back.size() > commands_max) {
    return ErrorCode::too_large;
  }
  Encoder out(kind);
  out.target(payload.target);
  out.u8(payload.repeatable ? flag_repeatable : 0);
  out.u16(payload.commands.size());
  for (const Bytes& command : payload.commands) out.prefixed16(command);
  out.u16(payload.read_back.size());
  for (const ReadBack& look : payload.read_back) {
    out.prefixed16(look.command);
    out.prefixed16(look.expected);
  }
  return out.finish(kind);
}

Result<campaign::Payload> write_payload(const FilePayload& payload) {
  if (payload.writes.size() > commands_max) return ErrorCode::too_large;
  Encoder out(PayloadKind::file);
  out.target(payload.target);
  out.u16(payload.writes.size());
  for (const FileWrite& write : payload.writes) {
    if (write.path.size() > path_files_max) return ErrorCode::too_large;
    out.u8(write.path.size());
    for (const uint16_t file : write.path) out.u16(file);
    out.u16(write.offset);
    out.prefixed16(write.octets);
  }
  return out.finish(PayloadKind::file);
}

Result<campaign::Payload> write_payload(const AppletPayload& payload) {
  Encoder out(PayloadKind::applet);
  out.target(payload.target);
  out.u8(static_cast<uint8_t>(payload.what));
  out.prefixed8(payload.load_file);
  out.prefixed8(payload.module);
  out.prefixed8(payload.instance);
  out.prefixed8(payload.privileges);
  out.prefixed8(payload.parameters);
  out.prefixed32(payload.code);
  return out.finish(PayloadKind::applet);
}

campaign::Payload key_rotation_payload() {
  return without_content(PayloadKind::key_rotation);
}

campaign::Payload next_poll_payload() {
  return without_content(PayloadKind::next_poll);
}

Result<Plan> plan_of(const campaign::Payload& payload) {
  Reader reader(payload.bytes);
  if (TRY(reader.u8()) != version) return fail(ErrorCode::unsupported, 0);
  if (TRY(reader.u8()) != static_cast<uint8_t>(payload.kind)) return fail(ErrorCode::bad_value, 1);
  Plan plan;
  plan.kind = payload.kind;
  switch (payload.kind) {
    case PayloadKind::script:
    case PayloadKind::os_patch: TRY(plan_commands(reader, plan)); break;
    case PayloadKind::file: TRY(plan_files(reader, plan)); break;
    case PayloadKind::applet: TRY(plan_applet(reader, plan)); break;
    case PayloadKind::key_rotation:
    case PayloadKind::next_poll: break;
  }
  TRY(reader.expect_end());
  return plan;
}

}  // namespace simurgh::element_update
