#include "storage/catalog/asset_pages.h"

#include <fmt/format.h>

#include "storage/base/text.h"
#include "storage/catalog/rows.h"

namespace damsync {
namespace {

constexpr const char* kRest =
    " AND (?3 = '' OR c.provider = ?3) AND (?4 = '' OR a.state = ?4) ORDER BY a.account, a.asset_id LIMIT ?5";

}  // namespace

Result<AssetPage> read_asset_page(Database& db, const AssetPageWanted& wanted) {
  std::string account = wanted.account, id;
  if (!wanted.after.empty()) {
    const auto colon = wanted.after.find(':');
    id = colon == std::string::npos ? "" : wanted.after.substr(colon + 1);
    const std::string of = wanted.after.substr(0, colon);
    if (!is_safe_id(id) || !is_safe_id(of) || (!account.empty() && of != account))
      return make_error(ErrorCode::kUsage,
                        fmt::format("'{}' is no place in this list of assets", printable(wanted.after.substr(0, 60))));
    account = of;
  }
  // The two ways of going on from a key of two parts, so that either follows the index.
  const char* const from = wanted.account.empty() ? " WHERE (a.account, a.asset_id) > (?1, ?2)"
                                                  : " WHERE a.account = ?1 AND a.asset_id > ?2";
  Statement query(db, std::string(kSelectAsset) + from + kRest);
  query.bind_all(account, id, wanted.provider, wanted.state, static_cast<std::int64_t>(wanted.limit) + 1);
  AssetPage page;
  while (query.step()) {
    if (page.assets.size() == wanted.limit) {
      page.next = page.assets.back().account + ":" + page.assets.back().asset_id;
      break;
    }
    page.assets.push_back(read_asset(query, RawText::kLeave));
  }
  return page;
}

}  // namespace damsync
