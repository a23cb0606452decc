#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace damsync {

struct CommandLimits {
  Millis time{};
  std::size_t max_bytes = 0;
};

/// Runs a program without a shell and returns its standard output. Standard input is empty. Standard error is thrown
/// away: what a program complains about may be the secret. It has our environment but for the variables `withheld`.
/// The program and what it started are killed at the limit, and at a stop.
///
/// Errors   kSettings: cannot start, exit code, killed by a signal, too slow, more than `max_bytes` of output.
///          kCancelled: a stop was asked for meanwhile.
Result<std::string> run_secret_command(const std::vector<std::string>& command,
                                       const std::vector<std::string>& withheld, const CommandLimits& limits,
                                       const std::stop_token& stop);

}  // namespace damsync
