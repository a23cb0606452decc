#include "sync/pipeline/file_work.h"

#include <algorithm>

#include "storage/base/crash_point.h"
#include "storage/sqlite/transaction.h"
#include "sync/http/json_reader.h"
#include "sync/pipeline/file_place.h"
#include "sync/pipeline/test_image.h"
#include "sync/pipeline/work_pool.h"

namespace damsync {
namespace {

constexpr std::size_t kGroupFiles = 64;
constexpr Millis kGroupAge{1'000};  ///< a group of slow files does not wait longer than this
constexpr std::size_t kDueRows = 512;
constexpr std::size_t kSetAsideRows = 256;

}  // namespace

bool FileWork::in_scope(const WorkItem& item) const {
  if (scope_ == FileScope::kAll) return true;
  const auto file = cycle_.catalog.find_file(cycle_.account, item.license_id);
  return file && (file->state == FileState::kMissing || file->state == FileState::kCorrupt);
}

/// Reads due rows until whole assets are planned: licenses of one rendition are fetched once.
void FileWork::refill() {
  const auto now = cycle_.policy.ignore_backoff ? std::nullopt : std::optional(cycle_.clock.utc());
  auto due = cycle_.catalog.due_files(cycle_.account, now, after_, kDueRows);
  exhausted_ = due.size() < kDueRows;
  if (!exhausted_) {  // the last asset may go on in the next rows
    const auto whole = std::find_if(due.begin(), due.end(),
                                    [&](const WorkItem& item) { return item.asset_id == due.back().asset_id; });
    if (whole != due.begin()) due.erase(whole, due.end());
  }
  if (!due.empty()) after_ = due.back();
  std::erase_if(due, [this](const WorkItem& item) { return !in_scope(item); });
  for (auto at = due.begin(); at != due.end();) {
    const auto end = std::find_if(at, due.end(), [&](const WorkItem& item) { return item.asset_id != at->asset_id; });
    const auto asset = cycle_.catalog.find_asset(cycle_.account, at->asset_id);
    const auto json = parse_json(asset && !asset->metadata.empty() ? asset->metadata : "{}");
    const auto metadata = json ? asset_metadata_from_json(*json) : AssetMetadata{};
    for (auto& task : plan_fetches({at, end}, cycle_.catalog.licenses_of(cycle_.account, at->asset_id), metadata))
      ready_.push_back(std::move(task));
    at = end;
  }
}

std::optional<FetchTask> FileWork::next_task() {
  while (ready_.empty() && !exhausted_) refill();
  if (ready_.empty()) return std::nullopt;
  auto task = std::move(ready_.front());
  ready_.pop_front();
  return task;
}

void FileWork::plan() {
  const auto& rules = cycle_.policy.spending;
  const auto today = ledger_.calls_since(cycle_.account, rules.day_start(cycle_.clock.utc()));
  std::int64_t calls_left = rules.budget_per_day - today;
  while (const auto task = next_task()) {
    const auto& license = task->licenses.front();
    const std::string action = planned(*task, calls_left);
    const std::string detail = action == "block" && !rules.may_consume         ? kWouldConsumeQuota
                               : action == "wait" && rules.budget_per_day <= 0 ? "budget_per_day = 0"
                               : action == "wait"                              ? "the day's budget is used up"
                                                                               : license.size + " " + license.format;
    if (cycle_.plan) cycle_.plan({cycle_.account, action, task->asset_id, license.license_id, detail});
  }
}

/// `fetch`, `spend`, `wait` (for another day's budget) or `block`, as far as it can be told without asking the
/// provider.
std::string FileWork::planned(const FetchTask& task, std::int64_t& calls_left) const {
  if (cycle_.provider.capabilities().free_refetch) return "fetch";
  if (!cycle_.policy.spending.may_consume) return "block";
  const auto& license = task.licenses.front();
  const auto rows = ledger_.of_asset(license.provider, license.asset_id);
  const bool claimed = std::any_of(rows.begin(), rows.end(), [&](const SpendRow& row) {
    return row.claims() && (row.license_id == license.license_id || is_trace_of(license, row));
  });
  if (claimed || !check_not_had(cycle_.catalog, license)) return "block";
  return calls_left-- > 0 ? "spend" : "wait";
}

SpendGuard FileWork::make_guard() {
  return SpendGuard({cycle_.account, cycle_.provider, cycle_.catalog, ledger_, mark_, brake_, *cycle_.store,
                     cycle_.policy.spending, cycle_.clock, cycle_.log});
}

Status FileWork::settle(std::stop_token stop) {
  auto settled = make_guard().settle(std::move(stop));
  if (!cycle_.policy.spending.may_consume) return settled;
  auto open = mark_.admit();
  if (open) open = brake_.check(cycle_.account);
  return open ? settled : open;
}

/// The next file that may be fetched. Paying for it happens here, in the thread of the catalog, one at a time.
std::optional<FetchTask> FileWork::next_fetch(std::stop_token stop) {
  while (!stop.stop_requested() && !circuit_.open() && may_pay_ahead()) {
    auto task = next_task();
    if (!task || !guard_ || pay(*task, stop)) return task;
  }
  return std::nullopt;
}

/// A slow start: no more paid files are on their way than have arrived, so that what comes instead of files is noticed
/// before it has cost much.
bool FileWork::may_pay_ahead() const {
  return !guard_ || paid_open_ < std::clamp(paid_stored_, 1, std::max(1, cycle_.policy.workers));
}

/// True when it is known where the file is. Otherwise the task is dealt with.
bool FileWork::pay(FetchTask& task, std::stop_token stop) {
  auto source = guard_->acquire(task.licenses.front(), {task.renditions}, std::move(stop));
  if (source) {
    task.paid = std::move(*source);
    ++paid_open_;
    return true;
  }
  ++done_;
  const ErrorCode code = source.error().code;
  if (code == ErrorCode::kRefusedByPolicy || code == ErrorCode::kGone)
    set_aside(std::move(task), source.error());
  else
    taken(std::move(task), source.error());
  return false;
}

/// Rules are no failures: what settings forbid is blocked, what has to wait for tomorrow's budget stays pending.
void FileWork::set_aside(FetchTask task, const Error& error) {
  const bool waits = error.code == ErrorCode::kRefusedByPolicy && error.message != kWouldConsumeQuota;
  set_aside_.push_back({std::move(task), waits ? FileState::kPending : FileState::kBlocked, error.message});
  if (set_aside_.size() >= kSetAsideRows) commit_set_aside();
}

void FileWork::commit_set_aside() {
  if (set_aside_.empty()) return;
  cycle_.summary.files_blocked += committer_.set_aside(set_aside_);
  set_aside_.clear();
}

/// What earlier settings blocked is wanted again once they allow it.
void FileWork::allow_again() {
  if (cycle_.policy.spending.may_consume) committer_.unblock(kWouldConsumeQuota);
}

Status FileWork::run(std::stop_token stop) {
  if (!cycle_.provider.capabilities().free_refetch) {
    guard_.emplace(make_guard());
    allow_again();
  }
  Downloader downloader(cycle_.provider, cycle_.downloads, *cycle_.store, cycle_.clock, cycle_.policy.transfer);
  WorkPool<FetchTask, Result<Fetched>> pool(
      cycle_.policy.workers,
      [&](FetchTask& task, std::stop_token token) {
        return downloader.fetch(task.licenses.front(), task.renditions, token, task.paid);
      },
      stop);
  total_ = cycle_.catalog.counts(cycle_.account).files_open;
  // Finished files may pile up while a group is published, so that the workers never wait for the disk.
  const auto limit = static_cast<std::size_t>(cycle_.policy.workers) + 2 * kGroupFiles;

  while (true) {
    while (pool.open() < limit && !circuit_.open() && !stop.stop_requested()) {
      auto task = next_fetch(stop);
      if (!task) break;
      pool.submit(std::move(*task));
    }
    if (pool.open() == 0) break;
    auto [task, outcome] = pool.next();
    ++done_;
    taken(std::move(task), std::move(outcome));
    const bool full = group_.size() >= kGroupFiles || cycle_.clock.steady() - group_since_ > kGroupAge;
    if (full || pool.open() == 0)
      if (auto published = publish_group(); !published) return published;
    report();
  }
  commit_set_aside();
  if (circuit_.open()) return *circuit_.reason();
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
  return {};
}

/// A paid file of other pixels is kept, but what a key without full rights gets instead of the asset looks like that.
void FileWork::paid_returned(const FetchTask& task, const Result<Fetched>& outcome) {
  const bool as_listed = outcome && has_listed_pixels(outcome->media, task.licenses.front().size, task.renditions);
  if (outcome && !as_listed)
    guard_->stop_paying("the file of asset " + task.asset_id + " has not the pixels that the provider lists");
  if (!outcome) --paid_open_;
}

void FileWork::taken(FetchTask task, Result<Fetched> outcome) {
  if (task.paid) paid_returned(task, outcome);
  if (outcome) {
    circuit_.succeeded();
    if (!has_listed_pixels(outcome->media, task.licenses.front().size, task.renditions))
      cycle_.log.warning("file.pixels_differ", {{"account", cycle_.account},
                                                {"asset", task.asset_id},
                                                {"license", task.licenses.front().license_id},
                                                {"width", std::to_string(outcome->media.width.value_or(0))},
                                                {"height", std::to_string(outcome->media.height.value_or(0))}});
    if (group_.empty()) group_since_ = cycle_.clock.steady();
    auto path = path_for(task, outcome->media.format);
    group_.push_back({std::move(task), std::move(*outcome), std::move(path)});
    return;
  }
  const Error& error = outcome.error();
  circuit_.failed(error);
  if (error.code == ErrorCode::kCancelled) return;
  auto& counter = error.code == ErrorCode::kGone ? cycle_.summary.files_blocked : cycle_.summary.files_failed;
  ++counter;
  if (error.code == ErrorCode::kLowSpace || error.code == ErrorCode::kStorage) return;  // stays pending, not its fault
  cycle_.log.warning("file.not_fetched", {{"account", cycle_.account},
                                          {"asset", task.asset_id},
                                          {"license", task.licenses.front().license_id},
                                          {"code", to_word(error.code)},
                                          {"reason", error.message}});
  committer_.not_fetched(task, error);
}

Status FileWork::publish_group() {
  refuse_test_images();
  if (group_.empty()) return {};
  std::vector<Publication> publications;
  for (auto& staged : group_) publications.push_back({staged.fetched.staged.get(), staged.path});
  const Status published = cycle_.store->publish(publications);
  if (!published && published.error().code != ErrorCode::kInvalid) return published;
  crash_point("files.published");

  std::vector<StoredFile> stored;
  std::vector<std::string> assets;
  for (auto& staged : group_) {
    if (!staged.fetched.staged->published()) {  // something that is not ours stands in its place
      taken(std::move(staged.task), published.error());
      continue;
    }
    if (staged.task.paid) {
      --paid_open_;
      ++paid_stored_;
    }
    const auto bytes = staged.fetched.staged->bytes();
    cycle_.summary.files_mirrored += static_cast<std::int64_t>(staged.task.licenses.size());
    cycle_.summary.bytes += bytes;
    assets.push_back(staged.task.asset_id);
    stored.push_back({std::move(staged.task), staged.path, bytes, staged.fetched.staged->sha256()});
  }
  group_.clear();
  committer_.stored(stored);
  return sidecars_.write(assets);
}

/// Where no two assets can have the same bytes, a repeat is what a sandbox key gets instead of the asset.
void FileWork::refuse_test_images() {
  if (!cycle_.provider.capabilities().distinct_files) return;
  std::vector<Staged> real;
  for (auto& staged : group_) {
    const std::string& sha256 = staged.fetched.staged->sha256();
    auto others = cycle_.catalog.assets_with_bytes(cycle_.account, sha256);
    for (const auto& earlier : real)
      if (earlier.fetched.staged->sha256() == sha256) others.push_back(earlier.task.asset_id);
    const auto twin = other_asset(staged.task.asset_id, others);
    if (!twin)
      real.push_back(std::move(staged));
    else {
      if (staged.task.paid) guard_->stop_paying("asset " + staged.task.asset_id + " came as the very file of " + *twin);
      taken(std::move(staged.task), test_image(*twin));
    }
  }
  group_ = std::move(real);
}

std::string FileWork::path_for(const FetchTask& task, const std::string& format) const {
  return place_for(cycle_, task, format, [this](const std::string& path) {
    return std::any_of(group_.begin(), group_.end(), [&](const Staged& s) { return s.path == path; });
  });
}

void FileWork::report() const {
  if (cycle_.progress) cycle_.progress({cycle_.account, "files", done_, total_, cycle_.summary.bytes});
}

}  // namespace damsync
