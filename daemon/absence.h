#pragma once

#include <optional>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/result.h"

namespace damsync {

/// A provider asked an account to make no calls before a time. Kept in the catalog, so that a restart honours it.
struct Absence {
  UtcTime until{};
  std::string reason;  ///< one line for a person
  bool operator==(const Absence&) const = default;
};

/// The setting of the catalog that keeps an account's absence; an empty text is none.
std::string absence_key(const std::string& account);
std::string to_text(const Absence& absence);

/// What `to_text` wrote, while it holds: nothing when the time has come, or is so far off that a clock was wrong.
std::optional<Absence> absence_from(const std::string& text, UtcTime now);

/// What the account's cycle came to when nobody was asked.
Error to_error(const Absence& absence, UtcTime now);

}  // namespace damsync
