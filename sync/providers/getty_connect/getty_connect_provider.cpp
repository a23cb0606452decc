#include "sync/providers/getty_connect/getty_connect_provider.h"

#include <algorithm>

#include "sync/providers/getty/file_names.h"
#include "sync/providers/getty_connect/asset_list.h"

namespace damsync {
namespace {

constexpr std::size_t kIdsPerBatch = 10;  ///< a batch that fails half-way is asked for again as a whole
constexpr std::size_t kIdsPerPage = 2'000;
constexpr std::string_view kAfter = "after ";
constexpr const char* kEnd = "end";

}  // namespace

Capabilities getty_connect::capabilities() {
  return {.streams = {"assets"},
          .license_stream = {},
          .describe_batch = kIdsPerBatch,
          // Nothing can be spent here; `refetch` says why there is no file.
          .free_refetch = true,
          .file_prefix = "GettyImages-",
          .supplier_name = "Getty Images",
          .read_file_name = getty::read_file_name};
}

GettyConnectProvider::GettyConnectProvider(GettyConnectSettings settings, HttpTransport& transport, Clock& clock)
    : capabilities_(getty_connect::capabilities()),
      assets_file_(std::move(settings.assets_file)),
      images_(std::move(settings.base_url), std::move(settings.language), transport, clock) {}

/// A cursor `after ID` goes on within the sorted list; any other begins it. The file may change between two pages: what
/// is missed then comes with the next cycle, which reads all of it.
Result<Page> GettyConnectProvider::poll(const PollRequest& request, std::stop_token) {
  if (request.stream != "assets")
    return make_error(ErrorCode::kInternal, "getty-connect has no stream named " + request.stream);
  auto list = getty_connect::read_asset_list(assets_file_);
  if (!list) return list.error();
  const bool goes_on = request.cursor.starts_with(kAfter);
  auto next = list->ids.begin();
  if (goes_on) next = std::upper_bound(next, list->ids.end(), request.cursor.substr(kAfter.size()));
  Page page;
  if (!goes_on) page.rejected = std::move(list->rejected);
  for (; next != list->ids.end() && page.listed.size() < kIdsPerPage; ++next)
    if (request.known == nullptr || !request.known->contains(*next)) page.listed.push_back(*next);
  page.last = next == list->ids.end();
  page.next = page.last ? kEnd : std::string(kAfter) + page.listed.back();
  return page;
}

Status GettyConnectProvider::confirm(const std::string&, std::stop_token) { return {}; }

Result<Descriptions> GettyConnectProvider::describe(std::span<const std::string> ids, std::stop_token stop) {
  return images_.describe(ids, std::move(stop));
}

Result<std::optional<DescribedAsset>> GettyConnectProvider::recheck(const std::string& id, const std::string&,
                                                                    std::stop_token stop) {
  auto asset = images_.one(id, std::move(stop));
  if (!asset) return asset.error();
  return std::optional(std::move(*asset));
}

Result<DownloadSource> GettyConnectProvider::refetch(const License&, std::stop_token) {
  return make_error(ErrorCode::kGone, "this interface has metadata only, no files");
}

Result<bool> GettyConnectProvider::still_listed(const License&, std::stop_token) { return true; }

}  // namespace damsync
