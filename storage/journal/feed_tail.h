#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "storage/journal/feed_reader.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// The feed of a catalog that another process writes, read again and again for as long as somebody follows it: opens
/// its own read-only connection, and another one when the file was replaced or a connection of old would see nothing
/// new. No transaction is open between two calls, so the writer is never held up.
///
/// Errors   as `FeedReader`; kStorage and kDamaged when the catalog cannot be opened. A catalog that is not there (yet)
///          is an empty feed. SQL failures throw (`DatabaseError`).
/// Threads  one thread.
class FeedTail {
 public:
  explicit FeedTail(std::filesystem::path catalog) : catalog_(std::move(catalog)) {}

  Result<FeedPage> read(std::string_view cursor, std::size_t limit);
  /// `FeedReader::cursor_behind` and `FeedReader::cursor_at` of that catalog.
  Result<std::string> cursor_behind(std::int64_t seq);
  Result<std::string> cursor_at(UtcTime time);

 private:
  Status connect();
  [[nodiscard]] bool has_log() const;

  std::filesystem::path catalog_;
  std::unique_ptr<Database> db_;  ///< null: no catalog yet
  bool had_log_ = false;          ///< whether somebody had the catalog open when we opened it
};

}  // namespace damsync
