// Ours against llhttp: messages that both should read, and thousands of damaged ones.

#include <doctest/doctest.h>

#include <random>

#include "http1/llhttp_reader.h"

using namespace simurgh;
using test::HttpReading;

namespace {

const char* const requests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /v1/chips?x=1%20 HTTP/1.1\r\nHost: a:8443\r\nContent-Length: 5\r\n\r\nhello",
    "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\nTrail: er\r\n\r\n",
    "PUT /a HTTP/1.1\r\nHost:  a \t\r\ncontent-length:0\r\nX-Empty:\r\n\r\n"
    "DELETE /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /new HTTP/1.1\r\nHost: b\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nAccept: a, b\r\nAccept: c\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
};

const char* const responses[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
    "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\nHTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
};

const char* const splices[] = {"\r\n",
                               "\n",
                               "\r",
                               " ",
                               "\t",
                               ":",
                               ",",
                               ";",
                               "0",
                               "ffffffffffffffff",
                               "chunked",
                               "Content-Length: 3\r\n",
                               "Content-Length: 3, 3\r\n",
                               "Transfer-Encoding: chunked\r\n",
                               "Transfer-Encoding: gzip, chunked\r\n",
                               "Host: b\r\n",
                               "\r\n folded",
                               "HTTP/1.1",
                               "+5",
                               "0x5",
                               "\0",
                               "GET / HTTP/1.1\r\nHost: z\r\n\r\n"};

std::string damaged(const std::string& text, std::mt19937& random) {
  std::string out = text;
  const int edits = 1 + static_cast<int>(random() % 3);
  for (int i = 0; i < edits; ++i) {
    const size_t at = random() % (out.size() + 1);
    switch (random() % 4) {
      case 0: out.insert(at, splices[random() % std::size(splices)]); break;
      case 1: out.erase(at, 1 + random() % 4); break;
      case 2:
        if (at < out.size()) out[at] = static_cast<char>(random());
        break;
      default: out.insert(at, out.substr(at / 2, random() % 16)); break;
    }
  }
  return out;
}

template <typename Parser, typename Read, size_t count>
void compare(const char* const (&texts)[count], Read read, int rounds) {
  std::mt19937 random(7);
  size_t accepted = 0;
  for (const char* text : texts) {
    for (int round = 0; round < rounds; ++round) {
      const std::string input = round == 0 ? text : damaged(text, random);
      Parser parser;
      const HttpReading ours =
          test::read_messages(parser, bytes_of(input), round == 0 ? input.size() : 7);
      bool upgraded = false;
      const HttpReading theirs = read(bytes_of(input), upgraded);
      const std::string difference = test::difference_from_llhttp(ours, theirs, upgraded);
      CHECK_MESSAGE(difference.empty(), difference << " in " << input);
      if (round == 0) {
        CHECK(!ours.refused);
        CHECK(!theirs.refused);
        CHECK(ours.messages.size() == theirs.messages.size());
      }
      accepted += ours.refused ? 0 : 1;
    }
  }
  CHECK(accepted > 2 * count);  // the damage is not always deadly, or nothing is compared
}

}  // namespace

TEST_CASE("G2: what our request parser accepts llhttp reads in the same way") {
  compare<http1::RequestParser>(requests, test::llhttp_read_requests, 20000);
}

TEST_CASE("what our response parser accepts llhttp reads in the same way") {
  compare<http1::ResponseParser>(responses, test::llhttp_read_responses, 20000);
}
