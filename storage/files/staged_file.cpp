#include <algorithm>
#include <utility>

#include "storage/base/crash_point.h"
#include "storage/files/file_store.h"

namespace damsync {
namespace {

constexpr std::size_t kTail = 64 * 1024 + 64;
constexpr unsigned kFileMode = 0640;

}  // namespace

StagedFile::StagedFile(FileOps& ops, std::string path, int handle)
    : ops_(ops), path_(std::move(path)), handle_(handle) {}

StagedFile::~StagedFile() {
  close_quietly();
  // What cannot be removed now is removed by the next sweep.
  if (!released_) (void)ops_.remove(path_);
}

Status StagedFile::write(std::span<const char> bytes) {
  if (sealed_ || broken_) return make_error(ErrorCode::kInternal, "a sealed or broken staged file was written to");
  if (auto written = use(ops_.write(handle_, bytes)); !written) return written;
  hash_.update(bytes);
  bytes_ += static_cast<std::int64_t>(bytes.size());
  // Cut only when twice as long as needed, so that many small writes do not move the tail each time.
  if (tail_.size() + bytes.size() > 2 * kTail) tail_.erase(0, tail_.size() - std::min(tail_.size(), kTail));
  const auto last = bytes.last(std::min(bytes.size(), kTail));
  if (last.size() == kTail) tail_.clear();
  tail_.append(last.data(), last.size());
  return {};
}

Status StagedFile::restart() {
  if (sealed_ || broken_) return make_error(ErrorCode::kInternal, "a sealed or broken staged file was started again");
  close_quietly();
  if (auto removed = use(ops_.remove(path_)); !removed) return removed;
  auto handle = ops_.create(path_);
  if (!handle) return use(handle.error());
  handle_ = *handle;
  bytes_ = 0;
  hash_ = Sha256();
  tail_.clear();
  return {};
}

Status StagedFile::seal() {
  if (sealed_ || broken_) return make_error(ErrorCode::kInternal, "a sealed or broken staged file was sealed");
  if (auto mode = use(ops_.set_mode(handle_, kFileMode)); !mode) return mode;
  if (auto synced = use(ops_.sync(handle_)); !synced) return synced;
  return close_sealed();
}

Status StagedFile::seal_unsynced() {
  if (auto mode = use(ops_.set_mode(handle_, kFileMode)); !mode) return mode;
  return close_sealed();
}

Status StagedFile::close_sealed() {
  if (auto closed = use(ops_.close(std::exchange(handle_, -1))); !closed) return closed;
  sha256_ = hash_.finish_hex();
  sealed_ = true;
  crash_point("staged.sealed");
  return {};
}

std::string_view StagedFile::tail() const noexcept {
  return std::string_view(tail_).substr(tail_.size() - std::min(tail_.size(), kTail));
}

Status StagedFile::use(Status outcome) {
  if (!outcome) broken_ = true;
  return outcome;
}

void StagedFile::close_quietly() {
  if (handle_ >= 0) (void)ops_.close(std::exchange(handle_, -1));
}

}  // namespace damsync
