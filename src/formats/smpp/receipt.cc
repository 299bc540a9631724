#include "formats/smpp/receipt.h"

namespace simurgh::smpp {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins_with_lower(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (size_t i = 0; i < lower_case.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

enum class Key : uint8_t { id, sub, dlvrd, submit_date, done_date, stat, err, text, count };
constexpr std::string_view keys[] = {
    "id:", "sub:", "dlvrd:", "submit date:", "done date:", "stat:", "err:", "text:"};

// The key that stands at `offset`, at the beginning or after a space.
Key key_at(std::string_view text, size_t offset) {
  if (offset > 0 && text[offset - 1] != ' ') return Key::count;
  for (size_t i = 0; i < std::size(keys); ++i) {
    if (begins_with_lower(text.substr(offset), keys[i])) return static_cast<Key>(i);
  }
  return Key::count;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

uint16_t number(std::string_view text) {
  uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > 999) return 0;
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  return static_cast<uint16_t>(value);
}

// SMSCs write the whole word or its first seven letters.
MessageState state_of(std::string_view word) {
  constexpr struct {
    std::string_view letters;
    MessageState state;
  } words[] = {
      {"enr", MessageState::en_route},        {"delete", MessageState::deleted},
      {"deliv", MessageState::delivered},     {"expire", MessageState::expired},
      {"undel", MessageState::undeliverable}, {"accep", MessageState::accepted},
      {"rejec", MessageState::rejected},
  };
  for (const auto& [letters, state] : words) {
    if (begins_with_lower(word, letters)) return state;
  }
  return MessageState::unknown;
}

void set(Receipt& receipt, Key key, std::string_view value) {
  switch (key) {
    case Key::id: receipt.message_id = value; return;
    case Key::sub: receipt.submitted = number(value); return;
    case Key::dlvrd: receipt.delivered = number(value); return;
    case Key::submit_date: receipt.submit_date = value; return;
    case Key::done_date: receipt.done_date = value; return;
    case Key::stat: receipt.state = state_of(value); return;
    case Key::err: receipt.error = value; return;
    case Key::text: receipt.text = value; return;
    case Key::count: return;
  }
}

Writer& put(Writer& out, std::string_view text) {
  return out.bytes(bytes_of(text));
}

void put_three_digits(Writer& out, uint16_t value) {
  out.u8(static_cast<uint8_t>('0' + value / 100 % 10));
  out.u8(static_cast<uint8_t>('0' + value / 10 % 10));
  out.u8(static_cast<uint8_t>('0' + value % 10));
}

}  // namespace

Result<Receipt> parse_receipt_text(std::string_view text) {
  Receipt receipt;
  size_t offset = 0;
  while (offset < text.size()) {
    const Key key = key_at(text, offset);
    if (key == Key::count) {
      ++offset;
      continue;
    }
    const size_t begin = offset + keys[static_cast<size_t>(key)].size();
    // A value ends where the next key begins; the text at the end may hold anything.
    size_t end = begin;
    if (key == Key::text) {
      end = text.size();
    } else {
      while (end < text.size() && (end == begin || key_at(text, end) == Key::count)) ++end;
    }
    set(receipt, key, trimmed(text.substr(begin, end - begin)));
    offset = end;
  }
  if (receipt.message_id.empty()) return fail(ErrorCode::bad_value);
  if (receipt.message_id.size() > message_id_chars_max) return fail(ErrorCode::bad_length);
  return receipt;
}

Result<Receipt> parse_receipt(const ShortMessage& deliver) {
  if ((deliver.esm_class & esm_class::type_mask) != esm_class::delivery_receipt) {
    return ErrorCode::not_found;
  }
  const auto parsed = parse_receipt_text(text_of(deliver.content()));
  const auto id = deliver.tlvs.text(Tag::receipted_message_id);
  const bool id_usable = id.has_value() && !id->empty() && id->size() <= message_id_chars_max;
  if (!parsed.has_value() && !id_usable) return parsed.error();
  Receipt receipt = parsed.has_value() ? *parsed : Receipt{};
  if (id_usable) receipt.message_id = *id;
  const auto state = deliver.tlvs.u8(Tag::message_state);
  if (state.has_value() && *state >= static_cast<uint8_t>(MessageState::en_route) &&
      *state <= static_cast<uint8_t>(MessageState::rejected)) {
    receipt.state = static_cast<MessageState>(*state);
  }
  return receipt;
}

Result<std::string_view> write_receipt_text(const Receipt& receipt, std::span<char> out) {
  Writer writer({reinterpret_cast<uint8_t*>(out.data()), out.size()});
  put(put(writer, "id:"), receipt.message_id);
  put(writer, " sub:");
  put_three_digits(writer, receipt.submitted);
  put(writer, " dlvrd:");
  put_three_digits(writer, receipt.delivered);
  put(put(writer, " submit date:"), receipt.submit_date);
  put(put(writer, " done date:"), receipt.done_date);
  put(put(writer, " stat:"), receipt_word(receipt.state));
  put(put(writer, " err:"), receipt.error.empty() ? std::string_view("000") : receipt.error);
  put(put(writer, " text:"), receipt.text);
  return text_of(TRY(writer.finish()));
}

}  // namespace simurgh::smpp
