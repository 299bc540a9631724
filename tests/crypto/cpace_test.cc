// CPace against the vectors of its draft, and what an attacker may change (row D12).
#include "crypto/cpace.h"

#include "arrays.h"
#include "vector_file.h"

using namespace simurgh;
using namespace simurgh::crypto;
using namespace simurgh::test;

namespace {

CpaceSeed seed_of(ByteView scalar) {
  CpaceSeed seed{};
  std::memcpy(seed.data(), scalar.data(), scalar.size());
  return seed;
}

// One end of a run, with everything that goes into its key.
struct End {
  Bytes password = {'4', '2', '4', '2', '4', '2'};
  Bytes channel = {3, 'c', 'a', 'r', 4, 's', 'h', 'o', 'p'};
  Bytes session = {1, 2, 3, 4, 5, 6, 7, 8};
  Bytes initiator_data = {9, 9};
  Bytes responder_data = {8};
  CpaceSeed seed{};

  CpaceContext context() const { return {password, channel, session}; }
  CpaceShare share() const { return *cpace_share(context(), seed); }
  Bytes key(CpaceRole role, const CpaceShare& initiator, const CpaceShare& responder) const {
    const auto key = cpace_key(context(), seed, role,
                               {.initiator_share = initiator,
                                .responder_share = responder,
                                .initiator_data = initiator_data,
                                .responder_data = responder_data});
    REQUIRE(key.has_value());
    return Bytes(key->view().begin(), key->view().end());
  }
};

struct Ends {
  End initiator;
  End responder;
  Ends() {
    for (size_t i = 0; i < cpace_seed_octets; ++i) {
      initiator.seed[i] = static_cast<uint8_t>(3 * i + 1);
      responder.seed[i] = static_cast<uint8_t>(5 * i + 2);
    }
  }
  bool agree() const {
    const CpaceShare a = initiator.share();
    const CpaceShare b = responder.share();
    return initiator.key(CpaceRole::initiator, a, b) == responder.key(CpaceRole::responder, a, b);
  }
};

}  // namespace

TEST_CASE("D12: CPace gives the draft's answers (appendix B.3)") {
  VectorFile file("cpace.json");
  const Vector root = file.root();
  const Bytes password = root["password"].hex();
  const Bytes channel = root["channel"].hex();
  const Bytes session = root["session"].hex();
  const CpaceContext context{password, channel, session};
  const auto generator =
      ristretto_from_uniform(array_of<64>(root["hash_of_generator_string"].hex()));
  CHECK(to_hex(*generator) == root["generator"].text());
  CHECK(to_hex(*cpace_share(context, {1})) == root["generator"].text());  // times one

  const Vector ends[] = {root["initiator"], root["responder"]};
  const Bytes shares[] = {ends[0]["share"].hex(), ends[1]["share"].hex()};
  const Bytes data[] = {ends[0]["data"].hex(), ends[1]["data"].hex()};
  for (const size_t end : {size_t{0}, size_t{1}}) {
    const CpaceSeed seed = seed_of(ends[end]["scalar"].hex());
    const auto share = cpace_share(context, seed);
    REQUIRE(share.has_value());
    CHECK(equal(*share, shares[end]));
    CHECK(to_hex(*ristretto_multiply(seed, shares[1 - end])) == root["product"].text());
    const auto key =
        cpace_key(context, seed, end == 0 ? CpaceRole::initiator : CpaceRole::responder,
                  {.initiator_share = shares[0],
                   .responder_share = shares[1],
                   .initiator_data = data[0],
                   .responder_data = data[1]});
    REQUIRE(key.has_value());
    CHECK(to_hex(key->view()) == root["key"].text());
  }

  const Vector multiplication = root["multiplication"];
  const CpaceSeed seed = seed_of(multiplication["scalar"].hex());
  CHECK(to_hex(*ristretto_multiply(seed, multiplication["element"].hex())) ==
        multiplication["product"].text());
  for (const Vector& invalid : multiplication["invalid"].elements()) {
    const Bytes share = invalid.hex();
    for (const auto role : {CpaceRole::initiator, CpaceRole::responder}) {
      const auto key =
          cpace_key(context, seed, role, {.initiator_share = share, .responder_share = share});
      REQUIRE_FALSE(key.has_value());
      CHECK(key.error().code == ErrorCode::crypto);
    }
  }
  file.finish();
}

TEST_CASE("D12: both ends agree, and on nothing but the same password, names, run and data") {
  CHECK(Ends().agree());
  for (Bytes End::* field :
       {&End::password, &End::channel, &End::session, &End::initiator_data, &End::responder_data}) {
    Ends ends;
    const Bytes original = ends.responder.*field;
    for (size_t bit = 0; bit < 8 * original.size(); ++bit) {
      ends.responder.*field = original;
      (ends.responder.*field)[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
      CHECK_FALSE(ends.agree());
    }
    ends.responder.*field = original;
    (ends.responder.*field).push_back(0);
    CHECK_FALSE(ends.agree());
    ends.responder.*field = {};
    CHECK_FALSE(ends.agree());
    ends.initiator.*field = {};
    CHECK(ends.agree());
  }
  // Octets cannot move from one field to the next.
  Ends ends;
  ends.initiator.password = {1, 2, 3};
  ends.initiator.channel = {4, 5};
  ends.responder.password = {1, 2};
  ends.responder.channel = {3, 4, 5};
  CHECK_FALSE(ends.agree());
}

TEST_CASE("D12: a changed share is refused or gives another key") {
  const Ends ends;
  const CpaceShare a = ends.initiator.share();
  const CpaceShare b = ends.responder.share();
  const Bytes key = ends.initiator.key(CpaceRole::initiator, a, b);
  int refused = 0;
  for (size_t bit = 0; bit < 256; ++bit) {
    CpaceShare bad = b;
    bad[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    const auto derived =
        cpace_key(ends.initiator.context(), ends.initiator.seed, CpaceRole::initiator,
                  {.initiator_share = a,
                   .responder_share = bad,
                   .initiator_data = ends.initiator.initiator_data,
                   .responder_data = ends.initiator.responder_data});
    if (!derived.has_value()) {
      CHECK(derived.error().code == ErrorCode::crypto);
      ++refused;
    } else {
      CHECK_FALSE(equal(derived->view(), key));
    }
  }
  CHECK(refused > 100);  // most octet strings are no element
  // Its own share sent back (reflection) gives the responder's place another key.
  CHECK(ends.initiator.key(CpaceRole::initiator, a, a) != key);
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}}) {
    const Bytes share(size, 1);
    CHECK_FALSE(cpace_key(ends.initiator.context(), ends.initiator.seed, CpaceRole::initiator,
                          {.initiator_share = a, .responder_share = share})
                    .has_value());
  }
}

TEST_CASE("CPace fields have a limit") {
  const Bytes most(cpace_field_octets_max, 1);
  const Bytes more(cpace_field_octets_max + 1, 1);
  const CpaceShare share = *cpace_share({most, most, most}, {7});
  CHECK(cpace_key({most, most, most}, {7}, CpaceRole::initiator,
                  {.initiator_share = share,
                   .responder_share = share,
                   .initiator_data = most,
                   .responder_data = most})
            .has_value());
  const auto is_too_large = [](const auto& result) {
    return !result.has_value() && result.error().code == ErrorCode::too_large;
  };
  CHECK(is_too_large(cpace_share({more, {}, {}}, {7})));
  CHECK(is_too_large(cpace_share({{}, more, {}}, {7})));
  CHECK(is_too_large(cpace_share({{}, {}, more}, {7})));
  CHECK(is_too_large(
      cpace_key({{}, {}, {}}, {7}, CpaceRole::initiator,
                {.initiator_share = share, .responder_share = share, .initiator_data = more})));
}
