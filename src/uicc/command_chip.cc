// Making the chip, and what a dealer's tool asks of it (chip_apdus.h; D3, D10).
#include "formats/sms/address.h"
#include "uicc/chip.h"
#include "uicc/nv_keys.h"

namespace simurgh::uicc {

namespace status = apdu::status;
using personalisation::ChipRecord;

namespace {

constexpr size_t blocks_octets_max = 768;
static_assert(blocks_octets_max >= pre_personalisation_octets_max);
static_assert(blocks_octets_max >= personalisation::message_octets_max);

// Takes the factory's data for the moment of deriving: K1 is in RAM only, and what is saved has
// the chip's own key in its place (threats row 13).
class FactoryStore : public personalisation::ChipStore {
 public:
  explicit FactoryStore(const ChipRecord& record) : record_(record) {}
  Result<void> load(ChipRecord& record) override {
    record = record_;
    return {};
  }
  Result<void> save(const ChipRecord& record) override {
    record_ = record;
    return {};
  }
  const ChipRecord& record() const { return record_; }

 private:
  ChipRecord record_;
};

// EF.IMSI: length, then parity (odd number of digits: 9, even: 1) before the digits (4.2.2).
Result<ByteArray<9>> imsi_file(const Imsi& imsi) {
  char digits[1 + 15];
  const std::string_view text = imsi.text();
  digits[0] = text.size() % 2 == 1 ? '9' : '1';
  std::memcpy(digits + 1, text.data(), text.size());
  ByteArray<9> octets;
  octets.fill(0xff);
  const auto bcd = TRY(write_bcd({digits, text.size() + 1}, MutableByteView(octets).subspan(1)));
  octets[0] = static_cast<uint8_t>(bcd.size());
  return octets;
}

Result<ByteArray<10>> iccid_file(const Iccid& iccid) {
  ByteArray<10> octets;
  octets.fill(0xff);
  TRY(write_bcd(iccid.text(), octets));
  return octets;
}

// EF.SMSP without alpha identifier (4.2.27): service centre address given, nothing else.
Result<ByteArray<40>> parameters_file(const Msisdn& service_centre) {
  ByteArray<40> octets;
  octets.fill(0xff);
  constexpr size_t alpha_octets = 40 - 28;
  octets[alpha_octets] = 0xfd;
  const MutableByteView address = MutableByteView(octets).subspan(alpha_octets + 13, 12);
  const auto value =
      TRY(write_address_value(sms::Address::of_msisdn(service_centre), address.subspan(1)));
  address[0] = static_cast<uint8_t>(value.size());
  return octets;
}

Result<void> put_files(const FileSystem& files, const PrePersonalisation& data,
                       NvTransaction& transaction) {
  const auto put = [&](Known known, ByteView bytes) {
    return files.write(transaction, content_of(known),
                       content_of(known).transparent() ? uint8_t{0} : uint8_t{1}, bytes);
  };
  TRY(put(Known::iccid, TRY(iccid_file(data.chip.iccid))));
  TRY(put(Known::imsi, TRY(imsi_file(data.chip.imsi))));
  if (!data.service_centre.empty()) {
    TRY(put(Known::smsp, TRY(parameters_file(data.service_centre))));
  }
  if (!data.service_provider_name.empty()) {
    ByteArray<17> name;
    name.fill(0xff);
    name[0] = 0x01;
    std::memcpy(name.data() + 1, data.service_provider_name.data(),
                data.service_provider_name.size());
    TRY(put(Known::spn, name));
  }
  const ByteArray<4> administrative = {0, 0, 0, data.mnc_digits};
  TRY(put(Known::ad, administrative));
  // Access class 0…9 by the last digit of the IMSI (TS 22.011 4.2).
  const int access_class = data.chip.imsi.text().back() - '0';
  const auto bits = static_cast<uint16_t>(1u << access_class);
  const ByteArray<2> classes = {static_cast<uint8_t>(bits >> 8), static_cast<uint8_t>(bits)};
  return put(Known::acc, classes);
}

}  // namespace

Result<bool> Chip::add_block(const apdu::Command& command, apdu::StatusWord* refused) {
  const bool last = command.p1 == block_last;
  if (command.p2 == 0) {
    wipe(blocks_);
    blocks_.clear();
    blocks_.reserve(blocks_octets_max);  // so that nothing is left behind by growing
    blocks_ins_ = command.ins;
    blocks_next_ = 0;
  }
  *refused = status::ok;
  if (command.p1 != 0 && !last) *refused = status::incorrect_p1_p2;
  if (command.ins != blocks_ins_ || command.p2 != blocks_next_) {
    *refused = status::conditions_not_satisfied;
  }
  if (command.data.empty() || blocks_.size() + command.data.size() > blocks_octets_max) {
    *refused = status::wrong_length;
  }
  if (*refused != status::ok) return false;
  blocks_.insert(blocks_.end(), command.data.begin(), command.data.end());
  ++blocks_next_;
  if (last) blocks_ins_ = 0;  // whatever comes of it, the next one begins anew
  return last;
}

Handled Chip::pre_personalise(Channel&, const apdu::Command& command) {
  if (!blank()) return status::conditions_not_satisfied;
  apdu::StatusWord refused;
  if (!TRY(add_block(command, &refused))) return refused;
  const auto data = parse_pre_personalisation(blocks_);
  wipe(blocks_);
  blocks_.clear();
  if (!data.has_value()) return status::incorrect_data;
  ChipRecord record;
  record.chip = data->chip;
  record.chip_key = data->k1;
  record.suites = data->suites;
  record.server_keys = data->server_keys;
  record.centre_number = data->centre_number;
  record.legacy_1997 = data->legacy_1997;
  FactoryStore derived(record);
  if (!personalisation::pre_personalise(derived).has_value()) return status::incorrect_data;

  NvTransaction transaction;
  put_record(derived.record(), transaction);
  Pins::put_initial(transaction);
  const ByteArray<3> authentication = {static_cast<uint8_t>(data->authentication.algorithm),
                                       data->authentication.ki_octets,
                                       data->authentication.tuak_iterations};
  transaction.put(nv_key::authentication, authentication);
  if (data->imported.has_value()) {
    Secret<imported_octets_max> room;
    transaction.put(nv_key::imported,
                    TRY(write_imported(*data->imported, room.fill(imported_octets_max))));
  }
  if (!put_files(files_, *data, transaction).has_value()) return status::incorrect_data;
  TRY(store_.commit(transaction));
  TRY(load_kind());
  return status::ok;
}

Handled Chip::get_chip_data(Channel&, const apdu::Command&) {
  ChipData data;
  if (!blank()) {
    ChipRecord record;
    TRY(record_store_.load(record));
    data.state = record.state;
    data.iccid = record.chip.iccid;
    data.ver = record.chip.ver;
    data.life = record.life;
    data.active_epoch = record.active.number;
    data.pending = record.pending.has_value();
    data.suites = record.suites;
    data.legacy_1997 = record.legacy_1997;
  }
  ByteArray<chip_data_octets_max> room;
  const ByteView written = TRY(write_chip_data(data, room));
  answer_.assign(written.begin(), written.end());
  return status::ok;
}

Handled Chip::reset_challenge(Channel&, const apdu::Command&) {
  const auto challenge = applet_.reset_challenge();
  if (!challenge.has_value()) {
    if (challenge.error().code == ErrorCode::closed) return challenge.error();
    return status::conditions_not_satisfied;
  }
  answer_.assign(challenge->begin(), challenge->end());
  return status::ok;
}

// A message that the conversation refuses gives 9000 without data, as one without an answer does:
// an outsider learns nothing from it (I8).
Handled Chip::exchange(Channel&, const apdu::Command& command) {
  return exchange_by(PersonalisationApplet::Bearer::reader, command);
}

Handled Chip::exchange_remotely(const apdu::Command& command) {
  return exchange_by(PersonalisationApplet::Bearer::https, command);
}

// REQUEST for who carries messages by a reader or by HTTP; nothing when the chip has its keys.
Handled Chip::request(Channel&, const apdu::Command&) {
  const auto message = TRY(applet_.request_message());
  answer_.assign(message.begin(), message.end());
  return status::ok;
}

Handled Chip::exchange_by(PersonalisationApplet::Bearer bearer, const apdu::Command& command) {
  apdu::StatusWord refused;
  if (!TRY(add_block(command, &refused))) return refused;
  const std::vector<uint8_t> message = blocks_;
  blocks_.clear();
  const AppletAnswer answer = TRY(applet_.on_message(message, bearer));
  answer_.assign(answer.reply.begin(), answer.reply.end());
  if (answer.new_life) forget_session();
  return status::ok;
}

}  // namespace simurgh::uicc
