#include "io/loop/loop.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <thread>

namespace simurgh::loop {
namespace {

std::unique_ptr<Loop> make_loop() {
  std::string problem;
  auto loop = Loop::create(problem);
  REQUIRE_MESSAGE(loop.has_value(), problem);
  return std::move(*loop);
}

struct Pair {
  Pair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) == 0); }
  ~Pair() {
    close(fd[0]);
    close(fd[1]);
  }
  void poke(int end) { REQUIRE(write(fd[end], "x", 1) == 1); }
  int fd[2];
};

struct Recorder final : Watch::Handler {
  Recorder(Loop& loop, Task what) : watch(loop, *this), task(std::move(what)) {}
  void on_ready(Watch::Ready r) override {
    ready = r;
    ++times;
    if (task) task();
  }
  Watch watch;
  Task task;
  Watch::Ready ready;
  int times = 0;
};

struct Flush final : Flushable {
  Flush(Loop& loop, Task what) : Flushable(loop), task(std::move(what)) {}
  void on_flush() override { task(); }
  Task task;
};

TEST_CASE("a batch runs in its order: ready, timers, deferred, hook, flushes, last tasks") {
  const auto loop = make_loop();
  std::string order;
  Pair pair;
  Flush flush(*loop, [&] { order += 'f'; });
  Recorder ready(*loop, [&] {
    order += 'r';
    flush.flush_after_batch();
    flush.flush_after_batch();
    loop->defer([&] {
      order += 'd';
      loop->defer([&] { order += 'e'; });
    });
    loop->after_flushes([&] { order += 'l'; });
    char c = 0;
    CHECK(read(pair.fd[0], &c, 1) == 1);
  });
  Timer timer(*loop, [&] { order += 't'; });
  timer.set(loop->now());
  loop->set_end_of_batch([&] {
    order += 'h';
    if (order.size() < 8) loop->defer([&] { order += 'n'; });  // the next batch's
  });
  REQUIRE(ready.watch.start(pair.fd[0], true, false).has_value());
  pair.poke(1);
  loop->run_once(seconds(5));
  CHECK(order == "rtdehfl");
  loop->run_once(Duration{});
  CHECK(order == "rtdehflnh");
}

TEST_CASE("what a flush asks for is flushed in the same batch") {
  const auto loop = make_loop();
  std::string order;
  Flush second(*loop, [&] { order += '2'; });
  Flush first(*loop, [&] {
    order += '1';
    second.flush_after_batch();
  });
  first.flush_after_batch();
  loop->run_once(Duration{});
  CHECK(order == "12");
  {
    Flush gone(*loop, [&] { order += 'x'; });
    gone.flush_after_batch();
  }
  loop->run_once(Duration{});
  CHECK(order == "12");
}

TEST_CASE("a handler may stop, destroy and replace others whose event is in the same batch") {
  const auto loop = make_loop();
  Pair a, b;
  int calls = 0;
  Pair c;
  std::unique_ptr<Recorder> one, two, fresh;
  const auto whoever_is_first = [&] {
    ++calls;
    one->watch.stop();
    two->watch.stop();
    // Takes the slot of one of the two, whose event may still come.
    fresh = std::make_unique<Recorder>(*loop, [&] { ++calls; });
    REQUIRE(fresh->watch.start(c.fd[0], true, false).has_value());
  };
  one = std::make_unique<Recorder>(*loop, whoever_is_first);
  two = std::make_unique<Recorder>(*loop, whoever_is_first);
  REQUIRE(one->watch.start(a.fd[0], true, false).has_value());
  REQUIRE(two->watch.start(b.fd[0], true, false).has_value());
  a.poke(1);
  b.poke(1);
  loop->run_once(seconds(5));
  CHECK(calls == 1);
  CHECK(fresh->times == 0);
}

TEST_CASE("readable, writable, hang-up") {
  const auto loop = make_loop();
  auto pair = std::make_unique<Pair>();
  Recorder recorder(*loop, {});
  REQUIRE(recorder.watch.start(pair->fd[0], false, false).has_value());
  loop->run_once(Duration{});
  CHECK(recorder.times == 0);
  recorder.watch.want(false, true);
  loop->run_once(Duration{});
  CHECK(recorder.ready.writable);
  CHECK(!recorder.ready.readable);
  recorder.watch.want(true, false);
  shutdown(pair->fd[1], SHUT_RDWR);
  loop->run_once(seconds(5));
  CHECK(recorder.ready.readable);
  CHECK(recorder.ready.failed);
  recorder.watch.stop();
  CHECK(!recorder.watch.watching());
  CHECK(!Watch(*loop, recorder).start(10'000, true, false).has_value());
}

TEST_CASE("timers fire in order of their time, equal ones in the order in which they were set") {
  const auto loop = make_loop();
  std::mt19937 random(1);
  std::vector<std::unique_ptr<Timer>> timers;
  std::vector<Instant> at(500);
  std::vector<size_t> fired;
  for (size_t i = 0; i < at.size(); ++i) {
    timers.push_back(std::make_unique<Timer>(*loop, [&fired, i] { fired.push_back(i); }));
  }
  // Set, moved and cancelled at random; the order is checked against a sort.
  std::vector<uint64_t> order(at.size());
  uint64_t sets = 0;
  for (int i = 0; i < 5'000; ++i) {
    const size_t which = random() % at.size();
    if (random() % 4 == 0) {
      timers[which]->cancel();
      at[which] = Instant{};
    } else {
      const Instant when = loop->now() - milliseconds(static_cast<int64_t>(random() % 50));
      if (at[which] != when) order[which] = ++sets;
      timers[which]->set(at[which] = when);
    }
    CHECK(timers[which]->armed() == (at[which] != Instant{}));
  }
  std::vector<size_t> expected;
  for (size_t i = 0; i < at.size(); ++i) {
    if (at[i] != Instant{}) expected.push_back(i);
  }
  std::sort(expected.begin(), expected.end(), [&](size_t a, size_t b) {
    return at[a] != at[b] ? at[a] < at[b] : order[a] < order[b];
  });
  loop->run_once(Duration{});
  CHECK(fired == expected);
}

TEST_CASE("a timer is not early, may set itself anew, and never() cancels") {
  const auto loop = make_loop();
  int fired = 0;
  Instant last;
  Timer* self = nullptr;
  Timer timer(*loop, [&] {
    ++fired;
    last = loop->now();
    if (fired < 5) self->set(loop->now());  // due at once: in the next batch
    if (fired == 5) loop->stop();
  });
  self = &timer;
  const Instant at = loop->now() + milliseconds(20);
  timer.set(at);
  loop->run();
  CHECK(fired == 5);
  CHECK(last >= at);
  timer.set(loop->now());
  timer.set(Instant::never());
  CHECK(!timer.armed());
}

TEST_CASE("time never goes backwards") {
  const auto loop = make_loop();
  Instant before = loop->now();
  for (int i = 0; i < 1'000; ++i) {
    loop->run_once(Duration{});
    REQUIRE(loop->now() >= before);
    before = loop->now();
  }
}

TEST_CASE("other threads post tasks; they run in the loop's thread, in order of each thread") {
  const auto loop = make_loop();
  constexpr int threads = 4, posts = 2'000;
  std::vector<int> next(threads);
  int total = 0;
  const auto mine = std::this_thread::get_id();
  std::vector<std::thread> running;
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (int i = 0; i < posts; ++i) {
        const auto post = [&, t, i] {
          REQUIRE(std::this_thread::get_id() == mine);
          REQUIRE(next[static_cast<size_t>(t)]++ == i);
          if (++total == threads * posts) loop->stop();
        };
        while (!loop->post(post).has_value()) std::this_thread::yield();
      }
    });
  }
  loop->run();
  for (std::thread& thread : running) thread.join();
  CHECK(total == threads * posts);
}

TEST_CASE("too many posted tasks are refused; a stop from another thread ends run()") {
  const auto loop = make_loop();
  int ran = 0;
  for (size_t i = 0; i < Loop::posted_max; ++i) REQUIRE(loop->post([&] { ++ran; }).has_value());
  CHECK(loop->post([] {}).error().code == ErrorCode::busy);
  std::thread stopper([&] { loop->stop_from_anywhere(); });
  loop->run();
  stopper.join();
  CHECK(ran == static_cast<int>(Loop::posted_max));
}

TEST_CASE("signals arrive as tasks") {
  const auto loop = make_loop();
  int got = 0;
  REQUIRE(loop->on_signal(SIGUSR1, [&](int signal) { got = signal; }).has_value());
  REQUIRE(loop->on_signal(SIGUSR2, [&](int) { loop->stop(); }).has_value());
  REQUIRE(raise(SIGUSR1) == 0);
  REQUIRE(raise(SIGUSR2) == 0);
  loop->run();
  CHECK(got == SIGUSR1);
  CHECK(loop->on_signal(0, [](int) {}).error().code == ErrorCode::bad_value);
}

TEST_CASE("stop() finishes the batch it is called in") {
  const auto loop = make_loop();
  std::string order;
  Flush flush(*loop, [&] { order += 'f'; });
  loop->defer([&] {
    loop->stop();
    flush.flush_after_batch();
    loop->defer([&] { order += 'd'; });
  });
  loop->set_end_of_batch([&] { order += 'h'; });
  loop->run();
  CHECK(order == "dhf");
}

TEST_CASE("a loop that is destroyed destroys its tasks, and what they own, first") {
  auto loop = make_loop();
  struct Owner {
    Owner(Loop& its_loop, int* count) : timer(its_loop, [] {}), destroyed(count) {
      timer.set_after(hours(1));
    }
    ~Owner() { ++*destroyed; }
    Timer timer;
    int* destroyed;
  };
  int destroyed = 0;
  loop->defer([o = std::make_unique<Owner>(*loop, &destroyed)] {});
  loop->after_flushes([o = std::make_unique<Owner>(*loop, &destroyed)] {});
  REQUIRE(loop->post([o = std::make_unique<Owner>(*loop, &destroyed)] {}).has_value());
  loop.reset();
  CHECK(destroyed == 3);
}

}  // namespace
}  // namespace simurgh::loop
