#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/json_fields.h"
#include "storage/base/text.h"
#include "storage/base/units.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

/// All that one account knows of an asset.
struct Held {
  AssetRow asset;
  std::vector<LicenseRow> licenses;
  std::vector<FileRow> files;
  std::vector<Change> changes;
};

Held read_held(const Catalog& catalog, const std::string& account, const std::string& asset_id) {
  return {catalog.find_asset(account, asset_id).value(), catalog.licenses_of(account, asset_id),
          catalog.files_of(account, asset_id), catalog.changes_of(account, asset_id)};
}

/// JSON we stored ourselves; null when there is none yet.
Json stored_json(const std::string& text) {
  if (text.empty()) return {};
  const auto json = parse_json(text);
  return json ? *json : Json(text);
}

template <class Row>
Json list_of(const std::vector<Held>& held, std::vector<Row> Held::*rows) {
  Json out = Json::array();
  for (const Held& one : held)
    for (const Row& row : one.*rows) out.push(json_of(row));
  return out;
}

Json json_of(const std::vector<Held>& held) {
  Json asset = damsync::json_of(held.front().asset);
  asset.set("metadata", stored_json(held.front().asset.metadata));
  Json accounts = Json::array();
  for (const Held& one : held) accounts.push(damsync::json_of(one.asset));
  return Json::object({{"asset", std::move(asset)},
                       {"accounts", std::move(accounts)},
                       {"licenses", list_of(held, &Held::licenses)},
                       {"files", list_of(held, &Held::files)},
                       {"changes", list_of(held, &Held::changes)},
                       {"raw", stored_json(held.front().asset.raw)}});
}

std::string value_text(const Json& value) {
  if (const auto* text = value.if_string()) return *text;
  return write_json(value);
}

void print_held(Output& out, const Held& held) {
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
  out.line("changes");
  for (const auto& c : held.changes)
    out.line(
        printable(fmt::format("  {}  {}  {}", format_rfc3339(c.time), to_word(c.type), fmt::join(c.fields, ", "))));
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
    const auto colon = asset_.find(':');
    const std::string provider = asset_.substr(0, colon);
    const std::string id = colon == std::string::npos ? "" : asset_.substr(colon + 1);
    if (!is_safe_id(provider) || !is_safe_id(id))
      return make_error(ErrorCode::kUsage,
                        fmt::format("'{}' is no asset; expected PROVIDER:ASSET_ID as `damsync list assets` shows them",
                                    printable(asset_)));
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    const auto db = open_catalog(loaded->settings);
    if (!db) return db.error();
    std::vector<Held> held;
    if (*db != nullptr) {
      const Catalog catalog(**db);
      for (const auto& account : catalog.accounts_with(provider, id)) held.push_back(read_held(catalog, account, id));
    }
    if (held.empty())
      return make_error(ErrorCode::kNotFound,
                        fmt::format("no account holds {}; `damsync list assets` shows what is held", asset_));
    if (context.options.json)
      context.out.json(json_of(held));
    else
      for (const Held& one : held) print_held(context.out, one);
    return ExitCode::kDone;
  }

 private:
  std::string asset_;
};

}  // namespace

std::unique_ptr<Command> make_show_command() { return std::make_unique<ShowCommand>(); }

}  // namespace damsync
