#include "apps/simurgh/api_client.h"

#include <array>
#include <chrono>
#include <thread>

#include "api/http_types.h"
#include "apps/simurgh/local_file.h"
#include "base/hex.h"
#include "io/http/client.h"

namespace simurgh::cli {
namespace {

constexpr int sends_max = 4;  // of one request, until it is answered
constexpr Duration resend_wait_first = milliseconds(250);
constexpr Duration resend_wait_max = seconds(10);
constexpr size_t page_rows = 500;
constexpr std::string_view plain_scheme = "http://";
constexpr std::string_view tls_scheme = "https://";

Outcome<net::Endpoint> parse_server(std::string_view text) {
  const std::string shown(text);
  const bool secure = text.starts_with(tls_scheme);
  if (secure) {
    text.remove_prefix(tls_scheme.size());
  } else if (text.starts_with(plain_scheme)) {
    text.remove_prefix(plain_scheme.size());
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  const auto endpoint = net::parse_endpoint(text);
  if (!endpoint.has_value()) {
    return usage("--server " + shown + " is no address",
                 "use https://HOST:PORT, http://127.0.0.1:PORT or unix:PATH");
  }
  // A token sent in the clear can be read by everybody on the way.
  if (!secure && !endpoint->loopback()) {
    return usage("--server " + shown + " is on another machine, and the way there is not encrypted",
                 "use https://, or make a tunnel: ssh -L 8430:127.0.0.1:8430 HOST, and use "
                 "http://127.0.0.1:8430");
  }
  return *endpoint;
}

// What to do about a refusal, as an exit code.
Exit exit_of(uint16_t status) {
  if (status == 401 || status == 403) return Exit::forbidden;
  if (status == 429 || status >= 500) return Exit::unreachable;
  return Exit::refused;
}

Failure refusal_of(const http::Response& response) {
  const auto problem = json::parse(response.body);
  const Exit exit = exit_of(response.status);
  if (!problem.has_value() || problem->text_of("detail").empty()) {
    return {exit, "the server answers with status " + std::to_string(response.status),
            "is it a Simurgh server?"};
  }
  // Refused by policy is no matter of the token.
  const bool policy = problem->text_of("type") == "urn:simurgh:problem:policy";
  return {policy ? Exit::refused : exit, std::string(problem->text_of("detail")),
          std::string(problem->text_of("hint"))};
}

Duration wait_before(const http::Response* response, int sends) {
  Duration wait = resend_wait_first * (int64_t{1} << (sends - 1));
  if (response != nullptr) {
    const std::string said(response->fields.text("retry-after"));
    if (!said.empty() && said.find_first_not_of("0123456789") == std::string::npos &&
        said.size() < 6) {
      wait = seconds(std::stoll(said));
    }
  }
  return wait < resend_wait_max ? wait : resend_wait_max;
}

void sleep_for(Duration wait) {
  std::this_thread::sleep_for(std::chrono::milliseconds(wait.ms));
}

}  // namespace

struct ApiClient::Call {
  std::string_view method;
  const std::string& path;
  const json::Value* body = nullptr;
};

struct ApiClient::Connection {
  net::PlainTransport plain;
  std::unique_ptr<tls::ClientTls> tls;  // https
  std::unique_ptr<http::Client> client;
};

std::string with_parameter(const std::string& path, std::string_view name, std::string_view value) {
  if (value.empty()) return path;
  const char separator = path.find('?') == std::string::npos ? '?' : '&';
  return path + separator + std::string(name) + "=" + api::percent_encoded(value);
}

ApiClient::ApiClient(ServerAccess access, Random& random)
    : access_(std::move(access)), random_(random) {}

ApiClient::~ApiClient() {
  wipe({reinterpret_cast<uint8_t*>(token_.data()), token_.size()});
}

Outcome<void> ApiClient::prepare() {
  if (token_.empty()) {
    if (access_.token_file.empty()) {
      return Failure{Exit::forbidden, "no access token",
                     "name its file: --token-file FILE, or SIMURGH_TOKEN_FILE"};
    }
    token_ = TRY(read_file(access_.token_file));
    while (!token_.empty() && (token_.back() == '\n' || token_.back() == '\r')) token_.pop_back();
    if (token_.empty() || token_.find_first_of(" \t\r\n") != std::string::npos) {
      token_.clear();
      return Failure{Exit::forbidden, access_.token_file + " does not hold a token",
                     "it is one line, as simurgh tokens add wrote it"};
    }
  }
  if (connection_ == nullptr) {
    TRY(connect());
  }
  return {};
}

Outcome<void> ApiClient::connect() {
  const net::Endpoint endpoint = TRY(parse_server(access_.server));
  auto connection = std::make_unique<Connection>();
  net::Transport* transport = &connection->plain;
  std::string problem;
  if (access_.server.starts_with(tls_scheme)) {
    auto made = tls::ClientTls::create(access_.files, "", tls::certificate_limits(), problem);
    if (!made.has_value()) return local(problem);
    connection->tls = std::move(*made);
    transport = connection->tls.get();
  }
  auto client = http::Client::create(endpoint, *transport, {}, problem);
  if (!client.has_value()) return local(problem);
  connection->client = std::move(*client);
  connection_ = std::move(connection);
  return {};
}

Outcome<json::Value> ApiClient::call(const Call& call) {
  TRY(prepare());
  http::Request request;
  request.method = call.method;
  request.target = call.path;
  request.fields.add("Authorization", "Bearer " + token_);
  if (call.body != nullptr) {
    request.body = json::write(*call.body);
    request.fields.add("Content-Type", "application/json");
    std::string key(32, '0');
    write_hex(random_.array<16>(), key);
    request.fields.add("Idempotency-Key", key);
  }
  std::string problem;
  Outcome<json::Value> outcome = Failure{};
  for (int sends = 1;; ++sends) {
    const auto response = connection_->client->exchange(request, problem);
    if (response.has_value() && response->status < 300) {
      const auto value = json::parse(response->body, {.text_octets_max = file_octets_max});
      outcome = value.has_value() ? Outcome<json::Value>(*value)
                                  : Failure{Exit::unreachable, "the server's answer is not JSON",
                                            "is it a Simurgh server?"};
      break;
    }
    outcome = response.has_value()
                  ? refusal_of(*response)
                  : Failure{Exit::unreachable, "no answer from " + access_.server + ": " + problem,
                            "is simurghd running, and --server its address?"};
    const bool again = !response.has_value() || response->status == 429 || response->status == 503;
    if (!again || sends == sends_max) break;
    sleep_for(wait_before(response.has_value() ? &*response : nullptr, sends));
  }
  wipe({reinterpret_cast<uint8_t*>(request.body.data()), request.body.size()});
  return outcome;
}

Outcome<json::Value> ApiClient::get(const std::string& path) {
  return call({.method = "GET", .path = path});
}

Outcome<json::Value> ApiClient::post(const std::string& path, const json::Value& body) {
  return call({.method = "POST", .path = path, .body = &body});
}

Outcome<json::Value> ApiClient::remove(const std::string& path) {
  return call({.method = "DELETE", .path = path});
}

Outcome<json::Value::Array> ApiClient::list(const std::string& path, size_t rows_max,
                                            std::string after) {
  json::Value::Array rows;
  while (rows.size() < rows_max) {
    const size_t wanted = std::min(page_rows, rows_max - rows.size());
    const std::string page_path =
        with_parameter(with_parameter(path, "limit", std::to_string(wanted)), "after", after);
    const json::Value page = TRY(get(page_path));
    const json::Value* items = page.find("items");
    if (items == nullptr || items->as_array() == nullptr) {
      return Failure{Exit::unreachable, "the server's answer is no list",
                     "is it a Simurgh server?"};
    }
    for (const json::Value& item : *items->as_array()) rows.push_back(item);
    after = page.text_of("next");
    if (after.empty()) break;
  }
  if (rows.size() > rows_max) rows.resize(rows_max);
  return rows;
}

}  // namespace simurgh::cli
