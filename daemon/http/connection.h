#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/config/listen_address.h"
#include "daemon/http/request.h"
#include "storage/base/clock.h"

namespace damsync {

/// One connection of the local server, never waited for: every call does what can be done now.
///
/// Threads  one thread.
class WebConnection {
 public:
  enum class State {
    kReading,  ///< the request is not complete
    kAsked,    ///< the handler is at it
    kHeld,     ///< the handler waits for a change
    kWriting,  ///< the answer is on its way
    kEnding,   ///< the answer is out; what the client still sends is read and dropped, so that it can read the answer
    kClosed,
  };

  /// Takes `fd` over.
  WebConnection(std::uint64_t id, int fd, ListenAddress local);
  ~WebConnection();
  WebConnection(const WebConnection&) = delete;
  WebConnection& operator=(const WebConnection&) = delete;

  /// What poll() should look for.
  [[nodiscard]] short events() const noexcept;
  /// Reads, writes or notices that the client left, as the state needs. `events`: what poll() saw.
  void handle(short events);
  /// Starts to send; when all is out, the connection ends.
  void send(std::string bytes);
  void close();

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const RequestReader& reader() const noexcept { return reader_; }
  [[nodiscard]] const ListenAddress& local() const noexcept { return local_; }

  /// For the server: what it knows of the exchange.
  void set_state(State state) noexcept { state_ = state; }
  std::shared_ptr<const WebRequest> request;
  SteadyTime asked_at{};           ///< when the handler was asked first
  SteadyTime until{};              ///< when the present state has lasted too long
  std::uint64_t changes_seen = 0;  ///< how often something had changed when the handler was asked last

 private:
  void read_request();
  void write_answer();
  void drain();

  std::uint64_t id_;
  int fd_;
  ListenAddress local_;
  State state_ = State::kReading;
  RequestReader reader_;
  std::string out_;
  std::size_t sent_ = 0;
  std::size_t dropped_ = 0;
};

}  // namespace damsync
