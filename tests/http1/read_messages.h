// All messages that a parser finds in a stream, as one value that two parsers can be compared by.
#pragma once

#include <string>
#include <vector>

#include "formats/http1/parser.h"

namespace simurgh::test {

struct HttpMessage {
  std::string start;                // method and target, or the status
  std::vector<std::string> fields;  // "name: value", in order
  std::string body;
  bool complete = false;
  friend bool operator==(const HttpMessage&, const HttpMessage&) = default;
};

struct HttpReading {
  std::vector<HttpMessage> messages;
  bool refused = false;
  ErrorCode error = ErrorCode::io;
  uint16_t status = 0;  // of the refusal
};

inline std::string start_of(const http1::RequestHead& head) {
  return head.method + " " + head.target;
}
inline std::string start_of(const http1::ResponseHead& head) {
  return std::to_string(head.status);
}

// Feeds `bytes` in pieces of `piece` octets. Stops after a message that ends the connection.
template <typename Parser>
HttpReading read_messages(Parser& parser, ByteView bytes, size_t piece) {
  HttpReading out;
  size_t offset = 0;
  for (bool more = true; more;) {
    const size_t size = std::min(piece, bytes.size() - offset);
    const auto step = parser.parse(bytes.subspan(offset, size));
    if (!step) {
      out.refused = true;
      out.error = step.error().code;
      out.status = parser.refusal_status();
      return out;
    }
    offset += step->consumed;
    switch (step->event) {
      case http1::Event::head: {
        HttpMessage message;
        message.start = start_of(parser.head());
        for (const http1::Field& field : parser.head().fields) {
          message.fields.push_back(field.name + ": " + field.value);
        }
        out.messages.push_back(std::move(message));
        break;
      }
      case http1::Event::body: out.messages.back().body += text_of(step->data); break;
      case http1::Event::end:
        out.messages.back().complete = true;
        more = parser.head().keep_alive;
        break;
      case http1::Event::need_more: more = offset < bytes.size(); break;
    }
  }
  return out;
}

}  // namespace simurgh::test
