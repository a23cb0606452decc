#pragma once

#include <stop_token>

#include "sync/pipeline/cycle.h"
#include "sync/providers/collection_source.h"

namespace damsync {

/// Brings the account's collections up to date when that is due: their list every hour, the items of those that
/// changed, and the items of all once a day, when the account got new assets, or when the cycle is a full one. What
/// became different is one transaction with its events, one `collection.changed` for each asset. Returns whether an
/// asset is in other collections now, so that its sidecars are out of date.
///
/// That they cannot be read is logged and changes nothing: it is information, and the cycle goes on. A refusal is the
/// cycle's error, too: nobody but a person ends it.
bool read_collections_if_due(Cycle& cycle, CollectionSource& source, std::stop_token stop);

/// For an account whose collections are not read any more: forgets those that were, in one transaction with its
/// events. Returns whether an asset was in one.
bool forget_collections(Cycle& cycle);

}  // namespace damsync
