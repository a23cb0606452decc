#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "daemon/cli/access.h"
#include "daemon/cli/asset_view.h"
#include "daemon/cli/command.h"
#include "daemon/jobs/audit_input.h"
#include "storage/base/text.h"
#include "storage/journal/audit_log.h"
#include "sync/report/audit_report.h"
#include "sync/report/proof.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// Writes a file so that it appears whole or not at all.
Status write_whole(const fs::path& file, const std::string& text) {
  const fs::path unfinished = file.string() + ".part";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  std::error_code error;
  if (out) fs::rename(unfinished, file, error);
  if (out && !error) return {};
  fs::remove(unfinished, error);
  return make_error(ErrorCode::kStorage, fmt::format("{} cannot be written", file.string()));
}

class ProofCommand final : public Command {
 public:
  std::string_view name() const override { return "proof"; }
  std::string_view summary() const override { return "Write one page of evidence for one asset"; }

  void declare(Arguments& arguments) override {
    arguments.positional("asset", asset_, "PROVIDER:ASSET_ID as `damsync list assets` shows them");
    arguments.text("--output", output_, "DIR", "where proof-<provider>-<id>.html and .json go; default: here");
    arguments.footer("With --json the object is printed as well. Exit code 1: the catalog does not hold the asset.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const auto name = parse_asset_name(asset_);
    if (!name) return name.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    std::vector<HeldAsset> held;
    if (*db != nullptr) held = read_held(**db, *name);
    std::erase_if(held, [](const HeldAsset& one) { return one.licenses.empty(); });
    if (held.empty())
      return make_error(ErrorCode::kNotFound,
                        fmt::format("no account holds a license of {}; `damsync list licenses` shows what is held",
                                    printable(asset_)));
    const auto holdings = collect(context, loaded->settings, **db, held);
    if (!holdings) return holdings.error();
    return write(context, *name, *holdings);
  }

 private:
  static Result<std::vector<ProofHolding>> collect(CommandContext& context, const Settings& settings, Database& db,
                                                   const std::vector<HeldAsset>& held) {
    const UtcTime now = context.clock.utc();
    const Day today = settings.schedule.zone.day_of(now);
    auto prepared = prepare_audit(settings, {std::nullopt, now, today, today});
    if (!prepared.waivers_error.empty()) return make_error(ErrorCode::kSettings, prepared.waivers_error);
    AuditInput& input = prepared.input;
    const AuditReader reader(db, std::nullopt);
    input.rules.as_of = reader.newest_record(context.clock.utc()).value_or(now);
    std::vector<ProofHolding> holdings;
    for (const auto& one : held) {
      auto& holding = holdings.emplace_back();
      input.only = {one.asset.account, one.asset.asset_id};
      ProofCollector collector(holding);
      if (auto done = AuditReport(reader, input).write(collector, {}, context.stop); !done) return done.error();
      for (const auto& license : one.licenses) holding.raw[license.license_id] = license.raw;
      holding.changes = one.changes;
      holding.chain = chain_of(AuditLog(db), one.changes);
    }
    return holdings;
  }

  static std::vector<ProofLink> chain_of(const AuditLog& log, const std::vector<Change>& changes) {
    std::vector<ProofLink> out;
    for (const auto& change : changes)
      if (const auto row = log.find_change(change.seq))
        out.push_back({fmt::format("{} {}", to_word(change.type), change.license_id), row->seq, row->hash});
    const auto head = log.head();
    if (head.seq > 0) out.push_back({"the end of the chain", head.seq, head.hash});
    return out;
  }

  Result<ExitCode> write(CommandContext& context, const AssetName& name,
                         const std::vector<ProofHolding>& holdings) const {
    const fs::path folder = output_.empty() ? fs::path(".") : fs::path(output_);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
      return make_error(ErrorCode::kStorage, fmt::format("{} cannot be made: {}", folder.string(), error.message()));
    const fs::path base = folder / proof_name(name.provider, name.asset_id);
    const Json json = proof_json(name.provider, name.asset_id, holdings);
    const fs::path page = base.string() + ".html", object = base.string() + ".json";
    if (auto done = write_whole(page, proof_page(name.provider, name.asset_id, holdings)); !done) return done.error();
    if (auto done = write_whole(object, write_json(json, JsonStyle::kPretty)); !done) return done.error();
    if (context.options.json) {
      context.out.json(json);
    } else {
      context.out.line(printable(page.string()));
      context.out.line(printable(object.string()));
    }
    return ExitCode::kDone;
  }

  std::string asset_, output_;
};

}  // namespace

std::unique_ptr<Command> make_proof_command() { return std::make_unique<ProofCommand>(); }

}  // namespace damsync
