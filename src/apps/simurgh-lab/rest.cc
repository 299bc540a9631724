#include "apps/simurgh-lab/rest.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <thread>

#include "base/hex.h"
#include "io/http/client.h"
#include "io/net/tcp.h"
#include "io/process/process.h"

namespace simurgh::lab {

namespace {

constexpr size_t threads_count = 4;
constexpr auto again_wait = std::chrono::milliseconds(100);

struct Job {
  http::Request request;
  Rest::Done done;
};

class RestOnThreads final : public Rest {
 public:
  RestOnThreads(loop::Loop& loop, net::Endpoint server, const std::string& token, Duration patience)
      : loop_(loop), server_(std::move(server)), token_(token), patience_(patience) {
    for (size_t i = 0; i < threads_count; ++i) threads_.emplace_back([this] { work(); });
  }
  ~RestOnThreads() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void get(const std::string& path, Done done) override {
    http::Request request;
    request.method = "GET";
    request.target = path;
    put(std::move(request), std::move(done));
  }
  void post(const std::string& path, json::Value body, Done done) override {
    // The same key in every repetition: the request has its effect once.
    const auto octets = random_.array<16>();
    std::string key(32, '0');
    write_hex(octets, key);
    Acknowledged sent{.path = path, .body = json::write(body), .key = key};
    http::Request request = request_of(sent);
    if (!keeps_) return put(std::move(request), std::move(done));
    put(std::move(request),
        [this, sent = std::move(sent), done = std::move(done)](const RestAnswer& answer) mutable {
          if (answer.status / 100 == 2) {
            sent.status = answer.status;
            sent.answer = answer.text;
            acknowledged_.push_back(std::move(sent));
          }
          done(answer);
        });
  }
  size_t under_way() const override { return under_way_; }

  void keep_acknowledged() override { keeps_ = true; }
  std::vector<Acknowledged> take_acknowledged() override {
    return std::exchange(acknowledged_, {});
  }
  void repeat(const Acknowledged& before, Done done) override {
    put(request_of(before), std::move(done));
  }

 private:
  static http::Request request_of(const Acknowledged& sent) {
    http::Request request;
    request.method = "POST";
    request.target = sent.path;
    request.body = sent.body;
    request.fields.add("content-type", "application/json");
    request.fields.add("idempotency-key", sent.key);
    return request;
  }
  void put(http::Request request, Done done) {
    request.fields.add("authorization", "Bearer " + token_);
    ++under_way_;
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back({std::move(request), std::move(done)});
    }
    wake_.notify_one();
  }

  void work() {
    net::PlainTransport transport;
    std::string problem;
    auto client = http::Client::create(server_, transport, {}, problem);
    while (client) {
      Job job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
        if (ending_) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      const RestAnswer answer = exchange(**client, job.request);
      // Posting fails only when the loop is hopelessly behind; then the lab is stuck and says so.
      const auto posted = loop_.post([this, answer, done = std::move(job.done)] {
        --under_way_;
        done(answer);
      });
      if (!posted) std::fprintf(stderr, "simurgh-lab: an answer was lost in a full loop\n");
    }
  }

  RestAnswer exchange(http::Client& client, const http::Request& request) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_.ms);
    while (true) {
      std::string problem;
      const auto response = client.exchange(request, problem);
      // 429 and 503 are the server asking for patience.
      const bool wait = !response || response->status == 503 || response->status == 429;
      if (!wait) {
        RestAnswer answer;
        answer.status = response->status;
        answer.text = response->body;
        if (const auto body = json::parse(response->body)) answer.body = *body;
        return answer;
      }
      {
        const std::lock_guard lock(mutex_);
        if (ending_) return {};
      }
      if (std::chrono::steady_clock::now() >= until) return {};
      std::this_thread::sleep_for(again_wait);
    }
  }

  loop::Loop& loop_;
  net::Endpoint server_;
  std::string token_;
  Duration patience_;
  process::OsRandom random_;
  size_t under_way_ = 0;  // this and the next two: the loop's thread only
  bool keeps_ = false;
  std::vector<Acknowledged> acknowledged_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<Rest> Rest::open(loop::Loop& loop, const std::string& server,
                                 const std::string& token, Duration patience) {
  const auto endpoint = net::parse_endpoint(server);
  if (!endpoint) return nullptr;
  return std::make_unique<RestOnThreads>(loop, *endpoint, token, patience);
}

}  // namespace simurgh::lab
