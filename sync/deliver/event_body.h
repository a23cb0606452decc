#pragma once

#include <string>

#include "storage/journal/change_details.h"
#include "storage/model/event.h"
#include "sync/deliver/event_filter.h"

namespace damsync {

/// `org.damsync.asset.stored.v1`.
std::string cloud_event_type(EventType type);

/// A change as CloudEvents 1.0 structured JSON, one line. `data` holds the feed's members and what the catalog knows of
/// the asset and all its licenses now, so that the latest event tells whatever the ones before it had to tell;
/// `failure` belongs to `sync.failed`.
///
/// Source   CloudEvents 1.0.2 and its JSON event format.
std::string cloud_event(const Change& change, const ChangeDetails& details, const std::optional<RunFailure>& failure);

/// What filters ask of the details.
EventSubject subject_of(const Change& change, const ChangeDetails& details);

}  // namespace damsync
