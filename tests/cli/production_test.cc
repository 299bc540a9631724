// The factory's line over real pack files: stopped, resumed, torn; and the folder that keeps one
// allocation from being made twice.
#include "apps/simurgh/production.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "apps/simurgh/factory_home.h"
#include "apps/simurgh/local_file.h"
#include "factory/note.h"
#include "io/process/process.h"
#include "uicc/card.h"

namespace simurgh::cli {
namespace {

using factory::test::Operator;

constexpr uint64_t chips = 5000;  // three chunks, the last one not full

struct Folder {
  Folder() {
    folder = std::filesystem::temp_directory_path() /
             ("simurgh-cli-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
    std::filesystem::create_directories(folder);
  }
  ~Folder() { std::filesystem::remove_all(folder); }
  std::string file(std::string_view name) const { return folder / name; }
  std::filesystem::path folder;
  static inline int count = 0;
};

struct Line : Folder {
  Operator op;
  factory::AllocationNote note = op.note(chips);
  process::OsRandom random;
  std::optional<factory::Batch> batch;
  std::unique_ptr<nv_file::Pack> pack;

  Line() {
    auto made = factory::Batch::of(note, op.transport_private);
    REQUIRE(made.has_value());
    batch.emplace(std::move(*made));
    open();
  }
  void open() {
    pack.reset();
    std::string problem;
    const std::string path = file("chips.pack");
    constexpr auto durability = nv_file::Durability::on_sync;
    auto opened = file_exists(path)
                      ? nv_file::Pack::open(path, durability, problem)
                      : nv_file::Pack::create(path, {.slots = chips}, random, durability, problem);
    REQUIRE_MESSAGE(opened.has_value(), problem);
    pack = std::move(*opened);
  }
  Outcome<void> run(bool stop_first = false, unsigned threads = 3) {
    ProductionLine line(*batch, *pack, random, threads);
    Progress progress("chips", chips, line.made(), false);
    const std::atomic<bool> stop = stop_first;
    return line.run(progress, stop);
  }
  factory::OrderFile order() { return ProductionLine(*batch, *pack, random, 1).order(note); }
  std::vector<uint8_t> image(uint64_t position) {
    const auto slot = pack->slot(position);
    std::vector<uint8_t> out(slot->size());
    REQUIRE(slot->read(0, out).has_value());
    return out;
  }
  // The chip in the slot, as a reader sees it.
  Result<Imsi> imsi_in(uint64_t position) {
    class Channel final : public factory::CardChannel {
     public:
      explicit Channel(uicc::Card& card) : card_(card) {}
      Result<ByteView> transmit(ByteView command) override { return card_.transmit(command); }
      uicc::Card& card_;
    };
    const auto slot = pack->slot(position);
    uicc::Card card({.nv = *slot, .random = random, .seal_key = pack->seal_key(position)});
    TRY(card.reset());
    Channel channel(card);
    return factory::ChipTool(channel).read_imsi();
  }
};

TEST_CASE_FIXTURE(Line, "D1, D3: every chip of the batch is made, on all threads, and counted") {
  REQUIRE(run().has_value());
  CHECK(pack->labelled() == chips);
  for (uint64_t position = 0; position < chips; position += 617) {
    CHECK(pack->label(position) == note.run.iccid_at(position));
    CHECK(*imsi_in(position) == note.run.imsi_at(position));
  }
  const factory::OrderFile made = order();
  CHECK(made.made == chips);
  CHECK(made.chips_sha256 == factory::chips_digest(note.run, chips));
  CHECK(made.iccid_last == note.run.iccid_at(chips - 1));
}

TEST_CASE_FIXTURE(Line, "a line that is stopped says so, and goes on where it was") {
  const auto stopped = run(true);
  REQUIRE_FALSE(stopped.has_value());
  CHECK(stopped.error().exit == Exit::interrupted);
  CHECK(order().made == 0);
  REQUIRE(run().has_value());
  const std::vector<uint8_t> before = image(4321);
  open();
  REQUIRE(run().has_value());
  CHECK(image(4321) == before);
}

TEST_CASE_FIXTURE(Line, "D1: a finished chip is never touched again, whatever became of it") {
  REQUIRE(run().has_value());
  // Its owner uses it; here even its memory is something else altogether.
  const ByteArray<16> used = {1, 2, 3};
  REQUIRE(pack->slot(10)->write(0, used).has_value());
  const std::vector<uint8_t> before = image(10);
  // A neighbour lost its label, so the line has work in this chunk.
  REQUIRE(pack->set_label(11, {}).has_value());
  REQUIRE(run().has_value());
  CHECK(image(10) == before);
  CHECK(pack->label(11) == note.run.iccid_at(11));
}

TEST_CASE_FIXTURE(Line, "chips without a label are taken up: done, half done, or not begun") {
  REQUIRE(run().has_value());
  const std::vector<uint8_t> done = image(1);
  for (const uint64_t position : {1u, 2u, 3u}) {
    REQUIRE(pack->set_label(position, {}).has_value());
  }
  // Slot 2 was half written when the machine lost its power; slot 3 holds noise, zeros first.
  std::vector<uint8_t> part = image(2);
  std::fill(part.begin() + 300, part.end(), uint8_t{0});
  REQUIRE(pack->slot(2)->write(0, part).has_value());
  std::vector<uint8_t> noise(part.size(), 0);
  for (size_t i = 5000; i < noise.size(); ++i) noise[i] = static_cast<uint8_t>(i * 31);
  REQUIRE(pack->slot(3)->write(0, noise).has_value());
  open();
  CHECK(order().made == 1);
  REQUIRE(run().has_value());
  CHECK(image(1) == done);
  for (const uint64_t position : {1u, 2u, 3u}) {
    CHECK(*imsi_in(position) == note.run.imsi_at(position));
  }
  CHECK(order().chips_sha256 == factory::chips_digest(note.run, chips));
}

TEST_CASE_FIXTURE(Line, "D1: a pack of other chips is refused and left as it is") {
  REQUIRE(pack->set_label(7, note.run.iccid_at(8)).has_value());
  const auto refused = run();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().exit == Exit::local);
  CHECK(pack->labelled() == 1);
}

// --- the factory's folder ------------------------------------------------------------------------

struct Home : Folder {
  process::OsRandom random;
  Operator op;
  std::string path = file("home");
};

TEST_CASE_FIXTURE(Home, "the transport key is made once, kept from others, and read back") {
  const auto made = FactoryHome::create(path, "", random);
  REQUIRE(made.has_value());
  CHECK_FALSE(FactoryHome::create(path, "", random).has_value());
  const auto opened = FactoryHome::open(path);
  REQUIRE(opened.has_value());
  CHECK(opened->transport_public_hex() == made->transport_public_hex());
  CHECK(crypto::secure_equal(opened->transport_private().view(), made->transport_private().view()));
  using std::filesystem::perms;
  CHECK(std::filesystem::status(path).permissions() == perms::owner_all);
  CHECK(std::filesystem::status(path + "/factory.json").permissions() ==
        (perms::owner_read | perms::owner_write));
  CHECK_FALSE(FactoryHome::open(file("nowhere")).has_value());
}

TEST_CASE_FIXTURE(Home, "the first allocation's key is trusted, and from then on no other") {
  auto home = FactoryHome::create(path, "", random);
  REQUIRE(home.has_value());
  std::string trusted;
  REQUIRE(home->trust(op.note(), trusted).has_value());
  CHECK(trusted.size() == 64);
  auto again = FactoryHome::open(path);
  REQUIRE(again.has_value());
  trusted.clear();
  CHECK(again->trust(op.note(), trusted).has_value());
  CHECK(trusted.empty());
  // Somebody on the way signs with a key of his own.
  Operator thief;
  crypto::MemoryKeyStore other(99);
  factory::AllocationNote forged = op.note();
  forged.server_keys.ed25519.assign(*other.public_key(crypto::SignatureScheme::ed25519));
  REQUIRE(factory::sign(forged, other).has_value());
  CHECK_FALSE(again->trust(forged, trusted).has_value());
}

TEST_CASE_FIXTURE(Home, "a key that was given beforehand is trusted from the first allocation on") {
  auto home = FactoryHome::create(path, std::string(64, '1'), random);
  REQUIRE(home.has_value());
  std::string trusted;
  CHECK_FALSE(home->trust(op.note(), trusted).has_value());
  CHECK(FactoryHome::create(file("b"), "12", random).error().exit == Exit::usage);
}

TEST_CASE_FIXTURE(Home, "what is made where is remembered, and a damaged record is no new start") {
  auto home = FactoryHome::create(path, "", random);
  REQUIRE(home.has_value());
  CHECK_FALSE(home->record(3)->has_value());
  const AllocationRecord record{
      .note = factory::write_allocation(op.note()), .pack = "/somewhere/x.pack", .pack_made = true};
  REQUIRE(home->save(3, record).has_value());
  REQUIRE(home->save(12, record).has_value());
  const auto read = home->record(3);
  REQUIRE(read.has_value());
  REQUIRE(read->has_value());
  CHECK((*read)->pack == record.pack);
  CHECK((*read)->pack_made);
  CHECK((*read)->note == record.note);
  CHECK(*home->allocations() == std::vector<uint64_t>{3, 12});
  std::ofstream(path + "/allocation-3.json") << "{\"pack\":\"/some";
  CHECK_FALSE(home->record(3).has_value());
}

TEST_CASE_FIXTURE(Folder, "files are written whole or not at all, and not over others") {
  const std::string path = file("a");
  REQUIRE(write_file(path, "one", Access::owner_only, Overwrite::no).has_value());
  CHECK_FALSE(write_file(path, "two", Access::owner_only, Overwrite::no).has_value());
  CHECK(*read_file(path) == "one");
  REQUIRE(write_file(path, "three", Access::readable, Overwrite::yes).has_value());
  CHECK(*read_file(path) == "three");
  CHECK_FALSE(write_file(file("no/such"), "x", Access::readable, Overwrite::yes).has_value());
  // Nothing is left lying about.
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) {
    ++files;
  }
  CHECK(files == 1);
}

}  // namespace
}  // namespace simurgh::cli
