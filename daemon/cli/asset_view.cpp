#include "daemon/cli/asset_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "daemon/cli/json_fields.h"
#include "storage/base/text.h"
#include "storage/catalog/collection_book.h"
#include "storage/catalog/suggestion_book.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

template <class Row>
Json list_of(const std::vector<HeldAsset>& held, std::vector<Row> HeldAsset::*rows) {
  Json out = Json::array();
  for (const HeldAsset& one : held)
    for (const Row& row : one.*rows) out.push(json_of(row));
  return out;
}

Json collections_of(const std::vector<HeldAsset>& held) {
  Json out = Json::array();
  for (const HeldAsset& one : held)
    for (const auto& [id, name] : one.collections)
      out.push(Json::object({{"account", one.asset.account}, {"collection_id", id}, {"name", name}}));
  return out;
}

/// Each suggested asset once, whatever number of accounts it was suggested to.
Json suggestions_of(const std::vector<HeldAsset>& held) {
  Json out = Json::array();
  std::set<std::string> seen;
  for (const HeldAsset& one : held)
    for (const auto& s : one.suggestions)
      if (seen.insert(s.asset_id).second)
        out.push(Json::object({{"provider", one.asset.provider},
                               {"account", one.asset.account},
                               {"asset_id", s.asset_id},
                               {"title", json_text(s.title)},
                               {"why", s.why}}));
  return out;
}

}  // namespace

Result<AssetName> parse_asset_name(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  AssetName name{std::string(text.substr(0, colon)), std::string(text.substr(std::min(colon + 1, text.size())))};
  if (is_safe_id(name.provider) && is_safe_id(name.asset_id)) return name;
  return make_error(
      ErrorCode::kUsage,
      fmt::format("'{}' is no asset; expected PROVIDER:ASSET_ID as `damsync list assets` shows them", printable(text)));
}

std::vector<HeldAsset> read_held(Database& db, const AssetName& name) {
  const Catalog catalog(db);
  std::vector<HeldAsset> held;
  for (const auto& account : catalog.accounts_with(name.provider, name.asset_id)) {
    auto asset = catalog.find_asset(account, name.asset_id);
    if (!asset) continue;
    HeldAsset one{std::move(*asset),
                  catalog.licenses_of(account, name.asset_id),
                  catalog.files_of(account, name.asset_id),
                  catalog.changes_of(account, name.asset_id),
                  CollectionBook(db).of_asset(account, name.asset_id),
                  {}};
    if (one.asset.state == AssetState::kWithdrawn) one.suggestions = SuggestionBook(db).of(account, name.asset_id);
    held.push_back(std::move(one));
  }
  return held;
}

Json stored_json(const std::string& text) {
  if (text.empty()) return {};
  const auto json = parse_json(text);
  return json ? *json : Json(text);
}

Json json_of(const std::vector<HeldAsset>& held) {
  Json asset = json_of(held.front().asset);
  asset.set("metadata", stored_json(held.front().asset.metadata));
  Json accounts = Json::array();
  for (const HeldAsset& one : held) accounts.push(json_of(one.asset));
  return Json::object({{"asset", std::move(asset)},
                       {"accounts", std::move(accounts)},
                       {"licenses", list_of(held, &HeldAsset::licenses)},
                       {"files", list_of(held, &HeldAsset::files)},
                       {"changes", list_of(held, &HeldAsset::changes)},
                       {"collections", collections_of(held)},
                       {"suggestions", suggestions_of(held)},
                       {"raw", stored_json(held.front().asset.raw)}});
}

}  // namespace damsync
