#include "daemon/jobs/audit_input.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "daemon/config/settings_rules.h"
#include "daemon/config/waivers.h"
#include "daemon/schedule/scheduler.h"
#include "storage/base/digest.h"
#include "sync/providers/offline_connection.h"

namespace damsync {
namespace {

/// Nothing when it cannot be read.
std::optional<std::string> hash_of(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  Sha256 hash;
  std::string buffer(256 * 1024, '\0');
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    hash.update({buffer.data(), static_cast<std::size_t>(in.gcount())});
  if (in.bad()) return std::nullopt;
  return hash.finish_hex();
}

void add_agreements(const Settings& settings, AuditInput& input) {
  input.rules.agreements = settings.agreements;
  for (auto& agreement : input.rules.agreements) {
    const auto& file = agreement.terms_file;
    if (file.empty()) continue;
    if (const auto hash = hash_of(file))
      agreement.terms_sha256 = *hash;
    else
      input.remarks.push_back(fmt::format("the terms {} cannot be read", file.string()));
  }
}

/// All but the one of licenses.
void add_asset_feeds(const ProviderSettings& account, AuditInput& input) {
  const auto capabilities = capabilities_of(account.provider);
  if (!capabilities) return;
  for (const auto& stream : capabilities->streams)
    if (stream != capabilities->license_stream) input.asset_feeds.emplace(account.account, stream);
}

std::string counts_of(const ReportTotals& totals) {
  std::string out;
  for (const auto& rule : finding_rules())
    if (const auto& count = totals.by_code[static_cast<std::size_t>(rule.code)]; count.open > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", to_word(rule.code), count.open);
  return out;
}

}  // namespace

PreparedAudit prepare_audit(const Settings& settings, const AuditMoment& moment) {
  const TimeZone& zone = settings.schedule.zone;
  PreparedAudit out;
  AuditInput& input = out.input;
  if (auto waivers = load_waivers(settings)) {
    input.rules.waivers = std::move(*waivers);
  } else {
    out.waivers_error = waivers.error().message;
    std::replace(out.waivers_error.begin(), out.waivers_error.end(), '\n', ';');
    input.remarks.push_back("no waiver was applied, the list of waivers is not in order: " + out.waivers_error);
  }
  input.rules.judged_at = moment.judged_at;
  input.rules.today = zone.day_of(moment.judged_at);
  input.rules.day_of = [zone](UtcTime time) { return zone.day_of(time); };
  input.rules.start_of = [zone](std::chrono::sys_days day) { return zone.at(day, std::chrono::minutes(0)); };
  input.rules.users = settings.audit.users;
  input.rules.expiring_days = settings.audit.expiring_days;
  input.rules.quota_low = settings.audit.quota_low;
  input.rules.stale_after = Scheduler::make(settings.schedule).value().late_after(moment.judged_at);
  for (const auto& account : settings.accounts) {
    input.accounts.push_back(account.provider.account);
    add_asset_feeds(account.provider, input);
    if (account.project_required) input.rules.project_required.insert(account.provider.account);
  }
  add_agreements(settings, input);
  input.report_date = format_date(moment.report_date);
  input.time_zone = zone.name();
  input.past = moment.past.has_value();
  return out;
}

std::filesystem::path audit_folder(const Settings& settings, const std::filesystem::path& output) {
  const auto folder = std::filesystem::absolute(output.empty() ? settings.audit.directory : output).lexically_normal();
  return folder.has_filename() ? folder : folder.parent_path();
}

std::string audit_chain(const Settings& settings, const std::filesystem::path& folder) {
  std::error_code failed;
  const auto real = [&](const std::filesystem::path& path) {
    const auto found = std::filesystem::weakly_canonical(path, failed);
    return failed ? path : found;
  };
  const auto place = real(folder);
  return place == real(audit_folder(settings, {})) ? std::string() : place.string();
}

std::string place_seen(const std::filesystem::path& path) {
  for (auto at = path.lexically_normal();; at = at.parent_path()) {
    struct stat info {};
    if (::stat(at.c_str(), &info) == 0) return fmt::format("{} {}:{}", at.string(), info.st_dev, info.st_ino);
    if (at == at.parent_path()) return "";
  }
}

Status check_audit_folder(const Settings& settings, const std::filesystem::path& folder) {
  const auto refuse = [&](const char* why) {
    return make_error(ErrorCode::kUsage, fmt::format("{}: {}; choose another folder", folder.string(), why));
  };
  if (lies_within(folder, settings.store.root) || lies_within(settings.store.root, folder))
    return refuse("reports and the store are kept apart");
  if (lies_within(settings.catalog.path, folder)) return refuse("reports and the catalog are kept apart");
  return {};
}

std::string audit_summary(const ReportHead& head, const ReportTotals& totals, const std::filesystem::path& directory) {
  const auto& severity = totals.by_severity;
  std::string out = fmt::format("License report of {} as of {}: {}.", head.report_date, format_rfc3339(head.as_of),
                                head.complete ? "complete" : "INCOMPLETE");
  constexpr std::size_t kMostReasons = 5;
  for (std::size_t i = 0; i < std::min(head.incomplete_reasons.size(), kMostReasons); ++i)
    out += fmt::format(" {}.", head.incomplete_reasons[i]);
  if (head.incomplete_reasons.size() > kMostReasons)
    out += fmt::format(" And {} more reasons.", head.incomplete_reasons.size() - kMostReasons);
  out += fmt::format(" {} licenses of {} assets, {} of them held, {} with their file.", totals.licenses, totals.assets,
                     totals.licenses_held, totals.files_mirrored);
  out += fmt::format(" Findings: {} high, {} medium, {} low; {} waived.", severity[0].open, severity[1].open,
                     severity[2].open, severity[0].waived + severity[1].waived + severity[2].waived);
  if (head.changes.since)
    out += fmt::format(" {} of all are new since the report of {}.", totals.findings_new,
                       format_rfc3339(*head.changes.since));
  if (const auto counts = counts_of(totals); !counts.empty()) out += fmt::format(" ({})", counts);
  return out + fmt::format(" Read {}.", (directory / "report.html").string());
}

}  // namespace damsync
