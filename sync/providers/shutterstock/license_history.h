#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.h"
#include "storage/base/time.h"
#include "sync/providers/page.h"
#include "sync/providers/shutterstock/provider_clock.h"
#include "sync/providers/shutterstock/stable_scan.h"

namespace damsync::shutterstock {

/// How the license history is read.
struct HistoryRules {
  std::chrono::hours overlap{48};  ///< how far before the newest known license every scan starts
  std::optional<UtcTime> since{};  ///< older licenses are not asked for
};

/// Where the history stands; what `Page::next` carries. `high` moves only when a scan is finished.
struct HistoryCursor {
  std::optional<UtcTime> high{};  ///< newest `download_time` of all finished scans
  bool newest_first = false;      ///< the service was seen to ignore `start_date`
  bool scanning = false;
  bool full = false;                    ///< the scan lists everything, so that absence means something
  std::optional<UtcTime> start{};       ///< of the scan; absent: from the beginning
  UtcTime bound{};                      ///< rows after it came while the scan ran: not compared between reads
  std::optional<UtcTime> highest{};     ///< `download_time` seen by the scan
  std::optional<UtcTime> lowest{};      ///< likewise
  std::optional<std::int64_t> total{};  ///< `total_count` as last told
  ScanState scan{};
  bool operator==(const HistoryCursor&) const = default;
};

/// What the plan needs to know of one row.
struct HistoryRow {
  std::string key;                ///< its id, or anything stable that stands for it
  std::optional<UtcTime> time{};  ///< absent when unreadable
};

struct HistoryPageFacts {
  std::vector<HistoryRow> rows;
  std::optional<std::int64_t> total_count{};
};

struct HistoryOutcome {
  bool last = false;
  bool complete = false;                       ///< a full scan ended and can be believed
  std::string doubt{};                         ///< why it cannot
  std::optional<ObservedInterval> observed{};  ///< a scan ended and can be believed
};

/// The cursor with the next page to ask for; starts a scan when none is going on. Pure.
HistoryCursor begin_scan(HistoryCursor cursor, const HistoryRules& rules, const Clocks& clocks, bool full);

/// Takes the page that `cursor` asked for into account and moves `cursor` on. Pure.
/// Errors   kProtocol when the service repeats a page or never ends.
Result<HistoryOutcome> take_page(HistoryCursor& cursor, const HistoryPageFacts& page, const Clocks& clocks);

std::string to_text(const HistoryCursor& cursor);
/// Errors: kDamaged for text that `to_text` did not write. An empty text is the beginning.
Result<HistoryCursor> history_cursor_from_text(std::string_view text);

}  // namespace damsync::shutterstock
