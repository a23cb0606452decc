#include "sync/pipeline/observe.h"

#include <algorithm>
#include <functional>

#include "storage/base/ulid.h"

namespace damsync {

/// The license stream is listed whole on the first run, when a person asks, and once a week: only that finds what
/// vanished. A listing that is still to come was noted by a clock that was ahead.
bool Observer::wants_full_listing(const StreamRow& row) const {
  if (row.name != cycle_.provider.capabilities().license_stream) return false;
  if (cycle_.policy.full || !row.last_full_at) return true;
  const UtcTime now = cycle_.clock.utc();
  return *row.last_full_at > now || now - *row.last_full_at > cycle_.policy.full_scan_every;
}

Status Observer::observe(const std::string& stream, std::stop_token stop) {
  const StreamRow row = cycle_.catalog.stream(cycle_.account, stream);
  const std::string scan_id = wants_full_listing(row) ? make_ulid(cycle_.clock.utc()) : "";
  auto done = poll_all(row, scan_id, stop);
  if (!done && done.error().code != ErrorCode::kCancelled) committer_.stream_failed(stream, done.error());
  return done;
}

Status Observer::poll_all(StreamRow row, const std::string& scan_id, std::stop_token stop) {
  const KnownAssets known(cycle_.catalog.asset_ids(cycle_.account));
  const bool full = !scan_id.empty();
  std::string cursor = full ? "" : row.cursor;
  for (std::int64_t pages = 1;; ++pages) {
    const auto page = cycle_.provider.poll({row.name, cursor, &known, full}, stop);  // network
    if (!page) return page.error();
    count(*page);
    cursor = page->next;
    // A complete listing starts over after a crash, so until its last page the stored cursor stays where it was.
    if (!full || page->last) row.cursor = cursor;
    if (page->last) {
      row.last_ok_at = cycle_.clock.utc();
      row.last_error.clear();
    }
    committer_.page(*page, {row, scan_id});  // one transaction
    if (cycle_.progress) cycle_.progress({cycle_.account, row.name, pages, 0, 0});
    if (!page->receipt.empty())
      if (auto told = cycle_.provider.confirm(page->receipt, stop); !told) return told;  // network, after the commit
    if (page->last && full && !page->complete_listing) warn_of_doubt(row.name, page->doubt);
    if (page->last) return page->complete_listing && full ? find_missing(*page, {row, scan_id}, stop) : Status();
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
  }
}

/// What is missing cannot be told then; the next poll reads everything again.
void Observer::warn_of_doubt(const std::string& stream, const std::string& why) {
  cycle_.log.warning("history.doubtful",
                     {{"account", cycle_.account},
                      {"stream", stream},
                      {"reason", why.empty() ? "what was read twice was not the same both times" : why}});
}

/// Doubt is settled one license at a time, but only while the losses are few: many are the brake's business anyway. A
/// listing counts as made only with what it did not have; a crash before that lists everything again, not in a week.
Status Observer::find_missing(const Page& page, PagePosition listed, std::stop_token stop) {
  auto unseen = cycle_.catalog.unseen_licenses(cycle_.account, listed.scan_id, page.scan_from);
  const auto held = cycle_.catalog.counts(cycle_.account).licenses_held;
  if (!brake_trips(static_cast<std::int64_t>(unseen.size()), held, cycle_.policy.brake_share)) {
    std::int64_t done = 0;
    const auto total = static_cast<std::int64_t>(unseen.size());
    for (auto row = unseen.begin(); row != unseen.end();) {
      const auto still = cycle_.provider.still_listed(*row, stop);
      if (!still) return still.error();
      row = *still ? unseen.erase(row) : row + 1;
      if (cycle_.progress) cycle_.progress({cycle_.account, "missing", ++done, total, 0});
    }
  }
  listed.stream.last_full_at = listed.stream.last_ok_at;
  committer_.missing_licenses(unseen, unusable_, listed.stream);
  return {};
}

void Observer::count(const Page& page) {
  for (const auto& license : page.licenses) seen_.insert(std::hash<std::string>{}(license.license_id));
  for (const auto& item : page.rejected) unusable_.insert(pending_key(item));
  cycle_.summary.licenses_seen = static_cast<std::int64_t>(seen_.size());
}

}  // namespace damsync
