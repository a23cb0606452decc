#include "sync/report/report_chain.h"

#include <algorithm>
#include <utility>

#include "storage/base/digest.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;
using State = RecordedReport::State;

constexpr std::size_t kMaxManifest = 1 << 20;
constexpr const char* kPage = ".pdf";

ReportOnDisk read_report(const fs::path& folder) {
  ReportOnDisk report;
  report.name = folder.filename().string();
  const auto text = read_small_file(folder / kManifestJson, kMaxManifest);
  if (!text) return report;
  report.manifest_sha256 = sha256_hex(*text);
  if (auto manifest = parse_manifest(*text)) report.manifest = std::move(*manifest);
  return report;
}

/// Chain and name.
std::pair<std::string, std::string> split(const std::string& reference) {
  const auto slash = reference.rfind('/');
  if (slash == std::string::npos) return {"", reference};
  return {reference.substr(0, slash), reference.substr(slash + 1)};
}

State state_of(std::string_view kind) {
  if (kind == "report.prepared") return State::kPrepared;
  return kind == "report.published" ? State::kPublished : State::kRemoved;
}

}  // namespace

std::vector<ReportOnDisk> reports_in(const fs::path& directory) {
  std::vector<ReportOnDisk> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored))
    if (is_report_name(entry.path().filename().string()) && entry.is_directory(ignored) && !entry.is_symlink(ignored))
      out.push_back(read_report(entry.path()));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return report_name_before(a.name, b.name); });
  return out;
}

std::string recorded_name(const std::string& chain, const std::string& report) {
  return chain.empty() ? report : chain + "/" + report;
}

std::vector<RecordedReport> recorded_reports(const AuditLog& log, const std::string& chain) {
  return recorded_reports(log, chain, {});
}

std::vector<RecordedReport> recorded_reports(const AuditLog& log, const std::string& chain,
                                             const std::set<std::string>& manifests) {
  const auto rows = log.report_rows();
  std::set<std::string> chains = {chain};
  for (const auto& row : rows)
    if (manifests.contains(row.digest)) chains.insert(split(row.reference).first);
  std::vector<RecordedReport> out;
  for (const auto& row : rows) {
    const auto [folder, name] = split(row.reference);
    if (!chains.contains(folder) || !is_report_name(name)) continue;
    const auto known = std::find_if(out.begin(), out.end(), [&](const RecordedReport& report) {
      return report.chain == folder && report.seal.name == name && report.seal.manifest_sha256 == row.digest;
    });
    if (known == out.end())
      out.push_back({{name, row.digest, row.detail}, state_of(row.kind), folder});
    else
      known->state = state_of(row.kind);
  }
  return out;
}

std::vector<RecordedPage> recorded_pages(const AuditLog& log) {
  std::vector<RecordedPage> out;
  for (const auto& row : log.report_rows())
    if (auto [folder, name] = split(row.reference); !report_of_page(name).empty())
      out.push_back({std::move(folder), std::move(name), row.digest});
  return out;
}

std::string page_name(const std::string& report) { return report + kPage; }

std::string report_of_page(const std::string& page) {
  if (!page.ends_with(kPage)) return {};
  auto report = page.substr(0, page.size() - std::string_view(kPage).size());
  return is_report_name(report) ? report : std::string();
}

std::optional<ChainTip> chain_tip(const std::vector<RecordedReport>& recorded, const std::vector<ReportOnDisk>& disk) {
  std::optional<ChainTip> tip;
  for (const auto& report : recorded)
    if (report.state != State::kPrepared) tip = {report.seal.name, report.seal.manifest_sha256};
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& report : disk) {
      const auto before = tip ? tip->manifest_sha256 : std::string();
      if (!report.manifest || report.manifest->previous_manifest_sha256 != before) continue;
      if (report.manifest_sha256 == before) continue;
      tip = {report.name, report.manifest_sha256};
      grew = true;
      break;
    }
  }
  if (!tip && !disk.empty() && !disk.back().manifest_sha256.empty())
    tip = {disk.back().name, disk.back().manifest_sha256};
  return tip;
}

}  // namespace damsync
