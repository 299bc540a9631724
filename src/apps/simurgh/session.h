// What a command works with: the global options, the server, and where its answer goes.
//
// One per run of the tool, one thread (progress may be reported from several).
#pragma once

#include <memory>
#include <span>

#include "apps/simurgh/api_client.h"
#include "apps/simurgh/command_line.h"
#include "base/random.h"
#include "formats/json/value.h"

namespace simurgh::cli {

// A column of a table for people: its head, and the member of a row's object that it shows.
struct Column {
  std::string_view head;
  std::string_view member;
};

class Session {
 public:
  Session(const Global& global, Random& random);
  ~Session();

  const Global& global() const { return global_; }
  Random& random() { return random_; }
  ApiClient& api();  // made at first use
  bool shows_progress() const;

  // The answer, once a command: JSON with --json, else the object's members line by line …
  void answer(const json::Value& value);
  // … or the rows as a table, or `text` as it is.
  void answer_table(const json::Value& value, const json::Value::Array& rows,
                    std::span<const Column> columns);
  void answer_text(const json::Value& value, std::string_view text);
  // A remark for people on standard error; silent with --quiet.
  void remark(std::string_view text);

 private:
  Global global_;
  Random& random_;
  std::unique_ptr<ApiClient> api_;
};

}  // namespace simurgh::cli
