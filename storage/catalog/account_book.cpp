#include "storage/catalog/account_book.h"

#include <fmt/format.h>

#include "storage/sqlite/statement.h"

namespace damsync {

std::optional<UtcTime> known_since(Database& db, const std::string& account) {
  Statement query(db, "SELECT first_seen_at FROM account WHERE account = ?");
  if (!query.bind(account).step()) return std::nullopt;
  return query.time(0);
}

Status check_provider(Database& db, const std::string& account, const std::string& provider) {
  Statement query(db, "SELECT provider FROM account WHERE account = ?");
  if (!query.bind(account).step() || query.text(0) == provider) return {};
  return make_error(ErrorCode::kSettings,
                    fmt::format("the account {} is of provider {} in the catalog, and of {} in the settings: give the "
                                "new account a name of its own",
                                account, query.text(0), provider));
}

}  // namespace damsync
