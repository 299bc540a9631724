#include "uicc/files.h"

#include <algorithm>
#include <set>

#include "test_card.h"

using namespace simurgh;
using test::TestCard;

namespace {

TestCard& ready(TestCard& card) {
  card.pre_personalise();
  card.select_usim();
  card.verify_pin();
  return card;
}

}  // namespace

TEST_CASE("the ATR is well formed: T=0, its check octet right, historical bytes in COMPACT-TLV") {
  TestCard card;
  const test::Bytes atr = [&] {
    const auto bytes = card.card->reset();
    return test::Bytes(bytes->begin(), bytes->end());
  }();
  CHECK(atr[0] == 0x3b);
  uint8_t check = 0;
  for (size_t i = 1; i < atr.size(); ++i) check ^= atr[i];
  CHECK(check == 0);
  CHECK(atr.size() == 6 + 15 + 1);
}

TEST_CASE("D3: file identifiers are unique in their directory, SFIs too, contents by id") {
  std::set<std::pair<int, int>> names;
  std::set<std::pair<int, int>> short_names;
  for (size_t i = 1; i < uicc::files().size(); ++i) {
    const uicc::File& file = uicc::files()[i];
    CHECK(names.insert({file.parent, file.fid}).second);
    if (file.sfi != 0) CHECK(short_names.insert({file.parent, file.sfi}).second);
    CHECK(uicc::files()[file.parent].directory());
  }
}

TEST_CASE("D3: EF.ICCID, EF.IMSI, EF.AD and EF.SMSP are as the published encodings have them") {
  TestCard card;
  ready(card);
  CHECK(card.get("00a40804022fe2").ends_with("9000"));
  CHECK(card.send("00b000000a") == "988812010000400310609000");
  // ef_contents.json: IMSI 262011106487504 is 082926101160845740.
  card.select_usim();
  CHECK(card.send("00b0870009") == "0829261011608457409000");
  CHECK(card.send("00b0830004") == "000000029000");
  CHECK(card.get("00a4000c026f42") == "9000");
  // Alpha identifier, indicators (service centre only), destination, service centre, the rest.
  CHECK(card.send("00b2010428") ==
        "ffffffffffffffffffffffff"
        "fd"
        "ffffffffffffffffffffffff"
        "0791947101670000ffffffff"
        "ffffff"
        "9000");
}

TEST_CASE("D3: an ICCID of 19 digits is padded as ef_contents.json has it") {
  TestCard card;
  auto data = test::test_pre_personalisation();
  data.chip.iccid = *Iccid::parse("8988211000000430010");
  data.chip.imsi = *Imsi::parse("228062800000208");
  card.pre_personalise(data);
  CHECK(card.get("00a40804022fe2").ends_with("9000"));
  CHECK(card.send("00b000000a") == "988812010000400310f09000");
  card.select_usim();
  card.verify_pin();
  CHECK(card.send("00b0870009") == "0829826082000020809000");
}

TEST_CASE("FCPs of SELECT are those of fcp.json where the file is the same") {
  TestCard card;
  ready(card);
  // Same shape as the sysmo and onomondo cards of fcp.json: descriptor, FID, life cycle, ARR, size,
  // SFI.
  CHECK(card.get("00a40804047fff6f07") ==
        "62178202412183026f078a01058b036f060580020009880138"
        "9000");
  CHECK(card.get("00a40804022fe2") ==
        "62178202412183022fe28a01058b032f060180020"
        "00a8801109000");
  CHECK(card.get("00a40804022f00") ==
        "621a8205422100260183022f008a01058b032f0602800200268801f09000");
  const std::string mf = card.get("00a40004023f00");
  CHECK(mf.starts_with("62"));
  CHECK(mf.find("8202782183023f00a5") != std::string::npos);
  CHECK(mf.ends_with("9000"));
  const std::string adf = card.get("00a4040407a0000000871002");
  CHECK(adf.find("8410a0000000871002ffffffff8907090000") != std::string::npos);
  CHECK(adf.find("c6099001c0830101830181") != std::string::npos);
}

TEST_CASE("every file's FCP is below 128 octets and its EF.ARR record is there") {
  TestCard card;
  ready(card);
  for (size_t i = 1; i < uicc::files().size(); ++i) {
    const uicc::File& file = uicc::files()[i];
    std::string path;
    for (auto at = static_cast<uicc::FileIndex>(i); at != uicc::mf_index;
         at = uicc::files()[at].parent) {
      const uint16_t fid = at == uicc::usim_index ? uicc::current_adf_fid : uicc::files()[at].fid;
      const ByteArray<2> octets = {static_cast<uint8_t>(fid >> 8), static_cast<uint8_t>(fid)};
      path = test::to_hex(octets) + path;
    }
    const ByteArray<1> length = {static_cast<uint8_t>(path.size() / 2)};
    const std::string fcp = card.get("00a40804" + test::to_hex(length) + path);
    CAPTURE(path);
    REQUIRE(fcp.ends_with("9000"));
    CHECK(fcp.size() / 2 - 2 < 130);
    if (file.content == nullptr) continue;
    const std::string read =
        file.content->transparent() ? card.send("00b0000000") : card.send("00b2010400");
    if (uicc::access_rules(file.rule).read == uicc::Condition::adm) {
      CHECK(read == "6982");
      continue;
    }
    CHECK(read.size() / 2 == file.content->octets + 2u);
    CHECK(read.ends_with("9000"));
  }
  CHECK(card.get("00a40804022f06").ends_with("9000"));
  // ef_contents.json: read always, update never, activate and deactivate by ADM1.
  CHECK(card.send("00b201043c").starts_with("80010190008001029700800118a40683010a950108"));
  CHECK(card.send("00b208043c").ends_with("9000"));
  CHECK(card.send("00b209043c").ends_with("9000"));
  CHECK(card.send("00b20a043c") == "6a83");
}

TEST_CASE("SELECT finds by FID, path, DF name and its beginning, and nothing else") {
  TestCard card;
  card.pre_personalise();
  CHECK(card.send("00a4000c026f07") == "6a82");        // no such file below the MF
  CHECK(card.send("00a4000c027ff0") == "6a82");        // an ADF is not selected by its FID
  CHECK(card.send("00a4000c027fff") == "6a82");        // no application is active
  CHECK(card.send("00a4040c05a000000087") == "9000");  // the RID alone
  CHECK(card.send("00a4000c026f07") == "9000");
  CHECK(card.send("00a4000c027fff") == "9000");
  CHECK(card.send("00a4040c07a0000000871004") == "6a82");  // no ISIM
  CHECK(card.send("00a4040e07a0000000871002") == "6a82");  // no second USIM
  CHECK(card.send("00a4000c023f00") == "9000");
  CHECK(card.send("00a4080c047f206f07") == "9000");
  CHECK(card.send("00a4080c067f206f076f07") == "6a82");
  CHECK(card.send("00a4080c037f206f") == "6a82");
  CHECK(card.send("00a4000c027f10") == "9000");  // a sibling of the current DF
  CHECK(card.send("00a4090c045f3a4f3a") == "9000");
  CHECK(card.send("00a4000c027f10") == "9000");  // the parent
  CHECK(card.send("00a4050c027f10") == "6a86");
  CHECK(card.send("00a4000c037f1000") == "6700");
  // 61xx without Le, the answer itself with Le.
  CHECK(card.send("00a40004023f00").starts_with("61"));
  CHECK(card.send("00a40004023f0000").ends_with("9000"));
}

TEST_CASE("READ and UPDATE BINARY keep to the file and to its access rules") {
  TestCard card;
  card.pre_personalise();
  card.select_usim();
  CHECK(card.send("00b0000001") == "6986");
  CHECK(card.send("00b0870009") == "6982");  // IMSI wants PIN1
  card.verify_pin();
  CHECK(card.send("00b0870009") == "0829261011608457409000");
  CHECK(card.send("00b0000003") == "0829269000");
  CHECK(card.send("00b0000700") == "57409000");
  CHECK(card.send("00b0000009").ends_with("9000"));
  CHECK(card.send("00b000000a") == "6c09");
  CHECK(card.send("00b0000900") == "9000");
  CHECK(card.send("00b0000a01") == "6b00");
  CHECK(card.send("00d60000020102") == "6982");                    // the issuer's file
  CHECK(card.send("00b08b000b") == "ffffffffffffff0000ff019000");  // LOCI
  CHECK(card.send("00d68b0004"
                  "01020304") == "9000");
  CHECK(card.send("00b000000b") == "01020304ffffff0000ff019000");
  CHECK(card.send("00d6000802"
                  "aabb") == "9000");
  CHECK(card.send("00d6000a02"
                  "aabb") == "6700");
  CHECK(card.send("00d69f0001"
                  "aa") == "6a82");
  CHECK(card.send("00b0bf0001") == "6a86");
  card.reset();
  card.select_usim();
  CHECK(card.send("00b08b000b") == "6982");
  card.verify_pin();
  CHECK(card.send("00b08b000b") == "01020304ffffff00aabb019000");
  CHECK(card.get("00a4000c026f3c") == "9000");
  CHECK(card.send("00b0000001") == "6981");  // not transparent
}

TEST_CASE("one content under two names: the phone book of DF.TELECOM and of the USIM") {
  TestCard card;
  ready(card);
  // ef_contents.json, EF_ADN, cut to our record of 34 octets (alpha of 20).
  const std::string record =
      "4b756e64656e626574726575756e67ffffffffff0791947112122721ffffffffffff"
      "";
  CHECK(card.get("00a4080c067fff5f3a4f3a") == "9000");
  CHECK(card.send("00dc030422" + record) == "9000");
  CHECK(card.get("00a4080c047f106f3a") == "9000");
  CHECK(card.send("00b2030422") == record + "9000");
  CHECK(card.send("00b2020422") == std::string(68, 'f') + "9000");
}

TEST_CASE("records: absolute, next, previous, current, and the search") {
  TestCard card;
  ready(card);
  CHECK(card.get("00a4000c026f3b") == "9000");  // FDN: PIN2 to update
  CHECK(card.send("00dc010422" + std::string(68, '1')) == "6982");
  CHECK(card.get("00a4080c067fff5f3a4f3a") == "9000");
  const auto record = [](char digit) { return std::string(68, digit); };
  CHECK(card.send("00b2000422") == "6a83");  // no current record
  for (const char digit : {'1', '2', '3'}) {
    CHECK(card.send("00dc000222" + record(digit)) == "9000");  // next
  }
  CHECK(card.send("00b2000422") == record('3') + "9000");  // current
  CHECK(card.send("00b2000322") == record('2') + "9000");  // previous
  CHECK(card.send("00b2000222") == record('3') + "9000");
  CHECK(card.send("00b2010422") == record('1') + "9000");  // absolute leaves the pointer
  CHECK(card.send("00b2000422") == record('3') + "9000");
  CHECK(card.send("00b2640422").ends_with("9000"));
  CHECK(card.send("00b2650422") == "6a83");
  CHECK(card.send("00b2010421") == "6c22");
  CHECK(card.send("00dc010421" + std::string(66, '1')) == "6700");
  CHECK(card.send("00b2010122") == "6a86");
  CHECK(card.send("00dc0a0422" + record('2')) == "9000");
  CHECK(card.get("00a2010402"
                 "2222") == "020a9000");
  CHECK(card.get("00a2030402"
                 "2222") == "0a9000");
  CHECK(card.get("00a2090502"
                 "2222") == "029000");
  CHECK(card.get("00a2010402"
                 "9999") == "6282");
  CHECK(card.get("00a2010604"
                 "0420"
                 "2222") == "020a9000");  // enhanced, from offset 32
  CHECK(card.get("00a2010604"
                 "0421"
                 "2222") == "6282");
  CHECK(card.get("00a2010c02"
                 "2222") == "020a9000");  // by SFI 01
}

TEST_CASE("INCREASE adds a record to the cyclic meter and never wraps") {
  TestCard card;
  ready(card);
  CHECK(card.get("00a4000c026f39") == "9000");
  CHECK(card.get("8032000003000005") == "0000050000059000");
  CHECK(card.get("8032000003000007") == "00000c0000079000");
  CHECK(card.send("00b2010403") == "00000c9000");
  CHECK(card.send("00b2020403") == "0000059000");
  CHECK(card.send("00b2030403") == "0000009000");
  CHECK(card.get("8032000003ffffff") == "9850");
  CHECK(card.send("00b2010403") == "00000c9000");
  CHECK(card.send("00dc000303010203") == "6982");  // update wants PIN2
  CHECK(card.send("00b2000203") == "0000059000");  // INCREASE left the pointer at the newest
  card.reset();
  card.select_usim();
  card.verify_pin();
  CHECK(card.get("00a4000c026f39") == "9000");
  CHECK(card.send("00b2000303") == "0000009000");  // previous of the newest is the oldest
}

TEST_CASE("deactivation is the issuer's, and logical channels have their own selection") {
  TestCard card;
  ready(card);
  CHECK(card.get("00a4000c026f7e") == "9000");
  CHECK(card.send("0004000000") == "6982");
  CHECK(card.send("0070000001") == "019000");
  CHECK(card.send("01b0000001") == "6986");
  CHECK(card.send("01a4000c022fe2") == "9000");
  CHECK(card.send("01b0000002") == "98889000");
  CHECK(card.send("00b000000b").ends_with("9000"));  // channel 0 is where it was
  CHECK(card.send("0070000001") == "029000");
  CHECK(card.send("0070000001") == "039000");
  CHECK(card.send("0070000001") == "6a81");
  CHECK(card.send("00708001") == "9000");
  CHECK(card.send("01b0000001") == "6881");
  CHECK(card.send("00700001") == "9000");
  CHECK(card.send("00700007") == "6a86");
  CHECK(card.send("04b0000001") == "6882");
  CHECK(card.send("41b0000001") == "6881");
}

TEST_CASE("wrong class, instruction and length have their status words") {
  TestCard card;
  ready(card);
  CHECK(card.send("00ff000000") == "6d00");
  CHECK(card.send("00f2000000") == "6e00");
  CHECK(card.send("90a4000000") == "6e00");
  CHECK(card.send("00") == "6700");
  CHECK(card.send("00a40004053f00") == "6700");
  CHECK(card.send("00b0000000000002") == "6700");  // extended
  CHECK(card.send("8078000100") == "6985");
  CHECK(card.send("0084000008").size() == 2 * 10);
  CHECK(card.send("00c0000008") == "6985");
  CHECK(card.send("80f2000c") == "9000");
  CHECK(card.send("80f2000112") == "8410a0000000871002ffffffff89070900009000");
  CHECK(card.send("80f2000000").starts_with("62"));
  CHECK(card.send("80f2000000").ends_with("9000"));
  CHECK(card.send("80f2000010").starts_with("6c"));
  CHECK(card.send("80aa000005a903830180") == "9000");
}

TEST_CASE("class A0: SELECT answers as fcp.json shows, status words of TS 51.011") {
  TestCard card;
  card.pre_personalise();
  CHECK(card.send("a0a40000023f00") == "9f16");
  const std::string mf = card.get("a0a40000023f00");
  CHECK(mf.substr(0, 28) == "000000003f000100000000000901");
  CHECK(mf.substr(32) == "0400838a838a9000");
  CHECK(card.get("a0a40000022fe2") == "0000000a2fe204000fff44010200009000");
  CHECK(card.get("a0a40000027f20").ends_with("9000"));
  CHECK(card.send("a0a40000027ff0") == "9404");
  CHECK(card.get("a0a40000026f07").ends_with("9000"));
  CHECK(card.send("a0b0000009") == "9804");
  CHECK(card.send("a020000108 39393939ffffffff") == "9804");
  CHECK(card.send("a020000108 30303030ffffffff") == "9000");
  CHECK(card.send("a0b0000009") == "0829261011608457409000");
  CHECK(card.get("a0a40000027f10").ends_with("9000"));
  CHECK(card.get("a0a40000026f3a").substr(0, 28) ==
        "00000d486f3a040011ff44" + std::string("010201"));
  CHECK(card.send("a0b2010422").ends_with("9000"));
  CHECK(card.send("a0b2650422") == "9402");
  CHECK(card.send("a0b0000001") == "9408");
}
