#include <algorithm>

#include "tests/simulators/eastern_time.h"
#include "tests/simulators/shutterstock_answers.h"
#include "tests/simulators/shutterstock_sim.h"

namespace damsync {
namespace {

Json collection_json(const SimCollection& collection) {
  Json json = Json::object({{"id", collection.id},
                            {"name", collection.name},
                            {"total_item_count", static_cast<std::int64_t>(collection.items.size())},
                            {"items_updated_time", format_eastern(collection.items_updated)},
                            {"created_time", format_eastern(collection.created)},
                            {"updated_time", format_eastern(collection.items_updated)}});
  if (!collection.items.empty()) json.set("cover_item", Json::object({{"id", collection.items.front().first}}));
  return json;
}

const SimCollection* find_collection(const std::vector<SimCollection>& all, const std::string& id) {
  for (const auto& one : all) {
    if (one.id == id) return &one;
  }
  return nullptr;
}

/// What is not a parameter of the route is a mistake, and so is an id that cannot be one.
void check_request(ParameterCheck& check, const SimRequest& request, std::initializer_list<std::string_view> known,
                   const std::string& id = "1") {
  for (const auto& [name, value] : request.query)
    if (std::find(known.begin(), known.end(), name) == known.end())
      check.mistake("VALIDATION_UNKNOWN", "Unknown parameter", value, "$.query." + name);
  if (id.empty() || id.find_first_not_of("0123456789") != std::string::npos)
    check.mistake("VALIDATION_PATTERN", "Invalid collection id", id, "$.params.id");
  check.word("embed", "", {"share_code", "share_url"});
}

/// The rows of one page, `make(i)` giving the i-th of `count`.
template <class MakeRow>
SimResponse page_answer(ParameterCheck& check, std::size_t count, const MakeRow& make) {
  const auto page = static_cast<std::size_t>(check.integer("page", 1, 1, 1'000'000'000));
  const auto per_page = static_cast<std::size_t>(check.integer("per_page", 100, 1, 150));
  if (check.failed()) return check.refusal();
  Json data = Json::array();
  for (std::size_t i = (page - 1) * per_page; i < count && i < page * per_page; ++i) data.push(make(i));
  return json_answer(Json::object({{"data", std::move(data)}}));
}

SimResponse not_found(const SimRequest& request) {
  const bool featured = request.path.find("/featured/") != std::string::npos;
  return message_answer(404, featured ? "Featured lightbox not found" : "Not Found");
}

}  // namespace

SimResponse ShutterstockSim::list_collections(const SimRequest& request) {
  ParameterCheck check(request);
  check_request(check, request, {"page", "per_page", "embed"});
  auto newest_first = state_.collections;
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [](const auto& a, const auto& b) { return a.items_updated > b.items_updated; });
  return page_answer(check, newest_first.size(), [&](std::size_t i) { return collection_json(newest_first[i]); });
}

SimResponse ShutterstockSim::one_collection(const SimRequest& request, const std::vector<SimCollection>& all,
                                            const std::string& id) {
  ParameterCheck check(request);
  check_request(check, request, {"share_code", "embed"}, id);
  if (check.failed()) return check.refusal();
  const SimCollection* found = find_collection(all, id);
  return found == nullptr ? not_found(request) : json_answer(collection_json(*found));
}

SimResponse ShutterstockSim::list_collection_items(const SimRequest& request, const std::vector<SimCollection>& all,
                                                   const std::string& id) {
  ParameterCheck check(request);
  check_request(check, request, {"page", "per_page", "share_code"}, id);
  const SimCollection* found = find_collection(all, id);
  auto newest_first = found == nullptr ? decltype(found->items)() : found->items;
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  auto answer = page_answer(check, newest_first.size(), [&](std::size_t i) {
    const auto& [image_id, added] = newest_first[i];
    return Json::object({{"id", image_id}, {"added_time", format_eastern(added)}, {"media_type", "image"}});
  });
  return found == nullptr && !check.failed() ? not_found(request) : answer;
}

}  // namespace damsync
