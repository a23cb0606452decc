#include "sync/providers/shutterstock/file_names.h"

#include <algorithm>
#include <array>

namespace damsync::shutterstock {
namespace {

constexpr std::array<std::string_view, 6> kSizes = {"small", "medium", "large", "huge", "supersize", "vector"};
constexpr std::array<std::string_view, 4> kKinds = {"photo", "vector", "illustration", "image"};
constexpr std::size_t kShortestBareId = 5;
constexpr std::size_t kLongestId = 19;

bool is_id(std::string_view digits, std::size_t shortest) {
  return digits.size() >= shortest && digits.size() <= kLongestId && digits.front() != '0';
}

/// The size after an id: nothing left, or a separator and a known word.
std::optional<FileNameFacts> with_size(std::string_view id, std::string_view rest) {
  FileNameFacts facts{.asset_id = std::string(id), .size = {}, .size_hint = {}, .refusal = {}};
  if (rest.empty()) return facts;
  if (rest.front() != '-' && rest.front() != '_') return std::nullopt;
  facts.size = rest.substr(1);
  if (std::find(kSizes.begin(), kSizes.end(), facts.size) == kSizes.end()) return std::nullopt;
  return facts;
}

std::optional<FileNameFacts> id_first(std::string_view text, std::size_t shortest) {
  const auto id = take_digits(text);
  return is_id(id, shortest) ? with_size(id, text) : std::nullopt;
}

/// `260nw`, `600w`: the width of a preview.
bool is_preview_width(std::string_view word) {
  const auto digits = take_digits(word);
  return !digits.empty() && (word == "w" || word == "nw");
}

/// `some-words-ID`, with the words cut off.
std::optional<FileNameFacts> words_first(std::string_view text) {
  std::string_view size;
  auto dash = text.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  if (std::find(kSizes.begin(), kSizes.end(), text.substr(dash + 1)) != kSizes.end()) {
    size = text.substr(dash);
    text = text.substr(0, dash);
    dash = text.rfind('-');
    if (dash == std::string_view::npos) return std::nullopt;
  }
  auto id = text.substr(dash + 1);
  const auto digits = take_digits(id);
  if (!id.empty() || !is_id(digits, 1)) return std::nullopt;
  auto facts = with_size(digits, size);
  const auto words = text.substr(0, dash);
  const auto last = words.rfind('-');
  if (facts && is_preview_width(last == std::string_view::npos ? words : words.substr(last + 1)))
    facts->refusal = "its name is that of a preview, not of a licensed file";
  return facts;
}

}  // namespace

std::optional<FileNameFacts> read_file_name(std::string_view name) {
  const auto parts = split_file_name(name);
  if (!parts) return std::nullopt;
  std::string_view rest = parts->stem;
  if (take_prefix(rest, "shutterstock")) {
    if (rest.empty() || (rest.front() != '_' && rest.front() != '-' && rest.front() != ' ')) return std::nullopt;
    return id_first(rest.substr(1), 1);
  }
  if (take_prefix(rest, "stock-")) {
    for (const auto kind : kKinds)
      if (take_prefix(rest, kind) && take_prefix(rest, "-")) return words_first(rest);
    return std::nullopt;
  }
  return id_first(rest, kShortestBareId);
}

}  // namespace damsync::shutterstock
