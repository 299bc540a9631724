// The sales office: sign-up with an activation code (D5, D12), its QR code, and reset (D10).
//
// The code is made here, goes to the server in the request, and is printed for the customer; no
// answer of the server brings it back. Losing the print means a new code (dealer code --renew).
#include <unistd.h>

#include "api/http_types.h"
#include "apps/simurgh/card_access.h"
#include "apps/simurgh/commands.h"
#include "apps/simurgh/local_file.h"
#include "apps/simurgh/qr.h"
#include "apps/simurgh/session.h"
#include "base/hex.h"
#include "conversations/personalisation/activation_code.h"

namespace simurgh::cli {
namespace {

using personalisation::ActivationCode;

constexpr uint64_t short_digits_default = 8;

// What every command with a code takes.
struct CodeOptions {
  std::string kind = "qr";
  uint64_t digits = short_digits_default;
  std::string svg;
};

std::vector<Option> code_options(CodeOptions& options) {
  return {{.name = "--code",
           .into = &options.kind,
           .what = "Activation code: a QR code of 128 bits, a short one to type, or none",
           .choices = {"qr", "short", "none"}},
          {.name = "--digits",
           .into = &options.digits,
           .what = "Digits of a short code, 6-10, the last one a check digit"},
          {.name = "--svg",
           .into = &options.svg,
           .what = "Write the QR code to this new file, for print (0600)"}};
}

Outcome<ActivationCode> make_code(Session& session, const CodeOptions& options) {
  if (options.kind == "none") return ActivationCode{};
  if (options.kind == "qr") return personalisation::make_code_secret(session.random());
  if (options.digits < personalisation::short_code_digits_min ||
      options.digits > personalisation::short_code_digits_max) {
    return usage("--digits is from 6 to 10");
  }
  return personalisation::make_short_code(session.random(), options.digits);
}

json::Value activation_of(const ActivationCode& code) {
  if (code.kind == personalisation::CodeKind::none) return json::Value::object({{"kind", "none"}});
  const personalisation::CodeText text = personalisation::write_code(code);
  const bool is_short = code.kind == personalisation::CodeKind::short_code;
  return json::Value::object(
      {{"kind", is_short ? "short" : "secret128"}, {"code", text_of(text.view())}});
}

// The order document's part for the customer, on standard output.
Outcome<void> hand_out(Session& session, const CodeOptions& options, const ActivationCode& code,
                       json::Value answer) {
  if (code.kind == personalisation::CodeKind::none) {
    session.answer(answer);
    return {};
  }
  const personalisation::CodeText text = personalisation::write_code(code);
  const QrCode qr = TRY(QrCode::of(text_of(text.view())));
  if (!options.svg.empty()) {
    TRY(write_file(options.svg, qr.svg(), Access::owner_only, Overwrite::no));
  }
  if (session.global().json) {
    answer.set("code", text_of(text.view()));
    session.answer(answer);
    answer.wipe();
    return {};
  }
  session.answer(answer);
  std::string print = "\nActivation code: " + std::string(text_of(text.view())) + "\n";
  if (code.kind == personalisation::CodeKind::secret) {
    print += "\n" + qr.for_terminal(isatty(STDOUT_FILENO) == 1);
  }
  session.answer_text({}, print);
  return {};
}

// The QR picture must be possible before the order exists.
Outcome<void> check_svg(const CodeOptions& options) {
  if (!options.svg.empty() && file_exists(options.svg)) {
    return local(options.svg + " exists already", "choose another file for the QR code");
  }
  return {};
}

struct SignUpOptions {
  std::string iccid;
  std::string ver;
  uint64_t life = 0;
  std::string pack;
  std::string contract;
  std::string msisdn;
  bool server_made = false;
  CodeOptions code;
};

// With a pack the chip itself says version and life.
Outcome<void> ask_chip(Session& session, SignUpOptions& options) {
  const auto iccid = Iccid::parse(options.iccid);
  if (!iccid.has_value()) return usage("--iccid is 18 to 20 digits");
  if (options.pack.empty()) {
    if (options.ver.empty()) return usage("--ver or --pack is needed", "see --help");
    return {};
  }
  const auto card = TRY(insert_from_pack(options.pack, *iccid, session.random()));
  factory::ChipTool tool(card->channel());
  const auto data = tool.chip_data();
  if (!data.has_value()) return local("the chip does not answer", "is it one of this platform?");
  options.ver.assign(2 * data->ver.size(), '0');
  write_hex(data->ver, options.ver);
  options.life = data->life;
  return {};
}

Outcome<void> sign_up(Session& session, SignUpOptions options) {
  TRY(ask_chip(session, options));
  TRY(check_svg(options.code));
  const ActivationCode code = TRY(make_code(session, options.code));
  json::Value body = json::Value::object({{"iccid", options.iccid},
                                          {"ver", options.ver},
                                          {"life", options.life},
                                          {"contract", options.contract},
                                          {"msisdn", options.msisdn},
                                          {"activation", activation_of(code)}});
  if (options.server_made) body.set("server_made_key", true);
  auto answer = session.api().post("/v1/signups", body);
  body.wipe();
  if (!answer.has_value() && answer.error().exit == Exit::unreachable) {
    answer.error().hint +=
        "; whether the order was taken is not known: see simurgh chips show, and if it was, make a "
        "new code by simurgh dealer code";
  }
  return hand_out(session, options.code, code, TRY(std::move(answer)));
}

struct RenewOptions {
  std::string order;
  bool unfreeze = false;
  CodeOptions code;
};

Outcome<void> renew(Session& session, const RenewOptions& options) {
  if (options.code.kind == "none") return usage("a renewed code is qr or short");
  TRY(check_svg(options.code));
  const ActivationCode code = TRY(make_code(session, options.code));
  json::Value body = activation_of(code);
  auto answer = session.api().post("/v1/orders/" + api::percent_encoded(options.order) +
                                       (options.unfreeze ? "/unfreeze" : "/renew-code"),
                                   body);
  body.wipe();
  return hand_out(session, options.code, code, TRY(std::move(answer)));
}

struct ResetOptions {
  std::string pack;
  std::string iccid;
};

std::string hex_of(ByteView bytes) {
  std::string out(bytes.size() * 2, '0');
  write_hex(bytes, out);
  return out;
}

// Challenge from the chip, command from the server, receipt from the chip, to the server. Every
// step may be done again: a chip that has its command answers it with the same receipt.
Outcome<void> reset(Session& session, const ResetOptions& options) {
  const auto iccid = Iccid::parse(options.iccid);
  if (!iccid.has_value()) return usage("--iccid is 18 to 20 digits");
  const auto card = TRY(insert_from_pack(options.pack, *iccid, session.random()));
  factory::ChipTool tool(card->channel());
  const auto challenge = tool.reset_challenge();
  if (!challenge.has_value()) {
    return local("the chip gives no challenge", "only a chip that was made can be reset");
  }
  const std::string path = "/v1/chips/" + options.iccid + "/reset";
  const json::Value authorised = TRY(
      session.api().post(path, json::Value::object({{"challenge", hex_of(ByteView(*challenge))}})));
  ByteArray<personalisation::message_octets_max> buffer;
  const auto command = parse_hex(authorised.text_of("command"), buffer);
  if (!command.has_value()) return local("the server's answer holds no command");
  const auto receipt = tool.exchange(*command);
  if (!receipt.has_value() || receipt->empty()) {
    return local("the chip refuses the server's command",
                 "is it the chip's own server? if so, take the chip out and try again");
  }
  session.answer(TRY(session.api().post(
      path + "/confirm", json::Value::object({{"receipt", hex_of(ByteView(*receipt))}}))));
  session.remark("the chip can be sold again; its PIN is 0000");
  return {};
}

}  // namespace

void add_dealer_commands(Commands& commands) {
  commands.groups.push_back({"dealer", "The sales office: sell a chip, renew its code, reset it"});
  auto sale = std::make_shared<SignUpOptions>();
  std::vector<Option> options = {
      {.name = "--iccid", .into = &sale->iccid, .what = "The chip's ICCID", .required = true},
      {.name = "--ver",
       .into = &sale->ver,
       .what = "The chip's version as printed on its card, 16 hexadecimal digits"},
      {.name = "--life",
       .into = &sale->life,
       .what = "The life that the chip is in: 0 unless it was reset"},
      {.name = "--pack",
       .into = &sale->pack,
       .what = "Ask the chip in this pack file for version and life"},
      {.name = "--contract",
       .into = &sale->contract,
       .what = "The customer's contract",
       .required = true},
      {.name = "--msisdn", .into = &sale->msisdn, .what = "Its telephone number", .required = true},
      {.name = "--server-made-key",
       .into = &sale->server_made,
       .what = "The centre makes the key, for chips that cannot agree one"}};
  for (const Option& option : code_options(sale->code)) options.push_back(option);
  commands.commands.push_back(
      {.group = "dealer",
       .name = "signup",
       .summary = "Sell a chip: make its activation code and print it for the customer",
       .examples = "  simurgh dealer signup --iccid 8949170000000000004 --ver 0100000000000001 \\\n"
                   "      --contract C-1001 --msisdn 491700000001 --svg C-1001.svg\n"
                   "  simurgh dealer signup --iccid 8949170000000000004 --pack chips.pack \\\n"
                   "      --contract C-1001 --msisdn 491700000001 --code short --digits 8\n",
       .options = options,
       .run = [sale](Session& session) { return sign_up(session, *sale); }});

  auto renewal = std::make_shared<RenewOptions>();
  options = {{.name = "--order", .into = &renewal->order, .what = "The order", .required = true},
             {.name = "--unfreeze",
              .into = &renewal->unfreeze,
              .what = "Open a frozen order again (operators and approvers)"}};
  for (const Option& option : code_options(renewal->code)) options.push_back(option);
  commands.commands.push_back(
      {.group = "dealer",
       .name = "code",
       .summary = "Make a new activation code for an order; the old one is no good any more",
       .examples = "  simurgh dealer code --order R7K2M9Q4 --svg new.svg\n",
       .options = options,
       .run = [renewal](Session& session) { return renew(session, *renewal); }});

  auto back = std::make_shared<ResetOptions>();
  commands.commands.push_back(
      {.group = "dealer",
       .name = "reset",
       .summary = "Take a returned chip to its next life, so that it can be sold again",
       .examples = "  simurgh dealer reset --pack chips.pack --iccid 8949170000000000004\n",
       .options = {{.name = "--pack",
                    .into = &back->pack,
                    .what = "The pack file that holds the chip",
                    .required = true},
                   {.name = "--iccid",
                    .into = &back->iccid,
                    .what = "The chip's ICCID",
                    .required = true}},
       .run = [back](Session& session) { return reset(session, *back); }});
}

}  // namespace simurgh::cli
