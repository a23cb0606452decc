#pragma once

#include <map>
#include <pugixml.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace damsync {

/// Property name → its values; the fields of a structure as `plus:Licensor[1]/LicensorURL`.
using FlatXmp = std::map<std::string, std::vector<std::string>>;

inline std::string local_name(const std::string& name) { return name.substr(name.find(':') + 1); }

inline void flatten_items(const std::string& name, pugi::xml_node container, FlatXmp& out) {
  int index = 0;
  for (const auto item : container.children("rdf:li")) {
    ++index;
    if (std::string(item.attribute("rdf:parseType").value()) != "Resource") {
      out[name].emplace_back(item.text().get());
      continue;
    }
    for (const auto field : item.children())
      out[name + "[" + std::to_string(index) + "]/" + local_name(field.name())].emplace_back(field.text().get());
  }
}

/// Reads a packet by an XML parser of its own, not by the code under test.
inline FlatXmp flatten_xmp(const std::string& packet) {
  pugi::xml_document document;
  const auto parsed =
      document.load_buffer(packet.data(), packet.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!parsed) throw std::runtime_error(std::string("not well-formed: ") + parsed.description());
  const auto description = document.child("x:xmpmeta").child("rdf:RDF").child("rdf:Description");
  FlatXmp out;
  for (const auto property : description.children()) {
    if (property.type() != pugi::node_element) continue;
    bool has_items = false;
    for (const auto* kind : {"rdf:Alt", "rdf:Bag", "rdf:Seq"}) {
      const auto container = property.child(kind);
      if (!container) continue;
      has_items = true;
      flatten_items(property.name(), container, out);
    }
    if (!has_items) out[property.name()].emplace_back(property.text().get());
  }
  return out;
}

}  // namespace damsync
