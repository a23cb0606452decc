#include <algorithm>

#include "tests/simulators/getty_sim.h"

namespace damsync {
namespace {

using Shape = GettySwitches::Shape;

constexpr std::chrono::days kKept{60};
constexpr long kMostChanges = 500;

/// The names of a member in the three published forms.
std::string_view pick(Shape shape, std::string_view snake, std::string_view pascal, std::string_view camel) {
  return shape == Shape::kSnake ? snake : shape == Shape::kPascal ? pascal : camel;
}

Json change_json(const GettySimChange& change, Shape shape) {
  Json out;
  out.set(pick(shape, "id", "Id", "id"), change.id);
  out.set(pick(shape, "asset_changed_utc_datetime", "AssetChangedUtcDateTime", "assetChangedUtcDatetime"),
          format_rfc3339(change.time));
  out.set(pick(shape, "asset_lifecycle", "AssetLifecycle", "assetLifecycle"), change.lifecycle);
  const Json type = change.lifecycle == "Delete" ? Json() : Json("Image");
  out.set(pick(shape, "asset_type", "AssetType", "assetType"), type);
  return out;
}

Json change_set_json(const GettySimChannel& channel, Shape shape) {
  Json assets = Json::array();
  for (const auto& change : channel.open) assets.push(change_json(change, shape));
  Json out;
  out.set(pick(shape, "change_set_id", "ChangeSetId", "changeSetId"), std::to_string(*channel.open_set));
  out.set(pick(shape, "changed_assets", "ChangedAssets", "changedAssetList"), std::move(assets));
  return out;
}

}  // namespace

SimResponse GettySim::list_channels(const SimRequest& request) const {
  if (auto bad = check_params(request, {})) return *bad;
  if (state_.channels.empty()) return refuse(404, "ChannelsNotFound", "No channels were found");
  const Shape shape = state_.switches.shape;
  Json list = Json::array();
  for (const auto& channel : state_.channels) {
    Json item;
    item.set(pick(shape, "channel_id", "ChannelId", "channelId"), channel.id);
    item.set(pick(shape, "asset_type", "AssetType", "assetType"), channel.asset_type);
    item.set(pick(shape, "notification_count", "NotificationCount", "notificationCount"),
             static_cast<std::int64_t>(channel.queue.size() + channel.open.size()));
    list.push(std::move(item));
  }
  return getty_json(shape == Shape::kSnake ? Json::object({{"channels", std::move(list)}}) : list);
}

SimResponse GettySim::next_change_set(const SimRequest& request) {
  if (auto bad = check_params(request, {{"channel_id", getty_rule::number}, {"batch_size", getty_rule::number}}))
    return *bad;
  const std::string wanted = request.param("channel_id").value_or("");
  if (wanted.empty()) return refuse(400, "InvalidChannelIdException", "The channel id is missing");
  const long most = std::stol(request.param("batch_size").value_or("10"));
  if (most < 1 || most > kMostChanges) return refuse(400, "InvalidRequest", "batch_size must be from 1 to 500");
  const auto channel = std::find_if(state_.channels.begin(), state_.channels.end(),
                                    [&](const auto& one) { return std::to_string(one.id) == wanted; });
  if (channel == state_.channels.end()) return refuse(404, "ChannelNotFound", "The channel does not exist");
  if (channel->open_set) return getty_json(change_set_json(*channel, state_.switches.shape));
  std::erase_if(channel->queue, [&](const auto& change) { return change.time < now_locked() - kKept; });
  if (channel->queue.empty()) return {};
  while (!channel->queue.empty() && channel->open.size() < static_cast<std::size_t>(most)) {
    channel->open.push_back(channel->queue.front());
    channel->queue.pop_front();
  }
  channel->open_set = ++state_.last_change_set;
  return getty_json(change_set_json(*channel, state_.switches.shape), state_.switches.created_is_201 ? 201 : 200);
}

SimResponse GettySim::confirm_change_set(const std::string& id) {
  for (auto& channel : state_.channels) {
    if (!channel.open_set || std::to_string(*channel.open_set) != id) continue;
    channel.open_set.reset();
    channel.open.clear();
    return {};
  }
  return refuse(404, "TransactionNotFound", "Transaction was not found");
}

}  // namespace damsync
