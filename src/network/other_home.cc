#include "network/other_home.h"

#include <algorithm>

namespace simurgh::network {

namespace {

constexpr unsigned sequence_index_bits = 5;  // TS 33.102 annex C.1.2
constexpr crypto::Amf amf{};
constexpr ByteArray<2> any_access_point = {1, '*'};

template <typename To>
To octets_of(ByteView bytes) {
  To out{};
  std::copy_n(bytes.begin(), out.size(), out.begin());
  return out;
}

gsup::Message answer_of(gsup::MessageType type, const Imsi& imsi) {
  gsup::Message out;
  out.type = type;
  out.imsi = imsi;
  return out;
}

}  // namespace

void OtherHome::send(const gsup::Message& message) {
  const bool asks = message.type == gsup::MessageType::send_auth_info_request ||
                    message.type == gsup::MessageType::update_location_request;
  if (asks) questions_.push_back({message.type, message.imsi});
}

void OtherHome::run(VisitedNetwork& network, Instant now) {
  while (!questions_.empty()) {
    const Question question = questions_.front();
    questions_.pop_front();
    const auto found = subscribers_.find(question.imsi);
    if (found == subscribers_.end()) {
      network.on_message(answer_of(gsup::error_of(question.type), question.imsi), now);
    } else if (question.type == gsup::MessageType::send_auth_info_request) {
      give_vector(network, question.imsi, found->second, now);
    } else {
      give_data(network, question.imsi, found->second, now);
    }
  }
}

void OtherHome::give_vector(VisitedNetwork& network, const Imsi& imsi, Subscriber& subscriber,
                            Instant now) {
  const auto rand = random_.array<16>();
  const auto vector =
      crypto::make_vector(subscriber.keys, rand, ++subscriber.sequence << sequence_index_bits, amf);
  if (!vector) {
    return network.on_message(answer_of(gsup::MessageType::send_auth_info_error, imsi), now);
  }
  gsup::AuthTuple tuple;
  tuple.rand = rand;
  const auto gsm = crypto::gsm_answer_of(vector->expected);
  tuple.sres = gsm.sres;
  tuple.kc = octets_of<ByteArray<8>>(gsm.kc.view());
  tuple.ik = octets_of<ByteArray<16>>(vector->expected.ik.view());
  tuple.ck = octets_of<ByteArray<16>>(vector->expected.ck.view());
  tuple.autn = vector->autn;
  tuple.res.assign(vector->expected.res);
  gsup::Message answer = answer_of(gsup::MessageType::send_auth_info_result, imsi);
  answer.auth_tuples.push_back(tuple);
  network.on_message(answer, now);
}

void OtherHome::give_data(VisitedNetwork& network, const Imsi& imsi, const Subscriber& subscriber,
                          Instant now) {
  ByteArray<gsup::number_octets_max> number;
  gsup::Message data = answer_of(gsup::MessageType::insert_data_request, imsi);
  if (const auto written = gsup::write_number(subscriber.msisdn, number)) data.msisdn = *written;
  gsup::PdpInfo context;
  context.access_point_name = any_access_point;
  data.pdp_infos.push_back(context);
  network.on_message(data, now);
  network.on_message(answer_of(gsup::MessageType::update_location_result, imsi), now);
}

}  // namespace simurgh::network
