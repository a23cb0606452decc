#pragma once

#include <string>

#include "daemon/cli/status_report.h"

namespace damsync {

enum class Colours { kOff, kOn };

/// Colours for a terminal, unless `NO_COLOR` is set and not empty or `TERM` is `dumb`. Source: no-color.org.
Colours colours_for(bool terminal) noexcept;

/// The report for a person, to be read at a glance: one line that says whether anybody need look, then why, then a
/// block for each account, the store, receivers and the daemon. Ends with a line end.
std::string status_text(const StatusReport& report, UtcTime now, Colours colours);
/// The same of the daemon alone.
std::string daemon_text(const StatusReport& report, UtcTime now, Colours colours);

}  // namespace damsync
