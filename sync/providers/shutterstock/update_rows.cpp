#include "sync/providers/shutterstock/update_rows.h"

#include <algorithm>
#include <map>

#include "sync/providers/field_reader.h"
#include "sync/providers/shutterstock/shutterstock_wire.h"

namespace damsync::shutterstock {
namespace {

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

AssetNotice read_notice(const Json& row, const std::string& id, UtcTime seen_at, Page& page) {
  FieldReader in(row);
  AssetNotice notice{.asset_id = id, .deleted = false, .time = in.time("updated_time")};
  const auto words = in.texts("updates");
  if (in.ok() && words.empty()) in.reject("updates", "names nothing that happened");
  if (!in.ok()) {
    page.rejected.push_back(make_rejected("update", row, in.reason()));
    notice.time = seen_at;
    return notice;
  }
  // Added and deleted in one row: the order is not told, so the asset itself must be asked for.
  notice.deleted = has(words, "deletion") && !has(words, "addition");
  return notice;
}

}  // namespace

IdDigest take_updates(const Json::Array& rows, const KnownAssets& known, UtcTime seen_at, Page& page) {
  IdDigest digest;
  std::map<std::string, AssetNotice> latest;
  for (const Json& row : rows) {
    const Json* value = row.find("id");
    const auto id = value == nullptr ? std::nullopt : id_text(*value);
    if (!id || !is_image_id(*id)) {
      digest.add(write_json(row));
      page.rejected.push_back(make_rejected("update", row, "id: is missing or does not have the form of an image id"));
      continue;
    }
    digest.add(*id);
    if (!known.contains(*id)) continue;
    AssetNotice notice = read_notice(row, *id, seen_at, page);
    const auto [place, fresh] = latest.try_emplace(*id, notice);
    if (!fresh && notice.time >= place->second.time) place->second = std::move(notice);
  }
  for (auto& [id, notice] : latest) page.notices.push_back(std::move(notice));
  return digest;
}

}  // namespace damsync::shutterstock
