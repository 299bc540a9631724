// OpenSSL's big numbers and P-256 points, owned. Private to this folder.
#pragma once

#include <openssl/bn.h>
#include <openssl/ec.h>

#include <memory>

#include "io/crypto_openssl/thread_contexts.h"

namespace simurgh::crypto {

using Number = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using Montgomery = std::unique_ptr<BN_MONT_CTX, Release<BN_MONT_CTX_free>>;
using Point = std::unique_ptr<EC_POINT, Release<EC_POINT_clear_free>>;

inline Number number_of(ByteView big_endian) {
  Number number(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr));
  SIMURGH_CHECK(number != nullptr);
  return number;
}

// A secret number: OpenSSL takes the ways without data-dependent branches for it.
inline Number secret_number_of(ByteView big_endian) {
  Number number(BN_secure_new());
  SIMURGH_CHECK(number != nullptr);
  SIMURGH_CHECK(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), number.get()) !=
                nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

inline Number new_number() {
  Number number(BN_new());
  SIMURGH_CHECK(number != nullptr);
  return number;
}

// Big endian, filled with zeros on the left. `out` must have room.
inline void write_number(const BIGNUM* number, MutableByteView out) {
  SIMURGH_CHECK(BN_bn2binpad(number, out.data(), static_cast<int>(out.size())) ==
                static_cast<int>(out.size()));
}

// The thread's scratch numbers.
inline BN_CTX* scratch_numbers() {
  thread_local const std::unique_ptr<BN_CTX, Release<BN_CTX_free>> context(BN_CTX_secure_new());
  SIMURGH_CHECK(context != nullptr);
  return context.get();
}

inline const EC_GROUP* p256_group() {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  SIMURGH_CHECK(group != nullptr);
  return group;
}

inline Point new_p256_point() {
  Point point(EC_POINT_new(p256_group()));
  SIMURGH_CHECK(point != nullptr);
  return point;
}

// scalar * generator, and its SEC 1 uncompressed form.
Point p256_times_generator(const BIGNUM* scalar);
void write_p256_point(const EC_POINT* point, MutableByteView out);
// crypto unless SEC 1 uncompressed and on the curve (so not the neutral element either).
Result<Point> read_p256_point(ByteView encoded);

}  // namespace simurgh::crypto
