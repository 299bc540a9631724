#include "factory/allocation.h"

#include <array>

#include "base/hex.h"
#include "base/reader.h"

namespace simurgh::factory {
namespace {

constexpr std::string_view signature_label = "simurgh 1 allocation note";
constexpr std::string_view signed_legacy_mark = "legacy-1997";
constexpr size_t profile_files_octets_max = 65'536;
constexpr size_t service_provider_name_octets_max = 16;
constexpr uint64_t count_max = 1'000'000'000;

using fleet::AuthAlgorithm;
using personalisation::Suite;
using personalisation::SuiteSet;

constexpr std::array suites_all = {Suite::x25519, Suite::p256, Suite::ffdhe2048, Suite::symmetric};
constexpr std::array algorithms_made = {AuthAlgorithm::milenage, AuthAlgorithm::tuak};

std::string hex_of(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

// Length-prefixed hashing: each part preceded by its length in 8 octets.
class Transcript {
 public:
  Transcript& add(ByteView part) {
    ByteArray<8> length;
    Writer(length).u64(part.size());
    chain_ = crypto::sha256({chain_, length, part});
    return *this;
  }
  Transcript& add(std::string_view text) { return add(bytes_of(text)); }
  Transcript& add_number(uint64_t number) {
    ByteArray<8> octets;
    Writer(octets).u64(number);
    return add(octets);
  }
  const crypto::Digest& digest() const { return chain_; }

 private:
  crypto::Digest chain_{};
};

json::Value write_profile(const fleet::CardProfile& profile, SuiteSet suites) {
  json::Value names = json::Value::array();
  for (const Suite suite : suites_all) {
    if (suites.contains(suite)) names.push_back(name_of(suite));
  }
  json::Value out = json::Value::object({
      {"name", profile.name},
      {"algorithm", name_of(profile.algorithm)},
      {"ki_octets", profile.ki_octets},
      {"tuak_iterations", profile.tuak_iterations},
      {"suites", std::move(names)},
      {"server_made_key", profile.server_made_key},
      {"files", profile.files},
  });
  if (profile.legacy_1997) out.set("legacy_1997", fleet::insecure_mark);
  return out;
}

uint8_t parse_suites(json::Fields& fields) {
  uint8_t bits = 0;
  for (const json::Value& element : fields.array("suites", suites_all.size())) {
    const std::string* name = element.as_text();
    uint8_t bit = 0;
    for (const Suite suite : suites_all) {
      if (name != nullptr && *name == name_of(suite)) bit = SuiteSet{suite}.bits();
    }
    if (bit == 0) fields.refuse("suites", "expected names of suites");
    bits = static_cast<uint8_t>(bits | bit);
  }
  return bits;
}

fleet::CardProfile parse_profile(json::Fields fields) {
  fleet::CardProfile profile;
  profile.name = fields.text("name", 1, 64);
  std::array<std::string_view, algorithms_made.size()> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = name_of(algorithms_made[i]);
  profile.algorithm = algorithms_made[fields.choice("algorithm", names)];
  profile.ki_octets = static_cast<uint8_t>(fields.integer("ki_octets", 16, 32));
  profile.tuak_iterations = static_cast<uint8_t>(fields.integer("tuak_iterations", 1, 255));
  profile.suites = parse_suites(fields);
  profile.server_made_key = fields.boolean("server_made_key");
  profile.files = fields.text("files", 0, profile_files_octets_max);
  if (fields.has("legacy_1997")) {
    profile.legacy_1997 = fields.text("legacy_1997", 1, 64) == fleet::insecure_mark;
    if (!profile.legacy_1997) fields.refuse("legacy_1997", "expected \"INSECURE\" or nothing");
  }
  fields.finish();
  return profile;
}

json::Value write_keys(const personalisation::ServerKeys& keys) {
  json::Value out = json::Value::object();
  if (!keys.ed25519.empty()) out.set("ed25519", hex_of(keys.ed25519));
  if (!keys.p256.empty()) out.set("p256", hex_of(keys.p256));
  if (!keys.rsa2048.empty()) out.set("rsa2048", hex_of(keys.rsa2048));
  return out;
}

personalisation::ServerKeys parse_keys(json::Fields fields) {
  personalisation::ServerKeys keys;
  const auto read = [&fields](std::string_view name, auto& key) {
    if (!fields.has(name)) return;
    key.resize(key.capacity());
    key.assign(fields.hex(name, key.capacity(), key.span()));
  };
  read("ed25519", keys.ed25519);
  read("p256", keys.p256);
  read("rsa2048", keys.rsa2048);
  fields.finish();
  return keys;
}

Msisdn parse_optional_number(json::Fields& fields, std::string_view name) {
  const std::string_view text = fields.text(name, 0, Msisdn::size_max);
  if (text.empty()) return {};
  const Result<Msisdn> number = Msisdn::parse(text);
  if (!number.has_value()) fields.refuse(name, "expected digits or an empty string");
  return number.has_value() ? *number : Msisdn{};
}

// The numbers, from the first of each: the last ones must agree with the count.
void parse_numbers(json::Fields& fields, fleet::Run& run) {
  const auto iccid_first = fields.digits<Iccid>("iccid_first");
  const auto iccid_last = fields.digits<Iccid>("iccid_last");
  const auto imsi_first = fields.digits<Imsi>("imsi_first");
  const auto imsi_last = fields.digits<Imsi>("imsi_last");
  run.count = static_cast<uint64_t>(fields.integer("count", 1, count_max));
  if (iccid_first.empty() || iccid_last.empty() || imsi_first.empty() || run.count == 0) return;
  const Result<fleet::IccidBody> body = fleet::body_of(iccid_first);
  if (!body.has_value()) {
    fields.refuse("iccid_first", "expected an ICCID that begins with 89 and has its check digit");
    return;
  }
  run.iccid = *body;
  run.imsi = fleet::number_of(imsi_first);
  if (!run.check().has_value()) {
    fields.refuse("count", "expected no more numbers than their digits have room for");
    return;
  }
  if (run.iccid_at(run.count - 1) != iccid_last) {
    fields.refuse("iccid_last", "expected the ICCID of the last chip by the count");
  }
  if (run.imsi_at(run.count - 1) != imsi_last) {
    fields.refuse("imsi_last", "expected the IMSI of the last chip by the count");
  }
}

}  // namespace

SuiteSet AllocationNote::suites() const {
  const Result<SuiteSet> suites = SuiteSet::from_bits(profile.suites);
  return suites.has_value() ? *suites : SuiteSet{};
}

crypto::Digest signed_content(const AllocationNote& note) {
  Transcript transcript;
  transcript.add(signature_label).add_number(note.id).add(note.manufacturer);
  transcript.add(note.run.iccid_at(0).text()).add(note.run.imsi_at(0).text());
  transcript.add_number(note.run.count).add(note.ver).add(note.profile.name);
  transcript.add_number(static_cast<uint64_t>(note.profile.algorithm));
  transcript.add_number(note.profile.ki_octets).add_number(note.profile.tuak_iterations);
  transcript.add_number(note.profile.suites).add_number(note.profile.server_made_key ? 1 : 0);
  transcript.add(note.profile.files).add(note.centre_number.text());
  transcript.add(note.service_centre.text()).add(note.service_provider_name);
  transcript.add_number(note.mnc_digits);
  transcript.add(note.server_keys.ed25519.view()).add(note.server_keys.p256.view());
  transcript.add(note.server_keys.rsa2048.view()).add(note.k1_sealed);
  if (note.profile.legacy_1997) transcript.add(signed_legacy_mark);
  return transcript.digest();
}

Result<void> sign(AllocationNote& note, crypto::KeyStore& keys) {
  const auto signature = TRY(keys.sign(crypto::SignatureScheme::ed25519, signed_content(note)));
  if (signature.size() != note.signature.size()) return ErrorCode::crypto;
  std::memcpy(note.signature.data(), signature.data(), signature.size());
  return {};
}

Result<void> verify(const AllocationNote& note, ByteView ed25519_public) {
  if (!crypto::ed25519_verify(ed25519_public, signed_content(note), note.signature).has_value()) {
    return ErrorCode::bad_signature;
  }
  return {};
}

json::Value write_allocation(const AllocationNote& note) {
  return json::Value::object({
      {"id", note.id},
      {"manufacturer", note.manufacturer},
      {"ver", hex_of(note.ver)},
      {"count", note.run.count},
      {"iccid_first", note.run.iccid_at(0).text()},
      {"iccid_last", note.run.iccid_at(note.run.count - 1).text()},
      {"imsi_first", note.run.imsi_at(0).text()},
      {"imsi_last", note.run.imsi_at(note.run.count - 1).text()},
      {"profile", write_profile(note.profile, note.suites())},
      {"centre_number", note.centre_number.text()},
      {"service_centre", note.service_centre.text()},
      {"service_provider_name", note.service_provider_name},
      {"mnc_digits", note.mnc_digits},
      {"server_keys", write_keys(note.server_keys)},
      {"k1_sealed", hex_of(note.k1_sealed)},
      {"signature", hex_of(note.signature)},
  });
}

Result<AllocationNote> parse_allocation(const json::Value& value, json::Problem& problem) {
  json::Fields fields(value, problem);
  AllocationNote note;
  note.id = static_cast<uint64_t>(fields.integer("id", 1, INT64_MAX));
  note.manufacturer = fields.text("manufacturer", 1, 64);
  fields.hex("ver", note.ver.size(), note.ver);
  parse_numbers(fields, note.run);
  note.profile = parse_profile(fields.object("profile"));
  note.centre_number = parse_optional_number(fields, "centre_number");
  note.service_centre = parse_optional_number(fields, "service_centre");
  note.service_provider_name =
      fields.text("service_provider_name", 0, service_provider_name_octets_max);
  note.mnc_digits = static_cast<uint8_t>(fields.integer("mnc_digits", 2, 3));
  note.server_keys = parse_keys(fields.object("server_keys"));
  fields.hex("k1_sealed", note.k1_sealed.size(), note.k1_sealed);
  fields.hex("signature", note.signature.size(), note.signature);
  if (!fields.finish()) return ErrorCode::bad_value;
  return note;
}

}  // namespace simurgh::factory
