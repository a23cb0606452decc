#pragma once

#include <cstdint>
#include <string>

#include "daemon/cli/status_report.h"
#include "daemon/http/server.h"

namespace damsync {

/// What the metrics are made from, gathered at one moment.
struct MetricsInput {
  const StatusReport& status;  ///< with `daemon`
  WebServer::Counts http;
  std::int64_t resident_bytes = 0;
  std::int64_t open_fds = 0;
};

/// Prometheus' text format. Labels are words of ours and names of accounts and receivers, which are letters, digits, -
/// and _: nothing that a provider says becomes one.
std::string metrics_text(const MetricsInput& input);

/// What the system says of this process; 0 where it does not say.
std::int64_t resident_bytes_of_process();
std::int64_t open_fds_of_process();

}  // namespace damsync
