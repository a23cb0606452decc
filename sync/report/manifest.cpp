#include "sync/report/manifest.h"

#include <algorithm>
#include <charconv>

#include "storage/base/json.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

constexpr std::size_t kDateLength = 10;

bool by_name(const ManifestFile& a, const ManifestFile& b) { return a.name < b.name; }

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

std::string text_of(const Json& object, std::string_view key) {
  const auto* member = object.find(key);
  const auto* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? std::string() : *text;
}

std::int64_t number_of(const Json& object, std::string_view key) {
  const auto* member = object.find(key);
  return member == nullptr ? -1 : member->as_int64().value_or(-1);
}

Error not_a_manifest() { return make_error(ErrorCode::kInvalid, "is not a manifest as damsync writes it"); }

/// The number behind the date; 1 without one, 0 when it is none.
int number_in(std::string_view name) noexcept {
  if (name.size() == kDateLength) return 1;
  int number = 0;
  const auto digits = name.substr(kDateLength + 1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = failed == std::errc() && end == digits.data() + digits.size() && digits.front() != '0';
  return whole && name[kDateLength] == '.' && number >= 2 ? number : 0;
}

}  // namespace

std::string write_manifest(const Manifest& m) {
  auto files = m.files;
  std::sort(files.begin(), files.end(), by_name);
  Json list = Json::array();
  for (const auto& file : files)
    list.push(Json::object({{"name", file.name}, {"sha256", file.digest.sha256}, {"bytes", file.digest.bytes}}));
  const auto manifest = Json::object({{"report", m.report},
                                      {"report_date", m.report_date},
                                      {"as_of", format_rfc3339(m.as_of)},
                                      {"files", std::move(list)},
                                      {"previous_report", or_null(m.previous_report)},
                                      {"previous_manifest_sha256", or_null(m.previous_manifest_sha256)},
                                      {"catalog_head", m.catalog_head.hash},
                                      {"catalog_head_seq", m.catalog_head.seq},
                                      {"config_sha256", m.config_sha256},
                                      {"version", m.version}});
  return write_json(manifest, JsonStyle::kCanonical) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return not_a_manifest();
  const auto as_of = parse_rfc3339(text_of(*json, "as_of"));
  const auto* files = json->find("files");
  if (!as_of || files == nullptr || !files->is_array()) return not_a_manifest();
  Manifest m;
  m.report = text_of(*json, "report");
  m.report_date = text_of(*json, "report_date");
  m.as_of = *as_of;
  for (const auto& file : *files->if_array())
    m.files.push_back({text_of(file, "name"), {text_of(file, "sha256"), number_of(file, "bytes")}});
  m.previous_report = text_of(*json, "previous_report");
  m.previous_manifest_sha256 = text_of(*json, "previous_manifest_sha256");
  m.catalog_head = {number_of(*json, "catalog_head_seq"), text_of(*json, "catalog_head")};
  m.config_sha256 = text_of(*json, "config_sha256");
  m.version = text_of(*json, "version");
  if (write_manifest(m) != text) return not_a_manifest();
  return m;
}

std::string write_digest_list(std::vector<ManifestFile> files) {
  std::sort(files.begin(), files.end(), by_name);
  std::string out;
  for (const auto& file : files) out += file.digest.sha256 + "  " + file.name + "\n";
  return out;
}

bool is_report_name(std::string_view name) noexcept {
  if (name.size() < kDateLength || name.size() == kDateLength + 1) return false;
  return parse_date(name.substr(0, kDateLength)).ok() && number_in(name) != 0;
}

bool report_name_before(std::string_view a, std::string_view b) noexcept {
  if (const auto dates = a.substr(0, kDateLength).compare(b.substr(0, kDateLength)); dates != 0) return dates < 0;
  return number_in(a) < number_in(b);
}

}  // namespace damsync
