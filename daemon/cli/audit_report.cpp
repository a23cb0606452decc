#include "daemon/cli/audit_report.h"

#include "daemon/cli/json_fields.h"
#include "storage/base/text.h"

namespace damsync {

Json json_of(const AuditOutcome& done) {
  Json findings = Json::object(), severities = Json::object();
  for (const auto& rule : finding_rules()) {
    const auto& count = done.totals.by_code[static_cast<std::size_t>(rule.code)];
    if (count.open + count.waived > 0)
      findings.set(to_word(rule.code), Json::object({{"open", count.open}, {"waived", count.waived}}));
  }
  for (const auto severity : {FindingSeverity::kHigh, FindingSeverity::kMedium, FindingSeverity::kLow})
    severities.set(to_word(severity), done.totals.by_severity[static_cast<std::size_t>(severity)].open);
  return Json::object({{"directory", done.directory.string()},
                       {"report_date", done.report_date},
                       {"as_of", json_time(done.as_of)},
                       {"written", done.written},
                       {"complete", done.complete},
                       {"licenses", done.totals.licenses},
                       {"findings", std::move(findings)},
                       {"severities", std::move(severities)},
                       {"summary", done.summary},
                       {"command_error", json_text(done.command_error)}});
}

std::string text_of(const AuditOutcome& done) {
  return printable(done.summary) + "\n" +
         printable(done.directory.string() + (done.written ? "" : " (nothing has changed since)")) + "\n" +
         (done.command_error.empty() ? "" : printable("not in order: " + done.command_error) + "\n");
}

ExitCode exit_code_of(const AuditOutcome& done) noexcept {
  return done.command_error.empty() ? ExitCode::kDone : ExitCode::kIncomplete;
}

}  // namespace damsync
