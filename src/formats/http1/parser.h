// Reads HTTP/1.1 requests or responses from a byte stream, strictly and within limits (RFC 9112).
//
// Incremental: bytes go in as they come, one event at a time comes out; no I/O, no clock. A parser
// stops at the end of a message, so that pipelined ones are taken one by one. What two readers
// could take differently is refused, not mended: a message with both or repeated lengths, folded
// lines, a line end of LF alone, space before a colon, chunk sizes that are not plain hexadecimal,
// anything but `chunked` as transfer coding, several Host fields. Departures from the RFC on the
// strict side: no absolute-form target, no empty line before a request, no transfer coding in
// HTTP/1.0, no length in a 304. After an error the parser answers bad_state: close the connection.
#pragma once

#include "formats/http1/message.h"

namespace simurgh::http1 {

struct Limits {
  size_t start_line_octets_max = 4096;
  size_t field_count_max = 64;
  size_t field_octets_max = size_t{16} * 1024;  // all field lines of a head, or of the trailers
  size_t chunk_line_octets_max = 64;            // size and extensions
  uint64_t body_octets_max = uint64_t{1} << 20;
};

enum class Event : uint8_t {
  need_more,  // everything was taken, and the message goes on
  head,       // head() is complete
  body,       // `data` is the next piece of the body
  end,        // the message is complete; the next parse() begins another
};

struct Step {
  Event event = Event::need_more;
  size_t consumed = 0;  // octets of the input that are done with
  ByteView data;        // of Event::body; a view of the input
};

// What both directions have in common; use RequestParser or ResponseParser.
class MessageParser {
 public:
  virtual ~MessageParser() = default;
  MessageParser(const MessageParser&) = delete;
  MessageParser& operator=(const MessageParser&) = delete;

  // Takes octets until the next event. Call it again with the rest of the input, be that empty,
  // until it answers need_more. Errors: bad_value, too_large (a limit), unsupported
  // (version, transfer coding, expectation), bad_state after an error; the offset counts from the
  // start of the message.
  Result<Step> parse(ByteView input);

  // True between messages: nothing of the next one was read.
  bool at_message_start() const { return state_ == State::start_line && line_.empty(); }

  // The status with which a server should refuse what parse() refused: 400, 413, 414, 417, 431,
  // 501 or 505; 0 before an error.
  uint16_t refusal_status() const { return refusal_status_; }

 protected:
  enum class State : uint8_t {
    start_line,
    field_line,
    body_length,
    body_until_close,
    chunk_size,
    chunk_data,
    chunk_end,
    trailer_line,
    message_end,
    failed,
  };

  explicit MessageParser(const Limits& limits) : limits_(limits) {}
  virtual Result<void> on_start_line(std::string_view line) = 0;
  // Decides on the body; `fields_` is complete.
  virtual Result<Framing> on_fields_end() = 0;
  virtual Fields& fields() = 0;

  // Content-Length and Transfer-Encoding of the fields (RFC 9112 6). `none` when neither is there.
  Result<Framing> read_framing(uint8_t minor_version);
  bool read_keep_alive(uint8_t minor_version);
  Error refuse(ErrorCode code, uint16_t status);
  uint64_t content_length() const { return body_left_; }
  void finish_until_close();
  State state() const { return state_; }

  const Limits limits_;

 private:
  struct Line {
    bool complete = false;
    std::string_view text;  // without its CR LF; in the input or in line_
    size_t consumed = 0;
  };
  Result<Step> step(ByteView input);
  Result<Line> take_line(ByteView input, size_t octets_max, uint16_t status);
  Result<Step> take_start_line(ByteView input);
  Result<Step> take_field_line(ByteView input);
  Result<Step> take_trailer_line(ByteView input);
  Result<Step> take_body(ByteView input);
  Result<Step> take_chunk_size(ByteView input);
  Result<Step> take_chunk_data(ByteView input);
  Result<Step> take_chunk_end(ByteView input);
  Result<void> add_field(std::string_view line);
  Result<void> check_singleton(std::string_view name);
  void begin_body(Framing framing);

  State state_ = State::start_line;
  std::string line_;             // the beginning of a line that is not complete
  size_t field_octets_ = 0;      // of this head or trailer
  uint64_t body_left_ = 0;       // of the body, or of the chunk
  uint64_t body_octets_ = 0;     // so far
  uint64_t message_octets_ = 0;  // so far, for error offsets
  uint16_t refusal_status_ = 0;
};

class RequestParser final : public MessageParser {
 public:
  explicit RequestParser(const Limits& limits = {}) : MessageParser(limits) {}
  // Valid from Event::head until the parse() after Event::end.
  const RequestHead& head() const { return head_; }

 private:
  Result<void> on_start_line(std::string_view line) override;
  Result<Framing> on_fields_end() override;
  Fields& fields() override { return head_.fields; }
  Result<void> check_host();
  RequestHead head_;
};

class ResponseParser final : public MessageParser {
 public:
  explicit ResponseParser(const Limits& limits = {}) : MessageParser(limits) {}
  const ResponseHead& head() const { return head_; }

  // Says what was asked, before each response: one to HEAD has no body whatever its head says.
  void expect_response_to(std::string_view method) { to_head_ = method == "HEAD"; }

  // The peer closed the connection: Event::end when that ends the body; Event::need_more between
  // messages; truncated in the middle of one.
  Result<Event> on_close();

 private:
  Result<void> on_start_line(std::string_view line) override;
  Result<Framing> on_fields_end() override;
  Fields& fields() override { return head_.fields; }
  ResponseHead head_;
  bool to_head_ = false;
};

}  // namespace simurgh::http1
