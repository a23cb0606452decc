#include <fmt/format.h>

#include "daemon/cli/audit_verbs.h"
#include "daemon/cli/json_fields.h"
#include "daemon/jobs/audit_input.h"
#include "storage/base/text.h"
#include "sync/report/report_diff.h"

namespace damsync {
namespace {

using Kind = ReportDifference::Kind;

/// A folder as it is, or the report of that name.
std::filesystem::path find_report(const Settings& settings, const std::string& name) {
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::path(name) / "licenses.csv", error)) return name;
  return audit_folder(settings, {}) / name;
}

Json json_of(const ReportDifference& d) {
  Json out = Json::object({{"provider", json_text(d.provider)},
                           {"account", json_text(d.account)},
                           {"asset_id", json_text(d.asset_id)},
                           {"license_id", json_text(d.license_id)}});
  if (!d.code.empty()) out.set("code", d.code).set("message", d.message);
  if (d.kind != Kind::kLicenseChanged) return out;
  Json fields = Json::array();
  for (const auto& f : d.fields)
    fields.push(Json::object({{"name", f.name}, {"before", json_text(f.before)}, {"after", json_text(f.after)}}));
  return out.set("fields", std::move(fields));
}

const char* member_of(Kind kind) {
  switch (kind) {
    case Kind::kLicenseAdded: return "licenses_added";
    case Kind::kLicenseRemoved: return "licenses_removed";
    case Kind::kLicenseChanged: return "licenses_changed";
    case Kind::kFindingNew: return "findings_new";
    case Kind::kFindingGone: return "findings_gone";
    case Kind::kFindingWaived: return "findings_waived";
    case Kind::kFindingReopened: return "findings_reopened";
  }
  return "?";
}

std::string text_of(const ReportDifference& d) {
  const std::string which = fmt::format("{}{}{}", d.account, d.asset_id.empty() ? "" : ":" + d.asset_id,
                                        d.license_id.empty() ? "" : " " + d.license_id);
  std::string out = fmt::format("{:<16}  {}", to_word(d.kind), which);
  if (!d.code.empty()) out += fmt::format("  {}: {}", d.code, d.message);
  for (const auto& f : d.fields)
    out += fmt::format("  {}: {} -> {}", f.name, f.before.empty() ? "-" : f.before, f.after.empty() ? "-" : f.after);
  return out;
}

}  // namespace

Result<ExitCode> run_audit_diff(CommandContext& context, const Settings& settings, const std::string& before,
                                const std::string& after) {
  const auto from = find_report(settings, before), to = find_report(settings, after);
  constexpr std::array<Kind, 7> kKinds = {Kind::kLicenseAdded,   Kind::kLicenseRemoved, Kind::kLicenseChanged,
                                          Kind::kFindingNew,     Kind::kFindingGone,    Kind::kFindingWaived,
                                          Kind::kFindingReopened};
  Json out = Json::object({{"from", from.string()}, {"to", to.string()}});
  std::array<std::int64_t, kKinds.size()> counts{};
  std::array<Json, kKinds.size()> lists;
  lists.fill(Json::array());
  const bool json = context.options.json;
  const auto status = compare_reports(from, to, [&](const ReportDifference& d) {
    const auto kind = static_cast<std::size_t>(d.kind);
    ++counts[kind];
    if (json)
      lists[kind].push(json_of(d));
    else
      context.out.line(printable(text_of(d)));
  });
  if (!status) return status.error();
  if (json) {
    for (std::size_t i = 0; i < kKinds.size(); ++i) out.set(member_of(kKinds[i]), std::move(lists[i]));
    context.out.json(out);
  } else {
    context.out.line(
        fmt::format("licenses: {} added, {} removed, {} changed; findings: {} new, {} gone, {} waived, {} reopened",
                    counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6]));
  }
  return ExitCode::kDone;
}

}  // namespace damsync
