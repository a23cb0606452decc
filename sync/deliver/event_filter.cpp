#include "sync/deliver/event_filter.h"

#include <algorithm>

namespace damsync {
namespace {

bool holds(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool matches(std::string_view pattern, std::string_view type) {
  if (pattern == "*") return true;
  if (!pattern.ends_with(".*")) return pattern == type;
  return type.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool wants_editorial(const EventFilter& filter, const EventSubject& subject) {
  return !filter.editorial || subject.editorial.value_or(*filter.editorial) == *filter.editorial ||
         subject.editorial_changed;
}

bool wants_license(const EventFilter& filter, const EventFacts& event, const EventSubject& subject) {
  return filter.license_types.empty() || holds(event.fields, "license_type") ||
         std::any_of(subject.license_types.begin(), subject.license_types.end(),
                     [&](const std::string& type) { return holds(filter.license_types, type); });
}

}  // namespace

bool may_want(const EventFilter& filter, const EventFacts& event) {
  const bool type = std::any_of(filter.events.begin(), filter.events.end(),
                                [&](const std::string& pattern) { return matches(pattern, event.type); });
  return type && (filter.accounts.empty() || event.account.empty() || holds(filter.accounts, event.account));
}

bool wants(const EventFilter& filter, const EventFacts& event, const EventSubject& subject) {
  if (!may_want(filter, event)) return false;
  if (event.asset_id.empty()) return true;
  return wants_editorial(filter, subject) && wants_license(filter, event, subject);
}

}  // namespace damsync
