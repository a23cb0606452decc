#pragma once

#include "storage/base/json.h"
#include "storage/catalog/catalog.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/model/asset.h"
#include "storage/model/collection.h"
#include "storage/model/event.h"
#include "storage/model/license.h"
#include "storage/model/run.h"

namespace damsync {

/// The objects of `--json`, with the field names that scripts rely on. Times are RFC 3339 with `Z`, ids are strings,
/// what is not known is null.
Json json_of(const AssetRow& asset);
Json json_of(const LicenseRow& license);
Json json_of(const FileRow& file);
Json json_of(const Change& change);
Json json_of(const RunSummary& run);
Json json_of(const CollectionRow& collection);
/// `provider_ref` names the host alone: the rest of the address would hand out the file.
Json json_of(const SpendRow& spend);

Json json_time(UtcTime time);
Json json_time(const std::optional<UtcTime>& time);
/// Null for an empty text.
Json json_text(const std::string& text);

}  // namespace damsync
