#include "sync/sidecar/agreement_facts.h"

#include "storage/base/digest.h"
#include "storage/base/json.h"
#include "storage/base/time.h"

namespace damsync {
namespace {

std::string_view detail(const LicenseRow& license, std::string_view key) {
  const Json* value = license.details.find(key);
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::optional<std::string> if_given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Json day_or_null(const std::optional<std::chrono::sys_days>& day) { return day ? Json(format_date(*day)) : Json(); }

}  // namespace

std::map<std::string, AgreementFacts> agreement_facts(std::span<const Agreement> agreements,
                                                      const std::vector<LicenseRow>& licenses, const LocalDay& day_of) {
  std::map<std::string, AgreementFacts> out;
  for (const auto& license : licenses) {
    const AgreementKey key{license.account, license.license_type, detail(license, "agreement"),
                           detail(license, "subscription_id"), license.licensed_at};
    const Agreement* agreement = find_agreement(agreements, key, day_of).agreement;
    if (agreement == nullptr) continue;
    AgreementFacts& facts = out[license.license_id];
    facts.licensee = if_given(agreement->licensee);
    facts.licensee_id = if_given(agreement->licensee_id);
    facts.terms_url = if_given(agreement->terms_url);
    facts.region_limit = if_given(agreement->region_limit);
    facts.media_limit = if_given(agreement->media_limit);
    facts.start = agreement->start;
    facts.end = agreement->end;
  }
  return out;
}

std::string agreements_fingerprint(std::span<const Agreement> agreements, const std::string& account,
                                   std::chrono::sys_days today) {
  Json all = Json::array();
  for (const auto& a : agreements)
    if (a.account.empty() || a.account == account)
      all.push(Json::object({{"license_type", a.license_type},
                             {"agreement", a.agreement},
                             {"subscription_id", a.subscription_id},
                             {"licensee", a.licensee},
                             {"licensee_id", a.licensee_id},
                             {"region_limit", a.region_limit},
                             {"media_limit", a.media_limit},
                             {"start", day_or_null(a.start)},
                             {"end", day_or_null(a.end)},
                             {"terms_url", a.terms_url},
                             {"ended", a.end && *a.end < today},
                             {"rule", "of the day, the last that began"}}));
  return sha256_hex(write_json(all, JsonStyle::kCanonical));
}

std::string house_fingerprint(const OperatorFacts& house) {
  return sha256_hex(write_json(Json::object({{"copyright_notice", house.copyright_notice},
                                             {"credit_required", house.credit_required},
                                             {"data_mining", house.data_mining}}),
                               JsonStyle::kCanonical));
}

}  // namespace damsync
