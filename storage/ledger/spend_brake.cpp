#include "storage/ledger/spend_brake.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/sqlite/statement.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

constexpr const char* kSeen = "spend_brake_seen";  ///< the newest spend when a person looked last

std::string key_of(const std::string& account) { return "spend_brake " + account; }

std::int64_t seen_by_person(Database& db) {
  const std::string text = Catalog(db).setting(kSeen);
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Error needs_person(const std::string& account, const std::string& reason) {
  return make_error(ErrorCode::kGuard,
                    fmt::format("{}: {}; nothing more is paid for. Look at the account at the provider and at `damsync "
                                "list spends`, then run `damsync spend acknowledge --reason TEXT`",
                                account, reason));
}

}  // namespace

Status SpendBrake::check(const std::string& account) const {
  if (const auto reason = Catalog(db_).setting(key_of(account)); !reason.empty()) return needs_person(account, reason);
  const auto newest = SpendLedger(db_).newest_claims(account, kLostCalls);
  const std::int64_t seen = seen_by_person(db_);
  const bool lost = newest.size() == kLostCalls && std::all_of(newest.begin(), newest.end(), [&](const SpendRow& row) {
                      return row.spend_id > seen && row.unanswered();
                    });
  if (!lost) return {};
  return needs_person(account, fmt::format("the last {} calls that may have been paid for named no file", kLostCalls));
}

void SpendBrake::pull(const std::string& account, const std::string& reason) {
  Transaction tx(db_);
  CatalogWriter(db_).put_setting(key_of(account), reason);
  tx.commit();
}

void SpendBrake::release() {
  Transaction tx(db_);
  Statement newest(db_, "SELECT coalesce(max(spend_id), 0) FROM spend");
  newest.step();
  CatalogWriter(db_).put_setting(kSeen, std::to_string(newest.int64(0)));
  newest.run();
  Statement(db_, "UPDATE setting SET value = '' WHERE key LIKE 'spend\\_brake %' ESCAPE '\\'").run();
  tx.commit();
}

}  // namespace damsync
