#include "formats/remote_management/gp_fields.h"

namespace simurgh::remote_management {

namespace {

// P1 of INSTALL (11.5.2.1).
constexpr uint8_t for_load = 0x02;
constexpr uint8_t for_install = 0x04;
constexpr uint8_t for_make_selectable = 0x08;

constexpr tlv::Tag tag_application = 0xc9;
constexpr tlv::Tag tag_system = 0xef;
constexpr tlv::Tag tag_sim_toolkit = 0xca;
constexpr tlv::Tag tag_uicc_toolkit = 0xea;
constexpr tlv::Tag tag_toolkit_parameters = 0x80;

bool is_privileges_size(size_t octets) {
  return octets == 1 || octets == 3;
}

Result<void> take_toolkit(const tlv::Element& element, InstallParameters& parameters) {
  if (element.tag == tag_sim_toolkit) parameters.sim_toolkit = element.value;
  if (element.tag == tag_uicc_toolkit) parameters.uicc_toolkit = element.value;
  return {};
}

}  // namespace

Result<InstallForLoad> parse_install_for_load(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::install));
  if (command.p1 != for_load || command.p2 != 0) return fail(ErrorCode::bad_value, 2);
  Reader reader(command.data);
  InstallForLoad install;
  install.load_file = TRY(read_aid(reader));
  if (install.load_file.empty()) return fail(ErrorCode::bad_length, 0);
  install.security_domain = TRY(read_aid(reader));
  install.hash = TRY(read_field(reader));
  install.parameters = TRY(read_field(reader));
  install.token = TRY(read_field(reader));
  TRY(reader.expect_end());
  return install;
}

Result<apdu::Command> write_install_for_load(const InstallForLoad& install, MutableByteView room) {
  if (install.load_file.empty()) return ErrorCode::bad_length;
  Writer out(room);
  out.prefixed8(install.load_file).prefixed8(install.security_domain);
  write_field(install.hash, out);
  write_field(install.parameters, out);
  write_field(install.token, out);
  return command_of(apdu::ins::install, for_load, 0, out);
}

Result<InstallForInstall> parse_install_for_install(const apdu::Command& command) {
  TRY(expect_command(command, apdu::ins::install));
  if ((command.p1 & ~for_make_selectable) != for_install || command.p2 != 0) {
    return fail(ErrorCode::bad_value, 2);
  }
  Reader reader(command.data);
  InstallForInstall install;
  install.make_selectable = (command.p1 & for_make_selectable) != 0;
  install.load_file = TRY(read_aid(reader));
  install.module = TRY(read_aid(reader));
  const size_t instance_offset = reader.offset();
  install.instance = TRY(read_aid(reader));
  if (install.instance.empty()) return fail(ErrorCode::bad_length, instance_offset);
  const size_t privileges_offset = reader.offset();
  install.privileges = TRY(read_field(reader));
  if (!is_privileges_size(install.privileges.size())) {
    return fail(ErrorCode::bad_length, privileges_offset);
  }
  install.parameters = TRY(read_field(reader));
  install.token = TRY(read_field(reader));
  TRY(reader.expect_end());
  return install;
}

Result<apdu::Command> write_install_for_install(const InstallForInstall& install,
                                                MutableByteView room) {
  if (install.instance.empty() || !is_privileges_size(install.privileges.size())) {
    return ErrorCode::bad_length;
  }
  Writer out(room);
  out.prefixed8(install.load_file).prefixed8(install.module).prefixed8(install.instance);
  write_field(install.privileges, out);
  write_field(install.parameters, out);
  write_field(install.token, out);
  const auto p1 =
      static_cast<uint8_t>(for_install | (install.make_selectable ? for_make_selectable : 0));
  return command_of(apdu::ins::install, p1, 0, out);
}

Result<InstallParameters> parse_install_parameters(ByteView bytes) {
  InstallParameters parameters;
  tlv::BerReader reader(bytes);
  while (!reader.at_end()) {
    const tlv::Element element = TRY(reader.next());
    if (element.tag == tag_application) parameters.application = element.value;
    TRY(take_toolkit(element, parameters));
    if (element.tag != tag_system) continue;
    tlv::BerReader inner(element.value);
    while (!inner.at_end()) TRY(take_toolkit(TRY(inner.next()), parameters));
  }
  return parameters;
}

Result<ByteView> write_install_parameters(const InstallParameters& parameters,
                                          MutableByteView out) {
  Writer writer(out);
  tlv::BerWriter objects(writer);
  // C9 is mandatory, be it empty (11.5.2.3.7).
  objects.element(tag_application, parameters.application);
  if (!parameters.sim_toolkit.empty()) {
    const auto system = objects.open(tag_system);
    objects.element(tag_sim_toolkit, parameters.sim_toolkit);
    objects.close(system);
  }
  if (!parameters.uicc_toolkit.empty()) {
    objects.element(tag_uicc_toolkit, parameters.uicc_toolkit);
  }
  return writer.finish();
}

Result<UiccToolkitParameters> parse_uicc_toolkit_parameters(ByteView ea_value) {
  const tlv::Element element = TRY(tlv::find_ber(ea_value, tag_toolkit_parameters));
  Reader reader(element.value);
  UiccToolkitParameters out;
  out.priority = TRY(reader.u8());
  out.timers_max = TRY(reader.u8());
  out.menu_text_octets_max = TRY(reader.u8());
  out.menu_entries = TRY(reader.bytes(size_t{TRY(reader.u8())} * 2));
  out.channels_max = TRY(reader.u8());
  out.minimum_security = TRY(reader.prefixed8());
  const size_t tars_offset = reader.offset();
  out.tars = TRY(reader.prefixed8());
  if (out.tars.size() % Tar{}.size() != 0 ||
      out.tars.size() > UiccToolkitParameters::tars_max * Tar{}.size()) {
    return fail(ErrorCode::bad_length, element.offset + tars_offset);
  }
  // Applets of older toolkits end here.
  if (!reader.at_end()) out.services_max = TRY(reader.u8());
  TRY(reader.expect_end());
  return out;
}

Result<ByteView> write_uicc_toolkit_parameters(const UiccToolkitParameters& parameters,
                                               MutableByteView out) {
  if (parameters.menu_entries.size() % 2 != 0 || parameters.menu_entries.size() / 2 > 0xff ||
      parameters.tars.size() % Tar{}.size() != 0 ||
      parameters.tars.size() > UiccToolkitParameters::tars_max * Tar{}.size()) {
    return ErrorCode::bad_length;
  }
  Writer writer(out);
  tlv::BerWriter objects(writer);
  const auto open = objects.open(tag_toolkit_parameters);
  writer.u8(parameters.priority).u8(parameters.timers_max).u8(parameters.menu_text_octets_max);
  writer.u8(static_cast<uint8_t>(parameters.menu_entries.size() / 2));
  writer.bytes(parameters.menu_entries).u8(parameters.channels_max);
  writer.prefixed8(parameters.minimum_security).prefixed8(parameters.tars);
  writer.u8(parameters.services_max);
  objects.close(open);
  return writer.finish();
}

}  // namespace simurgh::remote_management
