#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "sync/http/json_reader.h"
#include "sync/sidecar/xmp_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/sync/sidecar/sidecar_samples.h"
#include "tests/unit/sync/sidecar/xmp_flat.h"

using namespace damsync;
using namespace damsync::sidecar_samples;

namespace {

struct Ran {
  int status = -1;
  std::string out;
};

Ran run(const std::string& command) {
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
bool have(const std::string& program) {
  if (run("command -v " + program + " 2>/dev/null").status == 0) return true;
  MESSAGE("skipped: " << program << " is not installed, so its view of the sidecars was not compared");
  return false;
}

/// Assets whose texts come from several scripts and from hostile hands; each with all facts, so that every property is
/// compared. One line each: exiv2 prints values unquoted.
struct Sidecars {
  TempDir dir;
  std::vector<std::string> packets;

  Sidecars() {
    const std::string texts[] = {"الميناء عند الفجر، صورة ١٢٣", "港口的黎明——第二版",
                                 "👩‍👩‍👧 🚢 𝔘𝔫𝔦 🇯🇵",
                                 "<b>\"it's\" & ]]> &amp; <?xpacket end=\"w\"?>", "  leading, trailing; 0012  "};
    for (const auto& text : texts) add(text);
  }

  void add(const std::string& text) {
    SidecarInput input = full();
    auto& metadata = input.metadata;
    metadata.title = metadata.caption = metadata.creator_name = metadata.copyright = metadata.usage_terms = text;
    metadata.credit_line = metadata.collection = text;
    metadata.keywords = metadata.people = metadata.restrictions = {text, "x " + text};
    metadata.extra.set("city", text).set("event", text);
    input.licenses[0].licensed_by = text;
    input.licenses.push_back(license("e102", "enhanced", "2024-05-01T00:00:00Z"));
    packets.push_back(XmpWriter().write(beside_first_file(input)));
    std::ofstream(path(packets.size() - 1), std::ios::binary) << packets.back();
  }

  [[nodiscard]] std::string path(std::size_t index) const { return dir / ("h" + std::to_string(index) + ".jpg.xmp"); }
};

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ", ") + value;
  return out;
}

std::string without_leading_blanks(const std::string& text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

/// exiftool's name of a property; it names some otherwise than their standards do.
std::string exiftool_name(const std::string& property) {
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

std::string exiftool_text(const Json& value) {
  if (const auto* text = value.if_string()) return *text;
  if (const auto* number = value.if_number()) return number->text;  // it prints ids of digits as numbers
  if (const auto* truth = value.if_bool()) return *truth ? "True" : "False";
  return "(no text)";
}

/// What exiftool prints for a value: vocabulary terms without their URI, dates with colons.
std::string as_exiftool_prints(const std::string& name, std::string value) {
  const std::string vocabulary = "http://ns.useplus.org/ldf/vocab/";
  if (value.starts_with(vocabulary) && name != "plus:DataMining") return value.substr(vocabulary.size());
  static const std::set<std::string> kDates = {"plus:LicenseTransactionDate", "plus:LicenseStartDate",
                                               "plus:LicenseEndDate", "photoshop:DateCreated"};
  if (!kDates.contains(name) && !name.ends_with("/LicensedAt")) return value;
  value[4] = value[7] = ':';
  if (value.size() > 10) value[10] = ' ';
  return value;
}

std::vector<std::string> exiftool_values(const Json& file, const std::string& name) {
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
std::string exiv2_key(const std::string& name) {
  std::string prefix = name.substr(0, name.find(':'));
  std::string rest = local_name(name);
  if (const auto slash = rest.find('/'); slash != std::string::npos) rest.insert(slash + 1, prefix + ":");
  if (prefix == "Iptc4xmpExt") prefix = "iptcExt";
  return "Xmp." + prefix + "." + rest;
}

std::map<std::string, std::string> exiv2_values(const std::string& path) {
  std::istringstream lines(run("exiv2 -q -PXkv pr '" + path + "' 2>/dev/null").out);
  std::map<std::string, std::string> values;
  const std::string language = "lang=\"x-default\" ";
  for (std::string line; std::getline(lines, line);) {
    const auto end = line.find(' ');
    std::string value =
        end == std::string::npos ? "" : line.substr(std::min(line.find_first_not_of(' ', end), line.size()));
    if (value.starts_with(language)) value.erase(0, language.size());
    values[line.substr(0, end)] = value;
  }
  return values;
}

}  // namespace

TEST_CASE("xmp interop: xmllint finds every sidecar well-formed") {
  if (!have("xmllint")) return;
  const Sidecars sidecars;
  for (std::size_t i = 0; i < sidecars.packets.size(); ++i)
    CHECK(run("xmllint --noout '" + sidecars.path(i) + "' 2>&1").status == 0);
}

TEST_CASE("xmp interop: exiftool reads every property as it was written") {
  if (!have("exiftool")) return;
  const Sidecars sidecars;
  const Ran ran = run("exiftool -j -G1 -struct -n '" + sidecars.dir.path().string() + "' -ext xmp 2>/dev/null");
  const auto files = parse_json(ran.out);
  REQUIRE(files);
  REQUIRE(files->if_array()->size() == sidecars.packets.size());
  for (const auto& file : *files->if_array()) {
    const std::string source = exiftool_text(*file.find("SourceFile"));
    const auto index = static_cast<std::size_t>(source.at(source.rfind("/h") + 2) - '0');
    const FlatXmp expected = flatten_xmp(sidecars.packets.at(index));
    REQUIRE(expected.size() > 79);
    for (const auto& [name, values] : expected) {
      CAPTURE(name);
      std::vector<std::string> printed;
      for (const auto& value : values) printed.push_back(as_exiftool_prints(name, value));
      CHECK(joined(exiftool_values(file, name)) == joined(printed));
    }
  }
}

TEST_CASE("xmp interop: exiv2 reads every property as it was written") {
  if (!have("exiv2")) return;
  const Sidecars sidecars;
  for (std::size_t i = 0; i < sidecars.packets.size(); ++i) {
    const auto actual = exiv2_values(sidecars.path(i));
    for (const auto& [name, values] : flatten_xmp(sidecars.packets[i])) {
      CAPTURE(name);
      const auto found = actual.find(exiv2_key(name));
      REQUIRE(found != actual.end());
      // The padding between its columns cannot be told from blanks at the start of a value.
      CHECK(without_leading_blanks(found->second) == without_leading_blanks(joined(values)));
    }
  }
}

TEST_CASE("xmp interop: exempi, Adobe's own XMP core, reads every property as it was written") {
  if (!have("exempi")) return;
  const Sidecars sidecars;
  for (std::size_t i = 0; i < sidecars.packets.size(); ++i) {
    const Ran ran = run("exempi -x '" + sidecars.path(i) + "' 2>/dev/null");
    const auto start = ran.out.find("<x:xmpmeta");
    REQUIRE(start != std::string::npos);
    const FlatXmp actual = flatten_xmp(ran.out.substr(start));
    const FlatXmp expected = flatten_xmp(sidecars.packets[i]);
    CHECK(actual.size() == expected.size());
    for (const auto& [name, values] : expected) {
      CAPTURE(name);
      const auto found = actual.find(name);
      REQUIRE(found != actual.end());
      CHECK(joined(found->second) == joined(values));
    }
  }
}

TEST_CASE("xmp interop: embedded into a copy by exiftool, the packet is there byte for byte") {
  if (!have("exiftool")) return;
  const Sidecars sidecars;
  const std::string copy = sidecars.dir / "h0.jpg";
  const std::string smallest_jpeg(
      "\xFF\xD8\xFF\xE0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xFF\xDA\0\x08\1\1\0\0\x3F\0\0\xFF\xD9", 34);
  std::ofstream(copy, std::ios::binary) << smallest_jpeg;
  REQUIRE(run("exiftool -q -overwrite_original '-xmp<=%d%f.%e.xmp' '" + copy + "'").status == 0);
  CHECK(run("exiftool -xmp -b '" + copy + "'").out == sidecars.packets[0]);
}
