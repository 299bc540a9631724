#include "http1/llhttp_reader.h"

#include <llhttp.h>

namespace simurgh::test {

namespace {

struct Reading {
  HttpReading out;
  std::string url;
  std::string name;
  std::string value;
  bool value_open = false;
};

Reading& reading_of(llhttp_t* parser) {
  return *static_cast<Reading*>(parser->data);
}

HttpMessage& current(llhttp_t* parser) {
  return reading_of(parser).out.messages.back();
}

int on_begin(llhttp_t* parser) {
  Reading& reading = reading_of(parser);
  reading.url.clear();
  reading.name.clear();
  reading.value.clear();
  reading.out.messages.emplace_back();
  return 0;
}

int on_url(llhttp_t* parser, const char* at, size_t size) {
  reading_of(parser).url.append(at, size);
  return 0;
}

int on_name(llhttp_t* parser, const char* at, size_t size) {
  reading_of(parser).name.append(at, size);
  return 0;
}

int on_value(llhttp_t* parser, const char* at, size_t size) {
  reading_of(parser).value.append(at, size);
  return 0;
}

int on_value_complete(llhttp_t* parser) {
  Reading& reading = reading_of(parser);
  // White space around the value is not part of it; llhttp leaves what stands at its end.
  while (!reading.value.empty() && (reading.value.back() == ' ' || reading.value.back() == '\t')) {
    reading.value.pop_back();
  }
  // After the head these are trailers, which we drop.
  if (current(parser).start.empty()) {
    current(parser).fields.push_back(reading.name + ": " + reading.value);
  }
  reading.name.clear();
  reading.value.clear();
  return 0;
}

int on_head(llhttp_t* parser) {
  if (parser->type == HTTP_REQUEST) {
    current(parser).start =
        std::string(llhttp_method_name(static_cast<llhttp_method_t>(parser->method))) + " " +
        reading_of(parser).url;
  } else {
    current(parser).start = std::to_string(parser->status_code);
  }
  return 0;
}

int on_body(llhttp_t* parser, const char* at, size_t size) {
  current(parser).body.append(at, size);
  return 0;
}

int on_end(llhttp_t* parser) {
  current(parser).complete = true;
  return 0;
}

HttpReading read(llhttp_type_t type, ByteView bytes, bool& upgraded) {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_message_begin = on_begin;
  settings.on_url = on_url;
  settings.on_header_field = on_name;
  settings.on_header_value = on_value;
  settings.on_header_value_complete = on_value_complete;
  settings.on_headers_complete = on_head;
  settings.on_body = on_body;
  settings.on_message_complete = on_end;
  llhttp_t parser;
  llhttp_init(&parser, type, &settings);
  Reading reading;
  parser.data = &reading;
  const std::string text(text_of(bytes));
  const llhttp_errno_t result = llhttp_execute(&parser, text.data(), text.size());
  upgraded = result == HPE_PAUSED_UPGRADE;
  reading.out.refused = result != HPE_OK && !upgraded;
  return reading.out;
}

}  // namespace

bool llhttp_knows_method(std::string_view method) {
  // PRI is HTTP/2's preface and SOURCE is Icecast's; llhttp treats both in ways of their own.
  if (method == "PRI" || method == "SOURCE") return false;
  for (int number = 0; number <= HTTP_SOURCE; ++number) {
    if (method == llhttp_method_name(static_cast<llhttp_method_t>(number))) return true;
  }
  return false;
}

HttpReading llhttp_read_requests(ByteView bytes, bool& upgraded) {
  return read(HTTP_REQUEST, bytes, upgraded);
}

HttpReading llhttp_read_responses(ByteView bytes, bool& upgraded) {
  return read(HTTP_RESPONSE, bytes, upgraded);
}

std::string difference_from_llhttp(const HttpReading& ours, const HttpReading& theirs,
                                   bool upgraded) {
  for (size_t i = 0; i < ours.messages.size(); ++i) {
    const HttpMessage& mine = ours.messages[i];
    const bool last = i + 1 == ours.messages.size();
    if (!mine.complete && !last) return "an incomplete message before another one";
    const std::string method = mine.start.substr(0, mine.start.find(' '));
    const bool is_request = mine.start.find(' ') != std::string::npos;
    if (is_request && !llhttp_knows_method(method)) return {};
    if (i >= theirs.messages.size()) {
      return upgraded ? "" : "message " + std::to_string(i) + " is not seen by llhttp";
    }
    const HttpMessage& other = theirs.messages[i];
    if (mine.start != other.start) return "starts: " + mine.start + " / " + other.start;
    if (mine.fields != other.fields) return "fields of message " + std::to_string(i);
    if (mine.complete && !upgraded) {
      if (!other.complete) return "message " + std::to_string(i) + " is not complete to llhttp";
      if (mine.body != other.body) return "bodies: " + mine.body + " / " + other.body;
    } else if (mine.body.substr(0, other.body.size()) != other.body.substr(0, mine.body.size())) {
      return "bodies begin differently";
    }
  }
  return {};
}

}  // namespace simurgh::test
