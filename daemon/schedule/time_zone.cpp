#include "daemon/schedule/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "storage/base/text.h"

namespace damsync {
namespace {

const date::time_zone* locate(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

/// `TZ` may hold more than a name (`:Europe/Berlin`, rules of its own); what is no name leaves it to /etc/localtime.
const date::time_zone& system_zone() {
  const char* variable = std::getenv("TZ");
  const std::string name = variable == nullptr ? "" : variable[0] == ':' ? variable + 1 : variable;
  if (const auto* zone = name.empty() ? nullptr : locate(name)) return *zone;
  try {
    return *date::current_zone();
  } catch (const std::runtime_error&) {
    return *date::locate_zone("Etc/UTC");
  }
}

}  // namespace

Result<TimeZone> TimeZone::find(const std::string& name) {
  try {
    if (name.empty()) return TimeZone(system_zone());
    if (const auto* zone = locate(name)) return TimeZone(*zone);
  } catch (const std::runtime_error& error) {
    return make_error(ErrorCode::kSettings, fmt::format("the time zone database cannot be read: {}", error.what()));
  }
  return make_error(ErrorCode::kSettings,
                    fmt::format("'{}' is no time zone; expected a name such as Europe/Berlin", printable(name)));
}

const std::string& TimeZone::name() const noexcept {
  static const std::string kUtc = "Etc/UTC";
  return zone_ == nullptr ? kUtc : zone_->name();
}

LocalMoment TimeZone::local(UtcTime time) const {
  const auto wall = zone_ == nullptr ? time.time_since_epoch() : zone_->to_local(time).time_since_epoch();
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  return {Day(day), std::chrono::floor<std::chrono::minutes>(wall - day)};
}

UtcTime TimeZone::at(Day day, std::chrono::minutes time) const {
  if (zone_ == nullptr) return UtcTime(day.time_since_epoch() + time);
  const date::local_seconds wall(day.time_since_epoch() + time);
  const date::local_info info = zone_->get_info(wall);
  if (info.result == date::local_info::nonexistent) return UtcTime(info.first.end.time_since_epoch());
  return UtcTime(wall.time_since_epoch() - info.first.offset);
}

}  // namespace damsync
