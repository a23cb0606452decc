#include "sync/transfer/media_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace damsync {
namespace {

constexpr std::size_t kHeadBytes = 512;
constexpr std::size_t kMaxTrailing = 64 * 1024;
/// Marker, length, precision, height and width of a JPEG frame header.
constexpr std::size_t kFrameHeaderBytes = 9;
constexpr std::string_view kDosEps = "\xC5\xD0\xD3\xC6";

std::uint32_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }
std::uint32_t big16(std::string_view b, std::size_t i) { return byte_at(b, i) << 8 | byte_at(b, i + 1); }
std::uint32_t big32(std::string_view b, std::size_t i) { return big16(b, i) << 16 | big16(b, i + 2); }
std::uint32_t little32(std::string_view b, std::size_t i) {
  return byte_at(b, i) | byte_at(b, i + 1) << 8 | byte_at(b, i + 2) << 16 | byte_at(b, i + 3) << 24;
}

bool is_frame_header(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::string_view text_format(std::string_view head) {
  const auto start = head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string_view::npos) return "";
  const auto text = head.substr(start);
  if (text.front() == '{' || text.front() == '[') return "json";
  if (text.front() != '<') return "";
  if (head.find("<svg") != std::string_view::npos) return "svg";
  return text.starts_with("<?xml") ? "xml" : "html";
}

std::string_view format_of(std::string_view head) {
  using namespace std::literals;
  static constexpr std::array kMagic = {
      std::pair{"\xFF\xD8\xFF"sv, "jpg"sv}, std::pair{"\x89PNG\r\n\x1A\n"sv, "png"sv}, std::pair{"II*\0"sv, "tiff"sv},
      std::pair{"MM\0*"sv, "tiff"sv},       std::pair{"%!PS-Adobe"sv, "eps"sv},        std::pair{kDosEps, "eps"sv},
      std::pair{"GIF8"sv, "gif"sv},         std::pair{"PK\x03\x04"sv, "zip"sv},        std::pair{"%PDF-"sv, "pdf"sv},
      std::pair{"MZ"sv, "exe"sv},
  };
  for (const auto& [magic, format] : kMagic)
    if (head.starts_with(magic)) return format;
  return text_format(head);
}

Error cut(std::string_view what) { return retryable(ErrorCode::kInvalid, fmt::format("the file was cut: {}", what)); }

Status check_trailing(std::string_view tail, std::string_view marker, std::string_view name) {
  const auto at = tail.rfind(marker);
  if (at == std::string_view::npos) return cut(fmt::format("its last 64 KiB hold no {}", name));
  if (tail.size() - at - marker.size() > kMaxTrailing)
    return retryable(ErrorCode::kInvalid, fmt::format("more than 64 KiB follow the {}", name));
  return {};
}

Status check_dos_eps(std::string_view head, std::int64_t total) {
  constexpr std::size_t kHeaderBytes = 30;
  if (head.size() < kHeaderBytes) return cut("it ends within its EPS header");
  for (const std::size_t section : {std::size_t{4}, std::size_t{12}, std::size_t{20}})
    if (std::int64_t{little32(head, section)} + little32(head, section + 4) > total)
      return cut("a section of the EPS file ends beyond its last byte");
  return {};
}

std::string canonical_format(std::string_view format) {
  if (format == "jpeg") return "jpg";
  if (format == "tif") return "tiff";
  return std::string(format);
}

/// A camera's rotation flag swaps width and height, so only the pair counts.
bool same_pixels(const MediaFacts& facts, const Rendition& rendition) {
  if (!rendition.width || !rendition.height) return false;
  return std::minmax(*facts.width, *facts.height) == std::minmax(*rendition.width, *rendition.height);
}

/// What the provider lists of the licensed rendition, with its pixels; null when it does not say.
const Rendition* listed(const MediaFacts& facts, std::string_view size, const std::vector<Rendition>& renditions) {
  const auto found = std::find_if(renditions.begin(), renditions.end(), [&](const Rendition& r) {
    return r.name == size && canonical_format(r.format) == facts.format && r.width && r.height;
  });
  return found == renditions.end() || !facts.width || !facts.height ? nullptr : &*found;
}

bool is_image(std::string_view format) {
  static constexpr std::array<std::string_view, 5> kImages = {"jpg", "png", "tiff", "eps", "gif"};
  return std::find(kImages.begin(), kImages.end(), format) != kImages.end();
}

}  // namespace

void MediaProbe::feed(std::span<const char> bytes) {
  if (head_.size() < kHeadBytes) head_.append(bytes.data(), std::min(bytes.size(), kHeadBytes - head_.size()));
  if (walking_) walk_jpeg(bytes);
  total_ += static_cast<std::int64_t>(bytes.size());
}

/// Jumps from marker segment to marker segment, across the pieces the file arrives in, up to the frame header.
void MediaProbe::walk_jpeg(std::span<const char> bytes) {
  if (head_.size() >= 2 && !head_.starts_with("\xFF\xD8")) walking_ = false;
  const auto end = total_ + static_cast<std::int64_t>(bytes.size());
  while (walking_ && next_ + static_cast<std::int64_t>(pending_.size()) < end) {
    const auto from = static_cast<std::size_t>(next_ + static_cast<std::int64_t>(pending_.size()) - total_);
    pending_.append(bytes.data() + from, std::min(kFrameHeaderBytes - pending_.size(), bytes.size() - from));
    if (byte_at(pending_, 0) != 0xFF) walking_ = false;
    if (pending_.size() < kFrameHeaderBytes) return;
    const auto marker = byte_at(pending_, 1);
    if (is_frame_header(marker)) {
      jpeg_height_ = big16(pending_, 5);
      jpeg_width_ = big16(pending_, 7);
    }
    const auto length = big16(pending_, 2);
    if (is_frame_header(marker) || marker == 0xDA || length < 2) walking_ = false;
    next_ += 2 + length;
    pending_.clear();
  }
}

MediaFacts MediaProbe::facts() const {
  MediaFacts facts{std::string(format_of(head_)), std::nullopt, std::nullopt};
  if (facts.format == "jpg") {
    facts.width = jpeg_width_;
    facts.height = jpeg_height_;
  }
  if (facts.format == "png" && head_.size() >= 24) {
    facts.width = big32(head_, 16);
    facts.height = big32(head_, 20);
  }
  return facts;
}

Status MediaProbe::check_end(std::string_view tail) const {
  if (total_ == 0) return cut("it is empty");
  const auto format = format_of(head_);
  if (format == "jpg") return check_trailing(tail, "\xFF\xD9", "JPEG end marker");
  if (format == "png") return check_trailing(tail, "IEND\xAE\x42\x60\x82", "PNG end chunk");
  if (format == "eps" && head_.starts_with(kDosEps)) return check_dos_eps(head_, total_);
  if (format == "eps") return check_trailing(tail, "%%EOF", "EPS end comment");
  return {};
}

Status check_delivery(const MediaFacts& facts, std::string_view expected_format, std::string_view size,
                      const std::vector<Rendition>& renditions) {
  const auto expected = canonical_format(expected_format);
  const std::string got = facts.format.empty() ? "of an unknown type" : facts.format;
  if (!is_image(facts.format))
    return retryable(ErrorCode::kInvalid, fmt::format("the provider sent something that is no image ({})", got));
  if (!expected.empty() && facts.format != expected)
    return retryable(ErrorCode::kInvalid, fmt::format("licensed as {}, but the delivered file is {}", expected, got));
  const auto* licensed = listed(facts, size, renditions);
  if (licensed == nullptr || same_pixels(facts, *licensed)) return {};
  for (const auto& other : renditions)
    if (canonical_format(other.format) == facts.format && same_pixels(facts, other))
      return retryable(ErrorCode::kInvalid, fmt::format("licensed in size {}, but the delivered file is {} ({}x{})",
                                                        size, other.name, *facts.width, *facts.height));
  return {};
}

bool has_listed_pixels(const MediaFacts& facts, std::string_view size, const std::vector<Rendition>& renditions) {
  const auto* licensed = listed(facts, size, renditions);
  return licensed == nullptr || same_pixels(facts, *licensed);
}

}  // namespace damsync
