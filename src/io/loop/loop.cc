#include "io/loop/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <mutex>

namespace simurgh::loop {
namespace {

constexpr uint64_t signal_mark = UINT64_MAX;
constexpr uint64_t wake_mark = UINT64_MAX - 1;
constexpr int64_t ns_per_ms = 1'000'000;
// A clock that ran ahead is slowed by this part of the time that passes.
constexpr int64_t slew_divisor = 10;
constexpr size_t scratch_octets = 1 << 16;
constexpr size_t flush_rounds_max = 1000;

int64_t read_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

uint32_t epoll_events(bool readable, bool writable) {
  return (readable ? EPOLLIN | EPOLLRDHUP : 0u) | (writable ? EPOLLOUT : 0u);
}

}  // namespace

// What other threads touch.
struct Loop::Shared {
  std::mutex mutex;
  std::vector<Task> posted;
  std::atomic<bool> stop = false;
  int wake_fd = -1;

  void wake() const {
    const uint64_t one = 1;
    // Full means that a wake-up is due anyway.
    [[maybe_unused]] const ssize_t written = write(wake_fd, &one, sizeof one);
  }
};

Loop::Loop() : scratch_(scratch_octets), shared_(std::make_unique<Shared>()) {
  now_ns_ = read_ns(CLOCK_REALTIME);
  monotonic_ns_ = read_ns(CLOCK_MONOTONIC);
  now_ = Instant{now_ns_ / ns_per_ms};
}

Result<std::unique_ptr<Loop>> Loop::create(std::string& problem) {
  std::unique_ptr<Loop> loop(new Loop);
  const auto failed = [&](const char* call) {
    problem =
        std::string("the kernel refuses an event loop: ") + call + ": " + std::strerror(errno);
    return ErrorCode::io;
  };
  loop->epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (loop->epoll_fd_ < 0) return failed("epoll_create1");
  loop->shared_->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (loop->shared_->wake_fd < 0) return failed("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = wake_mark;
  if (epoll_ctl(loop->epoll_fd_, EPOLL_CTL_ADD, loop->shared_->wake_fd, &event) != 0) {
    return failed("epoll_ctl");
  }
  return loop;
}

Loop::~Loop() {
  // Tasks may own what watches or flushes: they go while the loop is whole.
  deferred_.clear();
  last_.clear();
  shared_->posted.clear();
  SIMURGH_CHECK(heap_.empty());
  SIMURGH_CHECK(free_slots_.size() == slots_.size());
  if (signal_fd_ >= 0) close(signal_fd_);
  if (shared_->wake_fd >= 0) close(shared_->wake_fd);
  if (epoll_fd_ >= 0) close(epoll_fd_);
}

// --- time ----------------------------------------------------------------------------------------

void Loop::read_clock() {
  const int64_t monotonic = read_ns(CLOCK_MONOTONIC);
  const int64_t real = read_ns(CLOCK_REALTIME);
  const int64_t passed = monotonic - monotonic_ns_;
  monotonic_ns_ = monotonic;
  now_ns_ += passed;
  if (real > now_ns_) {
    now_ns_ = real;
  } else {
    now_ns_ -= std::min(passed / slew_divisor, now_ns_ - real);
  }
  now_ = Instant{now_ns_ / ns_per_ms};
}

// --- running -------------------------------------------------------------------------------------

void Loop::run() {
  stopping_ = false;
  while (!stopping_) run_once(Duration{INT32_MAX});
}

void Loop::run_once(Duration wait) {
  bool nothing_to_wait_for = !deferred_.empty() || !flushes_.empty() || !last_.empty();
  {
    const std::lock_guard lock(shared_->mutex);
    nothing_to_wait_for = nothing_to_wait_for || !shared_->posted.empty();
  }
  if (nothing_to_wait_for || stopping_) wait = Duration{};
  if (!heap_.empty()) {
    read_clock();
    wait = std::min(wait, heap_[0]->at_ - now_);
  }
  dispatch(wait);
  run_posted();
  run_timers();
  run_deferred();
  if (end_of_batch_) end_of_batch_();
  run_flushes();
  run_last();
  if (shared_->stop.exchange(false)) stopping_ = true;
}

void Loop::dispatch(Duration wait) {
  epoll_event events[ready_per_wakeup_max];
  const auto wait_ms = static_cast<int>(std::clamp<int64_t>(wait.ms, 0, INT32_MAX));
  const int count = epoll_wait(epoll_fd_, events, ready_per_wakeup_max, wait_ms);
  SIMURGH_CHECK(count >= 0 || errno == EINTR);
  read_clock();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[i];
    if (event.data.u64 == signal_mark) {
      take_signals();
      continue;
    }
    if (event.data.u64 == wake_mark) {
      uint64_t times = 0;
      [[maybe_unused]] const ssize_t got = read(shared_->wake_fd, &times, sizeof times);
      continue;
    }
    // A handler may have stopped a watch whose event is still in this list.
    const auto slot = static_cast<uint32_t>(event.data.u64);
    const auto generation = static_cast<uint32_t>(event.data.u64 >> 32);
    Watch* const watch = slots_[slot].watch;
    if (watch == nullptr || slots_[slot].generation != generation) continue;
    watch->handler_.on_ready({.readable = (event.events & (EPOLLIN | EPOLLRDHUP)) != 0,
                              .writable = (event.events & EPOLLOUT) != 0,
                              .failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0});
  }
}

void Loop::run_deferred() {
  for (size_t round = 0; !deferred_.empty(); ++round) {
    SIMURGH_CHECK(round < deferred_rounds_max);
    std::vector<Task> tasks;
    tasks.swap(deferred_);
    for (Task& task : tasks) task();
  }
}

void Loop::defer(Task task) {
  deferred_.push_back(std::move(task));
}

void Loop::after_flushes(Task task) {
  last_.push_back(std::move(task));
}

void Loop::run_last() {
  std::vector<Task> tasks;
  tasks.swap(last_);
  for (Task& task : tasks) task();
}

// --- other threads -------------------------------------------------------------------------------

Result<void> Loop::post(Task task) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->posted.size() >= posted_max) return ErrorCode::busy;
    shared_->posted.push_back(std::move(task));
    if (shared_->posted.size() > 1) return {};  // the loop is being woken already
  }
  shared_->wake();
  return {};
}

void Loop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(shared_->mutex);
    tasks.swap(shared_->posted);
  }
  for (Task& task : tasks) task();
}

void Loop::stop_from_anywhere() {
  shared_->stop = true;
  shared_->wake();
}

// --- signals -------------------------------------------------------------------------------------

Result<void> Loop::on_signal(int signal, std::move_only_function<void(int)> task) {
  if (signal <= 0 || signal >= NSIG) return ErrorCode::bad_value;
  if (signal_tasks_.empty()) signal_tasks_.resize(NSIG);
  signal_tasks_[static_cast<size_t>(signal)] = std::move(task);
  sigset_t signals;
  sigemptyset(&signals);
  for (int i = 1; i < NSIG; ++i) {
    if (signal_tasks_[static_cast<size_t>(i)]) sigaddset(&signals, i);
  }
  if (pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0) return ErrorCode::io;
  const bool first = signal_fd_ < 0;
  const int fd = signalfd(signal_fd_, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return ErrorCode::io;
  signal_fd_ = fd;
  if (!first) return {};
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = signal_mark;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, signal_fd_, &event) != 0) return ErrorCode::io;
  return {};
}

void Loop::take_signals() {
  signalfd_siginfo info{};
  while (read(signal_fd_, &info, sizeof info) == sizeof info) {
    auto& task = signal_tasks_[info.ssi_signo];
    if (task) task(static_cast<int>(info.ssi_signo));
  }
}

// --- descriptors ---------------------------------------------------------------------------------

Result<void> Watch::start(int fd, bool readable, bool writable) {
  SIMURGH_CHECK(fd_ < 0 && fd >= 0);
  if (loop_.free_slots_.empty()) {
    loop_.free_slots_.push_back(static_cast<uint32_t>(loop_.slots_.size()));
    loop_.slots_.emplace_back();
  }
  const uint32_t slot = loop_.free_slots_.back();
  epoll_event event{};
  event.events = epoll_events(readable, writable);
  event.data.u64 = uint64_t{loop_.slots_[slot].generation} << 32 | slot;
  if (epoll_ctl(loop_.epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) return ErrorCode::io;
  loop_.free_slots_.pop_back();
  loop_.slots_[slot].watch = this;
  slot_ = slot;
  fd_ = fd;
  readable_ = readable;
  writable_ = writable;
  return {};
}

void Watch::want(bool readable, bool writable) {
  SIMURGH_CHECK(fd_ >= 0);
  if (readable == readable_ && writable == writable_) return;
  readable_ = readable;
  writable_ = writable;
  epoll_event event{};
  event.events = epoll_events(readable, writable);
  event.data.u64 = uint64_t{loop_.slots_[slot_].generation} << 32 | slot_;
  // Fails only for a descriptor that was closed under us, which is our own mistake.
  SIMURGH_CHECK(epoll_ctl(loop_.epoll_fd_, EPOLL_CTL_MOD, fd_, &event) == 0);
}

void Watch::stop() {
  if (fd_ < 0) return;
  epoll_event event{};
  SIMURGH_CHECK(epoll_ctl(loop_.epoll_fd_, EPOLL_CTL_DEL, fd_, &event) == 0);
  loop_.slots_[slot_].watch = nullptr;
  ++loop_.slots_[slot_].generation;
  loop_.free_slots_.push_back(slot_);
  fd_ = -1;
}

// --- timers: a binary heap that knows each timer's place -----------------------------------------

bool Loop::before(const Timer& a, const Timer& b) {
  return a.at_ != b.at_ ? a.at_ < b.at_ : a.order_ < b.order_;
}

void Loop::heap_swap(size_t a, size_t b) {
  std::swap(heap_[a], heap_[b]);
  heap_[a]->heap_index_ = a;
  heap_[b]->heap_index_ = b;
}

void Loop::heap_up(size_t index) {
  while (index > 0 && before(*heap_[index], *heap_[(index - 1) / 2])) {
    heap_swap(index, (index - 1) / 2);
    index = (index - 1) / 2;
  }
}

void Loop::heap_down(size_t index) {
  while (true) {
    size_t least = index;
    for (size_t child = 2 * index + 1; child <= 2 * index + 2; ++child) {
      if (child < heap_.size() && before(*heap_[child], *heap_[least])) least = child;
    }
    if (least == index) return;
    heap_swap(index, least);
    index = least;
  }
}

void Timer::set(Instant at) {
  if (at == Instant::never()) {
    cancel();
    return;
  }
  if (armed() && at == at_) return;
  at_ = at;
  order_ = ++loop_.timers_set_;
  if (!armed()) {
    heap_index_ = loop_.heap_.size();
    loop_.heap_.push_back(this);
  }
  loop_.heap_up(heap_index_);
  loop_.heap_down(heap_index_);
}

void Timer::set_after(Duration wait) {
  set(loop_.now() + wait);
}

void Timer::cancel() {
  if (!armed()) return;
  const size_t index = heap_index_;
  const size_t last = loop_.heap_.size() - 1;
  if (index != last) loop_.heap_swap(index, last);
  loop_.heap_.pop_back();
  heap_index_ = not_in_heap;
  if (index == last) return;
  Timer& moved = *loop_.heap_[index];
  loop_.heap_up(moved.heap_index_);
  loop_.heap_down(moved.heap_index_);
}

void Loop::run_timers() {
  // A timer that sets itself anew for the present or the past runs in the next batch, not for
  // ever in this one.
  const uint64_t set_before = timers_set_;
  while (!heap_.empty() && heap_[0]->at_ <= now_ && heap_[0]->order_ <= set_before) {
    Timer& timer = *heap_[0];
    timer.cancel();
    timer.task_();
  }
}

// --- flushes -------------------------------------------------------------------------------------

Flushable::~Flushable() {
  if (flush_index_ != SIZE_MAX) loop_.flushes_[flush_index_] = nullptr;
}

void Flushable::flush_after_batch() {
  if (flush_index_ != SIZE_MAX) return;
  flush_index_ = loop_.flushes_.size();
  loop_.flushes_.push_back(this);
}

// What asks in here is flushed in here as well, so that a protocol over a stream needs one batch.
void Loop::run_flushes() {
  size_t done = 0;
  while (done < flushes_.size()) {
    SIMURGH_CHECK(done < flush_rounds_max * (slots_.size() + 1));
    Flushable* const flushable = flushes_[done++];
    if (flushable == nullptr) continue;
    flushable->flush_index_ = SIZE_MAX;
    flushable->on_flush();
  }
  flushes_.clear();
}

}  // namespace simurgh::loop
