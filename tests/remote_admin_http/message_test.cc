#include "formats/remote_admin_http/message.h"

#include <doctest/doctest.h>

#include "formats/http1/parser.h"
#include "hex.h"

using namespace simurgh;
using namespace simurgh::remote_admin_http;

namespace {

// Head and body of one message.
struct Read {
  Result<AdminRequest> request = ErrorCode::truncated;
  Result<AdminResponse> response = ErrorCode::truncated;
  std::string body;
  bool complete = false;
};

template <typename Parser>
Read read(Parser& parser, std::string_view text) {
  Read out;
  ByteView rest = bytes_of(text);
  for (;;) {
    const auto step = parser.parse(rest);
    if (!step.has_value()) {
      out.request = step.error();
      out.response = step.error();
      return out;
    }
    rest = rest.subspan(step->consumed);
    if (step->event == http1::Event::need_more) return out;
    if (step->event == http1::Event::body) out.body += text_of(step->data);
    if (step->event == http1::Event::end) {
      out.complete = true;
      return out;
    }
    if (step->event != http1::Event::head) continue;
    if constexpr (std::is_same_v<Parser, http1::RequestParser>) {
      out.request = read_request(parser.head());
    } else {
      out.response = read_response(parser.head());
    }
  }
}
Read read_as_request(std::string_view text) {
  http1::RequestParser parser;
  return read(parser, text);
}
Read read_as_response(std::string_view text) {
  http1::ResponseParser parser;
  return read(parser, text);
}

constexpr BodyForm forms[] = {{}, {.chunked = true}, {.chunked = true, .chunk_octets = 3}};

}  // namespace

TEST_CASE("T2: requests are written and read back, in every form of body") {
  for (const BodyForm& form : forms) {
    for (const auto kind : {ScriptKind::card_content, ScriptKind::file}) {
      for (size_t i = 0; i < 7; ++i) {
        AdminRequest request;
        request.target = "/server?n=1";
        request.host = "admin.example:8443";
        request.agent_id = i % 2 == 0 ? "//se-id/CUD/01" : "";
        request.resume = i % 3 == 0;
        request.script_status = static_cast<ScriptStatus>(i);
        const std::string body = i == 0 ? "" : "a response";
        if (!body.empty()) request.kind = kind;
        std::string text;
        REQUIRE(append_request(request, bytes_of(body), form, text).has_value());
        const Read got = read_as_request(text);
        REQUIRE(got.request.has_value());
        CHECK(got.complete);
        CHECK(got.body == body);
        CHECK(got.request->target == request.target);
        CHECK(got.request->host == request.host);
        CHECK(got.request->agent_id == request.agent_id);
        CHECK(got.request->resume == request.resume);
        CHECK(got.request->script_status == request.script_status);
        CHECK(got.request->kind == request.kind);
        for (size_t size = 0; size < text.size(); ++size) {
          CHECK(!read_as_request(std::string_view(text).substr(0, size)).complete);
        }
      }
    }
  }
}

TEST_CASE("T2: responses are written and read back, in every form of body") {
  for (const BodyForm& form : forms) {
    for (const auto kind : {ScriptKind::card_content, ScriptKind::file}) {
      AdminResponse response;
      response.status = 200;
      response.next_uri = "/admin?n=2";
      response.targeted_application = "//aid/A000000151/000000";
      response.kind = kind;
      std::string text;
      REQUIRE(append_response(response, bytes_of("a script"), form, text).has_value());
      const Read got = read_as_response(text);
      REQUIRE(got.response.has_value());
      CHECK(got.complete);
      CHECK(got.body == "a script");
      CHECK(got.response->next_uri == response.next_uri);
      CHECK(got.response->targeted_application == response.targeted_application);
      CHECK(got.response->kind == kind);
      CHECK(got.response->keep_alive);
      for (size_t size = 0; size < text.size(); ++size) {
        CHECK(!read_as_response(std::string_view(text).substr(0, size)).complete);
      }
    }
  }
  std::string end;
  REQUIRE(append_response({.status = 204, .retry_after = milliseconds(1500)}, {}, {}, end));
  CHECK(end ==
        "HTTP/1.1 204 No Content\r\nX-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"
        "Retry-After: 2\r\n\r\n");
  CHECK(read_as_response(end).response->retry_after == seconds(2));
}

TEST_CASE("T2: what a peer's values could break out with is never written") {
  std::string out;
  const auto refused = [&](const AdminRequest& request, std::string_view body = {}) {
    const bool ok = append_request(request, bytes_of(body), {}, out).has_value();
    CHECK(out.empty());
    return !ok;
  };
  const AdminRequest good{.target = "/", .host = "h"};
  AdminRequest request = good;
  request.target = "/\r\nX-Evil: 1";
  CHECK(refused(request));
  request = good;
  request.host = "h\r\nX-Evil: 1";
  CHECK(refused(request));
  request = good;
  request.agent_id = "a\nX-Evil: 1";
  CHECK(refused(request));
  request = good;
  request.agent_id = std::string(agent_id_octets_max + 1, 'a');
  CHECK(refused(request));
  CHECK(refused(good, "a body without kind"));
  request.kind = ScriptKind::file;
  CHECK(refused(request));
  const auto refused_response = [&](const AdminResponse& response, std::string_view body) {
    const bool ok = append_response(response, bytes_of(body), {}, out).has_value();
    CHECK(out.empty());
    return !ok;
  };
  const AdminResponse script{.status = 200, .kind = ScriptKind::file};
  AdminResponse response = script;
  response.next_uri = "/x\r\nX-Evil: 1";
  CHECK(refused_response(response, "x"));
  response.next_uri = "x";
  CHECK(refused_response(response, "x"));
  response = script;
  response.targeted_application = "//aid/A000000151/00\r\n";
  CHECK(refused_response(response, "x"));
  CHECK(refused_response(script, ""));
  CHECK(refused_response({.status = 204}, "x"));
  CHECK(refused_response({.status = 200}, "x"));
}

TEST_CASE("T2: names and versions as agents in the field write them") {
  const auto with = [](std::string_view protocol_value, std::string_view type) {
    std::string text = "POST / HTTP/1.1\r\nHost: h\r\nX-Admin-Protocol: ";
    text.append(protocol_value).append("\r\nContent-Type: ").append(type);
    return read_as_request(text.append("\r\nContent-Length: 1\r\n\r\nx")).request;
  };
  const std::string_view v1 = "globalplatform-remote-admin/1.0";
  const std::string rfm = "application/vnd.etsi.scp.response-data";
  CHECK(with(v1, rfm)->kind == ScriptKind::file);
  CHECK(with(v1, rfm + ";version=1.0")->kind == ScriptKind::file);
  CHECK(with(v1, rfm + " ; Version=1.0")->kind == ScriptKind::file);
  CHECK(with("globalplatform-remote-admin/1.1.1", rfm).has_value());
  CHECK(with(v1, rfm + ";version=2.0").error().code == ErrorCode::unsupported);
  CHECK(with(v1, rfm + ";version=1.0;x=y").error().code == ErrorCode::unsupported);
  CHECK(with(v1, "application/vnd.etsi.scp.command-data").error().code == ErrorCode::unsupported);
  for (const char* other : {"globalplatform-remote-admin/2.0", "globalplatform-remote-admin/1.",
                            "globalplatform-remote-admin/1.0x", "http"}) {
    CHECK(with(other, rfm).error().code == ErrorCode::unsupported);
  }
  CHECK(with("globalplatform-remote-admin/1.000000000", rfm).error().code == ErrorCode::too_large);
}

TEST_CASE("T2: Retry-After is seconds, bounded, or nothing") {
  const auto told = [](std::string_view lines) {
    std::string text = "HTTP/1.1 503 Service Unavailable\r\n";
    return read_as_response(text.append(lines).append("Content-Length: 0\r\n\r\n"))
        .response->retry_after;
  };
  CHECK(told("Retry-After: 0\r\n") == seconds(0));
  CHECK(told("Retry-After: 999999999\r\n") == retry_after_max);
  for (const char* none :
       {"", "Retry-After: 1000000000\r\n", "Retry-After: -1\r\n", "Retry-After: 1.5\r\n",
        "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", "Retry-After: 1\r\nRetry-After: 1\r\n"}) {
    CHECK(!told(none).has_value());
  }
}

TEST_CASE("T2: targeted applications are AIDs") {
  const test::Bytes domain = test::from_hex("a000000151000000");
  CHECK(target_of(domain) == "//aid/A000000151/000000");
  CHECK(test::to_hex(*parse_target("//aid/A000000151/000000")) == "a000000151000000");
  CHECK(target_of(test::from_hex("a000000151")) == "//aid/A000000151/");
  CHECK(test::to_hex(*parse_target("//aid/a000000151/")) == "a000000151");
  for (const char* bad :
       {"", "//aid/", "//aid/A000000151", "//aid/A0000001510/00", "//aid/A000000151/0",
        "//aid/A000000151/0g", "//aid/A000000151/0000000000000000000000FF", "/aid/A000000151/00"}) {
    CHECK(!parse_target(bad).has_value());
  }
}
