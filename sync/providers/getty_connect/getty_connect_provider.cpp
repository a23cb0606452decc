#include "sync/providers/getty_connect/getty_connect_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "storage/base/time.h"
#include "sync/providers/getty/file_names.h"
#include "sync/providers/getty_connect/asset_list.h"

namespace damsync {
namespace {

constexpr std::size_t kIdsPerBatch = 10;  ///< a batch that fails half-way is asked for again as a whole
constexpr std::size_t kIdsPerPage = 2'000;
constexpr std::string_view kAfter = "after ";
constexpr Millis kLoginCheckedEvery = std::chrono::hours(24);

/// `1773480000000 after 51`: when the login was last seen to work, in milliseconds, and the id to go on behind. At the
/// end of the list `1773480000000 end`. Either part may be missing.
struct ListCursor {
  std::optional<UtcTime> login_checked_at;
  std::optional<std::string> after;
};

ListCursor cursor_from(std::string_view text) {
  ListCursor out;
  std::int64_t millis = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), millis);
  if (error == std::errc()) {
    out.login_checked_at = from_millis(millis);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (text.starts_with(kAfter)) out.after = text.substr(kAfter.size());
  return out;
}

std::string to_text(const ListCursor& cursor) {
  const std::string place = cursor.after ? std::string(kAfter) + *cursor.after : "end";
  return cursor.login_checked_at ? fmt::format("{} {}", to_millis(*cursor.login_checked_at), place) : place;
}

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
      check_login_(std::move(settings.check_login)),
      clock_(clock),
      images_(std::move(settings.base_url), std::move(settings.language), transport, clock) {}

/// Seldom enough that it costs nothing, often enough that nobody waits for a month to learn of a changed password.
Result<std::optional<UtcTime>> GettyConnectProvider::login_checked(std::optional<UtcTime> last, std::stop_token stop) {
  const UtcTime now = clock_.utc();
  if (!check_login_ || (last && *last <= now && now - *last < kLoginCheckedEvery)) return last;
  if (auto fine = check_login_(std::move(stop)); !fine) return fine.error();
  return std::optional(now);
}

/// A cursor `after ID` goes on within the sorted list; any other begins it. The file may change between two pages: what
/// is missed then comes with the next cycle, which reads all of it.
Result<Page> GettyConnectProvider::poll(const PollRequest& request, std::stop_token stop) {
  if (request.stream != "assets")
    return make_error(ErrorCode::kInternal, "getty-connect has no stream named " + request.stream);
  auto list = getty_connect::read_asset_list(assets_file_);
  if (!list) return list.error();
  ListCursor cursor = cursor_from(request.cursor);
  auto checked = login_checked(cursor.login_checked_at, std::move(stop));
  if (!checked) return checked.error();
  cursor.login_checked_at = *checked;
  auto next = list->ids.begin();
  if (cursor.after) next = std::upper_bound(next, list->ids.end(), *cursor.after);
  Page page;
  for (; next != list->ids.end() && page.listed.size() < kIdsPerPage; ++next)
    if (request.known == nullptr || !request.known->contains(*next)) page.listed.push_back(*next);
  page.last = next == list->ids.end();
  cursor.after = page.last ? std::nullopt : std::optional(page.listed.back());
  page.next = to_text(cursor);
  if (page.last) {
    page.rejected = std::move(list->rejected);
    page.asset_list = std::move(list->ids);
  }
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
