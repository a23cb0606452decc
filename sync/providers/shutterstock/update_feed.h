#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/result.h"
#include "storage/base/time.h"
#include "sync/providers/page.h"
#include "sync/providers/shutterstock/provider_clock.h"
#include "sync/providers/shutterstock/stable_scan.h"

namespace damsync::shutterstock {

/// How the change feed is read.
struct FeedRules {
  std::chrono::hours overlap{48};      ///< how far before the cursor the windows of a day start again
  std::chrono::days window{3};         ///< longest window the service answers
  std::chrono::hours light_margin{1};  ///< the light poll reaches this far behind what was seen last
  std::chrono::hours light_limit{72};  ///< and never further back than this
};

/// A cycle is one light poll, then the closed windows that are due.
enum class FeedPhase { kIdle, kLight, kWindow };

/// Where the feed stands; what `Page::next` carries.
struct FeedCursor {
  std::optional<UtcTime> through{};  ///< everything before was read in closed windows; absent before the first cycle
  std::optional<UtcTime> light{};    ///< from there to here light polls have looked; they promise nothing
  /// Where the windows of the last cycle ended. It may lie ahead of our clock, and then the service's day decides
  /// whether there is more to read; it never stands for anything that was settled.
  std::optional<std::chrono::sys_days> read_to{};
  FeedPhase phase = FeedPhase::kIdle;
  std::chrono::sys_days start{};  ///< with kWindow: the window, end exclusive
  std::chrono::sys_days end{};
  UtcTime asked{};  ///< earlier clock when the window or light poll was opened: it shows nothing that came later
  std::chrono::minutes interval{0};  ///< with kLight
  ScanState scan{};
  bool operator==(const FeedCursor&) const = default;
};

/// What one page of the feed does to the cycle.
struct FeedOutcome {
  bool last = false;
  std::optional<ObservedInterval> observed{};  ///< a window was finished
};

/// The cursor with the next thing to ask; an idle one starts a cycle with the light poll. Pure.
FeedCursor begin_cycle(FeedCursor cursor, const FeedRules& rules, const Clocks& clocks);

/// Takes the page that `cursor` asked for into account and moves `cursor` on. Pure.
/// Errors   kProtocol when the service repeats a page or never ends.
Result<FeedOutcome> take_page(FeedCursor& cursor, const PageFacts& page, const FeedRules& rules, const Clocks& clocks);

/// Gives up the light poll of this cycle (it is a convenience) and goes on with the windows. Pure.
FeedOutcome skip_light(FeedCursor& cursor, const FeedRules& rules, const Clocks& clocks);

/// `45 MINUTE`, `7 HOUR`, `1 DAY`: at least as long as asked.
std::string interval_text(std::chrono::minutes interval);

std::string to_text(const FeedCursor& cursor);
/// Errors: kDamaged for text that `to_text` did not write. An empty text is the beginning.
Result<FeedCursor> feed_cursor_from_text(std::string_view text);

}  // namespace damsync::shutterstock
