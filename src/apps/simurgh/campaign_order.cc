#include "apps/simurgh/campaign_order.h"

#include <charconv>
#include <cmath>

#include "apps/simurgh/local_file.h"
#include "base/hex.h"
#include "formats/apdu_script/apdu_script.h"
#include "formats/base64/base64.h"
#include "formats/cap_file/cap_file.h"
#include "io/zip/zip.h"

namespace simurgh::cli {
namespace {

std::string hex_of(ByteView octets) {
  std::string out(octets.size() * 2, '0');
  write_hex(octets, out);
  return out;
}

Outcome<int64_t> number_of(const std::string& option, std::string_view text) {
  int64_t number = 0;
  const char* const end = text.end();
  const auto [stop, error] = std::from_chars(text.begin(), end, number);
  if (error != std::errc{} || stop != end || number < 0) {
    return usage(option + " " + std::string(text) + ": expected a whole number");
  }
  return number;
}

Outcome<void> set_number(json::Value& object, const char* member, const std::string& option,
                         const std::string& text) {
  if (!text.empty()) object.set(member, TRY(number_of(option, text)));
  return {};
}

void set_text(json::Value& object, const char* member, const std::string& text) {
  if (!text.empty()) object.set(member, text);
}

// --- payloads ----------------------------------------------------------------------------------

Outcome<json::Value> script_payload(const CampaignOptions& options) {
  const std::string text = TRY(read_file(options.script));
  const auto script = apdu_script::parse_script(text);
  if (!script) {
    return local(options.script + ", " + apdu_script::words_for(script.error()),
                 "one command a line, # for remarks; simurgh campaigns create --help");
  }
  json::Value commands = json::Value::array();
  for (const auto& command : script->commands) commands.push_back(hex_of(command));
  json::Value payload = json::Value::object(
      {{"kind", options.is_patch ? "os_patch" : "script"}, {"commands", std::move(commands)}});
  json::Value looks = json::Value::array();
  for (const apdu_script::Look& look : script->read_back) {
    json::Value one = json::Value::object({{"command", hex_of(look.command)}});
    if (!look.expected.empty()) one.set("expected", hex_of(look.expected));
    looks.push_back(std::move(one));
  }
  if (!script->read_back.empty()) payload.set("read_back", std::move(looks));
  if (options.repeatable) payload.set("repeatable", true);
  set_text(payload, "target", options.target);
  return payload;
}

// PATH[@OFFSET]=HEX, several by commas.
Outcome<json::Value> file_payload(const CampaignOptions& options) {
  json::Value files = json::Value::array();
  for (const std::string& word : words_of(options.file)) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      return usage("--file " + word + ": expected PATH=HEX", "for instance 3f00/7f20/6f46=00ff");
    }
    std::string path = word.substr(0, equals);
    json::Value file = json::Value::object({{"octets", word.substr(equals + 1)}});
    const size_t at = path.find('@');
    if (at != std::string::npos) {
      file.set("offset", TRY(number_of("--file PATH@OFFSET", path.substr(at + 1))));
      path.resize(at);
    }
    file.set("path", path);
    files.push_back(std::move(file));
  }
  return json::Value::object({{"kind", "file"}, {"files", std::move(files)}});
}

// A CAP file, or its components one after the other (IJC).
Outcome<cap_file::LoadFile> read_applet(const std::string& path) {
  const std::string content = TRY(read_file(path));
  ByteView octets = bytes_of(content);
  std::vector<uint8_t> components;
  if (content.starts_with("PK")) {
    std::string problem;
    for (const std::string_view name : cap_file::component_names) {
      const auto part = zip::extract(octets, std::string(name), problem);
      if (!part && part.error().code == ErrorCode::not_found) continue;
      if (!part) return local(path + ": " + problem, "is it a CAP file?");
      components.insert(components.end(), part->begin(), part->end());
    }
    octets = components;
  }
  auto load_file = cap_file::parse_components(octets);
  if (!load_file) {
    return local(path + " is no CAP file (at octet " + std::to_string(load_file.error().offset) +
                     " of its components)",
                 "it is a .cap or .ijc file as a Java Card converter writes it");
  }
  return std::move(*load_file);
}

Outcome<json::Value> applet_payload(const CampaignOptions& options) {
  const cap_file::LoadFile file = TRY(read_applet(options.applet));
  json::Value payload =
      json::Value::object({{"kind", "applet"},
                           {"action", options.erase_applet ? "delete" : "install"},
                           {"load_file_aid", hex_of(file.package)}});
  if (options.erase_applet) return payload;
  if (file.applets.size() != 1) {
    return local(options.applet + " has " + std::to_string(file.applets.size()) + " applets",
                 "a campaign installs one: name its AIDs in a file for --terms");
  }
  payload.set("module_aid", hex_of(file.applets.front()));
  payload.set("code_base64", base64::write(file.octets));
  set_text(payload, "instance_aid", options.instance_aid);
  set_text(payload, "parameters", options.parameters);
  return payload;
}

Outcome<void> set_payload(const CampaignOptions& options, json::Value& order) {
  const int said = !options.script.empty() + !options.file.empty() + !options.applet.empty() +
                   options.rotate_keys + options.next_poll;
  if (said > 1) {
    return usage("more than one of --script, --file, --applet, --rotate-keys, --next-poll",
                 "a campaign brings one thing");
  }
  json::Value payload;
  if (!options.script.empty()) payload = TRY(script_payload(options));
  if (!options.file.empty()) payload = TRY(file_payload(options));
  if (!options.applet.empty()) payload = TRY(applet_payload(options));
  if (options.rotate_keys) payload = json::Value::object({{"kind", "key_rotation"}});
  if (options.next_poll) payload = json::Value::object({{"kind", "next_poll"}});
  if (said == 0) {
    if (order.find("payload") != nullptr) return {};
    return usage("nothing to do",
                 "name one of --script, --file, --applet, --rotate-keys, "
                 "--next-poll, or a file with a payload: --terms");
  }
  set_text(payload, "target_aid", options.target_aid);
  TRY(set_number(payload, "release_after", "--release-after", options.release_after));
  order.set("payload", std::move(payload));
  return {};
}

// --- whom and how ------------------------------------------------------------------------------

Outcome<void> set_filter(const CampaignOptions& options, json::Value& order) {
  json::Value filter = json::Value::object();
  if (const json::Value* known = order.find("filter")) filter = *known;
  const auto set_words = [&](const char* member, const std::string& text) {
    if (text.empty()) return;
    json::Value list = json::Value::array();
    for (const std::string& word : words_of(text)) list.push_back(word);
    filter.set(member, std::move(list));
  };
  set_words("batches", options.batches);
  set_words("profiles", options.profiles);
  for (const auto& [member, option, text] :
       {std::tuple("releases", "--release", options.releases),
        std::tuple("releases_not", "--release-not", options.releases_not)}) {
    if (text.empty()) continue;
    json::Value list = json::Value::array();
    for (const std::string& word : words_of(text)) list.push_back(TRY(number_of(option, word)));
    filter.set(member, std::move(list));
  }
  set_text(filter, "contacted_from", options.contacted_from);
  set_text(filter, "contacted_before", options.contacted_before);
  if (!filter.as_object()->empty()) order.set("filter", std::move(filter));
  if (!options.list.empty()) order.set("listed", true);
  return {};
}

// "1000", "1%" or "0.5%".
Outcome<void> set_waves(const CampaignOptions& options, json::Value& order) {
  if (options.no_waves) {
    order.set("waves", json::Value::array());
    return {};
  }
  if (options.canary.empty()) {
    if (options.soak.empty()) return {};
    return usage("--soak is of a canary", "give --canary, too: a number or a percentage");
  }
  json::Value wave = json::Value::object();
  std::string_view text = options.canary;
  if (text.ends_with('%')) {
    text.remove_suffix(1);
    double percent = 0;
    const char* const end = text.end();
    const auto [stop, error] = std::from_chars(text.begin(), end, percent);
    if (error != std::errc{} || stop != end || percent < 0.1 || percent > 100) {
      return usage("--canary " + options.canary + ": expected 0.1% to 100%");
    }
    wave.set("permille", std::lround(percent * 10));
  } else {
    wave.set("chips", TRY(number_of("--canary", text)));
  }
  wave.set("soak_s", options.soak.empty() ? 600 : TRY(number_of("--soak", options.soak)));
  order.set("waves", json::Value::array().push_back(std::move(wave)));
  return {};
}

// "22:00-06:00", or "sat,sun 22:00-06:00"; several by semicolons.
Outcome<void> set_windows(const CampaignOptions& options, json::Value& order) {
  if (options.windows.empty()) return {};
  json::Value windows = json::Value::array();
  std::string_view rest = options.windows;
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    json::Value window = json::Value::object();
    const size_t blank = one.find(' ');
    if (blank != std::string_view::npos) {
      json::Value days = json::Value::array();
      for (const std::string& day : words_of(one.substr(0, blank))) days.push_back(day);
      window.set("days", std::move(days));
      one.remove_prefix(blank + 1);
    }
    const size_t dash = one.find('-');
    if (dash == std::string_view::npos) {
      return usage("--window " + options.windows + ": expected FROM-TO",
                   "for instance \"22:00-06:00\" or \"sat,sun 09:00-17:00\"");
    }
    window.set("from", one.substr(0, dash));
    window.set("to", one.substr(dash + 1));
    windows.push_back(std::move(window));
  }
  order.set("windows", std::move(windows));
  return {};
}

// "+01:00", "-0330", "Z".
Outcome<void> set_offset(const CampaignOptions& options, json::Value& order) {
  std::string digits = options.utc_offset;
  if (digits.empty()) return {};
  if (digits == "Z") digits = "+0000";
  std::erase(digits, ':');
  if (digits.size() != 5 || (digits[0] != '+' && digits[0] != '-') ||
      digits.find_first_not_of("0123456789", 1) != std::string::npos) {
    return usage("--utc-offset " + options.utc_offset + ": expected hours and minutes: +01:00");
  }
  const int minutes = std::stoi(digits.substr(1, 2)) * 60 + std::stoi(digits.substr(3));
  order.set("utc_offset_minutes", digits[0] == '-' ? -minutes : minutes);
  return {};
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

Outcome<json::Value> order_of(const CampaignOptions& options) {
  json::Value order = json::Value::object();
  if (!options.terms.empty()) {
    order = options.terms.ends_with(".toml") ? TRY(read_toml_file(options.terms))
                                             : TRY(read_json_file(options.terms));
    if (order.as_object() == nullptr) return local(options.terms + " is no JSON object");
  }
  set_text(order, "name", options.name);
  if (order.text_of("name").empty()) return usage("the campaign has no name", "give one: --name");
  TRY(set_payload(options, order));
  TRY(set_filter(options, order));
  set_text(order, "order", options.order);
  TRY(set_waves(options, order));
  TRY(set_windows(options, order));
  TRY(set_offset(options, order));
  TRY(set_number(order, "priority", "--priority", options.priority));
  set_text(order, "begins_at", options.begins_at);
  if (!options.rate.empty()) {
    json::Value triggers = json::Value::object();
    if (const json::Value* known = order.find("triggers")) triggers = *known;
    TRY(set_number(triggers, "per_second_max", "--rate", options.rate));
    order.set("triggers", std::move(triggers));
  }
  if (options.no_approval) order.set("needs_approval", false);
  return order;
}

// Long: a table.
std::vector<Option> options_of(CampaignOptions& o) {
  return {
      {.name = "--name", .into = &o.name, .what = "Its name: letters, digits, - _ ."},
      {.name = "--terms",
       .into = &o.terms,
       .what = "JSON or TOML file with the members of POST /v1/campaigns; options win"},
      {.name = "--script",
       .into = &o.script,
       .what = "What: APDUs, one a line; after a line read-back: lines APDU -> DATA"},
      {.name = "--file",
       .into = &o.file,
       .what = "What: contents of files, PATH[@OFFSET]=HEX by commas"},
      {.name = "--applet", .into = &o.applet, .what = "What: the applet of a .cap or .ijc file"},
      {.name = "--erase", .into = &o.erase_applet, .what = "Delete that applet instead"},
      {.name = "--rotate-keys", .into = &o.rotate_keys, .what = "What: a new key epoch"},
      {.name = "--next-poll",
       .into = &o.next_poll,
       .what = "What: nothing but the date of the next poll"},
      {.name = "--os-patch", .into = &o.is_patch, .what = "The script is a patch of the card's OS"},
      {.name = "--target",
       .into = &o.target,
       .what = "Who on the card takes the script: its files or its card manager",
       .choices = {"rfm", "ram"}},
      {.name = "--target-aid",
       .into = &o.target_aid,
       .what = "AID of the application that takes it; else the card's own choice"},
      {.name = "--instance-aid",
       .into = &o.instance_aid,
       .what = "AID of the applet's instance; else that of its class"},
      {.name = "--parameters",
       .into = &o.parameters,
       .what = "Install parameters of the applet, hexadecimal digits"},
      {.name = "--repeatable",
       .into = &o.repeatable,
       .what = "The script may be executed twice: cards in doubt get it again"},
      {.name = "--release-after",
       .into = &o.release_after,
       .what = "Release that a chip has when it is done"},
      {.name = "--batch", .into = &o.batches, .what = "Whom: these batches, by commas"},
      {.name = "--profile", .into = &o.profiles, .what = "Whom: these card profiles, by commas"},
      {.name = "--release", .into = &o.releases, .what = "Whom: chips with these releases"},
      {.name = "--release-not", .into = &o.releases_not, .what = "Whom: chips without these"},
      {.name = "--contacted-from",
       .into = &o.contacted_from,
       .what = "Whom: last contact at or after, 2026-01-02T03:04:05Z"},
      {.name = "--contacted-before",
       .into = &o.contacted_before,
       .what = "Whom: last contact before"},
      {.name = "--list", .into = &o.list, .what = "Whom: the ICCIDs of this file, one a line"},
      {.name = "--order",
       .into = &o.order,
       .what = "Who is triggered first; default: most_recent_first",
       .choices = {"most_recent_first", "oldest_first", "hash_ramp", "random"}},
      {.name = "--canary",
       .into = &o.canary,
       .what = "First wave: a number or a percentage; default: 1 %, at most 1000"},
      {.name = "--soak", .into = &o.soak, .what = "Seconds to look at the canary; default 600"},
      {.name = "--no-waves", .into = &o.no_waves, .what = "Everybody at once, without a canary"},
      {.name = "--rate", .into = &o.rate, .what = "At most so many triggers a second"},
      {.name = "--window",
       .into = &o.windows,
       .what = "When to trigger: \"22:00-06:00\" or \"sat,sun 09:00-17:00\", several by ;"},
      {.name = "--utc-offset", .into = &o.utc_offset, .what = "Of the windows' clock: +01:00"},
      {.name = "--priority", .into = &o.priority, .what = "The smaller one is served first; 100"},
      {.name = "--begin", .into = &o.begins_at, .what = "Begin then, 2026-01-02T03:04:05Z"},
      {.name = "--no-approval",
       .into = &o.no_approval,
       .what = "Without a second person; for approvers and administrators"},
      {.name = "--submit", .into = &o.submit, .what = "Hand it in as soon as it is complete"},
  };
}

}  // namespace simurgh::cli
