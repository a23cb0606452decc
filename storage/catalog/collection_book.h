#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/catalog/catalog.h"
#include "storage/model/collection.h"

namespace damsync {

/// The collections of each account as they were last read, and which of our assets are in them.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  those of the `Database`.
class CollectionBook {
 public:
  explicit CollectionBook(Database& db) : db_(db) {}

  /// By account and id. Of the filter account, provider, limit and times (of `updated_at`) count.
  void list(const ListFilter& filter, const std::function<bool(const CollectionRow&)>& visit) const;
  [[nodiscard]] std::vector<Collection> of_account(const std::string& account) const;
  /// The collections an asset is in, by id.
  [[nodiscard]] std::vector<CollectionName> of_asset(const std::string& account, const std::string& asset_id) const;

  struct Reading {
    UtcTime read_at{};  ///< when the list was read
    UtcTime full_at{};  ///< when the items of all of them were
  };
  [[nodiscard]] std::optional<Reading> reading(const std::string& account) const;
  /// True when the account got an asset after that moment.
  [[nodiscard]] bool any_asset_since(const std::string& account, UtcTime time) const;

  // Each must be called inside a `Transaction`; each returns the assets for which something changed, sorted.

  /// Adds or changes a collection.
  std::vector<std::string> put(const std::string& account, const Collection& collection);
  /// Makes these assets, sorted, its items.
  std::vector<std::string> put_items(const std::string& account, const std::string& collection_id,
                                     const std::vector<std::string>& assets);
  std::vector<std::string> remove(const std::string& account, const std::string& collection_id);
  void put_reading(const std::string& account, const Reading& reading);
  void clear_reading(const std::string& account);

 private:
  [[nodiscard]] std::vector<std::string> members(const std::string& account, const std::string& collection_id) const;

  Database& db_;
};

}  // namespace damsync
