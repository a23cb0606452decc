#include "storage/base/result.h"

namespace damsync {

const char* to_word(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kThrottled: return "throttled";
    case ErrorCode::kUnauthorized: return "unauthorized";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kGone: return "gone";
    case ErrorCode::kInvalid: return "invalid";
    case ErrorCode::kProtocol: return "protocol";
    case ErrorCode::kRefusedByPolicy: return "refused_by_policy";
    case ErrorCode::kUnknownOutcome: return "unknown_outcome";
    case ErrorCode::kStorage: return "storage";
    case ErrorCode::kLowSpace: return "low_space";
    case ErrorCode::kLocked: return "locked";
    case ErrorCode::kSettings: return "settings";
    case ErrorCode::kDamaged: return "damaged";
    case ErrorCode::kGuard: return "guard";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kUsage: return "usage";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

}  // namespace damsync
