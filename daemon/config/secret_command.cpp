#include "daemon/config/secret_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sync/deliver/child_process.h"

namespace damsync {
namespace {

std::vector<std::string> environment_without(const std::vector<std::string>& withheld) {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view variable(*at);
    if (std::find(withheld.begin(), withheld.end(), variable.substr(0, variable.find('='))) == withheld.end())
      out.emplace_back(variable);
  }
  return out;
}

}  // namespace

Result<std::string> run_secret_command(const std::vector<std::string>& command,
                                       const std::vector<std::string>& withheld, const CommandLimits& limits,
                                       const std::stop_token& stop) {
  const auto failed = [&](const std::string& why) {
    return make_error(ErrorCode::kSettings, fmt::format("the program {} {}", command.front(), why));
  };
  ChildEnd end = run_child({.argv = command,
                            .environment = environment_without(withheld),
                            .input = "",
                            .limit = limits.time,
                            .max_output = limits.max_bytes,
                            .directory = "."},
                           stop);
  switch (end.kind) {
    case ChildEnd::Kind::kExited: break;
    case ChildEnd::Kind::kSignalled: return failed(fmt::format("was ended by signal {}", end.code));
    case ChildEnd::Kind::kTimedOut:
      return failed(fmt::format("did not finish within {} s", static_cast<double>(limits.time.count()) / 1000));
    case ChildEnd::Kind::kStopped:
      return make_error(ErrorCode::kCancelled, fmt::format("the program {} was stopped", command.front()));
    case ChildEnd::Kind::kNotStarted: return failed(fmt::format("cannot be started: {}", std::strerror(end.code)));
    case ChildEnd::Kind::kTooMuchOutput: return failed("wrote more than a secret can be");
  }
  if (end.code != 0)
    return failed(fmt::format("failed with exit code {}; run it by hand, as the same user, to see why", end.code));
  return std::move(end.output);
}

}  // namespace damsync
