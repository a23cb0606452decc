#include "storage/catalog/account_age.h"

#include "storage/sqlite/statement.h"

namespace damsync {

std::optional<UtcTime> known_since(Database& db, const std::string& account) {
  Statement query(db, "SELECT first_seen_at FROM account WHERE account = ?");
  if (!query.bind(account).step()) return std::nullopt;
  return query.time(0);
}

}  // namespace damsync
