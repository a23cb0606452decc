#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sync/providers/provider.h"
#include "sync/transfer/media_probe.h"

namespace damsync {

/// A provider whose whole world is in memory: what it lists, knows and hands out, and which of its calls fail.
class ScriptedProvider final : public Provider {
 public:
  /// Called with the name of the call and its main argument before each call; an error makes it fail.
  using Fault = std::function<std::optional<Error>(const std::string& call, const std::string& argument)>;

  std::vector<License> history;                 ///< what the license stream lists
  std::map<std::string, AssetMetadata> assets;  ///< what `describe` knows
  std::vector<AssetNotice> notices;             ///< what the update stream tells
  std::set<std::string> not_downloadable;       ///< licenses `refetch` refuses with kGone
  std::vector<std::string> listed_assets;       ///< assets the license stream names without a license
  std::vector<RejectedItem> rejected;           ///< delivered with the first page of the licenses
  std::size_t page_size = 2;
  Fault fault;

  /// What a spending call does, after it was executed: its answer, or the error that is told instead. Calls that
  /// `fault` makes fail are not executed.
  std::function<Result<DownloadSource>(const License&, DownloadSource)> spend_answer;
  std::string spend_books;         ///< a file that gets the asset id of every execution, also from a dying process
  std::int64_t history_lag = 0;    ///< so many of the last executions are not in the history yet
  bool executions_listed = false;  ///< an execution becomes a row of the license stream, as at a real provider
  std::optional<UtcTime> link_expires_at;
  std::function<UtcTime()> service_clock;  ///< dates answers and executions; unset: answers tell no time
  std::int64_t history_hidden = 0;         ///< so many rows of an asset's history are left out

  ScriptedProvider() {
    capabilities_.streams = {"licenses", "updates"};
    capabilities_.license_stream = "licenses";
    capabilities_.describe_batch = 3;
    capabilities_.free_refetch = true;
    capabilities_.file_prefix = "scripted_";
    capabilities_.supplier_name = "Scripted";
  }

  /// From now on files are to be had by spending calls alone.
  void charge_for_files(const std::string& books) {
    capabilities_.free_refetch = false;
    capabilities_.distinct_files = true;
    spend_books = books;
  }
  /// How often a spending call was executed, for one asset or for all; by the provider's own books.
  [[nodiscard]] std::int64_t executions(const std::string& asset_id = "") const {
    std::ifstream in(spend_books);
    std::int64_t count = 0;
    for (std::string line; std::getline(in, line);)
      if (asset_id.empty() || line == asset_id) ++count;
    return count;
  }

  /// Adds an image with one license and everything that is needed to mirror it.
  License& add(const std::string& asset_id, const std::string& license_id) {
    License license;
    license.license_id = license_id;
    license.asset_id = asset_id;
    license.license_type = "standard";
    license.size = "huge";
    license.format = "jpg";
    license.licensed_at =
        UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) + std::chrono::minutes(history.size());
    license.licensed_at_text = format_rfc3339(license.licensed_at);
    license.licensed_by = "anna";
    license.raw = "{\"id\":\"" + license_id + "\"}";
    AssetMetadata metadata;
    metadata.caption = "Picture " + asset_id;
    metadata.media_type = "image";
    assets.emplace(asset_id, std::move(metadata));
    history.push_back(std::move(license));
    return history.back();
  }

  [[nodiscard]] std::vector<std::string> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  [[nodiscard]] std::int64_t count(const std::string& call) const {
    const auto all = calls();
    return std::count_if(all.begin(), all.end(), [&](const auto& c) { return c.starts_with(call); });
  }
  void forget_calls() {
    const std::lock_guard lock(mutex_);
    calls_.clear();
  }

  [[nodiscard]] std::string_view name() const override { return "scripted"; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  Result<Page> poll(const PollRequest& request, std::stop_token stop) override {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    if (auto error = called("poll " + request.stream, request.cursor)) return *error;
    Page page;
    page.last = true;
    if (request.stream == "updates") {
      for (const auto& notice : notices)
        if (request.known->contains(notice.asset_id)) page.notices.push_back(notice);
      page.next = "u";
      return page;
    }
    const std::size_t from =
        request.cursor.empty() ? 0 : std::min<std::size_t>(std::stoul(request.cursor), history.size());
    const std::size_t to = std::min(history.size(), from + page_size);
    page.licenses.assign(history.begin() + static_cast<std::ptrdiff_t>(from),
                         history.begin() + static_cast<std::ptrdiff_t>(to));
    if (from == 0) page.rejected = rejected;
    if (from == 0) page.listed = listed_assets;
    page.next = std::to_string(to);
    page.last = to == history.size();
    page.complete_listing = request.full && page.last;
    if (page.last && !listed_assets.empty()) page.asset_list = listed_assets;
    return page;
  }

  Status confirm(const std::string& receipt, std::stop_token) override {
    if (auto error = called("confirm", receipt)) return *error;
    return {};
  }

  Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token) override {
    if (auto error = called("describe", ids.front())) return *error;
    Descriptions answer;
    for (const auto& id : ids) {
      const auto found = assets.find(id);
      if (found == assets.end())
        answer.absent.push_back(id);
      else
        answer.assets.push_back({id, found->second, "{\"id\":\"" + id + "\"}", ""});
    }
    return answer;
  }

  Result<std::optional<DescribedAsset>> recheck(const std::string& id, const std::string& etag,
                                                std::stop_token) override {
    if (auto error = called("recheck", id + " " + etag)) return *error;
    const auto found = assets.find(id);
    if (found == assets.end()) return make_error(ErrorCode::kNotFound, "no such image");
    const std::string current = "etag of " + found->second.caption.value_or("");
    if (etag == current) return std::optional<DescribedAsset>();
    return std::optional(DescribedAsset{id, found->second, "{\"id\":\"" + id + "\"}", current});
  }

  Result<DownloadSource> refetch(const License& license, std::stop_token) override {
    if (auto error = called("refetch", license.license_id)) return *error;
    if (not_downloadable.contains(license.license_id)) return make_error(ErrorCode::kGone, "not offered for download");
    return DownloadSource{"https://files.example.org/" + license.asset_id + ".jpg?token=secret", license.format, {}};
  }

  Result<AssetHistory> spent_on(const std::string& asset_id, std::stop_token) override {
    if (auto error = called("spent_on", asset_id)) return *error;
    AssetHistory out;
    for (const auto& row : history) {
      if (row.asset_id != asset_id) continue;
      if (!row.license_id.starts_with("own-")) ++out.rows;
      out.newest = std::max(out.newest, std::optional(row.licensed_at));
    }
    out.rows += std::max<std::int64_t>(0, executions(asset_id) - history_lag) - history_hidden;
    if (service_clock) out.as_of = service_clock();
    return out;
  }

  Status may_acquire(const License& license, const AcquireOptions&, std::stop_token) override {
    if (auto error = called("may_acquire", license.license_id)) return *error;
    return {};
  }

  Result<DownloadSource> acquire(SpendPermit, const License& license, const AcquireOptions&, std::stop_token) override {
    if (auto error = called("acquire", license.license_id)) return *error;
    std::ofstream(spend_books, std::ios::app) << license.asset_id << std::endl;
    if (executions_listed) list_execution(license);
    DownloadSource source{"https://files.example.org/" + license.asset_id + ".jpg?token=paid", license.format,
                          link_expires_at};
    return spend_answer ? spend_answer(license, std::move(source)) : source;
  }

  Result<bool> still_listed(const License& license, std::stop_token) override {
    if (auto error = called("still_listed", license.license_id)) return *error;
    return std::any_of(history.begin(), history.end(),
                       [&](const License& row) { return row.license_id == license.license_id; });
  }

 private:
  void list_execution(const License& license) {
    License row = license;
    row.license_id = "own-" + std::to_string(executions()) + "-" + license.license_id;
    row.size = "as delivered";
    row.licensed_at = service_clock ? service_clock() : row.licensed_at + std::chrono::hours(24 * 365);
    history.push_back(std::move(row));
  }

  std::optional<Error> called(const std::string& call, const std::string& argument) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call + " " + argument);
    return fault ? fault(call, argument) : std::nullopt;
  }

  Capabilities capabilities_;
  mutable std::mutex mutex_;
  std::vector<std::string> calls_;
};

/// A small, well-formed JPEG of that many pixels; `salt` makes its bytes differ.
inline std::string tiny_jpeg(std::uint16_t width, std::uint16_t height, const std::string& salt = "") {
  const auto byte = [](int value) { return static_cast<char>(value); };
  std::string out = "\xFF\xD8";
  const auto comment = static_cast<int>(salt.size()) + 2;
  out += std::string("\xFF\xFE") + byte(comment >> 8) + byte(comment & 0xFF) + salt;
  out += std::string("\xFF\xC0") + byte(0) + byte(11) + byte(8) + byte(height >> 8) + byte(height & 0xFF) +
         byte(width >> 8) + byte(width & 0xFF) + byte(1) + byte(1) + byte(0x11) + byte(0);
  out += std::string("\xFF\xDA") + byte(0) + byte(2) + "pixels";
  out += "\xFF\xD9";
  return out;
}

}  // namespace damsync
