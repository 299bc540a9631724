#include "uicc/applications.h"

#include <algorithm>

#include "base/reader.h"
#include "formats/tlv/ber_tlv.h"
#include "uicc/nv_keys.h"
#include "uicc/remote.h"

namespace simurgh::uicc {

namespace status = apdu::status;
namespace rm = remote_management;
namespace ins = apdu::ins;
using rm::Aid;
using rm::application_state::installed;
using rm::application_state::locked;
using rm::application_state::selectable;

namespace {

constexpr NvKey load_file_keys = 0x3000;    // | slot
constexpr NvKey application_keys = 0x3100;  // | slot
constexpr size_t record_octets_max = 128;
constexpr uint8_t locked_bit = 0x80;
constexpr uint8_t install_make_selectable = 0x08;
constexpr tlv::Tag load_file_data = 0xc4;
constexpr uint8_t status_target_application = 0x40;
// CAP file: header component, its size, then the magic number (Java Card VM 6.4).
constexpr uint8_t cap_header = 0x01;
constexpr ByteArray<4> cap_magic = {0xde, 0xca, 0xff, 0xed};

NvKey key_of(NvKey keys, size_t slot) {
  return static_cast<NvKey>(keys | slot);
}

Result<Aid> read_aid(Reader& reader) {
  const ByteView octets = TRY(reader.prefixed8());
  if (octets.empty()) return Aid{};
  return Aid::of(octets);
}

ByteView write_load_file(const LoadFile& file, MutableByteView room) {
  Writer writer(room);
  writer.prefixed8(file.aid).u8(static_cast<uint8_t>(file.kind)).prefixed8(file.version);
  writer.u32(file.octets).bytes(file.digest);
  SIMURGH_CHECK(!writer.failed());
  return writer.written();
}

Result<LoadFile> parse_load_file(ByteView bytes) {
  Reader reader(bytes);
  LoadFile file;
  file.aid = TRY(read_aid(reader));
  file.kind = static_cast<LoadFile::Kind>(TRY(reader.u8()));
  if (!file.version.try_append(TRY(reader.prefixed8()))) return fail(ErrorCode::storage);
  file.octets = TRY(reader.u32());
  file.digest = TRY(reader.array<32>());
  return file;
}

ByteView write_application(const Application& application, MutableByteView room) {
  Writer writer(room);
  writer.prefixed8(application.aid).prefixed8(application.load_file);
  writer.prefixed8(application.module).u8(application.life_cycle);
  writer.prefixed8(application.privileges).prefixed8(application.tars);
  SIMURGH_CHECK(!writer.failed());
  return writer.written();
}

Result<Application> parse_application(ByteView bytes) {
  Reader reader(bytes);
  Application application;
  application.aid = TRY(read_aid(reader));
  application.load_file = TRY(read_aid(reader));
  application.module = TRY(read_aid(reader));
  application.life_cycle = TRY(reader.u8());
  if (!application.privileges.try_append(TRY(reader.prefixed8())) ||
      !application.tars.try_append(TRY(reader.prefixed8()))) {
    return fail(ErrorCode::storage);
  }
  return application;
}

// Every record of a kind, by slot.
template <typename T>
Result<std::vector<std::pair<size_t, T>>> read_all(const NvStore& store, NvKey keys,
                                                   size_t slots_max, Result<T> (*parse)(ByteView)) {
  std::vector<std::pair<size_t, T>> all;
  for (size_t slot = 0; slot < slots_max; ++slot) {
    ByteArray<record_octets_max> room;
    const auto bytes = store.read(key_of(keys, slot), room);
    if (!bytes.has_value()) {
      if (bytes.error().code == ErrorCode::not_found) continue;
      return bytes.error();
    }
    const auto parsed = parse(*bytes);
    if (!parsed.has_value()) return fail(ErrorCode::storage);
    all.emplace_back(slot, *parsed);
  }
  return all;
}

auto read_load_files(const NvStore& store) {
  return read_all<LoadFile>(store, load_file_keys, load_files_max, parse_load_file);
}
auto read_applications(const NvStore& store) {
  return read_all<Application>(store, application_keys, applications_max, parse_application);
}

// The first slot that none of `all` has; slots_max when there is none.
template <typename T>
size_t free_slot(const std::vector<std::pair<size_t, T>>& all) {
  size_t slot = 0;
  for (const auto& [taken, value] : all) {
    if (taken != slot) break;
    ++slot;
  }
  return slot;
}

// An Outcome of DELETE, INSTALL and LOAD has one octet of data: no confirmation (11.1.6).
apdu::StatusWord confirmed(std::vector<uint8_t>& answer) {
  answer.push_back(0x00);
  return status::ok;
}

// Version of a CAP file's package; empty for content of another kind.
ByteString<8> cap_version(ByteView content) {
  constexpr size_t package_minor_offset = 10;
  ByteString<8> version;
  if (content.size() < package_minor_offset + 2 || content[0] != cap_header) return version;
  if (!equal(content.subspan(3, 4), cap_magic)) return version;
  version.push_back(content[package_minor_offset + 1]);
  version.push_back(content[package_minor_offset]);
  return version;
}

apdu::StatusWord refused(const Error& error) {
  return error.code == ErrorCode::unsupported ? status::function_not_supported
                                              : status::incorrect_data;
}

}  // namespace

bool Application::has(const secured_packet::Tar& tar) const {
  for (size_t at = 0; at + tar.size() <= tars.size(); at += tar.size()) {
    if (equal(tars.view().subspan(at, tar.size()), tar)) return true;
  }
  return false;
}

Result<std::vector<LoadFile>> CardContent::load_files() const {
  std::vector<LoadFile> out;
  for (const auto& [slot, file] : TRY(read_load_files(store_))) out.push_back(file);
  return out;
}

Result<std::vector<Application>> CardContent::applications() const {
  std::vector<Application> out;
  for (const auto& [slot, application] : TRY(read_applications(store_))) {
    out.push_back(application);
  }
  return out;
}

Result<bool> CardContent::takes(const secured_packet::Tar& tar) const {
  for (const Application& application : TRY(applications())) {
    const bool runs =
        application.life_cycle >= selectable && (application.life_cycle & locked_bit) == 0;
    if (runs && application.has(tar)) return true;
  }
  return false;
}

Result<uint32_t> CardContent::os_version() const {
  ByteArray<4> octets;
  const auto stored = store_.read(nv_key::os_version, octets);
  if (stored.has_value()) return Reader(*stored).u32();
  if (stored.error().code == ErrorCode::not_found) return os_version_first;
  return stored.error();
}

Result<uint32_t> CardContent::free_octets() const {
  uint32_t taken = 0;
  for (const LoadFile& file : TRY(load_files())) {
    if (file.kind == LoadFile::Kind::applets) taken += file.octets;
  }
  return taken > code_octets_max ? 0 : code_octets_max - taken;
}

Result<apdu::StatusWord> CardContent::execute(const apdu::Command& command,
                                              std::vector<uint8_t>& answer) {
  if (command.ins != ins::load && command.ins != ins::install) loading_.reset();
  switch (command.ins) {
    case ins::install: return install(command, answer);
    case ins::load: return load(command, answer);
    case ins::delete_file: return remove(command, answer);
    case ins::status: return get_status(command, answer);
    case ins::set_status: return set_status(command);
    default: return status::ins_not_supported;
  }
}

// --- INSTALL and LOAD --------------------------------------------------------------------------

Result<apdu::StatusWord> CardContent::install(const apdu::Command& command,
                                              std::vector<uint8_t>& answer) {
  loading_.reset();
  if (const auto load = rm::parse_install_for_load(command)) {
    const auto word = TRY(install_for_load(*load));
    return word == status::ok ? confirmed(answer) : word;
  }
  if (command.p1 == install_make_selectable) {
    const auto word = TRY(make_selectable(command));
    return word == status::ok ? confirmed(answer) : word;
  }
  const auto install = rm::parse_install_for_install(command);
  if (!install.has_value()) return refused(install.error());
  const auto word = TRY(install_application(*install));
  return word == status::ok ? confirmed(answer) : word;
}

Result<apdu::StatusWord> CardContent::install_for_load(const rm::InstallForLoad& install) {
  if (install.load_file.empty()) return status::incorrect_data;
  if (!install.security_domain.empty() &&
      !equal(install.security_domain, issuer_security_domain_aid)) {
    return status::referenced_data_not_found;
  }
  if (!install.hash.empty() && install.hash.size() != sizeof(crypto::Digest)) {
    return status::incorrect_data;  // SHA-256 and nothing else
  }
  const auto files = TRY(read_load_files(store_));
  for (const auto& [slot, file] : files) {
    if (file.aid == install.load_file) return status::conditions_not_satisfied;
  }
  if (free_slot(files) == load_files_max) return status::not_enough_memory;
  loading_ = std::make_unique<Loading>();
  loading_->aid = install.load_file;
  loading_->hash.assign(install.hash.begin(), install.hash.end());
  return status::ok;
}

Result<apdu::StatusWord> CardContent::load(const apdu::Command& command,
                                           std::vector<uint8_t>& answer) {
  const auto block = rm::parse_load_block(command);
  if (!block.has_value()) return refused(block.error());
  if (loading_ == nullptr || block->number != loading_->next_block) {
    loading_.reset();
    return status::conditions_not_satisfied;
  }
  constexpr size_t header_octets_max = 5;
  if (loading_->bytes.size() + block->data.size() > load_file_octets_max + header_octets_max) {
    loading_.reset();
    return status::not_enough_memory;
  }
  loading_->bytes.insert(loading_->bytes.end(), block->data.begin(), block->data.end());
  ++loading_->next_block;
  if (!block->last) return confirmed(answer);
  const Outcome outcome = finish_load();
  loading_.reset();
  if (!outcome.has_value() || *outcome != status::ok) return outcome;
  return confirmed(answer);
}

// The whole load file is here: it becomes known in one transaction, or not at all.
Result<apdu::StatusWord> CardContent::finish_load() {
  const auto content = tlv::unwrap_ber(loading_->bytes, load_file_data);
  if (!content.has_value() || content->empty()) return status::incorrect_data;
  LoadFile file;
  file.aid = loading_->aid;
  file.octets = static_cast<uint32_t>(content->size());
  file.digest = crypto::sha256({*content});
  if (!loading_->hash.empty() && !equal(loading_->hash, file.digest)) {
    return status::incorrect_data;
  }
  const auto files = TRY(read_load_files(store_));
  const size_t slot = free_slot(files);
  if (slot == load_files_max) return status::not_enough_memory;
  NvTransaction transaction;
  if (content->size() >= patch_magic.size() &&
      equal(content->first(patch_magic.size()), patch_magic)) {
    const auto word = TRY(apply_patch(file, *content, transaction));
    if (word != status::ok) return word;
  } else {
    if (file.octets > TRY(free_octets())) return status::not_enough_memory;
    file.version = cap_version(*content);
  }
  ByteArray<record_octets_max> room;
  transaction.put(key_of(load_file_keys, slot), write_load_file(file, room));
  TRY(store_.commit(transaction));
  return status::ok;
}

// A patch is for one version and makes a higher one, and has to be announced with its hash.
Result<apdu::StatusWord> CardContent::apply_patch(LoadFile& file, ByteView content,
                                                  NvTransaction& transaction) const {
  Reader reader(content.subspan(patch_magic.size()));
  const auto from = reader.u32();
  const auto to = reader.u32();
  if (!from.has_value() || !to.has_value() || reader.at_end()) return status::incorrect_data;
  if (loading_->hash.empty() || *from != TRY(os_version()) || *to <= *from) {
    return status::conditions_not_satisfied;
  }
  file.kind = LoadFile::Kind::patch;
  ByteArray<4> version;
  Writer(version).u32(*to);
  file.version.assign(version);
  transaction.put(nv_key::os_version, version);
  return status::ok;
}

Result<bool> CardContent::tar_is_free(const secured_packet::Tar& tar) const {
  if (target_of(tar) != Target::none) return false;
  for (const Application& application : TRY(applications())) {
    if (application.has(tar)) return false;
  }
  return true;
}

Result<apdu::StatusWord> CardContent::install_application(const rm::InstallForInstall& install) {
  const auto files = TRY(load_files());
  const auto file = std::find_if(files.begin(), files.end(), [&install](const LoadFile& f) {
    return f.aid == install.load_file && f.kind == LoadFile::Kind::applets;
  });
  if (file == files.end()) return status::referenced_data_not_found;
  const auto all = TRY(read_applications(store_));
  Application application;
  application.aid = install.instance.empty() ? install.module : install.instance;
  if (application.aid.empty()) return status::incorrect_data;
  for (const auto& [slot, other] : all) {
    if (other.aid == application.aid) return status::conditions_not_satisfied;
  }
  if (free_slot(all) == applications_max) return status::not_enough_memory;
  application.load_file = install.load_file;
  application.module = install.module;
  application.life_cycle = install.make_selectable ? selectable : installed;
  if (!application.privileges.try_append(install.privileges)) return status::incorrect_data;
  // TARs of the toolkit parameters; without them the one in the name (TS 101 220 clause 4).
  const auto parameters = rm::parse_install_parameters(install.parameters);
  if (!parameters.has_value()) return status::incorrect_data;
  if (!parameters->uicc_toolkit.empty()) {
    const auto toolkit = rm::parse_uicc_toolkit_parameters(parameters->uicc_toolkit);
    if (!toolkit.has_value() || !application.tars.try_append(toolkit->tars)) {
      return status::incorrect_data;
    }
    const auto own = rm::tar_of(application.aid);
    if (application.tars.empty() && own.has_value()) application.tars.append(*own);
  }
  for (size_t at = 0; at < application.tars.size(); at += sizeof(secured_packet::Tar)) {
    const auto tar = TRY(Reader(application.tars.view().subspan(at)).array<3>());
    if (!TRY(tar_is_free(tar))) return status::incorrect_data;
  }
  NvTransaction transaction;
  ByteArray<record_octets_max> room;
  transaction.put(key_of(application_keys, free_slot(all)), write_application(application, room));
  TRY(store_.commit(transaction));
  return status::ok;
}

// INSTALL [for make selectable] of what was installed before: names in the same places.
Result<apdu::StatusWord> CardContent::make_selectable(const apdu::Command& command) {
  Reader reader(command.data);
  const auto load_file = reader.prefixed8();
  const auto module = reader.prefixed8();
  const auto instance = reader.prefixed8();
  if (!load_file.has_value() || !module.has_value() || !instance.has_value()) {
    return status::incorrect_data;
  }
  for (auto& [slot, application] : TRY(read_applications(store_))) {
    if (!equal(application.aid, *instance)) continue;
    if (application.life_cycle != installed) return status::conditions_not_satisfied;
    Application changed = application;
    changed.life_cycle = selectable;
    NvTransaction transaction;
    ByteArray<record_octets_max> room;
    transaction.put(key_of(application_keys, slot), write_application(changed, room));
    TRY(store_.commit(transaction));
    return status::ok;
  }
  return status::referenced_data_not_found;
}

// --- DELETE, SET STATUS ------------------------------------------------------------------------

Result<apdu::StatusWord> CardContent::remove(const apdu::Command& command,
                                             std::vector<uint8_t>& answer) {
  const auto wanted = rm::parse_delete(command);
  if (!wanted.has_value()) return refused(wanted.error());
  if (wanted->aid.empty()) return status::function_not_supported;  // keys are not deleted so
  const auto all = TRY(read_applications(store_));
  NvTransaction transaction;
  for (const auto& [slot, application] : all) {
    if (application.aid == wanted->aid) transaction.erase(key_of(application_keys, slot));
  }
  if (transaction.empty()) {
    for (const auto& [slot, file] : TRY(read_load_files(store_))) {
      if (!(file.aid == wanted->aid)) continue;
      // What a patch has changed stays changed: its record is history.
      if (file.kind == LoadFile::Kind::patch) return status::conditions_not_satisfied;
      transaction.erase(key_of(load_file_keys, slot));
      for (const auto& [number, application] : all) {
        if (!(application.load_file == file.aid)) continue;
        if (!wanted->and_related) return status::conditions_not_satisfied;
        transaction.erase(key_of(application_keys, number));
      }
    }
  }
  if (transaction.empty()) return status::referenced_data_not_found;
  TRY(store_.commit(transaction));
  return confirmed(answer);
}

Result<apdu::StatusWord> CardContent::set_status(const apdu::Command& command) {
  const auto wanted = rm::parse_set_status(command);
  if (!wanted.has_value()) return refused(wanted.error());
  if (static_cast<uint8_t>(wanted->target) != status_target_application) {
    return status::function_not_supported;
  }
  for (const auto& [slot, application] : TRY(read_applications(store_))) {
    if (!(application.aid == wanted->aid)) continue;
    Application changed = application;
    const bool lock = (wanted->state & locked_bit) != 0;
    const bool is_locked = (application.life_cycle & locked_bit) != 0;
    if (lock) {
      changed.life_cycle = static_cast<uint8_t>(application.life_cycle | locked_bit);
    } else if (is_locked) {  // back to where it came from, whatever is asked for (11.10.2.2)
      changed.life_cycle = static_cast<uint8_t>(application.life_cycle & ~locked_bit);
    } else {
      // Forward only, and within the application's own states (b4…b7 with 07).
      const bool own_state = (wanted->state & 0x07) == selectable;
      if (!own_state || application.life_cycle < selectable) {
        return status::conditions_not_satisfied;
      }
      changed.life_cycle = wanted->state;
    }
    NvTransaction transaction;
    ByteArray<record_octets_max> room;
    transaction.put(key_of(application_keys, slot), write_application(changed, room));
    TRY(store_.commit(transaction));
    return status::ok;
  }
  return status::referenced_data_not_found;
}

}  // namespace simurgh::uicc
