#pragma once

#include <functional>

#include "daemon/service/control_server.h"
#include "daemon/service/jobs.h"
#include "daemon/service/vitals.h"

namespace damsync {

/// What the daemon does for the commands that reach it over the control socket. A request names one of
///
///   {"do": "status"}                                                  {"next", "daemon"}
///   {"do": "sync", "accounts", "accept_withdrawals", "full"}          {"progress"}..., {"result", "text"}
///   {"do": "audit", "output", "seen"}                                 {"progress"}..., {"result", "text"}
///
/// and every last line has an `exit_code`, as the command would have had by itself. Work is done for root and the
/// daemon's own user; whoever else may open the socket is told the status. `seen` says what the client sees where the
/// report is to go.
///
/// Threads  any.
class CommandDesk {
 public:
  /// `fatal` hears of errors that the daemon cannot go on with.
  CommandDesk(Jobs& jobs, const Vitals& vitals, std::function<void(const Error&)> fatal)
      : jobs_(jobs), vitals_(vitals), fatal_(std::move(fatal)) {}

  Json answer(const Json& request, ControlServer::Asker asker, const ControlServer::Tell& tell,
              const std::stop_token& stop);

 private:
  Result<Json> do_it(const Json& request, ControlServer::Asker asker, const ControlServer::Tell& tell,
                     const std::stop_token& stop);
  [[nodiscard]] Json status() const;
  Result<Json> sync(const Json& request, const ControlServer::Tell& tell, const std::stop_token& stop);
  Result<Json> audit(const Json& request, const ControlServer::Tell& tell, const std::stop_token& stop);

  Jobs& jobs_;
  const Vitals& vitals_;
  std::function<void(const Error&)> fatal_;
};

}  // namespace damsync
