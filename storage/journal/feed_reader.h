#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/result.h"
#include "storage/model/event.h"

namespace damsync {

class Database;

/// A stretch of the change feed.
struct FeedPage {
  std::vector<Change> changes;  ///< in feed order
  std::string next;             ///< cursor behind the last of them; where nothing was new: behind what was known before
  bool more = false;            ///< there are further changes now
};

/// Reads the change feed for those who follow it, from where they stopped.
///
/// A cursor names the last change that was taken, by position and by id. The feed is append-only and never pruned, so a
/// cursor of this catalog holds for ever. A change of that id that is not at that position means another catalog, or
/// one that was restored from a backup: going on would skip changes in silence, so the cursor is refused.
///
/// Errors   SQL failures throw (`DatabaseError`).
/// Threads  those of the `Database`; any connection will do, a reader's too.
class FeedReader {
 public:
  explicit FeedReader(Database& db) : db_(db) {}

  /// The changes behind `cursor`, at most `limit`. An empty cursor: from the beginning.
  ///
  /// Errors   kGone: the cursor is none of this catalog's feed any more, start again from the beginning; kUsage: it is
  ///          no cursor at all.
  [[nodiscard]] Result<FeedPage> read(std::string_view cursor, std::size_t limit) const;
  /// The cursor behind position `seq`; 0 stands before the first change. Errors: kGone beyond the last change.
  [[nodiscard]] Result<std::string> cursor_behind(std::int64_t seq) const;
  /// The cursor before the first change that was committed at or after `time`; behind all when there is none.
  [[nodiscard]] std::string cursor_at(UtcTime time) const;
  /// The position of the last change; 0: there is none.
  [[nodiscard]] std::int64_t head() const;

 private:
  [[nodiscard]] std::string id_at(std::int64_t seq) const;

  Database& db_;
};

/// True for text that has a cursor's form, whichever catalog it is of. Pure.
bool is_feed_cursor(std::string_view text) noexcept;

/// The members that the feed shows everywhere: on the command line, over HTTP, in files. `cursor` stands behind it.
Json change_json(const Change& change);

}  // namespace damsync
