#include "apps/simurgh/session.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace simurgh::cli {
namespace {

// What a person reads of one value: a text as it is (controls replaced, it may be an outsider's),
// everything else as JSON has it.
std::string shown(const json::Value* value) {
  if (value == nullptr || value->is_null()) return "-";
  const std::string* text = value->as_text();
  if (text == nullptr) return json::write(*value);
  std::string out = *text;
  for (char& c : out) {
    if (c == '\n') c = ' ';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return out;
}

// An object on one line: name=value name=value.
std::string shown_inline(const json::Value& value) {
  const json::Value::Object* members = value.as_object();
  if (members == nullptr) return shown(&value);
  std::string out;
  for (const json::Member& member : *members) {
    if (!out.empty()) out += "  ";
    out += member.name + "=" +
           (member.value.as_object() != nullptr ? "(" + shown_inline(member.value) + ")"
                                                : shown(&member.value));
  }
  return out;
}

void put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

Session::Session(const Global& global, Random& random) : global_(global), random_(random) {}
Session::~Session() = default;

ApiClient& Session::api() {
  if (api_ == nullptr) {
    const ServerAccess access{
        global_.server, global_.token_file, {global_.ca, global_.certificate, global_.key}};
    api_ = std::make_unique<ApiClient>(access, random_);
  }
  return *api_;
}

bool Session::shows_progress() const {
  return !global_.quiet && (global_.progress || isatty(STDERR_FILENO) == 1);
}

void Session::answer(const json::Value& value) {
  const json::Value::Object* members = value.as_object();
  if (global_.json || members == nullptr) {
    put(json::write(value) + "\n");
    return;
  }
  size_t width = 0;
  for (const json::Member& member : *members) width = std::max(width, member.name.size());
  for (const json::Member& member : *members) {
    const std::string name = member.name + std::string(width + 2 - member.name.size(), ' ');
    const json::Value::Array* elements = member.value.as_array();
    if (elements == nullptr || elements->empty() || elements->front().as_object() == nullptr) {
      put(name + shown_inline(member.value) + "\n");
      continue;
    }
    for (const json::Value& element : *elements) {
      put((&element == &elements->front() ? name : std::string(width + 2, ' ')) +
          shown_inline(element) + "\n");
    }
  }
}

void Session::answer_table(const json::Value& value, const json::Value::Array& rows,
                           std::span<const Column> columns) {
  if (global_.json) {
    put(json::write(value) + "\n");
    return;
  }
  std::vector<std::vector<std::string>> cells;
  std::vector<size_t> widths;
  cells.emplace_back();
  for (const Column& column : columns) {
    cells.back().emplace_back(column.head);
    widths.push_back(column.head.size());
  }
  for (const json::Value& row : rows) {
    cells.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) {
      cells.back().push_back(shown(row.find(columns[i].member)));
      widths[i] = std::max(widths[i], cells.back().back().size());
    }
  }
  for (const auto& row : cells) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] + 2 - row[i].size(), ' ');
    }
    put(line + "\n");
  }
}

void Session::answer_text(const json::Value& value, std::string_view text) {
  put(global_.json ? json::write(value) + "\n" : std::string(text));
}

void Session::remark(std::string_view text) {
  if (!global_.quiet) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  }
}

}  // namespace simurgh::cli
