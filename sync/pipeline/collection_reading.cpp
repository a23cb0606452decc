#include "sync/pipeline/collection_reading.h"

#include <algorithm>
#include <map>
#include <set>

#include "storage/base/crash_point.h"
#include "storage/catalog/collection_book.h"
#include "storage/sqlite/transaction.h"
#include "sync/pipeline/severity.h"

namespace damsync {
namespace {

constexpr Millis kListEvery = std::chrono::hours(1);
constexpr Millis kItemsEvery = std::chrono::hours(24);

bool is_due(const std::optional<UtcTime>& last, Millis often, UtcTime now) {
  return !last || now - *last >= often || now < *last;
}

bool same(const Collection& a, const Collection& b) {
  return a.name == b.name && a.items == b.items && a.updated_at == b.updated_at;
}

/// What a reading found; network only.
struct Found {
  std::vector<Collection> collections;
  std::map<std::string, std::vector<std::string>> items;  ///< of those whose items were read
};

const Collection* find(const std::vector<Collection>& all, const std::string& id) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.collection_id == id; });
  return found == all.end() ? nullptr : &*found;
}

Result<Found> read(Cycle& cycle, CollectionSource& source, bool all, std::stop_token stop) {
  Found found;
  auto listed = source.collections(stop);
  if (!listed) return listed.error();
  const auto known = CollectionBook(cycle.db).of_account(cycle.account);
  const KnownAssets assets(cycle.catalog.asset_ids(cycle.account));
  for (auto& collection : *listed) {
    const auto* before = find(known, collection.collection_id);
    if (all || before == nullptr || !same(*before, collection)) {
      auto items = source.items(collection, assets, stop);
      if (!items && items.error().code == ErrorCode::kNotFound) continue;  // it went away in between
      if (!items) return items.error();
      found.items[collection.collection_id] = std::move(*items);
    }
    found.collections.push_back(std::move(collection));
  }
  return found;
}

std::set<std::string> apply(Cycle& cycle, const Found& found) {
  CollectionBook book(cycle.db);
  std::set<std::string> changed;
  const auto note = [&](const std::vector<std::string>& assets) { changed.insert(assets.begin(), assets.end()); };
  for (const auto& before : book.of_account(cycle.account))
    if (find(found.collections, before.collection_id) == nullptr)
      note(book.remove(cycle.account, before.collection_id));
  for (const auto& collection : found.collections) note(book.put(cycle.account, collection));
  for (const auto& [id, items] : found.items) note(book.put_items(cycle.account, id, items));
  return changed;
}

void tell(Cycle& cycle, const std::set<std::string>& assets) {
  for (const auto& asset_id : assets) {
    cycle.writer.mark_sidecar_dirty(cycle.account, asset_id);
    Change change;
    change.type = EventType::kCollectionChanged;
    change.provider = std::string(cycle.provider.name());
    change.account = cycle.account;
    change.asset_id = asset_id;
    change.fields = {"collections"};
    cycle.journal.append(std::move(change));
  }
}

/// A refusal stays until a person does something, so it is the cycle's error; anything else is tried again.
void report(Cycle& cycle, const Error& error) {
  const bool refused = error.code == ErrorCode::kUnauthorized;
  cycle.log.write(refused ? LogLevel::kWarning : LogLevel::kInfo, "collections.not_read",
                  {{"account", cycle.account}, {"code", to_word(error.code)}, {"reason", error.message}});
  if (!refused) return;
  keep_gravest(cycle.summary.error,
               make_error(error.code, "its collections are refused: " + cycle.log.redactor().redact(error.message) +
                                          "; allow the account to read them, or set collections = false"));
}

}  // namespace

bool read_collections_if_due(Cycle& cycle, CollectionSource& source, std::stop_token stop) {
  CollectionBook book(cycle.db);
  const auto last = book.reading(cycle.account);
  const UtcTime now = cycle.clock.utc();
  if (last && !cycle.policy.full && !is_due(last->read_at, kListEvery, now)) return false;
  const bool all = !last || cycle.policy.full || is_due(last->full_at, kItemsEvery, now) ||
                   book.any_asset_since(cycle.account, last->read_at);
  const auto found = read(cycle, source, all, std::move(stop));
  if (!found) {
    report(cycle, found.error());
    return false;
  }
  Transaction tx(cycle.db);
  const auto changed = apply(cycle, *found);
  tell(cycle, changed);
  book.put_reading(cycle.account, {now, all ? now : last->full_at});
  crash_point("collections.before_commit");
  tx.commit();
  return !changed.empty();
}

bool forget_collections(Cycle& cycle) {
  CollectionBook book(cycle.db);
  if (!book.reading(cycle.account)) return false;
  Transaction tx(cycle.db);
  const auto changed = apply(cycle, {});
  tell(cycle, changed);
  book.clear_reading(cycle.account);
  tx.commit();
  return !changed.empty();
}

}  // namespace damsync
