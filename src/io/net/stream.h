// A connected byte stream with a bounded output buffer, on a loop. Tcp is here (tcp.h); TLS gives
// the same interface elsewhere, so that a protocol does not know what carries it.
//
// Output is written after the batch only (io/loop), input is handed over as it arrives and not
// kept. The handler may close the stream from inside its own calls, but must not destroy it there;
// close_and_destroy() may be used anywhere.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace simurgh::loop {
class Loop;
}

namespace simurgh::net {

// Why a stream ended, with words for people.
struct Closed {
  ErrorCode code = ErrorCode::closed;  // closed (by the peer, in order), io, timed_out, too_large
  std::string words = {};
};

class StreamHandler {
 public:
  // A stream that connects: it is there. One that was accepted is there from the start.
  virtual void on_connected() {}
  // Bytes arrived; they are gone when this returns.
  virtual void on_bytes(ByteView bytes) = 0;
  // Output that was too much has left: room() is large again.
  virtual void on_writable() {}
  // Once, when the stream ended by itself or its connecting failed; not after close().
  virtual void on_closed(const Closed& closed) = 0;

 protected:
  ~StreamHandler() = default;
};

class Stream {
 public:
  static constexpr size_t send_octets_max_default = 1 << 20;

  virtual ~Stream() = default;
  // Queues bytes for the end of this batch. too_large when the buffer has no room for all of
  // them (nothing is then queued), closed when there is no connection.
  virtual Result<void> send(ByteView bytes) = 0;
  // Octets that send() takes now.
  virtual size_t room() const = 0;
  // on_writable comes once, as if a send() had been refused: for what is layered on a stream and
  // has less room than it.
  virtual void tell_when_writable() = 0;
  // Back-pressure: no on_bytes until resumed.
  virtual void pause_reading(bool paused) = 0;
  // Sends what is queued, as far as the socket takes it at the end of this batch, and closes. The
  // handler hears nothing any more.
  virtual void close() = 0;
  virtual bool connected() const = 0;
  // "127.0.0.1:40312"; for logs.
  virtual const std::string& peer() const = 0;
  // The name in the certificate that the peer has proved to own; empty without TLS.
  virtual std::string_view authenticated_peer() const { return {}; }
};

// Closes a stream and keeps it until its last bytes are with the kernel. Null is nothing to do.
void close_and_destroy(loop::Loop& loop, std::unique_ptr<Stream> stream);

}  // namespace simurgh::net
