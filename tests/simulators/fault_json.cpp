#include <cstdint>

#include "tests/simulators/fault_script.h"

namespace damsync {
namespace {

/// Typed reading of the members of one fault; remembers the first mistake.
class FaultReader {
 public:
  explicit FaultReader(const Json& json) : json_(json) {}

  std::int64_t number(std::string_view key, std::int64_t fallback) {
    const Json* member = json_.find(key);
    if (member == nullptr) return fallback;
    const auto value = member->as_int64();
    if (!value) mistake_ = std::string(key) + " must be a whole number";
    return value.value_or(fallback);
  }

  std::string text(std::string_view key, std::string fallback) {
    const Json* member = json_.find(key);
    if (member == nullptr) return fallback;
    if (const auto* value = member->if_string()) return *value;
    mistake_ = std::string(key) + " must be text";
    return fallback;
  }

  [[nodiscard]] bool has(std::string_view key) const { return json_.find(key) != nullptr; }
  [[nodiscard]] const std::string& mistake() const noexcept { return mistake_; }

 private:
  const Json& json_;
  std::string mistake_;
};

std::optional<FaultAction> parse_action(const std::string& name, FaultReader& in) {
  const auto bytes = static_cast<std::size_t>(in.number("bytes", 1));
  if (name == "status") {
    return fault::status(static_cast<int>(in.number("status", 500)), in.text("body", R"({"message":"Internal error"})"),
                         in.text("content_type", "application/json; charset=utf8"));
  }
  if (name == "throttled") {
    return fault::throttled(in.has("retry_after") ? std::optional(in.text("retry_after", "")) : std::nullopt);
  }
  if (name == "unauthorized") return fault::unauthorized();
  if (name == "html_page") return fault::html_page();
  if (name == "errors_at_200") return fault::errors_at_200();
  if (name == "content") return fault::content(in.text("body", ""), in.text("content_type", "image/jpeg"));
  if (name == "html_as_jpeg") return fault::html_as_jpeg();
  if (name == "other_image") return fault::other_image();
  if (name == "truncated_jpeg") return fault::truncated_jpeg();
  if (name == "empty_body") return fault::empty_body();
  if (name == "cut_body") return fault::cut_body(bytes);
  if (name == "reset") return fault::reset();
  if (name == "reset_in_body") return fault::reset_in_body(bytes);
  if (name == "lose_reply") return fault::lose_reply();
  if (name == "wrong_length") return fault::wrong_length(in.number("delta", 1));
  if (name == "length_text") return fault::length_text(in.text("text", "abc"));
  if (name == "no_length") return fault::no_length();
  if (name == "drip") return fault::drip(bytes, Millis(in.number("millis", 100)));
  if (name == "delay") return fault::delay(Millis(in.number("millis", 1000)));
  if (name == "raw") return fault::raw(in.text("text", ""));
  if (name == "header") return fault::header(in.text("name", "X-Sandbox"), in.text("value", "1"));
  return std::nullopt;
}

}  // namespace

Result<FaultRule> parse_fault(const Json& json) {
  if (!json.is_object()) return make_error(ErrorCode::kInvalid, "a fault must be an object");
  FaultReader in(json);
  const std::string name = in.text("action", "");
  auto action = parse_action(name, in);
  FaultRule rule{.route = in.text("route", "*"),
                 .first = static_cast<int>(in.number("first", 1)),
                 .times = static_cast<int>(in.number("times", 1)),
                 .action = {}};
  if (!in.mistake().empty()) return make_error(ErrorCode::kInvalid, in.mistake());
  if (!action) return make_error(ErrorCode::kInvalid, "unknown action '" + name + "'");
  if (rule.first < 1 || rule.times < 0) return make_error(ErrorCode::kInvalid, "first starts at 1, times at 0");
  rule.action = std::move(*action);
  return rule;
}

}  // namespace damsync
