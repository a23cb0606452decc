#include "sync/providers/getty/getty_provider.h"

#include <utility>

#include "sync/providers/getty/file_names.h"

namespace damsync {
namespace {

constexpr std::size_t kSuggestions = 3;

getty::DownloadHistory::Settings history_settings(const GettySettings& settings) {
  // The time of day came with the new names of the parameters.
  const bool days_only = settings.history_dialect == getty::Dialect::kStartDate;
  getty::HistoryRules rules{.overlap = settings.overlap,
                            .since = std::nullopt,
                            .precision = days_only ? getty::Precision::kDays : getty::Precision::kSeconds};
  if (settings.since) rules.since = UtcTime(*settings.since);
  return {.account = settings.account,
          .rules = rules,
          .dialect = settings.history_dialect,
          .company_downloads = settings.company_downloads};
}

}  // namespace

Capabilities getty::capabilities() {
  return {.streams = {"downloads", "changes"},
          .license_stream = "downloads",
          .describe_batch = getty::kMostIds,
          .free_refetch = false,
          .distinct_files = true,
          .file_prefix = "GettyImages-",
          .supplier_name = "Getty Images",
          .composes_license_ids = true,
          .read_file_name = getty::read_file_name};
}

GettyProvider::GettyProvider(GettySettings settings, HttpTransport& transport, Clock& clock, Log* log)
    : capabilities_(getty::capabilities()),
      api_({.base = settings.base_url, .api_key = settings.api_key, .language = settings.language}, transport, clock),
      history_(history_settings(settings), api_, log),
      changes_(settings.account, api_, log),
      images_(api_),
      paid_(api_, std::move(settings.download)) {}

Result<Page> GettyProvider::poll(const PollRequest& request, std::stop_token stop) {
  if (request.stream == "downloads") return history_.poll(request, std::move(stop));
  if (request.stream == "changes") return changes_.poll(request, std::move(stop));
  return make_error(ErrorCode::kInternal, "getty has no stream named " + request.stream);
}

Status GettyProvider::confirm(const std::string& receipt, std::stop_token stop) {
  return receipt.empty() ? Status() : changes_.confirm(receipt, std::move(stop));
}

Result<Descriptions> GettyProvider::describe(std::span<const std::string> ids, std::stop_token stop) {
  return images_.describe(ids, std::move(stop));
}

Result<std::optional<DescribedAsset>> GettyProvider::recheck(const std::string& id, const std::string&,
                                                             std::stop_token stop) {
  auto asset = images_.one(id, std::move(stop));
  if (!asset) return asset.error();
  return std::optional(std::move(*asset));
}

Result<DownloadSource> GettyProvider::refetch(const License&, std::stop_token) {
  return make_error(ErrorCode::kRefusedByPolicy, "would consume quota");
}

Result<bool> GettyProvider::still_listed(const License& license, std::stop_token stop) {
  return history_.still_listed(license, std::move(stop));
}

Result<std::vector<Suggestion>> GettyProvider::suggestions(const std::string& asset_id, std::stop_token stop) {
  return images_.suggestions(asset_id, kSuggestions, std::move(stop));
}

Result<AssetHistory> GettyProvider::spent_on(const std::string& asset_id, std::stop_token stop) {
  return history_.of_asset(asset_id, std::move(stop));
}

Status GettyProvider::may_acquire(const License& license, const AcquireOptions& options, std::stop_token stop) {
  const auto all = products(std::move(stop));
  if (!all) return all.error();
  return paid_.prepare(license, *all, options);
}

Result<DownloadSource> GettyProvider::acquire(SpendPermit permit, const License& license, const AcquireOptions&,
                                              std::stop_token stop) {
  return paid_.ask(std::move(permit), license, std::move(stop));
}

Result<std::vector<getty::Product>> GettyProvider::products(std::stop_token stop) {
  const auto body = api_.get("/v3/products", {{"fields", "download_requirements"}}, std::move(stop));
  if (!body) return body.error();
  const Json* rows = body->find("products");
  if (rows == nullptr || !rows->is_array())
    return retryable(ErrorCode::kProtocol, "GET /v3/products: no array 'products'");
  std::vector<getty::Product> out;
  for (const Json& row : *rows->if_array()) {
    auto read = getty::read_product(row);
    if (auto* product = std::get_if<getty::Product>(&read)) out.push_back(std::move(*product));
  }
  return out;
}

Result<std::vector<Plan>> GettyProvider::plans(std::stop_token stop) {
  auto read = products(std::move(stop));
  if (!read) return read.error();
  std::vector<Plan> out;
  for (auto& product : *read) {
    if (!product.active) continue;  // nothing can be downloaded under it, whatever is left
    out.push_back({.plan_id = std::move(product.id),
                   .description = product.agreement_name.empty() ? product.name : product.agreement_name,
                   .license_type = std::move(product.type),
                   .expires_at = product.expires_at,
                   .limit = product.download_limit,
                   .left = product.downloads_remaining,
                   .period_ends_at = product.limit_resets_at});
  }
  return out;
}

}  // namespace damsync
