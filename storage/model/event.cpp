#include "storage/model/event.h"

#include <array>

namespace damsync {

const char* to_word(EventType type) noexcept {
  switch (type) {
    case EventType::kAssetLicensed: return "asset.licensed";
    case EventType::kAssetStored: return "asset.stored";
    case EventType::kAssetUpdated: return "asset.updated";
    case EventType::kAssetWithdrawn: return "asset.withdrawn";
    case EventType::kAssetRestored: return "asset.restored";
    case EventType::kAssetRemoved: return "asset.removed";
    case EventType::kLicenseAdded: return "license.added";
    case EventType::kLicenseChanged: return "license.changed";
    case EventType::kLicenseVanished: return "license.vanished";
    case EventType::kCollectionChanged: return "collection.changed";
    case EventType::kReportCompleted: return "report.completed";
    case EventType::kSyncFailed: return "sync.failed";
  }
  return "asset.updated";
}

std::optional<EventType> event_type_from_word(std::string_view word) noexcept {
  constexpr std::array kAll = {EventType::kAssetLicensed,     EventType::kAssetStored,     EventType::kAssetUpdated,
                               EventType::kAssetWithdrawn,    EventType::kAssetRestored,   EventType::kAssetRemoved,
                               EventType::kLicenseAdded,      EventType::kLicenseChanged,  EventType::kLicenseVanished,
                               EventType::kCollectionChanged, EventType::kReportCompleted, EventType::kSyncFailed};
  for (const auto type : kAll)
    if (word == to_word(type)) return type;
  return std::nullopt;
}

}  // namespace damsync
