#include "io/http/client.h"

#include <optional>

#include "formats/http1/parser.h"

namespace simurgh::http {
namespace {

class ClientOnLoop final : public Client, private net::StreamHandler {
 public:
  ClientOnLoop(net::Endpoint endpoint, net::Transport& transport, const ClientOptions& options,
               std::unique_ptr<loop::Loop> loop)
      : endpoint_(std::move(endpoint)),
        transport_(transport),
        options_(options),
        loop_(std::move(loop)),
        deadline_(*loop_, [this] { fail_with({ErrorCode::timed_out, "no answer in time"}); }) {}

  ~ClientOnLoop() override {
    drop();
    loop_->run_once(milliseconds(0));  // what a closed stream still has to say (TLS) leaves
  }

  Result<Response> exchange(const Request& request, std::string& problem) override {
    // The peer may have closed the connection meanwhile; better to know before than after sending.
    if (connected_) loop_->run_once(milliseconds(0));
    failure_.reset();
    done_ = false;
    response_ = {};
    output_.clear();
    if (!write_request(request)) {
      problem = "the request cannot be written: a header is not one";
      return ErrorCode::bad_value;
    }
    if (!connected_) connect();
    parser_->expect_response_to(request.method);
    deadline_.set_after(connected_ ? options_.answer_wait_max : options_.connect_wait_max);
    if (connected_) send_more();
    while (!done_ && !failure_.has_value()) loop_->run_once(seconds(1));
    deadline_.cancel();
    if (failure_.has_value()) {
      drop();
      problem = failure_->words;
      return failure_->code;
    }
    if (!keep_alive_) drop();
    return std::move(response_);
  }

 private:
  bool write_request(const Request& request) {
    http1::RequestHead head;
    head.method = request.method;
    head.target = request.target;
    head.fields.add("Host",
                    endpoint_.kind == net::Endpoint::Kind::tcp ? endpoint_.text() : "localhost");
    for (const http1::Field& field : request.fields) head.fields.add(field.name, field.value);
    return append_message(head, request.body, output_).has_value();
  }

  void connect() {
    drop();
    parser_.emplace(http1::Limits{.body_octets_max = options_.answer_octets_max});
    stream_ = transport_.connect(*loop_, endpoint_, *this);
  }

  // The stream is destroyed between batches only: exchange() is not called from inside one.
  void drop() {
    connected_ = false;
    if (stream_ != nullptr) stream_->close();
    stream_.reset();
  }

  void on_connected() override {
    connected_ = true;
    deadline_.set_after(options_.answer_wait_max);
    send_more();
  }

  void on_writable() override { send_more(); }

  void send_more() {
    const std::string_view piece = std::string_view(output_).substr(0, stream_->room());
    if (piece.empty()) return;
    if (stream_->send(bytes_of(piece)).has_value()) output_.erase(0, piece.size());
  }

  void on_bytes(ByteView bytes) override {
    while (!done_ && !failure_.has_value()) {
      const auto step = parser_->parse(bytes);
      if (!step.has_value()) {
        return fail_with({step.error().code, "what answers there is no HTTP server"});
      }
      bytes = bytes.subspan(step->consumed);
      switch (step->event) {
        case http1::Event::need_more: return;
        case http1::Event::head: break;
        case http1::Event::body: response_.body.append(text_of(step->data)); break;
        case http1::Event::end: take_end(); break;
      }
    }
  }

  void take_end() {
    // 1xx answers come before the one that counts (RFC 9110 15.2).
    if (parser_->head().status < 200) return;
    response_.status = parser_->head().status;
    response_.fields = parser_->head().fields;
    keep_alive_ = parser_->head().keep_alive;
    done_ = true;
  }

  void on_closed(const net::Closed& closed) override {
    connected_ = false;
    if (done_) return;
    // Only an end in order ends an answer that goes on until the end: over TLS, anybody can cut.
    if (closed.code == ErrorCode::closed &&
        parser_->on_close().value_or(http1::Event::need_more) == http1::Event::end) {
      take_end();
      keep_alive_ = false;
      return;
    }
    fail_with(closed);
  }

  void fail_with(net::Closed failure) {
    if (!failure_.has_value()) failure_ = std::move(failure);
  }

  const net::Endpoint endpoint_;
  net::Transport& transport_;
  const ClientOptions options_;
  std::unique_ptr<loop::Loop> loop_;
  loop::Timer deadline_;
  std::unique_ptr<net::Stream> stream_;
  std::optional<http1::ResponseParser> parser_;
  bool connected_ = false;
  bool keep_alive_ = false;
  bool done_ = false;
  std::string output_;
  Response response_;
  std::optional<net::Closed> failure_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::create(const net::Endpoint& endpoint,
                                               net::Transport& transport,
                                               const ClientOptions& options, std::string& problem) {
  auto loop = TRY(loop::Loop::create(problem));
  return std::unique_ptr<Client>(
      std::make_unique<ClientOnLoop>(endpoint, transport, options, std::move(loop)));
}

}  // namespace simurgh::http
