#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace damsync {

/// A picture to draw: the same values, the same bytes.
struct JpegSpec {
  std::string_view seed;  ///< decides the colours and shapes
  int width = 600;
  int height = 400;
};

/// A baseline JPEG that image tools accept.
std::string make_jpeg(const JpegSpec& spec);

/// An Encapsulated PostScript drawing that Ghostscript accepts.
std::string make_eps(std::string_view seed);

/// JPEGs of one exact size in bytes for load tests: the picture is drawn once and shared, only a comment at the start
/// differs from file to file, so that no two have the same hash.
class PaddedJpeg {
 public:
  /// `total` is the size of every file; 8 KiB are enough for its picture of 600 x 400.
  ///
  /// Errors   throws std::invalid_argument when the picture does not fit.
  explicit PaddedJpeg(std::size_t total);

  /// The start of the file, which carries `id`; the rest is `tail`.
  [[nodiscard]] std::string head(std::string_view id) const;
  [[nodiscard]] const std::shared_ptr<const std::string>& tail() const noexcept { return tail_; }

 private:
  std::shared_ptr<const std::string> tail_;
};

}  // namespace damsync
