#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "daemon/cli/access.h"
#include "daemon/cli/audit_report.h"
#include "daemon/cli/audit_verbs.h"
#include "daemon/cli/command.h"
#include "daemon/cli/daemon_call.h"
#include "daemon/cli/progress_line.h"
#include "daemon/config/settings_text.h"
#include "daemon/jobs/audit_input.h"
#include "daemon/jobs/audit_job.h"
#include "daemon/workspace.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

class AuditCommand final : public Command {
 public:
  std::string_view name() const override { return "audit"; }
  std::string_view summary() const override { return "Write the license report, check and compare reports"; }

  void declare(Arguments& arguments) override {
    arguments.optional_verb("VERB", words_, {"verify", "diff", "prune"},
                            "nothing: write a report; verify [DIR]: check the chain of reports; diff A B: what "
                            "changed between two reports; prune: remove reports older than audit.keep_days");
    arguments.text("--as-of", as_of_, "DATE", "as it was at the end of that day, or at an RFC 3339 time");
    arguments.text("--output", output_, "DIR", "below this folder, in a chain of its own; default: audit.directory");
    arguments.flag("--dry-run", dry_run_, "with prune: show what would be removed");
    arguments.flag("--damaged", damaged_, "with prune: also reports that are not as they were written");
    arguments.texts("--public-key", keys_, "FILE", "with verify: every report is signed by this key (PEM; repeatable)");
    arguments.footer(
        "Exit code 1: the report is written, and a program of the settings that follows it failed, no time stamp came, "
        "or "
        "the list of waivers is not in order. Exit code 3 of audit verify and audit prune: something is not as it was "
        "written.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (auto fits = check_words(); !fits) return fits.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const Settings& settings = loaded->settings;
    if (verb() == "diff") return run_audit_diff(context, settings, words_[1], words_[2]);
    if (verb() == "verify") return run_audit_verify(context, settings, words_.size() > 1 ? words_[1] : output_, keys_);
    if (verb() == "prune")
      return run_audit_prune(context, settings, output_,
                             dry_run_   ? Prune::kShow
                             : damaged_ ? Prune::kRemoveDamaged
                                        : Prune::kRemove);
    return write(context, *loaded);
  }

 private:
  [[nodiscard]] std::string verb() const { return words_.empty() ? "" : words_[0]; }

  [[nodiscard]] Status check_words() const {
    const auto wrong = [](const char* text) { return make_error(ErrorCode::kUsage, text); };
    const std::string what = verb();
    if (!what.empty() && what != "verify" && what != "diff" && what != "prune")
      return make_error(ErrorCode::kUsage,
                        fmt::format("audit {}: expected verify, diff or prune, or nothing", printable(what)));
    if (what == "diff" && words_.size() != 3) return wrong("audit diff needs two reports: folders, or their dates");
    if (what == "verify" && words_.size() > 2) return wrong("audit verify takes one folder at most");
    if (!keys_.empty() && what != "verify") return wrong("--public-key goes with audit verify");
    if (what == "prune" && words_.size() > 1) return wrong("audit prune takes no further word");
    if (!what.empty() && !as_of_.empty()) return wrong("--as-of goes with writing a report");
    if (dry_run_ && what != "prune") return wrong("--dry-run goes with audit prune");
    if (damaged_ && what != "prune") return wrong("--damaged goes with audit prune");
    if (what == "diff" && !output_.empty()) return wrong("--output does not go with audit diff; name the folders");
    return {};
  }

  /// The end of a day in the schedule's time zone, or a moment.
  Result<std::optional<UtcTime>> past(CommandContext& context, const Settings& settings) const {
    if (as_of_.empty()) return std::optional<UtcTime>();
    std::optional<UtcTime> moment;
    bool future = false;
    const UtcTime now = context.clock.utc();
    if (const auto day = parse_date(as_of_)) {
      const TimeZone& zone = settings.schedule.zone;
      future = *day > zone.day_of(now);
      moment = zone.at(*day + std::chrono::days(1), std::chrono::minutes(0)) - Millis(1);
    } else if (const auto time = parse_rfc3339(as_of_)) {
      moment = *time;
      future = *time > now;
    }
    if (!moment)
      return make_error(ErrorCode::kUsage, fmt::format("--as-of {}: expected a date such as 2026-01-31 or an RFC 3339 "
                                                       "time such as 2026-01-31T12:00:00Z",
                                                       printable(as_of_)));
    if (future) return make_error(ErrorCode::kUsage, fmt::format("--as-of {}: lies in the future", printable(as_of_)));
    return std::optional<UtcTime>(std::min(*moment, now));  // of today, what is known by now
  }

  Result<ExitCode> write(CommandContext& context, const LoadedSettings& loaded) const {
    const Settings& settings = loaded.settings;
    AuditOptions options;
    options.config_sha256 = sha256_of_settings(loaded);
    options.output = output_;
    const auto moment = past(context, settings);
    if (!moment) return moment.error();
    options.as_of = *moment;
    std::error_code error;
    if (!std::filesystem::exists(settings.catalog.path, error))
      return make_error(ErrorCode::kStorage,
                        fmt::format("no catalog yet at {}: run `damsync sync` first", settings.catalog.path.string()));
    std::unique_ptr<Workspace> workspace;
    if (!options.as_of) {
      const std::string folder = output_.empty() ? "" : std::filesystem::absolute(output_, error).string();
      const std::string seen = folder.empty() ? "" : place_seen(folder);
      const Json request = Json::object({{"do", "audit"}, {"output", folder}, {"seen", seen}});
      if (const auto answer = ask_daemon(context, settings, request)) return *answer;
      auto opened = open_workspace(settings, context.clock, context.log);
      if (!opened) return opened.error();
      workspace = std::move(*opened);
    }
    ProgressLine line(STDERR_FILENO, context.log, !context.options.quiet);
    const auto done =
        run_audit(settings, workspace.get(), options, context.clock, context.log, line.sink(), context.stop);
    if (!done) return done.error();
    if (context.options.json)
      context.out.json(json_of(*done));
    else
      context.out.text(text_of(*done));
    return exit_code_of(*done);
  }

  std::vector<std::string> words_, keys_;
  std::string as_of_, output_;
  bool dry_run_ = false, damaged_ = false;
};

}  // namespace

std::unique_ptr<Command> make_audit_command() { return std::make_unique<AuditCommand>(); }

}  // namespace damsync
