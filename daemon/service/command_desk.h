#pragma once

#include <atomic>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "daemon/cli/verb_answer.h"
#include "daemon/service/control_server.h"
#include "daemon/service/deliverer.h"
#include "daemon/service/jobs.h"
#include "daemon/service/vitals.h"

namespace damsync {

struct SpendVerb;

/// What the daemon does for the commands that reach it over the control socket. A request names one of
///
///   {"do": "status"}                                                  {"next", "daemon"}
///   {"do": "sync", "accounts", "accept_withdrawals", "full"}          {"progress"}..., {"result", "text"}
///   {"do": "audit", "output", "seen"}                                 {"progress"}..., {"result", "text"}
///   {"do": "deliveries", "what": "retry", "receiver", "ids"}          {"result", "text"}
///   {"do": "deliveries", "what": "replay", "receiver", "since_seq", "since_time"}      the same
///   {"do": "deliveries", "what": "run", "time_limit_ms"}                               the same
///   {"do": "spend", "what", "spend_id", "by", "reason"}                                the same
///
/// and every last line has an `exit_code`, as the command would have had by itself. Work is done for root and the
/// daemon's own user; whoever else may open the socket is told the status. `seen` says what the client sees where the
/// report is to go.
///
/// Of the places of the control server some are kept for who asks for the status: work beyond the others is refused.
///
/// Threads  any.
class CommandDesk {
 public:
  struct Parts {
    Workspace& workspace;
    Jobs& jobs;
    const Vitals& vitals;
    Deliverer& deliverer;
    Clock& clock;
    std::function<void()> wake;               ///< has the daemon look what there is to do
    std::function<void(const Error&)> fatal;  ///< hears of errors that the daemon cannot go on with
  };
  static constexpr std::size_t kMostAtWork = ControlServer::kMostConnections - 4;

  explicit CommandDesk(Parts parts) : parts_(std::move(parts)) {}

  Json answer(const Json& request, ControlServer::Asker asker, const ControlServer::Tell& tell,
              const std::stop_token& stop);

 private:
  class AtWork;
  Result<Json> do_it(const Json& request, ControlServer::Asker asker, const ControlServer::Tell& tell,
                     const std::stop_token& stop);
  Result<Json> work(const std::string& verb, const Json& request, const ControlServer::Tell& tell,
                    const std::stop_token& stop);
  [[nodiscard]] Json status() const;
  Result<Json> sync(const Json& request, const ControlServer::Tell& tell, const std::stop_token& stop);
  Result<Json> audit(const Json& request, const ControlServer::Tell& tell, const std::stop_token& stop);
  Result<Json> deliveries(const Json& request, const std::stop_token& stop);
  Result<Json> spend(const Json& request, const std::stop_token& stop);
  [[nodiscard]] std::set<std::string> accounts_of(const SpendVerb& verb) const;
  Result<VerbAnswer> run_deliveries(const Settings& settings, Millis limit, const std::stop_token& stop);

  Parts parts_;
  std::atomic<std::size_t> at_work_{0};
};

}  // namespace damsync
