#include "sync/pipeline/sidecar_work.h"

#include <algorithm>
#include <iterator>

#include "storage/base/crash_point.h"
#include "storage/base/digest.h"
#include "storage/catalog/collection_book.h"
#include "storage/catalog/layout_book.h"
#include "storage/catalog/sidecar_book.h"
#include "storage/sqlite/transaction.h"
#include "sync/http/json_reader.h"
#include "sync/pipeline/file_place.h"
#include "sync/pipeline/leftovers.h"
#include "sync/sidecar/agreement_facts.h"
#include "sync/sidecar/file_sidecars.h"
#include "sync/sidecar/json_writer.h"

namespace damsync {
namespace {

constexpr std::size_t kAssetsPerBatch = 64;

/// True when a fingerprint of the sidecars, words behind a digest, names that format.
bool names(const std::string& fingerprint, std::string_view format) {
  return (fingerprint + " ").find(" " + std::string(format) + " ") != std::string::npos;
}

}  // namespace

Status SidecarWork::begin() {
  if (begun_) return {};
  // What was left over comes first: a format that is switched on again would lose the files it gets now.
  if (auto cleared = clear_leftovers(cycle_); !cleared) return cleared;
  renew();
  if (auto cleared = clear_leftovers(cycle_); !cleared) return cleared;
  begun_ = true;
  return {};
}

Status SidecarWork::run(std::stop_token stop) {
  if (auto begun = begin(); !begun) return begun;
  std::int64_t done = 0;
  while (!stop.stop_requested()) {
    auto ids = cycle_.catalog.dirty_sidecars(cycle_.account, kAssetsPerBatch + refused_.size());
    std::erase_if(ids, [this](const std::string& id) { return refused_.contains(id); });
    if (ids.empty()) return refusal_;
    if (auto written = write(ids); !written) return written;
    done += static_cast<std::int64_t>(ids.size());
    if (cycle_.progress) cycle_.progress({cycle_.account, "sidecars", done, 0, 0});
  }
  return make_error(ErrorCode::kCancelled, "stopped");
}

std::chrono::sys_days SidecarWork::today() const { return local_day(cycle_.policy.day_of, cycle_.clock.utc()); }

/// Facts that come from the settings change without any news of the asset: other agreements, one that began or ended,
/// another choice of formats; and a full cycle puts back what somebody removed or changed. Files of a format that was
/// written until now and is not wanted any more are noted to be removed in the same transaction; those of other
/// programs are not known here, so they are safe.
void SidecarWork::renew() {
  std::string facts = agreements_fingerprint(cycle_.policy.agreements, cycle_.account, today()) + "-" +
                      house_fingerprint(cycle_.policy.house);
  for (const auto& writer : cycle_.sidecar_writers) facts += " " + writer->name();
  SidecarBook book(cycle_.db);
  const auto before = book.fingerprint(cycle_.account);
  if (before == facts && !cycle_.policy.full) return;
  const auto dropped = [&](std::string_view format) { return names(before, format) && !names(facts, format); };
  Transaction tx(cycle_.db);
  for (const auto& [format, suffix] : kFileSidecars)
    if (dropped(format)) book.drop_beside_files(cycle_.account, std::string(suffix));
  if (dropped(JsonWriter().name())) book.drop_of_assets(cycle_.account);
  book.renew(cycle_.account, facts);
  tx.commit();
}

Status SidecarWork::write(std::span<const std::string> asset_ids) {
  struct Clean {
    std::string asset_id, path, sha256;
  };
  if (auto begun = begin(); !begun) return begun;
  auto all = inputs(asset_ids);
  place_records(all);
  std::vector<Document> changed;
  std::vector<Clean> clean;
  for (auto& input : all) {
    auto wanted = documents(input);
    const auto& id = input.asset.asset_id;
    const auto json = std::find_if(wanted.begin(), wanted.end(),
                                   [](const Document& document) { return document.first.ends_with(".json"); });
    Clean row{id, "", ""};
    if (json != wanted.end()) row = {id, json->first, sha256_hex(json->second)};
    if (auto compared = keep_changed(wanted); compared) {
      std::move(wanted.begin(), wanted.end(), std::back_inserter(changed));
      clean.push_back(std::move(row));
    } else if (compared.error().code == ErrorCode::kInvalid) {
      refuse(id, compared.error());
    } else {
      return compared;
    }
  }
  const Status put = changed.empty() ? Status() : cycle_.store->put_small(changed);
  if (!put && put.error().code == ErrorCode::kInvalid) return write_singly(asset_ids, put.error());
  if (!put) return put;
  crash_point("sidecars.published");
  Transaction tx(cycle_.db);
  LayoutBook book(cycle_.db);
  for (const auto& row : clean) {
    cycle_.writer.put_sidecar(cycle_.account, row.asset_id, row.path, row.sha256);
    if (!row.path.empty()) book.clear_leftover(cycle_.account, row.path);
  }
  tx.commit();
  return {};
}

/// One of them cannot be written; the others can.
Status SidecarWork::write_singly(std::span<const std::string> asset_ids, const Error& error) {
  if (asset_ids.size() == 1) {
    refuse(asset_ids.front(), error);
    return {};
  }
  for (const auto& id : asset_ids)
    if (auto written = write({&id, 1}); !written) return written;
  return {};
}

/// Something that is not ours stands in the place of a sidecar. The asset stays out of date until a person moved it.
void SidecarWork::refuse(const std::string& asset_id, const Error& error) {
  if (!refused_.insert(asset_id).second) return;
  cycle_.log.warning("sidecar.not_written",
                     {{"account", cycle_.account}, {"asset", asset_id}, {"reason", error.message}});
  if (refusal_) refusal_ = error;
}

std::optional<SidecarInput> SidecarWork::input_of(const std::string& asset_id) const {
  auto asset = cycle_.catalog.find_asset(cycle_.account, asset_id);
  if (!asset) return std::nullopt;
  SidecarInput input;
  input.asset = std::move(*asset);
  const auto& metadata = input.asset.metadata;
  const auto json = parse_json(metadata.empty() ? "{}" : metadata);
  if (json) input.metadata = asset_metadata_from_json(*json);
  input.licenses = cycle_.catalog.licenses_of(cycle_.account, asset_id);
  input.files = cycle_.catalog.files_of(cycle_.account, asset_id);
  input.supplier_name = cycle_.provider.capabilities().supplier_name;
  input.composed_license_ids = cycle_.provider.capabilities().composes_license_ids;
  input.house = cycle_.policy.house;
  input.agreements = agreement_facts(cycle_.policy.agreements, input.licenses, cycle_.policy.day_of);
  input.today = today();
  input.collections = CollectionBook(cycle_.db).of_asset(cycle_.account, asset_id);
  return input;
}

std::vector<SidecarInput> SidecarWork::inputs(std::span<const std::string> asset_ids) const {
  std::vector<SidecarInput> out;
  for (const auto& id : asset_ids)
    if (auto input = input_of(id)) out.push_back(std::move(*input));
  return out;
}

/// Gives a place to those records that have none, or share that of another asset. Where other accounts could want the
/// same place, it is noted as left over until the record is there: whoever comes next sees that it is given away.
void SidecarWork::place_records(std::vector<SidecarInput>& inputs) const {
  LayoutBook book(cycle_.db);
  const bool alone = cycle_.layout.parts_accounts();
  std::vector<SidecarInput*> homeless;
  for (auto& input : inputs)
    if (input.asset.sidecar_path.empty() || (!alone && book.sidecar_shared(input.asset))) homeless.push_back(&input);
  std::optional<Transaction> tx;
  if (!alone && !homeless.empty()) tx.emplace(cycle_.db);
  for (auto* input : homeless) {
    auto& place = input->asset.sidecar_path;
    place = record_place_for(cycle_, input->asset, input->licenses.empty() ? nullptr : &input->licenses.front());
    if (tx) book.add_leftover(cycle_.account, {place, ""});
  }
  if (tx) tx->commit();
}

std::vector<SidecarWork::Document> SidecarWork::documents(SidecarInput& input) const {
  if (input.licenses.empty() && input.asset.metadata.empty()) return {};
  std::vector<Document> out;
  const auto add = [&](const SidecarWriter& writer) {
    auto path = writer.file_name_for(input);
    const bool known = std::any_of(out.begin(), out.end(), [&](const Document& d) { return d.first == path; });
    if (!path.empty() && !known) out.emplace_back(std::move(path), writer.write(input));
  };
  for (const auto& writer : cycle_.sidecar_writers) {
    if (writer->scope() == SidecarScope::kAsset) {
      input.file = nullptr;
      add(*writer);
      continue;
    }
    for (const auto& file : input.files) {
      input.file = &file;
      add(*writer);
    }
  }
  return out;
}

/// Leaves those that differ from the disk, not from a remembered hash: an edit by somebody else is put right, too.
Status SidecarWork::keep_changed(std::vector<Document>& documents) const {
  std::vector<Document> changed;
  for (auto& document : documents) {
    const auto on_disk = cycle_.store->hash(document.first);
    if (!on_disk) return on_disk.error();
    if (!*on_disk || (*on_disk)->sha256 != sha256_hex(document.second)) changed.push_back(std::move(document));
  }
  documents = std::move(changed);
  return {};
}

}  // namespace damsync
