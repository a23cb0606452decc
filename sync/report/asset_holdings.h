#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/catalog/audit_reader.h"

namespace damsync {

/// How the licenses of one asset belong together: which are there twice, and which are only the trace that a paid call
/// of ours left in the provider's history.
class AssetHoldings {
 public:
  explicit AssetHoldings(const AuditReader& reader) : reader_(reader) {}

  /// To be called with the first license of each asset.
  void begin(const AuditLicense& license);
  /// An earlier held license of the same type and size; empty: none, or its size is not known. Valid until the next
  /// `begin`.
  [[nodiscard]] std::string_view earlier_than(const AuditLicense& license) const;
  /// The paid call whose trace the license is.
  [[nodiscard]] std::optional<std::int64_t> spend_of(const AuditLicense& license) const;

 private:
  struct Holding {
    UtcTime licensed_at{}, first_seen_at{};
    std::string license_id, kind;
    bool tells_size = true;
    bool held = true;
    std::optional<std::int64_t> spend_id;
  };
  [[nodiscard]] const Holding* find(const AuditLicense& license) const;
  void match_calls(const std::vector<PaidCall>& calls);

  const AuditReader& reader_;
  std::vector<Holding> holdings_;  ///< of the current asset, oldest first; empty when it has one license only
};

}  // namespace damsync
