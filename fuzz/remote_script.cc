// link: simurgh_formats_remote_management
#include "base/check.h"
#include "formats/remote_management/global_platform.h"
#include "formats/remote_management/script.h"

using namespace simurgh;
using namespace simurgh::remote_management;

namespace {

uint8_t room[1 << 17];
uint8_t second_room[1 << 17];

Result<ByteView> rewrite(const CommandScript& script, MutableByteView out) {
  CommandScriptWriter writer(out, script.form);
  if (script.chaining.has_value()) writer.chaining(*script.chaining);
  CommandItems items(script);
  size_t apdus = 0;
  while (const auto item = items.next()) {
    switch (item->kind) {
      case CommandItem::Kind::apdu:
        SIMURGH_CHECK(item->value.size() >= 4);
        ++apdus;
        writer.apdu(item->value);
        break;
      case CommandItem::Kind::immediate_action: writer.immediate_action(item->value); break;
      case CommandItem::Kind::error_action: writer.error_action(item->value); break;
    }
  }
  SIMURGH_CHECK(apdus == script.apdu_count);
  return writer.finish();
}

// What is read is written, read again, and written alike.
void commands(ByteView input) {
  const auto script = parse_command_script(input);
  if (!script.has_value()) {
    static_cast<void>(bad_format_of(script.error()));
    return;
  }
  const auto first = rewrite(*script, room);
  if (!first.has_value()) return;
  const auto again = parse_command_script(*first);
  SIMURGH_CHECK(again.has_value());
  SIMURGH_CHECK(equal(*rewrite(*again, second_room), *first));
}

void responses(ByteView input) {
  const auto script = parse_response_script(input);
  if (!script.has_value()) return;
  size_t responses = 0;
  ResponseItems items(*script);
  ResponseScriptWriter writer(room, script->form);
  while (const auto item = items.next()) {
    if (item->kind != ResponseItem::Kind::r_apdu) continue;
    ++responses;
    const auto response = apdu::parse_response(item->value);
    writer.r_apdu(response->data, response->status);
  }
  SIMURGH_CHECK(responses == script->r_apdu_count);
  SIMURGH_CHECK(parse_response_script(writer.finish())->r_apdu_count == responses);
}

void compact(ByteView input) {
  CompactCommands commands(input);
  Writer out(room);
  while (!commands.at_end()) {
    const auto command = commands.next();
    if (!command.has_value()) return;
    SIMURGH_CHECK(append_compact(*command, out).has_value());
  }
  SIMURGH_CHECK(equal(out.written(), input));
}

template <typename Parse, typename Write>
void command(const apdu::Command& input, Parse parse, Write write) {
  const auto parsed = parse(input);
  if (!parsed.has_value()) return;
  const auto written = write(*parsed, MutableByteView(room));
  if (!written.has_value()) return;  // a parsed field in a longer coding may not fit any more
  SIMURGH_CHECK(parse(*written).has_value());
}

void apdus(ByteView input) {
  const auto parsed = apdu::parse_command(input);
  if (!parsed.has_value()) return;
  command(*parsed, parse_install_for_load, write_install_for_load);
  command(*parsed, parse_install_for_install, write_install_for_install);
  command(*parsed, parse_delete, write_delete);
  command(*parsed, parse_get_status, write_get_status);
  command(*parsed, parse_set_status, write_set_status);
  static_cast<void>(parse_load_block(*parsed).has_value());
  static_cast<void>(parse_store_data(*parsed).has_value());
  static_cast<void>(parse_put_key(*parsed).has_value());
  if (const auto install = parse_install_for_install(*parsed)) {
    if (const auto parameters = parse_install_parameters(install->parameters)) {
      static_cast<void>(parse_uicc_toolkit_parameters(parameters->uicc_toolkit).has_value());
    }
  }
}

void entries(ByteView input) {
  StatusEntries all(input);
  while (!all.at_end()) {
    const auto entry = all.next();
    if (!entry.has_value()) return;
    ByteView modules = entry->modules;
    while (take_module(modules).has_value()) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1 << 16) return 0;
  const ByteView input(data, size);
  commands(input);
  responses(input);
  compact(input);
  apdus(input);
  entries(input);
  return 0;
}
