#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/cli/access.h"
#include "daemon/cli/asset_view.h"
#include "daemon/cli/command.h"
#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

std::string value_text(const Json& value) {
  if (const auto* text = value.if_string()) return *text;
  return write_json(value);
}

void print_held(Output& out, const HeldAsset& held) {
  const AssetRow& a = held.asset;
  out.line(printable(fmt::format("{}:{} in account {}, {}, revision {}", a.provider, a.asset_id, a.account,
                                 to_word(a.state), a.revision)));
  const Json metadata = stored_json(a.metadata);
  if (const auto* members = metadata.if_object())
    for (const auto& [name, value] : *members)
      out.line(printable(fmt::format("  {:<20}  {}", name, value_text(value))));
  out.line("licenses");
  for (const auto& l : held.licenses)
    out.line(printable(fmt::format("  {}  {} {}  {} {}  {}", l.license_id, l.license_type, l.size,
                                   format_rfc3339(l.licensed_at), l.licensed_by, to_word(l.state))));
  out.line("files");
  for (const auto& f : held.files)
    out.line(printable(fmt::format("  {}  {}  {}  {}", f.license_id, to_word(f.state),
                                   f.path.empty() ? f.reason : f.path, f.bytes ? format_size(*f.bytes) : "")));
  if (!held.collections.empty()) out.line("collections");
  for (const auto& [id, name] : held.collections) out.line(printable(fmt::format("  {}  {}", id, name)));
  out.line("changes");
  for (const auto& c : held.changes)
    out.line(
        printable(fmt::format("  {}  {}  {}", format_rfc3339(c.time), to_word(c.type), fmt::join(c.fields, ", "))));
  if (!held.suggestions.empty()) out.line("could stand in for it");
  for (const auto& s : held.suggestions)
    out.line(printable(fmt::format("  {}:{}  {}  ({})", a.provider, s.asset_id, s.title, s.why)));
}

class ShowCommand final : public Command {
 public:
  std::string_view name() const override { return "show"; }
  std::string_view summary() const override { return "Show all that is known of one asset"; }

  void declare(Arguments& arguments) override {
    arguments.positional("asset", asset_, "PROVIDER:ASSET_ID as `damsync list assets` shows them");
    arguments.footer("Exit code 1: the catalog does not hold the asset.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const auto name = parse_asset_name(asset_);
    if (!name) return name.error();
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    std::vector<HeldAsset> held;
    if (*db != nullptr) held = read_held(**db, *name);
    if (held.empty())
      return make_error(ErrorCode::kNotFound,
                        fmt::format("no account holds {}; `damsync list assets` shows what is held", asset_));
    if (context.options.json)
      context.out.json(json_of(held));
    else
      for (const HeldAsset& one : held) print_held(context.out, one);
    return ExitCode::kDone;
  }

 private:
  std::string asset_;
};

}  // namespace

std::unique_ptr<Command> make_show_command() { return std::make_unique<ShowCommand>(); }

}  // namespace damsync
