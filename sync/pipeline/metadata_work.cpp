#include "sync/pipeline/metadata_work.h"

#include <utility>

#include "storage/catalog/checked_assets.h"
#include "sync/pipeline/work_pool.h"

namespace damsync {
namespace {

/// Assets that a batch left out are asked for singly, but not more than these in one cycle: when very many are
/// missing, the deletion brake holds them all and a person looks.
constexpr int kMostDoubts = 500;
constexpr std::size_t kRechecksPerCycle = 500;
constexpr std::size_t kAll = 1'000'000'000;

}  // namespace

void MetadataWork::want_rechecks() {
  std::vector<std::string> lost;
  for (const auto& row : cycle_.catalog.pending(cycle_.account, PendingKind::kWithdrawal)) lost.push_back(row.key);
  committer_.want_metadata(lost, "was missing at the provider");
  if (cycle_.policy.full) {
    committer_.want_metadata(cycle_.catalog.image_ids(cycle_.account), "full cycle");
    return;
  }
  // From two thirds of the time on, so that the load spreads; what is left of it at the last sixth goes at once,
  // however many there are and however seldom the cycles come. What a clock that was ahead noted has no age: it goes
  // with the load.
  const UtcTime now = cycle_.clock.utc();
  const auto within = cycle_.policy.recheck_within;
  for (const auto& [age, most] : {std::pair(within * 5 / 6, kAll), std::pair(within * 2 / 3, kRechecksPerCycle)})
    committer_.want_metadata(cycle_.catalog.stale_assets(cycle_.account, now - age, most), "regular recheck");
  committer_.want_metadata(assets_checked_after(cycle_.db, cycle_.account, now, kRechecksPerCycle),
                           "was last looked at by a clock that was ahead");
}

MetadataWork::Batch MetadataWork::next_batch() {
  const auto now = cycle_.policy.ignore_backoff ? std::nullopt : std::optional(cycle_.clock.utc());
  const auto most = cycle_.provider.capabilities().describe_batch;
  Batch batch{cycle_.catalog.due_metadata(cycle_.account, now, after_, most), ""};
  if (!batch.items.empty()) after_ = batch.items.back().asset_id;
  if (batch.items.size() != 1) return batch;
  const auto asset = cycle_.catalog.find_asset(cycle_.account, after_);
  if (asset && asset->state == AssetState::kActive) batch.etag = asset->etag;
  return batch;
}

/// One asset is asked for at its own address, which can say "as you know it"; many in one call.
Result<MetadataWork::Answer> MetadataWork::ask(const Batch& batch, std::stop_token stop) {
  if (batch.items.size() != 1) return ask_all(batch, stop);
  auto single = cycle_.provider.recheck(batch.items.front().asset_id, batch.etag, stop);
  if (!single && single.error().code == ErrorCode::kNotFound) return ask_all(batch, stop);
  if (!single) return single.error();
  Answer answer;
  answer.unchanged = !single->has_value();
  if (*single) answer.found.assets.push_back(std::move(**single));
  return answer;
}

Result<MetadataWork::Answer> MetadataWork::ask_all(const Batch& batch, std::stop_token stop) {
  std::vector<std::string> ids;
  for (const auto& item : batch.items) ids.push_back(item.asset_id);
  auto found = cycle_.provider.describe(ids, stop);
  if (!found) return found.error();
  if (auto confirmed = confirm_absence(*found, stop); !confirmed) return confirmed.error();
  Answer answer;
  answer.found = std::move(*found);
  return answer;
}

/// A batch that leaves an asset out is a hint; the asset's own address decides.
Status MetadataWork::confirm_absence(Descriptions& answer, std::stop_token stop) {
  std::vector<std::string> gone;
  for (auto& id : answer.absent) {
    if (doubts_.fetch_add(1) >= kMostDoubts) {
      gone.push_back(std::move(id));
      continue;
    }
    auto single = cycle_.provider.recheck(id, "", stop);
    if (single && *single)
      answer.assets.push_back(std::move(**single));
    else if (!single && single.error().code == ErrorCode::kNotFound)
      gone.push_back(std::move(id));
    else if (!single && single.error().code != ErrorCode::kInvalid)
      return single.error();
  }
  answer.absent = std::move(gone);
  return {};
}

Status MetadataWork::run(std::stop_token stop) {
  WorkPool<Batch, Result<Answer>> pool(
      cycle_.policy.workers, [this](Batch& batch, std::stop_token token) { return ask(batch, token); }, stop);
  Circuit circuit(3);
  std::int64_t done = 0;
  Batch batch = next_batch();
  while (true) {
    while (!batch.items.empty() && !circuit.open() && pool.open() < static_cast<std::size_t>(cycle_.policy.workers)) {
      pool.submit(std::move(batch));
      batch = next_batch();
    }
    if (pool.open() == 0) break;
    const auto [asked, answer] = pool.next();
    if (answer) circuit.succeeded();
    if (answer && answer->unchanged) {
      committer_.unchanged(asked.items.front());
    } else if (answer) {
      committer_.described(asked.items, answer->found);
    } else if (circuit.failed(answer.error()); answer.error().code != ErrorCode::kCancelled) {
      committer_.not_described(asked.items, answer.error());
    }
    done += static_cast<std::int64_t>(asked.items.size());
    if (cycle_.progress) cycle_.progress({cycle_.account, "metadata", done, 0, 0});
  }
  if (circuit.open()) return *circuit.reason();
  return {};
}

}  // namespace damsync
