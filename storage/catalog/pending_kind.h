#pragma once

#include "storage/catalog/catalog.h"

namespace damsync {

/// Why metadata is wanted: the provider told of news. Other reasons are routine, a new license, or a failure.
inline constexpr const char* kChangeAnnounced = "change announced";
inline constexpr const char* kDeletionAnnounced = "deletion announced";

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
