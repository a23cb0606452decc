#pragma once

#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace damsync {

/// Runs a program without a shell and returns its standard output. Standard input is empty, standard error is ours.
/// The program and what it started are killed at the limit.
///
/// Errors   kSettings: cannot start, exit code, killed by a signal, too slow, more than `max_bytes` of output.
Result<std::string> run_secret_command(const std::vector<std::string>& command, Millis limit, std::size_t max_bytes);

}  // namespace damsync
