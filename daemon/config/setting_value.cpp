#include "daemon/config/setting_value.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/base/time.h"
#include "storage/base/units.h"
#include "sync/http/url.h"

namespace damsync {
namespace {

using Kind = ConfigNode::Kind;

constexpr std::size_t kMaxText = 4096;

Error wrong(const KeySpec& key, const std::string& what) {
  return make_error(ErrorCode::kSettings, what + "; expected " + expected(key));
}

Error wrong_kind(const KeySpec& key, const ConfigNode& node) {
  return wrong(key, std::string(to_word(node.kind)) + " is the wrong type");
}

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> out;
  while (!words.empty()) {
    const auto bar = std::min(words.find('|'), words.size());
    out.push_back(words.substr(0, bar));
    words.remove_prefix(std::min(bar + 1, words.size()));
  }
  return out;
}

Status check_word(const KeySpec& key, const std::string& text) {
  if (text.size() > kMaxText) return wrong(key, "the text is too long");
  if (has_control(text)) return wrong(key, "the text holds control characters");
  const auto words = split(key.words);
  if (words.empty() || std::find(words.begin(), words.end(), text) != words.end()) return {};
  return wrong(key, fmt::format("'{}' is not known", printable(text)));
}

/// The number behind a bound such as `1s`, in the units a `SettingValue` holds.
double bound(KeyType type, std::string_view text) {
  if (type == KeyType::kDuration) return static_cast<double>(parse_duration(text).value().count());
  if (type == KeyType::kSize) return static_cast<double>(parse_size(text).value());
  if (type == KeyType::kShare) return parse_share(text).value();
  return std::stod(std::string(text));
}

Status check_range(const KeySpec& key, double value, const std::string& shown) {
  const bool low = !key.min.empty() && value < bound(key.type, key.min);
  const bool high = !key.max.empty() && value > bound(key.type, key.max);
  if (low || high) return wrong(key, fmt::format("{} is out of range", shown));
  return {};
}

Result<SettingValue> parse_quantity(const KeySpec& key, const ConfigNode& node) {
  if (node.kind != Kind::kText) return wrong_kind(key, node);
  SettingValue value;
  if (key.type == KeyType::kShare) {
    const auto share = parse_share(node.text);
    if (!share) return wrong(key, fmt::format("'{}' is not a share", printable(node.text)));
    value.number = *share;
  } else if (key.type == KeyType::kSize) {
    const auto size = parse_size(node.text);
    if (!size) return wrong(key, fmt::format("'{}' is not a size", printable(node.text)));
    value.number = static_cast<double>(value.integer = *size);
  } else {
    const auto duration = parse_duration(node.text);
    if (!duration) return wrong(key, fmt::format("'{}' is not a duration", printable(node.text)));
    value.number = static_cast<double>(value.integer = duration->count());
  }
  if (auto inside = check_range(key, value.number, node.text); !inside) return inside.error();
  return value;
}

Result<SettingValue> parse_number(const KeySpec& key, const ConfigNode& node) {
  const bool whole = node.kind == Kind::kInteger;
  if (!whole && (key.type == KeyType::kInteger || node.kind != Kind::kNumber)) return wrong_kind(key, node);
  SettingValue value;
  value.integer = node.integer;
  value.number = whole ? static_cast<double>(node.integer) : node.number;
  if (!std::isfinite(value.number)) return wrong(key, "not a finite number");
  if (auto inside = check_range(key, value.number, fmt::format("{}", value.number)); !inside) return inside.error();
  return value;
}

Result<SettingValue> parse_list(const KeySpec& key, const ConfigNode& node) {
  if (node.kind != Kind::kArray) return wrong_kind(key, node);
  const Kind wanted = key.type == KeyType::kTextList ? Kind::kText : Kind::kInteger;
  SettingValue value;
  for (const ConfigNode& item : node.items) {
    if (item.kind != wanted) return wrong(key, std::string(to_word(item.kind)) + " stands in the list");
    if (wanted == Kind::kInteger) {
      if (auto inside = check_range(key, static_cast<double>(item.integer), std::to_string(item.integer)); !inside)
        return inside.error();
      value.integers.push_back(item.integer);
    } else {
      if (auto known = check_word(key, item.text); !known) return known.error();
      value.texts.push_back(item.text);
    }
  }
  if (key.required && node.items.empty()) return wrong(key, "the list is empty");
  return value;
}

bool is_loopback_host(const std::string& host) {
  return host == "localhost" || host == "::1" ||
         (host.rfind("127.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string::npos);
}

Result<SettingValue> parse_url(const KeySpec& key, const ConfigNode& node) {
  if (node.kind != Kind::kText) return wrong_kind(key, node);
  const auto url = Url::parse(node.text);
  if (!url) return wrong(key, "not a usable address: " + url.error().message);
  if (key.type != KeyType::kLink) {
    if (!url->secure() && !is_loopback_host(url->host()))
      return wrong(key, "plain http is refused except to a loopback address");
    const bool may_query = key.type == KeyType::kHookUrl;
    if (node.text.find_first_of(may_query ? "#" : "?#") != std::string::npos)
      return wrong(key, may_query ? "a fragment does not belong here" : "a query or fragment does not belong here");
  }
  SettingValue value;
  value.text = node.text;
  while (key.type == KeyType::kUrl && !value.text.empty() && value.text.back() == '/') value.text.pop_back();
  return value;
}

Result<SettingValue> parse_path(const KeySpec& key, const ConfigNode& node) {
  if (node.kind != Kind::kText) return wrong_kind(key, node);
  if (auto plain = check_word(key, node.text); !plain) return plain.error();
  if (node.text.empty() || node.text.front() != '/')
    return wrong(key, fmt::format("'{}' is a relative path", printable(node.text)));
  SettingValue value;
  value.text = std::filesystem::path(node.text).lexically_normal().string();
  if (value.text.size() > 1 && value.text.back() == '/') value.text.pop_back();
  return value;
}

Result<SettingValue> parse_day(const KeySpec& key, const ConfigNode& node) {
  if (node.kind != Kind::kText && node.kind != Kind::kDate) return wrong_kind(key, node);
  const auto day = parse_date(node.text);
  if (!day) return wrong(key, fmt::format("'{}' is not a date", printable(node.text)));
  SettingValue value;
  value.day = *day;
  return value;
}

Result<SettingValue> parse_time_of_day(const KeySpec& key, const ConfigNode& node) {
  if (node.kind != Kind::kText) return wrong_kind(key, node);
  const std::string& t = node.text;
  const auto digit = [&](std::size_t i) { return t[i] >= '0' && t[i] <= '9'; };
  const bool shape = t.size() == 5 && t[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4);
  const int hour = shape ? (t[0] - '0') * 10 + (t[1] - '0') : 99;
  const int minute = shape ? (t[3] - '0') * 10 + (t[4] - '0') : 99;
  if (hour > 23 || minute > 59) return wrong(key, fmt::format("'{}' is not a time of day", printable(t)));
  SettingValue value;
  value.integer = hour * 60 + minute;
  return value;
}

Result<SettingValue> parse_secret_command(const KeySpec& key, const ConfigNode& node) {
  SettingValue value;
  value.secret.kind = SecretRef::Kind::kCommand;
  for (const ConfigNode& item : node.items) {
    if (item.kind != Kind::kText) return wrong(key, "the command is not a list of texts");
    value.secret.command.push_back(item.text);
  }
  if (value.secret.command.empty() || value.secret.command.front().empty()) return wrong(key, "the command is empty");
  return value;
}

Result<SettingValue> parse_secret(const KeySpec& key, const ConfigNode& node) {
  SettingValue value;
  if (node.kind == Kind::kText) {
    if (node.text.empty()) return wrong(key, "the secret is empty");
    value.secret.kind = SecretRef::Kind::kPlain;
    value.secret.plain = Secret(node.text);
    return value;
  }
  if (node.kind != Kind::kTable) return wrong_kind(key, node);
  if (node.members.size() != 1) return wrong(key, "a secret comes from exactly one place");
  const auto& [source, place] = node.members.front();
  if (source == "command" && place.kind == Kind::kArray) return parse_secret_command(key, place);
  if (place.kind != Kind::kText || place.text.empty() || has_control(place.text))
    return wrong(key, fmt::format("'{}' has no usable value", printable(source)));
  value.secret.name = place.text;
  if (source == "file") {
    value.secret.kind = SecretRef::Kind::kFile;
    if (place.text.front() != '/') return wrong(key, "the path of the file is relative");
  } else if (source == "credential") {
    value.secret.kind = SecretRef::Kind::kCredential;
    if (place.text.find('/') != std::string::npos) return wrong(key, "a credential is a name, not a path");
  } else if (source == "env") {
    value.secret.kind = SecretRef::Kind::kEnv;
  } else {
    return wrong(key, fmt::format("'{}' is no source of secrets", printable(source)));
  }
  return value;
}

Result<SettingValue> parse_match(const KeySpec& key, const ConfigNode& node) {
  if (node.kind != Kind::kTable) return wrong_kind(key, node);
  SettingValue value;
  for (const auto& [name, member] : node.members) {
    if (auto known = check_word(key, name); !known) return known.error();
    if (member.kind != Kind::kText || member.text.empty()) return wrong(key, fmt::format("'{}' is not a text", name));
    value.members.emplace_back(name, member.text);
  }
  if (value.members.empty()) return wrong(key, "it matches everything");
  return value;
}

std::string quoted(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string masked_secret(const ConfigNode& node) {
  if (node.kind != Kind::kTable || node.members.size() != 1) return "\"***\"";
  const auto& [source, place] = node.members.front();
  if (place.kind == Kind::kText) return fmt::format("{{ {} = {} }}", source, quoted(place.text));
  if (place.items.empty()) return "\"***\"";
  // Arguments of a program may be secrets themselves.
  return fmt::format("{{ {} = [{}{}] }}", source, quoted(place.items.front().text),
                     place.items.size() > 1 ? ", \"***\"" : "");
}

std::string without_query(const std::string& url) {
  const auto query = url.find('?');
  return query == std::string::npos ? url : url.substr(0, query) + "?***";
}

std::string plain_toml(const ConfigNode& node) {
  switch (node.kind) {
    case Kind::kText: return quoted(node.text);
    case Kind::kInteger: return std::to_string(node.integer);
    case Kind::kNumber: return fmt::format("{}", node.number);
    case Kind::kBool: return node.flag ? "true" : "false";
    case Kind::kDate: return node.text;
    case Kind::kArray: {
      std::vector<std::string> items;
      for (const auto& item : node.items) items.push_back(plain_toml(item));
      return fmt::format("[{}]", fmt::join(items, ", "));
    }
    case Kind::kTable: {
      std::vector<std::string> members;
      for (const auto& [name, member] : node.members) members.push_back(name + " = " + plain_toml(member));
      return fmt::format("{{ {} }}", fmt::join(members, ", "));
    }
    case Kind::kOther: return "?";
  }
  return "?";
}

const char* type_words(KeyType type) {
  switch (type) {
    case KeyType::kText: return "a text";
    case KeyType::kPath: return "an absolute path";
    case KeyType::kBool: return "true or false";
    case KeyType::kInteger: return "an integer";
    case KeyType::kNumber: return "a number";
    case KeyType::kDuration: return "a duration such as \"15m\"";
    case KeyType::kSize: return "a size such as \"5GiB\"";
    case KeyType::kShare: return "a share such as \"5%\"";
    case KeyType::kDate: return "a date such as 2024-01-31";
    case KeyType::kTimeOfDay: return "a time of day such as \"02:30\"";
    case KeyType::kUrl:
    case KeyType::kHookUrl: return "an https:// address";
    case KeyType::kLink: return "an http:// or https:// address";
    case KeyType::kSecret: return "{ file = ... }, { credential = ... }, { env = ... } or { command = [...] }";
    case KeyType::kTextList: return "a list of texts";
    case KeyType::kIntegerList: return "a list of integers";
    case KeyType::kMatch: return "a table of texts";
  }
  return "another value";
}

}  // namespace

Result<SettingValue> parse_setting(const KeySpec& key, const ConfigNode& node) {
  SettingValue value;
  switch (key.type) {
    case KeyType::kText:
      if (node.kind != Kind::kText) return wrong_kind(key, node);
      if (auto known = check_word(key, node.text); !known) return known.error();
      if (key.required && node.text.empty()) return wrong(key, "the text is empty");
      value.text = node.text;
      return value;
    case KeyType::kBool:
      if (node.kind != Kind::kBool) return wrong_kind(key, node);
      value.flag = node.flag;
      return value;
    case KeyType::kPath: return parse_path(key, node);
    case KeyType::kInteger:
    case KeyType::kNumber: return parse_number(key, node);
    case KeyType::kDuration:
    case KeyType::kSize:
    case KeyType::kShare: return parse_quantity(key, node);
    case KeyType::kDate: return parse_day(key, node);
    case KeyType::kTimeOfDay: return parse_time_of_day(key, node);
    case KeyType::kUrl:
    case KeyType::kHookUrl:
    case KeyType::kLink: return parse_url(key, node);
    case KeyType::kSecret: return parse_secret(key, node);
    case KeyType::kTextList:
    case KeyType::kIntegerList: return parse_list(key, node);
    case KeyType::kMatch: return parse_match(key, node);
  }
  return wrong_kind(key, node);
}

std::string masked_toml(const KeySpec& key, const ConfigNode& node) {
  if (key.type == KeyType::kHookUrl) return quoted(without_query(node.text));
  return key.type == KeyType::kSecret ? masked_secret(node) : plain_toml(node);
}

std::string expected(const KeySpec& key) {
  std::string out = type_words(key.type);
  if (key.words.size() < 100 && !key.words.empty()) out += fmt::format(" of {}", fmt::join(split(key.words), ", "));
  if (!key.min.empty()) out += fmt::format(" from {}", key.min);
  if (!key.max.empty()) out += fmt::format(" to {}", key.max);
  return out;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  word = word.substr(0, 64);
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 2;  // more differences are no slip of the hand
  for (const auto candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = row[0]++;
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t replaced = diagonal + (word[i] == candidate[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace damsync
