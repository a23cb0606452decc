#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/time.h"
#include "storage/files/output_file.h"
#include "storage/journal/audit_log.h"

namespace damsync {

inline constexpr const char* kManifestJson = "MANIFEST.json";
inline constexpr const char* kManifestList = "MANIFEST.sha256";
inline constexpr const char* kSignatureFile = "MANIFEST.json.sig";
inline constexpr const char* kTimestampFile = "MANIFEST.json.tsr";
inline constexpr const char* kPublicKeyFile = "public_key.pem";

/// A file of a report.
struct ManifestFile {
  std::string name;
  FileDigest digest;
  bool operator==(const ManifestFile&) const = default;
};

/// What seals a report: its files, the report before it, and where the catalog's audit log stood.
struct Manifest {
  std::string report;       ///< name of the folder, e.g. `2026-03-15.2`
  std::string report_date;  ///< `YYYY-MM-DD`
  UtcTime as_of{};
  std::vector<ManifestFile> files;  ///< by name
  std::string previous_report;      ///< empty: the first of its chain, or of none
  std::string previous_manifest_sha256;
  AuditHead catalog_head;
  std::string config_sha256;
  std::string version;
};

/// Canonical JSON and a line feed: equal manifests, equal bytes.
std::string write_manifest(const Manifest& manifest);
/// Errors: kInvalid for anything that `write_manifest` does not write.
Result<Manifest> parse_manifest(std::string_view text);

/// Lines for `sha256sum -c`: the files by name.
std::string write_digest_list(std::vector<ManifestFile> files);

/// True for names of report folders: a date, perhaps with a number from 2 behind a dot.
bool is_report_name(std::string_view name) noexcept;

/// Names in the order of their nights: `2026-03-15`, `2026-03-15.2`, `2026-03-15.10`, `2026-03-16`.
bool report_name_before(std::string_view a, std::string_view b) noexcept;

}  // namespace damsync
