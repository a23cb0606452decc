#include "tests/simulators/media_bytes.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include <jpeglib.h>

namespace damsync {
namespace {

constexpr std::size_t kHeadBytes = 2 + 4 + 64;  // SOI, then a comment of 64 bytes

/// FNV-1a, spread by a round of splitmix64: enough to make pictures differ.
std::uint64_t hash_text(std::string_view text) noexcept {
  std::uint64_t hash = 1469598103934665603ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ULL;
  return hash ^ (hash >> 27);
}

/// One row of a two-colour gradient with a lighter disc in it.
void draw_row(std::vector<unsigned char>& row, std::uint64_t hash, int y, const JpegSpec& spec) {
  const int centre_x = static_cast<int>((hash >> 8) % static_cast<unsigned>(spec.width));
  const int centre_y = static_cast<int>((hash >> 24) % static_cast<unsigned>(spec.height));
  const long radius = std::max(2, std::min(spec.width, spec.height) / 4);
  for (int x = 0; x < spec.width; ++x) {
    const long dx = x - centre_x;
    const long dy = y - centre_y;
    const bool in_disc = dx * dx + dy * dy < radius * radius;
    for (int channel = 0; channel < 3; ++channel) {
      const int from = static_cast<int>((hash >> (channel * 8)) & 0xFF);
      const int to = static_cast<int>((hash >> (channel * 8 + 24)) & 0xFF);
      const int shade = from + (to - from) * (x + y) / (spec.width + spec.height);
      row[static_cast<std::size_t>(x * 3 + channel)] = static_cast<unsigned char>(in_disc ? (shade + 255) / 2 : shade);
    }
  }
}

void append_comment(std::string& out, std::size_t segment_bytes) {
  const std::size_t length = segment_bytes - 2;  // the marker itself is not counted
  out += '\xFF';
  out += '\xFE';
  out += static_cast<char>(length >> 8);
  out += static_cast<char>(length & 0xFF);
  out.append(length - 2, ' ');
}

}  // namespace

std::string make_jpeg(const JpegSpec& spec) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &buffer, &size);
  jpeg.image_width = static_cast<JDIMENSION>(spec.width);
  jpeg.image_height = static_cast<JDIMENSION>(spec.height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 70, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  const std::uint64_t hash = hash_text(spec.seed);
  std::vector<unsigned char> row(static_cast<std::size_t>(spec.width) * 3);
  for (int y = 0; y < spec.height; ++y) {
    draw_row(row, hash, y, spec);
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&jpeg, rows, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string bytes(reinterpret_cast<const char*>(buffer), size);
  jpeg_destroy_compress(&jpeg);
  std::free(buffer);
  return bytes;
}

std::string make_eps(std::string_view seed) {
  const std::uint64_t hash = hash_text(seed);
  const auto part = [&](int shift, unsigned below) { return static_cast<unsigned>((hash >> shift) % below); };
  char drawing[512];
  std::snprintf(drawing, sizeof drawing,
                "0.%03u 0.%03u 0.%03u setrgbcolor\n0.5 0.5 299 199 rectfill\n"
                "0.%03u 0.%03u 0.9 setrgbcolor\n%u %u %u 0 360 arc fill\n"
                "0 setgray 2 setlinewidth\n10 10 moveto 290 %u lineto stroke\n",
                part(0, 1000), part(10, 1000), part(20, 1000), part(30, 1000), part(36, 1000), 60 + part(12, 180),
                50 + part(18, 100), 20 + part(26, 30), 10 + part(33, 180));
  return "%!PS-Adobe-3.0 EPSF-3.0\n%%Creator: damsync-sandbox\n%%Title: " + std::string(seed) +
         "\n%%BoundingBox: 0 0 300 200\n%%LanguageLevel: 2\n%%EndComments\ngsave\n" + drawing +
         "grestore\nshowpage\n%%EOF\n";
}

PaddedJpeg::PaddedJpeg(std::size_t total) {
  const std::string picture = make_jpeg({.seed = "load test", .width = 600, .height = 400});
  const std::size_t needed = kHeadBytes + picture.size() - 2;
  if (total < needed + 4)
    throw std::invalid_argument("a padded JPEG needs at least " + std::to_string(needed + 4) + " bytes");
  std::size_t padding = total - needed;
  std::string tail;
  tail.reserve(total);
  while (padding > 0) {
    // No segment may leave a rest too small for a segment of its own.
    std::size_t segment = std::min<std::size_t>(padding, 65537);
    if (padding - segment > 0 && padding - segment < 4) segment -= 4;
    append_comment(tail, segment);
    padding -= segment;
  }
  tail.append(picture, 2);
  tail_ = std::make_shared<const std::string>(std::move(tail));
}

std::string PaddedJpeg::head(std::string_view id) const {
  std::string head = "\xFF\xD8";
  std::string comment;
  append_comment(comment, kHeadBytes - 2);
  comment.replace(4, std::min<std::size_t>(id.size(), 64), id.substr(0, 64));
  return head + comment;
}

}  // namespace damsync
