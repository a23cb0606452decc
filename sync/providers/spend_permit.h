#pragma once

#include <string>
#include <utility>

namespace damsync {

/// What the reference of every permit begins with; a row of a provider's history that holds it is a damsync's own.
inline constexpr const char* kSpendNote = "damsync spend ";

/// Proof that one spend is written down. Only `SpendGuard` can make one and none can be copied, so a quota-spending
/// call that skips the ledger does not compile.
class SpendPermit {
 public:
  SpendPermit(SpendPermit&&) = default;
  SpendPermit& operator=(SpendPermit&&) = default;
  SpendPermit(const SpendPermit&) = delete;
  SpendPermit& operator=(const SpendPermit&) = delete;

  /// A short text that names the ledger's row, for the provider's own books where they take one.
  [[nodiscard]] const std::string& reference() const noexcept { return reference_; }

 private:
  friend class SpendGuard;
  explicit SpendPermit(std::string reference) : reference_(std::move(reference)) {}

  std::string reference_;
};

}  // namespace damsync
