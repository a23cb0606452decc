#include "sync/providers/getty/change_sets.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/json.h"
#include "sync/http/json_reader.h"
#include "sync/providers/getty/getty_errors.h"

namespace damsync::getty {
namespace {

constexpr const char* kChannels = "/v3/asset-changes/channels";
constexpr const char* kChangeSets = "/v3/asset-changes/change-sets";
constexpr const char* kBatchSize = "500";  ///< the largest every version of the service accepts
constexpr int kMostConfirmations = 3;
constexpr std::chrono::hours kGoneFor{24};  ///< a channel may come back

bool holds_images(const Channel& channel) {
  return channel.asset_type.empty() || channel.asset_type == "image" || channel.asset_type == "notset" ||
         channel.asset_type == "both";
}

std::vector<std::string> ids_of(const std::vector<Channel>& channels) {
  std::vector<std::string> out;
  for (const auto& channel : channels) out.push_back(channel.id);
  return out;
}

/// Several changes of one asset in a set: it is looked at once, as of the latest.
void add_notice(std::map<std::string, AssetNotice>& notices, const ChangedAsset& change, UtcTime fallback) {
  const AssetNotice notice{.asset_id = change.id,
                           .deleted = change.lifecycle == Lifecycle::kDelete,
                           .time = std::min(change.changed_at.value_or(fallback), fallback)};
  auto& known = notices.try_emplace(change.id, notice).first->second;
  if (notice.time >= known.time) known = notice;
}

}  // namespace

std::string to_text(const ChangeCursor& cursor) {
  Json out = Json::object({{"v", 1}});
  if (cursor.drained_at) out.set("drained_at", to_millis(*cursor.drained_at));
  Json channels = Json::array();
  for (const auto& id : cursor.channels) channels.push(id);
  out.set("channels", std::move(channels));
  if (!cursor.channel.empty()) out.set("channel", cursor.channel);
  return write_json(out);
}

Result<ChangeCursor> change_cursor_from_text(std::string_view text) {
  ChangeCursor cursor;
  if (text.empty()) return cursor;
  const Error damaged = make_error(ErrorCode::kDamaged, "the stored cursor of the stream 'changes' cannot be read");
  const auto json = parse_json(text);
  if (!json || json->find("v") == nullptr || json->find("v")->as_int64() != 1) return damaged;
  if (const Json* time = json->find("drained_at")) {
    if (!time->as_int64()) return damaged;
    cursor.drained_at = from_millis(*time->as_int64());
  }
  const Json* channels = json->find("channels");
  if (channels == nullptr || !channels->is_array()) return damaged;
  for (const Json& id : *channels->if_array()) {
    if (!id.is_string()) return damaged;
    cursor.channels.push_back(*id.if_string());
  }
  if (const Json* channel = json->find("channel")) {
    if (!channel->is_string()) return damaged;
    cursor.channel = *channel->if_string();
  }
  return cursor;
}

Result<std::vector<Channel>> ChangeSets::load_channels(const ChangeCursor& cursor, std::stop_token stop) {
  const auto answer = api_.call(Method::kGet, kChannels, {}, stop);
  if (!answer) return answer.error();
  if (answer->status == 204 || (answer->status == 200 && answer->body.empty())) return std::vector<Channel>{};
  const auto body = read_answer(*answer, "GET /v3/asset-changes/channels", api_.now());
  if (body) {
    auto channels = read_channels(*body);
    std::erase_if(gone_, [&](const auto& entry) { return api_.now() - entry.second >= kGoneFor; });
    if (channels)
      std::erase_if(*channels,
                    [&](const Channel& channel) { return !holds_images(channel) || gone_.contains(channel.id); });
    return channels;
  }
  const Refusal refusal = classify(*answer);
  if (refusal != Refusal::kNotAllowed && refusal != Refusal::kNotFound) return body.error();
  const bool news = !cursor.drained_at || !cursor.channels.empty();
  if (log_ != nullptr && news)
    log_->info("getty.no_change_channels", {{"account", account_}, {"status", std::to_string(answer->status)}});
  return std::vector<Channel>{};
}

/// Nothing when the queue is empty: an empty body is the documented form of that answer.
Result<std::optional<ChangeSet>> ChangeSets::next_set(const std::string& channel, std::stop_token stop) {
  const auto answer = api_.call(Method::kPut, kChangeSets, {{"channel_id", channel}, {"batch_size", kBatchSize}}, stop);
  if (!answer) return answer.error();
  const bool success = answer->status == 200 || answer->status == 201 || answer->status == 204;
  if (success && answer->body.find_first_not_of(" \t\r\n") == std::string::npos) return std::optional<ChangeSet>();
  const auto body = read_answer(*answer, "PUT /v3/asset-changes/change-sets", api_.now());
  if (!body) return body.error();
  if (body->is_null() || (body->is_object() && body->if_object()->empty())) return std::optional<ChangeSet>();
  auto set = read_change_set(*body);
  if (!set) return set.error();
  return std::optional(std::move(*set));
}

Page ChangeSets::page_of(ChangeSet set, const ChangeCursor& cursor, const KnownAssets* known) const {
  std::map<std::string, AssetNotice> notices, deletions;
  for (const auto& change : set.assets) {
    if (known != nullptr && known->contains(change.id))
      add_notice(notices, change, api_.earlier());
    else if (change.lifecycle == Lifecycle::kDelete)
      add_notice(deletions, change, api_.earlier());
  }
  if (!deletions.empty() && log_ != nullptr)
    log_->info("getty.unknown_assets_deleted",
               {{"account", account_}, {"change_set", set.id}, {"count", std::to_string(deletions.size())}});
  Page page;
  for (auto& [id, notice] : notices) page.notices.push_back(std::move(notice));
  for (auto& [id, notice] : deletions) page.unknown_deletions.push_back(std::move(notice));
  page.rejected = std::move(set.rejected);
  page.receipt = std::move(set.id);
  page.next = to_text(cursor);
  return page;
}

Page ChangeSets::finish(ChangeCursor cursor) {
  confirmed_.clear();
  const UtcTime now = api_.earlier();
  Page page;
  if (!cursor.channels.empty() && cursor.drained_at && *cursor.drained_at < now)
    page.observed.push_back({.from = *cursor.drained_at, .to = now});
  cursor.drained_at = now;
  cursor.channel.clear();
  page.next = to_text(cursor);
  page.last = true;
  return page;
}

Page ChangeSets::everything_changed(ChangeCursor cursor, const KnownAssets* known, const std::string& why) {
  if (log_ != nullptr) log_->warning("getty.changes_may_be_lost", {{"account", account_}, {"reason", why}});
  Page page;
  const UtcTime now = api_.earlier();
  if (known != nullptr)
    for (const auto& id : known->ids()) page.notices.push_back({.asset_id = id, .deleted = false, .time = now});
  cursor.channels = ids_of(*channels_);
  cursor.drained_at = now;
  page.next = to_text(cursor);
  return page;
}

Result<Page> ChangeSets::poll(const PollRequest& request, std::stop_token stop) {
  auto cursor = change_cursor_from_text(request.cursor);
  if (!cursor) return cursor.error();
  if (cursor->channel.empty() || !channels_) {
    auto channels = load_channels(*cursor, stop);
    if (!channels) return channels.error();
    channels_ = std::move(*channels);
    const auto present = ids_of(*channels_);
    for (const auto& id : cursor->channels)
      if (std::find(present.begin(), present.end(), id) == present.end())
        return everything_changed(*cursor, request.known, fmt::format("channel {} is gone", id));
    if (!present.empty() && cursor->drained_at && api_.earlier() - *cursor->drained_at > kChangesKept)
      return everything_changed(*cursor, request.known, "the channels were not read for too long");
    cursor->channels = present;
  }
  return read_from(std::move(*cursor), request, stop);
}

Result<Page> ChangeSets::read_from(ChangeCursor cursor, const PollRequest& request, std::stop_token stop) {
  for (const auto& channel : *channels_) {
    if (!cursor.channel.empty() && channel.id < cursor.channel) continue;
    cursor.channel = channel.id;
    auto set = next_set(channel.id, stop);
    if (!set && set.error().code == ErrorCode::kNotFound) {
      gone_[channel.id] = api_.now();
      std::erase_if(*channels_, [&](const Channel& other) { return other.id == cursor.channel; });
      return everything_changed(cursor, request.known, fmt::format("channel {} is gone", cursor.channel));
    }
    if (!set) return set.error();
    if (!*set) continue;
    if (const auto known = confirmed_.find((*set)->id);
        known != confirmed_.end() && known->second >= kMostConfirmations) {
      confirmed_.clear();
      return make_error(ErrorCode::kProtocol,
                        fmt::format("asset-changes: change set {} comes again although it was confirmed", (*set)->id));
    }
    return page_of(std::move(**set), cursor, request.known);
  }
  return finish(std::move(cursor));
}

Status ChangeSets::confirm(const std::string& change_set_id, std::stop_token stop) {
  if (change_set_id.find_first_not_of("0123456789") != std::string::npos || change_set_id.empty())
    return make_error(ErrorCode::kInternal, "a receipt that is no change set id");
  const auto answer = api_.call(Method::kDelete, std::string(kChangeSets) + "/" + change_set_id, {}, stop);
  if (!answer) return answer.error();
  const bool done = (answer->status >= 200 && answer->status < 300) || answer->status == 404;
  if (!done) return refusal_error(*answer, "DELETE /v3/asset-changes/change-sets", api_.now());
  ++confirmed_[change_set_id];
  return {};
}

}  // namespace damsync::getty
