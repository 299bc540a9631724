// GET STATUS (GlobalPlatform 2.3 11.4): what the card holds, page by page.
#include <algorithm>

#include "uicc/applications.h"

namespace simurgh::uicc {

namespace status = apdu::status;
namespace rm = remote_management;
using rm::Aid;

namespace {

constexpr size_t answer_octets_max = 240;  // of one answer; then 6310
constexpr uint8_t load_file_loaded = 0x01;
constexpr uint8_t card_secured = 0x0f;

}  // namespace

Result<std::vector<std::vector<uint8_t>>> CardContent::entries(rm::Subset subset,
                                                               ByteView prefix) const {
  std::vector<std::vector<uint8_t>> out;
  const auto add = [&](const rm::StatusEntry& entry, std::span<const Aid> modules) {
    if (!entry.aid.begins_with(prefix)) return;
    ByteArray<answer_octets_max> room;
    const auto written = rm::write_status_entry(entry, modules, room);
    if (written.has_value()) out.emplace_back(written->begin(), written->end());
  };
  rm::StatusEntry entry;
  const auto domain = TRY(Aid::of(issuer_security_domain_aid));
  switch (subset) {
    case rm::Subset::issuer_security_domain: {
      static constexpr uint8_t privileges[] = {0x9e};
      entry.aid = domain;
      entry.life_cycle = card_secured;
      entry.privileges = privileges;
      add(entry, {});
      break;
    }
    case rm::Subset::applications:
      for (const Application& application : TRY(applications())) {
        entry = {};
        entry.aid = application.aid;
        entry.life_cycle = application.life_cycle;
        entry.privileges = application.privileges;
        entry.load_file = application.load_file;
        entry.security_domain = domain;
        add(entry, {});
      }
      break;
    case rm::Subset::load_files:
    case rm::Subset::load_files_and_modules:
      for (const LoadFile& file : TRY(load_files())) {
        entry = {};
        entry.aid = file.aid;
        entry.life_cycle = load_file_loaded;
        entry.version = file.version;
        entry.security_domain = domain;
        std::vector<Aid> modules;
        for (const Application& application : TRY(applications())) {
          const bool known =
              std::find(modules.begin(), modules.end(), application.module) != modules.end();
          if (application.load_file == file.aid && !known) modules.push_back(application.module);
        }
        const bool wanted = subset == rm::Subset::load_files_and_modules;
        add(entry, wanted ? std::span<const Aid>(modules) : std::span<const Aid>());
      }
      break;
  }
  return out;
}

Result<apdu::StatusWord> CardContent::get_status(const apdu::Command& command,
                                                 std::vector<uint8_t>& answer) {
  const auto wanted = rm::parse_get_status(command);
  if (!wanted.has_value())
    return wanted.error().code == ErrorCode::unsupported ? status::function_not_supported
                                                         : status::incorrect_data;
  if (!wanted->next) {
    listing_ = std::make_unique<Listing>();
    listing_->subset = wanted->subset;
    listing_->prefix.assign(wanted->aid_prefix.begin(), wanted->aid_prefix.end());
  } else if (listing_ == nullptr || listing_->subset != wanted->subset) {
    return status::conditions_not_satisfied;
  }
  const auto all = TRY(entries(listing_->subset, listing_->prefix));
  if (all.empty()) {
    listing_.reset();
    return status::referenced_data_not_found;
  }
  while (listing_->next < all.size()) {
    const std::vector<uint8_t>& entry = all[listing_->next];
    if (answer.size() + entry.size() > answer_octets_max) return rm::more_entries;
    answer.insert(answer.end(), entry.begin(), entry.end());
    ++listing_->next;
  }
  listing_.reset();
  return status::ok;
}

}  // namespace simurgh::uicc
