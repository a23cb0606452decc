#include "sync/providers/shutterstock/field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace damsync::shutterstock {
namespace {

bool is_decimal(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return text.size() <= 32 && digits(whole) && (point == std::string_view::npos || digits(text.substr(point + 1)));
}

}  // namespace

std::optional<std::string> id_text(const Json& value) {
  if (const auto* text = value.if_string()) return text->empty() ? std::nullopt : std::optional(*text);
  const auto number = value.as_int64();  // refuses fractions, exponents and what 64 bits cannot hold
  if (!number || *number <= 0) return std::nullopt;
  return std::to_string(*number);
}

std::string describe_value(const Json* value) {
  if (value == nullptr) return "missing";
  if (value->is_null()) return "null";
  if (value->is_bool()) return "a boolean";
  if (value->is_number()) return "a number";
  if (value->is_string()) return "a string";
  return value->is_array() ? "an array" : "an object";
}

FieldReader::FieldReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) reason_ = fmt::format("{}is {}, not an object", where_, describe_value(&object));
}

void FieldReader::reject(std::string_view key, std::string_view why) {
  if (reason_.empty()) reason_ = fmt::format("{}{}: {}", where_, key, why);
}

void FieldReader::absorb(const FieldReader& nested) {
  if (reason_.empty()) reason_ = nested.reason_;
}

const Json* FieldReader::present(std::string_view key) const {
  const Json* value = object_.find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const Json* FieldReader::required(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr) reject(key, fmt::format("is {}, but required", describe_value(object_.find(key))));
  return value;
}

std::string FieldReader::checked_text(std::string_view key, const std::string& text) {
  if (text.find('\0') == std::string::npos) return text;
  reject(key, "holds a NUL character");
  return {};
}

std::string FieldReader::text(std::string_view key) {
  if (required(key) == nullptr) return {};
  return maybe_text(key).value_or("");
}

std::string FieldReader::id(std::string_view key) {
  if (required(key) == nullptr) return {};
  return maybe_id(key).value_or("");
}

UtcTime FieldReader::time(std::string_view key) {
  if (required(key) == nullptr) return {};
  return maybe_time(key).value_or(UtcTime{});
}

std::optional<std::string> FieldReader::maybe_text(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->if_string()) return checked_text(key, *text);
  reject(key, fmt::format("is {}, not a string", describe_value(value)));
  return std::nullopt;
}

std::optional<std::string> FieldReader::maybe_id(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr) return std::nullopt;
  auto id = id_text(*value);
  if (!id) reject(key, fmt::format("is {} that is no id", describe_value(value)));
  return id;
}

std::optional<bool> FieldReader::maybe_flag(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* flag = value->if_bool()) return *flag;
  reject(key, fmt::format("is {}, not a boolean", describe_value(value)));
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::maybe_count(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr) return std::nullopt;
  const auto number = value->as_int64();
  if (number && *number >= 0) return number;
  reject(key, fmt::format("is {} that is no count", describe_value(value)));
  return std::nullopt;
}

std::optional<UtcTime> FieldReader::maybe_time(std::string_view key) {
  const auto text = maybe_text(key);
  if (!text) return std::nullopt;
  const auto time = parse_rfc3339(*text);
  if (time) return *time;
  reject(key, "is no date-time with a zone");
  return std::nullopt;
}

std::optional<Json> FieldReader::maybe_amount(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr) return std::nullopt;
  const auto number = value->as_double();
  if (number && *number >= 0) return *value;
  if (const auto* text = value->if_string(); text != nullptr && is_decimal(*text)) return *value;
  reject(key, fmt::format("is {} that is no amount", describe_value(value)));
  return std::nullopt;
}

const Json* FieldReader::maybe_object(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr || value->is_object()) return value;
  reject(key, fmt::format("is {}, not an object", describe_value(value)));
  return nullptr;
}

const Json::Array* FieldReader::maybe_array(std::string_view key) {
  const Json* value = present(key);
  if (value == nullptr) return nullptr;
  if (const auto* items = value->if_array()) return items;
  reject(key, fmt::format("is {}, not an array", describe_value(value)));
  return nullptr;
}

std::vector<std::string> FieldReader::texts(std::string_view key) {
  std::vector<std::string> out;
  const auto* items = maybe_array(key);
  if (items == nullptr) return out;
  for (const Json& item : *items) {
    const auto* text = item.if_string();
    if (text == nullptr)
      reject(key, fmt::format("holds {} among its strings", describe_value(&item)));
    else
      out.push_back(checked_text(key, *text));
  }
  return out;
}

std::vector<std::string> FieldReader::ids(std::string_view key) {
  std::vector<std::string> out;
  const auto* items = maybe_array(key);
  if (items == nullptr) return out;
  for (const Json& item : *items) {
    FieldReader nested(item, fmt::format("{}{}[].", where_, key));
    out.push_back(nested.id("id"));
    absorb(nested);
  }
  return out;
}

}  // namespace damsync::shutterstock
