#include "formats/http1/parser.h"

#include <doctest/doctest.h>

#include "http1/read_messages.h"

using namespace simurgh;
using namespace simurgh::http1;
using test::HttpReading;
using test::read_messages;

namespace {

HttpReading requests(std::string_view text, const Limits& limits = {}, size_t piece = 1 << 20) {
  RequestParser parser(limits);
  return read_messages(parser, bytes_of(text), piece);
}

HttpReading responses(std::string_view text, std::string_view to = "GET") {
  ResponseParser parser;
  parser.expect_response_to(to);
  return read_messages(parser, bytes_of(text), 1 << 20);
}

// The status of the refusal, or 0 when nothing was refused.
uint16_t refusal(std::string_view text, const Limits& limits = {}) {
  const HttpReading whole = requests(text, limits);
  // Whatever the pieces, the same is refused in the same way.
  const HttpReading bytewise = requests(text, limits, 1);
  CHECK(whole.refused == bytewise.refused);
  CHECK(whole.status == bytewise.status);
  CHECK(whole.messages == bytewise.messages);
  return whole.refused ? whole.status : uint16_t{0};
}

std::string get_with(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::string chunked(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("G2 T2: a request comes out as head, body and end, however it is cut") {
  const std::string text =
      "POST /admin?x=1 HTTP/1.1\r\nHost: centre:8443\r\nX-Admin-From:  //se-id/1 \r\n"
      "Content-Length: 5\r\n\r\nhello";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    RequestParser parser;
    CHECK(parser.at_message_start());
    const HttpReading read = read_messages(parser, bytes_of(text), piece);
    REQUIRE(read.messages.size() == 1);
    CHECK(read.messages[0].start == "POST /admin?x=1");
    CHECK(read.messages[0].body == "hello");
    CHECK(read.messages[0].complete);
    CHECK(parser.head().fields.text("x-admin-from") == "//se-id/1");
    CHECK(parser.head().framing == Framing::length);
    CHECK(parser.head().content_length == 5);
    CHECK(parser.head().keep_alive);
    CHECK(parser.at_message_start());
  }
  for (size_t size = 1; size < text.size(); ++size) {
    RequestParser parser;
    const HttpReading read = read_messages(parser, bytes_of(text).first(size), 1000);
    CHECK(!read.refused);
    CHECK(!parser.at_message_start());
    CHECK((read.messages.empty() || !read.messages[0].complete));
  }
}

TEST_CASE("pipelined requests are taken one at a time and never run into each other") {
  const std::string text =
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
      "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const size_t piece : {1u, 2u, 50u, 1000u}) {
    const HttpReading read = requests(text, {}, piece);
    REQUIRE(read.messages.size() == 3);
    CHECK(read.messages[0].body == "abc");
    CHECK(read.messages[1].body == "de");
    CHECK(read.messages[2].start == "GET /3");
    CHECK(read.messages[2].complete);
  }
  // The parser stops at the end of the first: the rest is the caller's to hold back.
  RequestParser parser;
  size_t consumed = 0;
  for (Event event = Event::need_more; event != Event::end;) {
    const auto step = parser.parse(bytes_of(text).subspan(consumed));
    consumed += step->consumed;
    event = step->event;
  }
  CHECK(text.substr(consumed).starts_with("POST /2"));
}

TEST_CASE("G2: bodies in chunks come out joined, extensions and trailers dropped") {
  const auto body_of = [](std::string_view body) {
    const HttpReading read = requests(chunked(body));
    REQUIRE(read.messages.size() == 1);
    CHECK(read.messages[0].complete);
    return read.messages[0].body;
  };
  CHECK(body_of("0\r\n\r\n").empty());
  CHECK(body_of("5\r\nhello\r\n0\r\n\r\n") == "hello");
  CHECK(body_of("005\r\nhello\r\n6\r\n world\r\n0\r\n\r\n") == "hello world");
  CHECK(body_of("A;name=\"v\"\r\n0123456789\r\n0;last\r\nX-Sum: 1\r\n\r\n") == "0123456789");
}

TEST_CASE("messages that two readers could take differently are refused") {
  // Both lengths, repeated lengths, lists of lengths, signs.
  CHECK(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"
                "\r\n\r\n0\r\n\r\n") == 400);
  CHECK(refusal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5"
                "\r\n\r\n0\r\n\r\n") == 400);
  for (const char* fields :
       {"Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n", "Content-Length: -5\r\n", "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n", "Content-Length: 5\t\r\n", "Connection:\tclose\r\n",
        "Content-Length:\r\n", "Content-Length: 9999999999999999999\r\n",
        "Content-Length: 99999999999999999999999\r\n", "Host: b\r\n", "HOST: a\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        // Line ends and white space.
        "X: a\n", "X: a\r\n folded\r\n", " X: a\r\n", "X : a\r\n", "X\t: a\r\n", "X: a\rb\r\n",
        "X: a\r\r\n", "X\r\n", ": a\r\n", "X(y): a\r\n", "Content-Length : 5\r\n",
        "Content-Type: a\r\nContent-Type: b\r\n"}) {
    CAPTURE(fields);
    CHECK(refusal(get_with(fields)) == 400);
  }
  CHECK(refusal(get_with(std::string_view("X: a\0b\r\n", 8))) == 400);
  CHECK(refusal(get_with("X: a\x7f\r\n")) == 400);
  CHECK(refusal(get_with("Transfer-Encoding: gzip\r\n")) == 501);
  CHECK(refusal(get_with("Transfer-Encoding: gzip, chunked\r\n")) == 501);
  CHECK(refusal(get_with("Transfer-Encoding: xchunked\r\n")) == 501);
  CHECK(refusal(get_with("Transfer-Encoding:\r\n")) == 501);
  CHECK(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
  CHECK(refusal("POST / HTTP/1.1\nHost: a\n\n") == 400);
  CHECK(refusal(get_with("X: \xc3\xa9\r\n")) == 0);
}

TEST_CASE("chunks that are not plain hexadecimal sizes with their line ends are refused") {
  for (const char* body : {"\r\n",
                           "g\r\n",
                           "+5\r\nhello\r\n",
                           "-1\r\n",
                           "0x5\r\nhello\r\n",
                           " 5\r\nhello\r\n",
                           "5 \r\nhello\r\n",
                           "5\nhello\r\n",
                           "5\r\nhello\n",
                           "5\r\nhelloX\r\n",
                           "5\r\nhello0\r\n\r\n",
                           "5;\x01\r\nhello\r\n",
                           "5;a\nb\r\nhello\r\n",
                           "5;a\rb\r\nhello\r\n",
                           "5 ;a\r\nhello\r\n",
                           "ffffffffffffffff\r\n",
                           "10000000000000000\r\n",
                           "0\r\nContent-Length: 5\r\n\r\n",
                           "0\r\nTransfer-Encoding: chunked\r\n\r\n",
                           "0\r\nHost: b\r\n\r\n",
                           "0\r\n folded\r\n\r\n",
                           "0\r\nno colon\r\n\r\n",
                           "0\r\nX : y\r\n\r\n",
                           "0\n\n"}) {
    CAPTURE(body);
    CHECK(refusal(chunked(body)) == 400);
  }
}

TEST_CASE("request lines are taken in their one form only") {
  const auto line = [](std::string_view text) {
    return refusal(std::string(text) + "\r\nHost: a\r\n\r\n");
  };
  CHECK(line("GET / HTTP/1.1") == 0);
  CHECK(line("OPTIONS * HTTP/1.1") == 0);
  CHECK(line("M-SEARCH /a!b~ HTTP/1.1") == 0);
  for (const char* text : {"",
                           "GET",
                           "GET /",
                           "GET  / HTTP/1.1",
                           "GET /  HTTP/1.1",
                           " GET / HTTP/1.1",
                           "GET / HTTP/1.1 ",
                           "GET\t/ HTTP/1.1",
                           "G(T / HTTP/1.1",
                           "GET * HTTP/1.1",
                           "GET a HTTP/1.1",
                           "GET http://a/ HTTP/1.1",
                           "CONNECT a:1 HTTP/1.1",
                           "GET /a b HTTP/1.1",
                           "GET /a#b HTTP/1.1",
                           "GET /\x80 HTTP/1.1",
                           "GET / http/1.1",
                           "GET / HTTP/11",
                           "GET / HTTP/1.1\r",
                           "GET / HTTP/1",
                           "GET / HTTP/x.1"}) {
    CAPTURE(text);
    CHECK(line(text) == 400);
  }
  CHECK(line("GET / HTTP/2.0") == 505);
  CHECK(line("GET / HTTP/1.2") == 505);
  CHECK(line("GET / HTTP/0.9") == 505);
}

TEST_CASE("HTTP/1.1 needs one Host, which is host and port and nothing else") {
  CHECK(refusal("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.0\r\n\r\n") == 0);
  const auto host = [](std::string_view value) {
    return refusal("GET / HTTP/1.1\r\nHost: " + std::string(value) + "\r\n\r\n");
  };
  CHECK(host("a.example:80") == 0);
  CHECK(host("[::1]:8443") == 0);
  CHECK(host("a b") == 400);
  CHECK(host("a/b") == 400);
  CHECK(host("user@a") == 400);
  CHECK(host("a, b") == 400);
}

TEST_CASE("every limit is kept, with the status that names it") {
  Limits limits;
  limits.start_line_octets_max = 32;
  limits.field_count_max = 3;
  limits.field_octets_max = 64;
  limits.chunk_line_octets_max = 8;
  limits.body_octets_max = 10;
  const std::string start(32 - 15, 'a');
  CHECK(refusal("GET /" + start + "a HTTP/1.1\r\nHost: a\r\n\r\n", limits) == 0);
  CHECK(refusal("GET /" + start + "aa HTTP/1.1\r\nHost: a\r\n\r\n", limits) == 414);
  CHECK(refusal(get_with("A: 1\r\nB: 2\r\n"), limits) == 0);
  CHECK(refusal(get_with("A: 1\r\nB: 2\r\nC: 3\r\n"), limits) == 431);
  CHECK(refusal(get_with("A: " + std::string(54, 'x') + "\r\n"), limits) == 0);
  CHECK(refusal(get_with("A: " + std::string(55, 'x') + "\r\n"), limits) == 431);
  CHECK(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789", limits) == 0);
  CHECK(refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", limits) == 413);
  CHECK(refusal(chunked("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"), limits) == 0);
  CHECK(refusal(chunked("5\r\n01234\r\n6\r\n"), limits) == 413);
  CHECK(refusal(chunked("5;abcdefg\r\n"), limits) == 400);
  CHECK(refusal(chunked("0\r\nA: " + std::string(70, 'x') + "\r\n\r\n"), limits) == 431);
  // A line that never ends is refused when it is too long, not when memory is.
  RequestParser parser(limits);
  const std::string endless(1000, 'a');
  CHECK(parser.parse(bytes_of(endless)).error().code == ErrorCode::too_large);
  CHECK(parser.refusal_status() == 414);
  CHECK(parser.parse({}).error().code == ErrorCode::bad_state);
}

TEST_CASE("whether the connection goes on follows version and Connection") {
  const auto keeps = [](std::string_view version, std::string_view fields) {
    RequestParser parser;
    read_messages(parser,
                  bytes_of("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
                           std::string(fields) + "\r\n"),
                  1000);
    return parser.head().keep_alive;
  };
  CHECK(keeps("1.1", ""));
  CHECK(!keeps("1.1", "Connection: close\r\n"));
  CHECK(!keeps("1.1", "Connection: x, CLOSE , y\r\n"));
  CHECK(!keeps("1.1", "Connection: x\r\nConnection: close\r\n"));
  CHECK(keeps("1.1", "Connection: closed\r\n"));
  CHECK(!keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: keep-alive\r\n"));
  CHECK(refusal(get_with("Expect: 100-continue\r\n")) == 0);
  CHECK(refusal(get_with("Expect: tea\r\n")) == 417);
}

TEST_CASE("G2: responses end by length, chunks, status, request or the connection's end") {
  CHECK(responses("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").messages[0].body == "ok");
  CHECK(responses("HTTP/1.1 204 No Content\r\n\r\n").messages[0].complete);
  CHECK(responses("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n").messages[0].complete);
  CHECK(responses("HTTP/1.1 304 x\r\nETag: y\r\n\r\n").messages[0].complete);
  CHECK(responses("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "HEAD").messages[0].complete);
  CHECK(responses("HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
            .messages[0]
            .body == "x");
  const HttpReading continued =
      responses("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  REQUIRE(continued.messages.size() == 2);
  CHECK(continued.messages[1].body == "x");

  ResponseParser parser;
  CHECK(*parser.on_close() == Event::need_more);
  const std::string until_close = "HTTP/1.0 200 OK\r\n\r\nall of it";
  const HttpReading read = read_messages(parser, bytes_of(until_close), 4);
  CHECK(read.messages[0].body == "all of it");
  CHECK(!read.messages[0].complete);
  CHECK(!parser.head().keep_alive);
  CHECK(*parser.on_close() == Event::end);
  Limits limits;
  limits.body_octets_max = 3;
  ResponseParser limited(limits);
  const HttpReading over = read_messages(limited, bytes_of(until_close), 1000);
  CHECK(over.refused);
  CHECK(over.status == 413);
  CHECK(over.messages[0].body == "all");
  ResponseParser cut;
  read_messages(cut, bytes_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), 100);
  CHECK(cut.on_close().error().code == ErrorCode::truncated);
}

TEST_CASE("responses with lines or lengths that do not fit are refused") {
  for (const char* text :
       {"HTTP/1.1 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 600 x\r\n\r\n",
        "HTTP/1.1 099 x\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 2000 x\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 \x01\r\n\r\n", "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 204 x\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 304 x\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 x\r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    CAPTURE(text);
    CHECK(responses(text).refused);
  }
  CHECK(responses("HTTP/2.0 200 OK\r\n\r\n").error == ErrorCode::unsupported);
}
