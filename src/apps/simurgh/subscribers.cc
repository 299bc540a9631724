// Subscribers from another operator's AuC: brought in from a file, and removed. Their keys go from
// the file to the server, and are shown nowhere.
#include "api/http_types.h"
#include "apps/simurgh/commands.h"
#include "apps/simurgh/local_file.h"
#include "apps/simurgh/progress.h"
#include "apps/simurgh/session.h"
#include "base/secret.h"

namespace simurgh::cli {
namespace {

struct ImportOptions {
  std::string file;
  bool skip_existing = false;
};

// One subscriber a line: the body of POST /v1/subscribers.
Outcome<std::vector<json::Value>> read_lines(const std::string& path) {
  std::string text = TRY(read_file(path));
  std::vector<json::Value> out;
  size_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto value = json::parse(line);
    if (!value.has_value() || value->as_object() == nullptr) {
      return local(path + ", line " + std::to_string(number) + ": no JSON object",
                   "write one subscriber a line; see simurgh subscribers import --help");
    }
    out.push_back(std::move(*value));
  }
  wipe(MutableByteView(reinterpret_cast<uint8_t*>(text.data()), text.size()));
  return out;
}

Outcome<void> import_file(Session& session, const ImportOptions& options) {
  std::vector<json::Value> subscribers = TRY(read_lines(options.file));
  Progress progress("subscribers", subscribers.size(), 0, session.shows_progress());
  uint64_t imported = 0, skipped = 0;
  for (json::Value& body : subscribers) {
    const auto answer = session.api().post("/v1/subscribers", body);
    body.wipe();
    if (answer.has_value()) {
      ++imported;
    } else if (options.skip_existing &&
               answer.error().what.find("is there already") != std::string::npos) {
      ++skipped;
    } else {
      progress.finish();
      Failure failure = answer.error();
      failure.what = "entry " + std::to_string(imported + skipped + 1) + " of " + options.file +
                     ": " + failure.what;
      failure.hint += "; the " + std::to_string(imported + skipped) +
                      " before it are done: go on with --skip-existing";
      return failure;
    }
    progress.advance();
  }
  progress.finish();
  session.answer(json::Value::object({{"imported", imported}, {"skipped", skipped}}));
  return {};
}

}  // namespace

void add_subscriber_commands(Commands& commands) {
  commands.groups.push_back({"subscribers", "Subscribers from another operator's AuC"});
  auto options = std::make_shared<ImportOptions>();
  commands.commands.push_back(
      {.group = "subscribers",
       .name = "import",
       .summary = "Bring subscribers in from a file, one JSON object a line",
       .examples =
           "  simurgh subscribers import --file others.jsonl\n"
           "with lines like\n"
           "  {\"imsi\":\"262171234567890\",\"msisdn\":\"491701234567\",\"algorithm\":\"milenage\","
           "\n   \"ki\":\"<32 hexadecimal digits>\",\"opc\":\"<32>\",\"sequence\":0}\n"
           "Published test keys and a Ki that another has are refused in production, COMP128\n"
           "(comp128v1, -v2, -v3; no opc) unless hlr.allow_comp128_import is set.\n",
       .options = {{.name = "--file",
                    .into = &options->file,
                    .what = "The file; keep it private (0600), and remove it afterwards",
                    .required = true},
                   {.name = "--skip-existing",
                    .into = &options->skip_existing,
                    .what = "Pass over those whose IMSI or MSISDN is there already"}},
       .run = [options](Session& session) { return import_file(session, *options); }});
  auto imsi = std::make_shared<std::string>();
  commands.commands.push_back(
      {.group = "subscribers",
       .name = "remove",
       .summary = "Remove an imported subscriber",
       .options = {{.name = "imsi", .into = imsi.get(), .what = "Its IMSI", .required = true}},
       .run = [imsi](Session& session) -> Outcome<void> {
         session.answer(
             TRY(session.api().remove("/v1/subscribers/" + api::percent_encoded(*imsi))));
         return {};
       }});
}

}  // namespace simurgh::cli
