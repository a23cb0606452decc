#include "sync/http/json_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <unordered_set>

namespace damsync {

namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at;
}

/// RFC 8259 §6.
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = at;
  at = skip_digits(text, at);
  if (at == whole || (text[whole] == '0' && at - whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    at = skip_digits(text, at);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

/// The code unit that a `\\uXXXX` escape at that place stands for; nothing when there is none.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\\u" || text.size() < at + 6) return std::nullopt;
  unsigned unit = 0;
  const char* end = text.data() + at + 6;
  const auto [stop, error] = std::from_chars(text.data() + at + 2, end, unit, 16);
  return error == std::errc() && stop == end ? std::optional(unit) : std::nullopt;
}

/// Half a character, which no UTF-8 text can hold, becomes U+FFFD: one odd text must not cost the whole answer.
std::string with_whole_characters(std::string_view text) {
  std::string out;
  std::size_t kept = 0;
  for (auto at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at)) {
    const auto unit = escaped_unit(text, at);
    if (!unit || *unit < 0xD800 || *unit > 0xDFFF) {
      at = std::min(at + 2, text.size());
      continue;
    }
    const auto next = *unit < 0xDC00 ? escaped_unit(text, at + 6) : std::nullopt;
    if (next && *next >= 0xDC00 && *next <= 0xDFFF) {
      at += 12;
      continue;
    }
    out.append(text.substr(kept, at - kept)).append("\\ufffd");
    at += 6;
    kept = at;
  }
  return out.append(text.substr(kept));
}

/// Builds our tree from simdjson's tokens. Refusals travel as an exception inside this file only.
class Reader {
 public:
  struct Refused {
    std::string why;
  };

  Reader(std::string_view text, const JsonLimits& limits) : padded_(with_whole_characters(text)), limits_(limits) {}

  Json read() {
    check(parser_.iterate(padded_).get(document_));
    started_ = true;
    od::value root;
    check(document_.get_value().get(root));
    Json out = read_value(root, 1);
    const char* rest = nullptr;
    if (document_.current_location().get(rest) == simdjson::SUCCESS) throw Refused{"text after the document"};
    return out;
  }

  /// Where simdjson stood; the end of the text when it cannot tell.
  std::size_t position() {
    const char* at = nullptr;
    if (!started_ || document_.current_location().get(at) != simdjson::SUCCESS) return padded_.size();
    return static_cast<std::size_t>(at - padded_.data());
  }

 private:
  static void check(simdjson::error_code code) {
    if (code != simdjson::SUCCESS) throw Refused{describe(code)};
  }

  static const char* describe(simdjson::error_code code) {
    switch (code) {
      case simdjson::EMPTY: return "no content";
      case simdjson::UTF8_ERROR: return "text that is not UTF-8";
      case simdjson::UNESCAPED_CHARS: return "an unescaped control character";
      case simdjson::UNCLOSED_STRING: return "a string without an end";
      case simdjson::STRING_ERROR: return "an impossible escape sequence";
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return "an array or object without an end";
      default: return "a syntax error";
    }
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by max_depth
  Json read_value(od::value value, int depth) {
    od::json_type type{};
    check(value.type().get(type));
    switch (type) {
      case od::json_type::array: return read_array(value, depth);
      case od::json_type::object: return read_object(value, depth);
      case od::json_type::string: {
        std::string_view text;
        check(value.get_string().get(text));
        return Json(text);
      }
      default: return read_literal(value);
    }
  }

  /// By the token's text alone: simdjson would refuse numbers that do not fit its types. It passes over what was not
  /// taken when it moves to the next value.
  static Json read_literal(od::value value) {
    const std::string_view token = trimmed(value.raw_json_token());
    if (token == "null") return {};
    if (token == "true" || token == "false") return Json(token == "true");
    if (!is_number(token)) throw Refused{"a literal that is neither a number, true, false nor null"};
    return Json(Json::Number{std::string(token)});
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  Json read_array(od::value& value, int depth) {
    descend(depth);
    od::array items;
    check(value.get_array().get(items));
    Json::Array out;
    for (auto item : items) {
      od::value element;
      check(item.get(element));
      if (++elements_ > limits_.max_elements) throw Refused{"too many array elements"};
      out.push_back(read_value(element, depth + 1));
    }
    return Json(std::move(out));
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  Json read_object(od::value& value, int depth) {
    descend(depth);
    od::object members;
    check(value.get_object().get(members));
    Json::Object out;
    std::unordered_set<std::string_view> seen;
    for (auto member : members) {
      od::field field;
      check(std::move(member).get(field));
      std::string_view key;
      check(field.unescaped_key().get(key));
      if (!seen.insert(key).second) throw Refused{"a duplicate key"};
      if (++members_ > limits_.max_members) throw Refused{"too many object members"};
      std::string name(key);
      out.emplace_back(std::move(name), read_value(field.value(), depth + 1));
    }
    return Json(std::move(out));
  }

  void descend(int depth) const {
    if (depth > limits_.max_depth) throw Refused{fmt::format("more than {} levels", limits_.max_depth)};
  }

  simdjson::padded_string padded_;
  const JsonLimits& limits_;
  od::parser parser_;
  od::document document_;
  bool started_ = false;
  std::size_t members_ = 0;
  std::size_t elements_ = 0;
};

Error unreadable(std::string_view why, std::size_t at) {
  return retryable(ErrorCode::kProtocol, fmt::format("unreadable JSON: {} near byte {}", why, at));
}

Result<Json> parse_document(std::string_view text, const JsonLimits& limits) {
  Reader reader(text, limits);
  try {
    return reader.read();
  } catch (const Reader::Refused& refused) {
    return unreadable(refused.why, reader.position());
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.max_bytes) return unreadable("document too large", limits.max_bytes);
  if (text.starts_with("\xEF\xBB\xBF")) return unreadable("a byte-order mark", 0);
  const std::string_view body = trimmed(text);
  if (body.empty()) return unreadable("no content", 0);
  if (body.front() == '{' || body.front() == '[') return parse_document(text, limits);

  // simdjson knows scalars as documents only through another interface; as the one element of an array they are read
  // by the same rules.
  auto wrapped = parse_document(fmt::format("[{}]", body), limits);
  if (!wrapped) return wrapped;
  auto* items = wrapped->if_array();
  if (items->size() != 1) return unreadable("text after the document", 0);
  return std::move(items->front());
}

}  // namespace damsync
