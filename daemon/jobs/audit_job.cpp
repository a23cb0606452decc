#include "daemon/jobs/audit_job.h"

#include <fmt/format.h>

#include "daemon/config/secrets.h"
#include "daemon/jobs/audit_input.h"
#include "daemon/version.h"
#include "daemon/workspace.h"
#include "storage/catalog/suggestion_book.h"
#include "storage/files/output_file.h"
#include "storage/journal/audit_log.h"
#include "storage/sqlite/transaction.h"
#include "sync/deliver/child_process.h"
#include "sync/http/poco_transport.h"
#include "sync/report/report_chain.h"
#include "sync/report/report_writer.h"
#include "sync/report/store_comparison.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSuggestionsNamed = 3;

/// The authority of the settings and its way there; without one `authority` is empty.
struct TimeStamping {
  std::unique_ptr<HttpTransport> transport;
  std::optional<TimeStampAuthority> authority;
};

Result<TimeStamping> time_stamping(const Settings& settings) {
  TimeStamping out;
  if (settings.audit.timestamp_url.empty()) return out;
  auto url = Url::parse(settings.audit.timestamp_url);
  if (!url) return url.error();
  TransportSettings way;
  way.base_url = *url;
  way.user_agent = fmt::format("damsync/{} (+https://damsync.org)", kVersion);
  auto transport = make_poco_transport(std::move(way));
  if (!transport) return transport.error();
  out.transport = std::move(*transport);
  out.authority.emplace(*out.transport, *url);
  return out;
}

/// One audit from settings to sealed report.
class AuditJob {
 public:
  AuditJob(const Settings& settings, Workspace* workspace, const AuditOptions& options, Clock& clock, Log& log,
           const ProgressSink& progress)
      : settings_(settings), workspace_(workspace), options_(options), clock_(clock), log_(log), progress_(progress) {}

  Result<AuditOutcome> run(std::stop_token stop) {
    if (!options_.output.empty())
      if (auto fits = check_audit_folder(settings_, options_.output); !fits) return fits.error();
    choose_moment();
    if (joins() && workspace_ == nullptr)
      return make_error(ErrorCode::kLocked,
                        "another damsync holds the catalog, and a report that joins the chain is noted there; "
                        "`audit --as-of` can be made at any time");
    auto key = signing_key(stop);
    if (!key) return key.error();
    if (auto compared = compare_store(stop); !compared) return compared.error();
    if (!moment_.past) moment_.judged_at = clock_.utc();  // what was just found counts
    auto prepared = prepare_audit(settings_, moment_);
    waivers_error_ = std::move(prepared.waivers_error);
    AuditInput& input = prepared.input;
    if (moment_.report_date < moment_.written_on && joins())
      input.late = "written late, on " + format_date(moment_.written_on);
    return write(input, *key ? &**key : nullptr, stop);
  }

 private:
  [[nodiscard]] bool joins() const { return !options_.as_of || options_.report_date; }

  void choose_moment() {
    const TimeZone& zone = settings_.schedule.zone;
    const UtcTime now = clock_.utc();
    moment_.written_on = zone.day_of(now);
    moment_.past = options_.as_of;
    const auto day = options_.report_date;
    if (day && *day < moment_.written_on && !moment_.past) moment_.past = zone.at(*day, settings_.schedule.audit_at);
    moment_.judged_at = moment_.past.value_or(now);
    moment_.report_date = day.value_or(zone.day_of(moment_.judged_at));
  }

  Result<std::optional<SigningKey>> signing_key(std::stop_token stop) {
    if (settings_.audit.signing_key.kind == SecretRef::Kind::kNone) return std::optional<SigningKey>();
    SecretSource secrets(log_.redactor(), std::move(stop));
    const auto pem = secrets.resolve_text(settings_.audit.signing_key, "audit.signing_key");
    if (!pem) return pem.error();
    auto key = SigningKey::from_pem(*pem);
    if (!key) return key.error();
    return std::optional<SigningKey>(std::move(*key));
  }

  /// Only for the report of now: the store cannot be looked at as it was.
  Status compare_store(std::stop_token stop) {
    if (workspace_ == nullptr || workspace_->store == nullptr || moment_.past) return {};
    if (progress_) progress_({.account = "", .step = "store", .done = 0, .total = 0, .bytes = 0});
    StoreComparison comparison({*workspace_->db, *workspace_->catalog, *workspace_->writer, *workspace_->store, clock_,
                                options_.others_write});
    const auto found = comparison.run(stop);
    return found ? Status() : Status(found.error());
  }

  Result<AuditOutcome> write(AuditInput& input, const SigningKey* key, std::stop_token stop) {
    auto db = Database::open(settings_.catalog.path, OpenMode::kRead);
    if (!db) return db.error();
    std::optional<AuditReader> reader(std::in_place, **db, moment_.past);
    const SuggestionBook suggestions(**db);
    if (!moment_.past)  // what was suggested then is not kept
      input.replacements = [&suggestions](const std::string& account, const std::string& asset_id) {
        std::vector<std::string> ids;
        for (const auto& suggestion : suggestions.of(account, asset_id))
          if (ids.size() < kSuggestionsNamed) ids.push_back(suggestion.asset_id);
        return ids;
      };
    input.chain = chain_name();
    input.rules.as_of = moment_.past ? *moment_.past : reader->newest_record(clock_.utc()).value_or(moment_.judged_at);
    AuditReport report(*reader, input);

    auto stamping = time_stamping(settings_);
    if (!stamping) return stamping.error();
    ReportRequest wanted = request(input, key);
    if (stamping->authority) wanted.time_stamps = &*stamping->authority;
    ReportWriter writer(workspace_ != nullptr ? *workspace_->db : **db, clock_);
    const auto published = writer.write(
        wanted,
        [&](ReportRenderer& out) {
          auto written = report.write(out, progress_, stop);
          reader.reset();  // checkpoints need not wait for the sealing
          return written;
        },
        [&](const PublishedReport& done) { note(done, report); }, stop);
    if (!published) return published.error();
    return finish(report, *published, wanted.chain_name, stop);
  }

  /// Empty for the chain of the settings' directory.
  [[nodiscard]] std::string chain_name() const {
    return audit_chain(settings_, audit_folder(settings_, options_.output));
  }

  [[nodiscard]] ReportRequest request(const AuditInput& input, const SigningKey* key) const {
    ReportRequest out;
    const fs::path folder = audit_folder(settings_, options_.output);
    out.directory = joins() ? folder : folder / "as-of";
    out.report_date = input.report_date;
    out.as_of = input.rules.as_of;
    out.chain = joins() ? ReportRequest::Chain::kJoin : ReportRequest::Chain::kAlone;
    out.chain_name = chain_name();
    out.config_sha256 = options_.config_sha256;
    out.version = kVersion;
    out.signing_key = key;
    return out;
  }

  /// The event leaves this machine, and with it the hashes: whoever cuts off or exchanges the report afterwards has it
  /// against him.
  void note(const PublishedReport& published, const AuditReport& report) {
    Change change;
    change.type = EventType::kReportCompleted;
    change.fields = {published.name, "manifest_sha256=" + published.manifest_sha256,
                     "catalog_head=" + published.head.hash};
    if (!published.recovered) {
      change.fields.emplace_back(report.head().complete ? "complete=true" : "complete=false");
      for (const auto severity : {FindingSeverity::kHigh, FindingSeverity::kMedium, FindingSeverity::kLow})
        change.fields.push_back(fmt::format("{}={}", to_word(severity),
                                            report.totals().by_severity[static_cast<std::size_t>(severity)].open));
      change.fields.push_back("judged_at=" + format_rfc3339(moment_.judged_at));
    }
    change.fields.push_back("as_of=" + format_rfc3339(published.as_of));  // the report after it begins there
    workspace_->journal->append(change);
  }

  AuditOutcome finish(const AuditReport& report, const PublishedReport& published, const std::string& chain,
                      std::stop_token stop) {
    AuditOutcome out;
    out.directory = published.path;
    out.report_date = report.head().report_date;
    out.as_of = report.head().as_of;
    out.written = !published.unchanged;
    out.complete = report.head().complete;
    out.totals = report.totals();
    out.summary = audit_summary(report.head(), report.totals(), published.path);
    log_.info("audit.done", {{"report", published.name},
                             {"complete", out.complete ? "yes" : "no"},
                             {"manifest_sha256", published.manifest_sha256},
                             {"catalog_head", published.head.hash}});
    if (!waivers_error_.empty()) failed(out, waivers_error_);
    if (published.time_stamp_error) {
      const auto error = "audit.timestamp_url: " + published.time_stamp_error->message;
      out.summary += fmt::format(" It bears no time stamp: {}.", published.time_stamp_error->message);
      failed(out, error);
    }
    const bool of_the_night = options_.report_date.has_value();  // who waits for its mail is not kept waiting
    if ((out.written || of_the_night) && joins())
      run_programs(out, recorded_name(chain, page_name(published.name)), stop);
    return out;
  }

  void failed(AuditOutcome& out, const std::string& error) {
    log_.error("audit.incomplete", {{"error", error}});
    out.command_error += (out.command_error.empty() ? "" : "; ") + error;
  }

  void run_programs(AuditOutcome& out, const std::string& page, std::stop_token stop) {
    auto pdf = settings_.audit.pdf_command;
    const fs::path made = page_name(out.directory.string());
    std::error_code unknown;
    if (!pdf.empty() && (out.written || !fs::exists(made, unknown))) {
      // Beside the sealed folder: what is in there is named by its manifest.
      pdf.insert(pdf.end(), {(out.directory / "report.html").string(), made.string()});
      if (run_program("audit.pdf_command", pdf, "", out, stop)) note_page(page, made, out);
    }
    auto command = settings_.audit.command;
    if (command.empty()) return;
    command.push_back(out.directory.string());
    run_program("audit.command", command, out.summary + "\n", out, stop);
  }

  /// Its hash stands in the catalog's log from now on.
  void note_page(const std::string& page, const fs::path& made, AuditOutcome& out) {
    const auto digest = digest_file(made);
    if (!digest) return failed(out, "audit.pdf_command: made no " + made.string());
    Transaction tx(*workspace_->db);
    AuditLog(*workspace_->db).append_report_published({page, digest->sha256, ""}, clock_.utc());
    tx.commit();
  }

  /// True when it ended well.
  bool run_program(const char* name, const std::vector<std::string>& argv, const std::string& input, AuditOutcome& out,
                   std::stop_token stop) {
    const auto end = run_child(
        {.argv = argv, .environment = child_environment(), .input = input, .limit = settings_.audit.time_limit}, stop);
    if (end.kind == ChildEnd::Kind::kExited && end.code == 0) return true;
    failed(out, fmt::format("{}: {}", name, describe(end)));
    return false;
  }

  static std::string describe(const ChildEnd& end) {
    std::string errors = end.errors.empty() ? "" : ": " + end.errors;
    while (!errors.empty() && errors.back() == '\n') errors.pop_back();
    switch (end.kind) {
      case ChildEnd::Kind::kExited: return fmt::format("ended with exit code {}{}", end.code, errors);
      case ChildEnd::Kind::kSignalled: return fmt::format("ended by signal {}{}", end.code, errors);
      case ChildEnd::Kind::kTimedOut: return "took longer than audit.time_limit";
      case ChildEnd::Kind::kStopped: return "ended because a stop was asked for";
      case ChildEnd::Kind::kTooMuchOutput: break;  // none is wanted
      case ChildEnd::Kind::kNotStarted: return fmt::format("cannot be started (error {})", end.code);
    }
    return "?";
  }

  const Settings& settings_;
  Workspace* workspace_;
  const AuditOptions& options_;
  Clock& clock_;
  Log& log_;
  const ProgressSink& progress_;
  AuditMoment moment_;
  std::string waivers_error_;  ///< why none was applied; empty: all were
};

}  // namespace

Result<AuditOutcome> run_audit(const Settings& settings, Workspace* workspace, const AuditOptions& options,
                               Clock& clock, Log& log, const ProgressSink& progress, std::stop_token stop) {
  return AuditJob(settings, workspace, options, clock, log, progress).run(stop);
}

}  // namespace damsync
