#include "io/journal/journal_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/reader.h"
#include "io/journal/frame.h"

namespace simurgh::journal {

namespace {

constexpr const char* journal_name = "/keys.journal";
constexpr const char* mark_name = "/keys.mark";
constexpr off_t mark_slot_octets = 512;  // the two marks never share a sector

std::string words_of(const std::string& path, const char* what) {
  return path + ": " + what + ": " + std::strerror(errno);
}

// Reads or writes all of `bytes`; false on an error or (reading) at the end of the file.
bool read_at(int fd, MutableByteView bytes, off_t offset) {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(got));
    offset += got;
  }
  return true;
}

bool write_at(int fd, ByteView bytes, off_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(put));
    offset += put;
  }
  return true;
}

bool sync_directory(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::fsync(fd) == 0;
  ::close(fd);
  return good;
}

}  // namespace

struct JournalFile::State {
  ~State() {
    if (fd >= 0) ::close(fd);
    if (mark_fd >= 0) ::close(mark_fd);
  }

  Result<void> make(const std::string& directory, const ByteArray<16>& database,
                    crypto::KeyStore& keys, Random& random);
  Result<void> read_header(crypto::KeyStore& keys);
  Result<void> read_marks();
  // Visits the records of every good frame and sets end, mac and sequence. A torn last frame ends
  // it without an error.
  Result<void> walk(FunctionRef<Result<void>(const hlr::JournalRecord&)> visit);
  Result<void> walk_frame(const ParsedFrame& frame,
                          FunctionRef<Result<void>(const hlr::JournalRecord&)> visit);
  Result<size_t> read_frame(off_t offset, off_t size, const Mac& previous, ParsedFrame& frame);
  Result<bool> is_torn(off_t offset, off_t size);
  Result<void> write_frame();
  Result<void> alive() const {
    if (dead) return fail(ErrorCode::storage);
    return {};
  }
  Error die() {
    dead = true;
    return fail(ErrorCode::storage);
  }

  int fd = -1;
  int mark_fd = -1;
  bool dead = false;
  Key256 mac_key;
  Mac mac{};  // of the last frame
  ByteArray<header_octets> header{};
  off_t end = 0;          // of the last good frame
  uint64_t sequence = 0;  // of the last record, written or not
  hlr::CommitMark mark;
  std::vector<uint8_t> payload;  // of the frame to be written
  uint16_t records = 0;
  std::vector<uint8_t> buffer;
};

Result<void> JournalFile::State::make(const std::string& directory, const ByteArray<16>& database,
                                      crypto::KeyStore& keys, Random& random) {
  mac_key.assign(random.array<mac_key_octets>());
  Header fields;
  fields.database = database;
  TRY(keys.seal(mac_key_identity(database), mac_key.view(), fields.sealed_mac_key));
  TRY(write_header(fields, header));
  if (::ftruncate(fd, 0) != 0 || !write_at(fd, header, 0) || ::fsync(fd) != 0 ||
      !sync_directory(directory)) {
    return die();
  }
  return {};
}

Result<void> JournalFile::State::read_header(crypto::KeyStore& keys) {
  if (!read_at(fd, header, 0)) return die();
  const Header fields = TRY(parse_header(header));
  TRY(keys.open(mac_key_identity(fields.database), fields.sealed_mac_key,
                mac_key.fill(mac_key_octets)));
  mark.database = fields.database;
  return {};
}

Result<void> JournalFile::State::read_marks() {
  for (const off_t slot : {off_t{0}, mark_slot_octets}) {
    ByteArray<mark_octets> bytes;
    if (!read_at(mark_fd, bytes, slot)) continue;
    const auto found = parse_mark(mac_key.view(), bytes);
    if (!found || found->database != mark.database) continue;
    if (found->generation >= mark.generation) mark = *found;
  }
  return {};
}

// Octets of the frame at `offset`, which is then in `buffer`; errors as parse_frame has them.
Result<size_t> JournalFile::State::read_frame(off_t offset, off_t size, const Mac& previous,
                                              ParsedFrame& frame) {
  const auto left = static_cast<size_t>(size - offset);
  buffer.resize(frame_header_octets);
  if (left < frame_header_octets) return fail(ErrorCode::truncated, left);
  if (!read_at(fd, buffer, offset)) return die();
  const size_t octets = TRY(frame_octets(buffer));
  if (octets > left) return fail(ErrorCode::truncated, left);
  buffer.resize(octets);
  if (!read_at(fd, buffer, offset)) return die();
  frame = TRY(parse_frame(mac_key.view(), previous, buffer));
  return octets;
}

// Whether what begins at `offset` can be a frame whose writing was cut off: the last one, of
// which no more than one frame's octets are there, and nothing good follows.
Result<bool> JournalFile::State::is_torn(off_t offset, off_t size) {
  const auto left = static_cast<size_t>(size - offset);
  if (left > frame_header_octets + frame_octets_max + frame_mac_octets) return false;
  buffer.resize(left);
  if (!read_at(fd, buffer, offset)) return die();
  const auto octets = frame_octets(buffer);
  if (!octets || *octets >= left) return true;
  Mac as_it_stands;
  std::memcpy(as_it_stands.data(), buffer.data() + *octets - frame_mac_octets, frame_mac_octets);
  const auto next = parse_frame(mac_key.view(), as_it_stands, ByteView(buffer).subspan(*octets));
  return !next.has_value();
}

Result<void> JournalFile::State::walk_frame(
    const ParsedFrame& frame, FunctionRef<Result<void>(const hlr::JournalRecord&)> visit) {
  Reader reader(frame.payload);
  for (uint16_t i = 0; i < frame.records; ++i) {
    const auto record = parse_record(TRY(reader.prefixed16()));
    if (!record || record->sequence != sequence + 1) return fail(ErrorCode::bad_mac);
    sequence = record->sequence;
    TRY(visit(*record));
  }
  return reader.expect_end();
}

Result<void> JournalFile::State::walk(FunctionRef<Result<void>(const hlr::JournalRecord&)> visit) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return die();
  end = header_octets;
  mac = first_mac(mac_key.view(), header);
  sequence = 0;
  while (end < status.st_size) {
    ParsedFrame frame;
    const auto octets = read_frame(end, status.st_size, mac, frame);
    if (!octets) {
      if (dead) return octets.error();
      if (TRY(is_torn(end, status.st_size))) return {};
      return fail(ErrorCode::bad_mac);
    }
    TRY(walk_frame(frame, visit));
    mac = frame.mac;
    end += static_cast<off_t>(*octets);
  }
  return {};
}

Result<void> JournalFile::State::write_frame() {
  if (records == 0) return {};
  const Frame frame = make_frame(mac_key.view(), mac, payload, records);
  if (!write_at(fd, frame.bytes, end) || ::fdatasync(fd) != 0) return die();
  mac = frame.mac;
  end += static_cast<off_t>(frame.bytes.size());
  payload.clear();
  records = 0;
  return {};
}

// --- the journal -------------------------------------------------------------------------------

JournalFile::JournalFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
JournalFile::~JournalFile() = default;

Result<JournalFile::Opened> JournalFile::open(const std::string& directory,
                                              const ByteArray<16>& database, crypto::KeyStore& keys,
                                              Random& random, std::string& problem) {
  auto state = std::make_unique<State>();
  const std::string path = directory + journal_name;
  const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
  state->fd = ::open(path.c_str(), flags, 0600);
  state->mark_fd = ::open((directory + mark_name).c_str(), flags, 0600);
  if (state->fd < 0 || state->mark_fd < 0) {
    problem = words_of(path, "cannot open");
    return fail(ErrorCode::storage);
  }
  if (::flock(state->fd, LOCK_EX | LOCK_NB) != 0) {
    problem = words_of(path, "another process has it");
    return fail(ErrorCode::busy);
  }
  struct stat status;
  if (::fstat(state->fd, &status) != 0) {
    problem = words_of(path, "cannot read");
    return fail(ErrorCode::storage);
  }
  Opened opened;
  // A header is written whole before there are records, so a shorter file never had any.
  opened.made = status.st_size < static_cast<off_t>(header_octets);
  if (opened.made) {
    if (const auto made = state->make(directory, database, keys, random); !made) {
      problem = words_of(path, "cannot write");
      return made.error();
    }
  }
  auto read = state->read_header(keys);
  if (read) read = state->read_marks();
  if (read) read = state->walk([](const hlr::JournalRecord&) -> Result<void> { return {}; });
  if (!read) {
    problem = read.error().code == ErrorCode::storage
                  ? words_of(path, "cannot read")
                  : path + ": the journal was altered, or the key store is another one";
    return read.error().code == ErrorCode::storage ? read.error() : fail(ErrorCode::bad_mac);
  }
  if (::fstat(state->fd, &status) != 0) return fail(ErrorCode::storage);
  if (status.st_size > state->end) {
    opened.torn_octets = static_cast<uint64_t>(status.st_size - state->end);
    if (::ftruncate(state->fd, state->end) != 0 || ::fsync(state->fd) != 0) {
      problem = words_of(path, "cannot cut the torn end");
      return fail(ErrorCode::storage);
    }
  }
  opened.journal.reset(new JournalFile(std::move(state)));
  return opened;
}

Result<void> JournalFile::append(const hlr::JournalRecord& record) {
  TRY(state_->alive());
  hlr::JournalRecord kept = record;
  kept.sequence = state_->sequence + 1;
  kept.generation = state_->mark.generation + 1;
  ByteArray<record_octets_max> room;
  const ByteView bytes = TRY(write_record(kept, room));
  // Only the last frame may be torn, so one frame is durable before the next is written.
  if (state_->payload.size() + 2 + bytes.size() > frame_octets_max ||
      state_->records == UINT16_MAX) {
    TRY(state_->write_frame());
  }
  const auto octets = static_cast<uint16_t>(bytes.size());
  state_->payload.push_back(static_cast<uint8_t>(octets >> 8));
  state_->payload.push_back(static_cast<uint8_t>(octets));
  state_->payload.insert(state_->payload.end(), bytes.begin(), bytes.end());
  ++state_->records;
  state_->sequence = kept.sequence;
  return {};
}

Result<void> JournalFile::sync() {
  TRY(state_->alive());
  return state_->write_frame();
}

uint64_t JournalFile::sequence() const {
  return state_->sequence;
}

Result<void> JournalFile::committed(const hlr::CommitMark& mark) {
  TRY(state_->alive());
  if (mark.database != state_->mark.database || mark.generation < state_->mark.generation) {
    return fail(ErrorCode::not_allowed);
  }
  const ByteArray<mark_octets> bytes = write_mark(state_->mac_key.view(), mark);
  const off_t slot = mark.generation % 2 == 0 ? 0 : mark_slot_octets;
  if (!write_at(state_->mark_fd, bytes, slot)) return state_->die();
  state_->mark = mark;
  return {};
}

Result<void> JournalFile::replay(FunctionRef<Result<void>(const hlr::JournalRecord&)> visit) {
  TRY(state_->alive());
  SIMURGH_CHECK(state_->records == 0);  // before anything is appended
  return state_->walk(visit);
}

Result<hlr::CommitMark> JournalFile::mark() {
  return state_->mark;
}

}  // namespace simurgh::journal
