#include "sync/providers/getty/image_lookup.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "sync/providers/field_reader.h"
#include "sync/providers/getty/getty_normalize.h"
#include "sync/providers/getty/getty_wire.h"

namespace damsync::getty {
namespace {

constexpr const char* kImages = "/v3/images";
constexpr const char* kFields =
    "allowed_use,alternative_ids,artist,artist_title,asset_family,call_for_image,caption,city,collection_code,"
    "collection_id,collection_name,color_type,copyright,country,credit_line,date_camera_shot,date_created,"
    "date_submitted,download_sizes,editorial_segments,editorial_source,event_ids,graphical_style,id,keywords,"
    "license_model,max_dimensions,object_name,orientation,people,product_types,state_province,title";

RejectedItem rejected_id(const std::string& id, std::string reason) {
  return RejectedItem{
      .what = "asset", .key = printable(id).substr(0, 80), .reason = std::move(reason), .raw_sha256 = sha256_hex(id)};
}

std::string joined(std::span<const std::string> ids) {
  std::string out;
  for (const auto& id : ids) out += (out.empty() ? "" : ",") + id;
  return out;
}

/// The service found fault with the request itself, so one of the ids may be to blame.
bool blames_ids(const Error& error) {
  const int status = error.http_status;
  const bool of_request = status == 400 || status == 404 || status == 413 || status == 414 || status == 422;
  return of_request || (status >= 500 && error.code == ErrorCode::kInvalid);
}

const Json::Array* array_member(const Json& body, std::string_view key) {
  const Json* value = body.find(key);
  return value == nullptr ? nullptr : value->if_array();
}

std::set<std::string> not_found_ids(const Json& body) {
  std::set<std::string> out;
  if (const auto* ids = array_member(body, "images_not_found"))
    for (const Json& id : *ids)
      if (auto text = id_text(id)) out.insert(std::move(*text));
  return out;
}

DescribedAsset described(ImageWire image) {
  DescribedAsset out{.asset_id = image.id, .metadata = {}, .raw = image.raw, .etag = {}};
  out.metadata = normalize(std::move(image));
  return out;
}

std::map<std::string, const Json*> rows_by_id(const Json::Array& rows) {
  std::map<std::string, const Json*> out;
  for (const Json& row : rows) {
    const Json* id = row.find("id");
    if (const auto text = id == nullptr ? std::nullopt : id_text(*id)) out.emplace(*text, &row);
  }
  return out;
}

void take_image(const Json& row, Descriptions& out) {
  auto read = read_image(row);
  if (auto* rejected = std::get_if<RejectedItem>(&read))
    out.rejected.push_back(std::move(*rejected));
  else
    out.assets.push_back(described(std::move(std::get<ImageWire>(read))));
}

/// Nothing when its id cannot be used: it is a hint, not worth more.
std::optional<Suggestion> read_suggestion(const Json& row, const char* why) {
  const Json* member = row.find("id");
  auto id = member == nullptr ? std::nullopt : id_text(*member);
  if (!id || !is_asset_id(*id)) return std::nullopt;
  const Json* title = row.find("title");
  const auto* text = title == nullptr ? nullptr : title->if_string();
  return Suggestion{std::move(*id), text == nullptr ? std::string() : *text, why};
}

}  // namespace

Result<Descriptions> ImageLookup::describe(std::span<const std::string> ids, std::stop_token stop) {
  Descriptions out;
  std::vector<std::string> asked;
  for (const auto& id : ids) {
    if (!is_asset_id(id))
      out.rejected.push_back(rejected_id(id, "id: does not have the form of an asset id; not sent"));
    else if (std::find(asked.begin(), asked.end(), id) == asked.end())
      asked.push_back(id);
  }
  for (std::span<const std::string> rest(asked); !rest.empty(); rest = rest.subspan(std::min(kMostIds, rest.size())))
    if (auto done = describe_batch(rest.first(std::min(kMostIds, rest.size())), out, stop); !done) return done.error();
  return out;
}

/// An id that an answer neither shows nor calls unknown is asked for again among fewer; alone, it is absent.
Status ImageLookup::describe_batch(std::span<const std::string> ids, Descriptions& out, std::stop_token stop) {
  const auto body = api_.get(kImages, {{"ids", joined(ids)}, {"fields", kFields}}, stop);
  if (!body) return blames_ids(body.error()) ? halve(ids, out, body.error(), stop) : Status(body.error());
  const auto* rows = array_member(*body, "images");
  if (rows == nullptr) return retryable(ErrorCode::kProtocol, "GET /v3/images: no array 'images'");
  const auto found = rows_by_id(*rows);
  const auto unknown = not_found_ids(*body);
  if (ids.size() == 1 && !found.contains(ids.front()) && !rows->empty()) {
    out.rejected.push_back(rejected_id(ids.front(), "id: the service's answer is about another asset"));
    return {};
  }
  std::vector<std::string> left;
  for (const auto& id : ids) {
    if (const auto row = found.find(id); row != found.end())
      take_image(*row->second, out);
    else if (unknown.contains(id) || ids.size() == 1)
      out.absent.push_back(id);
    else
      left.push_back(id);
  }
  if (left.empty()) return {};
  if (left.size() < ids.size()) return describe_batch(left, out, stop);
  return halve(left, out, make_error(ErrorCode::kNotFound, "GET /v3/images: an empty answer"), stop);
}

Status ImageLookup::halve(std::span<const std::string> ids, Descriptions& out, const Error& refusal,
                          std::stop_token stop) {
  if (ids.size() == 1) {
    if (refusal.code == ErrorCode::kNotFound)
      out.absent.push_back(ids.front());
    else
      out.rejected.push_back(rejected_id(ids.front(), refusal.message));
    return {};
  }
  const std::size_t half = ids.size() / 2;
  if (auto done = describe_batch(ids.first(half), out, stop); !done) return done;
  return describe_batch(ids.subspan(half), out, stop);
}

/// The service shows a single image bare or, by its older description, in the envelope of a list.
Result<DescribedAsset> ImageLookup::one(const std::string& id, std::stop_token stop) {
  if (!is_asset_id(id)) return make_error(ErrorCode::kInvalid, "an id that is no asset id is never sent");
  const std::string path = fmt::format("{}/{}", kImages, id);
  const auto body = api_.get(path, {{"fields", kFields}}, stop);
  if (!body) return body.error();
  const auto* rows = array_member(*body, "images");
  if (rows != nullptr && rows->empty())
    return make_error(ErrorCode::kNotFound, fmt::format("GET {}: the answer holds no image", path));
  auto read = read_image(rows == nullptr ? *body : rows->front());
  if (const auto* rejected = std::get_if<RejectedItem>(&read))
    return make_error(ErrorCode::kInvalid, fmt::format("GET {}: {}", path, rejected->reason));
  auto& image = std::get<ImageWire>(read);
  if (image.id != id)
    return retryable(ErrorCode::kProtocol, fmt::format("GET {}: the answer is about asset {}", path, image.id));
  return described(std::move(image));
}

Result<std::vector<Suggestion>> ImageLookup::suggestions(const std::string& id, std::size_t most,
                                                         std::stop_token stop) {
  if (!is_asset_id(id)) return make_error(ErrorCode::kInvalid, "an id that is no asset id is never sent");
  std::vector<Suggestion> out;
  for (const auto& [kind, why] : {std::pair("same-series", "same series"), std::pair("similar", "similar")}) {
    const auto body = api_.get(fmt::format("{}/{}/{}", kImages, id, kind),
                               {{"fields", "id,title"}, {"page", "1"}, {"page_size", "30"}}, stop);
    if (!body && body.error().code == ErrorCode::kNotFound) continue;
    if (!body) return body.error();
    const auto* rows = array_member(*body, "images");
    if (rows == nullptr) return retryable(ErrorCode::kProtocol, fmt::format("{}: no array 'images'", kind));
    for (const Json& row : *rows) {
      auto other = read_suggestion(row, why);
      if (!other || other->asset_id == id) continue;
      const auto same = [&](const Suggestion& known) { return known.asset_id == other->asset_id; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(std::move(*other));
      if (out.size() == most) return out;
    }
  }
  return out;
}

}  // namespace damsync::getty
