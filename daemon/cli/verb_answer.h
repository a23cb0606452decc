#pragma once

#include <string>
#include <vector>

#include "daemon/cli/exit_code.h"
#include "storage/base/json.h"

namespace damsync {

/// What came of a verb that a command carries out by itself, or the daemon for it.
struct VerbAnswer {
  std::vector<Json> results;  ///< with `--json`, a line each
  std::string text;           ///< for people
  ExitCode exit_code = ExitCode::kDone;
};

}  // namespace damsync
