#include "sync/transfer/media_probe.h"

#include <doctest/doctest.h>

#include "tests/support/scripted_provider.h"

namespace damsync {
namespace {

using namespace std::literals;

MediaProbe probed(std::string_view bytes, std::size_t piece = 7) {
  MediaProbe probe;
  for (std::size_t at = 0; at < bytes.size(); at += piece) probe.feed(bytes.substr(at, piece));
  return probe;
}

const std::string kEps = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\nshowpage\n%%EOF\n";
const std::string kPng = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\x02\x58\0\0\x01\x90"s + "..." + "IEND\xAE\x42\x60\x82";

std::string dos_eps(std::uint32_t section_bytes) {
  std::string header = "\xC5\xD0\xD3\xC6"s;
  const auto le32 = [&](std::uint32_t v) {
    for (int shift = 0; shift < 32; shift += 8) header += static_cast<char>(v >> shift & 0xFF);
  };
  le32(30);
  le32(section_bytes);
  for (int i = 0; i < 4; ++i) le32(0);
  header += "\xFF\xFF";
  return header + kEps;
}

}  // namespace

TEST_CASE("media probe: a JPEG's size is found however it is cut into pieces") {
  const auto jpeg = tiny_jpeg(600, 400, std::string(5'000, 'x'));
  for (const std::size_t piece : {1, 2, 3, 9, 100, 100'000}) {
    const auto facts = probed(jpeg, piece).facts();
    CHECK(facts.format == "jpg");
    CHECK(facts.width == 600);
    CHECK(facts.height == 400);
  }
}

TEST_CASE("media probe: formats are told by their bytes") {
  CHECK(probed(kEps).facts().format == "eps");
  CHECK(probed(dos_eps(10)).facts().format == "eps");
  CHECK(probed(kPng).facts().format == "png");
  CHECK(probed(kPng).facts().width == 600);
  CHECK(probed("II*\0rest"s).facts().format == "tiff");
  CHECK(probed("GIF89a").facts().format == "gif");
  CHECK(probed("random bytes").facts().format.empty());
}

TEST_CASE("M1 M3 media probe: a file that does not end as its format demands is refused") {
  const auto jpeg = tiny_jpeg(600, 400, "salt");
  struct Row {
    std::string name, bytes;
    bool whole;
  };
  const std::vector<Row> rows = {
      {"empty", "", false},
      {"one byte", "\xFF", true},  // no format, so no end: refused by its type
      {"header only", jpeg.substr(0, 20), false},
      {"JPEG without its end marker", jpeg.substr(0, jpeg.size() - 1), false},
      {"JPEG", jpeg, true},
      {"JPEG with a little behind it", jpeg + std::string(60'000, '\0'), true},
      {"JPEG with much behind it", jpeg + std::string(64 * 1024 + 1, '\0'), false},
      {"PNG", kPng, true},
      {"PNG without IEND", kPng.substr(0, kPng.size() - 2), false},
      {"EPS", kEps, true},
      {"EPS without %%EOF", kEps.substr(0, 40), false},
      {"EPS with a preview, whole", dos_eps(static_cast<std::uint32_t>(kEps.size())), true},
      {"EPS with a preview, cut", dos_eps(static_cast<std::uint32_t>(kEps.size()) + 1), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK(probed(row.bytes, 4'096).check_end(row.bytes).ok() == row.whole);
  }
}

TEST_CASE("M3 media probe: a JPEG cut at any byte is refused") {
  const auto jpeg = tiny_jpeg(64, 64, "abc");
  for (std::size_t length = 4; length < jpeg.size(); ++length)
    CHECK_FALSE(probed(jpeg.substr(0, length)).check_end(jpeg.substr(0, length)).ok());
}

TEST_CASE("M5 media probe: lengths that lie lead nowhere") {
  CHECK(probed("\xFF\xD8\xFF\xE1\0\0rest of it"s).facts().width == std::nullopt);
  CHECK(probed("\xFF\xD8\xFF\xE1\xFF\xFF"s).facts().width == std::nullopt);
  CHECK(probed("\xFF\xD8\xFF"s).facts().format == "jpg");
  CHECK(probed(tiny_jpeg(65535, 65535)).facts().width == 65535);
}

TEST_CASE("M2 delivery: what is no image of the licensed type is refused, whatever it is called") {
  const std::vector<Rendition> none;
  const auto refused = [&](std::string_view bytes, std::string_view format) {
    return !check_delivery(probed(bytes).facts(), format, "huge", none).ok();
  };
  CHECK(refused("<!DOCTYPE html><html>", "jpg"));
  CHECK(refused("\n  {\"message\":\"no\"}", "jpg"));
  CHECK(refused("PK\x03\x04", ""));
  CHECK(refused("<?xml version='1.0'?><svg></svg>", "jpg"));
  CHECK(refused("MZ\x90", ""));
  CHECK(refused("", "jpg"));
  CHECK(refused(kEps, "jpg"));
  CHECK(refused(tiny_jpeg(1, 1), "eps"));
  CHECK_FALSE(refused(tiny_jpeg(1, 1), "jpg"));
  CHECK_FALSE(refused(tiny_jpeg(1, 1), "jpeg"));
  CHECK_FALSE(refused(kEps, "eps"));
}

TEST_CASE("M4 delivery: another rendition than the licensed one is refused by its pixels") {
  const std::vector<Rendition> renditions = {{"small", "jpg", 500, 333}, {"huge", "jpg", 6000, 4000}};
  const auto accepts = [&](std::uint16_t w, std::uint16_t h) {
    return check_delivery(probed(tiny_jpeg(w, h)).facts(), "jpg", "huge", renditions).ok();
  };
  CHECK(accepts(6000, 4000));
  CHECK(accepts(4000, 6000));
  CHECK(accepts(5990, 3990));
  CHECK_FALSE(accepts(500, 333));
  CHECK(accepts(6000, 4500));
}

TEST_CASE("M4 delivery: pixels that the provider does not list for the rendition raise the alarm") {
  const std::vector<Rendition> renditions = {{"huge", "jpg", 6000, 4000}, {"vector", "eps", {}, {}}};
  const auto as_listed = [&](std::uint16_t w, std::uint16_t h, std::string_view size) {
    return has_listed_pixels(probed(tiny_jpeg(w, h)).facts(), size, renditions);
  };
  CHECK(as_listed(6000, 4000, "huge"));
  CHECK(as_listed(4000, 6000, "huge"));
  CHECK_FALSE(as_listed(6000, 4500, "huge"));
  CHECK(as_listed(6000, 4500, "medium"));  // nothing is listed for it
  CHECK(has_listed_pixels(probed(kEps).facts(), "vector", renditions));
}

}  // namespace damsync
