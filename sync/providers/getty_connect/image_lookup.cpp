#include "sync/providers/getty_connect/image_lookup.h"

#include <fmt/format.h>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "sync/providers/getty/getty_normalize.h"
#include "sync/providers/getty_connect/connect_errors.h"
#include "sync/providers/getty_connect/connect_wire.h"

namespace damsync::getty_connect {
namespace {

RejectedItem rejected_id(const std::string& id, std::string reason) {
  return {
      .what = "asset", .key = printable(id).substr(0, 80), .reason = std::move(reason), .raw_sha256 = sha256_hex(id)};
}

/// The images stand in an envelope or, by the service's description, in a bare array.
const Json::Array* images_of(const Json& body) {
  if (const auto* list = body.if_array()) return list;
  const Json* images = body.find("Images");
  return images == nullptr ? nullptr : images->if_array();
}

}  // namespace

Result<Descriptions> ImageLookup::describe(std::span<const std::string> ids, std::stop_token stop) {
  Descriptions out;
  for (const auto& id : ids) {
    auto asset = one(id, stop);
    if (asset)
      out.assets.push_back(std::move(*asset));
    else if (asset.error().code == ErrorCode::kNotFound)
      out.absent.push_back(id);
    else if (asset.error().code == ErrorCode::kInvalid)
      out.rejected.push_back(rejected_id(id, asset.error().message));
    else
      return asset.error();
  }
  return out;
}

Result<DescribedAsset> ImageLookup::one(const std::string& id, std::stop_token stop) {
  if (!is_safe_id(id)) return make_error(ErrorCode::kInvalid, "id: does not have the form of an asset id; not sent");
  const std::string path = "/api/images/" + id;
  const std::string call = "GET " + path;
  HttpRequest request;
  request.url = base_.with_target(language_.empty() ? path : path + "?" + make_query({{"language", language_}}));
  request.headers.add("Accept", "application/json");
  const auto answer = transport_.send(request, nullptr, std::move(stop));
  if (!answer) return answer.error();
  const auto body = read_answer(*answer, call, clock_.utc());
  if (!body) return body.error();
  const auto* images = images_of(*body);
  if (images == nullptr) return retryable(ErrorCode::kProtocol, call + ": no array 'Images'");
  if (images->empty()) return make_error(ErrorCode::kNotFound, call + ": the answer holds no image");
  auto read = read_image(images->front());
  if (const auto* misfit = std::get_if<RejectedItem>(&read))
    return make_error(ErrorCode::kInvalid, fmt::format("{}: {}", call, misfit->reason));
  auto& image = std::get<getty::ImageWire>(read);
  if (image.id != id)
    return make_error(ErrorCode::kInvalid, fmt::format("{}: the answer is about asset {}", call, image.id));
  std::string raw = image.raw;
  return DescribedAsset{
      .asset_id = id, .metadata = getty::normalize(std::move(image)), .raw = std::move(raw), .etag = {}};
}

}  // namespace damsync::getty_connect
