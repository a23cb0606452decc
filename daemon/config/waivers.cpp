#include "daemon/config/waivers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "daemon/config/config_node.h"
#include "daemon/config/setting_value.h"
#include "daemon/config/settings.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

/// `; nearest known: X` where there is one.
std::string hint(std::string_view word, const std::vector<std::string_view>& known) {
  const auto meant = nearest(word, known);
  return meant.empty() ? "" : fmt::format("; nearest known: {}", meant);
}

constexpr std::array<std::string_view, 9> kKeys = {"code", "provider", "account", "asset_id", "license_id",
                                                   "path", "by",       "until",   "reason"};
constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

using Mistakes = std::vector<SettingsMistake>;

Result<std::string> read_text(const std::filesystem::path& file) {
  const auto fail = [&](const std::string& why) { return make_error(ErrorCode::kSettings, why); };
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return fail(error ? error.message() : std::string("is not a regular file"));
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(std::string("cannot be opened: ") + std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return fail("cannot be read");
  if (text.size() > kMaxBytes) return fail("is larger than 16 MiB; this is no list of waivers");
  if (text.find('\0') != std::string::npos || !is_utf8(text)) return fail("is not UTF-8 text");
  return text;
}

/// Reads one `[[waiver]]`.
class WaiverReader {
 public:
  WaiverReader(const ConfigNode& table, const WaiverNames& names, Mistakes& mistakes)
      : table_(table), names_(names), mistakes_(mistakes) {}

  Waiver read() {
    const std::vector<std::string_view> names(kKeys.begin(), kKeys.end());
    for (const auto& [key, node] : table_.members)
      if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) fail(node, key, "unknown key" + hint(key, names));
    Waiver waiver;
    read_code(waiver);
    waiver.provider = one_of("provider", names_.providers);
    waiver.account = one_of("account", names_.accounts);
    waiver.asset_id = text("asset_id");
    waiver.license_id = text("license_id");
    waiver.path = text("path");
    waiver.by = text("by");
    waiver.reason = text("reason");
    for (const char* key : {"code", "by", "reason"})
      if (text(key).empty()) fail(table_, key, "is missing: a waiver names what is accepted, by whom and why");
    read_until(waiver);
    return waiver;
  }

 private:
  void fail(const ConfigNode& node, std::string_view key, std::string problem) {
    mistakes_.push_back({node.file, node.line, fmt::format("waiver.{}", printable(key)), std::move(problem)});
  }

  std::string text(std::string_view key) {
    const ConfigNode* node = table_.find(key);
    if (node == nullptr) return {};
    if (node->kind == ConfigNode::Kind::kText) return node->text;
    const SettingsMistake mistake{node->file, node->line, fmt::format("waiver.{}", key),
                                  fmt::format("expected text, not {}", to_word(node->kind))};
    if (std::find(mistakes_.begin(), mistakes_.end(), mistake) == mistakes_.end()) mistakes_.push_back(mistake);
    return "?";
  }

  void read_code(Waiver& waiver) {
    const std::string word = text("code");
    if (word.empty() || word == "?") return;
    const auto code = finding_code_from_word(word);
    if (code) {
      waiver.code = *code;
      return;
    }
    std::vector<std::string_view> codes;
    for (const auto& rule : finding_rules()) codes.emplace_back(to_word(rule.code));
    fail(*table_.find("code"), "code",
         fmt::format("'{}' is no code of a finding{}", printable(word), hint(word, codes)));
  }

  void read_until(Waiver& waiver) {
    const ConfigNode* node = table_.find("until");
    if (node == nullptr) return;
    const bool may_be = node->kind == ConfigNode::Kind::kDate || node->kind == ConfigNode::Kind::kText;
    if (const auto day = may_be ? parse_date(node->text) : Result<std::chrono::sys_days>(Error{}); day)
      waiver.until = *day;
    else
      fail(*node, "until", "expected a date such as 2026-12-31");
  }

  /// A name that the settings have; one that they do not would waive nothing, silently.
  std::string one_of(const char* key, const std::vector<std::string>& known) {
    std::string word = text(key);
    if (word.empty() || word == "?" || known.empty() || std::find(known.begin(), known.end(), word) != known.end())
      return word;
    fail(*table_.find(key), key,
         fmt::format("no account of the settings is '{}'{}", printable(word),
                     hint(word, std::vector<std::string_view>(known.begin(), known.end()))));
    return word;
  }

  const ConfigNode& table_;
  const WaiverNames& names_;
  Mistakes& mistakes_;
};

}  // namespace

WaiverFile read_waivers(const std::filesystem::path& file, const WaiverNames& names) {
  WaiverFile out;
  if (file.empty()) return out;
  const auto text = read_text(file);
  if (!text) {
    out.mistakes.push_back({file.string(), 0, "audit.waivers", text.error().message});
    return out;
  }
  const ConfigNode document = parse_toml(*text, file.string(), out.mistakes);
  for (const auto& [name, node] : document.members) {
    if (name != "waiver" || node.kind != ConfigNode::Kind::kArray) {
      out.mistakes.push_back({node.file, node.line, printable(name), "expected nothing but [[waiver]] here"});
      continue;
    }
    for (const auto& table : node.items) {
      if (table.kind == ConfigNode::Kind::kTable)
        out.waivers.push_back(WaiverReader(table, names, out.mistakes).read());
      else
        out.mistakes.push_back({table.file, table.line, "waiver", "expected tables: write [[waiver]]"});
    }
  }
  if (!out.mistakes.empty()) out.waivers.clear();
  return out;
}

WaiverFile read_waivers(const Settings& settings) {
  WaiverNames names;
  for (const auto& account : settings.accounts) {
    names.providers.push_back(account.provider.provider);
    names.accounts.push_back(account.provider.account);
  }
  return read_waivers(settings.audit.waivers, names);
}

Result<std::vector<Waiver>> load_waivers(const Settings& settings) {
  auto file = read_waivers(settings);
  if (file.mistakes.empty()) return std::move(file.waivers);
  std::string all;
  for (const auto& mistake : file.mistakes) all += (all.empty() ? "" : "\n") + mistake.text();
  return make_error(ErrorCode::kSettings, std::move(all));
}

}  // namespace damsync
