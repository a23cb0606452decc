#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace damsync {

/// SHA-256 of bytes that arrive piece by piece.
///
/// Source   FIPS 180-4, by OpenSSL's EVP (uses the CPU's SHA instructions).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const char> bytes);
  /// 64 lower-case hex digits; ends the computation.
  [[nodiscard]] std::string finish_hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);

/// 32 lower-case hex digits. MD5 protects nothing: it is here for protocols that demand it. Empty where OpenSSL refuses
/// it.
std::string md5_hex(std::string_view bytes);

}  // namespace damsync
