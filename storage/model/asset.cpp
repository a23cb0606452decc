#include "storage/model/asset.h"

#include <algorithm>

namespace damsync {
namespace {

using Texts = std::vector<std::string>;

/// Visits every field that is a plain value, with the name it has in JSON.
template <class Metadata, class Visitor>
void visit_fields(Metadata& m, Visitor&& visit) {
  visit("media_type", m.media_type);
  visit("kind", m.kind);
  visit("title", m.title);
  visit("caption", m.caption);
  visit("keywords", m.keywords);
  visit("categories", m.categories);
  visit("creator_id", m.creator_id);
  visit("creator_name", m.creator_name);
  visit("credit_line", m.credit_line);
  visit("copyright", m.copyright);
  visit("collection", m.collection);
  visit("created_on", m.created_on);
  visit("added_on", m.added_on);
  visit("original_filename", m.original_filename);
  visit("page_url", m.page_url);
  visit("editorial", m.editorial);
  visit("adult", m.adult);
  visit("illustration", m.illustration);
  visit("ai_generated", m.ai_generated);
  visit("has_model_release", m.has_model_release);
  visit("has_property_release", m.has_property_release);
  visit("model_release_ids", m.model_release_ids);
  visit("releases", m.releases);
  visit("people", m.people);
  visit("restrictions", m.restrictions);
  visit("usage_terms", m.usage_terms);
  visit("license_model", m.license_model);
}

class Writing {
 public:
  explicit Writing(Json& out) : out_(out) {}
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) out_.set(name, *value);
  }
  void operator()(const char* name, const Texts& values) {
    if (values.empty()) return;
    Json::Array items(values.begin(), values.end());
    out_.set(name, std::move(items));
  }

 private:
  Json& out_;
};

std::optional<std::string> text_of(const Json* json) {
  const auto* text = json == nullptr ? nullptr : json->if_string();
  return text == nullptr ? std::nullopt : std::optional(*text);
}

class Reading {
 public:
  explicit Reading(const Json& in) : in_(in) {}
  void operator()(const char* name, std::optional<std::string>& value) { value = text_of(in_.find(name)); }
  void operator()(const char* name, std::optional<bool>& value) {
    const auto* json = in_.find(name);
    const auto* flag = json == nullptr ? nullptr : json->if_bool();
    if (flag != nullptr) value = *flag;
  }
  void operator()(const char* name, Texts& values) {
    const auto* json = in_.find(name);
    const auto* items = json == nullptr ? nullptr : json->if_array();
    if (items == nullptr) return;
    for (const auto& item : *items)
      if (const auto* text = item.if_string()) values.push_back(*text);
  }

 private:
  const Json& in_;
};

Json rendition_to_json(const Rendition& rendition) {
  auto out = Json::object({{"name", rendition.name}});
  if (!rendition.format.empty()) out.set("format", rendition.format);
  if (rendition.width) out.set("width", *rendition.width);
  if (rendition.height) out.set("height", *rendition.height);
  return out;
}

Rendition rendition_from_json(const Json& json) {
  const auto number = [&](const char* name) {
    const auto* value = json.find(name);
    return value == nullptr ? std::nullopt : value->as_int64();
  };
  return {text_of(json.find("name")).value_or(""), text_of(json.find("format")).value_or(""), number("width"),
          number("height")};
}

/// Adds the names of the members that differ.
void compare_members(const Json& before, const Json& after, Texts& out) {
  static const Json kNull;
  const auto consider = [&](const std::string& name) {
    if (name == "extra") return;
    const auto* old_value = before.find(name);
    const auto* new_value = after.find(name);
    const Json& a = old_value == nullptr ? kNull : *old_value;
    const Json& b = new_value == nullptr ? kNull : *new_value;
    if (write_json(a, JsonStyle::kCanonical) != write_json(b, JsonStyle::kCanonical)) out.push_back(name);
  };
  for (const auto* json : {&before, &after})
    if (const auto* members = json->if_object())
      for (const auto& [name, value] : *members) consider(name);
}

}  // namespace

const char* to_word(AssetState state) noexcept {
  switch (state) {
    case AssetState::kUnknown: return "unknown";
    case AssetState::kActive: return "active";
    case AssetState::kWithdrawn: return "withdrawn";
  }
  return "unknown";
}

std::optional<AssetState> asset_state_from_word(std::string_view word) noexcept {
  for (const auto state : {AssetState::kUnknown, AssetState::kActive, AssetState::kWithdrawn})
    if (word == to_word(state)) return state;
  return std::nullopt;
}

Json to_json(const AssetMetadata& metadata) {
  auto out = Json::object();
  visit_fields(metadata, Writing(out));
  if (!metadata.renditions.empty()) {
    auto list = Json::array();
    for (const auto& rendition : metadata.renditions) list.push(rendition_to_json(rendition));
    out.set("renditions", std::move(list));
  }
  if (const auto* extra = metadata.extra.if_object(); extra != nullptr && !extra->empty())
    out.set("extra", metadata.extra);
  return out;
}

AssetMetadata asset_metadata_from_json(const Json& json) {
  AssetMetadata out;
  visit_fields(out, Reading(json));
  if (const auto* list = json.find("renditions"); list != nullptr && list->is_array())
    for (const auto& item : *list->if_array())
      if (item.is_object()) out.renditions.push_back(rendition_from_json(item));
  if (const auto* extra = json.find("extra"); extra != nullptr && extra->is_object()) out.extra = *extra;
  return out;
}

std::vector<std::string> changed_fields(const Json& before, const Json& after) {
  static const Json kNone = Json::object();
  Texts out;
  compare_members(before, after, out);
  const auto* old_extra = before.find("extra");
  const auto* new_extra = after.find("extra");
  compare_members(old_extra == nullptr ? kNone : *old_extra, new_extra == nullptr ? kNone : *new_extra, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace damsync
