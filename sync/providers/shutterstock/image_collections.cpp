#include "sync/providers/shutterstock/image_collections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "storage/base/text.h"
#include "sync/providers/field_reader.h"
#include "sync/providers/shutterstock/answer.h"
#include "sync/providers/shutterstock/shutterstock_wire.h"

namespace damsync::shutterstock {
namespace {

constexpr const char* kCollections = "/v2/images/collections";
constexpr const char* kFeatured = "/v2/images/collections/featured";
constexpr int kRowsPerPage = 150;
constexpr int kMostPages = 10'000;

Result<Collection> read_collection(const Json& row, std::string_view call) {
  FieldReader in(row);
  Collection out;
  out.collection_id = in.id("id");
  if (in.ok() && !is_safe_id(out.collection_id)) in.reject("id", "does not have the form of an id");
  out.name = in.maybe_text("name").value_or("");
  out.items = in.maybe_count("total_item_count").value_or(0);
  const auto items_updated = in.maybe_time("items_updated_time"), updated = in.maybe_time("updated_time");
  out.updated_at = std::max(items_updated, updated);
  if (in.ok()) return out;
  return retryable(ErrorCode::kProtocol, fmt::format("{}: a row that is no collection: {}", call, in.reason()));
}

}  // namespace

/// Rows may move between two pages while they are read, and pages may be smaller than asked for; a page that brings
/// nothing new is the end.
Status ImageCollections::each_row(const std::string& path, std::stop_token stop, const RowVisitor& visit) {
  const std::string call = "GET " + path;
  for (int page = 1; page <= kMostPages; ++page) {
    const auto body =
        api_.get(path, {{"page", std::to_string(page)}, {"per_page", std::to_string(kRowsPerPage)}}, stop);
    if (!body) return body.error();
    const auto rows = list_rows(*body, call);
    if (!rows) return rows.error();
    bool any_new = false;
    for (const Json& row : **rows) {
      const auto is_new = visit(row);
      if (!is_new) return is_new.error();
      any_new = any_new || *is_new;
    }
    if (!any_new) return {};
  }
  return retryable(ErrorCode::kProtocol, call + ": a list without an end");
}

Result<std::vector<Collection>> ImageCollections::collections(std::stop_token stop) {
  std::map<std::string, Collection> found;
  const auto add = [&](const Json& row, const std::string& call) -> Result<bool> {
    auto collection = read_collection(row, call);
    if (!collection) return collection.error();
    const auto id = collection->collection_id;
    return found.insert_or_assign(id, std::move(*collection)).second;
  };
  const auto listed = each_row(kCollections, stop, [&](const Json& row) { return add(row, kCollections); });
  if (!listed) return listed.error();
  for (const auto& id : featured_) {
    const auto path = fmt::format("{}/{}", kFeatured, id);
    const auto body = api_.get(path, {}, stop);
    if (!body && body.error().code == ErrorCode::kNotFound) continue;  // it is not featured any more
    if (!body) return body.error();
    if (const auto added = add(*body, path); !added) return added.error();
  }
  std::vector<Collection> out;
  for (auto& [id, collection] : found) out.push_back(std::move(collection));
  return out;
}

Result<std::vector<std::string>> ImageCollections::items(const Collection& collection, const KnownAssets& known,
                                                         std::stop_token stop) {
  const bool featured = featured_.contains(collection.collection_id);
  std::set<std::string> seen;
  std::vector<std::string> ours;
  const auto take = [&](const Json& row) -> Result<bool> {
    const Json* value = row.find("id");
    const auto id = value == nullptr ? std::nullopt : id_text(*value);
    if (!id || !seen.insert(*id).second) return false;
    if (is_image_id(*id) && known.contains(*id)) ours.push_back(*id);
    return true;
  };
  const auto path = fmt::format("{}/{}/items", featured ? kFeatured : kCollections, collection.collection_id);
  if (auto read = each_row(path, std::move(stop), take); !read) return read.error();
  std::sort(ours.begin(), ours.end());
  return ours;
}

}  // namespace damsync::shutterstock
