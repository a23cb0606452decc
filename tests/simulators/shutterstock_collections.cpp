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

/// The rows of one page, `make(i)` giving the i-th of `count`.
template <class MakeRow>
SimResponse page_answer(const SimRequest& request, std::size_t count, const MakeRow& make) {
  ParameterCheck check(request);
  const auto page = static_cast<std::size_t>(check.integer("page", 1, 1, 1'000'000'000));
  const auto per_page = static_cast<std::size_t>(check.integer("per_page", 100, 1, 150));
  if (check.failed()) return check.refusal();
  Json data = Json::array();
  for (std::size_t i = (page - 1) * per_page; i < count && i < page * per_page; ++i) data.push(make(i));
  return json_answer(Json::object({{"data", std::move(data)}}));
}

}  // namespace

SimResponse ShutterstockSim::list_collections(const SimRequest& request) {
  return page_answer(request, state_.collections.size(),
                     [&](std::size_t i) { return collection_json(state_.collections[i]); });
}

SimResponse ShutterstockSim::one_collection(const std::string& id) {
  const SimCollection* found = find_collection(state_.collections, id);
  return found == nullptr ? message_answer(404, "Not Found") : json_answer(collection_json(*found));
}

SimResponse ShutterstockSim::list_collection_items(const SimRequest& request, const std::string& id) {
  const SimCollection* found = find_collection(state_.collections, id);
  if (found == nullptr) return message_answer(404, "Not Found");
  return page_answer(request, found->items.size(), [&](std::size_t i) {
    const auto& [image_id, added] = found->items[i];
    return Json::object({{"id", image_id}, {"added_time", format_eastern(added)}, {"media_type", "image"}});
  });
}

}  // namespace damsync
