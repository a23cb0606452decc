#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/sidecar/sidecar.h"
#include "sync/sidecar/xmp_packet.h"

namespace damsync {

/// One row of the mapping: a property, its form and where its values come from. No value: not written.
struct XmpMappingRow {
  std::string_view property;
  XmpForm form;
  std::vector<std::string> (*values)(const SidecarInput& input);
};

/// Adds what is known of the asset itself: description, creator, rights, people, place, supplier.
void map_asset(const SidecarInput& input, XmpPacket& packet);
/// Adds the license in force, every license held, and the delivered file.
void map_licenses(const SidecarInput& input, XmpPacket& packet);

/// The first text that `map_asset` gives a property of the mapping; empty when it has none.
std::string mapped_text(const SidecarInput& input, std::string_view property);
/// True only when the provider said so.
bool is_editorial(const SidecarInput& input);
/// A value of the PLUS vocabulary, e.g. `TY-PHO`, as the URI that stands in XMP.
std::string plus_uri(std::string_view code);
/// `True` or `False`, the way XMP writes them; empty when not known.
std::string xmp_boolean(const std::optional<bool>& value);
/// The texts of a member of a flat object: a string, a number or a list of these; else nothing.
std::vector<std::string> member_texts(const Json& object, std::string_view key);
/// The first of `member_texts`; empty when there is none.
std::string member_text(const Json& object, std::string_view key);
/// The parts that are not empty, joined.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

inline constexpr std::string_view kEditorialStatement = "Editorial use only.";

}  // namespace damsync
