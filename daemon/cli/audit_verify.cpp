#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "daemon/cli/access.h"
#include "daemon/cli/audit_verbs.h"
#include "daemon/cli/json_fields.h"
#include "daemon/jobs/audit_input.h"
#include "storage/base/text.h"
#include "storage/journal/audit_log.h"
#include "sync/report/report_verify.h"
#include "sync/report/signature.h"

namespace damsync {
namespace {

Result<std::vector<std::string>> read_keys(const std::vector<std::string>& files) {
  std::vector<std::string> keys;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in || text.empty())
      return make_error(ErrorCode::kUsage, fmt::format("--public-key {}: cannot be read", printable(file)));
    if (!is_public_key(text))
      return make_error(ErrorCode::kUsage,
                        fmt::format("--public-key {}: holds no Ed25519 public key in PEM", printable(file)));
    keys.push_back(std::move(text));
  }
  return keys;
}

Json json_of(const ReportFault& fault) {
  return Json::object({{"damage", to_word(fault.damage)},
                       {"report", json_text(fault.report)},
                       {"file", json_text(fault.file)},
                       {"message", fault.message}});
}

Json json_of(const AuditBreak& found) {
  return Json::object(
      {{"damage", "catalog"}, {"report", Json()}, {"file", Json()}, {"seq", found.seq}, {"message", found.what}});
}

void print(CommandContext& context, const std::filesystem::path& folder, const ReportVerification& done,
           const std::optional<AuditBreak>& broken) {
  if (context.options.json) {
    Json faults = Json::array();
    for (const auto& fault : done.faults) faults.push(json_of(fault));
    if (broken) faults.push(json_of(*broken));
    const bool ok = done.faults.empty() && !broken;
    return context.out.json(Json::object({{"directory", folder.string()},
                                          {"reports", done.reports},
                                          {"files", done.files},
                                          {"ok", ok},
                                          {"faults", std::move(faults)}}));
  }
  if (!done.faults.empty()) {
    Table table(context.out, {"DAMAGE", "REPORT", "FILE", "WHAT"});
    for (const auto& f : done.faults)
      table.add({to_word(f.damage), f.report.empty() ? "-" : f.report, f.file.empty() ? "-" : f.file, f.message});
  }
  if (broken) context.out.line(printable(fmt::format("the catalog's log, row {}: {}", broken->seq, broken->what)));
  context.out.line(
      fmt::format("{} with {} checked: {}", counted(done.reports, "report"), counted(done.files, "file"),
                  done.faults.empty() && !broken
                      ? "all are as they were written"
                      : counted(static_cast<std::int64_t>(done.faults.size()) + (broken ? 1 : 0), "fault")));
}

}  // namespace

Result<ExitCode> run_audit_verify(CommandContext& context, const Settings& settings, const std::string& folder,
                                  const std::vector<std::string>& key_files) {
  const auto keys = read_keys(key_files);
  if (!keys) return keys.error();
  const auto directory = audit_folder(settings, folder);
  auto db = open_catalog(settings);
  if (!db) return db.error();
  std::optional<AuditLog> log;
  if (*db != nullptr) log.emplace(**db);
  ReportTrust trust;
  trust.log = log ? &*log : nullptr;
  trust.chain_name = audit_chain(settings, directory);
  trust.public_keys = *keys;
  const auto done = verify_reports(directory, trust);
  if (!done) return done.error();
  const auto broken = log ? log->check() : std::nullopt;
  print(context, directory, *done, broken);
  return done->faults.empty() && !broken ? ExitCode::kDone : ExitCode::kFindings;
}

}  // namespace damsync
