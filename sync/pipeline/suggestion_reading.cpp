#include "sync/pipeline/suggestion_reading.h"

#include "storage/catalog/suggestion_book.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

constexpr std::size_t kAssetsPerCycle = 20;
constexpr int kMostFailures = 3;  ///< then it is not about an asset
constexpr Millis kRetryAfter = std::chrono::hours(1);

}  // namespace

void read_suggestions(Database& db, const std::string& account, SuggestionSource& source, const Clock& clock, Log& log,
                      std::stop_token stop) {
  SuggestionBook book(db);
  int failures = 0;
  for (const auto& asset_id : book.unread(account, clock.utc() - kRetryAfter, kAssetsPerCycle)) {
    if (failures >= kMostFailures || stop.stop_requested()) return;
    const auto found = source.suggestions(asset_id, stop);
    if (!found && found.error().code == ErrorCode::kCancelled) return;
    Transaction tx(db);
    if (found) {
      book.put(account, asset_id, *found, clock.utc());
    } else {
      ++failures;
      book.note_failure(account, asset_id, clock.utc());
    }
    tx.commit();
    if (!found)
      log.info("suggestions.not_read", {{"account", account},
                                        {"asset", asset_id},
                                        {"code", to_word(found.error().code)},
                                        {"reason", found.error().message}});
  }
}

}  // namespace damsync
