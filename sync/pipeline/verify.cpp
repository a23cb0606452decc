#include "sync/pipeline/verify.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>

#include "storage/base/crash_point.h"
#include "storage/base/time.h"
#include "storage/catalog/layout_book.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/transaction.h"
#include "sync/deliver/feed_files.h"
#include "sync/sidecar/file_sidecars.h"

namespace damsync {
namespace {

constexpr std::size_t kVerdictsPerTransaction = 256;
constexpr Millis kNew = std::chrono::minutes(10);

std::size_t path_hash(std::string_view path) { return std::hash<std::string_view>{}(path); }

bool is_known(const std::vector<std::size_t>& known, std::string_view path) {
  return std::binary_search(known.begin(), known.end(), path_hash(path)) ||
         std::binary_search(known.begin(), known.end(), path_hash(without_sidecar_suffix(path)));
}

}  // namespace

/// What is overdue is what was verified longest ago, like the sample, so the longer of both holds the other.
std::vector<StoredFiles::Turn> Verifier::turns(const VerifyOptions& options) const {
  auto turns = StoredFiles(parts_.db).by_age(parts_.clock.utc());
  const auto sample = static_cast<std::size_t>(std::ceil(options.sample * static_cast<double>(turns.size())));
  const auto overdue = std::partition_point(turns.begin(), turns.end(), [&](const StoredFiles::Turn& turn) {
    return options.verified_before && turn.verified_at < *options.verified_before;
  });
  turns.resize(std::clamp(sample, static_cast<std::size_t>(overdue - turns.begin()), turns.size()));
  return turns;
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
  const auto begun = parts_.clock.steady();
  const StoredFiles files(parts_.db);
  const auto wanted = turns(options);
  for (const auto& turn : wanted) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    if (options.time_limit && parts_.clock.steady() - begun >= *options.time_limit) return {};
    const auto file = files.find(turn);
    if (!file) continue;
    if (auto checked = check(*file); !checked) return checked;
    if (verdicts_.size() >= kVerdictsPerTransaction) record();
    if (parts_.progress)
      parts_.progress({"", "verify", summary_.checked, static_cast<std::int64_t>(wanted.size()), summary_.bytes});
  }
  return stop.stop_requested() ? Status(make_error(ErrorCode::kCancelled, "stopped")) : Status();
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
