#include "sync/adopt/listing.h"

#include <fmt/format.h>

#include "storage/base/text.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

/// `gettyimages` of `GettyImages-`.
std::string brand_of(const std::string& file_prefix) {
  return to_lower(file_prefix.substr(0, file_prefix.find_last_not_of("-_") + 1));
}

/// Whether the asset was not known.
bool add_asset(Cycle& cycle, const std::string& asset_id) {
  Transaction tx(cycle.db);
  cycle.writer.ensure_account(cycle.account, std::string(cycle.provider.name()), cycle.clock.utc());
  const bool added = cycle.writer.add_asset(cycle.account, asset_id, cycle.clock.utc());
  tx.commit();
  return added;
}

}  // namespace

std::optional<AdoptedFile> list_for_metadata(const std::vector<Cycle*>& accounts, const std::vector<Claim>& claims,
                                             const SourceFile& file, const AdoptOptions& options) {
  if (claims.size() != 1) return std::nullopt;
  const Claim& claim = claims.front();
  Cycle& cycle = *accounts[claim.owner];
  const auto& capabilities = cycle.provider.capabilities();
  const bool meant = !options.account.empty() || to_lower(file.name()).starts_with(brand_of(capabilities.file_prefix));
  if (!capabilities.license_stream.empty() || !claim.name.refusal.empty() || !meant) return std::nullopt;
  const std::string& id = claim.name.asset_id;
  const bool added = options.dry_run ? !cycle.catalog.find_asset(cycle.account, id) : add_asset(cycle, id);
  return AdoptedFile{
      file.shown,
      AdoptResult::kListed,
      added ? "the next sync reads its metadata; without a license the file stays where it is" : "listed already",
      cycle.account,
      std::string(cycle.provider.name()),
      id,
      "",
      ""};
}

std::string advice_for(const std::vector<Cycle*>& accounts, const std::vector<Claim>& claims) {
  std::string lists;
  for (const auto& claim : claims) {
    const Cycle& cycle = *accounts[claim.owner];
    const auto& stream = cycle.provider.capabilities().license_stream;
    if (stream.empty())
      lists = cycle.account;
    else if (!cycle.catalog.stream(cycle.account, stream).last_ok_at)
      return fmt::format("; account '{}' has not been synced yet: run damsync sync first", cycle.account);
  }
  return lists.empty() ? "" : fmt::format("; with --account {} its metadata is mirrored", lists);
}

}  // namespace damsync
