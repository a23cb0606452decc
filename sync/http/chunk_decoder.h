#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "storage/base/result.h"

namespace damsync {

/// Takes a chunked body apart, strictly. Copies nothing: what it hands out lies in what it was given.
///
/// Errors   kProtocol, retryable: malformed or over-long size lines and trailers.
/// Source   RFC 9112 §7.1.
class ChunkDecoder {
 public:
  struct Step {
    std::size_t used = 0;        ///< bytes of the input that are done with
    std::span<const char> data;  ///< body bytes, inside the input; may be empty
  };

  /// Reads on from the front of `input`; call again with the rest until it is used up or `done`.
  Result<Step> next(std::span<const char> input);

  /// The last chunk and its trailers were read: the body is complete.
  [[nodiscard]] bool done() const noexcept { return state_ == State::kDone; }

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer, kDone };

  Result<Step> read_line(std::span<const char> input);
  Status end_of_line();
  Status parse_size();

  State state_ = State::kSize;
  std::uint64_t left_ = 0;  ///< of the current chunk
  std::string line_;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace damsync
