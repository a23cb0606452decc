#pragma once

#include <string_view>
#include <vector>

namespace damsync {

/// One immutable step of the schema; the files in `storage/sqlite/migrations/` are embedded at build time.
struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

/// All migrations in ascending order of version.
const std::vector<Migration>& migrations();

}  // namespace damsync
