#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace damsync {

/// A credential in memory. Has no conversion to text and no stream operator: the only way out is `reveal`,
/// which a reader finds by searching for it. Wiped when destroyed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value);
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

 private:
  std::string value_;
};

/// Replaces every registered secret by `***` in text that is about to leave the process: in plain, base64,
/// percent-encoded and JSON-escaped form. Secrets shorter than 4 bytes are not searched for.
///
/// Threads  `add` and `redact` may be called from any thread.
class Redactor {
 public:
  Redactor();
  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  void add(const Secret& secret);
  /// A secret that lives for hours, such as an access token: the newest `kPassing` of them are kept, so that a process
  /// that runs for years does not search for all there ever were.
  void add_passing(const Secret& secret);
  static constexpr std::size_t kPassing = 256;
  [[nodiscard]] std::string redact(std::string_view text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace damsync
