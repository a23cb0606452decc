#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "tests/simulators/fault_script.h"
#include "tests/simulators/http_server.h"
#include "tests/simulators/sim_books.h"

namespace damsync {

/// What every simulated provider has: an address, a clock, a list of faults, and books. A provider adds its routes and
/// its answers.
///
/// Threads  all public methods lock.
class SimCore {
 public:
  /// The virtual time at the start; it then stands still until `advance`. None: it follows the machine's clock.
  explicit SimCore(std::optional<UtcTime> start) : frozen_(start) {}
  /// Whoever derives from it ends the connections first, with `stop_listening`.
  virtual ~SimCore() = default;
  SimCore(const SimCore&) = delete;
  SimCore& operator=(const SimCore&) = delete;

  /// Serves on 127.0.0.1; port 0 takes any free port.
  void listen(std::uint16_t port = 0);
  /// Ends every connection; the state stays.
  void stop_listening();
  /// `http://127.0.0.1:PORT`, after `listen`.
  [[nodiscard]] std::string base_url() const;

  /// One answer; called by the server, or by a program with a server of its own.
  SimResponse handle(const SimRequest& request);

  FaultScript& faults() noexcept { return faults_; }
  [[nodiscard]] SimBooks books() const;
  void reset_books();

  [[nodiscard]] UtcTime now() const;
  /// Moves the virtual clock; a negative duration moves it back.
  void advance(Millis duration);

 protected:
  /// A request's route: its template, e.g. `GET /v2/images/{id}`, and the id in the path.
  struct Route {
    std::string name;
    std::string id;
  };

  [[nodiscard]] virtual Route route_of(const SimRequest& request) const = 0;
  virtual SimResponse dispatch(const SimRequest& request, const Route& route) = 0;
  /// What every answer gets, a fault's too, before faults spoil it.
  virtual void finish(const SimRequest& request, const Route& route, SimResponse& response);

  [[nodiscard]] UtcTime now_locked() const;

  mutable std::mutex mutex_;
  SimBooks books_;

 private:
  void keep_books(const Route& route, const SimResponse& response);

  FaultScript faults_;
  std::optional<UtcTime> frozen_;
  Millis offset_{0};
  std::unique_ptr<SimServer> server_;
};

/// A simulated provider whose tests and people may change what it knows.
template <class State>
class StatefulSim : public SimCore {
 public:
  using SimCore::SimCore;

  /// Runs `change(State&)` while no request is being answered, and returns its result.
  template <class Change>
  auto edit(Change&& change) {
    const std::lock_guard lock(mutex_);
    return change(state_);
  }

 protected:
  State state_;
};

}  // namespace damsync
