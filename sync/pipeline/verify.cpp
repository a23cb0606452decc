#include "sync/pipeline/verify.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>

#include "storage/base/crash_point.h"
#include "storage/base/time.h"
#include "storage/catalog/layout_book.h"
#include "storage/catalog/stored_files.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/transaction.h"
#include "sync/deliver/feed_files.h"
#include "sync/sidecar/file_sidecars.h"

namespace damsync {
namespace {

constexpr std::size_t kVerdictsPerTransaction = 256;
constexpr std::size_t kPiece = 256;
constexpr Millis kNew = std::chrono::minutes(10);

std::size_t path_hash(std::string_view path) { return std::hash<std::string_view>{}(path); }

bool is_known(const std::vector<std::size_t>& known, std::string_view path) {
  return std::binary_search(known.begin(), known.end(), path_hash(path)) ||
         std::binary_search(known.begin(), known.end(), path_hash(without_sidecar_suffix(path)));
}

}  // namespace

/// Many files may have been verified in the same moment: whole cycles and pieces are recorded at once.
Verifier::Oldest Verifier::oldest(double sample) const {
  std::vector<UtcTime> times;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    times.push_back(file.verified_at.value_or(UtcTime{}));
    return true;
  });
  const auto wanted = static_cast<std::int64_t>(std::ceil(sample * static_cast<double>(times.size())));
  if (wanted == 0) return {UtcTime::min(), 0, 0};
  std::nth_element(times.begin(), times.begin() + (wanted - 1), times.end());
  const UtcTime until = times[static_cast<std::size_t>(wanted - 1)];
  return {until, wanted - std::count_if(times.begin(), times.end(), [&](UtcTime time) { return time < until; }),
          wanted};
}

Result<VerifySummary> Verifier::run(const VerifyOptions& options, std::stop_token stop) {
  summary_ = {};
  const Status checked = check_files(options, stop);
  record();
  if (!checked) return checked.error();
  if (auto found = find_orphans(options); !found) return found.error();
  return summary_;
}

Status Verifier::check_files(const VerifyOptions& options, const std::stop_token& stop) {
  auto share =
      options.sample < 1.0 ? oldest(options.sample) : Oldest{UtcTime::max(), 0, parts_.catalog.store_totals().files};
  const auto begun = parts_.clock.steady();
  const StoredFiles files(parts_.db);
  std::string after;
  for (auto piece = files.after(after, kPiece); !piece.empty(); piece = files.after(after, kPiece)) {
    for (const auto& file : piece) {
      if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
      if (options.time_limit && parts_.clock.steady() - begun >= *options.time_limit) return {};
      const UtcTime last = file.verified_at.value_or(UtcTime{});
      const bool overdue = options.verified_before && file.verified_at && last < *options.verified_before;
      const bool in_share = last < share.until || (last == share.until && share.of_then-- > 0);
      if (!in_share && !overdue) continue;
      if (auto checked = check(file); !checked) return checked;
      if (verdicts_.size() >= kVerdictsPerTransaction) record();
      if (parts_.progress) {
        const auto total = std::max(share.files, summary_.checked);  // what is overdue comes on top
        parts_.progress({"", "verify", summary_.checked, total, summary_.bytes});
      }
    }
    after = piece.back().path;
  }
  return {};
}

Status Verifier::check(const Catalog::StoredFile& file) {
  crash_point("verify.file");
  const auto hashed = parts_.store.hash(file.path);
  if (!hashed) return hashed.error();
  Verdict verdict{file.path, FileState::kMirrored, file.account, file.asset_id, file.state};
  const bool sound = *hashed && (*hashed)->sha256 == file.sha256;
  if (!sound && !is_as_before(file)) return {};
  ++summary_.checked;
  if (!*hashed) {
    verdict.state = FileState::kMissing;
    ++summary_.missing;
    summary_.findings.push_back({"FILE_MISSING", file.path, file.asset_id});
  } else if (!sound) {
    verdict.state = FileState::kCorrupt;
    ++summary_.corrupt;
    summary_.findings.push_back({"FILE_HASH_MISMATCH", file.path, file.asset_id});
  } else {
    ++summary_.ok;
  }
  if (*hashed) summary_.bytes += (*hashed)->bytes;
  verdicts_.push_back(std::move(verdict));
  return {};
}

/// A sync may have fetched the file anew while it was looked at.
bool Verifier::is_as_before(const Catalog::StoredFile& file) const {
  const auto now = StoredFiles(parts_.db).at(file.path);
  return now && now->sha256 == file.sha256 && now->state == file.state;
}

std::vector<std::size_t> Verifier::known_paths() const {
  std::vector<std::size_t> known;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    known.push_back(path_hash(file.path));
    return true;
  });
  parts_.catalog.list_sidecars([&](const std::string& path, const std::string&) {
    known.push_back(path_hash(path));
    return true;
  });
  LayoutBook(parts_.db).list_leftovers([&](const std::string& path) { known.push_back(path_hash(path)); });
  std::sort(known.begin(), known.end());
  return known;
}

/// Everything below the root must be a file of the catalog, a sidecar of one, or noted as something to be removed.
Status Verifier::find_orphans(const VerifyOptions& options) {
  std::vector<std::string> unknown;
  const auto known = known_paths();
  const std::int64_t newest = (to_millis(parts_.clock.utc()) - kNew.count()) * 1'000'000;
  const auto walked = parts_.store.walk([&](const std::string& path, const FileInfo& info) {
    const bool is_new = options.others_write && info.modified_ns > newest;
    if (!is_new && !is_known(known, path) && !is_feed_file(path)) unknown.push_back(path);
    return true;
  });
  if (!walked || unknown.empty()) return walked;
  const auto by_now = known_paths();
  for (auto& path : unknown) {
    if (is_known(by_now, path)) continue;
    ++summary_.orphans;
    summary_.findings.push_back({"FILE_NO_LICENSE", std::move(path), ""});
  }
  return {};
}

/// The feed tells that a file is missing, damaged, or there again.
void Verifier::tell(const Verdict& verdict) {
  const auto asset = parts_.catalog.find_asset(verdict.account, verdict.asset_id);
  if (!asset) return;
  Change change;
  change.type = EventType::kAssetUpdated;
  change.provider = asset->provider;
  change.account = verdict.account;
  change.asset_id = verdict.asset_id;
  change.fields = {"file"};
  ChangeJournal(parts_.db, parts_.clock).append(std::move(change));
}

void Verifier::record() {
  if (verdicts_.empty()) return;
  Transaction tx(parts_.db);
  const UtcTime now = parts_.clock.utc();
  for (const auto& verdict : verdicts_) {
    parts_.writer.put_verified(verdict.path, verdict.state, now);
    if (verdict.state != verdict.before) tell(verdict);
  }
  tx.commit();
  verdicts_.clear();
}

}  // namespace damsync
