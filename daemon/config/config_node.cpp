#include "daemon/config/config_node.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include "storage/base/text.h"

namespace damsync {
namespace {

ConfigNode convert(const toml::node& node, const std::string& file);

void convert_scalar(const toml::node& node, ConfigNode& out) {
  using Kind = ConfigNode::Kind;
  if (const auto* text = node.as_string()) {
    out.kind = Kind::kText;
    out.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    out.kind = Kind::kInteger;
    out.integer = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    out.kind = Kind::kNumber;
    out.number = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    out.kind = Kind::kBool;
    out.flag = flag->get();
  } else if (const auto* date = node.as_date()) {
    out.kind = Kind::kDate;
    const auto& day = date->get();
    out.text = fmt::format("{:04}-{:02}-{:02}", day.year, static_cast<int>(day.month), static_cast<int>(day.day));
  } else {
    out.kind = Kind::kOther;
  }
}

ConfigNode convert(const toml::node& node, const std::string& file) {
  ConfigNode out;
  out.file = file;
  out.line = static_cast<int>(node.source().begin.line);
  if (const auto* table = node.as_table()) {
    out.kind = ConfigNode::Kind::kTable;
    for (const auto& [key, value] : *table) out.members.emplace_back(std::string(key.str()), convert(value, file));
  } else if (const auto* array = node.as_array()) {
    out.kind = ConfigNode::Kind::kArray;
    for (const auto& value : *array) out.items.push_back(convert(value, file));
  } else {
    convert_scalar(node, out);
  }
  return out;
}

}  // namespace

const ConfigNode* ConfigNode::find(std::string_view key) const noexcept {
  for (const auto& [name, node] : members)
    if (name == key) return &node;
  return nullptr;
}

const char* to_word(ConfigNode::Kind kind) noexcept {
  switch (kind) {
    case ConfigNode::Kind::kText: return "text";
    case ConfigNode::Kind::kInteger: return "an integer";
    case ConfigNode::Kind::kNumber: return "a number";
    case ConfigNode::Kind::kBool: return "true or false";
    case ConfigNode::Kind::kDate: return "a date";
    case ConfigNode::Kind::kArray: return "a list";
    case ConfigNode::Kind::kTable: return "a table";
    case ConfigNode::Kind::kOther: return "a date-time";
  }
  return "something else";
}

std::string SettingsMistake::text() const {
  std::string out = file;
  if (line > 0) out += fmt::format(":{}", line);
  if (!key.empty()) out += ": " + key;
  return out + ": " + problem;
}

ConfigNode parse_toml(std::string_view text, const std::string& file, std::vector<SettingsMistake>& mistakes) {
  try {
    return convert(toml::parse(text, file), file);
  } catch (const toml::parse_error& error) {
    const int line = static_cast<int>(error.source().begin.line);
    mistakes.push_back({file, line, "", "not valid TOML: " + printable(error.description())});
  }
  ConfigNode empty;
  empty.file = file;
  return empty;
}

}  // namespace damsync
