#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string_view>

#include "storage/base/result.h"
#include "storage/files/file_store.h"
#include "storage/sqlite/database.h"

namespace damsync {

/// The change feed as files in the store, for shops without HTTP: `changes/YYYY-MM-DD.ndjson`, one a day (UTC) on which
/// something changed, each change once, as `damsync changes` prints it.
///
/// A day's file is written anew and put in the place of the old one as a whole, so a reader sees all of its lines or
/// those of before, never half of one. The catalog notes how far the files are only after they are durable: what a
/// crash left out is written by the next call, and what it left half done is written again with the same bytes.
///
/// Errors   kStorage, kCancelled; SQL failures throw (`DatabaseError`).
/// Threads  one call at a time.
class FeedFiles {
 public:
  FeedFiles(Database& db, FileStore& store) : db_(db), store_(store) {}

  /// Called whenever some of it is written.
  using Moved = std::function<void()>;
  /// Brings the files up to the head of the feed; does nothing when they are.
  Status run(std::stop_token stop, const Moved& moved = {});

 private:
  Status write_day(std::chrono::sys_days day, std::int64_t head, const Moved& moved);

  Database& db_;
  FileStore& store_;
};

/// True for the path of such a file. Pure.
bool is_feed_file(std::string_view path) noexcept;

}  // namespace damsync
