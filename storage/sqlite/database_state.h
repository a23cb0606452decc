#pragma once

#include <Poco/Data/Session.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/sqlite/database.h"
#include "storage/sqlite/durable_file.h"
#include "storage/sqlite/open_files.h"

namespace damsync {

/// The inside of `Database`; for `database.cpp` and `database_open.cpp` only.
struct Database::State {
  using Statements = std::vector<sqlite3_stmt*>;

  State() = default;
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::filesystem::path path;  ///< empty in memory
  FileIdentity identity;
  std::optional<OpenFiles::Entry> entry;  ///< goes after the session
  std::unique_ptr<Poco::Data::Session> session;
  sqlite3* handle = nullptr;
  std::recursive_mutex mutex;  ///< held by every statement and transaction while it lives
  std::map<std::string, Statements, std::less<>> idle;
  FaultHook fault_hook;
};

}  // namespace damsync
