#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/base/time.h"
#include "sync/providers/getty/getty_api.h"
#include "sync/providers/getty/getty_wire.h"
#include "sync/providers/page.h"
#include "sync/providers/provider.h"

namespace damsync::getty {

/// Where the reading of the change channels stands; what `Page::next` carries.
struct ChangeCursor {
  std::optional<UtcTime> drained_at;  ///< when all channels were last read to their end
  std::vector<std::string> channels;  ///< that were there then
  std::string channel;                ///< being read; empty: start with the first
  bool operator==(const ChangeCursor&) const = default;
};

std::string to_text(const ChangeCursor& cursor);
/// Errors: kDamaged for text that `to_text` did not write. An empty text is the beginning.
Result<ChangeCursor> change_cursor_from_text(std::string_view text);

/// After so long without a look the service may have dropped changes that were never read.
inline constexpr std::chrono::hours kChangesKept{24 * 14};

/// Reads the queues of asset changes an account may be entitled to: one change set a call, which comes again until it
/// is confirmed. An account without channels has an empty stream.
///
/// When changes may have been lost (a long absence, a channel that is gone) every known asset is named as changed.
/// Threads  one at a time.
class ChangeSets {
 public:
  ChangeSets(std::string account, GettyApi& api, Log* log) : account_(std::move(account)), api_(api), log_(log) {}

  Result<Page> poll(const PollRequest& request, std::stop_token stop);

  /// Tells the service that a change set is committed. One that it no longer knows is done.
  Status confirm(const std::string& change_set_id, std::stop_token stop);

 private:
  Result<std::vector<Channel>> load_channels(const ChangeCursor& cursor, std::stop_token stop);
  Result<std::optional<ChangeSet>> next_set(const std::string& channel, std::stop_token stop);
  Result<Page> read_from(ChangeCursor cursor, const PollRequest& request, std::stop_token stop);
  [[nodiscard]] Page page_of(ChangeSet set, const ChangeCursor& cursor, const KnownAssets* known) const;
  [[nodiscard]] Page finish(ChangeCursor cursor);
  [[nodiscard]] Page everything_changed(ChangeCursor cursor, const KnownAssets* known, const std::string& why);

  std::string account_;
  GettyApi& api_;
  Log* log_;
  std::optional<std::vector<Channel>> channels_;  ///< of the cycle that is going on
  std::map<std::string, UtcTime> gone_;           ///< listed, but not there; when that was seen
  std::map<std::string, int> confirmed_;          ///< how often each change set was confirmed, of the cycle
};

}  // namespace damsync::getty
