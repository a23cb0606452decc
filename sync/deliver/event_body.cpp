#include "sync/deliver/event_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/journal/feed_reader.h"

namespace damsync {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json license_json(const LicenseFacts& license) {
  return Json::object({{"license_id", license.license_id},
                       {"license_type", text_or_null(license.license_type)},
                       {"size", text_or_null(license.size)},
                       {"format", text_or_null(license.format)},
                       {"licensed_at", format_rfc3339(license.licensed_at)},
                       {"state", to_word(license.state)},
                       {"file_state", to_word(license.file_state)},
                       {"path", text_or_null(license.path)},
                       {"sha256", text_or_null(license.sha256)},
                       {"bytes", license.bytes}});
}

/// A URI of its own for every account: together with the id it names the event in the whole world of its receiver.
std::string source_of(const Change& change) {
  if (change.account.empty()) return "damsync:/";
  return fmt::format("damsync:/{}/{}", percent_encode(change.provider), percent_encode(change.account));
}

void add_asset(Json& data, const ChangeDetails& details) {
  data.set("state", details.state ? Json(to_word(*details.state)) : Json());
  data.set("media_type", details.media_type);
  data.set("title", details.title);
  data.set("editorial", details.editorial);
  Json licenses = Json::array();
  for (const auto& license : details.licenses) licenses.push(license_json(license));
  data.set("licenses", std::move(licenses));
}

/// The license that a change names; null: none.
const LicenseFacts* own_license(const Change& change, const ChangeDetails& details) {
  const auto found = std::find_if(details.licenses.begin(), details.licenses.end(),
                                  [&](const LicenseFacts& license) { return license.license_id == change.license_id; });
  return found == details.licenses.end() ? nullptr : &*found;
}

/// What a receiver of a stored file wants first, beside the list of licenses.
void add_file(Json& data, const LicenseFacts& license) {
  data.set("path", text_or_null(license.path));
  data.set("sha256", text_or_null(license.sha256));
  data.set("bytes", license.bytes);
}

/// The name of the report is the first of the fields; `word=value` in the others is what it is sealed by and says.
void add_report(Json& data, const std::vector<std::string>& fields) {
  Json report = Json::object(), findings = Json::object();
  for (const auto& field : fields) {
    const auto equals = field.find('=');
    const std::string word = field.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : field.substr(equals + 1);
    if (equals == std::string::npos)
      report.set("name", word);
    else if (word == "complete")
      report.set(word, value == "true");
    else if (word.ends_with("_sha256") || word.ends_with("_head") || word == "as_of" || word == "judged_at")
      report.set(word, value);
    else
      findings.set(word, Json(Json::Number{value}));
  }
  if (findings != Json::object()) report.set("findings", std::move(findings));
  data.set("report", std::move(report));
}

}  // namespace

std::string cloud_event_type(EventType type) { return fmt::format("org.damsync.{}.v1", to_word(type)); }

std::string cloud_event(const Change& change, const ChangeDetails& details, const std::optional<RunFailure>& failure) {
  Json data = change_json(change);
  if (!change.asset_id.empty()) add_asset(data, details);
  if (const auto* own = own_license(change, details); own != nullptr && change.type == EventType::kAssetStored)
    add_file(data, *own);
  if (change.type == EventType::kReportCompleted) add_report(data, change.fields);
  if (failure) data.set("error", Json::object({{"code", failure->code}, {"message", failure->message}}));

  Json event = Json::object({{"specversion", "1.0"},
                             {"id", change.id},
                             {"source", source_of(change)},
                             {"type", cloud_event_type(change.type)},
                             {"time", format_rfc3339(change.time)},
                             {"datacontenttype", "application/json"}});
  if (!change.asset_id.empty()) event.set("subject", change.provider + ":" + change.asset_id);
  event.set("data", std::move(data));
  return write_json(event);
}

EventSubject subject_of(const Change& change, const ChangeDetails& details) {
  EventSubject out;
  out.editorial = details.editorial;
  out.editorial_changed = details.editorial_changed;
  for (const auto& license : details.licenses)
    if (change.license_id.empty() ? license.state == LicenseState::kHeld : license.license_id == change.license_id)
      out.license_types.push_back(license.license_type);
  return out;
}

}  // namespace damsync
