#include "sync/transfer/downloader.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "storage/base/crash_point.h"
#include "storage/base/text.h"
#include "storage/base/units.h"

namespace damsync {
namespace {

/// Answers of a file host that mean "this URL is no good (any more)": the provider is asked for another.
bool is_expired(int status) { return status == 401 || status == 403 || status == 404 || status == 410; }

/// Only a strong validator lets a cut transfer go on where it stopped.
std::string strong_validator(const Headers& headers) {
  const auto* etag = headers.find("ETag");
  if (etag != nullptr && etag->starts_with('"')) return *etag;
  const auto* modified = headers.find("Last-Modified");
  return modified != nullptr ? *modified : std::string();
}

/// The first byte position of `Content-Range: bytes 100-199/200`; -1 when it does not say.
std::int64_t range_start(const Headers& headers) {
  const auto* range = headers.find("Content-Range");
  if (range == nullptr || !range->starts_with("bytes ")) return -1;
  std::int64_t start = -1;
  const auto digits = std::string_view(*range).substr(6);
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), start);
  const bool followed_by_dash = end != digits.data() + digits.size() && *end == '-';
  return failure == std::errc{} && followed_by_dash ? start : -1;
}

bool is_page(std::string_view content_type) {
  const auto type = to_lower(content_type);
  return type.starts_with("text/html") || type.starts_with("application/json");
}

}  // namespace

/// One file on its way: what is staged so far and what is known of its source.
class Downloader::Transfer final : public BodySink {
 public:
  Transfer(FileStore& store, const TransferLimits& limits, std::stop_token stop)
      : store_(store), limits_(limits), stop_(std::move(stop)) {}

  Status begin(const HttpHead& head) override {
    const auto* type = head.headers.find("Content-Type");
    if (type != nullptr && is_page(*type))
      return retryable(ErrorCode::kInvalid,
                       fmt::format("the file host sent '{}' instead of an image", printable(*type)));
    if (!head.delimited)
      return retryable(ErrorCode::kProtocol, "the file host did not say how long the file is; not taken");
    if (auto placed = place(head); !placed) return placed;
    validator_ = strong_validator(head.headers);
    return check_room(head.content_length.value_or(0));
  }

  Status write(std::span<const char> bytes) override {
    if (staged_->bytes() + static_cast<std::int64_t>(bytes.size()) > limits_.max_file)
      return make_error(ErrorCode::kInvalid, fmt::format("the file is larger than {}", format_size(limits_.max_file)));
    probe_.feed(bytes);
    if (auto written = staged_->write(bytes); !written || !limits_.pace) return written;
    return limits_.pace(static_cast<std::int64_t>(bytes.size()), stop_);
  }

  Status check_room(std::int64_t expected) const {
    const auto free = store_.free_bytes();
    if (!free) return free.error();
    if (*free - expected >= limits_.min_free) return {};
    return make_error(ErrorCode::kLowSpace, fmt::format("{} free in the store, {} must stay free (store.min_free)",
                                                        format_size(*free), format_size(limits_.min_free)));
  }

  Status stage() {
    auto staged = store_.stage();
    if (!staged) return staged.error();
    staged_ = std::move(*staged);
    return {};
  }

  void start_over() {
    staged_.reset();
    probe_ = {};
    validator_.clear();
  }

  /// Checks and seals what arrived.
  Result<Fetched> finish(std::string_view format, const std::string& size, const std::vector<Rendition>& renditions) {
    auto facts = probe_.facts();
    if (auto right = check_delivery(facts, format, size, renditions); !right) return right.error();
    if (auto whole = probe_.check_end(staged_->tail()); !whole) return whole.error();
    if (auto sealed = staged_->seal(); !sealed) return sealed.error();
    crash_point("transfer.sealed");
    return Fetched{std::move(staged_), std::move(facts)};
  }

  [[nodiscard]] bool staged() const noexcept { return staged_ != nullptr; }
  [[nodiscard]] std::int64_t bytes() const noexcept { return staged_->bytes(); }
  [[nodiscard]] const std::string& validator() const noexcept { return validator_; }

 private:
  /// A 206 must go on exactly where we stand; a 200 starts again.
  Status place(const HttpHead& head) {
    if (head.status == 206 && range_start(head.headers) != staged_->bytes())
      return retryable(ErrorCode::kProtocol, "the file host answered with another range than asked for");
    if (head.status == 206 || staged_->bytes() == 0) return {};
    probe_ = {};
    return staged_->restart();
  }

  FileStore& store_;
  const TransferLimits& limits_;
  std::stop_token stop_;
  std::unique_ptr<StagedFile> staged_;
  MediaProbe probe_;
  std::string validator_;
};

Status Downloader::request(Transfer& transfer, const std::string& url_text, std::stop_token stop) {
  auto url = Url::parse(url_text);
  if (!url) return retryable(ErrorCode::kProtocol, "the provider handed out an unusable URL: " + url.error().message);
  HttpRequest get;
  get.url = std::move(*url);
  get.deadline = limits_.deadline;
  get.max_body_bytes = limits_.max_file;
  if (transfer.bytes() > 0 && !transfer.validator().empty()) {
    get.headers.add("Range", fmt::format("bytes={}-", transfer.bytes()));
    get.headers.add("If-Range", transfer.validator());
  }
  const auto answer = transport_.send(get, &transfer, stop);
  if (!answer) return answer.error();
  if (answer->status == 200 || answer->status == 206) return {};
  Error error = retryable(ErrorCode::kUnavailable, fmt::format("the file host answered {}", answer->status));
  error.http_status = answer->status;
  return error;
}

Result<Fetched> Downloader::fetch(const License& license, const std::vector<Rendition>& renditions,
                                  std::stop_token stop, std::optional<DownloadSource> paid) {
  Transfer transfer(store_, limits_, stop);
  if (auto room = transfer.check_room(0); !room) return room.error();
  const bool may_ask_again = !paid;
  std::optional<DownloadSource> source = std::move(paid);
  Millis pause = limits_.pause;

  for (int attempt = 1, refused = 0;; ++attempt, pause *= 2) {
    if (!source) {
      auto asked = provider_.refetch(license, stop);
      if (!asked) return asked.error();
      source = std::move(*asked);
    }
    if (!transfer.staged())
      if (auto staged = transfer.stage(); !staged) return staged.error();

    Status done = request(transfer, source->url, stop);
    if (done) {
      auto fetched = transfer.finish(source->expected_format, license.size, renditions);
      if (fetched) return fetched;
      done = fetched.error();
    }
    const Error& error = done.error();
    // A disk that refused is no trouble of the transfer, and what was staged on it cannot be gone on with.
    if (error.code == ErrorCode::kStorage) return error;
    if (error.retry != Retry::kAfterBackoff || attempt == limits_.attempts) return error;
    // A wrong file may be damage on its way; a second wrong one is the provider's answer.
    if (error.code == ErrorCode::kInvalid && ++refused == 2) return error;
    if (error.code == ErrorCode::kInvalid || error.http_status != 0) transfer.start_over();
    if (error.code == ErrorCode::kInvalid || is_expired(error.http_status)) {
      if (!may_ask_again && error.code != ErrorCode::kInvalid) return error;
      if (may_ask_again) source.reset();
    }
    if (!clock_.wait(pause, stop)) return make_error(ErrorCode::kCancelled, "stopped");
  }
}

}  // namespace damsync
