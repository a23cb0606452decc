#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync::shutterstock {

/// Reads the members of one JSON object by name and type. Missing and null are an absent value; a wrong type or a
/// missing required member makes the whole item unusable. The first misfit sticks and names its field.
class FieldReader {
 public:
  /// `where` prefixes the field names in reasons: `image.` for a nested object.
  explicit FieldReader(const Json& object, std::string where = {});

  /// Required members; after a misfit they return an empty value.
  std::string text(std::string_view key);
  std::string id(std::string_view key);  ///< a string, or an integer below 2^63 printed exactly
  UtcTime time(std::string_view key);    ///< RFC 3339 with a zone

  std::optional<std::string> maybe_text(std::string_view key);
  std::optional<std::string> maybe_id(std::string_view key);
  std::optional<bool> maybe_flag(std::string_view key);
  std::optional<std::int64_t> maybe_count(std::string_view key);  ///< an integer from 0
  std::optional<UtcTime> maybe_time(std::string_view key);
  /// A number from 0, or such a number as text; kept as written.
  std::optional<Json> maybe_amount(std::string_view key);
  /// A member that must be an object or an array; null when absent.
  const Json* maybe_object(std::string_view key);
  const Json::Array* maybe_array(std::string_view key);
  std::vector<std::string> texts(std::string_view key);  ///< an array of strings
  std::vector<std::string> ids(std::string_view key);    ///< an array of `{"id": …}`

  /// Takes over the misfit of a nested reader.
  void absorb(const FieldReader& nested);
  void reject(std::string_view key, std::string_view why);

  [[nodiscard]] bool ok() const noexcept { return reason_.empty(); }
  /// For a person: which field, what is wrong. Empty while everything fits.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  const Json* present(std::string_view key) const;
  const Json* required(std::string_view key);
  std::string checked_text(std::string_view key, const std::string& text);

  const Json& object_;
  std::string where_;
  std::string reason_;
};

/// The id a JSON value holds: a non-empty string, or a positive integer literal below 2^63. Nothing otherwise.
std::optional<std::string> id_text(const Json& value);

/// `missing`, `null`, `a string`, …: what is there instead of what was expected.
std::string describe_value(const Json* value);

}  // namespace damsync::shutterstock
