#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/asset.h"

namespace damsync {

/// What the bytes of a file themselves say.
struct MediaFacts {
  /// `jpg`, `png`, `tiff`, `eps`, `gif`; `html`, `json`, `zip`, … for what is no image; empty: unknown
  std::string format;
  std::optional<std::int64_t> width;  ///< pixels, where the header tells
  std::optional<std::int64_t> height;
};

/// Recognises a media file while it streams past, by its header alone: no decoder, every length checked.
///
/// Threads  one thread.
/// Source   ITU T.81 annex B (JPEG markers), PNG §11.2.2, TIFF 6.0 §2, Adobe TN #5002 (EPSF).
class MediaProbe {
 public:
  void feed(std::span<const char> bytes);

  [[nodiscard]] MediaFacts facts() const;
  /// Whether the file ends the way its format says; `tail` holds its last bytes (at least 64 KiB, or all of it).
  /// Errors: kInvalid, retryable: the file was cut, or something long follows its end.
  [[nodiscard]] Status check_end(std::string_view tail) const;

 private:
  void walk_jpeg(std::span<const char> bytes);

  std::string head_;        ///< the first bytes
  std::int64_t total_ = 0;  ///< bytes fed
  std::int64_t next_ = 2;   ///< JPEG: offset of the next marker
  std::string pending_;     ///< JPEG: what was read of that marker's segment
  bool walking_ = true;
  std::optional<std::int64_t> jpeg_width_, jpeg_height_;
};

/// Whether a delivered file is what the license is for.
///
/// Errors   kInvalid, retryable: another type than licensed, or exactly the pixel size of another rendition. Pixel
///          sizes that match no listed rendition pass: the listed ones are not exact for every file, and a licensed
///          file is better kept and looked at than not kept (`has_listed_pixels` raises the alarm).
Status check_delivery(const MediaFacts& facts, std::string_view expected_format, std::string_view size,
                      const std::vector<Rendition>& renditions);

/// False when the file says another pixel size than the provider lists for the licensed rendition.
bool has_listed_pixels(const MediaFacts& facts, std::string_view size, const std::vector<Rendition>& renditions);

}  // namespace damsync
