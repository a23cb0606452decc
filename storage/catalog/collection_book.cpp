#include "storage/catalog/collection_book.h"

#include <algorithm>
#include <iterator>

#include "storage/sqlite/statement.h"

namespace damsync {

void CollectionBook::list(const ListFilter& filter, const std::function<bool(const CollectionRow&)>& visit) const {
  Statement query(db_,
                  "SELECT o.account, c.provider, o.collection_id, o.name, o.items, o.updated_at"
                  " FROM collection o CROSS JOIN account c ON c.account = o.account"
                  " WHERE (?1 = '' OR o.account = ?1) AND (?2 = '' OR c.provider = ?2)"
                  " AND (?3 IS NULL OR o.updated_at >= ?3) AND (?4 IS NULL OR o.updated_at < ?4)"
                  " ORDER BY o.account, o.collection_id LIMIT ?5");
  query.bind_all(filter.account, filter.provider, filter.since, filter.until, filter.limit.value_or(-1));
  while (query.step()) {
    CollectionRow row;
    row.account = query.text(0);
    row.provider = query.text(1);
    row.collection_id = query.text(2);
    row.name = query.text(3);
    row.items = query.int64(4);
    row.updated_at = query.opt_time(5);
    row.assets = members(row.account, row.collection_id);
    if (!visit(row)) return;
  }
}

std::vector<Collection> CollectionBook::of_account(const std::string& account) const {
  Statement query(db_,
                  "SELECT collection_id, name, items, updated_at FROM collection WHERE account = ?"
                  " ORDER BY collection_id");
  query.bind(account);
  std::vector<Collection> out;
  while (query.step()) out.push_back({query.text(0), query.text(1), query.int64(2), query.opt_time(3)});
  return out;
}

std::vector<CollectionName> CollectionBook::of_asset(const std::string& account, const std::string& asset_id) const {
  Statement query(db_,
                  "SELECT i.collection_id, o.name FROM collection_item i JOIN collection o ON o.account = i.account"
                  " AND o.collection_id = i.collection_id WHERE i.account = ? AND i.asset_id = ?"
                  " ORDER BY i.collection_id");
  query.bind_all(account, asset_id);
  std::vector<CollectionName> out;
  while (query.step()) out.push_back({query.text(0), query.text(1)});
  return out;
}

std::optional<CollectionBook::Reading> CollectionBook::reading(const std::string& account) const {
  Statement query(db_, "SELECT read_at, full_at FROM collection_reading WHERE account = ?");
  if (!query.bind(account).step()) return std::nullopt;
  return Reading{query.time(0), query.time(1)};
}

bool CollectionBook::any_asset_since(const std::string& account, UtcTime time) const {
  Statement query(db_, "SELECT 1 FROM asset WHERE account = ? AND first_seen_at > ? LIMIT 1");
  return query.bind_all(account, time).step();
}

std::vector<std::string> CollectionBook::members(const std::string& account, const std::string& collection_id) const {
  Statement query(db_,
                  "SELECT asset_id FROM collection_item WHERE account = ? AND collection_id = ? ORDER BY asset_id");
  query.bind_all(account, collection_id);
  std::vector<std::string> out;
  while (query.step()) out.push_back(query.text(0));
  return out;
}

std::vector<std::string> CollectionBook::put(const std::string& account, const Collection& collection) {
  std::optional<std::string> name;
  {
    Statement query(db_, "SELECT name FROM collection WHERE account = ? AND collection_id = ?");
    if (query.bind_all(account, collection.collection_id).step()) name = query.text(0);
  }
  Statement(db_,
            "INSERT INTO collection (account, collection_id, name, items, updated_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET name = excluded.name, items = excluded.items,"
            " updated_at = excluded.updated_at")
      .bind_all(account, collection.collection_id, collection.name, collection.items, collection.updated_at)
      .run();
  const bool renamed = name && *name != collection.name;
  return renamed ? members(account, collection.collection_id) : std::vector<std::string>();
}

std::vector<std::string> CollectionBook::put_items(const std::string& account, const std::string& collection_id,
                                                   const std::vector<std::string>& assets) {
  const auto before = members(account, collection_id);
  std::vector<std::string> changed;
  std::set_symmetric_difference(before.begin(), before.end(), assets.begin(), assets.end(),
                                std::back_inserter(changed));
  for (const auto& asset_id : changed) {
    const bool added = std::binary_search(assets.begin(), assets.end(), asset_id);
    Statement(db_, added ? "INSERT INTO collection_item (account, asset_id, collection_id) VALUES (?, ?, ?)"
                         : "DELETE FROM collection_item WHERE account = ? AND asset_id = ? AND collection_id = ?")
        .bind_all(account, asset_id, collection_id)
        .run();
  }
  return changed;
}

std::vector<std::string> CollectionBook::remove(const std::string& account, const std::string& collection_id) {
  auto changed = put_items(account, collection_id, {});
  Statement(db_, "DELETE FROM collection WHERE account = ? AND collection_id = ?")
      .bind_all(account, collection_id)
      .run();
  return changed;
}

void CollectionBook::put_reading(const std::string& account, const Reading& reading) {
  Statement(db_,
            "INSERT INTO collection_reading (account, read_at, full_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET read_at = excluded.read_at, full_at = excluded.full_at")
      .bind_all(account, reading.read_at, reading.full_at)
      .run();
}

void CollectionBook::clear_reading(const std::string& account) {
  Statement(db_, "DELETE FROM collection_reading WHERE account = ?").bind(account).run();
}

}  // namespace damsync
