#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/base/json.h"
#include "storage/base/time.h"

namespace damsync {

/// `kVanished`: a complete history no longer lists it.
enum class LicenseState { kHeld, kVanished };
const char* to_word(LicenseState state) noexcept;

/// One row of a provider's license or download history, normalized.
struct License {
  std::string license_id;
  std::string asset_id;
  std::string media_kind = "image";  ///< `image`, `video`, `audio`, `editorial`: only images are mirrored
  std::string license_type;          ///< the provider's word, e.g. `standard`
  std::string size;                  ///< the provider's word, e.g. `huge`; empty when not said
  std::string format;                ///< e.g. `jpg`, `eps`; derived from the size when not said; may be empty
  UtcTime licensed_at{};
  std::string licensed_at_text;  ///< as the provider wrote it, with its offset
  std::string licensed_by;       ///< user name; empty when not said
  std::optional<bool> downloadable;
  /// Everything else the history says, normalized: subscription_id, agreement, purchase_order, client, job,
  /// project, notes, price, currency. A flat object, canonical.
  Json details = Json::object();
  std::string raw;  ///< the provider's own JSON of the row

  bool operator==(const License&) const = default;
};

/// A license as the catalog holds it.
struct LicenseRow : License {
  std::string account;
  std::string provider;
  LicenseState state = LicenseState::kHeld;
  UtcTime first_seen_at{};
  std::optional<UtcTime> vanished_at;
};

/// Where the file of one license stands. `kBlocked`: policy or provider will not let it be fetched; not retried
/// by itself. `kMissing`, `kCorrupt`: was mirrored, and verification found it gone or changed.
enum class FileState { kPending, kMirrored, kFailed, kBlocked, kMissing, kCorrupt };
const char* to_word(FileState state) noexcept;
std::optional<FileState> file_state_from_word(std::string_view word) noexcept;

/// The file of one license; several licenses may share one path.
struct FileRow {
  std::string account;
  std::string provider;
  std::string asset_id;
  std::string license_id;
  std::string size;
  std::string format;
  FileState state = FileState::kPending;
  std::string reason;  ///< why failed or blocked, for a person
  std::string path;    ///< relative to the store root; empty until mirrored
  std::optional<std::int64_t> bytes;
  std::string sha256;
  std::optional<UtcTime> mirrored_at;
  std::optional<UtcTime> verified_at;
};

}  // namespace damsync
