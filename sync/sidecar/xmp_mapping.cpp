#include "sync/sidecar/xmp_mapping.h"

#include <Poco/SHA1Engine.h>
#include <Poco/UUIDGenerator.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "storage/base/text.h"
#include "storage/base/time.h"

namespace damsync {
namespace {

using Texts = std::vector<std::string>;

Texts one(const std::optional<std::string>& text) { return text ? Texts{*text} : Texts{}; }

Texts extra(const SidecarInput& input, std::string_view key) { return member_texts(input.metadata.extra, key); }

std::string asset_key(const SidecarInput& input) { return input.asset.provider + ":" + input.asset.asset_id; }

Texts asset_uuid(const SidecarInput& input) {
  Poco::SHA1Engine sha1;
  const auto uuid = Poco::UUIDGenerator().createFromName(
      Poco::UUID::uri(), "https://damsync.org/ns/xmp/1.0/" + asset_key(input), sha1, Poco::UUID::UUID_NAME_BASED_SHA1);
  return {uuid.toString()};
}

Texts creator_title(const SidecarInput& input) { return extra(input, "artist_title"); }

Texts credit(const SidecarInput& input) {
  const auto& metadata = input.metadata;
  if (metadata.credit_line) return {*metadata.credit_line};
  if (!metadata.creator_name || metadata.creator_name->empty()) return {};
  return {join({*metadata.creator_name, input.supplier_name}, "/")};
}

Texts copyright(const SidecarInput& input) {
  return input.metadata.copyright ? one(input.metadata.copyright) : one(input.house.copyright_notice);
}

Texts source(const SidecarInput& input) {
  return input.metadata.collection ? one(input.metadata.collection) : extra(input, "editorial_source");
}

Texts constraints(const SidecarInput& input) {
  Texts parts;
  if (is_editorial(input)) parts.emplace_back(kEditorialStatement);
  if (input.metadata.adult.value_or(false)) parts.emplace_back("Adult content.");
  std::copy(input.metadata.restrictions.begin(), input.metadata.restrictions.end(), std::back_inserter(parts));
  return {join(parts, " ")};
}

Texts editorial_label(const SidecarInput& input) { return is_editorial(input) ? Texts{"Editorial only"} : Texts{}; }

Texts credit_required(const SidecarInput& input) {
  if (is_editorial(input)) return {plus_uri("CR-CAI")};
  if (!input.house.credit_required) return {};
  return {plus_uri(*input.house.credit_required ? "CR-CAI" : "CR-NRQ")};
}

Texts image_type(const SidecarInput& input) {
  const std::string kind = to_lower(input.metadata.kind.value_or(input.metadata.media_type.value_or("")));
  if (kind == "illustration" || kind == "vector" || input.metadata.illustration.value_or(false))
    return {plus_uri("TY-ILL")};
  if (kind == "photo" || kind == "photography") return {plus_uri("TY-PHO")};
  return {};
}

Texts adult_warning(const SidecarInput& input) {
  if (!input.metadata.adult) return {};
  return {plus_uri(*input.metadata.adult ? "CW-AWR" : "CW-NRQ")};
}

Texts data_mining(const SidecarInput& input) {
  return input.house.data_mining ? Texts{plus_uri(*input.house.data_mining)} : Texts{};
}

/// "Not AI-generated" is not "taken by a camera": only the positive statement has a value.
Texts source_type(const SidecarInput& input) {
  const auto& licenses = input.licenses;
  const bool licensed_as_such = std::any_of(licenses.begin(), licenses.end(), [](const LicenseRow& license) {
    const Json* said = license.details.find("ai_generated");
    const bool* flag = said == nullptr ? nullptr : said->if_bool();
    return flag != nullptr && *flag;
  });
  if (!input.metadata.ai_generated.value_or(licensed_as_such)) return {};
  return {"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"};
}

/// What the provider says in words about releases, lower case, without the full stop.
std::string release_statement(const SidecarInput& input) {
  std::string said = to_lower(join(extra(input, "release_info"), " "));
  while (!said.empty() && (said.back() == '.' || said.back() == ' ')) said.pop_back();
  return said;
}

Texts model_release_status(const SidecarInput& input) {
  const std::string said = release_statement(input);
  if (said == "not released" || said == "model not released") return {plus_uri("MR-NON")};
  if (said == "no people") return {plus_uri("MR-NAP")};
  return {};
}

Texts property_release_status(const SidecarInput& input) {
  const std::string said = release_statement(input);
  if (said == "not released" || said == "property not released") return {plus_uri("PR-NON")};
  return {};
}

bool holds(const Texts& texts, const std::string& text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

/// A list of releases says "of property" only where the provider said that there is one; and what is a statement in
/// words is no id.
Texts property_release_ids(const SidecarInput& input) {
  if (!input.metadata.has_property_release.value_or(false)) return {};
  Texts ids = input.metadata.releases;
  const Texts said = extra(input, "release_info");
  const auto& models = input.metadata.model_release_ids;
  std::erase_if(ids, [&](const auto& id) { return holds(models, id) || holds(said, id) || id.find(' ') != id.npos; });
  return ids;
}

Texts shot_at(const SidecarInput& input) {
  Texts dates = extra(input, "date_camera_shot");
  if (dates.empty()) dates = one(input.metadata.created_on);
  std::erase_if(dates, [](const auto& date) { return !parse_date(date.substr(0, 10)).ok(); });
  return dates;
}

const Rendition* largest_rendition(const SidecarInput& input) {
  const Rendition* largest = nullptr;
  for (const auto& rendition : input.metadata.renditions) {
    if (rendition.width.value_or(0) <= 0 || rendition.height.value_or(0) <= 0) continue;
    if (largest == nullptr || *rendition.width > *largest->width) largest = &rendition;
  }
  return largest;
}

/// What the provider calls the most there is, else the largest size that it lists.
Texts max_width(const SidecarInput& input) {
  if (Texts said = extra(input, "max_width"); !said.empty()) return said;
  const auto* largest = largest_rendition(input);
  return largest == nullptr ? Texts{} : Texts{std::to_string(*largest->width)};
}

Texts max_height(const SidecarInput& input) {
  if (Texts said = extra(input, "max_height"); !said.empty()) return said;
  const auto* largest = largest_rendition(input);
  return largest == nullptr ? Texts{} : Texts{std::to_string(*largest->height)};
}

Texts withdrawn_at(const SidecarInput& input) {
  return input.asset.withdrawn_at ? Texts{format_rfc3339(*input.asset.withdrawn_at)} : Texts{};
}

/// A path of keywords; its separator is no part of a name.
Texts collections(const SidecarInput& input) {
  Texts out;
  for (auto [id, name] : input.collections) {
    std::replace(name.begin(), name.end(), '|', '/');
    out.push_back("Collections|" + (name.empty() ? id : name));
  }
  return out;
}

using In = const SidecarInput&;

constexpr XmpMappingRow kRows[] = {
    {"dc:identifier", XmpForm::kText, [](In in) { return Texts{asset_key(in)}; }},
    {"Iptc4xmpExt:DigImageGUID", XmpForm::kText, asset_uuid},
    {"plus:LicenseeImageID", XmpForm::kText, asset_uuid},
    {"dc:title", XmpForm::kAlt, [](In in) { return one(in.metadata.title); }},
    {"photoshop:Headline", XmpForm::kText, [](In in) { return one(in.metadata.title); }},
    {"dc:description", XmpForm::kAlt, [](In in) { return one(in.metadata.caption); }},
    {"dc:subject", XmpForm::kBag, [](In in) { return in.metadata.keywords; }},
    {"lr:hierarchicalSubject", XmpForm::kBag, collections},
    {"dc:creator", XmpForm::kSeq, [](In in) { return one(in.metadata.creator_name); }},
    {"photoshop:AuthorsPosition", XmpForm::kText, creator_title},
    {"photoshop:Credit", XmpForm::kText, credit},
    {"photoshop:Source", XmpForm::kText, source},
    {"dc:rights", XmpForm::kAlt, copyright},
    {"xmpRights:Marked", XmpForm::kText, [](In) { return Texts{"True"}; }},
    {"plus:CopyrightStatus", XmpForm::kText, [](In) { return Texts{plus_uri("CS-PRO")}; }},
    {"photoshop:Instructions", XmpForm::kText, constraints},
    {"plus:OtherConstraints", XmpForm::kAlt, constraints},
    {"xmp:Label", XmpForm::kText, editorial_label},
    {"plus:CreditLineRequired", XmpForm::kText, credit_required},
    {"plus:ImageType", XmpForm::kText, image_type},
    {"plus:AdultContentWarning", XmpForm::kText, adult_warning},
    {"plus:DataMining", XmpForm::kText, data_mining},
    {"Iptc4xmpExt:DigitalSourceType", XmpForm::kText, source_type},
    {"plus:ModelReleaseStatus", XmpForm::kText, model_release_status},
    {"plus:ModelReleaseID", XmpForm::kBag, [](In in) { return in.metadata.model_release_ids; }},
    {"plus:PropertyReleaseStatus", XmpForm::kText, property_release_status},
    {"plus:PropertyReleaseID", XmpForm::kBag, property_release_ids},
    {"Iptc4xmpExt:PersonInImage", XmpForm::kBag, [](In in) { return in.metadata.people; }},
    {"Iptc4xmpExt:Event", XmpForm::kAlt, [](In in) { return extra(in, "event"); }},
    {"Iptc4xmpExt:EventId", XmpForm::kBag, [](In in) { return extra(in, "event_ids"); }},
    {"photoshop:TransmissionReference", XmpForm::kText, [](In in) { return extra(in, "event_ids"); }},
    {"photoshop:DateCreated", XmpForm::kText, shot_at},
    {"photoshop:City", XmpForm::kText, [](In in) { return extra(in, "city"); }},
    {"photoshop:State", XmpForm::kText, [](In in) { return extra(in, "state_province"); }},
    {"photoshop:Country", XmpForm::kText, [](In in) { return extra(in, "country"); }},
    {"Iptc4xmpExt:MaxAvailWidth", XmpForm::kText, max_width},
    {"Iptc4xmpExt:MaxAvailHeight", XmpForm::kText, max_height},
    {"plus:ImageSupplierImageID", XmpForm::kText, [](In in) { return Texts{in.asset.asset_id}; }},
    {"plus:LicensorImageID", XmpForm::kText, [](In in) { return Texts{in.asset.asset_id}; }},
    {"damsync:Provider", XmpForm::kText, [](In in) { return Texts{in.asset.provider}; }},
    {"damsync:Account", XmpForm::kText, [](In in) { return Texts{in.asset.account}; }},
    {"damsync:Revision", XmpForm::kText, [](In in) { return Texts{std::to_string(in.asset.revision)}; }},
    {"damsync:AssetState", XmpForm::kText, [](In in) { return Texts{to_word(in.asset.state)}; }},
    {"damsync:WithdrawnAt", XmpForm::kText, withdrawn_at},
    {"damsync:LicenseModel", XmpForm::kText, [](In in) { return one(in.metadata.license_model); }},
    {"damsync:HasModelRelease", XmpForm::kText,
     [](In in) { return Texts{xmp_boolean(in.metadata.has_model_release)}; }},
    {"damsync:HasPropertyRelease", XmpForm::kText,
     [](In in) { return Texts{xmp_boolean(in.metadata.has_property_release)}; }},
    {"damsync:ReleaseInfo", XmpForm::kBag, [](In in) { return extra(in, "release_info"); }},
    {"damsync:Releases", XmpForm::kBag, [](In in) { return in.metadata.releases; }},
};

std::string first(const Texts& texts) { return texts.empty() ? std::string() : texts.front(); }

void map_parties(const SidecarInput& input, XmpPacket& packet) {
  const auto& asset = input.asset;
  const auto& metadata = input.metadata;
  packet.set_structs("plus:ImageCreator", XmpForm::kSeq,
                     {{{"plus:ImageCreatorID", metadata.creator_id.value_or("")},
                       {"plus:ImageCreatorName", metadata.creator_name.value_or("")}}});
  packet.set_structs(
      "plus:CopyrightOwner", XmpForm::kSeq,
      {{{"plus:CopyrightOwnerName", metadata.copyright ? *metadata.copyright : metadata.creator_name.value_or("")}}});
  packet.set_structs("plus:ImageSupplier", XmpForm::kSeq,
                     {{{"plus:ImageSupplierID", asset.provider}, {"plus:ImageSupplierName", input.supplier_name}}});
  packet.set_structs("plus:Licensor", XmpForm::kSeq,
                     {{{"plus:LicensorID", asset.provider},
                       {"plus:LicensorName", input.supplier_name},
                       {"plus:LicensorURL", metadata.page_url.value_or("")}}});
  packet.set_structs("Iptc4xmpExt:RegistryId", XmpForm::kBag,
                     {{{"Iptc4xmpExt:RegItemId", asset.asset_id}, {"Iptc4xmpExt:RegOrgId", asset.provider}}});
}

void map_place(const SidecarInput& input, XmpPacket& packet) {
  packet.set_structs("Iptc4xmpExt:LocationShown", XmpForm::kBag,
                     {{{"Iptc4xmpExt:Sublocation", first(extra(input, "location"))},
                       {"Iptc4xmpExt:City", first(extra(input, "city"))},
                       {"Iptc4xmpExt:ProvinceState", first(extra(input, "state_province"))},
                       {"Iptc4xmpExt:CountryName", first(extra(input, "country"))},
                       {"Iptc4xmpExt:CountryCode", first(extra(input, "country_code"))}}});
}

}  // namespace

void map_asset(const SidecarInput& input, XmpPacket& packet) {
  for (const auto& row : kRows) packet.set(row.property, row.form, row.values(input));
  const auto& editorial = input.metadata.editorial ? input.metadata.editorial : input.asset.editorial;
  packet.set("damsync:IsEditorial", XmpForm::kText, {xmp_boolean(editorial)});
  map_parties(input, packet);
  map_place(input, packet);
}

std::string mapped_text(const SidecarInput& input, std::string_view property) {
  for (const auto& row : kRows)
    if (row.property == property) return first(row.values(input));
  throw std::logic_error("the mapping has no property " + std::string(property));
}

bool is_editorial(const SidecarInput& input) {
  return input.metadata.editorial ? *input.metadata.editorial : input.asset.editorial.value_or(false);
}

std::string plus_uri(std::string_view code) { return "http://ns.useplus.org/ldf/vocab/" + std::string(code); }

std::string xmp_boolean(const std::optional<bool>& value) {
  if (!value) return {};
  return *value ? "True" : "False";
}

std::vector<std::string> member_texts(const Json& object, std::string_view key) {
  const Json* member = object.find(key);
  if (member == nullptr) return {};
  Texts texts;
  const auto add = [&texts](const Json& value) {
    if (const auto* text = value.if_string()) texts.push_back(*text);
    if (const auto* number = value.if_number()) texts.push_back(number->text);
  };
  add(*member);
  if (const auto* items = member->if_array())
    for (const auto& item : *items) add(item);
  std::erase(texts, "");
  return texts;
}

std::string member_text(const Json& object, std::string_view key) { return first(member_texts(object, key)); }

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const auto& part : parts) {
    if (part.empty()) continue;
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

}  // namespace damsync
