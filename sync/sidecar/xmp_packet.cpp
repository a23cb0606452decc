#include "sync/sidecar/xmp_packet.h"

#include <array>
#include <pugixml.hpp>
#include <set>
#include <sstream>
#include <stdexcept>

#include "sync/sidecar/text_scrub.h"

namespace damsync {
namespace {

constexpr std::array<std::pair<std::string_view, const char*>, 10> kNamespaces = {{
    {"dc", "http://purl.org/dc/elements/1.1/"},
    {"xmp", "http://ns.adobe.com/xap/1.0/"},
    {"xmpRights", "http://ns.adobe.com/xap/1.0/rights/"},
    {"lr", "http://ns.adobe.com/lightroom/1.0/"},
    {"photoshop", "http://ns.adobe.com/photoshop/1.0/"},
    {"Iptc4xmpCore", "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"},
    {"Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
    {"plus", "http://ns.useplus.org/ldf/xmp/1.0/"},
    {"prism", "http://prismstandard.org/namespaces/basic/2.0/"},
    {"damsync", "https://damsync.org/ns/xmp/1.0/"},
}};

// Programs that know no sidecars find a packet by this wrapper; the id is fixed by the XMP standard.
constexpr const char* kPacketBegin = "begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"";
constexpr const char* kPacketEnd = "end=\"w\"";

std::string_view prefix_of(std::string_view name) { return name.substr(0, name.find(':')); }

void declare(pugi::xml_node description, const std::set<std::string_view>& used) {
  for (const auto& [prefix, uri] : kNamespaces)
    if (used.contains(prefix)) description.append_attribute(("xmlns:" + std::string(prefix)).c_str()) = uri;
}

void check_known(std::string_view name) {
  for (const auto& [prefix, uri] : kNamespaces)
    if (prefix == prefix_of(name)) return;
  throw std::logic_error("XMP property " + std::string(name) + " has no declared namespace");
}

pugi::xml_node append(pugi::xml_node parent, std::string_view name) {
  return parent.append_child(std::string(name).c_str());
}

void append_text(pugi::xml_node parent, std::string_view name, const std::string& text) {
  append(parent, name).text().set(text.c_str());
}

const char* container_of(XmpForm form) {
  if (form == XmpForm::kAlt) return "rdf:Alt";
  return form == XmpForm::kBag ? "rdf:Bag" : "rdf:Seq";
}

void append_values(pugi::xml_node property, XmpForm form, const std::vector<std::string>& values) {
  if (form == XmpForm::kText) {
    property.text().set(values.front().c_str());
    return;
  }
  auto container = append(property, container_of(form));
  for (const auto& value : values) {
    auto item = append(container, "rdf:li");
    if (form == XmpForm::kAlt) item.append_attribute("xml:lang") = "x-default";
    item.text().set(value.c_str());
  }
}

void append_structs(pugi::xml_node property, XmpForm form, const std::vector<XmpFields>& structs) {
  auto container = append(property, container_of(form));
  for (const auto& fields : structs) {
    auto item = append(container, "rdf:li");
    item.append_attribute("rdf:parseType") = "Resource";
    for (const auto& [name, text] : fields) append_text(item, name, text);
  }
}

/// With LF as the only line end, as every XML parser reads it. Whitespace alone is no text: parsers drop it.
std::string usable_text(std::string_view value) {
  std::string text = xml_text(value);
  for (auto at = text.find('\r'); at != std::string::npos; at = text.find('\r', at))
    text.replace(at, text.compare(at, 2, "\r\n") == 0 ? 2 : 1, "\n");
  return text.find_first_not_of(" \t\n") == std::string::npos ? std::string() : text;
}

void append_instruction(pugi::xml_document& document, const char* content) {
  auto node = document.append_child(pugi::node_pi);
  node.set_name("xpacket");
  node.set_value(content);
}

}  // namespace

void XmpPacket::set(std::string_view name, XmpForm form, const std::vector<std::string>& values) {
  check_known(name);
  std::vector<std::string> kept;
  for (const auto& value : values)
    if (std::string text = usable_text(value); !text.empty()) kept.push_back(std::move(text));
  if (kept.empty()) return;
  if (form == XmpForm::kText || form == XmpForm::kAlt) kept.resize(1);
  properties_.push_back({std::string(name), form, std::move(kept)});
}

void XmpPacket::set_structs(std::string_view name, XmpForm form, const std::vector<XmpFields>& structs) {
  check_known(name);
  std::vector<XmpFields> kept;
  for (const auto& fields : structs) {
    XmpFields filled;
    for (const auto& [field, value] : fields) {
      check_known(field);
      if (std::string text = usable_text(value); !text.empty()) filled.emplace_back(field, std::move(text));
    }
    if (!filled.empty()) kept.push_back(std::move(filled));
  }
  if (!kept.empty()) properties_.push_back({std::string(name), form, std::move(kept)});
}

std::string XmpPacket::serialize() const {
  std::set<std::string_view> used;
  for (const auto& property : properties_) {
    used.insert(prefix_of(property.name));
    if (const auto* structs = std::get_if<1>(&property.content))
      for (const auto& fields : *structs)
        for (const auto& field : fields) used.insert(prefix_of(field.first));
  }

  pugi::xml_document document;
  append_instruction(document, kPacketBegin);
  auto meta = append(document, "x:xmpmeta");
  meta.append_attribute("xmlns:x") = "adobe:ns:meta/";
  auto rdf = append(meta, "rdf:RDF");
  rdf.append_attribute("xmlns:rdf") = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
  auto description = append(rdf, "rdf:Description");
  description.append_attribute("rdf:about") = "";
  declare(description, used);
  for (const auto& property : properties_) {
    auto node = append(description, property.name);
    if (const auto* values = std::get_if<0>(&property.content)) append_values(node, property.form, *values);
    if (const auto* structs = std::get_if<1>(&property.content)) append_structs(node, property.form, *structs);
  }
  append_instruction(document, kPacketEnd);

  std::ostringstream out;
  document.save(out, " ", pugi::format_default | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

}  // namespace damsync
