#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync::getty {

/// How precisely a window of the history can be asked for.
enum class Precision { kDays, kSeconds };

/// How the download history is read.
struct HistoryRules {
  std::chrono::hours overlap{48};  ///< how far before the end of the last scan the next one starts
  std::optional<UtcTime> since;    ///< older downloads are not asked for
  Precision precision = Precision::kSeconds;
};

/// A closed span of the history; both ends belong to it.
struct Window {
  UtcTime from{};
  UtcTime to{};
  bool operator==(const Window&) const = default;
};

/// Where the history stands; what `Page::next` carries. `high` moves only when a scan is finished.
struct DownloadCursor {
  std::optional<UtcTime> high;  ///< the history was read up to here
  bool scanning = false;
  bool full = false;                  ///< the scan lists everything, so that absence means something
  bool whole = true;                  ///< nothing the scan met so far casts doubt on its completeness
  UtcTime start{};                    ///< of the scan
  UtcTime from{};                     ///< where the next window starts
  UtcTime end{};                      ///< where the scan ends
  UtcTime reach{};                    ///< what `high` becomes when the scan ends without doubt
  std::optional<UtcTime> doubt_from;  ///< start of the first window whose reads never agreed
  bool operator==(const DownloadCursor&) const = default;
};

/// What two clocks say: ours and the service's. Reading goes up to the later one, cursors move up to the earlier one.
struct ClockPair {
  UtcTime earlier{};
  UtcTime later{};
};

/// The longest window that is asked for. The service allows 30 days, ends included.
inline constexpr std::chrono::hours kLongestWindow{24 * 28};
/// Where a history without `since` starts: before this service existed.
inline constexpr std::chrono::sys_days kHistoryStart{std::chrono::year(2010) / 1 / 1};

/// The cursor within a scan; starts one when none is going on. Pure.
DownloadCursor begin_scan(DownloadCursor cursor, const HistoryRules& rules, const ClockPair& clocks, bool full);

/// The window to read next, at most `span` long. Pure.
Window next_window(const DownloadCursor& cursor, Millis span, Precision precision);

/// Half of a window that holds too many rows; nothing when it cannot be shorter.
std::optional<Millis> shorter(const Window& window, Precision precision);

/// How a window was read.
enum class Reading { kSettled, kUnsettled };

/// Moves the cursor past a window that was read; the next one overlaps it by a day, short ones by half. True when the
/// scan is finished.
bool advance(DownloadCursor& cursor, const Window& window, Reading reading);

std::string to_text(const DownloadCursor& cursor);
/// Errors: kDamaged for text that `to_text` did not write. An empty text is the beginning.
Result<DownloadCursor> download_cursor_from_text(std::string_view text);

}  // namespace damsync::getty
