#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/catalog/catalog.h"

namespace damsync {

/// `Catalog::list_stored_files` in pieces, for work that takes long with each file: the connection is free in between.
///
/// Errors   SQL failures throw (`DatabaseError`).
class StoredFiles {
 public:
  explicit StoredFiles(Database& db) : db_(db) {}

  /// At most `limit` files behind that path, in path order.
  [[nodiscard]] std::vector<Catalog::StoredFile> after(const std::string& path, std::size_t limit) const;
  [[nodiscard]] std::optional<Catalog::StoredFile> at(const std::string& path) const;

 private:
  Database& db_;
};

}  // namespace damsync
