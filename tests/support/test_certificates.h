#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace damsync {

/// A key with its certificate, both PEM.
struct TestIdentity {
  std::string certificate;
  std::string key;
};

/// What a test wants of a certificate.
struct TestSubject {
  std::string alternative_names = "DNS:localhost,IP:127.0.0.1";  ///< OpenSSL's syntax; empty: none
  std::chrono::hours valid_from{-1};                             ///< relative to now
  std::chrono::hours valid_until{24};
};

/// A certificate authority that lives as long as a test.
class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();

  [[nodiscard]] std::string certificate() const;
  [[nodiscard]] TestIdentity issue(const TestSubject& subject) const;
  /// Signed by its own key instead of the authority's.
  [[nodiscard]] static TestIdentity self_signed(const TestSubject& subject);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace damsync
