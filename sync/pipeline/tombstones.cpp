#include "sync/pipeline/tombstones.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "storage/base/json.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

/// A channel tells of the provider's whole catalogue: what is kept must not grow with it.
constexpr std::size_t kMost = 1'000;

using Stones = std::vector<std::pair<std::string, Json>>;

Stones stones_in(const std::string& stored) {
  Stones out;
  const auto json = stored.empty() ? Result<Json>(Json::array()) : parse_json(stored);
  const auto* rows = json ? json->if_array() : nullptr;
  if (rows == nullptr) return out;
  for (const Json& row : *rows) {
    const Json* id = row.find("id");
    const Json* at = row.find("at");
    if (id != nullptr && id->if_string() != nullptr && at != nullptr) out.emplace_back(*id->if_string(), *at);
  }
  return out;
}

}  // namespace

std::string tombstones_key(std::string_view account) { return "tombstones " + std::string(account); }

std::string with_tombstones(const std::string& stored, std::span<const AssetNotice> gone) {
  Stones stones = stones_in(stored);
  for (const auto& notice : gone) {
    std::erase_if(stones, [&](const auto& stone) { return stone.first == notice.asset_id; });
    stones.emplace_back(notice.asset_id, Json(format_rfc3339(notice.time)));
  }
  if (stones.size() > kMost) stones.erase(stones.begin(), stones.end() - kMost);
  Json out = Json::array();
  for (auto& [id, at] : stones) out.push(Json::object({{"id", id}, {"at", std::move(at)}}));
  return write_json(out);
}

}  // namespace damsync
