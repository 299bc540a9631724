// make_fleet_file ROWS FILE [scattered]: a fleet file of any size for measurements, with keys that
// belong to nobody. Not shipped. The same rows come out every time. Scattered: the MSISDNs are in
// no order, as those of a fleet that has been in service for long; an index on them is hit
// everywhere.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "formats/fleet_file/fleet_file.h"

using namespace simurgh;

namespace {

// A different octet string for each row; not random enough for a real key.
void fill(uint64_t& state, MutableByteView out) {
  for (uint8_t& octet : out) {
    state = state * 0x5851f42d4c957f2d + 0x14057b7ef767814f;
    octet = static_cast<uint8_t>(state >> 56);
  }
}

fleet_file::Row row_of(uint64_t number, bool scattered) {
  char digits[40];
  fleet_file::Row row;
  std::snprintf(digits, sizeof digits, "89499900%011llu", static_cast<unsigned long long>(number));
  row.iccid = *Iccid::parse(digits);
  const uint64_t subscriber = scattered ? number * 618'033'989 % 1'000'000'007 : number;
  std::snprintf(digits, sizeof digits, "49151%010llu", static_cast<unsigned long long>(subscriber));
  row.msisdn = *Msisdn::parse(digits);
  uint64_t state = number + 1;
  fill(state, row.kic.fill(16));
  fill(state, row.kid.fill(16));
  fill(state, row.psk.fill(16));
  row.key_version = 1;
  row.psk_identity = row.iccid.text();
  row.counter = number % 7;
  row.last_contact_s = 1'790'000'000 + static_cast<uint32_t>(number % 600'000);
  row.next_poll_s = row.last_contact_s + 604'800;
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  const bool scattered = argc == 4 && std::strcmp(argv[3], "scattered") == 0;
  const uint64_t rows = argc == 3 || scattered ? std::strtoull(argv[1], nullptr, 10) : 0;
  std::FILE* const out = rows > 0 ? std::fopen(argv[2], "wb") : nullptr;
  if (out == nullptr) {
    std::fprintf(stderr, "usage: make_fleet_file ROWS FILE [scattered]\n");
    return 2;
  }
  bool good = std::fprintf(out, "%s\n", fleet_file::write_header().c_str()) > 0;
  for (uint64_t i = 0; i < rows && good; ++i) {
    good = std::fprintf(out, "%s\n", fleet_file::write_row(row_of(i, scattered)).c_str()) > 0;
  }
  good = std::fclose(out) == 0 && good;
  if (!good) std::fprintf(stderr, "make_fleet_file: %s cannot be written\n", argv[2]);
  return good ? 0 : 1;
}
