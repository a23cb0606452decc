#include "sync/adopt/adopter.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "storage/base/crash_point.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "sync/adopt/listing.h"
#include "sync/http/json_reader.h"
#include "sync/pipeline/commit.h"
#include "sync/pipeline/file_place.h"
#include "sync/pipeline/sidecar_work.h"
#include "sync/pipeline/test_image.h"

namespace damsync {
namespace {

constexpr std::size_t kBatchFiles = 32;

AssetMetadata metadata_of(const Cycle& cycle, const std::string& asset_id) {
  const auto asset = cycle.catalog.find_asset(cycle.account, asset_id);
  const auto json = parse_json(asset && !asset->metadata.empty() ? asset->metadata : "{}");
  return json ? asset_metadata_from_json(*json) : AssetMetadata{};
}

bool is_held_image(const LicenseRow& license) {
  return license.state == LicenseState::kHeld && license.media_kind == "image";
}

bool is_mirrored(const Cycle& cycle, const LicenseRow& license) {
  const auto file = cycle.catalog.find_file(cycle.account, license.license_id);
  return file && file->state == FileState::kMirrored;
}

std::optional<std::int64_t> pixels(const License& license, std::string_view key) {
  const Json* value = license.details.find(key);
  const auto count = value == nullptr ? std::nullopt : value->as_int64();
  return count && *count > 0 ? count : std::nullopt;
}

/// Pixels as the license tells them, else as the asset's metadata does.
HeldRendition held_by(const LicenseRow& license, const std::vector<Rendition>& known) {
  HeldRendition held{license.size, license.format, pixels(license, "width"), pixels(license, "height"), true};
  if (held.width && held.height) return held;
  const auto listed = std::find_if(known.begin(), known.end(), [&](const Rendition& r) {
    return r.name == license.size && (r.format.empty() || license.format.empty() || r.format == license.format);
  });
  held.width = listed == known.end() ? std::nullopt : listed->width;
  held.height = listed == known.end() ? std::nullopt : listed->height;
  return held;
}

}  // namespace

/// One file that is looked at, and what was found out.
struct Adopter::Item {
  const SourceFile* file = nullptr;
  std::vector<Claim> claims;
  FileMatch match;
  std::optional<SourceReading> reading;
  std::unique_ptr<StagedFile> copy;
  std::vector<const SourceFile*> twins;  ///< further files with the same bytes
  bool is_twin = false;                  ///< spoken for by another item

  [[nodiscard]] const Claim& claim() const { return claims[match.claim]; }
  [[nodiscard]] const HeldRendition& held() const { return claim().held[match.held]; }
  [[nodiscard]] const std::string& asset_id() const { return claim().name.asset_id; }
};

/// One file on its way into the catalog.
struct Adopter::Taken {
  Cycle* cycle = nullptr;
  FetchTask task;
  std::string path;
  std::int64_t bytes = 0;
  std::string sha256;
  std::unique_ptr<StagedFile> copy;  ///< null: linked, in its place already
  std::vector<const SourceFile*> sources;
};

Adopter::Adopter(Parts parts, AdoptOptions options) : parts_(std::move(parts)), options_(std::move(options)) {}
Adopter::~Adopter() = default;

Result<AdoptSummary> Adopter::run(std::stop_token stop) {
  SourceTree sources = source_tree();
  for (const auto& path : options_.paths)
    if (auto added = sources.add(path, stop); !added) return added.error();
  total_ = static_cast<std::int64_t>(sources.files().size());

  std::map<std::string, std::vector<Item>> groups;
  for (const auto& file : sources.files()) {
    Item item;
    item.file = &file;
    groups[group_of(file)].push_back(std::move(item));
  }
  Status outcome;
  for (auto& [asset, items] : groups) {
    outcome = take_group(std::move(items), stop);
    if (outcome && batch_.size() >= kBatchFiles) outcome = flush();
    if (!outcome) break;
  }
  // What is staged is whole: a stop or an unreadable source does not undo it.
  if (auto flushed = flush(); outcome) outcome = flushed;
  // The sidecars of the files taken are written; a crash may have left others out of date.
  for (Cycle* cycle : found_)
    if (outcome && !options_.dry_run) outcome = SidecarWork(*cycle).run(stop);
  if (!outcome) return outcome.error();
  return summary_;
}

/// Copies of files that the store has and the catalog does not: after the catalog came back from a backup. What the
/// catalog knows, damaged or not, is no business of ours.
SourceTree Adopter::source_tree() const {
  if (options_.mode != AdoptMode::kCopy || parts_.accounts.empty()) return SourceTree(parts_.store_root);
  auto known = std::make_shared<std::set<std::string>>();
  parts_.accounts.front()->catalog.list_stored_files(
      [&](const Catalog::StoredFile& file) { return known->insert(file.path), true; });
  return SourceTree(parts_.store_root, [known](const std::string& path) {
    return !known->contains(path) && !path.ends_with(".xmp") && !path.ends_with(".json");
  });
}

/// Files of one asset are looked at together: several of them may be meant for one license.
std::string Adopter::group_of(const SourceFile& file) const {
  for (const Cycle* cycle : parts_.accounts) {
    const auto reader = cycle->provider.capabilities().read_file_name;
    const auto name = reader == nullptr ? std::nullopt : reader(file.name());
    if (name) return name->asset_id;
  }
  return {};
}

std::vector<Claim> Adopter::claims_of(const SourceFile& file) const {
  std::vector<Claim> claims;
  for (std::size_t owner = 0; owner < parts_.accounts.size(); ++owner) {
    const Cycle& cycle = *parts_.accounts[owner];
    const auto reader = cycle.provider.capabilities().read_file_name;
    auto name = reader == nullptr ? std::nullopt : reader(file.name());
    if (!name) continue;
    Claim claim{owner, cycle.account, std::move(*name), {}, {}};
    const auto licenses = cycle.catalog.licenses_of(cycle.account, claim.name.asset_id);
    if (!licenses.empty()) claim.known = metadata_of(cycle, claim.name.asset_id).renditions;
    for (const auto& license : licenses) {
      if (!is_held_image(license)) continue;
      auto same = std::find_if(claim.held.begin(), claim.held.end(), [&](const HeldRendition& h) {
        return h.size == license.size && h.format == license.format;
      });
      if (same == claim.held.end()) same = claim.held.insert(same, held_by(license, claim.known));
      same->mirrored = same->mirrored && is_mirrored(cycle, license);
    }
    claims.push_back(std::move(claim));
  }
  return claims;
}

Status Adopter::take_group(std::vector<Item> items, std::stop_token stop) {
  std::vector<Item*> open;
  for (auto& item : items) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    if (!item.file->fault.empty()) {
      item.match = {AdoptResult::kRefused, item.file->fault, 0, 0};
      continue;
    }
    item.claims = claims_of(*item.file);
    auto decided = match_name(item.claims);
    if (decided)
      item.match = std::move(*decided);
    else
      open.push_back(&item);
  }
  // A lone file is copied while it is examined; with rivals nothing is copied before all are known.
  const bool lone = open.size() == 1 && !options_.dry_run && options_.mode != AdoptMode::kLink;
  for (Item* item : open)
    if (auto examined = lone ? copy_of(*item, stop) : examine(*item, stop); !examined) return examined;
  settle_rivals(items);
  for (auto& item : items)
    if (!item.is_twin)
      if (auto settled = settle(item, stop); !settled) return settled;
  return {};
}

/// Reads the file and decides which license it is for.
Status Adopter::examine(Item& item, std::stop_token stop) {
  auto reading = read_source(*item.file, item.copy.get(), std::move(stop));
  if (!reading && reading.error().code != ErrorCode::kInvalid) return reading.error();
  if (!reading) {
    item.match = {AdoptResult::kRefused, reading.error().message, 0, 0};
    item.copy.reset();
    return {};
  }
  item.match = match_file(item.claims, reading->media);
  item.reading = std::move(*reading);
  if (item.match.result != AdoptResult::kAdopted) return {};
  if (const auto twin = twin_of(item))
    item.match = {
        AdoptResult::kRefused,
        fmt::format("it has the very bytes of asset {}: a test image, as keys without full rights get", *twin), 0, 0};
  if (item.match.result != AdoptResult::kAdopted) return {};
  const auto sibling = mirrored_sibling(item);
  if (sibling && sibling->sha256 != item.reading->sha256)
    item.match = {AdoptResult::kRefused, "the store has another file of this size, " + sibling->path, 0, 0};
  return {};
}

/// Another asset with the same bytes, where no two assets can have them.
std::optional<std::string> Adopter::twin_of(const Item& item) const {
  const Cycle& cycle = *parts_.accounts[item.claim().owner];
  if (!cycle.provider.capabilities().distinct_files) return std::nullopt;
  auto others = cycle.catalog.assets_with_bytes(cycle.account, item.reading->sha256);
  if (const auto taken = bytes_.find({item.claim().owner, item.reading->sha256}); taken != bytes_.end())
    others.push_back(taken->second);
  return other_asset(item.asset_id(), others);
}

/// Examines the file while it is copied into the staging area.
Status Adopter::copy_of(Item& item, std::stop_token stop) {
  if (auto room = check_room(*item.file); !room) {
    if (room.error().code != ErrorCode::kLowSpace) return room;
    item.match = {AdoptResult::kRefused, room.error().message, 0, 0};
    return {};
  }
  auto staged = parts_.accounts.front()->store->stage();
  if (!staged) return staged.error();
  item.copy = std::move(*staged);
  return examine(item, std::move(stop));
}

/// Several files for one license: with the same bytes one stands for all, else nobody can tell which is right.
void Adopter::settle_rivals(std::vector<Item>& items) {
  std::map<Place, std::vector<Item*>> rivals;
  for (auto& item : items)
    if (item.match.result == AdoptResult::kAdopted)
      rivals[{item.claim().owner, item.asset_id(), item.held().size, item.held().format}].push_back(&item);
  for (auto& [place, same] : rivals) {
    const bool equal = std::all_of(same.begin(), same.end(), [&](const Item* item) {
      return item->reading->sha256 == same.front()->reading->sha256;
    });
    for (std::size_t i = 0; i < same.size(); ++i) {
      if (!equal) {
        const Item* other = same[i == 0 ? 1 : 0];
        same[i]->match = {
            AdoptResult::kAmbiguous,
            fmt::format("another file with other bytes is there for the same license: {}", other->file->shown),
            same[i]->match.claim, same[i]->match.held};
      } else if (i > 0) {
        same[i]->is_twin = true;
        same.front()->twins.push_back(same[i]->file);
      }
    }
  }
}

Status Adopter::settle(Item& item, std::stop_token stop) {
  ++done_;
  if (item.match.result == AdoptResult::kAdopted) return take(item, std::move(stop));
  if (item.match.result == AdoptResult::kAlready) return finish_move(item, std::move(stop));
  if (item.match.result == AdoptResult::kUnmatched) {
    if (const auto listed = list_for_metadata(parts_.accounts, item.claims, *item.file, options_))
      return tell(*listed), Status();
    item.match.reason += advice_for(parts_.accounts, item.claims);
  }
  tell_left({item.file}, item.match.result, item.match.reason);
  return {};
}

/// A file whose license has its file. With a move that a crash cut short the source still stands: it goes once the
/// store's bytes are seen to be the same.
Status Adopter::finish_move(Item& item, std::stop_token stop) {
  Cycle& cycle = *parts_.accounts[item.claim().owner];
  found_.insert(&cycle);
  const auto row = mirrored_sibling(item);
  AdoptedFile told{item.file->shown,
                   AdoptResult::kAlready,
                   item.match.reason,
                   cycle.account,
                   std::string(cycle.provider.name()),
                   item.asset_id(),
                   row ? row->license_id : "",
                   row ? row->path : ""};
  if (options_.mode == AdoptMode::kMove && !options_.dry_run && row) {
    const auto reading = read_source(*item.file, nullptr, std::move(stop));
    if (!reading && reading.error().code != ErrorCode::kInvalid) return reading.error();
    const auto stored = cycle.store->hash(row->path);
    if (!stored) return stored.error();
    const bool same = reading.ok() && *stored && (*stored)->sha256 == row->sha256 && reading->sha256 == row->sha256;
    const Status removed = same ? remove_source(*item.file) : Status();
    if (!same)
      told.reason += "; this one is not the same and was left alone";
    else if (removed)
      told.reason += "; the source was removed";
    else
      told.reason += "; the source was not removed: " + removed.error().message;
    if (!removed) ++summary_.sources_left;
  }
  tell(told);
  return {};
}

/// A file with rivals was examined without being copied.
Status Adopter::copy_if_needed(Item& item, std::stop_token stop) {
  if (options_.dry_run || options_.mode == AdoptMode::kLink || item.copy) return {};
  const std::string sha256 = item.reading->sha256;
  if (auto copied = copy_of(item, std::move(stop)); !copied) return copied;
  if (item.match.result == AdoptResult::kAdopted && item.reading->sha256 != sha256)
    item.match = {AdoptResult::kRefused, "it changed while it was read; try again", 0, 0};
  return {};
}

/// Brings one file to the edge of the catalog: linked, or staged and sealed.
Status Adopter::take(Item& item, std::stop_token stop) {
  const Claim& claim = item.claim();
  Cycle& cycle = *parts_.accounts[claim.owner];
  if (!placed_.insert({claim.owner, item.asset_id(), item.held().size, item.held().format}).second) {
    tell_left({item.file}, AdoptResult::kAmbiguous, "its license got another file just now");
    return {};
  }
  if (auto copied = copy_if_needed(item, std::move(stop)); !copied) return copied;
  Taken taken{&cycle, {}, "", 0, "", std::move(item.copy), {item.file}};
  taken.sources.insert(taken.sources.end(), item.twins.begin(), item.twins.end());
  if (item.match.result != AdoptResult::kAdopted)
    return tell_left(taken.sources, item.match.result, item.match.reason), Status();
  taken.task = task_of(item);
  taken.bytes = item.reading->bytes;
  taken.sha256 = item.reading->sha256;
  bytes_.emplace(std::pair(claim.owner, taken.sha256), item.asset_id());
  taken.path = place_for(cycle, taken.task, item.reading->media.format, [this](const std::string& path) {
    return std::any_of(batch_.begin(), batch_.end(), [&](const Taken& other) { return other.path == path; });
  });
  if (taken.copy)
    if (auto sealed = taken.copy->seal(); !sealed) return sealed;
  if (!options_.dry_run && options_.mode == AdoptMode::kLink) {
    const auto linked = link(item, taken);
    if (!linked && linked.error().code != ErrorCode::kInvalid && linked.error().code != ErrorCode::kNotFound)
      return linked;
    if (!linked) return tell_left(taken.sources, AdoptResult::kRefused, linked.error().message), Status();
  }
  batch_.push_back(std::move(taken));
  return {};
}

/// Gives the file its name in the store. Something else of that name (left by a crash, or damaged) is moved aside,
/// unless its bytes are the same.
Status Adopter::link(const Item& item, Taken& taken) {
  FileStore& store = *taken.cycle->store;
  auto linked = store.link(item.file->shown, taken.path);
  if (!linked && linked.error().code == ErrorCode::kInvalid) {
    const auto there = store.hash(taken.path);
    if (!there || !*there) return linked;  // no file of that name, so the reason is another
    if ((*there)->sha256 == taken.sha256) return {};
    if (auto retired = store.retire(taken.path); !retired) return retired.error();
    linked = store.link(item.file->shown, taken.path);
  }
  if (!linked) return linked;
  const auto name = store.hash(taken.path);
  if (!name) return name.error();
  if (*name && (*name)->sha256 == taken.sha256) return {};
  if (auto retired = store.retire(taken.path); !retired) return retired.error();
  return make_error(ErrorCode::kInvalid, "it changed while it was linked; try again");
}

Status Adopter::flush() {
  if (batch_.empty()) return {};
  std::vector<Taken> batch = std::exchange(batch_, {});
  if (!options_.dry_run) {
    std::vector<Publication> publications;
    for (auto& taken : batch)
      if (taken.copy) publications.push_back({taken.copy.get(), taken.path});
    const Status published = batch.front().cycle->store->publish(publications);
    if (!published && published.error().code != ErrorCode::kInvalid) return published;
    crash_point("adopt.published");
    std::erase_if(batch, [&](const Taken& taken) {
      const bool refused = taken.copy && !taken.copy->published();
      if (refused) tell_left(taken.sources, AdoptResult::kRefused, published.error().message);
      return refused;
    });
    if (auto committed = commit(batch); !committed) return committed;
  }
  for (auto& taken : batch) tell_taken(taken);
  report();
  return {};
}

Status Adopter::commit(const std::vector<Taken>& taken) {
  for (Cycle* cycle : parts_.accounts) {
    std::vector<StoredFile> stored;
    std::vector<std::string> assets;
    for (const auto& file : taken)
      if (file.cycle == cycle) {
        stored.push_back({file.task, file.path, file.bytes, file.sha256});
        assets.push_back(file.task.asset_id);
      }
    if (stored.empty()) continue;
    Committer(*cycle).stored(stored);
    crash_point("adopt.committed");
    if (auto written = SidecarWork(*cycle).write(assets); !written) return written;
  }
  return {};
}

/// Tells of a file that the catalog has, and removes its sources when it was to be moved.
void Adopter::tell_taken(Taken& taken) {
  summary_.bytes += taken.bytes;
  AdoptedFile told{"",
                   AdoptResult::kAdopted,
                   "",
                   taken.cycle->account,
                   std::string(taken.cycle->provider.name()),
                   taken.task.asset_id,
                   taken.task.licenses.front().license_id,
                   taken.path};
  for (const auto* file : taken.sources) {
    told.path = file->shown;
    told.reason.clear();
    if (told.result == AdoptResult::kAlready)
      told.reason = fmt::format("the same bytes as {}", taken.sources.front()->shown);
    if (options_.mode == AdoptMode::kMove && !options_.dry_run) {
      if (auto removed = remove_source(*file); !removed) {
        ++summary_.sources_left;
        told.reason = "the source was not removed: " + removed.error().message;
      }
      crash_point("adopt.source_removed");
    }
    tell(told);
    told.result = AdoptResult::kAlready;
  }
}

FetchTask Adopter::task_of(const Item& item) const {
  const Cycle& cycle = *parts_.accounts[item.claim().owner];
  const auto metadata = metadata_of(cycle, item.asset_id());
  FetchTask task{item.asset_id(), {}, metadata.renditions, metadata.editorial.value_or(false), 0};
  for (auto& license : cycle.catalog.licenses_of(cycle.account, item.asset_id()))
    if (is_held_image(license) && license.size == item.held().size && license.format == item.held().format &&
        !is_mirrored(cycle, license))
      task.licenses.push_back(std::move(license));
  return task;
}

/// The file that some license of the same rendition has already.
std::optional<FileRow> Adopter::mirrored_sibling(const Item& item) const {
  const Cycle& cycle = *parts_.accounts[item.claim().owner];
  for (auto& row : cycle.catalog.files_of(cycle.account, item.asset_id()))
    if (row.state == FileState::kMirrored && row.size == item.held().size && row.format == item.held().format)
      return row;
  return std::nullopt;
}

Status Adopter::check_room(const SourceFile& file) const {
  const auto free = parts_.accounts.front()->store->free_bytes();
  if (!free) return free.error();
  if (*free - file.info.bytes >= parts_.min_free) return {};
  return make_error(ErrorCode::kLowSpace, fmt::format("{} free in the store, {} must stay free (store.min_free)",
                                                      format_size(*free), format_size(parts_.min_free)));
}

void Adopter::tell_left(const std::vector<const SourceFile*>& files, AdoptResult result, const std::string& reason) {
  for (const auto* file : files) tell({file->shown, result, reason, "", "", "", "", ""});
}

void Adopter::tell(const AdoptedFile& file) {
  switch (file.result) {
    case AdoptResult::kAdopted: ++summary_.adopted; break;
    case AdoptResult::kAlready: ++summary_.already; break;
    case AdoptResult::kUnmatched: ++summary_.unmatched; break;
    case AdoptResult::kAmbiguous: ++summary_.ambiguous; break;
    case AdoptResult::kRefused: ++summary_.refused; break;
    case AdoptResult::kListed: ++summary_.listed; break;
  }
  if (parts_.tell) parts_.tell(file);
  report();
}

void Adopter::report() {
  if (parts_.progress) parts_.progress({"adopt", "files", done_, total_, summary_.bytes});
}

}  // namespace damsync
