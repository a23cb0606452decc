#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "storage/files/file_ops.h"

namespace damsync {

/// Passes every call on to another `FileOps`, counts it, and fails the chosen ones before they have any effect.
///
/// Threads  calls may come from several and are passed on one at a time; what steers and asks, from one, between them.
class FaultFileOps final : public FileOps {
 public:
  enum class Times { kOnce, kFromThenOn };

  explicit FaultFileOps(FileOps& real) : real_(real) {}

  /// Fails the `index`-th call from now, counted from 1, or that and every later one.
  void fail_at(long index, Times times, Error error) {
    calls_ = 0;
    fired_ = 0;
    fail_at_ = index;
    times_ = times;
    error_ = std::move(error);
  }
  void heal() {
    fail_at_ = 0;
    calls_ = 0;
  }
  [[nodiscard]] long calls() const noexcept { return calls_; }  ///< since the last `fail_at` or `heal`
  [[nodiscard]] long fired() const noexcept { return fired_; }  ///< failures injected since the last `fail_at`
  /// The calls since the last `forget_log`, as `rename a b`, to look at order and number.
  [[nodiscard]] const std::vector<std::string>& log() const noexcept { return log_; }
  void forget_log() { log_.clear(); }
  /// Every call waits while this is held.
  [[nodiscard]] std::unique_lock<std::mutex> pause() { return std::unique_lock(mutex_); }

  std::function<void()> before_each;  ///< called before every call, while all others wait

  static Error disk_full() { return retryable(ErrorCode::kStorage, "injected: disk full"); }
  static Error io_failure() { return make_error(ErrorCode::kStorage, "injected: Input/output error"); }

  Result<int> create(const std::string& path) override {
    return pass<Result<int>>("create " + path, [&] { return real_.create(path); });
  }
  Result<int> open_read(const std::string& path) override {
    return pass<Result<int>>("open_read " + path, [&] { return real_.open_read(path); });
  }
  Status write(int handle, std::span<const char> bytes) override {
    return pass<Status>("write", [&] { return real_.write(handle, bytes); });
  }
  Result<std::size_t> read(int handle, std::span<char> into) override {
    return pass<Result<std::size_t>>("read", [&] { return real_.read(handle, into); });
  }
  Status sync(int handle) override {
    return pass<Status>("sync", [&] { return real_.sync(handle); });
  }
  Status set_mode(int handle, unsigned mode) override {
    return pass<Status>("set_mode", [&] { return real_.set_mode(handle, mode); });
  }
  /// The real handle is closed in any case: a failing close(2) has closed it as well.
  Status close(int handle) override {
    const std::lock_guard lock(mutex_);
    const Status real = real_.close(handle);
    return strikes("close") ? Status(error_) : real;
  }
  Status rename(const std::string& from, const std::string& to) override {
    return pass<Status>("rename " + from + " " + to, [&] { return real_.rename(from, to); });
  }
  Status rename_over(const std::string& from, const std::string& to) override {
    return pass<Status>("rename_over " + from + " " + to, [&] { return real_.rename_over(from, to); });
  }
  Status link(const std::string& outside, const std::string& to) override {
    return pass<Status>("link " + to, [&] { return real_.link(outside, to); });
  }
  Status second_name(const std::string& from, const std::string& to) override {
    return pass<Status>("second_name " + to, [&] { return real_.second_name(from, to); });
  }
  Status remove(const std::string& path) override {
    return pass<Status>("remove " + path, [&] { return real_.remove(path); });
  }
  Result<bool> make_dir(const std::string& path) override {
    return pass<Result<bool>>("make_dir " + path, [&] { return real_.make_dir(path); });
  }
  Status sync_dir(const std::string& path) override {
    return pass<Status>("sync_dir " + path, [&] { return real_.sync_dir(path); });
  }
  Status sync_all() override {
    return pass<Status>("sync_all", [&] { return real_.sync_all(); });
  }
  Result<FileInfo> stat(const std::string& path) override {
    return pass<Result<FileInfo>>("stat " + path, [&] { return real_.stat(path); });
  }
  Result<std::vector<std::string>> list_dir(const std::string& path) override {
    return pass<Result<std::vector<std::string>>>("list_dir " + path, [&] { return real_.list_dir(path); });
  }
  Result<int> lock(const std::string& path) override {
    return pass<Result<int>>("lock " + path, [&] { return real_.lock(path); });
  }
  Status check_root() override {
    return pass<Status>("check_root", [&] { return real_.check_root(); });
  }
  Result<std::int64_t> free_bytes() override {
    return pass<Result<std::int64_t>>("free_bytes", [&] { return real_.free_bytes(); });
  }

 private:
  template <class Outcome>
  Outcome pass(std::string name, const std::function<Outcome()>& call) {
    const std::lock_guard lock(mutex_);
    if (!strikes(std::move(name))) return call();
    return error_;
  }
  bool strikes(std::string name) {
    if (before_each) before_each();
    log_.push_back(std::move(name));
    ++calls_;
    if (fail_at_ == 0 || calls_ < fail_at_ || (times_ == Times::kOnce && calls_ > fail_at_)) return false;
    ++fired_;
    return true;
  }

  FileOps& real_;
  std::mutex mutex_;
  long calls_ = 0, fired_ = 0, fail_at_ = 0;
  Times times_ = Times::kOnce;
  Error error_;
  std::vector<std::string> log_;
};

}  // namespace damsync
