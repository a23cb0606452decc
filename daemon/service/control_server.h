#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <stop_token>
#include <thread>

#include "storage/base/json.h"
#include "storage/base/result.h"

namespace damsync {

/// Answers the commands of this machine over a local socket: a request is one line of JSON, the answer is any number of
/// lines while work goes on, and a last one.
///
/// Nothing a client does reaches beyond its own connection: requests are cut off at 64 KiB and after 5 s, progress that
/// is not read is dropped, and a client that goes away stops what it asked for. Beyond the number of connections the
/// oldest that has asked nothing makes room for a newcomer, one of the daemon's owner only for another of his.
///
/// Threads  one that accepts and sleeps otherwise, two for each connection.
class ControlServer {
 public:
  static constexpr std::size_t kMostConnections = 16;

  /// Sends a line that is not the last.
  using Tell = std::function<void(const Json&)>;
  /// Who asks, by what the kernel says of the other end.
  enum class Asker {
    kOwner,  ///< root, or the user that the daemon runs as
    kOther,  ///< somebody else who may open the socket
  };
  /// Does what a request asks for; the last line of the answer. Called from several threads.
  using Handler = std::function<Json(const Json& request, Asker asker, const Tell& tell, std::stop_token stop)>;

  /// Call it with the state lock held. Errors: kStorage.
  static Result<std::unique_ptr<ControlServer>> listen(const std::filesystem::path& catalog, Handler handler);
  /// Stops every request and waits for it.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  enum class Stage {
    kSilent,   ///< nothing was asked yet
    kAsked,    ///< the handler is at it
    kDropped,  ///< its place is another's
  };
  struct Connection {
    int fd = -1;
    Asker asker = Asker::kOther;
    std::atomic<Stage> stage{Stage::kSilent};
    std::atomic<bool> over{false};
    std::jthread thread;
  };
  ControlServer(std::filesystem::path catalog, int listener, Handler handler);
  void accept_loop(const std::stop_token& stop);
  void take(int fd);
  bool drop_silent(Asker newcomer);
  bool drop_oldest_silent(Asker asker);
  void reap();
  void serve(Connection& connection, const std::stop_token& stop);
  void answer(const Connection& connection, const Json& request, const std::stop_token& stop);

  std::filesystem::path catalog_;
  int listener_, wake_;
  Handler handler_;
  std::list<Connection> connections_;  ///< of the accepting thread alone
  std::jthread thread_;
};

/// `{"error": {"code", "message"}, "exit_code"}`: how a request ends that failed.
Json control_error(const Error& error);

}  // namespace damsync
