#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/progress_line.h"
#include "daemon/composition.h"
#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

Json json_of(const VerifySummary& v) {
  Json findings = Json::array();
  for (const auto& f : v.findings)
    findings.push(Json::object({{"code", f.code},
                                {"path", json_text(f.path)},
                                {"asset_id", json_text(f.asset_id)},
                                {"repaired", f.repaired}}));
  return Json::object({{"checked", v.checked},
                       {"ok", v.ok},
                       {"missing", v.missing},
                       {"corrupt", v.corrupt},
                       {"orphans", v.orphans},
                       {"repaired", v.repaired},
                       {"bytes", v.bytes},
                       {"findings", std::move(findings)}});
}

class VerifyCommand final : public Command {
 public:
  std::string_view name() const override { return "verify"; }
  std::string_view summary() const override { return "Hash the store's files again; deletes nothing"; }

  void declare(Arguments& arguments) override {
    arguments.text("--sample", sample_, "SHARE",
                   "only this share of the files, e.g. 5%, those checked longest ago first");
    arguments.text("--time-limit", time_limit_, "DURATION", "begin no further file after e.g. 5h");
    arguments.flag("--repair", options_.repair, "fetch again what can be had free of charge");
    arguments.footer("Exit code 3: files are missing, changed, or belong to no license.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (auto read = read_options(); !read) return read.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto summary = is_begun(loaded->settings) ? verify(context, loaded->settings) : VerifySummary{};
    if (!summary) return summary.error();
    print(context, *summary);
    const std::int64_t unresolved = summary->missing + summary->corrupt + summary->orphans - summary->repaired;
    return unresolved > 0 ? ExitCode::kFindings : ExitCode::kDone;
  }

 private:
  Status read_options() {
    if (!sample_.empty()) {
      const auto share = parse_share(sample_);
      if (!share || *share <= 0)
        return make_error(ErrorCode::kUsage,
                          fmt::format("--sample {}: expected a share such as 5%", printable(sample_)));
      options_.sample = *share;
    }
    if (!time_limit_.empty()) {
      const auto limit = parse_duration(time_limit_);
      if (!limit)
        return make_error(ErrorCode::kUsage,
                          fmt::format("--time-limit {}: expected a duration such as 5h", printable(time_limit_)));
      options_.time_limit = *limit;
    }
    return {};
  }

  /// Before the first sync there is nothing to look at, and looking must not make a catalog and a store.
  static bool is_begun(const Settings& settings) {
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(settings.catalog.path, error));
  }

  Result<VerifySummary> verify(CommandContext& context, const Settings& settings) {
    const auto workspace = open_workspace(settings, context.clock, context.log);
    if (!workspace) return explain_held(settings, workspace.error());
    Composition composition(settings, **workspace, context.clock, context.log);
    ProgressLine line(STDERR_FILENO, context.log, !context.options.quiet);
    auto summary = composition.verify(options_, line.sink(), context.stop);
    if (summary && options_.repair) mark_repaired(*summary, *(*workspace)->catalog);
    return summary;
  }

  static void mark_repaired(VerifySummary& summary, const Catalog& catalog) {
    for (auto& finding : summary.findings) {
      const auto file = catalog.find_file_at(finding.path);
      finding.repaired = file && file->state == FileState::kMirrored;
    }
  }

  void print(CommandContext& context, const VerifySummary& v) const {
    if (context.options.json) return context.out.json(json_of(v));
    if (!v.findings.empty()) {
      std::vector<std::string> header = {"FINDING", "ASSET", "PATH"};
      if (options_.repair) header.insert(header.begin() + 1, "REPAIRED");
      Table table(context.out, header);
      for (const auto& f : v.findings) {
        std::vector<std::string> row = {f.code, f.asset_id.empty() ? "-" : f.asset_id, f.path};
        if (options_.repair) row.insert(row.begin() + 1, f.repaired ? "yes" : "no");
        table.add(std::move(row));
      }
    }
    context.out.line(fmt::format("{} checked ({}): {} ok, {} missing, {} corrupt, {}, {} repaired",
                                 counted(v.checked, "file"), format_size(v.bytes), v.ok, v.missing, v.corrupt,
                                 counted(v.orphans, "orphan"), v.repaired));
  }

  std::string sample_, time_limit_;
  VerifyOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_verify_command() { return std::make_unique<VerifyCommand>(); }

}  // namespace damsync
