#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace damsync {

/// A JSON value that keeps numbers as their text, so that no id or price is ever rounded.
///
/// Objects keep the order of their members; `set` replaces, `find` looks up. Parsing lives in
/// `sync/http/json_reader.h` (text from outside is read there and nowhere else).
class Json {
 public:
  struct Number {
    std::string text;  ///< exactly as written, valid per RFC 8259
    bool operator==(const Number&) const = default;
  };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;  ///< null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(std::int64_t value) : value_(Number{std::to_string(value)}) {}
  Json(std::uint64_t value) : value_(Number{std::to_string(value)}) {}
  Json(int value) : value_(Number{std::to_string(value)}) {}
  Json(double value);
  Json(Number value) : value_(std::move(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}
  /// Null when there is no value: absent is not false, not zero and not empty.
  template <class T>
  Json(const std::optional<T>& value) {
    if (value) *this = Json(*value);
  }

  static Json object() { return Json(Object{}); }
  static Json object(std::initializer_list<Member> members) { return Json(Object(members)); }
  static Json array() { return Json(Array{}); }

  [[nodiscard]] bool is_null() const noexcept { return value_.index() == 0; }
  [[nodiscard]] bool is_bool() const noexcept { return std::holds_alternative<bool>(value_); }
  [[nodiscard]] bool is_number() const noexcept { return std::holds_alternative<Number>(value_); }
  [[nodiscard]] bool is_string() const noexcept { return std::holds_alternative<std::string>(value_); }
  [[nodiscard]] bool is_array() const noexcept { return std::holds_alternative<Array>(value_); }
  [[nodiscard]] bool is_object() const noexcept { return std::holds_alternative<Object>(value_); }

  /// Typed views; null when the value is of another type.
  [[nodiscard]] const bool* if_bool() const noexcept { return std::get_if<bool>(&value_); }
  [[nodiscard]] const Number* if_number() const noexcept { return std::get_if<Number>(&value_); }
  [[nodiscard]] const std::string* if_string() const noexcept { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* if_array() const noexcept { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* if_object() const noexcept { return std::get_if<Object>(&value_); }
  Array* if_array() noexcept { return std::get_if<Array>(&value_); }
  Object* if_object() noexcept { return std::get_if<Object>(&value_); }

  /// The integer value; nothing when the number is not an integer literal that fits 64 bits.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const;
  [[nodiscard]] std::optional<double> as_double() const;

  /// The member of that name, or null when absent or when this is no object.
  [[nodiscard]] const Json* find(std::string_view key) const noexcept;

  /// Sets a member of an object (null becomes an object), replacing one of the same name.
  Json& set(std::string_view key, Json value);
  /// Adds an element to an array (null becomes an array).
  Json& push(Json value);

  bool operator==(const Json&) const = default;

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> value_;
};

/// How to write JSON text.
enum class JsonStyle {
  kCompact,    ///< one line, members in their order
  kCanonical,  ///< one line, members sorted by byte value of their keys: equal values, equal bytes
  kPretty,     ///< canonical order, two-blank indent, newline at the end: for files people read
};

/// Serializes UTF-8 text; control characters are escaped, everything else is written as it is.
std::string write_json(const Json& value, JsonStyle style = JsonStyle::kCompact);

/// Appends `text` as a JSON string literal with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace damsync
