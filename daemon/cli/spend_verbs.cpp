#include "daemon/cli/spend_verbs.h"

#include <fmt/format.h>

#include "daemon/cli/json_fields.h"
#include "storage/base/text.h"
#include "storage/catalog/catalog.h"
#include "storage/ledger/spend_brake.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/ledger/spend_mark.h"

namespace damsync {
namespace {

std::string text_of(const SpendRow& row) {
  return fmt::format("spend {} of asset {} ({}) is {}\n", row.spend_id, printable(row.asset_id), row.account,
                     *row.outcome == SpendOutcome::kSpent ? "spent: it is never asked for again"
                                                          : "not spent: it may be asked for again");
}

Result<VerbAnswer> acknowledge(Database& db, const SpendVerb& verb, UtcTime now) {
  SpendMark mark(db);
  SpendBrake brake(db);
  Status stopped = mark.check();
  for (const auto& account : Catalog(db).accounts())
    if (stopped) stopped = brake.check(account);
  if (stopped) return nothing_to_acknowledge();
  if (auto done = mark.acknowledge(verb.by, verb.reason, now); !done) return done.error();
  brake.release();
  const auto path = mark.path().string();
  return VerbAnswer{{Json::object({{"acknowledged", stopped.error().message}, {"mark", path}})},
                    fmt::format("acknowledged, and noted in {}: paying may go on\n", printable(path)),
                    ExitCode::kDone};
}

}  // namespace

Error unknown_spend(const std::string& id) {
  return make_error(ErrorCode::kUsage, fmt::format("there is no spend {}; see `damsync list spends`", printable(id)));
}

Error nothing_to_acknowledge() {
  return make_error(ErrorCode::kUsage, "there is nothing to acknowledge: nothing stops paying");
}

std::optional<std::string> account_of(Database& db, const SpendVerb& verb) {
  const auto row = SpendLedger(db).find(verb.spend_id);
  return row ? std::optional(row->account) : std::nullopt;
}

Result<VerbAnswer> decide_spend(Database& db, const SpendVerb& verb, UtcTime now) {
  if (verb.what == "acknowledge") return acknowledge(db, verb, now);
  SpendLedger ledger(db);
  const auto row = ledger.find(verb.spend_id);
  if (!row) return unknown_spend(std::to_string(verb.spend_id));
  if (!row->open())
    return make_error(ErrorCode::kUsage, fmt::format("spend {} is decided already: {}; the book is not rewritten",
                                                     verb.spend_id, to_word(*row->outcome)));
  const auto outcome = verb.what == "settle" ? SpendOutcome::kSpent : SpendOutcome::kNotSpent;
  ledger.decide(verb.spend_id, outcome, verb.by, verb.reason, now);
  const auto decided = *ledger.find(verb.spend_id);
  return VerbAnswer{{json_of(decided)}, text_of(decided), ExitCode::kDone};
}

}  // namespace damsync
