// New long-lived keys, from OpenSSL's random numbers.
#pragma once

#include "crypto/key_material.h"

namespace simurgh::keystore {

// crypto when OpenSSL cannot make one.
Result<void> make_keys(crypto::KeyMaterial& material);

}  // namespace simurgh::keystore
