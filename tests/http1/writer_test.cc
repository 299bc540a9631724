#include <doctest/doctest.h>

#include "formats/http1/message.h"
#include "http1/read_messages.h"

using namespace simurgh;
using namespace simurgh::http1;

namespace {

RequestHead request() {
  RequestHead head;
  head.method = "POST";
  head.target = "/admin?x=1";
  head.fields.add("Host", "centre:8443");
  head.fields.add("X-Admin-Protocol", "globalplatform-remote-admin/1.0");
  return head;
}

template <typename Head>
bool refused(const Head& head) {
  std::string out = "before";
  const bool has_error = !append_head(head, out).has_value();
  if (has_error) CHECK(out == "before");
  return has_error;
}

}  // namespace

TEST_CASE("G2 T2: a request is written as it will be read") {
  std::string out;
  RequestHead head = request();
  head.keep_alive = false;
  REQUIRE(append_message(head, "hello", out).has_value());
  CHECK(out ==
        "POST /admin?x=1 HTTP/1.1\r\nHost: centre:8443\r\n"
        "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"
        "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
  RequestParser parser;
  const auto read = test::read_messages(parser, bytes_of(out), 3);
  CHECK(read.messages[0].body == "hello");
  CHECK(!parser.head().keep_alive);

  out.clear();
  REQUIRE(append_message(request(), "", out).has_value());
  CHECK(out.find("Content-Length: 0\r\n") != std::string::npos);
  out.clear();
  head = request();
  head.method = "GET";
  REQUIRE(append_message(head, "", out).has_value());
  CHECK(out.find("Content-Length") == std::string::npos);
}

TEST_CASE("chunked bodies are written as they will be read, empty chunks left out") {
  RequestHead head = request();
  head.framing = Framing::chunked;
  head.expects_continue = true;
  std::string out;
  REQUIRE(append_head(head, out).has_value());
  const std::string large(70000, 'x');
  append_chunk(bytes_of("hello"), out);
  append_chunk({}, out);
  append_chunk(bytes_of(large), out);
  append_last_chunk(out);
  CHECK(out.find("11170\r\n") != std::string::npos);
  RequestParser parser;
  const auto read = test::read_messages(parser, bytes_of(out), 1000);
  REQUIRE(read.messages.size() == 1);
  CHECK(read.messages[0].body == "hello" + large);
  CHECK(read.messages[0].complete);
  CHECK(parser.head().expects_continue);
}

TEST_CASE("responses are written with their phrase and framing") {
  ResponseHead head;
  head.status = 404;
  head.fields.add("Content-Type", "application/json");
  std::string out;
  REQUIRE(append_message(head, "{}", out).has_value());
  CHECK(out ==
        "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  out.clear();
  head = ResponseHead{};
  head.status = 204;
  REQUIRE(append_message(head, "", out).has_value());
  CHECK(out == "HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(append_message(head, "x", out).error().code == ErrorCode::bad_value);
  for (uint16_t status = 100; status < 600; ++status) {
    ResponseHead any;
    any.status = status;
    std::string text;
    REQUIRE(append_message(any, "", text).has_value());
    ResponseParser parser;
    const auto read = test::read_messages(parser, bytes_of(text), 1000);
    CHECK(read.messages[0].complete);
    CHECK(read.messages[0].start == std::to_string(status));
  }
}

TEST_CASE("nothing is written that would be read as more than one message") {
  RequestHead head = request();
  CHECK(!refused(head));
  for (const char* value : {"a\r\nX: b", "a\nb", "a\rb", " a", "a ", "\t"}) {
    head = request();
    head.fields.add("X", value);
    CHECK(refused(head));
  }
  for (const char* name :
       {"", "a b", "a:", "a\r\nb", "Content-Length", "transfer-encoding", "Connection"}) {
    head = request();
    head.fields.add(name, "x");
    CHECK(refused(head));
  }
  for (const char* target : {"", "a", "/a b", "/a\r\n", "http://a/", "/#"}) {
    head = request();
    head.target = target;
    CHECK(refused(head));
  }
  head = request();
  head.method = "GE T";
  CHECK(refused(head));
  head = request();
  head.fields.add("host", "b");
  CHECK(refused(head));
  head = request();
  head.fields.clear();
  CHECK(refused(head));
  ResponseHead response;
  response.reason = "a\r\nb";
  CHECK(refused(response));
  response = ResponseHead{};
  response.status = 204;
  CHECK(refused(response));  // framing by length
  response = ResponseHead{};
  response.framing = Framing::until_close;
  CHECK(refused(response));
  response.keep_alive = false;
  CHECK(!refused(response));
}

TEST_CASE("field names are compared without case, list tokens found in every line") {
  Fields fields;
  fields.add("Accept", "a , b");
  fields.add("ACCEPT", "C");
  CHECK(*fields.find("accept") == "a , b");
  CHECK(fields.count("Accept") == 2);
  CHECK(fields.has_token("accept", "B"));
  CHECK(fields.has_token("accept", "c"));
  CHECK(!fields.has_token("accept", "d"));
  CHECK(fields.find("x") == nullptr);
  CHECK(fields.text("x").empty());
}
