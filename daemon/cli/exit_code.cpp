#include "daemon/cli/exit_code.h"

#include <algorithm>
#include <array>

namespace damsync {

ExitCode exit_code_for(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kThrottled:
    case ErrorCode::kProtocol: return ExitCode::kUnavailable;
    case ErrorCode::kUnauthorized: return ExitCode::kUnauthorized;
    case ErrorCode::kNotFound:
    case ErrorCode::kGone:
    case ErrorCode::kInvalid:
    case ErrorCode::kRefusedByPolicy:
    case ErrorCode::kUnknownOutcome:
    case ErrorCode::kLowSpace:
    case ErrorCode::kCancelled: return ExitCode::kIncomplete;
    case ErrorCode::kStorage: return ExitCode::kStorage;
    case ErrorCode::kLocked: return ExitCode::kLocked;
    case ErrorCode::kSettings:
    case ErrorCode::kDamaged:
    case ErrorCode::kGuard: return ExitCode::kSettings;
    case ErrorCode::kUsage: return ExitCode::kUsage;
    case ErrorCode::kInternal: return ExitCode::kInternal;
  }
  return ExitCode::kInternal;
}

ExitCode worst(ExitCode a, ExitCode b) noexcept {
  constexpr std::array kOrder = {
      ExitCode::kInternal,    ExitCode::kSettings, ExitCode::kStorage,  ExitCode::kUnauthorized, ExitCode::kLocked,
      ExitCode::kUnavailable, ExitCode::kUsage,    ExitCode::kFindings, ExitCode::kIncomplete,   ExitCode::kDone};
  return *std::min_element(kOrder.begin(), kOrder.end(), [&](ExitCode left, ExitCode right) {
    const auto applies = [&](ExitCode code) { return code == a || code == b; };
    return applies(left) && !applies(right);
  });
}

ExitCode exit_code_of(const RunSummary& run) noexcept {
  ExitCode code = run.ok ? ExitCode::kDone : ExitCode::kIncomplete;
  for (const AccountSummary& account : run.accounts) {
    if (account.files_failed > 0) code = worst(code, ExitCode::kIncomplete);
    if (account.error) code = worst(code, exit_code_for(account.error->code));
  }
  return code;
}

}  // namespace damsync
