#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/list_names.h"
#include "daemon/cli/time_filter.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "storage/catalog/collection_book.h"

namespace damsync {
namespace {

std::string shown(const std::optional<UtcTime>& time) { return time ? format_rfc3339(*time) : "-"; }
std::string shown(const std::string& text) { return text.empty() ? "-" : text; }
std::string shown(const std::optional<std::string>& text) { return text ? shown(*text) : "-"; }

std::string fields_of(const Change& change) {
  std::string out;
  for (const auto& field : change.fields) out += (out.empty() ? "" : ",") + field;
  return shown(out);
}

const std::vector<std::string> kHeaderAssets = {"PROVIDER", "ACCOUNT", "ASSET", "STATE", "TYPE", "UPDATED", "TITLE"};
const std::vector<std::string> kHeaderLicenses = {"PROVIDER", "ACCOUNT",  "LICENSE", "ASSET", "TYPE",
                                                  "SIZE",     "LICENSED", "BY",      "STATE"};
const std::vector<std::string> kHeaderFiles = {"ACCOUNT", "ASSET", "LICENSE", "STATE", "BYTES", "PATH", "REASON"};
const std::vector<std::string> kHeaderChanges = {"SEQ", "TIME", "TYPE", "ACCOUNT", "ASSET", "LICENSE", "REV", "FIELDS"};
const std::vector<std::string> kHeaderSpends = {"SPEND",    "ACCOUNT", "ASSET", "LICENSE",
                                                "INTENDED", "OUTCOME", "DETAIL"};
const std::vector<std::string> kHeaderCollections = {"PROVIDER", "ACCOUNT", "COLLECTION", "ITEMS",
                                                     "HELD",     "UPDATED", "NAME"};
const std::vector<std::string> kHeaderRuns = {"RUN", "STARTED", "TOOK", "RESULT", "MIRRORED", "FAILED", "BYTES"};

std::vector<std::string> row_of(const AssetRow& a) {
  return {a.provider,          a.account,           a.asset_id,    to_word(a.state),
          shown(a.media_type), shown(a.updated_at), shown(a.title)};
}
std::vector<std::string> row_of(const LicenseRow& l) {
  return {l.provider,
          l.account,
          l.license_id,
          l.asset_id,
          shown(l.license_type),
          shown(l.size),
          format_rfc3339(l.licensed_at),
          shown(l.licensed_by),
          to_word(l.state)};
}
std::vector<std::string> row_of(const FileRow& f) {
  return {f.account,     f.asset_id,     f.license_id, to_word(f.state), f.bytes ? format_size(*f.bytes) : "-",
          shown(f.path), shown(f.reason)};
}
std::vector<std::string> row_of(const Change& c) {
  return {std::to_string(c.seq), format_rfc3339(c.time),     to_word(c.type), shown(c.account), shown(c.asset_id),
          shown(c.license_id),   std::to_string(c.revision), fields_of(c)};
}
std::vector<std::string> row_of(const CollectionRow& c) {
  return {c.provider,          c.account,    c.collection_id, std::to_string(c.items), std::to_string(c.assets.size()),
          shown(c.updated_at), shown(c.name)};
}
std::vector<std::string> row_of(const RunSummary& r) {
  std::int64_t mirrored = 0, failed = 0, bytes = 0;
  for (const auto& account : r.accounts) {
    mirrored += account.files_mirrored;
    failed += account.files_failed;
    bytes += account.bytes;
  }
  return {r.run_id,
          format_rfc3339(r.started_at),
          format_duration(r.finished_at - r.started_at),
          r.ok ? "ok" : "incomplete",
          std::to_string(mirrored),
          std::to_string(failed),
          format_size(bytes)};
}

/// What a person should know of it, in the order it happened.
std::vector<std::string> words_of(const SpendRow& s) {
  std::vector<std::string> words;
  for (const auto& text : {s.detail, s.parked_reason})
    if (!text.empty()) words.push_back(text);
  if (!s.decided_by.empty()) words.push_back(fmt::format("{}: {}", s.decided_by, s.decision_reason));
  return words;
}

std::vector<std::string> row_of(const SpendRow& s) {
  const std::string outcome = s.outcome ? to_word(*s.outcome) : s.parked() ? "open, parked" : "open";
  return {std::to_string(s.spend_id),
          s.account,
          s.asset_id,
          s.license_id,
          format_rfc3339(s.at),
          outcome,
          shown(fmt::format("{}", fmt::join(words_of(s), "; ")))};
}

/// The states a listed thing can be in; empty: it has none.
std::vector<std::string> states_of(const std::string& what) {
  if (what == "assets") return {"active", "withdrawn", "unknown"};
  if (what == "licenses") return {"held", "vanished"};
  if (what == "spends") return {"open", "spent", "refused", "not_spent"};
  if (what == "files") return {"mirrored", "pending", "failed", "blocked", "missing", "corrupt"};
  return {};
}

class ListCommand final : public Command {
 public:
  std::string_view name() const override { return "list"; }
  std::string_view summary() const override { return "List what the catalog holds"; }

  void declare(Arguments& arguments) override {
    arguments.word("what", what_, {"assets", "licenses", "files", "changes", "spends", "runs", "collections"},
                   "assets, licenses, files, changes, spends, runs or collections");
    arguments.text("--account", filter_.account, "NAME", "only of this account");
    arguments.text("--provider", filter_.provider, "PROVIDER", "only of this provider");
    arguments.text("--state", filter_.state, "STATE", "only in this state, e.g. active, held, failed");
    arguments.text("--since", since_, "TIME",
                   "from this time on: 2026-01-31T12:00:00Z, 2026-01-31, or an age such as 5d");
    arguments.text("--until", until_, "TIME", "before this time, likewise");
    arguments.number("--limit", filter_.limit, "at most so many; default: all");
    arguments.footer(
        "The time that --since and --until choose by: of assets the last update at the provider, of licenses when they "
        "were bought, of files when they were mirrored, of changes when they were learned of, of spends when the call "
        "was intended, of runs when they started. Collections have none.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (auto checked = check_filter(context); !checked) return checked.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    if (auto known = check_list_names(loaded->settings, db->get(), filter_.account, filter_.provider); !known)
      return known.error();
    if (*db == nullptr) return ExitCode::kDone;  // nothing was ever synced: an empty list
    list(**db, context);
    return context.stop.stop_requested() ? ExitCode::kIncomplete : ExitCode::kDone;  // a signal may have cut it
  }

 private:
  Status check_filter(CommandContext& context) {
    if (auto checked = check_state(); !checked) return checked;
    if (what_ == "collections" && !(since_ + until_).empty())
      return make_error(ErrorCode::kUsage, "collections have no time to choose by; --since and --until go with others");
    for (auto [text, target] : {std::pair(&since_, &filter_.since), std::pair(&until_, &filter_.until)}) {
      if (text->empty()) continue;
      const auto time = parse_time_filter(*text, context.clock.utc());
      if (!time) return time.error();
      *target = *time;
    }
    return {};
  }

  [[nodiscard]] Status check_state() const {
    const auto states = states_of(what_);
    if (filter_.state.empty() || std::find(states.begin(), states.end(), filter_.state) != states.end()) return {};
    if (states.empty()) return make_error(ErrorCode::kUsage, fmt::format("{} have no state to choose by", what_));
    return make_error(ErrorCode::kUsage, fmt::format("{} are never in state '{}'; expected one of {}", what_,
                                                     printable(filter_.state), fmt::join(states, ", ")));
  }

  /// A visitor that prints each row and stops when nobody reads any more.
  template <class Row>
  static std::function<bool(const Row&)> printer(CommandContext& context, Table& table) {
    return [&context, &table](const Row& row) {
      if (context.options.json)
        context.out.json(json_of(row));
      else
        table.add(row_of(row));
      return !context.out.lost() && !context.stop.stop_requested();
    };
  }

  void list(Database& db, CommandContext& context) const {
    const Catalog catalog(db);
    const auto table_of = [&](const std::vector<std::string>& header) {
      return Table(context.out, context.options.json ? std::vector<std::string>{} : header);
    };
    if (what_ == "assets") {
      Table table = table_of(kHeaderAssets);
      catalog.list_assets(filter_, printer<AssetRow>(context, table));
    } else if (what_ == "licenses") {
      Table table = table_of(kHeaderLicenses);
      catalog.list_licenses(filter_, printer<LicenseRow>(context, table));
    } else if (what_ == "files") {
      Table table = table_of(kHeaderFiles);
      catalog.list_files(filter_, printer<FileRow>(context, table));
    } else if (what_ == "changes") {
      Table table = table_of(kHeaderChanges);
      catalog.list_changes(filter_, 0, printer<Change>(context, table));
    } else if (what_ == "collections") {
      Table table = table_of(kHeaderCollections);
      CollectionBook(db).list(filter_, printer<CollectionRow>(context, table));
    } else if (what_ == "spends") {
      Table table = table_of(kHeaderSpends);
      SpendLedger(db).list(filter_, printer<SpendRow>(context, table));
    } else {
      Table table = table_of(kHeaderRuns);
      catalog.list_runs(filter_, printer<RunSummary>(context, table));
    }
  }

  std::string what_, since_, until_;
  ListFilter filter_;
};

}  // namespace

std::unique_ptr<Command> make_list_command() { return std::make_unique<ListCommand>(); }

}  // namespace damsync
