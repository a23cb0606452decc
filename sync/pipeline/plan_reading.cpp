#include "sync/pipeline/plan_reading.h"

#include "storage/catalog/plan_book.h"
#include "storage/sqlite/transaction.h"

namespace damsync {

void read_plans_if_due(Database& db, const std::string& account, PlanSource& source, const Clock& clock, Log& log,
                       std::stop_token stop) {
  constexpr Millis kOften = std::chrono::hours(24);
  PlanBook book(db);
  const auto last = book.read_at(account);
  const UtcTime now = clock.utc();
  if (last && now - *last < kOften && now >= *last) return;
  const auto plans = source.plans(std::move(stop));
  if (!plans) {
    log.info("plans.not_read",
             {{"account", account}, {"code", to_word(plans.error().code)}, {"reason", plans.error().message}});
    const auto code = plans.error().code;
    if (code != ErrorCode::kUnauthorized && code != ErrorCode::kNotFound) return;
    Transaction tx(db);
    book.put_refused(account, true);
    tx.commit();
    return;
  }
  Transaction tx(db);
  book.replace(account, *plans, now);
  tx.commit();
}

}  // namespace damsync
