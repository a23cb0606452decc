#include <algorithm>

#include "storage/base/text.h"
#include "sync/providers/field_reader.h"
#include "sync/providers/getty/getty_wire.h"

namespace damsync::getty {
namespace {

/// `change_set_id`, `ChangeSetId` and `changeSetId` are one name: the three published forms differ in nothing else.
std::string folded(std::string_view key) {
  std::string out = to_lower(key);
  std::erase(out, '_');
  return out;
}

Json fold_keys(const Json& object) {
  const auto* members = object.if_object();
  if (members == nullptr) return object;
  Json out = Json::object();
  for (const auto& [key, value] : *members)
    if (const std::string name = folded(key); out.find(name) == nullptr) out.set(name, value);
  return out;
}

const Json::Array* array_member(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    const Json* value = object.find(key);
    if (value != nullptr && value->is_array()) return value->if_array();
  }
  return nullptr;
}

std::optional<Lifecycle> lifecycle_of(const Json& change) {
  const Json* value = change.find("assetlifecycle");
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  const std::string word = to_lower(*text);
  if (word == "new") return Lifecycle::kNew;
  if (word == "update" || word == "updated") return Lifecycle::kUpdate;
  if (word == "delete" || word == "deleted") return Lifecycle::kDelete;
  return std::nullopt;
}

std::optional<UtcTime> changed_at(const Json& change) {
  const Json* value = change.find("assetchangedutcdatetime");
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  const auto time = parse_rfc3339(*text, MissingZone::kUtc);
  return time ? std::optional(*time) : std::nullopt;
}

void take_change(const Json& item, ChangeSet& set) {
  const Json change = fold_keys(item);
  const Json* member = change.find("id") != nullptr ? change.find("id") : change.find("assetid");
  const auto id = member == nullptr ? std::nullopt : id_text(*member);
  if (!id || !is_asset_id(*id)) {
    set.rejected.push_back(make_rejected("update", item, "id: does not have the form of an asset id"));
    return;
  }
  set.assets.push_back(ChangedAsset{
      .id = *id, .lifecycle = lifecycle_of(change).value_or(Lifecycle::kUpdate), .changed_at = changed_at(change)});
}

bool is_set_id(std::string_view id) {
  return !id.empty() && id.size() <= 19 && id.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

Result<std::vector<Channel>> read_channels(const Json& body) {
  const Json folded_body = fold_keys(body);
  const auto* items = body.is_array() ? body.if_array() : array_member(folded_body, {"channels"});
  if (items == nullptr) return retryable(ErrorCode::kProtocol, "asset-changes: the answer is no list of channels");
  std::vector<Channel> out;
  for (const Json& item : *items) {
    const Json channel = fold_keys(item);
    const Json* id = channel.find("channelid");
    const auto text = id == nullptr ? std::nullopt : id_text(*id);
    if (!text || !is_set_id(*text)) continue;
    const Json* type = channel.find("assettype");
    const auto* word = type == nullptr ? nullptr : type->if_string();
    out.push_back(Channel{.id = *text, .asset_type = word == nullptr ? "" : to_lower(*word)});
  }
  std::sort(out.begin(), out.end(), [](const Channel& a, const Channel& b) { return a.id < b.id; });
  return out;
}

Result<ChangeSet> read_change_set(const Json& body) {
  const Json set = fold_keys(body);
  const Json* id = set.find("changesetid");
  const auto text = id == nullptr ? std::nullopt : id_text(*id);
  if (!text || !is_set_id(*text))
    return retryable(ErrorCode::kProtocol, "asset-changes: a change set without a usable id");
  const auto* items = array_member(set, {"changedassets", "changedassetlist"});
  if (items == nullptr)
    return retryable(ErrorCode::kProtocol, "asset-changes: a change set without its list of assets");
  ChangeSet out{.id = *text, .assets = {}, .rejected = {}};
  for (const Json& item : *items) take_change(item, out);
  return out;
}

}  // namespace damsync::getty
