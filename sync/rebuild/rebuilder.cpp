#include "sync/rebuild/rebuilder.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "storage/sqlite/transaction.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

constexpr std::size_t kAssetsPerTransaction = 200;
constexpr std::int64_t kMostSidecarBytes = std::int64_t{64} << 20;

bool is_sidecar(const std::string& path) {
  const auto name = std::filesystem::path(path).filename().string();
  return name == "asset.json" || name.ends_with(".asset.json");
}

std::vector<std::string> fields_of(const AssetRow& asset) {
  const auto json = parse_json(asset.metadata);
  return json ? changed_fields(Json::object(), *json) : std::vector<std::string>();
}

}  // namespace

Result<RebuildSummary> Rebuilder::run(std::stop_token stop) {
  const auto sidecars = find_sidecars();
  if (!sidecars) return sidecars.error();
  std::int64_t done = 0;
  for (const auto& sidecar : *sidecars) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped; nothing was changed");
    if (auto added = add(sidecar); !added) return added.error();
    if (batch_.size() >= kAssetsPerTransaction) commit();
    ++done;
    if (parts_.progress) parts_.progress({"store", "sidecars", done, static_cast<std::int64_t>(sidecars->size()), 0});
  }
  commit();
  return std::move(summary_);
}

Result<std::vector<std::string>> Rebuilder::find_sidecars() {
  std::vector<std::string> paths;
  auto walked = parts_.store.walk([&](const std::string& path, const FileInfo& info) {
    if (info.regular && is_sidecar(path)) paths.push_back(path);
    return true;
  });
  if (!walked) return walked.error();
  return paths;
}

void Rebuilder::skip(const std::string& sidecar, const std::string& reason) {
  summary_.skipped.push_back(fmt::format("{}: {}", printable(sidecar), reason));
}

Status Rebuilder::add(const std::string& sidecar) {
  const auto bytes = parts_.store.read(sidecar, kMostSidecarBytes);
  if (!bytes && bytes.error().code != ErrorCode::kInvalid) return bytes.error();
  if (!bytes) return skip(sidecar, bytes.error().message), Status();
  auto record = read_asset_record(*bytes);
  if (!record) return skip(sidecar, record.error().message), Status();
  Found found{sidecar, sha256_hex(*bytes), std::move(*record)};
  if (auto checked = check_files(found); !checked) return checked;
  batch_.push_back(std::move(found));
  return {};
}

/// Several licenses may share a file: it is hashed once.
Status Rebuilder::check_files(Found& found) {
  const auto folder = std::filesystem::path(found.sidecar).parent_path().string();
  std::map<std::pair<std::string, std::string>, FileRow> checked;
  for (auto& file : found.record.files) {
    if (file.state != FileState::kMirrored) continue;
    const auto key = std::pair(file.path, file.sha256);
    if (const auto known = checked.find(key); known != checked.end()) {
      std::tie(file.path, file.state, file.verified_at) =
          std::tie(known->second.path, known->second.state, known->second.verified_at);
    } else {
      if (auto looked = check_file(file, folder); !looked) return looked;
      checked.emplace(key, file);
    }
    if (!file.verified_at) continue;
    ++(file.state == FileState::kMirrored  ? summary_.files
       : file.state == FileState::kCorrupt ? summary_.corrupt
                                           : summary_.missing);
  }
  return {};
}

/// The path becomes relative to the store, the state what the disk says.
Status Rebuilder::check_file(FileRow& file, const std::string& folder) {
  file.path = (std::filesystem::path(folder) / file.path).lexically_normal().string();
  if (!is_store_path(file.path)) {
    file.state = FileState::kPending;
    return {};
  }
  const auto hashed = parts_.store.hash(file.path);
  if (!hashed && hashed.error().code != ErrorCode::kInvalid) return hashed.error();
  const bool there = hashed && hashed->has_value();
  const bool same = there && (*hashed)->sha256 == file.sha256 && (*hashed)->bytes == file.bytes;
  file.state = same ? FileState::kMirrored : there ? FileState::kCorrupt : FileState::kMissing;
  file.verified_at = parts_.clock.utc();
  return {};
}

void Rebuilder::commit() {
  if (batch_.empty()) return;
  Transaction tx(parts_.db);
  for (const auto& found : batch_) put(found);
  tx.commit();
  batch_.clear();
}

void Rebuilder::put(const Found& found) {
  const AssetRow& asset = found.record.asset;
  auto& writer = parts_.writer;
  writer.ensure_account(asset.account, asset.provider, asset.first_seen_at);
  if (found.record.licenses.empty()) writer.add_asset(asset.account, asset.asset_id, asset.first_seen_at);
  put_licenses(found.record);
  if (!asset.metadata.empty()) {
    AssetRow described = asset;
    described.media_type = found.record.metadata.media_type;
    described.title = found.record.metadata.title ? found.record.metadata.title : found.record.metadata.caption;
    described.editorial = found.record.metadata.editorial;
    writer.put_description(asset.account, asset.asset_id, described, parts_.clock.utc());
    tell(asset, EventType::kAssetUpdated, "", fields_of(asset));
  }
  put_files(found.record);
  if (asset.state == AssetState::kWithdrawn) {
    writer.set_withdrawn(asset.account, asset.asset_id, *asset.withdrawn_at);
    tell(asset, EventType::kAssetWithdrawn, "", {"state"});
  }
  // The next cycle looks at it again: the old catalog may have known more than it had written yet.
  writer.put_sidecar(asset.account, asset.asset_id, found.sidecar, found.sha256);
  writer.mark_sidecar_dirty(asset.account, asset.asset_id);
  ++summary_.assets;
}

void Rebuilder::put_licenses(const AssetRecord& record) {
  const AssetRow& asset = record.asset;
  for (const auto& license : record.licenses) {
    parts_.writer.upsert_license(asset.account, license, "", license.first_seen_at);
    if (&license == &record.licenses.front()) tell(asset, EventType::kAssetLicensed, license.license_id, {});
    tell(asset, EventType::kLicenseAdded, license.license_id, {});
    ++summary_.licenses;
  }
}

/// Licenses vanish after their files are known: a file that was mirrored stays, whatever became of its license.
void Rebuilder::put_files(const AssetRecord& record) {
  const AssetRow& asset = record.asset;
  std::set<std::string> licenses;
  for (const auto& license : record.licenses) licenses.insert(license.license_id);
  for (const auto& file : record.files) {
    if (file.path.empty() || !file.verified_at || !licenses.contains(file.license_id)) continue;
    parts_.writer.put_file(file);
    if (file.state == FileState::kMirrored) tell(asset, EventType::kAssetStored, file.license_id, {"file"});
  }
  for (const auto& license : record.licenses) {
    if (license.state != LicenseState::kVanished) continue;
    parts_.writer.set_license_vanished(asset.account, license.license_id,
                                       license.vanished_at.value_or(parts_.clock.utc()));
    tell(asset, EventType::kLicenseVanished, license.license_id, {"state"});
  }
}

void Rebuilder::tell(const AssetRow& asset, EventType type, const std::string& license_id,
                     std::vector<std::string> fields) {
  Change change;
  change.type = type;
  change.provider = asset.provider;
  change.account = asset.account;
  change.asset_id = asset.asset_id;
  change.license_id = license_id;
  change.fields = std::move(fields);
  parts_.journal.append(std::move(change));
}

}  // namespace damsync
