#include "sync/pipeline/severity.h"

#include <utility>

namespace damsync {

int severity(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInternal: return 7;
    case ErrorCode::kGuard:
    case ErrorCode::kDamaged:
    case ErrorCode::kSettings: return 6;
    case ErrorCode::kStorage: return 5;
    case ErrorCode::kUnauthorized: return 4;
    case ErrorCode::kLocked: return 3;
    case ErrorCode::kUnavailable:
    case ErrorCode::kThrottled:
    case ErrorCode::kProtocol: return 2;
    default: return 1;
  }
}

void keep_gravest(std::optional<Error>& kept, Error met) {
  if (!kept || severity(met.code) > severity(kept->code)) kept = std::move(met);
}

}  // namespace damsync
