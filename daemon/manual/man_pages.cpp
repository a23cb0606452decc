#include "daemon/manual/man_pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/manual/roff.h"

namespace damsync {
namespace {

std::string bold(std::string_view text) { return "\\fB" + roff_text(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff_text(text) + "\\fR"; }

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : std::string(between)) + word;
  return out;
}

/// `-c, --config FILE`, or the place of a word.
std::string tag_of(const OptionRow& option) {
  if (option.names.empty()) return option.words.empty() ? italic(option.place) : bold(joined(option.words, "|"));
  std::vector<std::string> names;
  for (const auto& name : option.names) names.push_back(bold(name));
  std::string tag = joined(names, ", ");
  if (!option.words.empty())
    tag += " " + bold(joined(option.words, "|"));
  else if (!option.value.empty())
    tag += " " + italic(option.value);
  return tag;
}

std::string row_of(const OptionRow& option) {
  const char* often = option.repeatable ? "..." : "";
  const std::string fallback = option.fallback.empty() ? "" : fmt::format("; default: {}", option.fallback);
  return fmt::format(".TP\n{}{}\n{}\n", tag_of(option), often, roff_text(option.help + fallback));
}

bool is_help(const OptionRow& option) {
  return std::find(option.names.begin(), option.names.end(), "--help") != option.names.end();
}

/// `damsync list WHAT [OPTION]...`
std::string usage_of(const CommandRow& command) {
  std::string out = bold("damsync " + command.name);
  for (const auto& option : command.options) {
    if (!option.names.empty()) continue;
    std::string word = option.words.empty() ? italic(option.place) : bold(joined(option.words, "|"));
    if (option.repeatable) word += "...";
    out += option.required ? " " + word : " [" + word + "]";
  }
  const auto is_own = [](const OptionRow& option) { return !option.names.empty() && !is_help(option); };
  if (std::any_of(command.options.begin(), command.options.end(), is_own)) out += " [" + italic("OPTION") + "]...";
  return out;
}

std::string type_of(const KeySpec& key) {
  switch (key.type) {
    case KeyType::kText: return "text";
    case KeyType::kPath: return "absolute path";
    case KeyType::kBool: return "true or false";
    case KeyType::kInteger: return "whole number";
    case KeyType::kNumber: return "number";
    case KeyType::kDuration: return "duration, such as \"15m\"";
    case KeyType::kSize: return "size, such as \"5GiB\"";
    case KeyType::kShare: return "share, such as \"5%\"";
    case KeyType::kDate: return "date";
    case KeyType::kTimeOfDay: return "time of day, such as \"02:30\"";
    case KeyType::kUrl:
    case KeyType::kHookUrl: return "https address";
    case KeyType::kLink: return "web address";
    case KeyType::kSecret: return "secret";
    case KeyType::kTextList: return "list of texts";
    case KeyType::kIntegerList: return "list of whole numbers";
    case KeyType::kMatch: return "table of texts";
  }
  return "value";
}

std::string range_of(const KeySpec& key) {
  if (!key.min.empty() && !key.max.empty()) return fmt::format("{} to {}", key.min, key.max);
  return key.min.empty() ? "" : fmt::format("at least {}", key.min);
}

/// Type, then what restricts it, in one line.
std::string facts_of(const KeySpec& key) {
  std::string facts = type_of(key);
  if (const std::string range = range_of(key); !range.empty()) facts += "; " + range;
  if (key.required) facts += "; required";
  if (!key.fallback.empty()) facts += fmt::format("; default: {}", key.fallback);
  if (!key.providers.empty()) facts += fmt::format("; accounts of {}", key.providers);
  return facts;
}

std::string row_of(const KeySpec& key) {
  std::string out =
      fmt::format(".TP\n{}\n({})\n.br\n{}.\n", bold(key.name), roff_text(facts_of(key)), roff_text(key.help));
  if (!key.words.empty() && key.words.find('|') != std::string_view::npos) {
    std::string words(key.words);
    std::replace(words.begin(), words.end(), '|', ' ');
    out += fmt::format(".br\nAccepted: {}\n", roff_text(words));
  }
  if (!key.example.empty()) out += fmt::format(".br\nExample: {}\n", roff_text(key.example));
  return out;
}

}  // namespace

std::string commands_as_roff(const std::vector<CommandRow>& table) {
  std::string out;
  for (const auto& command : table) {
    if (command.name.empty()) continue;
    out +=
        fmt::format(".SS {}\n{}.\n.PP\n{}\n", roff_text(command.name), roff_text(command.summary), usage_of(command));
    for (const auto& option : command.options)
      if (!is_help(option)) out += row_of(option);
    if (!command.footer.empty()) out += fmt::format(".PP\n{}\n", roff_text(command.footer));
  }
  return out;
}

std::string global_options_as_roff(const std::vector<CommandRow>& table) {
  std::string out;
  for (const auto& option : table.front().options) out += row_of(option);
  return out;
}

std::string settings_as_roff() {
  std::string out;
  for (const SectionSpec& section : section_table()) {
    const std::string head = section.many ? fmt::format("[[{}]]", section.name) : fmt::format("[{}]", section.name);
    out += fmt::format(".SS {}\n{}\n", roff_text(head), roff_text(section.help));
    for (const KeySpec* key : keys_of(section.name, "")) out += row_of(*key);
  }
  return out;
}

}  // namespace damsync
