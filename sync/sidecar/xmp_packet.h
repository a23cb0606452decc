#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace damsync {

/// How a property holds its values.
enum class XmpForm {
  kText,  ///< one value
  kAlt,   ///< one text as `rdf:Alt` with exactly one `x-default` item
  kBag,   ///< unordered
  kSeq,   ///< ordered
};

/// Fields of a structure in their order: prefixed name, text. Fields without text are left out.
using XmpFields = std::vector<std::pair<std::string_view, std::string>>;

/// An XMP packet under construction. Properties keep the order in which they are set; a property without any text is
/// left out. Values are scrubbed here, so every packet is well-formed XML 1.0 whatever the text.
///
/// Errors   std::logic_error for a prefix this program does not know: a mistake in the mapping.
/// Source   ISO 16684-1; one `rdf:Description`, structures as `rdf:parseType="Resource"`.
class XmpPacket {
 public:
  void set(std::string_view name, XmpForm form, const std::vector<std::string>& values);
  /// A list of structures; `form` is kBag or kSeq.
  void set_structs(std::string_view name, XmpForm form, const std::vector<XmpFields>& structs);

  /// The whole file: packet wrapper, `x:xmpmeta`, RDF; UTF-8, LF.
  [[nodiscard]] std::string serialize() const;

 private:
  struct Property {
    std::string name;
    XmpForm form;
    std::variant<std::vector<std::string>, std::vector<XmpFields>> content;
  };
  std::vector<Property> properties_;
};

}  // namespace damsync
