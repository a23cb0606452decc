#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/asset.h"

namespace damsync {

class Database;

/// Which assets, from where on. Empty members do not restrict.
struct AssetPageWanted {
  std::string account;
  std::string provider;
  std::string state;  ///< `active`, `withdrawn`, `unknown`
  std::string after;  ///< `next` of the page before; empty: from the beginning
  std::size_t limit = 100;
};

struct AssetPage {
  std::vector<AssetRow> assets;  ///< in the order of account and id; `raw` is not filled
  std::string next;              ///< behind the last of them; empty when there are no more
};

/// The list of assets in pieces that cost the same wherever they begin. Assets that appear between two pages are seen
/// if they belong behind the first.
///
/// Errors   kUsage: `after` is none of ours, or of another account. SQL failures throw (`DatabaseError`).
/// Threads  those of the `Database`.
Result<AssetPage> read_asset_page(Database& db, const AssetPageWanted& wanted);

}  // namespace damsync
