#include "storage/files/path_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::size_t kLongestValue = 100;
constexpr std::array<std::string_view, 13> kWords = {
    "account",    "provider",     "shard",        "asset_id",      "name",    "size",     "ext",
    "license_id", "license_type", "license_year", "license_month", "project", "editorial"};

bool is_plain(char c) { return is_safe_id(std::string_view(&c, 1)) || c == '.'; }

/// One value as part of a name; never empty, never hidden, never `..`.
std::string plain(std::string_view value) {
  std::string out(value.substr(0, kLongestValue));
  for (char& c : out)
    if (!is_plain(c)) c = '_';
  if (out.empty() || out.front() == '.') out.insert(0, 1, '_');
  out.resize(std::min(out.size(), kLongestValue));
  return out;
}

std::string detail(const License* license, std::string_view key) {
  const Json* value = license == nullptr ? nullptr : license->details.find(key);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : *text;
}

std::string asset_id(const PathInput& input) { return input.license == nullptr ? "" : input.license->asset_id; }
std::string size_of(const PathInput& input) { return input.license == nullptr ? "" : input.license->size; }

std::string file_name(const PathInput& input) {
  std::string stem = input.file_prefix + asset_id(input);
  if (!size_of(input).empty()) stem += "-" + size_of(input);
  if (input.ext.empty()) return plain(stem);
  const std::string ext = "." + plain(input.ext).substr(0, 16);
  return plain(std::string_view(stem).substr(0, kLongestValue - ext.size())) + ext;
}

std::string date_part(const PathInput& input, std::size_t from, std::size_t count) {
  return input.license == nullptr ? "" : format_rfc3339(input.license->licensed_at).substr(from, count);
}

std::string value_of(std::string_view word, const PathInput& input) {
  const License* license = input.license;
  if (word == "name") return file_name(input);
  if (word == "account") return plain(input.account);
  if (word == "provider") return plain(input.provider);
  if (word == "shard") return shard_of(asset_id(input));
  if (word == "asset_id") return plain(asset_id(input));
  if (word == "size") return plain(size_of(input));
  if (word == "ext") return plain(input.ext);
  if (word == "license_id") return plain(license == nullptr ? "" : license->license_id);
  if (word == "license_type") return plain(license == nullptr ? "" : license->license_type);
  if (word == "license_year") return plain(date_part(input, 0, 4));
  if (word == "license_month") return plain(date_part(input, 5, 2));
  if (word == "project") return plain(detail(license, "project"));
  return input.editorial ? "editorial" : "commercial";
}

std::string expand(std::string_view part, const PathInput& input) {
  std::string out;
  while (!part.empty()) {
    const auto open = part.find('{');
    out += part.substr(0, open);
    if (open == std::string_view::npos) break;
    const auto close = part.find('}', open);
    out += value_of(part.substr(open + 1, close - open - 1), input);
    part.remove_prefix(close + 1);
  }
  return out;
}

bool has_word(std::string_view part, std::string_view word) {
  return part.find(fmt::format("{{{}}}", word)) != std::string_view::npos;
}

bool names_asset(std::string_view part) { return has_word(part, "asset_id") || has_word(part, "name"); }

Error wrong(std::string_view layout, std::string_view why) {
  return make_error(ErrorCode::kSettings, fmt::format("store.layout '{}': {}", printable(layout), why));
}

/// Checks one component; returns what is wrong with it, or nothing.
std::string fault_of(std::string_view part) {
  if (part.empty()) return "has an empty component; it is relative and has no slash at its ends";
  if (part.front() == '.') return "a component must not start with a dot";
  while (!part.empty()) {
    if (part.front() != '{') {
      if (!is_plain(part.front())) return "only letters, digits, '.', '_', '-' and {words} may be used";
      part.remove_prefix(1);
      continue;
    }
    const auto close = part.find('}');
    if (close == std::string_view::npos) return "'{' without '}'";
    const auto word = part.substr(1, close - 1);
    if (std::find(kWords.begin(), kWords.end(), word) == kWords.end())
      return fmt::format("unknown word {{{}}}; known are {}", printable(word), fmt::join(kWords, " "));
    part.remove_prefix(close + 1);
  }
  return {};
}

}  // namespace

std::string shard_of(std::string_view id) {
  std::string last = to_lower(id.substr(id.size() - std::min<std::size_t>(id.size(), 2)));
  last.insert(0, 2 - last.size(), '_');
  for (char& c : last)
    if (!is_plain(c) || c == '.' || c == '-') c = '_';
  return last;
}

Result<PathLayout> PathLayout::parse(std::string_view layout) {
  const auto parts = split(layout, '/');
  for (const auto part : parts)
    if (const auto fault = fault_of(part); !fault.empty()) return wrong(layout, fault);
  if (std::none_of(parts.begin(), parts.end(), names_asset))
    return wrong(layout, "must hold {asset_id} or {name}, or different assets would get one path");
  PathLayout out;
  out.layout_ = layout;
  return out;
}

std::string PathLayout::file_path(const PathInput& input) const {
  std::string out;
  const auto parts = split(layout_, '/');
  for (const auto part : parts) {
    if (!out.empty()) out += '/';
    out += expand(part, input);
  }
  if (!has_word(parts.back(), "name") && !has_word(parts.back(), "ext") && !input.ext.empty())
    out += "." + plain(input.ext);
  return out;
}

std::string PathLayout::file_path_with_license(const PathInput& input) const {
  std::string path = file_path(input);
  const std::string id = "-" + value_of("license_id", input);
  const auto dot = path.rfind('.');
  const auto slash = path.rfind('/');
  const bool has_ext = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  path.insert(has_ext ? dot : path.size(), id);
  return path;
}

std::string PathLayout::sidecar_path(const PathInput& input) const { return sidecar_path(input, ""); }

std::string PathLayout::sidecar_path_with_account(const PathInput& input) const {
  return sidecar_path(input, plain(input.account) + ".");
}

bool PathLayout::parts_accounts() const {
  const auto parts = split(layout_, '/');
  return std::find(parts.begin(), parts.end() - 1, "{account}") != parts.end() - 1;
}

/// No id has a dot, so none can look like another one with an account.
std::string PathLayout::sidecar_path(const PathInput& input, const std::string& mark) const {
  const auto parts = split(layout_, '/');
  std::string folder;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    folder += expand(parts[i], input) + "/";
    if (names_asset(parts[i])) return folder + mark + "asset.json";
  }
  return folder + plain(asset_id(input)) + "." + mark + "asset.json";
}

}  // namespace damsync
