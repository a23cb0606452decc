#include "sync/providers/getty_connect/connect_wire.h"

#include <algorithm>
#include <charconv>

#include "storage/base/digest.h"
#include "storage/base/text.h"
#include "sync/providers/field_reader.h"

namespace damsync::getty_connect {
namespace {

using getty::ImageWire;

/// `/Date(1364949101417-0700)/`: milliseconds since 1970 in UTC; the offset is for display. Other texts stay as given.
std::optional<std::string> date_text(std::optional<std::string> text) {
  constexpr std::string_view kOpen = "/Date(";
  if (!text || !text->starts_with(kOpen) || !text->ends_with(")/")) return text;
  std::int64_t millis = 0;
  const char* first = text->data() + kOpen.size();
  const char* last = text->data() + text->size() - 2;
  const auto [end, error] = std::from_chars(first, last, millis);
  if (error != std::errc() || (end != last && *end != '+' && *end != '-')) return text;
  return format_rfc3339(from_millis(millis));
}

std::optional<std::string> lower(std::optional<std::string> text) {
  if (text) text = to_lower(*text);
  return text;
}

void read_texts(FieldReader& in, ImageWire& out) {
  out.title = in.maybe_text("Title");
  out.caption = in.maybe_text("Caption");
  out.artist = in.maybe_text("Artist");
  out.artist_title = in.maybe_text("ArtistTitle");
  out.asset_family = lower(in.maybe_text("ImageFamily"));
  out.city = in.maybe_text("City");
  out.collection_id = in.maybe_id("CollectionId");
  out.collection_name = in.maybe_text("CollectionName");
  out.color_type = in.maybe_text("ColorType");
  out.copyright = in.maybe_text("Copyright");
  out.country = in.maybe_text("Country");
  out.credit_line = in.maybe_text("CreditLine");
  out.date_created = date_text(in.maybe_text("DateCreated"));
  out.date_submitted = date_text(in.maybe_text("DateSubmitted"));
  out.editorial_source = in.maybe_text("EditorialSourceName");
  out.graphical_style = lower(in.maybe_text("GraphicStyle"));
  out.license_model = lower(in.maybe_text("LicensingModel"));
  out.release_info = in.maybe_text("ReleaseMessage");
  out.state_province = in.maybe_text("StateProvince");
}

void read_keywords(FieldReader& in, ImageWire& out) {
  const auto* items = in.maybe_array("Keywords");
  if (items == nullptr) return;
  for (const Json& item : *items) {
    FieldReader nested(item, "Keywords[].");
    if (auto text = nested.maybe_text("Text"); text && !text->empty()) out.keywords.push_back(std::move(*text));
    in.absorb(nested);
  }
}

/// The list and, from older versions, the single one; 0 says that there is none.
void read_events(FieldReader& in, const Json& item, ImageWire& out) {
  const auto add = [&](const Json& value) {
    if (value.is_null() || value.as_int64() == 0) return;
    auto id = id_text(value);
    if (!id) return in.reject("EventIds", "holds " + describe_value(&value) + " that is no id");
    if (std::find(out.event_ids.begin(), out.event_ids.end(), *id) == out.event_ids.end())
      out.event_ids.push_back(std::move(*id));
  };
  if (const auto* events = in.maybe_array("EventIds"))
    for (const Json& event : *events) add(event);
  if (const Json* event = item.find("EventId")) add(*event);
}

RejectedItem rejected(const Json& item, const std::string& reason) {
  const Json* id = item.find("ImageId");
  const auto text = id == nullptr ? std::nullopt : id_text(*id);
  return {.what = "asset",
          .key = printable(text.value_or("")).substr(0, 80),
          .reason = printable(reason),
          .raw_sha256 = sha256_hex(write_json(item))};
}

}  // namespace

getty::Checked<ImageWire> read_image(const Json& item) {
  FieldReader in(item, {}, MissingZone::kUtc);
  ImageWire out;
  out.id = in.id("ImageId");
  if (in.ok() && !getty::is_asset_id(out.id)) in.reject("ImageId", "does not have the form of an asset id");
  read_texts(in, out);
  out.usage_restrictions = in.texts("Restrictions");
  out.editorial_segments = in.texts("EditorialSegments");
  read_keywords(in, out);
  read_events(in, item, out);
  if (!in.ok()) return rejected(item, in.reason());
  out.raw = write_json(item);
  return out;
}

}  // namespace damsync::getty_connect
