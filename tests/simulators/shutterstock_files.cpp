#include <algorithm>
#include <charconv>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "storage/base/time.h"
#include "sync/http/json_reader.h"
#include "tests/simulators/shutterstock_answers.h"
#include "tests/simulators/shutterstock_sim.h"

namespace damsync {
namespace {

constexpr std::size_t kMostDrawn = 500;

/// What a download URL grants.
struct Grant {
  std::string image_id;
  std::string size;
  std::int64_t expiry = 0;  ///< Unix seconds
};

SimResponse html_refusal(int status, const std::string& text) {
  SimResponse response;
  response.status = status;
  response.set_body("<html><head><title>" + text + "</title></head><body>" + text + "</body></html>\n", "text/html");
  return response;
}

/// Reads the key `photo/<id>/<size>.jpg` and the expiry out of a token; its signature is not looked at.
std::optional<Grant> read_grant(const std::string& token) {
  const auto text = base64_decode(token);
  if (!text) return std::nullopt;
  const auto json = parse_json(*text);
  const Json::Array* parts = json ? json->if_array() : nullptr;
  if (parts == nullptr || parts->empty()) return std::nullopt;
  const Json* key = parts->front().find("k");
  const Json* expiry = parts->front().find("e");
  if (key == nullptr || key->if_string() == nullptr || expiry == nullptr) return std::nullopt;
  const std::string& path = *key->if_string();
  const auto first = path.find('/');
  const auto second = path.find('/', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  return Grant{path.substr(first + 1, second - first - 1), path.substr(second + 1, path.rfind('.') - second - 1),
               expiry->as_int64().value_or(0)};
}

/// A byte range `bytes=first-[last]`; nothing for any other form.
std::optional<std::pair<std::size_t, std::size_t>> read_range(const std::string& text, std::size_t size) {
  if (!text.starts_with("bytes=")) return std::nullopt;
  const char* const end = text.data() + text.size();
  std::size_t first = 0;
  std::size_t last = size == 0 ? 0 : size - 1;
  const auto [dash, error] = std::from_chars(text.data() + 6, end, first);
  if (error != std::errc() || dash == end || *dash != '-') return std::nullopt;
  if (dash + 1 != end) {
    const auto [stop, bad] = std::from_chars(dash + 1, end, last);
    if (bad != std::errc() || stop != end) return std::nullopt;
  }
  return std::pair{first, std::min(last, size == 0 ? 0 : size - 1)};
}

void apply_range(const SimRequest& request, const std::string& etag, SimResponse& response) {
  const std::string* wanted = request.header("Range");
  if (wanted == nullptr) return;
  const std::string* condition = request.header("If-Range");
  if (condition != nullptr && *condition != etag) return;
  const std::size_t size = response.body_size();
  const auto range = read_range(*wanted, size);
  if (!range) return;
  if (range->first >= size) {
    response = html_refusal(416, "Requested Range Not Satisfiable");
    response.set_header("Content-Range", "bytes */" + std::to_string(size));
    return;
  }
  response.status = 206;
  response.skip = range->first;
  response.take = range->second - range->first + 1;
  response.set_header("Content-Range", "bytes " + std::to_string(range->first) + "-" + std::to_string(range->second) +
                                           "/" + std::to_string(size));
}

}  // namespace

std::string ShutterstockSim::file_token(const std::string& image_id, const std::string& size,
                                        std::int64_t expiry) const {
  const std::string ending = size == "vector" ? ".eps" : ".jpg";
  const Json grant = Json::object(
      {{"e", expiry}, {"k", "photo/" + image_id + "/" + size + ending}, {"m", "1"}, {"d", "shutterstock-media"}});
  const std::string signature = sha256_hex("sandbox signing key " + write_json(grant)).substr(0, 40);
  std::string token = base64(write_json(Json(Json::Array{grant, signature})));
  token.erase(token.find_last_not_of('=') + 1);
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  return token;
}

std::string ShutterstockSim::file_url(const std::string& base, const std::string& image_id,
                                      const std::string& size) const {
  const std::lock_guard lock(mutex_);
  return file_url_locked(base, image_id, size);
}

std::string ShutterstockSim::file_url_locked(const std::string& base, const std::string& image_id,
                                             const std::string& size) const {
  // One second less than the full time, as the provider's own tokens are.
  const auto until = now_locked() + state_.switches.url_lifetime - std::chrono::seconds(1);
  const std::string token = file_token(image_id, size, to_millis(until) / 1000);
  return base + "/gatekeeper/" + token + "/shutterstock_" + image_id + (size == "vector" ? ".eps" : ".jpg");
}

SimResponse ShutterstockSim::serve_file(const SimRequest& request) {
  if (request.header("Authorization") != nullptr) ++books_.credentials_on_files;
  const std::size_t from = std::string_view("/gatekeeper/").size();
  const std::string token = request.path.substr(from, request.path.find('/', from) - from);
  const auto grant = read_grant(token);
  if (!grant || file_token(grant->image_id, grant->size, grant->expiry) != token) {
    return message_answer(403, "Invalid signature");
  }
  if (grant->expiry < to_millis(now_locked()) / 1000) return html_refusal(403, "This link has expired");
  const SimImage* image = state_.image(grant->image_id);
  if (image == nullptr || !image->rendition(grant->size)) return html_refusal(404, "Not Found");
  return file_answer(request, *image, grant->size);
}

SimResponse ShutterstockSim::file_answer(const SimRequest& request, const SimImage& image, const std::string& size) {
  SimResponse response;
  load_bytes(response, image, size);
  const std::string etag = "\"" + image.id + "-" + size + "-" + std::to_string(image.file_revision) + "\"";
  const std::string ending = size == "vector" ? ".eps" : ".jpg";
  response.set_header("Content-Type", size == "vector" ? "application/postscript" : "image/jpeg");
  response.set_header("ETag", etag);
  response.set_header("Accept-Ranges", "bytes");
  response.set_header("Content-Disposition", "attachment; filename=shutterstock_" + image.id + ending);
  apply_range(request, etag, response);
  ++books_.files[image.id + "/" + size];
  books_.file_bytes += static_cast<std::int64_t>(response.body_size());
  return response;
}

void ShutterstockSim::load_bytes(SimResponse& response, const SimImage& image, const std::string& size) {
  if (state_.bench_bytes > 0) {
    if (padded_bytes_ != state_.bench_bytes) padded_ = std::make_unique<PaddedJpeg>(state_.bench_bytes);
    padded_bytes_ = state_.bench_bytes;
    response.body = padded_->head(image.id + "/" + size + "/" + std::to_string(image.file_revision));
    response.tail = padded_->tail();
    return;
  }
  const std::string seed = image.id + "/" + std::to_string(image.file_revision);
  const std::string key = seed + "/" + size;
  const auto known = drawn_.find(key);
  if (known != drawn_.end()) {
    response.tail = known->second;
    return;
  }
  const auto rendition = image.rendition(size);
  std::string bytes = size == "vector"
                          ? make_eps(seed)
                          : make_jpeg({.seed = seed, .width = rendition->width, .height = rendition->height});
  if (drawn_.size() >= kMostDrawn) drawn_.clear();
  response.tail = drawn_[key] = std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace damsync
