#include "sync/providers/getty/paid_download.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"
#include "sync/http/json_reader.h"
#include "sync/providers/getty/getty_errors.h"

namespace damsync::getty {
namespace {

constexpr std::string_view kCall = "POST /v3/downloads/images";

Error refuse(std::string message) { return make_error(ErrorCode::kRefusedByPolicy, std::move(message)); }

std::string detail(const License& license, std::string_view key) {
  const Json* value = license.details.find(key);
  if (value == nullptr) return {};
  if (const auto* number = value->if_number()) return number->text;
  const auto* text = value->if_string();
  return text == nullptr ? std::string() : *text;
}

Status check_left(const Product& product) {
  if (!product.downloads_remaining)
    return refuse(fmt::format("product {} does not say how many downloads are left", printable(product.id)));
  if (*product.downloads_remaining <= 0)
    return refuse(fmt::format("the downloads of product {} are used up", printable(product.id)));
  return {};
}

std::string or_default(std::string value, const std::string& fallback) { return value.empty() ? fallback : value; }

Status check_requirements(const License& license, const Product& product, const DownloadDefaults& defaults) {
  if (!product.project_code_required) return {};
  const std::string code = or_default(detail(license, "project"), defaults.project_code);
  const auto& codes = product.project_codes;
  if (code.empty())
    return refuse(
        fmt::format("product {} requires a project code; the license has none, nor have the settings "
                    "(project_code)",
                    printable(product.id)));
  if (!codes.empty() && std::find(codes.begin(), codes.end(), code) == codes.end())
    return refuse(
        fmt::format("product {} does not know the project code '{}'", printable(product.id), printable(code)));
  return {};
}

const Product* active_named(const std::vector<Product>& products, const std::string& id) {
  const auto named = std::find_if(products.begin(), products.end(),
                                  [&](const Product& p) { return p.active && !id.empty() && p.id == id; });
  return named == products.end() ? nullptr : &*named;
}

const Product* only_active(const std::vector<Product>& products, const std::string& type) {
  const Product* only = nullptr;
  for (const auto& product : products) {
    if (!product.active || type.empty() || !iequals(product.type, type)) continue;
    if (only != nullptr) return nullptr;  // nobody said which
    only = &product;
  }
  return only;
}

const Product* choose(const License& license, const std::vector<Product>& products, const DownloadDefaults& defaults) {
  if (const auto* product = active_named(products, detail(license, "product_id"))) return product;
  if (const auto* product = only_active(products, license.license_type)) return product;
  if (const auto* product = active_named(products, defaults.product_id)) return product;
  return only_active(products, defaults.product_type);
}

Error no_product(const License& license, const std::vector<Product>& products) {
  std::string active;
  for (const auto& product : products)
    if (product.active)
      active += fmt::format("{}{} ({})", active.empty() ? "" : ", ", printable(product.id), printable(product.type));
  return refuse(
      fmt::format("no active product of type '{}' can be told to pay for it; active are: {}; the settings can "
                  "name one by product_id or product_type",
                  printable(license.license_type), active.empty() ? "none" : active));
}

/// Empty: the largest. Without a height the service hands out the largest, so a size that is told must be found.
Result<std::string> height_for(const License& license, const std::string& type,
                               const std::vector<Rendition>& renditions, const DownloadDefaults& defaults) {
  if (std::string told = detail(license, "height"); !told.empty()) return told;
  if (license.size.empty()) return defaults.height > 0 ? std::to_string(defaults.height) : std::string();
  const auto size = std::find_if(renditions.begin(), renditions.end(), [&](const Rendition& r) {
    return iequals(r.name, license.size) && (type.empty() || r.format == type) && r.height;
  });
  if (size != renditions.end()) return std::to_string(*size->height);
  return refuse(fmt::format(
      "the height of the licensed size '{}' is not known, and a call without it may pay for a larger one; download the "
      "file by hand and let `damsync adopt` take it in",
      printable(license.size)));
}

Error unknown(std::string what) { return make_error(ErrorCode::kUnknownOutcome, fmt::format("{}: {}", kCall, what)); }

/// An error envelope tells the service's own refusal from that of something in between.
bool is_documented(const HttpResponse& response) {
  if (response.status < 400 || response.status >= 500 || response.status == 408 || response.status == 409) return false;
  const ErrorWords words = words_of(response);
  const bool has_words = !words.code.empty() || !words.text.empty();
  return has_words || response.headers.find("X-Error-Detail") != nullptr;
}

}  // namespace

Result<Product> paying_product(const License& license, const std::vector<Product>& products,
                               const DownloadDefaults& defaults) {
  const Product* product = choose(license, products, defaults);
  if (product == nullptr) return no_product(license, products);
  if (auto left = check_left(*product); !left) return left.error();
  if (auto met = check_requirements(license, *product, defaults); !met) return met.error();
  return *product;
}

Result<QueryParams> paid_query(const License& license, const Product& product, const std::vector<Rendition>& renditions,
                               const DownloadDefaults& defaults) {
  // Without this the service answers with a redirect to the file, and the address is never learnt.
  QueryParams params{{"auto_download", "false"}};
  const std::string type = or_default(license.format, defaults.file_type);
  if (type == "jpg" || type == "eps") params.emplace_back("file_type", type);
  if (type != "eps") {
    const auto height = height_for(license, type, renditions, defaults);
    if (!height) return height.error();
    if (!height->empty()) params.emplace_back("height", *height);
  }
  params.emplace_back("product_id", product.id);
  if (!product.type.empty()) params.emplace_back("product_type", product.type);
  return params;
}

std::string paid_body(const License& license, const Product& product, const std::string& reference,
                      const DownloadDefaults& defaults) {
  Json body = Json::object();
  const std::string notes = or_default(detail(license, "notes"), defaults.notes);
  if (!notes.empty())
    body.set("download_notes", fmt::format("{} ({})", notes, reference));
  else if (product.note_required)
    body.set("download_notes", reference);
  const std::string project = or_default(detail(license, "project"), defaults.project_code);
  if (!project.empty()) body.set("project_code", project);
  return write_json(body);
}

Result<DownloadSource> read_paid_answer(const HttpResponse& response, const License& license, UtcTime now) {
  if (is_documented(response)) return refusal_error(response, kCall, now);
  if (response.status != 200) return unknown(fmt::format("HTTP {}", response.status));
  const auto body = parse_json(response.body);
  if (!body) return unknown("the answer is not JSON");
  const Json* uri = body->find("uri");
  const auto* text = uri == nullptr ? nullptr : uri->if_string();
  if (text == nullptr || !Url::parse(*text)) return unknown("the answer names no usable address");
  return DownloadSource{*text, license.format, now + kUriValid};
}

Status PaidDownload::prepare(const License& license, const std::vector<Product>& products,
                             const AcquireOptions& options) {
  auto product = paying_product(license, products, defaults_);
  if (!product) return product.error();
  auto query = paid_query(license, *product, options.renditions, defaults_);
  if (!query) return query.error();
  const std::lock_guard lock(mutex_);
  prepared_ = Prepared{license.license_id, std::move(*product), std::move(*query)};
  return {};
}

Result<DownloadSource> PaidDownload::ask(SpendPermit permit, const License& license, std::stop_token stop) {
  std::optional<Prepared> prepared;
  {
    const std::lock_guard lock(mutex_);
    prepared.swap(prepared_);
  }
  if (!prepared || prepared->license_id != license.license_id)
    return refuse("no product was chosen to pay for this license");
  if (!is_asset_id(license.asset_id)) return make_error(ErrorCode::kInvalid, "an id that is no asset id is never sent");
  const auto answer = api_.spend("/v3/downloads/images/" + license.asset_id, prepared->query,
                                 paid_body(license, prepared->product, permit.reference(), defaults_), std::move(stop));
  if (!answer) return answer.error();
  return read_paid_answer(*answer, license, api_.now());
}

}  // namespace damsync::getty
