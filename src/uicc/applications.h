// The chip's card manager (GlobalPlatform 2.3): load files, applications and operating system
// patches as data that the chip keeps and reports. Reached by remote scripts only (RAM, TAR 000000
// and B20100), whose bearer has verified them.
//
// Applets are not run: of a load file the chip keeps name, version, size and SHA-256, of an
// application names, life cycle, privileges and TARs. Each change is one NV transaction. A load
// under way and a GET STATUS to be continued are in RAM. One thread.
#pragma once

#include <memory>
#include <vector>

#include "crypto/primitives.h"
#include "formats/remote_management/global_platform.h"
#include "formats/secured_packet/security_parameters.h"
#include "uicc/nv.h"

namespace simurgh::uicc {

constexpr ByteArray<8> issuer_security_domain_aid = {0xa0, 0x00, 0x00, 0x01,
                                                     0x51, 0x00, 0x00, 0x00};
constexpr size_t load_files_max = 16;
constexpr size_t applications_max = 24;
constexpr size_t load_file_octets_max = 64 * 1024;
constexpr uint32_t code_octets_max = 256 * 1024;  // of all load files together
constexpr size_t tars_per_application_max = 4;

// A load file that is a patch of the operating system begins with these octets, the version that
// it is made for and the one that it makes (4 octets each). docs/protocols/chip-apdus.md.
constexpr ByteArray<4> patch_magic = {'S', 'O', 'P', '1'};
constexpr uint32_t os_version_first = 1;
constexpr uint16_t data_tag_os_version = 0xdf1f;  // GET DATA

struct LoadFile {
  enum class Kind : uint8_t { applets = 0, patch = 1 };
  remote_management::Aid aid;
  Kind kind = Kind::applets;
  ByteString<8> version;  // of a CAP file minor and major, of a patch the one that it made
  uint32_t octets = 0;
  crypto::Digest digest{};
};

struct Application {
  remote_management::Aid aid;
  remote_management::Aid load_file;
  remote_management::Aid module;
  uint8_t life_cycle = remote_management::application_state::installed;
  ByteString<3> privileges;
  ByteString<tars_per_application_max * 3> tars;
  bool has(const secured_packet::Tar& tar) const;
};

class CardContent {
 public:
  explicit CardContent(NvStore& store) : store_(store) {}

  // INSTALL, LOAD, DELETE, GET STATUS, SET STATUS; the answer's data is appended. Errors are the
  // store's.
  Result<apdu::StatusWord> execute(const apdu::Command& command, std::vector<uint8_t>& answer);

  Result<std::vector<LoadFile>> load_files() const;
  Result<std::vector<Application>> applications() const;
  // The application that takes messages to `tar`: selectable and not locked.
  Result<bool> takes(const secured_packet::Tar& tar) const;
  Result<uint32_t> os_version() const;
  // Octets of code that still fit.
  Result<uint32_t> free_octets() const;

 private:
  struct Loading {
    remote_management::Aid aid;
    std::vector<uint8_t> hash;
    std::vector<uint8_t> bytes;  // C4, its length, the load file
    uint8_t next_block = 0;
  };
  struct Listing {  // GET STATUS that goes on
    remote_management::Subset subset{};
    std::vector<uint8_t> prefix;
    size_t next = 0;  // entry
  };
  using Outcome = Result<apdu::StatusWord>;
  Outcome install(const apdu::Command& command, std::vector<uint8_t>& answer);
  Outcome install_for_load(const remote_management::InstallForLoad& install);
  Outcome install_application(const remote_management::InstallForInstall& install);
  Outcome make_selectable(const apdu::Command& command);
  Outcome load(const apdu::Command& command, std::vector<uint8_t>& answer);
  Outcome finish_load();
  Outcome apply_patch(LoadFile& file, ByteView content, NvTransaction& transaction) const;
  Outcome remove(const apdu::Command& command, std::vector<uint8_t>& answer);
  Outcome set_status(const apdu::Command& command);
  Outcome get_status(const apdu::Command& command, std::vector<uint8_t>& answer);
  Result<std::vector<std::vector<uint8_t>>> entries(remote_management::Subset subset,
                                                    ByteView prefix) const;
  Result<bool> tar_is_free(const secured_packet::Tar& tar) const;

  NvStore& store_;
  std::unique_ptr<Loading> loading_;
  std::unique_ptr<Listing> listing_;
};

}  // namespace simurgh::uicc
