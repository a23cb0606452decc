#include "sync/pipeline/verify.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

#include "storage/journal/change_journal.h"
#include "storage/sqlite/transaction.h"
#include "sync/deliver/feed_files.h"

namespace damsync {
namespace {

constexpr std::size_t kVerdictsPerTransaction = 256;

std::size_t path_hash(std::string_view path) { return std::hash<std::string_view>{}(path); }

/// A sidecar stands beside a file: `photo.jpg.xmp` belongs to `photo.jpg`.
std::string_view without_sidecar_suffix(std::string_view path) {
  for (const std::string_view suffix : {".xmp", ".jsonld"})
    if (path.ends_with(suffix)) return path.substr(0, path.size() - suffix.size());
  return path;
}

}  // namespace

/// The time that separates the files to check from those verified more recently; nothing: check all.
std::optional<UtcTime> Verifier::verified_before(double sample) const {
  if (sample >= 1.0) return std::nullopt;
  std::vector<UtcTime> times;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    times.push_back(file.verified_at.value_or(UtcTime{}));
    return true;
  });
  const auto wanted = static_cast<std::size_t>(std::ceil(sample * static_cast<double>(times.size())));
  if (wanted == 0) return UtcTime::min();
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(wanted) - 1, times.end());
  return times[wanted - 1];
}

Result<VerifySummary> Verifier::run(const VerifyOptions& options, std::stop_token stop) {
  summary_ = {};
  const auto until = verified_before(options.sample);
  const auto total = parts_.catalog.store_totals().files;
  const auto begun = parts_.clock.steady();
  Status failure;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    if (stop.stop_requested()) failure = make_error(ErrorCode::kCancelled, "stopped");
    if (options.time_limit && parts_.clock.steady() - begun >= *options.time_limit) return false;
    if (!failure.ok()) return false;
    if (until && file.verified_at.value_or(UtcTime{}) > *until) return true;
    failure = check(file);
    if (verdicts_.size() >= kVerdictsPerTransaction) record();
    if (parts_.progress) parts_.progress({"", "verify", summary_.checked, total, summary_.bytes});
    return failure.ok();
  });
  record();
  if (!failure.ok()) return failure.error();
  if (auto found = find_orphans(); !found) return found.error();
  return summary_;
}

Status Verifier::check(const Catalog::StoredFile& file) {
  const auto hashed = parts_.store.hash(file.path);
  if (!hashed) return hashed.error();
  ++summary_.checked;
  Verdict verdict{file.path, FileState::kMirrored, file.account, file.asset_id, file.state};
  if (!*hashed) {
    verdict.state = FileState::kMissing;
    ++summary_.missing;
    summary_.findings.push_back({"FILE_MISSING", file.path, file.asset_id});
  } else if ((*hashed)->sha256 != file.sha256) {
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

/// Everything below the root must be a file of the catalog or a sidecar of one.
Status Verifier::find_orphans() {
  std::vector<std::size_t> known;
  parts_.catalog.list_stored_files([&](const Catalog::StoredFile& file) {
    known.push_back(path_hash(file.path));
    return true;
  });
  parts_.catalog.list_sidecars([&](const std::string& path, const std::string&) {
    known.push_back(path_hash(path));
    return true;
  });
  std::sort(known.begin(), known.end());
  return parts_.store.walk([&](const std::string& path, const FileInfo&) {
    const auto is_known = [&](std::string_view name) {
      return std::binary_search(known.begin(), known.end(), path_hash(name));
    };
    if (is_known(path) || is_known(without_sidecar_suffix(path)) || is_feed_file(path)) return true;
    ++summary_.orphans;
    summary_.findings.push_back({"FILE_NO_LICENSE", path, ""});
    return true;
  });
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
