#include "storage/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "storage/base/text.h"

namespace damsync {
namespace {

class Writer {
 public:
  Writer(std::string& out, JsonStyle style) : out_(out), style_(style) {}

  void write(const Json& value, int depth) {
    if (value.is_null()) out_ += "null";
    if (const auto* b = value.if_bool()) out_ += *b ? "true" : "false";
    if (const auto* n = value.if_number()) out_ += n->text;
    if (const auto* s = value.if_string()) append_json_string(out_, *s);
    if (const auto* a = value.if_array()) write_array(*a, depth);
    if (const auto* o = value.if_object()) write_object(*o, depth);
  }

 private:
  void write_array(const Json::Array& items, int depth) {
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i != 0) out_ += ',';
      line_break(depth + 1);
      write(items[i], depth + 1);
    }
    if (!items.empty()) line_break(depth);
    out_ += ']';
  }

  void write_object(const Json::Object& members, int depth) {
    std::vector<const Json::Member*> order;
    order.reserve(members.size());
    for (const auto& member : members) order.push_back(&member);
    if (style_ != JsonStyle::kCompact)
      std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    out_ += '{';
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i != 0) out_ += ',';
      line_break(depth + 1);
      append_json_string(out_, order[i]->first);
      out_ += style_ == JsonStyle::kPretty ? ": " : ":";
      write(order[i]->second, depth + 1);
    }
    if (!order.empty()) line_break(depth);
    out_ += '}';
  }

  void line_break(int depth) {
    if (style_ != JsonStyle::kPretty) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  std::string& out_;
  JsonStyle style_;
};

}  // namespace

Json::Json(double value) {
  if (std::isfinite(value)) value_ = Number{fmt::format("{}", value)};
}

std::optional<std::int64_t> Json::as_int64() const {
  const auto* number = if_number();
  if (number == nullptr) return std::nullopt;
  std::int64_t out = 0;
  const auto* end = number->text.data() + number->text.size();
  const auto [ptr, ec] = std::from_chars(number->text.data(), end, out);
  if (ec != std::errc{} || ptr != end) return std::nullopt;
  return out;
}

std::optional<double> Json::as_double() const {
  const auto* number = if_number();
  if (number == nullptr) return std::nullopt;
  double out = 0;
  const auto* end = number->text.data() + number->text.size();
  const auto [ptr, ec] = std::from_chars(number->text.data(), end, out);
  if (ec != std::errc{} || ptr != end || !std::isfinite(out)) return std::nullopt;
  return out;
}

const Json* Json::find(std::string_view key) const noexcept {
  const auto* members = if_object();
  if (members == nullptr) return nullptr;
  for (const auto& [name, value] : *members)
    if (name == key) return &value;
  return nullptr;
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object{};
  auto& members = std::get<Object>(value_);
  for (auto& [name, old] : members)
    if (name == key) {
      old = std::move(value);
      return *this;
    }
  members.emplace_back(std::string(key), std::move(value));
  return *this;
}

Json& Json::push(Json value) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
  return *this;
}

std::string write_json(const Json& value, JsonStyle style) {
  std::string out;
  Writer(out, style).write(value, 0);
  if (style == JsonStyle::kPretty) out += '\n';
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  if (!is_utf8(text)) return append_json_string(out, printable(text));  // JSON cannot say it otherwise
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  out += '"';
}

}  // namespace damsync
