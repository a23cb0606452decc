#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/base/json.h"
#include "tests/unit/sync/sidecar/xmp_flat.h"

namespace damsync {

struct Ran {
  int status = -1;
  std::string out;
};

inline Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 65536> buffer;
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    ran.out.append(buffer.data(), n);
  ran.status = ::pclose(pipe);
  return ran;
}

/// True when the program is there; else the test says what it did not check.
inline bool have(const std::string& program) {
  if (run("command -v " + program + " 2>/dev/null").status == 0) return true;
  MESSAGE("skipped: " << program << " is not installed, so its view of the sidecars was not compared");
  return false;
}

inline std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ", ") + value;
  return out;
}

inline std::string without_leading_blanks(const std::string& text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

/// exiftool's name of a property; it names some otherwise than their standards do.
inline std::string exiftool_name(const std::string& property) {
  static const std::map<std::string, std::string> kOther = {
      {"Iptc4xmpExt:DigImageGUID", "XMP-iptcExt:DigitalImageGUID"},
      {"Iptc4xmpExt:EventId", "XMP-iptcExt:EventID"},
      {"Iptc4xmpExt:RegistryId", "XMP-iptcExt:RegistryID"},
  };
  if (const auto other = kOther.find(property); other != kOther.end()) return other->second;
  std::string prefix = property.substr(0, property.find(':'));
  std::string name = local_name(property);
  if (prefix == "Iptc4xmpExt") prefix = "iptcExt";
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  return "XMP-" + prefix + ":" + name;
}

inline std::string exiftool_text(const Json& value) {
  if (const auto* text = value.if_string()) return *text;
  if (const auto* number = value.if_number()) return number->text;  // it prints ids of digits as numbers
  if (const auto* truth = value.if_bool()) return *truth ? "True" : "False";
  return "(no text)";
}

/// What exiftool prints for a value: vocabulary terms without their URI, dates with colons.
inline std::string as_exiftool_prints(const std::string& name, std::string value) {
  const std::string vocabulary = "http://ns.useplus.org/ldf/vocab/";
  if (value.starts_with(vocabulary) && name != "plus:DataMining") return value.substr(vocabulary.size());
  static const std::set<std::string> kDates = {"plus:LicenseTransactionDate", "plus:LicenseStartDate",
                                               "plus:LicenseEndDate", "photoshop:DateCreated"};
  if (!kDates.contains(name) && !name.ends_with("/LicensedAt")) return value;
  value[4] = value[7] = ':';
  if (value.size() > 10) value[10] = ' ';
  return value;
}

inline std::vector<std::string> exiftool_values(const Json& file, const std::string& name) {
  const auto bracket = name.find('[');
  const Json* found = file.find(exiftool_name(name.substr(0, bracket)));
  if (found == nullptr) return {"(absent)"};
  if (bracket != std::string::npos) {
    const auto index = static_cast<std::size_t>(std::stoi(name.substr(bracket + 1))) - 1;
    const Json* field = found->if_array()->at(index).find(name.substr(name.find('/') + 1));
    return {field == nullptr ? "(absent)" : exiftool_text(*field)};
  }
  if (found->if_array() == nullptr) return {exiftool_text(*found)};
  std::vector<std::string> values;
  for (const auto& value : *found->if_array()) values.push_back(exiftool_text(value));
  return values;
}

/// exiv2's key of a property, e.g. `Xmp.plus.Licensor[1]/plus:LicensorID`.
inline std::string exiv2_key(const std::string& name) {
  std::string prefix = name.substr(0, name.find(':'));
  std::string rest = local_name(name);
  if (const auto slash = rest.find('/'); slash != std::string::npos) rest.insert(slash + 1, prefix + ":");
  if (prefix == "Iptc4xmpExt") prefix = "iptcExt";
  return "Xmp." + prefix + "." + rest;
}

}  // namespace damsync
