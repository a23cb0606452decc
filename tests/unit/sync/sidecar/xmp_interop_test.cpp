#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "sync/http/json_reader.h"
#include "sync/sidecar/xmp_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/sync/sidecar/sidecar_samples.h"
#include "tests/unit/sync/sidecar/xmp_tools.h"

using namespace damsync;
using namespace damsync::sidecar_samples;

namespace {

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
