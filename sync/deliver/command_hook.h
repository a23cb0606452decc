#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sync/deliver/receiver.h"

namespace damsync {

/// A receiver that is a local program.
struct CommandTarget {
  std::string name;
  std::vector<std::string> run;  ///< program and arguments, as they are: no shell
  EventFilter filter;
  Millis time_limit{30'000};
};

/// Runs the program once an event: the CloudEvent is its standard input, a line; exit code 0 is a delivery, every
/// other refuses the event, and whatever else comes of it (it cannot be started, it takes too long) is a failure. Its
/// environment is `PATH`, `HOME`, `LANG` and `DAMSYNC_EVENT`, `DAMSYNC_EVENT_ID`, `DAMSYNC_PROVIDER`,
/// `DAMSYNC_ACCOUNT`, `DAMSYNC_ASSET_ID`, `DAMSYNC_LICENSE_ID`.
std::unique_ptr<Receiver> make_command_hook(CommandTarget target);

}  // namespace damsync
