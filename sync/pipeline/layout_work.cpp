#include "sync/pipeline/layout_work.h"

#include <algorithm>

#include "storage/base/crash_point.h"
#include "storage/sqlite/transaction.h"
#include "sync/pipeline/file_place.h"
#include "sync/pipeline/leftovers.h"
#include "sync/sidecar/file_sidecars.h"

namespace damsync {
namespace {

constexpr std::size_t kPathsPerBatch = 64;

std::string extension_of(const std::string& path, const FileRow& file) {
  const auto dot = path.rfind('.');
  const auto slash = path.rfind('/');
  const bool has_one = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return has_one ? path.substr(dot + 1) : file.format;
}

}  // namespace

bool LayoutWork::settled() const { return book_.layout(cycle_.account) == cycle_.layout.text(); }

Status LayoutWork::run(std::stop_token stop) {
  if (auto begun = sidecars_.begin(); !begun) return begun;
  if (settled()) return {};
  put_layout("");  // whoever is interrupted and given the old layout again must not think it is in force
  std::string after;
  for (auto paths = book_.paths(cycle_.account, after, kPathsPerBatch); !paths.empty();
       paths = book_.paths(cycle_.account, after, kPathsPerBatch)) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    after = paths.back();
    if (auto moved = move(wanted(paths)); !moved) return moved;
    tell_progress(paths.size());
  }
  if (auto moved = move_sidecars(); !moved) return moved;
  if (!refused_) put_layout(cycle_.layout.text());
  return {};
}

void LayoutWork::put_layout(const std::string& layout) {
  if (book_.layout(cycle_.account) == layout) return;
  Transaction tx(cycle_.db);
  book_.put_layout(cycle_.account, layout);
  tx.commit();
}

void LayoutWork::tell_progress(std::size_t more) {
  done_ += static_cast<std::int64_t>(more);
  if (cycle_.progress) cycle_.progress({cycle_.account, "layout", done_, 0, 0});
}

void LayoutWork::plan() {
  if (settled() || !cycle_.plan) return;
  std::set<std::string> with_file;  // whose sidecar goes with it
  std::string after;
  for (auto paths = book_.paths(cycle_.account, after, kPathsPerBatch); !paths.empty();
       paths = book_.paths(cycle_.account, after, kPathsPerBatch)) {
    after = paths.back();
    for (const auto& move : wanted(paths)) {
      cycle_.plan({cycle_.account, "move", move.asset_id, move.license_id, move.from + " -> " + move.to.front()});
      with_file.insert(move.asset_id);
    }
  }
  reserved_.clear();
  for (const auto& asset : astray())
    if (!with_file.contains(asset.asset_id))
      cycle_.plan({cycle_.account, "move", asset.asset_id, "", asset.sidecar_path + " -> " + *sidecar_place(asset)});
}

PathInput LayoutWork::input_for(const LicenseRow& license, bool editorial, std::string ext) const {
  return {cycle_.account, license.provider, &license, cycle_.provider.capabilities().file_prefix,
          std::move(ext), editorial};
}

std::vector<LayoutWork::Move> LayoutWork::wanted(const std::vector<std::string>& paths) {
  std::vector<Move> moves;
  for (const auto& path : paths)
    if (auto one = wanted(path)) moves.push_back(std::move(*one));
  return moves;
}

/// Where a file is to go; nothing when it stands right, or has nowhere to go.
std::optional<LayoutWork::Move> LayoutWork::wanted(const std::string& path) {
  const auto files = book_.files_at(cycle_.account, path);
  if (files.empty()) return std::nullopt;
  const auto asset = cycle_.catalog.find_asset(cycle_.account, files.front().asset_id);
  const bool editorial = asset && asset->editorial.value_or(false);
  std::optional<Move> move;
  for (const auto& file : files) {
    const auto license = cycle_.catalog.find_license(cycle_.account, file.license_id);
    if (!license) continue;
    const auto input = input_for(*license, editorial, extension_of(path, file));
    const auto place = cycle_.layout.file_path(input), apart = cycle_.layout.file_path_with_license(input);
    if (path == place || path == apart) return std::nullopt;
    if (!move) move = Move{file.asset_id, file.license_id, path, {place, apart}};
  }
  if (!move) return std::nullopt;
  std::erase_if(move->to, [this](const std::string& to) { return reserved_.contains(to) || book_.taken(to); });
  if (move->to.empty()) {
    refused_ = true;
    cycle_.log.warning("layout.no_place", {{"account", cycle_.account}, {"path", path}});
    return std::nullopt;
  }
  reserved_.insert(move->to.begin(), move->to.end());
  return move;
}

/// Of the sidecars that stand beside files; those of another format are another program's.
std::vector<std::string> LayoutWork::suffixes() const {
  std::vector<std::string> out;
  for (const auto& writer : cycle_.sidecar_writers)
    for (const auto& [format, suffix] : kFileSidecars)
      if (writer->name() == format) out.emplace_back(suffix);
  return out;
}

Status LayoutWork::move(std::vector<Move> moves) {
  reserved_.clear();
  if (moves.empty()) return {};
  note(moves);
  if (auto named = name(moves); !named) return named;
  crash_point("layout.named");
  commit(moves);
  crash_point("layout.committed");
  std::vector<std::string> assets;
  for (const auto& move : moves) assets.push_back(move.asset_id);
  std::sort(assets.begin(), assets.end());
  assets.erase(std::unique(assets.begin(), assets.end()), assets.end());
  if (auto written = sidecars_.write(assets); !written) return written;
  return clear_leftovers(cycle_);
}

/// A name that is made and then not needed goes again: it is left over until a row has it.
void LayoutWork::note(const std::vector<Move>& moves) {
  Transaction tx(cycle_.db);
  for (const auto& move : moves)
    for (const auto& to : move.to) book_.add_leftover(cycle_.account, {to, move.from});
  tx.commit();
}

/// Gives each file its new name, and keeps of the places the one that it got.
Status LayoutWork::name(std::vector<Move>& moves) {
  std::vector<Move> named;
  for (auto& move : moves) {
    Status outcome;
    for (const auto& to : move.to) {
      outcome = cycle_.store->add_name(move.from, to);
      if (!outcome && outcome.error().code == ErrorCode::kInvalid) continue;
      // What is missing from the disk is fetched to its new place.
      if (!outcome && outcome.error().code != ErrorCode::kNotFound) return outcome;
      named.push_back({move.asset_id, move.license_id, move.from, {to}});
      outcome = {};
      break;
    }
    if (outcome) continue;
    refused_ = true;
    cycle_.log.warning("layout.not_moved", {{"account", cycle_.account},
                                            {"asset", move.asset_id},
                                            {"path", move.from},
                                            {"reason", outcome.error().message}});
  }
  moves = std::move(named);
  return cycle_.store->sync_names();
}

void LayoutWork::commit(const std::vector<Move>& moves) {
  Transaction tx(cycle_.db);
  for (const auto& move : moves) {
    const auto& to = move.to.front();
    book_.clear_leftover(cycle_.account, to);
    book_.move(cycle_.account, move.from, to);
    for (const auto& suffix : suffixes()) book_.add_leftover(cycle_.account, {move.from + suffix, ""});
    const auto asset = cycle_.catalog.find_asset(cycle_.account, move.asset_id);
    if (asset)
      if (const auto place = sidecar_place(*asset)) book_.move_sidecar(*asset, *place);
    cycle_.writer.mark_sidecar_dirty(cycle_.account, move.asset_id);
    Change change;
    change.type = EventType::kAssetUpdated;
    change.provider = std::string(cycle_.provider.name());
    change.account = cycle_.account;
    change.asset_id = move.asset_id;
    change.license_id = move.license_id;
    change.fields = {"path"};
    cycle_.journal.append(std::move(change));
  }
  tx.commit();
}

/// Where the asset's sidecar is to go; nothing when it stands where the layout puts it for any of its licenses, or
/// nowhere yet.
std::optional<std::string> LayoutWork::sidecar_place(const AssetRow& asset) const {
  if (asset.sidecar_path.empty()) return std::nullopt;
  const auto licenses = cycle_.catalog.licenses_of(cycle_.account, asset.asset_id);
  for (const auto& license : licenses) {
    const auto input = input_for(license, asset.editorial.value_or(false), "");
    if (cycle_.layout.sidecar_path(input) == asset.sidecar_path) return std::nullopt;
    if (cycle_.layout.sidecar_path_with_account(input) == asset.sidecar_path) return std::nullopt;
  }
  auto place = record_place_for(cycle_, asset, licenses.empty() ? nullptr : &licenses.front());
  return place == asset.sidecar_path ? std::nullopt : std::optional(std::move(place));
}

/// The assets whose sidecar does not stand where it should.
std::vector<AssetRow> LayoutWork::astray() const {
  std::vector<AssetRow> out;
  ListFilter filter;
  filter.account = cycle_.account;
  cycle_.catalog.list_assets(filter, [&](const AssetRow& asset) {
    if (asset.sidecar_path.empty()) return true;
    AssetRow& one = out.emplace_back();  // without its metadata: there may be very many
    one.account = asset.account;
    one.provider = asset.provider;
    one.asset_id = asset.asset_id;
    one.editorial = asset.editorial;
    one.sidecar_path = asset.sidecar_path;
    return true;
  });
  std::erase_if(out, [this](const AssetRow& asset) { return !sidecar_place(asset); });
  return out;
}

/// Those of assets without a file; the others moved with it.
Status LayoutWork::move_sidecars() {
  const auto astray = this->astray();
  std::vector<std::string> assets;
  for (const auto& asset : astray) assets.push_back(asset.asset_id);
  for (std::size_t at = 0; at < astray.size(); at += kPathsPerBatch) {
    const auto count = std::min(kPathsPerBatch, astray.size() - at);
    {
      Transaction tx(cycle_.db);
      for (std::size_t i = at; i < at + count; ++i) book_.move_sidecar(astray[i], *sidecar_place(astray[i]));
      tx.commit();
    }
    if (auto written = sidecars_.write(std::span(assets).subspan(at, count)); !written) return written;
    if (auto cleared = clear_leftovers(cycle_); !cleared) return cleared;
    tell_progress(count);
  }
  return {};
}

}  // namespace damsync
