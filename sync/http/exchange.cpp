#include "sync/http/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sync/http/chunk_decoder.h"

namespace damsync {

namespace {

constexpr std::size_t kReadSize = 256 << 10;
constexpr std::size_t kHeadReadSize = 16 << 10;
constexpr int kMaxInterimAnswers = 10;
/// Of answers that no sink takes, whatever the caller allows a file.
constexpr std::int64_t kMaxCollected = 16 << 20;

}  // namespace

/// Where body bytes go, counted against the limit.
class Exchange::Output {
 public:
  Output(BodySink* sink, std::string& body, std::int64_t limit) : sink_(sink), body_(body), left_(limit) {}

  [[nodiscard]] bool fits(std::int64_t size) const noexcept { return size <= left_; }
  /// How much to ask for at once: hardly more than may come.
  [[nodiscard]] std::size_t piece() const noexcept {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(left_, 1, kReadSize));
  }

  Status write(std::span<const char> bytes) {
    left_ -= static_cast<std::int64_t>(bytes.size());
    if (sink_ != nullptr) return sink_->write(bytes);
    body_.append(bytes.data(), bytes.size());
    return {};
  }

 private:
  BodySink* sink_;
  std::string& body_;
  std::int64_t left_;
};

Error Exchange::broken(std::string_view what) const {
  return retryable(ErrorCode::kProtocol, fmt::format("{}: {}", request_.url.display(), what));
}

Status Exchange::fill() {
  std::array<char, kHeadReadSize> space;
  auto got = connection_.read(space);
  if (!got) return got.error();
  if (got->empty())
    return retryable(ErrorCode::kUnavailable, fmt::format("{}: connection closed early", request_.url.display()));
  silent_ = false;
  buffered_.append(got->data(), got->size());
  return {};
}

Result<ResponseHead> Exchange::read_head() {
  for (int interim = 0; interim <= kMaxInterimAnswers; ++interim) {
    std::size_t searched = 0;
    std::size_t end = buffered_.find("\r\n\r\n");
    while (end == std::string::npos) {
      if (buffered_.size() > kMaxHeadBytes) return broken("headers larger than 64 KiB");
      searched = buffered_.size() < 3 ? 0 : buffered_.size() - 3;
      if (auto filled = fill(); !filled) return filled.error();
      if (!buffered_.starts_with(std::string_view("HTTP/1.").substr(0, buffered_.size())))
        return broken("the answer is not HTTP/1");
      end = buffered_.find("\r\n\r\n", searched);
    }
    auto head = parse_response_head(std::string_view(buffered_).substr(0, end + 4));
    if (!head) return broken(head.error().message);
    buffered_.erase(0, end + 4);
    if (auto fits = check_answer(request_, *head); !fits) return broken(fits.error().message);
    if (head->status >= 200) return head;
  }
  return broken("too many interim answers");
}

Result<std::span<const char>> Exchange::more(std::span<char> space) {
  if (buffered_.empty()) return connection_.read(space);
  const std::size_t size = std::min(buffered_.size(), space.size());
  std::copy_n(buffered_.begin(), size, space.begin());
  buffered_.erase(0, size);
  return std::span<const char>(space.first(size));
}

Status Exchange::read_body(const ResponseHead& head, BodySink* sink, std::string& body) {
  if (!has_body(head.status)) {
    reusable_ = head.keep_alive && buffered_.empty() && head.framing != Framing::kChunked &&
                head.content_length.value_or(0) == 0;
    return {};
  }
  const std::int64_t limit =
      sink == nullptr ? std::min(request_.max_body_bytes, kMaxCollected) : request_.max_body_bytes;
  Output output(sink, body, limit);
  if (sink != nullptr) {
    const HttpHead told{head.status, head.headers, head.content_length, head.framing != Framing::kUntilClose};
    if (auto begun = sink->begin(told); !begun) return begun;
  }
  Status done;
  switch (head.framing) {
    case Framing::kLength: done = read_length(*head.content_length, output); break;
    case Framing::kChunked: done = read_chunks(output); break;
    case Framing::kUntilClose: done = read_until_close(output); break;
  }
  reusable_ = done && head.keep_alive && head.framing != Framing::kUntilClose && buffered_.empty();
  return done;
}

Status Exchange::read_length(std::int64_t length, Output& output) {
  if (!output.fits(length)) return broken("the body is larger than allowed");
  const auto size = static_cast<std::size_t>(std::min<std::int64_t>(length, kReadSize));
  const auto space = std::make_unique_for_overwrite<char[]>(size);
  while (length > 0) {
    auto got = more({space.get(), static_cast<std::size_t>(std::min<std::int64_t>(length, kReadSize))});
    if (!got) return got.error();
    if (got->empty())
      return retryable(ErrorCode::kUnavailable,
                       fmt::format("{}: the body ended {} bytes early", request_.url.display(), length));
    length -= static_cast<std::int64_t>(got->size());
    if (auto written = output.write(*got); !written) return written;
  }
  return {};
}

Status Exchange::read_chunks(Output& output) {
  const auto space = std::make_unique_for_overwrite<char[]>(output.piece());
  ChunkDecoder decoder;
  while (!decoder.done()) {
    auto got = more({space.get(), output.piece()});
    if (!got) return got.error();
    if (got->empty())
      return retryable(ErrorCode::kUnavailable,
                       fmt::format("{}: the body ended before its last chunk", request_.url.display()));
    std::span<const char> input = *got;
    while (!input.empty() && !decoder.done()) {
      auto step = decoder.next(input);
      if (!step) return broken(step.error().message);
      if (!output.fits(static_cast<std::int64_t>(step->data.size()))) return broken("the body is larger than allowed");
      if (!step->data.empty())
        if (auto written = output.write(step->data); !written) return written;
      input = input.subspan(step->used);
    }
    buffered_.insert(0, input.data(), input.size());
  }
  return {};
}

Status Exchange::read_until_close(Output& output) {
  const auto space = std::make_unique_for_overwrite<char[]>(output.piece());
  while (true) {
    auto got = more({space.get(), output.piece()});
    if (!got) return got.error();
    if (got->empty()) return {};
    if (!output.fits(static_cast<std::int64_t>(got->size()))) return broken("the body is larger than allowed");
    if (auto written = output.write(*got); !written) return written;
  }
}

}  // namespace damsync
