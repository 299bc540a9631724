// link: simurgh_network simurgh_io_crypto_openssl
#include <vector>

#include "network/smsc.h"
#include "network/smsc_tpdu.h"

using namespace simurgh;

namespace {

class CountingRandom final : public Random {
 public:
  void fill(MutableByteView out) override {
    for (uint8_t& octet : out) octet = static_cast<uint8_t>(next_ += 37);
  }

 private:
  unsigned next_ = 0;
};

struct Phones final : network::Terminals {
  void deliver(network::DeliveryId id, std::string_view, ByteView tpdu, Instant now) override {
    SIMURGH_CHECK(sms::parse_deliver(tpdu).has_value());
    network::DeliveryReport report;
    report.outcome = network::DeliveryReport::Outcome::delivered;
    report.user_data = tpdu.last(std::min<size_t>(tpdu.size(), 10));
    centre->on_delivery_report(id, report, now);
  }
  network::SmscCentre* centre = nullptr;
};

}  // namespace

// A bound ESME says submit_sm with these bytes behind the header, and a terminal submits the same
// bytes as a TPDU. What the SMSC makes of them for the air must parse.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView input(data, std::min<size_t>(size, 1'000));
  CountingRandom random;
  Phones phones;
  network::SmscCentreOptions options;
  network::SmscAccount account;
  account.system_id = "e";
  account.password.assign(bytes_of("p"));
  account.numbers = {"1"};
  options.accounts.push_back(account);
  network::SmscCentre centre(options, {}, phones, random);
  phones.centre = &centre;
  Instant now{1'767'323'045'000};
  smpp_session::SmscSession session({}, centre, now);
  uint8_t pdu[2'000];
  const auto bind = smpp::write_pdu({smpp::CommandId::bind_transceiver, smpp::Status::ok, 1},
                                    smpp::Bind{.system_id = "e", .password = "p"}, pdu);
  session.on_bytes(*bind, now);
  SIMURGH_CHECK(session.bound());
  Writer writer(pdu);
  writer.u32(static_cast<uint32_t>(16 + input.size())).u32(4).u32(0).u32(2).bytes(input);
  session.on_bytes(writer.written(), now);
  static_cast<void>(centre.on_mobile_submit("491700000001", input, now));
  for (int i = 0; i < 100 && centre.poll_timeout() <= now; ++i) centre.on_timeout(now);
  session.on_disconnected(now);
  return 0;
}
