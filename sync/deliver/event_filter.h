#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace damsync {

/// Which events a receiver wants; empty members want all.
struct EventFilter {
  std::vector<std::string> events = {"*"};  ///< short forms (`asset.stored`), families (`asset.*`) or `*`
  std::vector<std::string> accounts;
  std::vector<std::string> license_types;  ///< the provider's words
  std::optional<bool> editorial;           ///< only editorial assets, or only those that are not
};

/// What the catalog knows of the asset and the licenses an event speaks of, as far as a filter asks.
struct EventSubject {
  std::optional<bool> editorial = {};
  bool editorial_changed = false;               ///< by the event: it was known, and other, before
  std::vector<std::string> license_types = {};  ///< of the event's license; without one, of all held ones of the asset
};

/// One event, as far as a filter asks.
struct EventFacts {
  std::string_view type;  ///< short form
  std::string_view account;
  std::string_view asset_id;
  const std::vector<std::string>& fields;
};

/// Whether a receiver may want an event, as far as type and account tell. Events about no account pass every account.
[[nodiscard]] bool may_want(const EventFilter& filter, const EventFacts& event);

/// Whether a receiver wants an event. Events about no asset pass the filters that speak of assets. An asset of which it
/// is not known (yet) whether it is editorial passes: nobody misses what is told before it was described. A change of
/// the very field that a filter asks for always passes, so that a receiver hears of an asset that leaves its view.
[[nodiscard]] bool wants(const EventFilter& filter, const EventFacts& event, const EventSubject& subject);

}  // namespace damsync
