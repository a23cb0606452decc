#include <filesystem>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "sync/sidecar/license_choice.h"
#include "sync/sidecar/xmp_mapping.h"

namespace damsync {
namespace {

using Texts = std::vector<std::string>;

std::string labelled(std::string_view label, const std::string& value) {
  return value.empty() ? std::string() : std::string(label) + ": " + value;
}

std::string date_or_empty(const std::optional<std::chrono::sys_days>& day) {
  return day ? format_date(*day) : std::string();
}

void map_usage_terms(const SidecarInput& input, const LicenseRow* best, XmpPacket& packet) {
  Texts sentences;
  if (is_editorial(input)) sentences.emplace_back(kEditorialStatement);
  sentences.push_back(input.metadata.usage_terms.value_or(""));
  if (best != nullptr && !best->license_type.empty()) sentences.push_back("License type: " + best->license_type + ".");
  packet.set("xmpRights:UsageTerms", XmpForm::kAlt, {join(sentences, " ")});
}

/// Ids that the history gives. A license id that was composed here, because the provider has none, is not one.
Texts transaction_ids(const SidecarInput& input, const LicenseRow& license) {
  for (const auto* key : {"order_id", "transaction_id", "product_id"})
    if (Texts ids = member_texts(license.details, key); !ids.empty()) return ids;
  return input.composed_license_ids ? Texts{} : Texts{license.license_id};
}

std::string readable_license(const LicenseRow& license) {
  const auto& details = license.details;
  return join({labelled("License type", license.license_type),
               labelled("Subscription", member_text(details, "subscription_id")),
               labelled("Agreement", member_text(details, "agreement")),
               labelled("Product", member_text(details, "product_id")), labelled("Size", license.size)},
              "; ");
}

std::string end_user_name(const LicenseRow& license) {
  if (std::string name = member_text(license.details, "user_name"); !name.empty()) return name;
  return join({member_text(license.details, "first_name"), member_text(license.details, "last_name")}, " ");
}

Texts project_references(const LicenseRow& license) {
  Texts references;
  for (const auto* key : {"project", "job", "client"})
    if (std::string text = member_text(license.details, key); !text.empty()) references.push_back(std::move(text));
  return references;
}

void map_license_in_force(const SidecarInput& input, const LicenseRow& license, XmpPacket& packet) {
  const auto& details = license.details;
  packet.set("plus:LicenseID", XmpForm::kText, {license.license_id});
  packet.set("plus:LicensorTransactionID", XmpForm::kBag, transaction_ids(input, license));
  packet.set("plus:LicenseTransactionDate", XmpForm::kText, {format_rfc3339(license.licensed_at)});
  packet.set("plus:OtherLicenseInfo", XmpForm::kAlt, {readable_license(license)});
  packet.set_structs("plus:EndUser", XmpForm::kSeq,
                     {{{"plus:EndUserID", license.licensed_by}, {"plus:EndUserName", end_user_name(license)}}});
  packet.set("plus:LicenseeProjectReference", XmpForm::kBag, project_references(license));
  packet.set("plus:LicenseeTransactionID", XmpForm::kBag, member_texts(details, "purchase_order"));
  packet.set("plus:LicenseeImageNotes", XmpForm::kAlt,
             {join({member_text(details, "notes"), member_text(details, "other")}, " ")});
  packet.set("damsync:LicenseTier", XmpForm::kText, {license.license_type});
}

void map_agreement(const AgreementFacts& facts, XmpPacket& packet) {
  packet.set("xmpRights:WebStatement", XmpForm::kText, {facts.terms_url.value_or("")});
  packet.set("plus:TermsAndConditionsURL", XmpForm::kText, {facts.terms_url.value_or("")});
  packet.set("plus:LicenseStartDate", XmpForm::kText, {date_or_empty(facts.start)});
  packet.set("plus:LicenseEndDate", XmpForm::kText, {date_or_empty(facts.end)});
  packet.set("prism:expirationDate", XmpForm::kText, {date_or_empty(facts.end)});
  packet.set("plus:RegionConstraints", XmpForm::kAlt, {facts.region_limit.value_or("")});
  packet.set("plus:MediaConstraints", XmpForm::kAlt, {facts.media_limit.value_or("")});
  packet.set_structs(
      "plus:Licensee", XmpForm::kSeq,
      {{{"plus:LicenseeID", facts.licensee_id.value_or("")}, {"plus:LicenseeName", facts.licensee.value_or("")}}});
}

void map_every_license(const SidecarInput& input, XmpPacket& packet) {
  std::vector<XmpFields> licenses;
  for (const auto* license : ordered_licenses(input))
    licenses.push_back({{"damsync:LicenseID", license->license_id},
                        {"damsync:LicenseType", license->license_type},
                        {"damsync:LicensedAt", format_rfc3339(license->licensed_at)},
                        {"damsync:LicensedBy", license->licensed_by},
                        {"damsync:Size", license->size},
                        {"damsync:Format", license->format},
                        {"damsync:State", to_word(license->state)}});
  packet.set_structs("damsync:Licenses", XmpForm::kSeq, licenses);
}

std::string format_uri(const FileRow& file, const std::string& name) {
  std::string format = to_lower(file.format);
  if (format.empty() && name.find('.') != std::string::npos) format = to_lower(name.substr(name.rfind('.') + 1));
  if (format == "jpg" || format == "jpeg") return plus_uri("FF-JPG");
  if (format == "tif" || format == "tiff") return plus_uri("FF-TIF");
  if (format == "eps") return plus_uri("FF-EPS");
  if (format == "png") return plus_uri("FF-PNG");
  if (format == "gif") return plus_uri("FF-GIF");
  if (format == "psd") return plus_uri("FF-PSD");
  return format.empty() ? std::string() : plus_uri("FF-OTR");
}

std::string size_uri(std::int64_t bytes) {
  constexpr std::int64_t kMegabyte = 1'000'000;
  if (bytes <= kMegabyte) return plus_uri("SZ-U01");
  if (bytes <= 10 * kMegabyte) return plus_uri("SZ-U10");
  if (bytes <= 30 * kMegabyte) return plus_uri("SZ-U30");
  if (bytes <= 50 * kMegabyte) return plus_uri("SZ-U50");
  return plus_uri("SZ-G50");
}

void map_file(const FileRow& file, XmpPacket& packet) {
  const std::string name = std::filesystem::path(file.path).filename().string();  // the store's, not the delivered one
  packet.set("plus:ImageFileFormatAsDelivered", XmpForm::kText, {format_uri(file, name)});
  if (file.bytes) packet.set("plus:ImageFileSizeAsDelivered", XmpForm::kText, {size_uri(*file.bytes)});
  packet.set("damsync:Sha256", XmpForm::kText, {file.sha256});
}

}  // namespace

void map_licenses(const SidecarInput& input, XmpPacket& packet) {
  const LicenseRow* best = best_license(input);
  map_usage_terms(input, best, packet);
  if (best != nullptr) {
    map_license_in_force(input, *best, packet);
    map_agreement(agreement_of(input, *best), packet);
  }
  map_every_license(input, packet);
  if (input.file != nullptr) map_file(*input.file, packet);
}

}  // namespace damsync
