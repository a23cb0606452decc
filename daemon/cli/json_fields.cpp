#include "daemon/cli/json_fields.h"

#include "storage/base/time.h"
#include "storage/journal/feed_reader.h"
#include "sync/http/url.h"

namespace damsync {
namespace {

Json json_of(const AccountSummary& account) {
  Json out = Json::object({{"name", account.name},
                           {"provider", account.provider},
                           {"ok", !account.error && account.files_failed == 0},
                           {"error", account.error ? Json(account.error->message) : Json()},
                           {"error_code", account.error ? Json(to_word(account.error->code)) : Json()}});
  out.set("licenses_seen", account.licenses_seen);
  out.set("licenses_new", account.licenses_new);
  out.set("licenses_vanished", account.licenses_vanished);
  out.set("assets_updated", account.assets_updated);
  out.set("assets_withdrawn", account.assets_withdrawn);
  out.set("files_mirrored", account.files_mirrored);
  out.set("files_failed", account.files_failed);
  out.set("files_blocked", account.files_blocked);
  out.set("items_rejected", account.items_rejected);
  out.set("bytes", account.bytes);
  out.set("calls_free", account.calls_free);
  out.set("calls_spending", account.calls_spending);
  return out;
}

}  // namespace

Json json_time(UtcTime time) { return format_rfc3339(time); }
Json json_time(const std::optional<UtcTime>& time) { return time ? Json(format_rfc3339(*time)) : Json(); }
Json json_text(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json json_of(const AssetRow& asset) {
  return Json::object({{"provider", asset.provider},
                       {"account", asset.account},
                       {"asset_id", asset.asset_id},
                       {"state", to_word(asset.state)},
                       {"media_type", asset.media_type},
                       {"title", asset.title},
                       {"editorial", asset.editorial},
                       {"updated_at", json_time(asset.updated_at)},
                       {"revision", asset.revision},
                       {"first_seen_at", json_time(asset.first_seen_at)},
                       {"checked_at", json_time(asset.checked_at)},
                       {"withdrawn_at", json_time(asset.withdrawn_at)}});
}

Json json_of(const LicenseRow& license) {
  return Json::object({{"provider", license.provider},
                       {"account", license.account},
                       {"license_id", license.license_id},
                       {"asset_id", license.asset_id},
                       {"license_type", json_text(license.license_type)},
                       {"size", json_text(license.size)},
                       {"format", json_text(license.format)},
                       {"licensed_at", json_time(license.licensed_at)},
                       {"licensed_by", json_text(license.licensed_by)},
                       {"downloadable", license.downloadable},
                       {"state", to_word(license.state)},
                       {"media_kind", license.media_kind},
                       {"first_seen_at", json_time(license.first_seen_at)},
                       {"vanished_at", json_time(license.vanished_at)},
                       {"details", license.details}});
}

Json json_of(const FileRow& file) {
  return Json::object({{"provider", file.provider},
                       {"account", file.account},
                       {"asset_id", file.asset_id},
                       {"license_id", file.license_id},
                       {"size", json_text(file.size)},
                       {"format", json_text(file.format)},
                       {"state", to_word(file.state)},
                       {"reason", json_text(file.reason)},
                       {"path", json_text(file.path)},
                       {"bytes", file.bytes},
                       {"sha256", json_text(file.sha256)},
                       {"mirrored_at", json_time(file.mirrored_at)},
                       {"verified_at", json_time(file.verified_at)}});
}

Json json_of(const Change& change) { return change_json(change); }

Json json_of(const SpendRow& spend) {
  const auto url = Url::parse(spend.source.url);
  return Json::object({{"spend_id", std::to_string(spend.spend_id)},
                       {"provider", spend.provider},
                       {"account", spend.account},
                       {"asset_id", spend.asset_id},
                       {"license_id", spend.license_id},
                       {"operation", spend.operation},
                       {"size", json_text(spend.size)},
                       {"format", json_text(spend.format)},
                       {"product", json_text(spend.product)},
                       {"history_rows", spend.history_rows},
                       {"intended_at", json_time(spend.at)},
                       {"returned_at", json_time(spend.returned_at)},
                       {"outcome", spend.outcome ? to_word(*spend.outcome) : "open"},
                       {"closed_at", json_time(spend.closed_at)},
                       {"detail", json_text(spend.detail)},
                       {"provider_ref", url ? Json(url->scheme() + "://" + url->host() + "/***") : Json()},
                       {"valid_until", json_time(spend.source.valid_until)},
                       {"parked", spend.parked()},
                       {"parked_reason", json_text(spend.parked_reason)},
                       {"decided_by", json_text(spend.decided_by)},
                       {"decision_reason", json_text(spend.decision_reason)}});
}

Json json_of(const CollectionRow& collection) {
  Json assets = Json::array();
  for (const auto& id : collection.assets) assets.push(id);
  return Json::object({{"provider", collection.provider},
                       {"account", collection.account},
                       {"collection_id", collection.collection_id},
                       {"name", collection.name},
                       {"items", collection.items},
                       {"held", static_cast<std::int64_t>(collection.assets.size())},
                       {"assets", std::move(assets)},
                       {"updated_at", json_time(collection.updated_at)}});
}

Json json_of(const RunSummary& run) {
  Json accounts = Json::array();
  for (const auto& account : run.accounts) accounts.push(json_of(account));
  return Json::object({{"run_id", json_text(run.run_id)},
                       {"started_at", json_time(run.started_at)},
                       {"finished_at", json_time(run.finished_at)},
                       {"ok", run.ok},
                       {"dry_run", run.dry_run},
                       {"accounts", std::move(accounts)}});
}

}  // namespace damsync
