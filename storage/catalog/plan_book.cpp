#include "storage/catalog/plan_book.h"

#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/sqlite/statement.h"

namespace damsync {
namespace {

std::string refused_key(const std::string& account) { return "plans refused " + account; }

}  // namespace

std::vector<Plan> PlanBook::plans(const std::string& account) const {
  Statement query(db_,
                  "SELECT plan_id, description, license_type, expires_at, download_limit, downloads_left,"
                  " period_ends_at FROM plan WHERE account = ? ORDER BY plan_id");
  query.bind(account);
  std::vector<Plan> out;
  while (query.step())
    out.push_back({query.text(0), query.text(1), query.text(2), query.opt_time(3), query.opt_int64(4),
                   query.opt_int64(5), query.opt_time(6)});
  return out;
}

std::optional<UtcTime> PlanBook::read_at(const std::string& account) const {
  Statement query(db_, "SELECT read_at FROM plan_reading WHERE account = ?");
  if (!query.bind(account).step()) return std::nullopt;
  return query.time(0);
}

bool PlanBook::refused(const std::string& account) const { return !Catalog(db_).setting(refused_key(account)).empty(); }

void PlanBook::put_refused(const std::string& account, bool refused) {
  if (refused != this->refused(account)) CatalogWriter(db_).put_setting(refused_key(account), refused ? "yes" : "");
}

void PlanBook::replace(const std::string& account, const std::vector<Plan>& plans, UtcTime now) {
  // The trigger keeps the plans of the last reading; one that told of none has to be kept as well.
  Statement(db_,
            "INSERT INTO plan_past (account, plan_id, read_at, description, license_type)"
            " SELECT account, '', read_at, '', '' FROM plan_reading r WHERE account = ?1"
            " AND NOT EXISTS (SELECT 1 FROM plan p WHERE p.account = r.account)")
      .bind(account)
      .run();
  Statement(db_, "DELETE FROM plan WHERE account = ?").bind(account).run();
  for (const auto& plan : plans)
    Statement(db_,
              "INSERT OR REPLACE INTO plan (account, plan_id, description, license_type, expires_at, download_limit,"
              " downloads_left, period_ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind_all(account, plan.plan_id, plan.description, plan.license_type, plan.expires_at, plan.limit, plan.left,
                  plan.period_ends_at)
        .run();
  Statement(db_,
            "INSERT INTO plan_reading (account, read_at) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET read_at = excluded.read_at")
      .bind_all(account, now)
      .run();
  put_refused(account, false);
}

}  // namespace damsync
