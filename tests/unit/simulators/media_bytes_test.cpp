#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "storage/base/digest.h"
#include "tests/simulators/media_bytes.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

bool has_tool(const std::string& name) { return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0; }

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return text;
  char line[512];
  while (std::fgets(line, sizeof line, pipe) != nullptr) text += line;
  ::pclose(pipe);
  return text;
}

std::string saved(const TempDir& directory, const std::string& name, const std::string& bytes) {
  const std::string file = directory / name;
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

}  // namespace

TEST_CASE("simulated pictures: the same asset has the same bytes, another asset has others") {
  const std::string first = make_jpeg({.seed = "4711/1"});
  CHECK(make_jpeg({.seed = "4711/1"}) == first);
  CHECK(make_jpeg({.seed = "4712/1"}) != first);
  CHECK(make_eps("4711") != make_eps("4712"));
}

TEST_CASE("simulated pictures: image tools read the JPEGs in the size ordered") {
  if (!has_tool("identify")) {
    MESSAGE("skipped: identify (ImageMagick) is not installed");
    return;
  }
  const TempDir directory;
  const std::string plain = saved(directory, "a.jpg", make_jpeg({.seed = "1", .width = 150, .height = 100}));
  const PaddedJpeg padded(200 * 1024);
  const std::string bench = saved(directory, "b.jpg", padded.head("4711") + *padded.tail());

  CHECK(output_of("identify -regard-warnings -format '%m %w %h' " + plain) == "JPEG 150 100");
  CHECK(output_of("identify -regard-warnings -format '%m %w %h' " + bench) == "JPEG 600 400");
}

TEST_CASE("simulated pictures: Ghostscript draws the EPS files") {
  const std::string eps = make_eps("4711");
  CHECK(eps.starts_with("%!PS-Adobe-3.0 EPSF-3.0\n"));
  CHECK(eps.find("%%BoundingBox: 0 0 300 200\n") != std::string::npos);
  CHECK(eps.ends_with("%%EOF\n"));
  if (!has_tool("gs")) {
    MESSAGE("skipped: gs (Ghostscript) is not installed");
    return;
  }
  const TempDir directory;
  const std::string file = saved(directory, "a.eps", eps);
  CHECK(output_of("gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=bbox " + file).find("%%BoundingBox: 0 0 300 200") !=
        std::string::npos);
}

TEST_CASE("simulated pictures: a padded JPEG has exactly the size ordered, and its own hash") {
  for (const std::size_t total : {std::size_t{32} << 10, std::size_t{200} << 10, std::size_t{1} << 20}) {
    for (std::size_t more = 0; more < 6; ++more) {
      const PaddedJpeg padded(total + more);
      CHECK(padded.head("1").size() + padded.tail()->size() == total + more);
    }
  }
  const PaddedJpeg padded(65536);
  CHECK(sha256_hex(padded.head("1") + *padded.tail()) != sha256_hex(padded.head("2") + *padded.tail()));
  CHECK(padded.tail()->ends_with("\xFF\xD9"));
  CHECK_THROWS_AS(PaddedJpeg(1000), std::invalid_argument);
}

}  // namespace damsync
