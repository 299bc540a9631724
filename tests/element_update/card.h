// A card behind the real agent: it reads scripts with the real parsers, has files, applets and a
// meter that counts what must not be done twice, and makes effects and outcome durable together.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "conversations/remote_admin/admin_agent.h"
#include "formats/remote_management/global_platform.h"
#include "formats/remote_management/script.h"

namespace simurgh::test {

namespace rm = remote_management;
using Bytes = std::vector<uint8_t>;

inline Bytes bytes_copy(ByteView view) {
  return {view.begin(), view.end()};
}

class ScriptCard final : public remote_admin::Executor, public remote_admin::AgentHandler {
 public:
  remote_admin::AgentRecord recall() override {
    return keeps_response ? record_ : remote_admin::AgentRecord{};
  }
  Result<remote_admin::ScriptOutcome> execute(
      const remote_admin::ReceivedScript& received) override {
    ++scripts;
    remote_admin::ScriptOutcome outcome;
    outcome.kind = received.kind;
    outcome.status = status;
    if (status == remote_admin::ScriptStatus::ok) outcome.body = answer(received.body);
    record_ = {std::string(received.response_uri), outcome, true};
    return outcome;
  }
  void settle() override { record_.unsettled = false; }
  void on_session_end(remote_admin::AgentEnd why, Duration come_back_in) override {
    end = why;
    come_back = come_back_in;
  }

  std::map<uint16_t, Bytes> files = {{0x4f01, Bytes(20)}, {0x6f46, Bytes(300, 0xff)}};
  std::map<Bytes, int> load_files, instances;  // how often each was loaded, installed
  // What it says to a message about its keys; empty: asked for its REQUEST.
  std::function<Bytes(const Bytes&)> exchange = [](const Bytes&) { return Bytes(); };
  int meter = 0;  // INCREASE: not to be repeated
  int writes = 0;
  int scripts = 0;
  bool keeps_response = true;
  remote_admin::ScriptStatus status = remote_admin::ScriptStatus::ok;
  uint16_t fails_with = 0;  // what UPDATE BINARY answers, unless 0
  remote_admin::AgentEnd end = remote_admin::AgentEnd::stopped;
  Duration come_back{};

 private:
  Bytes answer(ByteView body) {
    Bytes room(4096);
    rm::ResponseScriptWriter out(room);
    const auto script = rm::parse_command_script(body);
    REQUIRE(script.has_value());
    // What was selected is forgotten, unless the script goes on from the one before.
    if (!script->chaining || *script->chaining == rm::Chaining::first) selected_ = 0;
    rm::CommandItems items(*script);
    while (const auto item = items.next()) {
      if (item->kind != rm::CommandItem::Kind::apdu) continue;
      Bytes data;
      const uint16_t sw = run(*apdu::parse_command(item->value), data);
      out.r_apdu(data, {sw});
      if (sw != 0x9000) break;
    }
    return bytes_copy(out.finish());
  }

  uint16_t run(const apdu::Command& command, Bytes& data) {
    const size_t at = static_cast<size_t>(command.p1 << 8 | command.p2);
    switch (command.ins) {
      case apdu::ins::select: {
        selected_ = static_cast<uint16_t>(command.data[0] << 8 | command.data[1]);
        return selected_ == 0x5f70 || files.contains(selected_) ? 0x9000 : 0x6a82;
      }
      case apdu::ins::update_binary: {
        if (fails_with != 0) return fails_with;
        if (!files.contains(selected_)) return 0x6986;
        Bytes& file = files[selected_];
        if (at + command.data.size() > file.size()) return 0x6b00;
        std::copy(command.data.begin(), command.data.end(), file.begin() + static_cast<long>(at));
        ++writes;
        return 0x9000;
      }
      case apdu::ins::read_binary: {
        if (!files.contains(selected_)) return 0x6986;
        const Bytes& file = files[selected_];
        if (at + command.le > file.size()) return 0x6b00;
        data.assign(file.begin() + static_cast<long>(at),
                    file.begin() + static_cast<long>(at + command.le));
        return 0x9000;
      }
      case 0x56:  // EXCHANGE, in blocks
        if (command.p2 == 0) message_.clear();
        message_.insert(message_.end(), command.data.begin(), command.data.end());
        if (command.p1 == 0x80) data = exchange(std::exchange(message_, {}));
        return 0x9000;
      case 0x58: return data = exchange({}), 0x9000;
      case apdu::ins::increase: return data = {static_cast<uint8_t>(++meter)}, 0x9000;
      case apdu::ins::get_data: return data = {static_cast<uint8_t>(meter)}, 0x9000;
      default: return run_content(command, data);
    }
  }

  uint16_t run_content(const apdu::Command& command, Bytes& data) {
    if (const auto load = rm::parse_install_for_load(command)) {
      const Bytes aid = bytes_copy(load->load_file);
      if (load_files.contains(aid)) return 0x6985;
      loading_ = aid;
      return 0x9000;
    }
    if (const auto block = rm::parse_load_block(command)) {
      if (loading_.empty()) return 0x6985;
      if (block->last) ++load_files[std::exchange(loading_, {})];
      return data = {0}, 0x9000;
    }
    if (const auto install = rm::parse_install_for_install(command)) {
      const Bytes aid = bytes_copy(install->instance);
      if (!load_files.contains(bytes_copy(install->load_file))) return 0x6a88;
      if (instances.contains(aid)) return 0x6985;
      ++instances[aid];
      return data = {0}, 0x9000;
    }
    if (const auto erase = rm::parse_delete(command)) {
      if (!load_files.contains(bytes_copy(erase->aid))) return 0x6a88;
      if (!instances.empty() && !erase->and_related) return 0x6985;
      load_files.erase(bytes_copy(erase->aid));
      instances.clear();
      return 0x9000;
    }
    if (const auto look = rm::parse_get_status(command)) {
      const auto& among = look->subset == rm::Subset::applications ? instances : load_files;
      if (!among.contains(bytes_copy(look->aid_prefix))) return 0x6a88;
      return data = {0xe3, 0x00}, 0x9000;
    }
    return 0x6d00;
  }

  remote_admin::AgentRecord record_;
  Bytes message_;
  uint16_t selected_ = 0;
  Bytes loading_;
};

}  // namespace simurgh::test
