#include <fmt/format.h>
#include <unistd.h>

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

/// A file's name may hold any bytes; JSON holds text.
Json json_path(const std::string& path) { return json_text(is_utf8(path) ? path : printable(path)); }

Json json_of(const AdoptedFile& file, const AdoptOptions& options) {
  return Json::object({{"path", json_path(file.path)},
                       {"result", to_word(file.result)},
                       {"reason", json_text(is_utf8(file.reason) ? file.reason : printable(file.reason))},
                       {"provider", json_text(file.provider)},
                       {"account", json_text(file.account)},
                       {"asset_id", json_text(file.asset_id)},
                       {"license_id", json_text(file.license_id)},
                       {"store_path", json_text(file.store_path)},
                       {"dry_run", options.dry_run}});
}

class AdoptCommand final : public Command {
 public:
  std::string_view name() const override { return "adopt"; }
  std::string_view summary() const override { return "Take files that are on disk already into the store"; }

  void declare(Arguments& arguments) override {
    arguments.positionals("PATH", options_.paths, "files and folders; folders with everything below them");
    arguments.flag("--copy", copy_, "copy the files (default)");
    arguments.flag("--move", move_, "copy, and remove each file once the catalog has it");
    arguments.flag("--link", link_, "make hard links; mode and owner of the files stay as they are");
    arguments.flag("--dry-run", options_.dry_run, "say what would be done; write nothing");
    arguments.text("--account", options_.account, "NAME", "only licenses of this account");
    arguments.footer(
        "Files are matched by the providers' own file names to licenses that the catalog holds; run `damsync sync`\n"
        "first. No provider is contacted. Files that match no license, or more than one, are listed and left alone.\n"
        "Exit code 1: some were left.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (copy_ + move_ + link_ > 1) return make_error(ErrorCode::kUsage, "--copy, --move and --link exclude each other");
    options_.mode = move_ ? AdoptMode::kMove : link_ ? AdoptMode::kLink : AdoptMode::kCopy;
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    if (!options_.account.empty())
      if (auto known = check_account(loaded->settings, options_.account); !known) return known.error();
    const auto summary =
        context.options.json ? adopt_as_json(context, loaded->settings) : adopt_as_table(context, loaded->settings);
    if (!summary) return summary.error();
    if (!context.options.json) print(context.out, *summary);
    return summary->complete() ? ExitCode::kDone : ExitCode::kIncomplete;
  }

 private:
  Result<AdoptSummary> adopt_as_json(CommandContext& context, const Settings& settings) {
    return adopt(context, settings, [&](const AdoptedFile& file) { context.out.json(json_of(file, options_)); });
  }

  /// Told at the end, so that rows and a progress line do not mix on a terminal.
  Result<AdoptSummary> adopt_as_table(CommandContext& context, const Settings& settings) {
    std::vector<AdoptedFile> files;
    auto summary = adopt(context, settings, [&](const AdoptedFile& file) { files.push_back(file); });
    if (files.empty()) return summary;
    Table table(context.out, {"RESULT", "ASSET", "FILE", "STORED AS, OR WHY NOT"});
    for (const auto& file : files) {
      const std::string asset = file.asset_id.empty() ? "-" : file.provider + ":" + file.asset_id;
      const bool stored = file.result == AdoptResult::kAdopted && file.reason.empty();
      table.add({to_word(file.result), asset, file.path, stored ? file.store_path : file.reason});
    }
    return summary;
  }

  Result<AdoptSummary> adopt(CommandContext& context, const Settings& settings, const AdoptSink& tell) {
    const auto workspace = options_.dry_run ? copy_workspace(settings, context.clock)
                                            : open_workspace(settings, context.clock, context.log);
    if (!workspace) return explain_held(settings, workspace.error());
    Composition composition(settings, **workspace, context.clock, context.log);
    const bool rows_on_terminal = context.options.json && context.out.terminal();
    ProgressLine line(STDERR_FILENO, context.log, !context.options.quiet && !rows_on_terminal);
    return composition.adopt(options_, line.sink(), tell, context.stop);
  }

  void print(Output& out, const AdoptSummary& s) const {
    out.line(fmt::format("{}{} adopted ({}), {} already there, {} unmatched, {} ambiguous, {} refused",
                         options_.dry_run ? "dry run: " : "", s.adopted, format_size(s.bytes), s.already, s.unmatched,
                         s.ambiguous, s.refused));
    if (s.listed > 0) out.line(fmt::format("{} listed for their metadata", s.listed));
    if (s.sources_left > 0) out.line(fmt::format("{} sources could not be removed", s.sources_left));
  }

  bool copy_ = false, move_ = false, link_ = false;
  AdoptOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_adopt_command() { return std::make_unique<AdoptCommand>(); }

}  // namespace damsync
