// Long: the journal from its file to what recovery makes of it, with one small server for all.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "crypto/memory_key_store.h"
#include "io/journal/frame.h"
#include "io/journal/journal_file.h"
#include "memory_store/memory_journal.h"
#include "stores/back_ends.h"
#include "stores/rows.h"

using namespace simurgh;
using namespace simurgh::test;
using hlr::CommitMark;
using hlr::JournalRecord;
using hlr::RecoveryAction;
using hlr::StartCondition;
using journal::JournalFile;

namespace {

constexpr ByteArray<16> database = {0xda, 0x7a};

JournalRecord record(JournalRecord::Kind kind, uint64_t chip, uint32_t life, uint32_t epoch) {
  JournalRecord out;
  out.kind = kind;
  out.iccid = iccid_of(chip);
  out.imsi = imsi_of(chip);
  out.life = life;
  out.epoch = epoch;
  if (kind == JournalRecord::Kind::epoch) {
    out.sealed = filled<hlr::journal_secret_octets_max>(60, static_cast<uint8_t>(epoch));
  }
  return out;
}

JournalRecord epoch_record(uint64_t chip, uint32_t epoch) {
  return record(JournalRecord::Kind::epoch, chip, 0, epoch);
}

std::vector<JournalRecord> all_of(hlr::KeyJournal& journal) {
  std::vector<JournalRecord> records;
  REQUIRE(journal
              .replay([&](const JournalRecord& seen) -> Result<void> {
                records.push_back(seen);
                return {};
              })
              .has_value());
  return records;
}

class Files {
 public:
  Result<JournalFile::Opened> open() {
    problem.clear();
    return JournalFile::open(directory.path(), database, keys, random, problem);
  }
  std::unique_ptr<JournalFile> must_open() {
    auto opened = open();
    INFO(problem);
    REQUIRE(opened.has_value());
    torn_octets = opened->torn_octets;
    return std::move(opened->journal);
  }
  std::string read(const char* name = "keys.journal") {
    std::ifstream file(directory.file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& bytes, const char* name = "keys.journal") {
    std::ofstream file(directory.file(name), std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  ScratchDirectory directory;
  crypto::MemoryKeyStore keys{1};
  SeededRandom random{5};
  std::string problem;
  uint64_t torn_octets = 0;
};

// Three frames of one, two and one records; the sizes of the file after each.
std::vector<size_t> write_three_frames(Files& files) {
  const auto journal = files.must_open();
  std::vector<size_t> sizes{files.read().size()};
  REQUIRE(journal->append(epoch_record(1, 1)).has_value());
  REQUIRE(journal->sync().has_value());
  sizes.push_back(files.read().size());
  REQUIRE(journal->append(epoch_record(2, 1)).has_value());
  REQUIRE(journal->append(epoch_record(3, 1)).has_value());
  REQUIRE(journal->sync().has_value());
  sizes.push_back(files.read().size());
  REQUIRE(journal->append(epoch_record(4, 1)).has_value());
  REQUIRE(journal->sync().has_value());
  sizes.push_back(files.read().size());
  return sizes;
}

}  // namespace

TEST_CASE("what was synced is replayed in order, with sequence and generation") {
  Files files;
  {
    const auto journal = files.must_open();
    CHECK(journal->sequence() == 0);
    REQUIRE(journal->append(epoch_record(1, 1)).has_value());
    CHECK(journal->sequence() == 1);
    REQUIRE(journal->sync().has_value());
    REQUIRE(journal->sync().has_value());  // nothing more
    REQUIRE(journal->committed({database, 7, 1}).has_value());
    CHECK(!journal->committed({database, 6, 1}).has_value());
    CHECK(!journal->committed({{1}, 8, 1}).has_value());
    JournalRecord numbers;
    numbers.kind = JournalRecord::Kind::numbers;
    numbers.range = 3;
    numbers.allocated = 1234567890123;
    REQUIRE(journal->append(numbers).has_value());
    REQUIRE(journal->sync().has_value());
    REQUIRE(journal->append(epoch_record(9, 9)).has_value());  // never synced
  }
  const auto journal = files.must_open();
  CHECK(journal->sequence() == 2);
  CHECK(*journal->mark() == CommitMark{database, 7, 1});
  const auto records = all_of(*journal);
  REQUIRE(records.size() == 2);
  JournalRecord first = epoch_record(1, 1);
  first.sequence = 1;
  first.generation = 1;
  CHECK(records[0] == first);
  CHECK(records[1].sequence == 2);
  CHECK(records[1].generation == 8);
  CHECK(records[1].allocated == 1234567890123);
  CHECK(all_of(*journal) == records);  // again
}

TEST_CASE("a batch larger than a frame is cut into frames") {
  Files files;
  constexpr uint64_t count = 20'000;
  {
    const auto journal = files.must_open();
    for (uint64_t i = 0; i < count; ++i) {
      REQUIRE(journal->append(epoch_record(i, 1)).has_value());
    }
    REQUIRE(journal->sync().has_value());
  }
  const auto journal = files.must_open();
  CHECK(journal->sequence() == count);
  CHECK(all_of(*journal).size() == count);
}

TEST_CASE("a torn last frame is cut at every length, and nothing before it is lost") {
  Files files;
  const auto sizes = write_three_frames(files);
  const std::string whole = files.read();
  for (size_t size = sizes[2]; size < sizes[3]; ++size) {
    CAPTURE(size);
    files.write(whole.substr(0, size));
    {
      const auto journal = files.must_open();
      CHECK(journal->sequence() == 3);
      CHECK(files.torn_octets == size - sizes[2]);
      REQUIRE(journal->append(epoch_record(5, 1)).has_value());
      REQUIRE(journal->sync().has_value());
    }
    CHECK(files.must_open()->sequence() == 4);
  }
  // The size had grown, the data had not arrived; or only parts of it.
  for (const size_t kept : {size_t{0}, size_t{3}, size_t{50}}) {
    std::string torn = whole.substr(0, sizes[2] + kept);
    torn.resize(sizes[3], '\0');
    files.write(torn);
    CHECK(files.must_open()->sequence() == 3);
  }
}

TEST_CASE("a header that was never finished is made anew; a journal of no records is one") {
  Files files;
  for (const size_t size : {0u, 1u, 91u}) {
    files.write(std::string(size, 'x'));
    const auto opened = files.open();
    REQUIRE(opened.has_value());
    CHECK(opened->made);
  }
  CHECK(files.must_open()->sequence() == 0);
}

TEST_CASE("no octet before the last frame can be altered, no frame removed, moved or doubled") {
  Files files;
  const auto sizes = write_three_frames(files);
  const std::string whole = files.read();
  const auto refused = [&](const std::string& bytes) {
    files.write(bytes);
    const auto opened = files.open();
    // A length that was altered may look like a torn end. Then records are missing, which the
    // database knows (compare: journal_behind).
    return !opened.has_value() || opened->journal->sequence() < 3;
  };
  for (size_t at = 0; at < sizes[2]; ++at) {
    CAPTURE(at);
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    CHECK(refused(altered));
  }
  const std::string header = whole.substr(0, sizes[0]);
  const std::string a = whole.substr(sizes[0], sizes[1] - sizes[0]);
  const std::string b = whole.substr(sizes[1], sizes[2] - sizes[1]);
  const std::string c = whole.substr(sizes[2]);
  CHECK(refused(header + b + c));
  CHECK(refused(header + a + c));
  CHECK(refused(header + b + a + c));
  CHECK(refused(header + a + a + b + c));
  files.write(whole);
  crypto::MemoryKeyStore other(2);
  CHECK(JournalFile::open(files.directory.path(), database, other, files.random, files.problem)
            .error()
            .code == ErrorCode::bad_mac);
}

TEST_CASE("frames: every truncation is a clean error, and what is written parses back") {
  JournalRecord in = epoch_record(7, 8);
  in.sequence = 9;
  in.generation = 10;
  in.range = 11;
  in.allocated = 12;
  ByteArray<journal::record_octets_max> room;
  const ByteView bytes = *journal::write_record(in, room);
  CHECK(*journal::parse_record(bytes) == in);
  for (size_t size = 0; size < bytes.size(); ++size) {
    CHECK(!journal::parse_record(bytes.first(size)).has_value());
  }
  JournalRecord reset = record(JournalRecord::Kind::reset, 7, 1, 0);
  reset.command.assign(hlr::journal_command_octets_max, 0x5a);
  ByteArray<journal::record_octets_max> reset_room;
  const ByteView reset_bytes = *journal::write_record(reset, reset_room);
  CHECK(*journal::parse_record(reset_bytes) == reset);
  for (size_t size = 0; size < reset_bytes.size(); ++size) {
    CHECK(!journal::parse_record(reset_bytes.first(size)).has_value());
  }
  const Key256 key(ByteArray<32>{1});
  const auto frame = journal::make_frame(key.view(), {}, bytes, 1);
  for (size_t size = 0; size < frame.bytes.size(); ++size) {
    CHECK(!journal::parse_frame(key.view(), {}, ByteView(frame.bytes).first(size)).has_value());
  }
  CHECK(journal::parse_frame(key.view(), {}, frame.bytes)->mac == frame.mac);
  const auto mark = journal::write_mark(key.view(), {database, 5, 6});
  CHECK(*journal::parse_mark(key.view(), mark) == CommitMark{database, 5, 6});
  for (size_t size = 0; size < mark.size(); ++size) {
    CHECK(!journal::parse_mark(key.view(), ByteView(mark).first(size)).has_value());
  }
}

TEST_CASE("marks: the newer good one counts; a torn one leaves the one before") {
  Files files;
  {
    const auto journal = files.must_open();
    for (uint64_t generation = 1; generation <= 5; ++generation) {
      REQUIRE(journal->committed({database, generation, 0}).has_value());
    }
  }
  CHECK(files.must_open()->mark()->generation == 5);
  std::string marks = files.read("keys.mark");
  marks[512 + 20] = static_cast<char>(marks[512 + 20] ^ 1);  // 5 is in the second slot
  files.write(marks, "keys.mark");
  CHECK(files.must_open()->mark()->generation == 4);
  files.write("", "keys.mark");
  CHECK(files.must_open()->mark()->generation == 0);
}

TEST_CASE("one process at a time has the journal") {
  Files files;
  const auto journal = files.must_open();
  const auto second = files.open();
  REQUIRE(!second.has_value());
  CHECK(second.error().code == ErrorCode::busy);
}

// --- the decision ------------------------------------------------------------------------------

TEST_CASE("start conditions") {
  const auto condition = [](CommitMark db, uint64_t marked, uint64_t sequence,
                            uint64_t generation) {
    return hlr::compare(db, {database, marked, 0}, sequence, generation);
  };
  const CommitMark at_10{database, 10, 5};
  CHECK(condition(at_10, 10, 5, 10) == StartCondition::clean);
  CHECK(condition(at_10, 9, 5, 9) == StartCondition::clean);  // mark lost, or no keys lately
  CHECK(condition(at_10, 0, 5, 3) == StartCondition::clean);
  CHECK(condition(at_10, 10, 6, 11) == StartCondition::interrupted);
  CHECK(condition(at_10, 11, 5, 9) == StartCondition::restored);
  CHECK(condition(at_10, 10, 6, 12) == StartCondition::restored);
  CHECK(condition(at_10, 15, 6, 11) == StartCondition::restored);
  CHECK(condition(at_10, 10, 4, 10) == StartCondition::journal_behind);
  CHECK(hlr::compare({{1}, 10, 5}, {database, 10, 5}, 5, 10) == StartCondition::foreign);
  CHECK(hlr::compare({database, 10, 0}, {}, 0, 0) == StartCondition::clean);  // a new journal
}

TEST_CASE("what becomes of one chip") {
  const auto journalled = [](uint32_t life, uint32_t epoch, bool reset) {
    hlr::JournalledChip chip;
    chip.iccid = iccid_of(1);
    chip.life = life;
    chip.epoch = epoch;
    chip.reset = reset;
    chip.sold = epoch == 0;
    chip.last.kind = epoch == 0 ? JournalRecord::Kind::sold : JournalRecord::Kind::epoch;
    return chip;
  };
  using Stored = std::optional<hlr::StoredChip>;
  const auto restored = [&](const hlr::JournalledChip& chip, const Stored& stored) {
    return hlr::decide(StartCondition::restored, chip, stored);
  };
  CHECK(restored(journalled(0, 2, false), Stored({0, 1, false})) == RecoveryAction::roll_forward);
  CHECK(restored(journalled(0, 2, false), Stored({0, 2, false})) == RecoveryAction::none);
  CHECK(restored(journalled(0, 2, false), Stored({0, 3, false})) == RecoveryAction::fence);
  CHECK(restored(journalled(0, 2, false), Stored()) == RecoveryAction::take_up);
  CHECK(restored(journalled(1, 0, false), Stored({0, 3, false})) == RecoveryAction::take_up);
  CHECK(restored(journalled(0, 3, false), Stored({1, 0, false})) == RecoveryAction::none);
  CHECK(restored(journalled(0, 2, true), Stored({0, 2, false})) == RecoveryAction::finish_reset);
  CHECK(restored(journalled(0, 2, true), Stored({0, 1, false})) == RecoveryAction::finish_reset);
  CHECK(restored(journalled(0, 2, true), Stored({0, 2, true})) == RecoveryAction::finish_reset);
  CHECK(restored(journalled(0, 2, false), Stored({0, 2, true})) == RecoveryAction::none);
  CHECK(restored(journalled(0, 2, true), Stored()) == RecoveryAction::take_up);
  CHECK(restored(journalled(0, 0, false), Stored({0, 1, false})) == RecoveryAction::take_up);
  auto offered = journalled(0, 2, false);
  offered.offered = 4;
  CHECK(restored(offered, Stored({0, 2, false})) == RecoveryAction::settle);
  CHECK(restored(offered, Stored({0, 1, false})) == RecoveryAction::roll_forward);

  // Nobody was told anything of an interrupted batch: at most the epoch counts.
  const auto interrupted = [&](const hlr::JournalledChip& chip, const Stored& stored) {
    return hlr::decide(StartCondition::interrupted, chip, stored);
  };
  CHECK(interrupted(journalled(0, 2, false), Stored({0, 1, false})) ==
        RecoveryAction::roll_forward);
  CHECK(interrupted(journalled(0, 2, true), Stored({0, 2, false})) == RecoveryAction::none);
  CHECK(interrupted(journalled(0, 0, false), Stored()) == RecoveryAction::none);
  CHECK(hlr::decide(StartCondition::clean, journalled(0, 9, false), Stored({0, 1, false})) ==
        RecoveryAction::none);
}

namespace {

// A little server: chips with life and epoch in a table, a journal, commits.
struct Server {
  memory_store::MemoryJournal journal{database};
  CommitMark mark{database, 0, 0};
  std::map<Iccid, hlr::StoredChip> chips;
  std::map<uint64_t, uint64_t> numbers;

  void change(const JournalRecord& entry) {
    REQUIRE(journal.append(entry).has_value());
    hlr::StoredChip& chip = chips[entry.iccid];
    chip = {entry.life, entry.epoch, entry.kind == JournalRecord::Kind::reset};
  }
  void commit() {
    REQUIRE(journal.sync().has_value());
    ++mark.generation;
    mark.journal_sequence = journal.sequence();
    REQUIRE(journal.committed(mark).has_value());
  }
  hlr::RecoveryPlan plan() {
    const auto made = hlr::plan_recovery(
        journal, mark, [&](const Iccid& iccid) -> Result<std::optional<hlr::StoredChip>> {
          const auto chip = chips.find(iccid);
          if (chip == chips.end()) return std::optional<hlr::StoredChip>();
          return std::optional(chip->second);
        });
    REQUIRE(made.has_value());
    return *made;
  }
};

}  // namespace

TEST_CASE(
    "I1: an old database is rolled forward to what the chips have, and the rest is taken up") {
  using Kind = JournalRecord::Kind;
  Server server;
  for (uint64_t chip = 1; chip <= 5; ++chip) server.change(record(Kind::sold, chip, 0, 0));
  server.change(epoch_record(1, 1));
  server.commit();
  CHECK(server.plan().condition == StartCondition::clean);
  const Server copy = server;  // of the database; the journal goes on
  server.change(epoch_record(1, 2));
  server.change(epoch_record(1, 3));
  server.change(epoch_record(2, 1));
  server.commit();
  server.change(record(Kind::reset, 3, 0, 0));
  server.commit();
  server.change(record(Kind::reset, 4, 0, 0));
  server.change(record(Kind::sold, 4, 1, 0));
  server.change(record(Kind::sold, 6, 0, 0));
  JournalRecord numbers;
  numbers.kind = Kind::numbers;
  numbers.range = 2;
  numbers.iccid = iccid_of(1);
  numbers.imsi = imsi_of(1);
  numbers.allocated = 700;
  REQUIRE(server.journal.append(numbers).has_value());
  numbers.allocated = 300;
  REQUIRE(server.journal.append(numbers).has_value());
  numbers.iccid = iccid_of(2);  // another range that had its id
  REQUIRE(server.journal.append(numbers).has_value());
  server.commit();

  server.mark = copy.mark;
  server.chips = copy.chips;
  const auto plan = server.plan();
  CHECK(plan.condition == StartCondition::restored);
  CHECK(plan.generation == 5);
  CHECK(plan.numbers == std::vector<fleet::GivenOut>{{2, iccid_of(1), imsi_of(1), 700},
                                                     {2, iccid_of(2), imsi_of(1), 300}});
  REQUIRE(plan.steps.size() == 5);
  CHECK(plan.steps[0].action == RecoveryAction::roll_forward);
  CHECK(plan.steps[0].chip.epoch == 3);
  CHECK(plan.steps[0].chip.last.sealed == epoch_record(1, 3).sealed);
  CHECK(plan.steps[1].action == RecoveryAction::roll_forward);
  CHECK(plan.steps[1].chip.iccid == iccid_of(2));
  CHECK(plan.steps[2].action == RecoveryAction::finish_reset);
  CHECK(plan.steps[3].action == RecoveryAction::take_up);  // sold again, to whom?
  CHECK(plan.steps[4].action == RecoveryAction::take_up);  // unknown to the old copy
  CHECK(plan.steps[4].chip.iccid == iccid_of(6));

  // Recovered once, it is clean, also when it is then looked at again.
  server.chips[iccid_of(1)] = {0, 3, false};
  server.mark.generation = plan.generation;
  server.mark.journal_sequence = server.journal.sequence();
  REQUIRE(server.journal.committed(server.mark).has_value());
  CHECK(server.plan().condition == StartCondition::clean);
  CHECK(server.plan().steps.empty());
}

TEST_CASE("a batch that reached the journal only is taken over as far as it may") {
  using Kind = JournalRecord::Kind;
  Server server;
  server.change(record(Kind::sold, 1, 0, 0));
  server.commit();
  const auto chips = server.chips;
  server.change(epoch_record(1, 1));
  server.change(record(Kind::sold, 2, 0, 0));
  REQUIRE(server.journal.sync().has_value());
  server.chips = chips;  // the commit did not happen
  const auto plan = server.plan();
  CHECK(plan.condition == StartCondition::interrupted);
  REQUIRE(plan.steps.size() == 1);
  CHECK(plan.steps[0].action == RecoveryAction::roll_forward);
  CHECK(plan.steps[0].chip.iccid == iccid_of(1));
  // What was not synced is not there at all.
  server.journal.crash();
  REQUIRE(server.journal.append(epoch_record(1, 2)).has_value());
  server.journal.crash();
  CHECK(server.journal.sequence() == 3);
}

TEST_CASE("the journal keeps the last RESET, the epoch before the last, and what was offered") {
  using Kind = JournalRecord::Kind;
  Server server;
  server.change(record(Kind::sold, 1, 0, 0));
  server.commit();
  const auto copy = server.chips;
  const auto mark = server.mark;
  for (const uint32_t epoch : {1u, 3u, 4u}) server.change(epoch_record(1, epoch));
  server.change(record(Kind::offered, 1, 0, 6));
  server.change(record(Kind::offered, 1, 0, 5));
  for (const uint8_t octet : {uint8_t{1}, uint8_t{2}}) {
    auto reset = record(Kind::reset, 1, 0, 0);
    reset.command.assign(hlr::journal_command_octets_max, octet);
    server.change(reset);
  }
  server.commit();
  server.chips = copy;
  server.mark = mark;
  const auto plan = server.plan();
  REQUIRE(plan.steps.size() == 1);
  const auto& chip = plan.steps[0].chip;
  CHECK(chip.reset);
  CHECK(chip.command == std::vector<uint8_t>(hlr::journal_command_octets_max, 2));
  CHECK(chip.epoch == 4);
  CHECK(chip.offered == 6);
  REQUIRE(chip.before.has_value());
  CHECK(chip.before->epoch == 3);
  CHECK(!chip.sold);
}

TEST_CASE("a reset that was given out after the copy keeps the epoch's secret out of use") {
  Server server;
  server.change(record(JournalRecord::Kind::sold, 1, 0, 0));
  server.commit();
  const auto copy = server.chips;
  const auto mark = server.mark;
  server.change(epoch_record(1, 1));
  server.commit();
  server.change(record(JournalRecord::Kind::reset, 1, 0, 1));
  server.commit();
  server.chips = copy;
  server.mark = mark;
  const auto plan = server.plan();
  REQUIRE(plan.steps.size() == 1);
  CHECK(plan.steps[0].action == RecoveryAction::finish_reset);
  CHECK(plan.steps[0].chip.epoch == 1);
  CHECK(plan.steps[0].chip.last.kind == JournalRecord::Kind::epoch);
}
