#include "daemon/config/raw_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "daemon/config/setting_value.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;

using Mistakes = std::vector<SettingsMistake>;

/// The text of one settings file, or nothing and a mistake.
std::optional<std::string> read_text(const std::string& path, RawSettings& raw, Mistakes& mistakes) {
  const auto fail = [&](const std::string& why) {
    mistakes.push_back({path, 0, "", why});
    return std::nullopt;
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  struct stat info {};
  std::string text;
  ssize_t got = 0;
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    char buffer[16384];
    while (text.size() <= kMaxFileBytes && (got = ::read(fd, buffer, sizeof buffer)) > 0)
      text.append(buffer, static_cast<std::size_t>(got));
  } else {
    ::close(fd);
    return fail("is not a regular file");
  }
  const int error = errno;
  ::close(fd);
  if (got < 0) return fail(fmt::format("cannot be read: {}", std::strerror(error)));
  if (text.size() > kMaxFileBytes) return fail("is larger than 1 MiB; these are not settings");
  if (text.find('\0') != std::string::npos || !is_utf8(text)) return fail("is not UTF-8 text; these are not settings");
  if ((info.st_mode & (S_IRGRP | S_IROTH)) != 0) raw.readable_by_others.push_back(path);
  return text;
}

std::vector<std::string> settings_files(const std::filesystem::path& file, Mistakes& mistakes) {
  std::vector<std::string> more;
  const auto folder = file.parent_path() / "conf.d";
  std::error_code error;
  if (std::filesystem::exists(folder, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename().string();
      if (entry.path().extension() == ".toml" && name.front() != '.') more.push_back(entry.path().string());
    }
  }
  if (error) mistakes.push_back({folder.string(), 0, "", "cannot be read: " + error.message()});
  std::sort(more.begin(), more.end());
  more.insert(more.begin(), file.string());
  return more;
}

RawSection& single(RawSettings& raw, const SectionSpec& spec) {
  return *std::find_if(raw.sections.begin(), raw.sections.end(), [&](const auto& s) { return s.spec == &spec; });
}

RawSection* named(RawSettings& raw, const SectionSpec& spec, const std::string& name) {
  for (RawSection& section : raw.sections) {
    const ConfigNode* other = section.spec == &spec ? section.find("name") : nullptr;
    if (other != nullptr && other->text == name) return &section;
  }
  return nullptr;
}

void overlay(RawSection& section, const ConfigNode& table) {
  for (const auto& [key, node] : table.members) section.set(key, &node);
}

void merge_many(RawSettings& raw, const SectionSpec& spec, const ConfigNode& list, Mistakes& mistakes) {
  std::set<std::string> here;
  for (const ConfigNode& table : list.items) {
    if (table.kind != ConfigNode::Kind::kTable) {
      mistakes.push_back({table.file, table.line, std::string(spec.name),
                          "expected tables: write [[" + std::string(spec.name) + "]]"});
      continue;
    }
    const ConfigNode* name = table.find("name");
    const bool has_name = name != nullptr && !name->text.empty();
    const bool again = has_name && !here.insert(name->text).second;
    if (again)
      mistakes.push_back({name->file, name->line, std::string(spec.name) + ".name",
                          fmt::format("'{}' is used twice; names must be unique", printable(name->text))});
    RawSection* known = has_name ? named(raw, spec, name->text) : nullptr;
    if (known != nullptr && (!again || known->file != table.file)) {
      overlay(*known, table);
      continue;
    }
    raw.sections.push_back({&spec, table.file, table.line, {}});
    overlay(raw.sections.back(), table);
  }
}

std::string unknown_section(const std::string& name, const ConfigNode& node) {
  std::vector<std::string_view> names;
  for (const auto& section : section_table()) names.push_back(section.name);
  if (node.kind != ConfigNode::Kind::kTable && node.kind != ConfigNode::Kind::kArray) {
    for (const auto& key : key_table())
      if (key.name == name) return fmt::format("unknown key outside of any section; it belongs to [{}]", key.section);
  }
  const auto meant = nearest(name, names);
  return meant.empty() ? "unknown section" : fmt::format("unknown section; nearest known: [{}]", meant);
}

void merge(RawSettings& raw, const ConfigNode& document, Mistakes& mistakes) {
  for (const auto& [name, node] : document.members) {
    const SectionSpec* spec = find_section(name);
    const auto fail = [&, &key = name, &value = node](const std::string& problem) {
      mistakes.push_back({value.file, value.line, printable(key), problem});
    };
    if (spec == nullptr) {
      fail(unknown_section(name, node));
    } else if (spec->many) {
      if (node.kind == ConfigNode::Kind::kArray)
        merge_many(raw, *spec, node, mistakes);
      else
        fail(fmt::format("expected a list of tables: write [[{}]]", name));
    } else if (node.kind == ConfigNode::Kind::kTable) {
      RawSection& section = single(raw, *spec);
      if (section.file.empty()) {
        section.file = node.file;
        section.line = node.line;
      }
      overlay(section, node);
    } else {
      fail(fmt::format("expected one table: write [{}]", name));
    }
  }
}

}  // namespace

const ConfigNode* RawSection::find(std::string_view key) const noexcept {
  for (const auto& [name, node] : keys)
    if (name == key) return node;
  return nullptr;
}

void RawSection::set(const std::string& key, const ConfigNode* node) {
  for (auto& [name, old] : keys)
    if (name == key) {
      old = node;
      return;
    }
  keys.emplace_back(key, node);
}

SettingsMistake RawSection::mistake(std::string_view key, std::string problem) const {
  const ConfigNode* node = find(key);
  const std::string full = key.empty() ? std::string(spec->name) : fmt::format("{}.{}", spec->name, printable(key));
  if (node != nullptr) return {node->file, node->line, full, std::move(problem)};
  return {file, line, full, std::move(problem)};
}

RawSettings read_raw_settings(const std::filesystem::path& file, std::vector<SettingsMistake>& mistakes) {
  RawSettings raw;
  for (const SectionSpec& spec : section_table())
    if (!spec.many) raw.sections.push_back({&spec, "", 0, {}});
  for (const std::string& path : settings_files(file, mistakes)) {
    raw.files.push_back(path);
    const auto text = read_text(path, raw, mistakes);
    if (!text) continue;
    raw.documents.push_back(parse_toml(*text, path, mistakes));
    merge(raw, raw.documents.back(), mistakes);
  }
  return raw;
}

}  // namespace damsync
