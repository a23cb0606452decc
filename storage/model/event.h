#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/time.h"

namespace damsync {

/// What happened to an asset; the words are the contract's (`asset.stored`).
enum class EventType {
  kAssetLicensed,
  kAssetStored,
  kAssetUpdated,
  kAssetWithdrawn,
  kAssetRestored,
  kAssetRemoved,
  kLicenseAdded,
  kLicenseChanged,
  kLicenseVanished,
  kCollectionChanged,
  kReportCompleted,
  kSyncFailed,
};
const char* to_word(EventType type) noexcept;
std::optional<EventType> event_type_from_word(std::string_view word) noexcept;

/// One row of the change feed.
struct Change {
  std::int64_t seq = 0;  ///< position in the feed, from 1; assigned by the journal
  std::string id;        ///< ULID; assigned by the journal
  UtcTime time{};        ///< when it was committed; assigned by the journal
  EventType type = EventType::kAssetUpdated;
  std::string provider;
  std::string account;
  std::string asset_id;
  std::string license_id;     ///< empty when the change is not about one license
  std::int64_t revision = 0;  ///< of the asset, after the change; assigned by the journal
  std::vector<std::string> fields;
};

}  // namespace damsync
