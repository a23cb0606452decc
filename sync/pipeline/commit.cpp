#include "sync/pipeline/commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "storage/base/crash_point.h"
#include "storage/catalog/pending_kind.h"
#include "storage/sqlite/transaction.h"
#include "sync/http/json_reader.h"
#include "sync/pipeline/diff.h"
#include "sync/pipeline/tombstones.h"

namespace damsync {
namespace {

/// Text for the catalog that may be the provider's words: a provider may quote our own credentials.
std::string without_secrets(const Cycle& cycle, const std::string& text) { return cycle.log.redactor().redact(text); }

}  // namespace

void Committer::page(const Page& page, const PagePosition& position) {
  Transaction tx(cycle_.db);
  const UtcTime now = cycle_.clock.utc();
  for (const auto& row : page.licenses) license(row, position.scan_id, now);
  for (const auto& asset_id : page.listed)
    if (cycle_.writer.add_asset(cycle_.account, asset_id, now)) {
      event(EventType::kAssetUpdated, asset_id, "", {"state"});
      planned("asset", asset_id, "", "listed");
    }
  for (const auto& news : page.notices) notice(news, now);
  for (const auto& item : page.rejected) rejected(item, now);
  if (page.asset_list) forget_unlisted(page, now);
  if (const auto key = tombstones_key(cycle_.account); !page.unknown_deletions.empty())
    cycle_.writer.put_setting(key, with_tombstones(cycle_.catalog.setting(key), page.unknown_deletions));
  for (const auto& span : page.observed)
    cycle_.writer.add_coverage({cycle_.account, position.stream.name, span.from, span.to});
  cycle_.writer.put_stream(position.stream);
  crash_point("page.before_commit");
  tx.commit();
  crash_point("page.after_commit");
}

/// Ids that could not be used, or that nobody knew, and that were taken off the list of assets since.
void Committer::forget_unlisted(const Page& page, UtcTime now) {
  std::set<std::string> still_there;
  for (const auto& item : page.rejected) still_there.insert(pending_key(item));
  for (const auto& id : *page.asset_list) still_there.insert(pending_key({"asset", id, "", ""}));
  for (const char* what : {"asset", "assets_file entry"})
    cycle_.writer.settle_rejected(cycle_.account, what, still_there, now);
}

void Committer::stream_failed(const std::string& stream, const Error& error) {
  Transaction tx(cycle_.db);
  StreamRow row = cycle_.catalog.stream(cycle_.account, stream);
  row.last_error = without_secrets(cycle_, error.message);
  cycle_.writer.put_stream(row);
  tx.commit();
}

void Committer::license(const License& license, const std::string& scan_id, UtcTime now) {
  auto& summary = cycle_.summary;
  auto [outcome, changed] = cycle_.writer.upsert_license(cycle_.account, license, scan_id, now);
  if (outcome == Upsert::kSame) return;
  cycle_.writer.mark_sidecar_dirty(cycle_.account, license.asset_id);
  if (outcome != Upsert::kNew) {
    if (outcome == Upsert::kReturned) changed.emplace_back("state");
    event(EventType::kLicenseChanged, license.asset_id, license.license_id, std::move(changed));
    return;
  }
  ++summary.licenses_new;
  planned("license", license.asset_id, license.license_id, license.license_type + " " + license.size);
  const auto asset = cycle_.catalog.find_asset(cycle_.account, license.asset_id);
  if (asset && asset->state == AssetState::kUnknown && license.media_kind == "image")
    cycle_.writer.put_pending({cycle_.account, PendingKind::kMetadata, license.asset_id, 0, now, "new license", now});
  const auto file = cycle_.catalog.find_file(cycle_.account, license.license_id);
  if (file && file->state == FileState::kBlocked) ++summary.files_blocked;
  if (cycle_.catalog.licenses_of(cycle_.account, license.asset_id).size() == 1)
    event(EventType::kAssetLicensed, license.asset_id, license.license_id, {});
  event(EventType::kLicenseAdded, license.asset_id, license.license_id, {});
  if (file && file->state == FileState::kMirrored)  // it shares the file of a license held before
    event(EventType::kAssetStored, license.asset_id, license.license_id, {"file"});
}

/// The overlap of the polls tells the same news again and again; news is what happened after the asset was last looked
/// at.
void Committer::notice(const AssetNotice& notice, UtcTime now) {
  constexpr Millis kSameMoment = std::chrono::minutes(2);
  const auto asset = cycle_.catalog.find_asset(cycle_.account, notice.asset_id);
  if (!asset) return;
  const bool told_before = asset->noticed_at && notice.time <= *asset->noticed_at;
  const bool looked_after = asset->checked_at && *asset->checked_at > notice.time + kSameMoment;
  if (told_before && looked_after) return;
  cycle_.writer.note_update(cycle_.account, notice.asset_id, notice.time);
  const bool later = !asset->updated_at || notice.time > *asset->updated_at;
  if (later) event(EventType::kAssetUpdated, notice.asset_id, "", {"updated_at"});
  const auto licenses = cycle_.catalog.licenses_of(cycle_.account, notice.asset_id);
  const auto is_image = [](const auto& license) { return license.media_kind == "image"; };
  // A provider describes images: to ask it for a video would be to be told that there is none.
  if (!licenses.empty() && std::none_of(licenses.begin(), licenses.end(), is_image)) return;
  cycle_.writer.put_pending({cycle_.account, PendingKind::kMetadata, notice.asset_id, 0, now,
                             notice.deleted ? kDeletionAnnounced : kChangeAnnounced, now});
}

/// Overlapping polls read the same bad item again; it is news, and noise, only once.
void Committer::rejected(const RejectedItem& item, UtcTime now) {
  const std::string key = pending_key(item);
  if (cycle_.catalog.has_pending(cycle_.account, PendingKind::kRejected, key)) return;
  const auto digest = item.raw_sha256.empty() ? "" : " (sha256 " + item.raw_sha256 + ")";
  ++cycle_.summary.items_rejected;
  cycle_.log.warning("item.rejected", {{"account", cycle_.account},
                                       {"what", item.what},
                                       {"key", item.key},
                                       {"reason", item.reason},
                                       {"raw_sha256", item.raw_sha256}});
  cycle_.writer.put_pending({cycle_.account, PendingKind::kRejected, key, 1, std::nullopt,
                             without_secrets(cycle_, item.reason) + digest, now});
}

void Committer::want_metadata(std::span<const std::string> asset_ids, const std::string& reason) {
  constexpr std::size_t kRowsPerTransaction = 5'000;
  const UtcTime now = cycle_.clock.utc();
  for (std::size_t at = 0; at < asset_ids.size(); at += kRowsPerTransaction) {
    Transaction tx(cycle_.db);
    for (const auto& id : asset_ids.subspan(at, std::min(kRowsPerTransaction, asset_ids.size() - at)))
      cycle_.writer.want_recheck(cycle_.account, id, reason, now);
    tx.commit();
  }
}

void Committer::described(std::span<const WorkItem> batch, const Descriptions& answer) {
  Transaction tx(cycle_.db);
  const UtcTime now = cycle_.clock.utc();
  std::set<std::string> open;
  for (const auto& item : batch) open.insert(item.asset_id);

  for (const auto& asset : answer.assets) {
    if (open.erase(asset.asset_id) == 0) continue;  // not asked for
    description(asset, now);
    cycle_.writer.clear_pending(cycle_.account, PendingKind::kMetadata, asset.asset_id);
  }
  for (const auto& id : answer.absent) {
    open.erase(id);
    absent(id, now);
    cycle_.writer.clear_pending(cycle_.account, PendingKind::kMetadata, id);
  }
  for (const auto& item : answer.rejected) rejected(item, now);
  for (const auto& item : batch)
    if (open.contains(item.asset_id)) metadata_failed(item, "the provider's answer about it could not be used", now);
  tx.commit();
  crash_point("metadata.committed");
}

void Committer::description(const DescribedAsset& described, UtcTime now) {
  const auto known = cycle_.catalog.find_asset(cycle_.account, described.asset_id);
  if (!known) return;
  cycle_.writer.clear_pending(cycle_.account, PendingKind::kWithdrawal, described.asset_id);
  if (known->state == AssetState::kUnknown)
    cycle_.writer.clear_pending(cycle_.account, PendingKind::kRejected,
                                pending_key({"asset", described.asset_id, "", ""}));
  const MetadataDiff change = diff(*known, described);
  AssetRow row = *known;
  if (change.same()) {
    cycle_.writer.touch_checked(cycle_.account, described.asset_id, now);
    if (described.etag.empty() || described.etag == known->etag) return;
    row.etag = described.etag;
    cycle_.writer.put_description(cycle_.account, described.asset_id, row, now);
    return;
  }
  row.metadata = change.canonical;
  row.raw = described.raw;
  row.etag = described.etag;
  row.media_type = described.metadata.media_type;
  row.title = described.metadata.title ? described.metadata.title : described.metadata.caption;
  row.editorial = described.metadata.editorial;
  cycle_.writer.put_description(cycle_.account, described.asset_id, row, now);
  cycle_.writer.mark_sidecar_dirty(cycle_.account, described.asset_id);
  if (change.restored) {
    event(EventType::kAssetRestored, described.asset_id, "", {"state"});
    planned("restore", described.asset_id, "", "");
  }
  if (!change.fields.empty()) event(EventType::kAssetUpdated, described.asset_id, "", change.fields);
  if (change.fields.empty() && change.first) event(EventType::kAssetUpdated, described.asset_id, "", {"state"});
  if (change.first) return;
  ++cycle_.summary.assets_updated;
  planned("update", described.asset_id, "", fmt::format("{}", fmt::join(change.fields, ", ")));
}

void Committer::absent(const std::string& asset_id, UtcTime now) {
  const auto known = cycle_.catalog.find_asset(cycle_.account, asset_id);
  if (!known) return;
  cycle_.writer.touch_checked(cycle_.account, asset_id, now);
  if (known->state == AssetState::kWithdrawn) return;
  // What a person listed and no provider ever described was not withdrawn: the id is wrong.
  const RejectedItem wrong{"asset", asset_id, "the provider does not know this id", ""};
  if (known->state == AssetState::kUnknown && cycle_.catalog.licenses_of(cycle_.account, asset_id).empty()) {
    if (!cycle_.catalog.is_settled(cycle_.account, pending_key(wrong))) rejected(wrong, now);
    return;
  }
  cycle_.writer.put_pending(
      {cycle_.account, PendingKind::kWithdrawal, asset_id, 1, std::nullopt, "the provider does not have it", now});
}

void Committer::unchanged(const WorkItem& asset) {
  Transaction tx(cycle_.db);
  cycle_.writer.touch_checked(cycle_.account, asset.asset_id, cycle_.clock.utc());
  cycle_.writer.clear_pending(cycle_.account, PendingKind::kMetadata, asset.asset_id);
  cycle_.writer.clear_pending(cycle_.account, PendingKind::kWithdrawal, asset.asset_id);
  tx.commit();
}

void Committer::not_described(std::span<const WorkItem> batch, const Error& error) {
  Transaction tx(cycle_.db);
  const UtcTime now = cycle_.clock.utc();
  for (const auto& item : batch) metadata_failed(item, error.message, now);
  tx.commit();
}

void Committer::metadata_failed(const WorkItem& item, const std::string& reason, UtcTime now) {
  ++cycle_.summary.assets_failed;
  const auto spread = std::hash<std::string>{}(item.asset_id);
  cycle_.writer.put_pending({cycle_.account, PendingKind::kMetadata, item.asset_id, item.attempts + 1,
                             next_attempt(now, item.attempts + 1, spread), without_secrets(cycle_, reason), now});
}

void Committer::stored(std::span<const StoredFile> files) {
  Transaction tx(cycle_.db);
  const UtcTime now = cycle_.clock.utc();
  for (const auto& file : files) {
    const auto before = cycle_.catalog.files_of(cycle_.account, file.task.asset_id);
    for (const auto& license : file.task.licenses) {
      cycle_.writer.put_file({cycle_.account, license.provider, license.asset_id, license.license_id, license.size,
                              license.format, FileState::kMirrored, "", file.path, file.bytes, file.sha256, now, now});
      cycle_.writer.clear_pending(cycle_.account, PendingKind::kFile, license.license_id);
    }
    tell_stored(file.task.asset_id, before);
    cycle_.writer.mark_sidecar_dirty(cycle_.account, file.task.asset_id);
  }
  crash_point("files.before_commit");
  tx.commit();
  crash_point("files.after_commit");
}

/// Told for every license whose file is there now and was not `before`: licenses that were not asked for share it.
void Committer::tell_stored(const std::string& asset_id, const std::vector<FileRow>& before) {
  for (const auto& row : cycle_.catalog.files_of(cycle_.account, asset_id)) {
    const bool was_there = std::any_of(before.begin(), before.end(), [&](const FileRow& old) {
      return old.license_id == row.license_id && old.state == FileState::kMirrored;
    });
    if (row.state == FileState::kMirrored && !was_there)
      event(EventType::kAssetStored, asset_id, row.license_id, {"file"});
  }
}

void Committer::not_fetched(const FetchTask& task, const Error& error) {
  Transaction tx(cycle_.db);
  const UtcTime now = cycle_.clock.utc();
  const bool blocked = error.code == ErrorCode::kGone;
  for (const auto& license : task.licenses) {
    auto row = cycle_.catalog.find_file(cycle_.account, license.license_id);
    if (!row) continue;
    put_file_state(*row, blocked ? FileState::kBlocked : FileState::kFailed, without_secrets(cycle_, error.message));
    if (blocked) {
      cycle_.writer.clear_pending(cycle_.account, PendingKind::kFile, license.license_id);
      break;  // another license of the same rendition may still have it
    }
    cycle_.writer.put_pending({cycle_.account, PendingKind::kFile, license.license_id, task.attempts + 1,
                               next_attempt(now, task.attempts + 1, std::hash<std::string>{}(license.license_id)),
                               without_secrets(cycle_, error.message), now});
  }
  tx.commit();
}

std::int64_t Committer::set_aside(std::span<const SetAside> files) {
  Transaction tx(cycle_.db);
  std::int64_t blocked = 0;
  for (const auto& file : files)
    for (const auto& license : file.task.licenses) {
      auto row = cycle_.catalog.find_file(cycle_.account, license.license_id);
      if (!row || !row->path.empty() || (row->state == file.state && row->reason == file.reason)) continue;
      put_file_state(*row, file.state, file.reason);
      blocked += file.state == FileState::kBlocked ? 1 : 0;
    }
  tx.commit();
  return blocked;
}

/// Told when it is news: work that fails again for the same reason is none.
void Committer::put_file_state(FileRow file, FileState state, const std::string& reason) {
  const bool news = file.state != state || file.reason != reason;
  file.state = state;
  file.reason = reason;
  cycle_.writer.put_file(file);
  cycle_.writer.mark_sidecar_dirty(cycle_.account, file.asset_id);
  if (news) event(EventType::kAssetUpdated, file.asset_id, file.license_id, {"file"});
}

void Committer::unblock(const std::string& reason) {
  std::vector<FileRow> files;
  ListFilter filter;
  filter.account = cycle_.account;
  filter.state = to_word(FileState::kBlocked);
  cycle_.catalog.list_files(filter, [&](const FileRow& file) {
    if (file.reason == reason) files.push_back(file);
    return true;
  });
  if (files.empty()) return;
  Transaction tx(cycle_.db);
  cycle_.writer.unblock_files(cycle_.account, reason);
  for (const auto& file : files)
    if (cycle_.catalog.find_file(cycle_.account, file.license_id)->state != FileState::kBlocked)
      event(EventType::kAssetUpdated, file.asset_id, file.license_id, {"file"});
  tx.commit();
}

void Committer::missing_licenses(std::span<const LicenseRow> licenses, const std::set<std::string>& unusable,
                                 const StreamRow& listed) {
  Transaction tx(cycle_.db);
  cycle_.writer.settle_rejected(cycle_.account, "license", unusable, cycle_.clock.utc());
  cycle_.writer.clear_pending(cycle_.account, PendingKind::kVanish);
  for (const auto& license : licenses)
    cycle_.writer.put_pending({cycle_.account, PendingKind::kVanish, license.license_id, 1, std::nullopt,
                               "a complete history does not list it", cycle_.clock.utc()});
  cycle_.writer.put_stream(listed);
  tx.commit();
}

void Committer::losses(std::span<const std::string> withdrawn_assets, std::span<const std::string> vanished_licenses) {
  Transaction tx(cycle_.db);
  const UtcTime now = cycle_.clock.utc();
  for (const auto& asset_id : withdrawn_assets) {
    cycle_.writer.set_withdrawn(cycle_.account, asset_id, now);
    cycle_.writer.mark_sidecar_dirty(cycle_.account, asset_id);
    event(EventType::kAssetWithdrawn, asset_id, "", {"state"});
    planned("withdraw", asset_id, "", "the provider does not have it any more");
  }
  for (const auto& license_id : vanished_licenses) {
    const auto license = cycle_.catalog.find_license(cycle_.account, license_id);
    if (!license || license->state == LicenseState::kVanished) continue;
    cycle_.writer.set_license_vanished(cycle_.account, license_id, now);
    cycle_.writer.mark_sidecar_dirty(cycle_.account, license->asset_id);
    event(EventType::kLicenseVanished, license->asset_id, license_id, {"state"});
    planned("vanish", license->asset_id, license_id, "a complete history does not list it any more");
    ++cycle_.summary.licenses_vanished;
  }
  cycle_.summary.assets_withdrawn += static_cast<std::int64_t>(withdrawn_assets.size());
  cycle_.writer.clear_pending(cycle_.account, PendingKind::kWithdrawal);
  cycle_.writer.clear_pending(cycle_.account, PendingKind::kVanish);
  tx.commit();
  crash_point("losses.committed");
}

void Committer::event(EventType type, const std::string& asset_id, const std::string& license_id,
                      std::vector<std::string> fields) {
  Change change;
  change.type = type;
  change.provider = std::string(cycle_.provider.name());
  change.account = cycle_.account;
  change.asset_id = asset_id;
  change.license_id = license_id;
  change.fields = std::move(fields);
  cycle_.journal.append(std::move(change));
}

void Committer::planned(const std::string& action, const std::string& asset_id, const std::string& license_id,
                        const std::string& detail) const {
  if (cycle_.plan) cycle_.plan({cycle_.account, action, asset_id, license_id, detail});
}

}  // namespace damsync
