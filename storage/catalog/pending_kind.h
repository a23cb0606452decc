#pragma once

#include "storage/catalog/catalog.h"

namespace damsync {

/// The word of a kind in the catalog.
inline const char* to_word(PendingKind kind) noexcept {
  switch (kind) {
    case PendingKind::kMetadata: return "metadata";
    case PendingKind::kFile: return "file";
    case PendingKind::kWithdrawal: return "withdrawal";
    case PendingKind::kVanish: return "vanish";
    case PendingKind::kRejected: return "rejected";
  }
  return "rejected";
}

}  // namespace damsync
