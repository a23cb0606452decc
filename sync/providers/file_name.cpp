#include "sync/providers/file_name.h"

#include <algorithm>
#include <array>

#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::array<std::string_view, 7> kImageEndings = {"jpg", "jpeg", "png", "tif", "tiff", "eps", "gif"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void trim_end(std::string_view& text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool take_number_in_parentheses(std::string_view& stem) {
  if (!stem.ends_with(')')) return false;
  const auto open = stem.rfind('(');
  if (open == std::string_view::npos || open == 0 || open + 2 == stem.size()) return false;
  const auto inside = stem.substr(open + 1, stem.size() - open - 2);
  if (!std::all_of(inside.begin(), inside.end(), is_digit)) return false;
  stem = stem.substr(0, open);
  return true;
}

bool take_word_copy(std::string_view& stem) {
  auto rest = stem;
  while (!rest.empty() && is_digit(rest.back())) rest.remove_suffix(1);
  if (rest.size() != stem.size() && !take_suffix(rest, " ")) return false;
  if (!take_suffix(rest, " - copy") && !take_suffix(rest, " copy")) return false;
  stem = rest;
  return true;
}

std::string_view without_copy_marks(std::string_view stem) {
  trim_end(stem);
  while (take_number_in_parentheses(stem) || take_word_copy(stem)) trim_end(stem);
  return stem;
}

}  // namespace

std::optional<FileNameParts> split_file_name(std::string_view name) {
  const std::string lower = to_lower(name);
  const auto dot = lower.rfind('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  FileNameParts parts{std::string(without_copy_marks(std::string_view(lower).substr(0, dot))), lower.substr(dot + 1)};
  if (std::find(kImageEndings.begin(), kImageEndings.end(), parts.ext) == kImageEndings.end()) return std::nullopt;
  return parts;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

}  // namespace damsync
