#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/base/time.h"
#include "storage/model/asset.h"
#include "storage/model/license.h"

namespace damsync {

/// An item of a page that cannot be used: a wrong id, a wrong type, a missing field. It is quarantined where it
/// was read and never sent to the provider; the rest of the page goes on.
struct RejectedItem {
  std::string what;        ///< `license`, `update`, `asset`
  std::string key;         ///< the id as far as it was readable, printable, at most 80 bytes
  std::string reason;      ///< for a person: which field, what is wrong
  std::string raw_sha256;  ///< of the item's JSON
};

/// Under which an item is set aside in the catalog.
inline std::string pending_key(const RejectedItem& item) { return item.what + " " + item.key; }

/// The provider says that something happened to an asset.
struct AssetNotice {
  std::string asset_id;
  bool deleted = false;  ///< the provider announced its deletion
  UtcTime time{};        ///< by the provider's clock
};

/// A span of provider time that was observed completely.
struct ObservedInterval {
  UtcTime from{};
  UtcTime to{};  ///< exclusive
};

/// One answer of `Provider::poll`: what one stream says, normalized. Committed as one transaction.
struct Page {
  std::vector<License> licenses;
  std::vector<AssetNotice> notices;            ///< only of assets the catalog knows
  std::vector<AssetNotice> unknown_deletions;  ///< of assets it does not know: recorded, nothing more
  std::vector<std::string> listed;  ///< assets that are ours although no license says so: only metadata is wanted
  std::vector<RejectedItem> rejected;
  std::vector<ObservedInterval> observed;  ///< filled when this page completes an interval
  std::string next;                        ///< cursor that covers everything up to and including this page
  bool last = false;                       ///< nothing more now
  std::string receipt;                     ///< to be confirmed after the commit; empty: nothing to confirm
  /// With `last` of a full listing: every license of the account was listed since the scan began, so what was
  /// not seen is gone (I7). `scan_from`: licenses from before this time were not asked for.
  bool complete_listing = false;
  /// With `last`, where assets are those that a person lists: all of the list, known ones too; `rejected` has the rest.
  std::optional<std::vector<std::string>> asset_list;
  std::optional<UtcTime> scan_from;
  std::string doubt;  ///< with `last` of a full listing that is not complete: why, for a person
};

/// Metadata of assets that were asked for by id.
struct DescribedAsset {
  std::string asset_id;
  AssetMetadata metadata;
  std::string raw;   ///< the provider's own JSON, as received
  std::string etag;  ///< validator for `recheck`; may be empty
};

struct Descriptions {
  std::vector<DescribedAsset> assets;
  std::vector<std::string> absent;  ///< asked for, not known to the provider
  std::vector<RejectedItem> rejected;
};

/// Where the bytes of one license can be had right now, free of charge.
struct DownloadSource {
  std::string url;              ///< a secret: never logged with its query
  std::string expected_format;  ///< `jpg`, `eps`, `tiff`, …; empty: any
  std::optional<UtcTime> expires_at;
};

}  // namespace damsync
