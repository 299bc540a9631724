#include "formats/remote_management/global_platform.h"

#include <list>

#include "formats/tlv/ber_tlv.h"
#include "round_trip.h"

using namespace simurgh;
using namespace simurgh::remote_management;
using test::Bytes;
using test::from_hex;
using test::to_hex;

namespace {

// Octets that stay: what is parsed points into them.
ByteView kept(std::string_view hex) {
  static std::list<Bytes> all;
  return all.emplace_back(from_hex(hex));
}

Aid aid_of(std::string_view hex) {
  return *Aid::of(from_hex(hex));
}

template <typename Parse, typename Write>
void check_command(std::string_view hex, Parse parse, Write write) {
  CAPTURE(hex);
  const auto parse_apdu = [&](ByteView bytes) -> decltype(parse(apdu::Command{})) {
    return parse(TRY(apdu::parse_command(bytes)));
  };
  const auto write_apdu = [&](const auto& value, MutableByteView out) -> Result<ByteView> {
    Bytes room(command_data_octets_max);
    return apdu::write_command(TRY(write(value, MutableByteView(room))), out);
  };
  const Bytes bytes = from_hex(hex);
  test::check_rewriting(bytes, parse_apdu, write_apdu);
  test::try_truncations(bytes, parse_apdu);
  test::check_changes(bytes, parse_apdu, write_apdu);
}

}  // namespace

TEST_CASE("G3: the commands that load and install an applet are read and written") {
  check_command("80e602001a07a000000087100108a0000001510000000006ef04c60201000000",
                parse_install_for_load, write_install_for_load);
  check_command(
      "80e602002c07a0000000871001002011111111111111111111111111111111111111111111111111111111111111"
      "11000000",
      parse_install_for_load, write_install_for_load);
  check_command(
      "80e60c003407a000000087100108a00000008710010108a000000087100102010416c9020102ea10800eff011001"
      "010101011603b12345020000",
      parse_install_for_install, write_install_for_install);
  check_command(
      "80e604002a07a000000087100108a00000008710010108a0000000871001020380000002c9000822222222222222"
      "2200",
      parse_install_for_install, write_install_for_install);
  const auto error = [](const char* hex) {
    const auto parsed = parse_install_for_load(*apdu::parse_command(kept(hex)));
    return parsed.has_value() ? ErrorCode::io : parsed.error().code;
  };
  // No name, a name of four octets, no token, one octet too many, another command.
  CHECK(error("80e6020005 0000000000 00") == ErrorCode::bad_length);
  CHECK(error("80e6020009 04a0000000 00000000 00") == ErrorCode::bad_length);
  CHECK(error("80e602000b 07a0000000871001 000000 00") == ErrorCode::truncated);
  CHECK(error("80e602000d 07a0000000871001 00000000 00 00") == ErrorCode::trailing_bytes);
  CHECK(error("80e604000c 07a0000000871001 00000000 00") == ErrorCode::bad_value);
  CHECK(error("00e602000c 07a0000000871001 00000000 00") == ErrorCode::bad_value);
}

TEST_CASE("G3: install parameters carry what the toolkit keeps of an applet") {
  const Bytes bytes = from_hex("c9020102ea10800eff011001010101011603b1234502");
  const auto parameters = parse_install_parameters(bytes);
  REQUIRE(parameters.has_value());
  CHECK(to_hex(parameters->application) == "0102");
  const auto toolkit = parse_uicc_toolkit_parameters(parameters->uicc_toolkit);
  REQUIRE(toolkit.has_value());
  CHECK(toolkit->priority == 0xff);
  CHECK(toolkit->timers_max == 1);
  CHECK(toolkit->menu_text_octets_max == 16);
  CHECK(to_hex(toolkit->menu_entries) == "0101");
  CHECK(toolkit->channels_max == 1);
  CHECK(to_hex(toolkit->minimum_security) == "16");
  CHECK(to_hex(toolkit->tars) == "b12345");
  CHECK(toolkit->services_max == 2);
  test::check_rewriting(bytes, parse_install_parameters, write_install_parameters);
  test::check_changes(bytes, parse_install_parameters, write_install_parameters);
  test::check_format(parameters->uicc_toolkit, parse_uicc_toolkit_parameters,
                     write_uicc_toolkit_parameters);
  // Inside EF, as older loaders put it.
  const Bytes inside = from_hex("ef0aca03010203ea0380010ac900");
  CHECK(to_hex(parse_install_parameters(inside)->sim_toolkit) == "010203");
  CHECK(to_hex(parse_install_parameters(inside)->uicc_toolkit) == "80010a");
}

TEST_CASE("G3: a load file of any length is cut into blocks that make it again") {
  for (const size_t size : {0u, 1u, 100u, 127u, 128u, 250u, 255u, 256u, 300u, 2000u}) {
    for (const size_t block : {1u, 2u, 3u, 100u, 255u}) {
      Bytes file(size);
      for (size_t i = 0; i < size; ++i) file[i] = static_cast<uint8_t>(i * 7);
      LoadFileCutter cutter(file, block);
      Bytes room(block), whole;
      if (cutter.block_count() > LoadFileCutter::blocks_max) {
        CHECK(cutter.next(room).error().code == ErrorCode::too_large);
        continue;
      }
      size_t number = 0;
      bool last = false;
      while (!cutter.at_end()) {
        const auto command = cutter.next(room);
        REQUIRE(command.has_value());
        const auto load = parse_load_block(*command);
        REQUIRE(load.has_value());
        CHECK(load->number == number++);
        CHECK(!last);
        last = load->last;
        whole.insert(whole.end(), load->data.begin(), load->data.end());
      }
      CHECK(last);
      Bytes expected_room(size + 8);
      Writer writer(expected_room);
      tlv::BerWriter(writer).element(0xc4, file);
      CHECK(to_hex(whole) == to_hex(writer.written()));
    }
  }
  CHECK(parse_load_block(*apdu::parse_command(kept("80e80100020102"))).error().code ==
        ErrorCode::bad_value);
  CHECK(parse_load_block(*apdu::parse_command(kept("80e88000"))).error().code ==
        ErrorCode::bad_length);
}

TEST_CASE("G3: DELETE of content and of keys") {
  for (const char* hex : {"80e40080094f07a000000087100100", "80e400000a4f08a00000008710010200",
                          "80e4000003d2014100", "80e4000006d00101d2014100"}) {
    check_command(hex, parse_delete, write_delete);
  }
  const auto error = [](const char* hex) {
    return parse_delete(*apdu::parse_command(kept(hex))).error().code;
  };
  CHECK(error("80e4000000") == ErrorCode::bad_value);
  CHECK(error("80e400000c4f07a0000000871001d2014100") == ErrorCode::bad_value);
  CHECK(error("80e40000124f07a00000008710014f07a000000087100100") == ErrorCode::bad_value);
  CHECK(error("80e48000094f07a000000087100100") == ErrorCode::unsupported);
}

TEST_CASE("G3: GET STATUS goes through pages") {
  for (const char* hex :
       {"80f28002024f0000", "80f24003074f05a00000008700", "80f21002064f005c024f8400"}) {
    check_command(hex, parse_get_status, write_get_status);
  }
  // A card with nine packages and room for 100 octets an answer.
  std::vector<StatusEntry> all;
  std::vector<Aid> modules = {aid_of("a000000087100101"), aid_of("a000000087100102")};
  const Bytes privileges = from_hex("800000"), version = from_hex("0102");
  for (uint8_t i = 0; i < 9; ++i) {
    StatusEntry entry;
    entry.aid = aid_of("a0000000871001" + to_hex({&i, 1}));
    entry.life_cycle = static_cast<uint8_t>(i + 1);
    entry.privileges = privileges;
    entry.version = version;
    entry.load_file = aid_of("a00000008710");
    entry.security_domain = aid_of("a000000151000000");
    all.push_back(entry);
  }
  size_t given = 0, pages = 0, seen = 0;
  while (given < all.size()) {
    Bytes page(150);
    size_t used = 0;
    while (given < all.size()) {
      const auto written =
          write_status_entry(all[given], modules, MutableByteView(page).subspan(used));
      if (!written.has_value()) {
        CHECK(written.error().code == ErrorCode::no_space);
        break;
      }
      used += written->size();
      ++given;
    }
    ++pages;
    REQUIRE(used > 0);
    page.resize(used);
    StatusEntries entries(page);
    while (!entries.at_end()) {
      const auto entry = entries.next();
      REQUIRE(entry.has_value());
      CHECK(entry->aid == all[seen].aid);
      CHECK(entry->life_cycle == all[seen].life_cycle);
      CHECK(to_hex(entry->privileges) == "800000");
      CHECK(to_hex(entry->version) == "0102");
      CHECK(entry->load_file == all[seen].load_file);
      CHECK(entry->security_domain == all[seen].security_domain);
      ByteView view = entry->modules;
      CHECK(*take_module(view) == modules[0]);
      CHECK(*take_module(view) == modules[1]);
      CHECK(take_module(view).error().code == ErrorCode::not_found);
      ++seen;
    }
    for (size_t size = 1; size < page.size(); ++size) {
      const Bytes cut(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(size));
      StatusEntries some(cut);
      while (!some.at_end() && some.next().has_value()) {
      }
    }
  }
  CHECK(seen == all.size());
  CHECK(pages == 5);
  CHECK(more_entries.value == 0x6310);
  CHECK(parse_get_status(*apdu::parse_command(kept("80f24000024f0000"))).error().code ==
        ErrorCode::unsupported);
}

TEST_CASE("G3: SET STATUS, STORE DATA, PUT KEY") {
  check_command("80f0408308a000000087100102", parse_set_status, write_set_status);
  check_command("80f08007", parse_set_status, write_set_status);
  CHECK(parse_set_status(*apdu::parse_command(kept("80f04007"))).error().code ==
        ErrorCode::bad_length);

  const auto store = parse_store_data(*apdu::parse_command(kept("80e2900002 0102")));
  REQUIRE(store.has_value());
  CHECK(store->last);
  CHECK(store->structure == DataStructure::ber_tlv);
  Bytes room(16);
  CHECK(to_hex(*apdu::write_command(*write_store_data(*store), room)) == "80e29000020102");
  CHECK(parse_store_data(*apdu::parse_command(kept("80e2e00002 0102"))).error().code ==
        ErrorCode::unsupported);

  const auto rewrite_keys = [](const PutKey& put, MutableByteView out) -> Result<apdu::Command> {
    std::vector<KeyBlock> keys;
    ByteView rest = put.keys;
    while (!rest.empty()) keys.push_back(TRY(take_key_block(rest)));
    return write_put_key(put, keys, out);
  };
  check_command(
      "80d8008146428811100101010101010101010101010101010103aabbcc88111002020202020202020202020202"
      "02020203aabbcc8811100303030303030303030303030303030303aabbcc00",
      parse_put_key, rewrite_keys);
  check_command(
      "80d84101154285111055555555555555555555555555555555"
      "0000",
      parse_put_key, rewrite_keys);
  const auto put = parse_put_key(
      *apdu::parse_command(kept("80d841011542851110555555555555555555555555555555550000")));
  REQUIRE(put.has_value());
  CHECK(put->replaced_version == 0x41);
  CHECK(put->new_version == 0x42);
  ByteView keys = put->keys;
  CHECK(take_key_block(keys)->type == KeyType::psk_tls);
  CHECK(parse_put_key(*apdu::parse_command(kept("80d8000103420105"))).error().code ==
        ErrorCode::truncated);
  CHECK(parse_put_key(*apdu::parse_command(kept("80d800010442ff0101"))).error().code ==
        ErrorCode::unsupported);
  CHECK(parse_put_key(*apdu::parse_command(kept("80d800010142"))).error().code ==
        ErrorCode::bad_length);
}

TEST_CASE("T2: names of applications have five to sixteen octets") {
  CHECK(!Aid::of(from_hex("a0000000")).has_value());
  CHECK(!Aid::of(Bytes(17)).has_value());
  const Aid aid = aid_of("a0000000871002ff44ff1289b1234501");
  CHECK(to_hex(aid.rid()) == "a000000087");
  CHECK(to_hex(aid.pix()) == "1002ff44ff1289b1234501");
  CHECK(to_hex(*tar_of(aid)) == "b12345");
  CHECK(!tar_of(aid_of("a0000000871002ff44ff1289b123")).has_value());
  CHECK(aid.begins_with(from_hex("a000000087")));
  CHECK(aid.begins_with({}));
  CHECK(!aid.begins_with(from_hex("a000000088")));
}
