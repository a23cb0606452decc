#include "sync/providers/getty/file_names.h"

#include <algorithm>
#include <array>

namespace damsync::getty {
namespace {

constexpr std::array<std::string_view, 25> kSizeWords = {
    "xs",    "xsmall", "extrasmall", "s",   "small",   "m",        "med",       "medium", "l",
    "large", "xl",     "xlarge",     "xxl", "xxlarge", "xxxl",     "xxxlarge",  "high",   "low",
    "full",  "super",  "vector",     "eps", "maximum", "original", "extralarge"};
constexpr std::size_t kShortestBareId = 5;
constexpr std::size_t kLongestId = 40;

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `-001`: the part of an older id. A size or a comp never has three digits and nothing else.
std::size_t part_length(std::string_view rest) {
  const bool part = rest.size() >= 4 && rest[0] == '-' && std::all_of(rest.begin() + 1, rest.begin() + 4, is_digit) &&
                    (rest.size() == 4 || rest[4] == '-' || rest[4] == '_');
  return part ? 4 : 0;
}

std::string_view take_id(std::string_view& text) {
  const auto all = text;
  std::size_t letters = 0;
  while (letters < text.size() && is_letter(text[letters])) ++letters;
  if (letters > 3) return {};
  text.remove_prefix(letters);
  if (take_digits(text).empty()) return {};
  if (letters > 0 && !text.empty() && is_letter(text.front())) text.remove_prefix(1);
  const auto part = part_length(text);
  if (letters > 0 && part == 0) return {};
  text.remove_prefix(part);
  const auto id = all.substr(0, all.size() - text.size());
  return id.size() <= kLongestId ? id : std::string_view();
}

/// `612x612`, `170667a`.
bool is_comp(std::string_view word) {
  if (take_digits(word).empty()) return false;
  if (word == "a") return true;
  return take_prefix(word, "x") && !take_digits(word).empty() && word.empty();
}

std::optional<FileNameFacts> facts_of(std::string_view text, std::size_t shortest) {
  const auto id = take_id(text);
  if (id.size() < shortest || id.empty() || id.front() == '0') return std::nullopt;
  FileNameFacts facts{.asset_id = std::string(id), .size = {}, .size_hint = {}, .refusal = {}};
  if (text.empty()) return facts;
  if (text.front() != '-' && text.front() != '_') return std::nullopt;
  text.remove_prefix(1);
  if (is_comp(text)) {
    facts.refusal = "its name is that of a comp, not of a licensed file";
    return facts;
  }
  std::copy_if(text.begin(), text.end(), std::back_inserter(facts.size_hint), is_letter);
  const bool word = std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || c == '-' || c == '_'; });
  if (!word || std::find(kSizeWords.begin(), kSizeWords.end(), facts.size_hint) == kSizeWords.end())
    return std::nullopt;
  return facts;
}

}  // namespace

std::optional<FileNameFacts> read_file_name(std::string_view name) {
  const auto parts = split_file_name(name);
  if (!parts) return std::nullopt;
  std::string_view rest = parts->stem;
  if (!take_prefix(rest, "gettyimages")) return facts_of(rest, kShortestBareId);
  if (rest.empty() || (rest.front() != '-' && rest.front() != '_' && rest.front() != ' ')) return std::nullopt;
  return facts_of(rest.substr(1), 1);
}

}  // namespace damsync::getty
