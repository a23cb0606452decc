#include "sync/providers/shutterstock/image_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "sync/providers/field_reader.h"
#include "sync/providers/shutterstock/answer.h"

namespace damsync::shutterstock {
namespace {

constexpr const char* kImages = "/v2/images";
constexpr const char* kCategories = "/v2/images/categories";

RejectedItem rejected_id(const std::string& id, std::string reason) {
  return RejectedItem{
      .what = "asset", .key = printable(id).substr(0, 80), .reason = std::move(reason), .raw_sha256 = sha256_hex(id)};
}

/// The service found fault with the request itself, so one of the ids may be to blame.
bool blames_ids(const Error& error) {
  const int status = error.http_status;
  return status == 400 || status == 404 || status == 413 || status == 414 || status == 422;
}

}  // namespace

Result<Descriptions> ImageLookup::describe(std::span<const std::string> ids, std::stop_token stop) {
  Descriptions out;
  std::vector<std::string> asked;
  for (const auto& id : ids) {
    if (!is_image_id(id))
      out.rejected.push_back(rejected_id(id, "id: does not have the form of an image id; not sent"));
    else if (std::find(asked.begin(), asked.end(), id) == asked.end())
      asked.push_back(id);
  }
  if (asked.empty()) return out;
  if (auto done = describe_batch(asked, out, stop); !done) return done.error();
  return out;
}

Status ImageLookup::describe_batch(std::span<const std::string> ids, Descriptions& out, std::stop_token stop) {
  QueryParams params;
  for (const auto& id : ids) params.emplace_back("id", id);
  params.emplace_back("view", "full");
  const auto body = api_.get(kImages, params, stop);
  if (!body) return blames_ids(body.error()) ? halve(ids, out, body.error(), stop) : Status(body.error());
  const auto rows = list_rows(*body, "GET /v2/images");
  if (!rows) return ids.size() > 1 ? halve(ids, out, rows.error(), stop) : Status(rows.error());

  std::map<std::string, const Json*> found;
  bool nameless = false;
  for (const Json& row : **rows) {
    const Json* id = row.find("id");
    const auto text = id == nullptr ? std::nullopt : id_text(*id);
    if (text) found.emplace(*text, &row);
    nameless = nameless || !text;
  }
  // A row without a readable id may be any of those that are missing: ask for fewer until it is known which.
  const bool all_there = std::all_of(ids.begin(), ids.end(), [&](const auto& id) { return found.contains(id); });
  if (nameless && !all_there)
    return halve(ids, out, make_error(ErrorCode::kInvalid, "id: the answer holds no readable id"), stop);

  for (const auto& id : ids) {
    const auto row = found.find(id);
    if (row == found.end()) {
      out.absent.push_back(id);
      continue;
    }
    auto read = read_image(*row->second);
    if (auto* rejected = std::get_if<RejectedItem>(&read)) {
      out.rejected.push_back(std::move(*rejected));
      continue;
    }
    auto asset = described(std::move(std::get<ImageWire>(read)), {}, stop);
    if (!asset) return asset.error();
    out.assets.push_back(std::move(*asset));
  }
  return {};
}

Status ImageLookup::halve(std::span<const std::string> ids, Descriptions& out, const Error& refusal,
                          std::stop_token stop) {
  if (ids.size() == 1) {
    // Not even a 404 makes it absent: a wrong base URL answers so to everything.
    out.rejected.push_back(rejected_id(ids.front(), refusal.message));
    return {};
  }
  const std::size_t half = ids.size() / 2;
  if (auto done = describe_batch(ids.first(half), out, stop); !done) return done;
  return describe_batch(ids.subspan(half), out, stop);
}

Result<std::optional<DescribedAsset>> ImageLookup::recheck(const std::string& id, const std::string& etag,
                                                           std::stop_token stop) {
  if (!is_image_id(id)) return make_error(ErrorCode::kInvalid, "an id that is no image id is never sent");
  const std::string path = fmt::format("{}/{}", kImages, id);
  const auto answer = api_.get_if_changed(path, {{"view", "full"}}, etag, stop);
  if (!answer) return answer.error();
  if (answer->status == 304 && !etag.empty()) return std::optional<DescribedAsset>();
  const auto body = read_answer(*answer, "GET " + path, api_.clocks().local);
  if (!body) return body.error();
  auto read = read_image(*body);
  if (const auto* rejected = std::get_if<RejectedItem>(&read))
    return make_error(ErrorCode::kInvalid, fmt::format("GET {}: {}", path, rejected->reason));
  auto& image = std::get<ImageWire>(read);
  if (image.id != id)
    return retryable(ErrorCode::kProtocol, fmt::format("GET {}: the answer is about image {}", path, image.id));
  const std::string* validator = answer->headers.find("ETag");
  auto asset = described(std::move(image), validator == nullptr ? "" : *validator, stop);
  if (!asset) return asset.error();
  return std::optional(std::move(*asset));
}

Result<DescribedAsset> ImageLookup::described(ImageWire image, std::string etag, std::stop_token stop) {
  CategoryNames names;
  if (lacks_category_names(image)) {
    const std::lock_guard lock(mutex_);
    if (auto loaded = load_category_names(stop); !loaded) return loaded.error();
    names = *category_names_;
  }
  DescribedAsset out{.asset_id = image.id, .metadata = {}, .raw = image.raw, .etag = std::move(etag)};
  out.metadata = normalize(std::move(image), names);
  return out;
}

Status ImageLookup::load_category_names(std::stop_token stop) {
  if (category_names_) return {};
  const auto body = api_.get(kCategories, {}, stop);
  // A refusal for good is no reason to do without metadata: then the ids stand for the names.
  if (!body && body.error().retry != Retry::kNever) return body.error();
  CategoryNames names;
  if (body) {
    const auto rows = list_rows(*body, "GET /v2/images/categories");
    if (!rows) return rows.error();
    for (const Json& row : **rows)
      if (auto read = read_category(row); auto* category = std::get_if<CategoryWire>(&read))
        if (category->name) names.emplace(category->id, *category->name);
  }
  category_names_ = std::move(names);
  return {};
}

}  // namespace damsync::shutterstock
