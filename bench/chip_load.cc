// chip_load HOST:PORT FIRST COUNT AT_ONCE IDENTITY_PREFIX: so many chips, one after the other, each
// with a session: TLS 1.2 PSK-AES128-CBC-SHA256, then posts until the server says 204. What a
// script contains is not executed: every script is answered with one 90 00. The chip N is called
// PREFIX-N and its key is the number N + 1, as 32 hexadecimal digits.
//
// The load of bench sessions and bench polls; prints one JSON line. An answer that is not 200 or
// 204, or a session that ends early, is the end of the program.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "io/process/process.h"
#include "io/tls/chip_client.h"

using namespace simurgh;

namespace {

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "chip_load: %s\n", why.c_str());
  std::exit(1);
}

uint64_t number_of(const char* text) {
  char* end = nullptr;
  const uint64_t value = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0') give_up(std::string(text) + " is not a number");
  return value;
}

std::unique_ptr<loop::Loop> make_loop() {
  std::string problem;
  auto loop = loop::Loop::create(problem);
  if (!loop) give_up(problem);
  return std::move(*loop);
}

// What stands after `name` in a head; empty when it is not there.
std::string_view field_of(std::string_view head, std::string_view name) {
  const size_t at = head.find(name);
  if (at == head.npos) return {};
  const size_t begin = at + name.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

class Load {
 public:
  Load(const net::Endpoint& endpoint, uint64_t first, uint64_t count, std::string prefix)
      : endpoint_(endpoint), next_(first), end_(first + count), prefix_(std::move(prefix)) {
    std::string problem;
    tls::TlsPolicy policy = tls::chip_policy();
    policy.suites = {tls::Suite::psk_aes128_cbc_sha256};
    auto made = tls::ChipClient::create(policy, problem);
    if (!made) give_up(problem);
    client_ = std::move(*made);
  }

  void run(size_t at_once) {
    const auto begin = std::chrono::steady_clock::now();
    for (size_t i = 0; i < at_once; ++i) begin_session();
    loop_->run();
    const double spent_s =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("{\"sessions\": %llu, \"scripts\": %llu, \"seconds\": %.2f}\n",
                static_cast<unsigned long long>(ended_), static_cast<unsigned long long>(scripts_),
                spent_s);
  }

 private:
  struct Chip final : net::StreamHandler {
    explicit Chip(Load& its_owner) : owner(its_owner) {}
    void on_connected() override { owner.post(*this, "/admin", ""); }
    void on_bytes(ByteView bytes) override {
      received += text_of(bytes);
      owner.read(*this);
    }
    void on_closed(const net::Closed& closed) override {
      if (!done) give_up("a session ended early: " + closed.words);
    }
    Load& owner;
    tls::PskCredential credential;
    std::unique_ptr<net::Stream> stream;
    std::string received;
    bool done = false;
  };

  void begin_session() {
    if (next_ == end_) {
      if (chips_.empty()) loop_->stop();
      return;
    }
    const uint64_t number = next_++;
    auto chip = std::make_unique<Chip>(*this);
    chip->credential.identity = prefix_ + "-" + std::to_string(number);
    ByteArray<16> key{};
    for (size_t i = 0; i < 8; ++i) key[15 - i] = static_cast<uint8_t>((number + 1) >> (8 * i));
    chip->credential.key.assign(key);
    chip->stream = client_->connect(*loop_, endpoint_, *chip, chip->credential);
    chips_[chip.get()] = std::move(chip);
  }

  void post(Chip& chip, std::string_view uri, std::string_view body) {
    std::string text = "POST " + std::string(uri) +
                       " HTTP/1.1\r\nHost: ota.example\r\nX-Admin-From: //se-id/bench\r\n"
                       "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\n";
    if (!body.empty()) {
      text +=
          "X-Admin-Script-Status: ok\r\n"
          "Content-Type: application/vnd.etsi.scp.response-data;version=1.0\r\n";
    }
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    text += body;
    if (!chip.stream->send(bytes_of(text))) give_up("no room for a request");
  }

  void read(Chip& chip) {
    const size_t head_end = chip.received.find("\r\n\r\n");
    if (head_end == std::string::npos) return;
    const std::string_view head = std::string_view(chip.received).substr(0, head_end + 2);
    const std::string_view status = head.substr(head.find(' ') + 1, 3);
    if (status == "204") return end_session(chip);
    if (status != "200") give_up("the server answers " + std::string(head));
    const std::string_view length = field_of(head, "Content-Length: ");
    if (length.empty()) {
      // In chunks: the last one has no octets.
      if (!chip.received.ends_with("\r\n0\r\n\r\n")) return;
    } else {
      size_t octets = 0;
      std::from_chars(length.data(), length.data() + length.size(), octets);
      if (chip.received.size() < head_end + 4 + octets) return;
    }
    ++scripts_;
    const std::string uri(field_of(head, "X-Admin-Next-URI: "));
    if (uri.empty()) return end_session(chip);  // a static answer
    chip.received.clear();
    static constexpr char response[] =
        "\xaf\x80\x23\x02\x90\x00\x00";  // and the literal's own zero
    post(chip, uri, std::string_view(response, sizeof response));
  }

  void end_session(Chip& chip) {
    chip.done = true;
    chip.stream->close();
    loop_->after_flushes([this, gone = &chip] {
      chips_.erase(gone);
      ++ended_;
      begin_session();
    });
  }

  std::unique_ptr<loop::Loop> loop_ = make_loop();
  std::unique_ptr<tls::ChipClient> client_;
  net::Endpoint endpoint_;
  std::map<Chip*, std::unique_ptr<Chip>> chips_;
  uint64_t next_, end_, ended_ = 0, scripts_ = 0;
  std::string prefix_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: chip_load HOST:PORT FIRST COUNT AT_ONCE IDENTITY_PREFIX\n");
    return 2;
  }
  const auto endpoint = net::parse_endpoint(argv[1]);
  if (!endpoint) give_up(std::string(argv[1]) + " is not HOST:PORT");
  Load(*endpoint, number_of(argv[2]), number_of(argv[3]), argv[5]).run(number_of(argv[4]));
  return 0;
}
