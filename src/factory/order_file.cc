#include "factory/order_file.h"

#include "base/hex.h"

namespace simurgh::factory {
namespace {

constexpr int64_t count_max = 1'000'000'000;

std::string hex_of(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

}  // namespace

json::Value write_order_file(const OrderFile& order) {
  json::Value out = json::Value::object({
      {"format", order_file_format},
      {"allocation", order.allocation},
      {"manufacturer", order.manufacturer},
      {"ver", hex_of(order.ver)},
      {"count", order.count},
      {"made", order.made},
  });
  if (order.made > 0) {
    out.set("iccid_first", order.iccid_first.text());
    out.set("iccid_last", order.iccid_last.text());
    out.set("imsi_first", order.imsi_first.text());
    out.set("imsi_last", order.imsi_last.text());
  }
  out.set("chips_sha256", hex_of(order.chips_sha256));
  return out;
}

Result<OrderFile> parse_order_file(const json::Value& value, json::Problem& problem) {
  json::Fields fields(value, problem);
  OrderFile order;
  static constexpr std::string_view formats[] = {order_file_format};
  fields.choice("format", formats);
  order.allocation = static_cast<uint64_t>(fields.integer("allocation", 1, INT64_MAX));
  order.manufacturer = fields.text("manufacturer", 1, 64);
  fields.hex("ver", order.ver.size(), order.ver);
  order.count = static_cast<uint64_t>(fields.integer("count", 1, count_max));
  order.made = static_cast<uint64_t>(fields.integer("made", 0, count_max));
  if (order.made > order.count) fields.refuse("made", "expected no more than count");
  if (order.made > 0) {
    order.iccid_first = fields.digits<Iccid>("iccid_first");
    order.iccid_last = fields.digits<Iccid>("iccid_last");
    order.imsi_first = fields.digits<Imsi>("imsi_first");
    order.imsi_last = fields.digits<Imsi>("imsi_last");
  }
  fields.hex("chips_sha256", order.chips_sha256.size(), order.chips_sha256);
  if (!fields.finish()) return ErrorCode::bad_value;
  return order;
}

crypto::Digest add_chip(const crypto::Digest& chain, const Iccid& iccid, const Imsi& imsi) {
  return crypto::sha256({chain, iccid.bytes(), bytes_of(" "), imsi.bytes(), bytes_of("\n")});
}

crypto::Digest chips_digest(const fleet::Run& run, uint64_t made) {
  crypto::Digest chain{};
  for (uint64_t position = 0; position < made; ++position) {
    chain = add_chip(chain, run.iccid_at(position), run.imsi_at(position));
  }
  return chain;
}

}  // namespace simurgh::factory
