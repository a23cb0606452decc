#include "sync/sidecar/json_ld_writer.h"

#include <algorithm>
#include <filesystem>

#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/base/time.h"
#include "sync/sidecar/license_choice.h"
#include "sync/sidecar/text_scrub.h"
#include "sync/sidecar/xmp_mapping.h"

namespace damsync {
namespace {

/// What has one text in XMP and one in schema.org.
constexpr std::pair<const char*, const char*> kTexts[] = {
    {"name", "dc:title"},
    {"headline", "photoshop:Headline"},
    {"caption", "dc:description"},
    {"description", "dc:description"},
    {"creditText", "photoshop:Credit"},
    {"copyrightNotice", "dc:rights"},
    {"conditionsOfAccess", "plus:OtherConstraints"},
    {"dateCreated", "photoshop:DateCreated"},
    {"digitalSourceType", "Iptc4xmpExt:DigitalSourceType"},
};

void set_text(Json& object, std::string_view key, std::string_view text) {
  if (!text.empty()) object.set(key, replace_invalid_utf8(text));
}

/// A thing with a type and whatever is known of it; nothing known: no thing.
void set_thing(Json& object, std::string_view key, const char* type,
               const std::vector<std::pair<const char*, std::string>>& members) {
  Json thing = Json::object({{"@type", type}});
  for (const auto& [name, text] : members) set_text(thing, name, text);
  if (thing.if_object()->size() > 1) object.set(key, std::move(thing));
}

Json texts(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push(replace_invalid_utf8(value));
  return out;
}

std::string media_type_of(const FileRow& file) {
  const std::string format = to_lower(file.format);
  if (format == "jpg" || format == "jpeg") return "image/jpeg";
  if (format == "tif" || format == "tiff") return "image/tiff";
  if (format == "png" || format == "gif") return "image/" + format;
  return format == "eps" ? "application/postscript" : std::string();
}

void add_file(const SidecarInput& input, Json& out) {
  const FileRow& file = *input.file;
  out.set("contentUrl", percent_encode(std::filesystem::path(file.path).filename().string()));
  if (file.bytes) out.set("contentSize", std::to_string(*file.bytes));
  set_text(out, "encodingFormat", media_type_of(file));
  set_text(out, "sha256", file.sha256);
  for (const auto& rendition : input.metadata.renditions) {
    if (rendition.name != file.size || rendition.format != file.format || !rendition.width || !rendition.height)
      continue;
    out.set("width", *rendition.width);
    out.set("height", *rendition.height);
    return;
  }
}

void add_license(const SidecarInput& input, Json& out) {
  set_text(out, "acquireLicensePage", input.metadata.page_url.value_or(""));
  set_thing(out, "usageInfo", "CreativeWork", {{"text", input.metadata.usage_terms.value_or("")}});
  const LicenseRow* best = best_license(input);
  if (best == nullptr) return;
  const AgreementFacts& facts = agreement_of(input, *best);
  set_text(out, "license", facts.terms_url.value_or(""));
  if (facts.end) out.set("expires", format_date(*facts.end));
}

void add_people_and_places(const SidecarInput& input, Json& out) {
  const auto& metadata = input.metadata;
  set_thing(out, "creator", "Person",
            {{"name", metadata.creator_name.value_or("")}, {"identifier", metadata.creator_id.value_or("")}});
  set_thing(out, "provider", "Organization", {{"name", input.supplier_name}});
  Json people = Json::array();
  for (const auto& name : metadata.people)
    people.push(Json::object({{"@type", "Person"}, {"name", replace_invalid_utf8(name)}}));
  if (!metadata.people.empty()) out.set("about", std::move(people));
  Json address = Json::object();
  set_thing(address, "address", "PostalAddress",
            {{"addressLocality", mapped_text(input, "photoshop:City")},
             {"addressRegion", mapped_text(input, "photoshop:State")},
             {"addressCountry", mapped_text(input, "photoshop:Country")}});
  const Json* known = address.find("address");
  const std::string place = member_text(metadata.extra, "location");
  if (known == nullptr && place.empty()) return;
  Json location = Json::object({{"@type", "Place"}});
  set_text(location, "name", place);
  if (known != nullptr) location.set("address", *known);
  out.set("contentLocation", std::move(location));
}

}  // namespace

std::string JsonLdWriter::file_name_for(const SidecarInput& input) const {
  if (input.file == nullptr || input.file->path.empty()) return {};
  return input.file->path + ".jsonld";
}

std::string JsonLdWriter::write(const SidecarInput& input) const {
  Json out = Json::object({{"@context", "https://schema.org"}, {"@type", "ImageObject"}});
  out.set("identifier", Json::array()
                            .push(input.asset.provider + ":" + input.asset.asset_id)
                            .push("urn:uuid:" + mapped_text(input, "Iptc4xmpExt:DigImageGUID")));
  for (const auto& [name, property] : kTexts) set_text(out, name, mapped_text(input, property));
  if (!input.metadata.keywords.empty()) out.set("keywords", texts(input.metadata.keywords));
  if (input.metadata.adult) out.set("isFamilyFriendly", !*input.metadata.adult);
  add_people_and_places(input, out);
  add_license(input, out);
  add_file(input, out);
  return write_json(out, JsonStyle::kPretty);
}

}  // namespace damsync
