#pragma once

#include <condition_variable>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <stop_token>
#include <string>

#include "daemon/http/http_service.h"
#include "daemon/service/command_desk.h"
#include "daemon/service/deliverer.h"
#include "daemon/service/jobs.h"
#include "daemon/service/nights.h"
#include "daemon/service/systemd_notify.h"
#include "daemon/service/vitals.h"
#include "daemon/service/worker.h"
#include "daemon/workspace.h"

namespace damsync {

class StopSignals;

/// The daemon: holds the workspace, hands out what is due to its workers, listens to signals and to commands, and tells
/// the service manager how it goes. One thread an account, one for the nights, one for deliveries, those of HTTP and of
/// the control socket; this one decides and sleeps.
///
/// Errors   what prevents the start, or ends the daemon: the catalog was taken away or is damaged, the store is gone,
///          an invariant broke. What one account meets is its own business.
class RunLoop {
 public:
  struct Parts {
    Clock& clock;
    Log& log;
    StopSignals& signals;
    SystemdNotify notify;
  };
  RunLoop(std::shared_ptr<const InForce> in_force, Parts parts);
  ~RunLoop();

  /// Comes back when a stop was asked for and everything has ended.
  Status run(const std::stop_token& stop);

 private:
  struct Account {
    PollMark mark;
    std::unique_ptr<Worker> worker;
  };
  class LastResort;
  Status start();
  Status start_workers();
  Status serve(const Settings& settings);
  void turn();
  void poll_accounts(const Now& now);
  void do_nights(const Now& now);
  void plan(const Now& now);
  void tell();
  void watch_clock(const Now& now);
  void watch_over();
  void rest();
  void reload();
  void refuse(const Error& error);
  void fit_accounts();
  void bury();
  void finish();
  void end_hard();
  [[nodiscard]] std::shared_ptr<const Settings> settings() const;
  [[nodiscard]] Millis until_next(const Now& now) const;
  [[nodiscard]] std::string status_text() const;
  [[nodiscard]] std::unique_ptr<Worker> make_worker();
  [[nodiscard]] bool any_cycle() const;
  void wake();
  void fail(const Error& error);
  [[nodiscard]] std::optional<Error> failure() const;

  Parts parts_;
  mutable std::mutex mutex_;  ///< of what follows, which others set
  std::condition_variable_any woken_;
  bool awake_ = true;
  bool reload_ = false;
  bool worked_ = false;  ///< something ended whose memory may be given back
  std::optional<Error> failure_;

  std::shared_ptr<const InForce> in_force_;  ///< from here on of the loop's own thread
  Vitals vitals_;
  std::unique_ptr<Workspace> workspace_;
  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<Nights> nights_;
  std::unique_ptr<Deliverer> deliverer_;  ///< before those who tell it of their work
  std::unique_ptr<CommandDesk> desk_;
  std::map<std::string, Account> accounts_;
  std::list<std::unique_ptr<Worker>> leaving_;  ///< of accounts that the settings do not name any more
  std::unique_ptr<Worker> night_worker_;
  std::unique_ptr<HttpService> http_;
  std::unique_ptr<ControlServer> control_;
  std::mt19937 random_;
  std::string told_;
  std::optional<Now> turned_;  ///< when the last turn was
  int turns_stuck_ = 0;
};

}  // namespace damsync
