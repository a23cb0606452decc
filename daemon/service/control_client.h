#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/result.h"

namespace damsync {

/// A connection of a command to the daemon that runs on its catalog. Good for one request.
class ControlClient {
 public:
  /// Errors: kNotFound when no daemon listens there; kLocked when one does and does not take us.
  static Result<ControlClient> connect(const std::filesystem::path& catalog);
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&&) = delete;
  ~ControlClient();

  /// Sends the request and waits for the last line of the answer, the one with an `exit_code`; every line before goes
  /// to `progress`.
  /// With `set_patience`, no longer than that.
  /// Errors   what the daemon says; kCancelled when a stop is asked for (the daemon then stops what was asked for);
  ///          kLocked when the daemon ends in the middle, or the patience.
  void set_patience(Millis patience) { until_ = std::chrono::steady_clock::now() + patience; }
  Result<Json> ask(const Json& request, const std::function<void(const Json&)>& progress, const std::stop_token& stop);

 private:
  explicit ControlClient(int fd) : fd_(fd) {}
  Result<std::string> read_line(const std::stop_token& stop);

  int fd_;
  std::string read_;
  std::optional<SteadyTime> until_;
};

}  // namespace damsync
