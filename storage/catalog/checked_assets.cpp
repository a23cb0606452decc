#include "storage/catalog/checked_assets.h"

#include "storage/sqlite/statement.h"

namespace damsync {

std::vector<std::string> assets_checked_after(Database& db, const std::string& account, UtcTime time,
                                              std::size_t limit) {
  Statement query(db,
                  "SELECT a.asset_id FROM (SELECT asset_id FROM asset"
                  "  WHERE account = ?1 AND state = 'active' AND checked_at > ?2"
                  " UNION ALL SELECT asset_id FROM asset"
                  "  WHERE account = ?1 AND state <> 'active' AND state = 'withdrawn' AND checked_at > ?2) a"
                  " WHERE NOT EXISTS (SELECT 1 FROM pending p WHERE p.account = ?1 AND p.kind = 'metadata'"
                  "  AND p.key = a.asset_id) LIMIT ?3");
  query.bind_all(account, time, static_cast<std::int64_t>(limit));
  std::vector<std::string> out;
  while (query.step()) out.push_back(query.text(0));
  return out;
}

}  // namespace damsync
