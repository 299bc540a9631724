// A plain ESME with libsmpp34 (LGPL), for bench smpp: packs and unpacks every PDU with it, one
// connection, `window` submits without an answer. Prints messages per second of its CPU time.
//   peer_smpp34 PORT MESSAGES WINDOW
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

extern "C" {
#include <libsmpp34/smpp34.h>
#include <libsmpp34/smpp34_structs.h>
// smpp34_params.h needs the two above it.
#include <libsmpp34/smpp34_params.h>
}

namespace {

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "peer_smpp34: %s: %s\n", why, smpp34_strerror);
  std::exit(1);
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

template <size_t N>
void set(uint8_t (&field)[N], const char* text) {
  std::snprintf(reinterpret_cast<char*>(field), N, "%s", text);
}

void write_all(int fd, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t put = write(fd, bytes, size);
    if (put <= 0) give_up("write");
    bytes += put;
    size -= static_cast<size_t>(put);
  }
}

template <typename Pdu>
void send_pdu(int fd, Pdu& pdu) {
  uint8_t bytes[2048];
  int size = 0;
  if (smpp34_pack2(bytes, sizeof bytes, &size, static_cast<void*>(&pdu)) != 0) give_up("pack");
  write_all(fd, bytes, static_cast<size_t>(size));
}

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("connect");
  return fd;
}

void bind_as_transceiver(int fd) {
  bind_transceiver_t bind{};
  bind.command_id = BIND_TRANSCEIVER;
  bind.sequence_number = 1;
  set(bind.system_id, "u");
  set(bind.password, "p");
  bind.interface_version = SMPP_VERSION;
  send_pdu(fd, bind);
  uint8_t answer[256];
  const ssize_t got = read(fd, answer, sizeof answer);
  bind_transceiver_resp_t resp{};
  if (got <= 0 || smpp34_unpack2(static_cast<void*>(&resp), answer, static_cast<int>(got)) != 0 ||
      resp.command_status != 0) {
    give_up("bind");
  }
  if (resp.tlv != nullptr) destroy_tlv(resp.tlv);
}

void submit(int fd, unsigned number) {
  static submit_sm_t message;
  std::memset(static_cast<void*>(&message), 0, sizeof message);
  message.command_id = SUBMIT_SM;
  message.sequence_number = 2 + number;
  message.source_addr_ton = message.dest_addr_ton = 1;
  message.source_addr_npi = message.dest_addr_npi = 1;
  set(message.source_addr, "12345");
  char destination[16];
  std::snprintf(destination, sizeof destination, "49170%07u", number % 10'000'000);
  set(message.destination_addr, destination);
  message.esm_class = 0x40;
  message.protocol_id = 0x7f;
  message.data_coding = 0xf6;
  message.sm_length = 140;
  std::memset(message.short_message, 0xa5, 140);
  std::memcpy(message.short_message, "\x02\x70\x00", 3);
  send_pdu(fd, message);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) give_up("PORT MESSAGES WINDOW");
  const auto total = static_cast<unsigned>(std::atoi(argv[2]));
  const auto window = static_cast<unsigned>(std::atoi(argv[3]));
  const int fd = connect_to(std::atoi(argv[1]));
  bind_as_transceiver(fd);
  std::vector<uint8_t> in;
  unsigned sent = 0, answered = 0;
  const double begin = cpu_seconds();
  while (answered < total) {
    while (sent - answered < window && sent < total) submit(fd, sent++);
    uint8_t chunk[65'536];
    const ssize_t got = read(fd, chunk, sizeof chunk);
    if (got <= 0) give_up("read");
    in.insert(in.end(), chunk, chunk + got);
    size_t at = 0;
    while (in.size() - at >= 16) {
      uint32_t length = 0;
      std::memcpy(&length, in.data() + at, 4);
      length = ntohl(length);
      if (in.size() - at < length) break;
      static submit_sm_resp_t resp;
      std::memset(static_cast<void*>(&resp), 0, sizeof resp);
      if (smpp34_unpack2(static_cast<void*>(&resp), in.data() + at, static_cast<int>(length)) !=
              0 ||
          resp.command_status != 0) {
        give_up("answer");
      }
      ++answered;
      at += length;
    }
    in.erase(in.begin(), in.begin() + static_cast<ptrdiff_t>(at));
  }
  std::printf("%.0f\n", total / (cpu_seconds() - begin));
  return 0;
}
