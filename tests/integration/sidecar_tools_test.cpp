#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "sync/http/json_reader.h"
#include "tests/simulators/demo_getty.h"
#include "tests/simulators/sandbox_config.h"
#include "tests/simulators/sandbox_world.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/sync/sidecar/xmp_tools.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The demo accounts of the sandbox, mirrored by the real program; and every XMP sidecar of them.
struct Mirror {
  TempDir dir;
  SandboxWorld world;
  std::map<std::string, FlatXmp> sidecars;  ///< by path, as an XML parser reads them

  Mirror() {
    world.load_demo_data();
    SimServer server([this](const SimRequest& request) { return world.handle(request); });
    REQUIRE(write_sandbox_config({.file = dir.path() / "damsync.toml",
                                  .state = dir.path(),
                                  .base_url = server.base_url(),
                                  .token = std::string(kSandboxToken),
                                  .archive_ids = connect_demo_list()})
                .ok());
    run_program({{damsync_binary(), "-c", dir / "damsync.toml", "sync"}, {}, {}});
    server.stop();
    for (const auto& entry : fs::recursive_directory_iterator(dir.path()))
      if (entry.path().extension() == ".xmp") sidecars[entry.path().string()] = flatten_xmp(bytes_of(entry.path()));
    REQUIRE(sidecars.size() > 250);
  }

  [[nodiscard]] std::string all_paths() const {
    std::string out;
    for (const auto& [path, xmp] : sidecars) out += " '" + path + "'";
    return out;
  }
};

/// One mirror serves all the comparisons; it is only read.
const Mirror& mirror() {
  static const Mirror kMirror;
  return kMirror;
}

std::vector<std::string> texts(const Json* value) {
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (const auto* text = value->if_string()) out.push_back(*text);
  if (const auto* items = value->if_array())
    for (const auto& item : *items) out.push_back(*item.if_string());
  std::erase(out, "");
  return out;
}

std::vector<std::string> values(const FlatXmp& xmp, const std::string& name) {
  const auto found = xmp.find(name);
  return found == xmp.end() ? std::vector<std::string>() : found->second;
}

}  // namespace

TEST_CASE("demo sidecars: those of Getty Images say what its own JSON says") {
  int compared = 0;
  for (const auto& [path, xmp] : mirror().sidecars) {
    if (path.find("/photo-desk/") == std::string::npos) continue;
    const auto record = parse_json(bytes_of(fs::path(path).parent_path() / "asset.json"));
    REQUIRE(record);
    const Json& raw = *record->find("raw");
    CAPTURE(path);
    CHECK(values(xmp, "plus:ImageSupplierImageID") == texts(raw.find("id")));
    CHECK(values(xmp, "dc:title") == texts(raw.find("title")));
    CHECK(values(xmp, "dc:description") == texts(raw.find("caption")));
    CHECK(values(xmp, "dc:creator") == texts(raw.find("artist")));
    ++compared;
  }
  CHECK(compared > 0);
}

TEST_CASE("demo sidecars: those of Shutterstock say what its own JSON says") {
  for (const auto& [path, xmp] : mirror().sidecars) {
    if (path.find("/newsroom/") == std::string::npos) continue;
    const auto record = parse_json(bytes_of(fs::path(path).parent_path() / "asset.json"));
    REQUIRE(record);
    const Json& raw = *record->find("raw");
    CAPTURE(path);
    CHECK(values(xmp, "plus:ImageSupplierImageID") == texts(raw.find("id")));
    CHECK(values(xmp, "dc:description") == texts(raw.find("description")));
    CHECK(values(xmp, "dc:title") == texts(raw.find("title")));
    CHECK(values(xmp, "dc:subject") == texts(raw.find("keywords")));
    CHECK(values(xmp, "plus:ImageCreator[1]/ImageCreatorID") == texts(raw.find("contributor")->find("id")));
    CHECK(values(xmp, "photoshop:Credit") == texts(raw.find("credit_line")));
    std::set<std::string> bought, named;
    for (const auto& license : *record->find("licenses")->if_array())
      bought.insert(*license.find("raw")->find("id")->if_string());
    for (const auto& [name, ids] : xmp)
      if (name.starts_with("damsync:Licenses[") && name.ends_with("/LicenseID")) named.insert(ids.begin(), ids.end());
    CHECK(named == bought);
    CHECK(bought.contains(values(xmp, "plus:LicenseID").at(0)));
  }
}

TEST_CASE("demo sidecars: xmllint finds every one well-formed") {
  if (!have("xmllint")) return;
  CHECK(run("xmllint --noout" + mirror().all_paths() + " 2>&1").status == 0);
}

TEST_CASE("demo sidecars: exiftool reads every property as it was written") {
  if (!have("exiftool")) return;
  const auto files =
      parse_json(run("exiftool -j -G1 -struct -n -r -ext xmp '" + mirror().dir.path().string() + "' 2>/dev/null").out);
  REQUIRE(files);
  CHECK(files->if_array()->size() == mirror().sidecars.size());
  for (const auto& file : *files->if_array())
    for (const auto& [name, written] : mirror().sidecars.at(exiftool_text(*file.find("SourceFile")))) {
      std::vector<std::string> printed;
      for (const auto& value : written) printed.push_back(as_exiftool_prints(name, value));
      const auto actual = joined(exiftool_values(file, name));
      CHECK_MESSAGE(actual == joined(printed), exiftool_text(*file.find("SourceFile")) << " " << name);
    }
}

TEST_CASE("demo sidecars: exiv2 reads every property as it was written") {
  if (!have("exiv2")) return;
  std::istringstream lines(run("exiv2 -q -PXkv pr" + mirror().all_paths() + " 2>/dev/null").out);
  std::map<std::string, std::map<std::string, std::string>> read;
  for (std::string line; std::getline(lines, line);) {
    const auto key = line.find("  Xmp.");  // behind the file's name
    if (key == std::string::npos) continue;
    const auto end = std::min(line.find(' ', key + 2), line.size());
    std::string value = line.substr(std::min(line.find_first_not_of(' ', end), line.size()));
    const std::string language = "lang=\"x-default\" ";
    if (value.starts_with(language)) value.erase(0, language.size());
    read[line.substr(0, line.find_last_not_of(' ', key) + 1)][line.substr(key + 2, end - key - 2)] = value;
  }
  REQUIRE(read.size() == mirror().sidecars.size());
  for (const auto& [path, xmp] : mirror().sidecars)
    for (const auto& [name, written] : xmp)
      CHECK_MESSAGE(without_leading_blanks(read.at(path)[exiv2_key(name)]) == without_leading_blanks(joined(written)),
                    path << " " << name);
}

TEST_CASE("demo sidecars: exempi, Adobe's own XMP core, reads every property as it was written") {
  if (!have("exempi")) return;
  const std::string mark = "-- one of the sidecars ends here --";
  std::string out = run("for f in" + mirror().all_paths() + "; do exempi -x \"$f\"; echo '" + mark + "'; done").out;
  for (const auto& [path, xmp] : mirror().sidecars) {
    const auto end = out.find(mark), start = out.find("<x:xmpmeta");
    REQUIRE(end != std::string::npos);
    REQUIRE(start < end);
    const FlatXmp read = flatten_xmp(out.substr(start, end - start));
    CHECK_MESSAGE(read == xmp, path);
    out.erase(0, end + mark.size());
  }
}

}  // namespace damsync
