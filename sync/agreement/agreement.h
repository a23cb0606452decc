#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/base/time.h"

namespace damsync {

/// Dates and terms that no API gives, for the licenses that match every given member (`[[agreement]]`).
struct Agreement {
  std::string account, license_type, agreement, subscription_id;  ///< empty: matches any
  std::string licensee, licensee_id;
  std::optional<std::chrono::sys_days> start, end;  ///< first and last day, of what is licensed and of its use
  std::string terms_url;
  std::string region_limit, media_limit;  ///< where, and in which media, the images may be used
  std::filesystem::path terms_file;
  std::string terms_sha256;  ///< of that file, where it was read; hex
};

/// The day a calendar on the wall shows. Empty: days of UTC.
using LocalDay = std::function<std::chrono::sys_days(UtcTime)>;
inline std::chrono::sys_days local_day(const LocalDay& day_of, UtcTime time) {
  return day_of ? day_of(time) : std::chrono::floor<std::chrono::days>(time);
}

/// What of a license decides which agreement it stands under. Values are compared as they are written.
struct AgreementKey {
  std::string_view account, license_type, agreement, subscription_id;
  std::optional<UtcTime> licensed_at;  ///< nothing: not known, and any day will do
};

struct AgreementAnswer {
  const Agreement* agreement = nullptr;  ///< null: none
  bool other_days = false;               ///< none, but some match it and cover other days
};

/// The one rule by which reports and sidecars find the agreement of a license: of those that match it and cover the day
/// it was taken on, the one that began last; of those that began on the same day the first. Pure.
AgreementAnswer find_agreement(std::span<const Agreement> agreements, const AgreementKey& license,
                               const LocalDay& day_of);

}  // namespace damsync
