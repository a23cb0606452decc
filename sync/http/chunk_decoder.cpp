#include "sync/http/chunk_decoder.h"

#include <algorithm>
#include <charconv>

namespace damsync {

namespace {

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxTrailers = 16 << 10;
constexpr std::size_t kMaxSizeDigits = 8;

Error broken(const char* what) {
  return retryable(ErrorCode::kProtocol, std::string("broken HTTP: ") + what + " in a chunked body");
}

}  // namespace

Result<ChunkDecoder::Step> ChunkDecoder::next(std::span<const char> input) {
  if (state_ == State::kDone || input.empty()) return Step{};
  if (state_ != State::kData) return read_line(input);

  const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  left_ -= size;
  if (left_ == 0) state_ = State::kDataEnd;
  return Step{size, input.first(size)};
}

Result<ChunkDecoder::Step> ChunkDecoder::read_line(std::span<const char> input) {
  const auto newline = std::find(input.begin(), input.end(), '\n');
  const bool whole = newline != input.end();
  const auto used = static_cast<std::size_t>(newline - input.begin()) + (whole ? 1 : 0);
  if (line_.size() + used > kMaxLine) return broken("an over-long line");
  line_.append(input.data(), used);
  if (state_ == State::kTrailer && (trailer_bytes_ += used) > kMaxTrailers) return broken("over-long trailers");
  if (whole)
    if (auto ended = end_of_line(); !ended) return ended.error();
  return Step{used, {}};
}

Status ChunkDecoder::end_of_line() {
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r') return broken("a line that does not end in CRLF");
  line_.resize(line_.size() - 2);
  switch (state_) {
    case State::kSize:
      if (auto parsed = parse_size(); !parsed) return parsed;
      state_ = left_ == 0 ? State::kTrailer : State::kData;
      break;
    case State::kDataEnd:
      if (!line_.empty()) return broken("a chunk longer than its size");
      state_ = State::kSize;
      break;
    case State::kTrailer:
      if (line_.empty()) state_ = State::kDone;
      break;
    case State::kData:
    case State::kDone: break;
  }
  line_.clear();
  return {};
}

Status ChunkDecoder::parse_size() {
  const std::size_t digits = std::min(line_.find_first_not_of("0123456789abcdefABCDEF"), line_.size());
  const char after = digits < line_.size() ? line_[digits] : ';';
  if (digits == 0 || digits > kMaxSizeDigits || (after != ';' && after != ' ' && after != '\t'))
    return broken("a size that is not 1 to 8 hexadecimal digits");
  std::from_chars(line_.data(), line_.data() + digits, left_, 16);
  return {};
}

}  // namespace damsync
