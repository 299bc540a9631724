// ECDH over P-256 (SP 800-56A 5.7.1.2) on OpenSSL's points. EVP_PKEY_derive would do the same in
// twice the time, because it validates the peer's point twice.
#include "crypto/primitives.h"
#include "io/crypto_openssl/big_number.h"

namespace simurgh::crypto {

namespace {

constexpr size_t coordinate_octets = 32;
constexpr uint8_t uncompressed = 0x04;

// The seed as a number modulo the order; it has as many bits as the order, so one subtraction (in
// a case of 2^32) does. crypto for the multiples of the order.
Result<Number> private_value(const ByteArray<32>& seed) {
  Number value = secret_number_of(seed);
  const BIGNUM* const order = EC_GROUP_get0_order(p256_group());
  if (BN_cmp(value.get(), order) >= 0) {
    SIMURGH_CHECK(BN_sub(value.get(), value.get(), order) == 1);
  }
  if (BN_is_zero(value.get())) return fail(ErrorCode::crypto);
  return value;
}

}  // namespace

Point p256_times_generator(const BIGNUM* scalar) {
  Point point = new_p256_point();
  SIMURGH_CHECK(
      EC_POINT_mul(p256_group(), point.get(), scalar, nullptr, nullptr, scratch_numbers()) == 1);
  return point;
}

void write_p256_point(const EC_POINT* point, MutableByteView out) {
  SIMURGH_CHECK(EC_POINT_point2oct(p256_group(), point, POINT_CONVERSION_UNCOMPRESSED, out.data(),
                                   out.size(), scratch_numbers()) == p256_share_octets);
}

Result<Point> read_p256_point(ByteView encoded) {
  if (encoded.size() != p256_share_octets || encoded[0] != uncompressed) {
    return fail(ErrorCode::crypto);
  }
  Point point = new_p256_point();
  // Checks that the coordinates are below the prime and on the curve. The order is prime, so every
  // such point is of that order.
  if (EC_POINT_oct2point(p256_group(), point.get(), encoded.data(), encoded.size(),
                         scratch_numbers()) != 1) {
    return refused();
  }
  return point;
}

Result<void> p256_public(const ByteArray<32>& seed, MutableByteView share) {
  if (share.size() != p256_share_octets) return fail(ErrorCode::crypto);
  const Number value = TRY(private_value(seed));
  const Point point = p256_times_generator(value.get());
  write_p256_point(point.get(), share);
  return {};
}

Result<void> p256_derive(const ByteArray<32>& seed, ByteView peer, MutableByteView secret) {
  if (secret.size() != coordinate_octets) return fail(ErrorCode::crypto);
  const Point point = TRY(read_p256_point(peer));
  const Number value = TRY(private_value(seed));
  const Point product = new_p256_point();
  SIMURGH_CHECK(EC_POINT_mul(p256_group(), product.get(), nullptr, point.get(), value.get(),
                             scratch_numbers()) == 1);
  const Number x = new_number();
  SIMURGH_CHECK(EC_POINT_get_affine_coordinates(p256_group(), product.get(), x.get(), nullptr,
                                                scratch_numbers()) == 1);
  write_number(x.get(), secret);
  return {};
}

}  // namespace simurgh::crypto
