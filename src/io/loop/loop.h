// The event loop of a thread: readiness of file descriptors (epoll), timers, signals, tasks from
// other threads, and the batch.
//
// One wake-up is one batch, in this order:
//   1. ready descriptors, expired timers, signals, posted tasks      (actors run in here)
//   2. deferred tasks, until there are none
//   3. the end-of-batch hook                                         (the server commits here)
//   4. flushes: whatever asked for flush_after_batch()               (bytes leave here, only here)
//   5. after_flushes() tasks                                         (what is done with goes)
// io/net writes to sockets in step 4 only, so that nothing is said before it is durable, without
// any actor having to think of it.
//
// A loop belongs to the thread that runs it; only post() and stop_from_anywhere() may be called by
// others. It owns no descriptor that it watches. Objects that watch, time or flush unregister when
// destroyed, and must be destroyed before the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace simurgh::loop {

class Loop;

using Task = std::move_only_function<void()>;

// What one descriptor wants to be told. Lives in its owner; unregisters when destroyed.
class Watch {
 public:
  struct Ready {
    bool readable = false;  // also when the peer has closed
    bool writable = false;
    bool failed = false;  // error or hang-up: read or write to learn which
  };
  class Handler {
   public:
    virtual void on_ready(Ready ready) = 0;

   protected:
    ~Handler() = default;
  };

  Watch(Loop& loop, Handler& handler) : loop_(loop), handler_(handler) {}
  ~Watch() { stop(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Starts watching `fd` (level triggered). io when the kernel refuses.
  Result<void> start(int fd, bool readable, bool writable);
  // Changes what is asked for; no system call when nothing changes.
  void want(bool readable, bool writable);
  void stop();
  bool watching() const { return fd_ >= 0; }

 private:
  friend class Loop;
  Loop& loop_;
  Handler& handler_;
  int fd_ = -1;
  bool readable_ = false;
  bool writable_ = false;
  uint32_t slot_ = 0;
};

// One deadline. Setting it again moves it.
class Timer {
 public:
  Timer(Loop& loop, Task task) : loop_(loop), task_(std::move(task)) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Runs the task once at `at` or soon after; Instant::never() cancels. The task must not destroy
  // its own timer.
  void set(Instant at);
  void set_after(Duration wait);
  void cancel();
  bool armed() const { return heap_index_ != not_in_heap; }

 private:
  friend class Loop;
  static constexpr size_t not_in_heap = SIZE_MAX;
  Loop& loop_;
  Task task_;
  Instant at_;
  uint64_t order_ = 0;  // equal deadlines fire in the order in which they were set
  size_t heap_index_ = not_in_heap;
};

// Something that holds back output until the batch is durable. Lives in its owner.
class Flushable {
 public:
  explicit Flushable(Loop& loop) : loop_(loop) {}
  Flushable(const Flushable&) = delete;
  Flushable& operator=(const Flushable&) = delete;
  // Calls on_flush() once in step 4 of this batch.
  void flush_after_batch();

 protected:
  virtual ~Flushable();
  virtual void on_flush() = 0;

 private:
  friend class Loop;
  Loop& loop_;
  size_t flush_index_ = SIZE_MAX;
};

class Loop {
 public:
  static constexpr size_t ready_per_wakeup_max = 256;
  static constexpr size_t posted_max = 65'536;         // tasks from other threads not yet run
  static constexpr size_t deferred_rounds_max = 1000;  // tasks that defer tasks that defer …

  // io with `problem` in words when the kernel refuses.
  static Result<std::unique_ptr<Loop>> create(std::string& problem);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Wall-clock time of this wake-up. Never goes backwards: after a step of the system's clock
  // backwards it runs slower until it agrees again; a step forwards is followed at once.
  Instant now() const { return now_; }

  // Runs until stop(). The batch in which stop() is called is finished, with hook and flushes.
  void run();
  // One batch: waits at most `wait` for something to do. For tests and for own drivers.
  void run_once(Duration wait);
  void stop() { stopping_ = true; }
  bool stopping() const { return stopping_; }

  // Runs the task in step 2 of this batch, or of the next one when called in step 3 or 4.
  void defer(Task task);

  // Runs the task in step 5 of this batch, or of the next one when called in step 5. What a task
  // owns lives until then: the way to destroy something from inside of its own call.
  void after_flushes(Task task);

  // From any thread: runs the task in step 1 of a coming batch. busy above posted_max.
  Result<void> post(Task task);
  void stop_from_anywhere();

  // Calls `task` with the signal's number, in step 1. Blocks the signal for this thread, so call
  // it before other threads are started.
  Result<void> on_signal(int signal, std::move_only_function<void(int)> task);

  // Step 3 of every batch, also of one in which nothing happened.
  void set_end_of_batch(Task hook) { end_of_batch_ = std::move(hook); }

  // 64 kB that any handler may use until it returns: sockets read into it.
  MutableByteView scratch() { return scratch_; }

 private:
  friend class Watch;
  friend class Timer;
  friend class Flushable;
  struct Slot {
    Watch* watch = nullptr;
    uint32_t generation = 0;
  };
  struct Shared;  // what other threads touch

  Loop();
  void read_clock();
  void dispatch(Duration wait);
  void take_signals();
  void run_posted();
  void run_timers();
  void run_deferred();
  void run_flushes();
  void run_last();
  void heap_swap(size_t a, size_t b);
  void heap_up(size_t index);
  void heap_down(size_t index);
  static bool before(const Timer& a, const Timer& b);

  int epoll_fd_ = -1;
  int signal_fd_ = -1;
  Instant now_;
  int64_t now_ns_ = 0;
  int64_t monotonic_ns_ = 0;
  bool stopping_ = false;
  uint64_t timers_set_ = 0;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<Timer*> heap_;
  std::vector<Task> deferred_;
  std::vector<Flushable*> flushes_;
  std::vector<Task> last_;
  std::vector<std::move_only_function<void(int)>> signal_tasks_;
  Task end_of_batch_;
  std::vector<uint8_t> scratch_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace simurgh::loop
