#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/model/asset.h"
#include "storage/model/event.h"
#include "storage/model/license.h"

namespace damsync {

class Database;

/// A license of the asset that a change is about, with where its file stands.
struct LicenseFacts {
  std::string license_id;
  std::string license_type;
  std::string size;
  std::string format;
  UtcTime licensed_at{};
  LicenseState state = LicenseState::kHeld;
  FileState file_state = FileState::kPending;
  std::string path;  ///< relative to the store root; empty until mirrored
  std::string sha256;
  std::optional<std::int64_t> bytes;
};

/// What the catalog knows now of the asset a change is about; empty for changes about none.
struct ChangeDetails {
  std::optional<AssetState> state;
  std::optional<std::string> media_type;
  std::optional<std::string> title;
  std::optional<bool> editorial;
  bool editorial_changed = false;      ///< by this change, and an earlier one had told of it already
  std::vector<LicenseFacts> licenses;  ///< all of the asset
};

/// Errors   SQL failures throw (`DatabaseError`).
ChangeDetails read_details(Database& db, const Change& change);

/// Why the latest run of an account did not go well: the word of the code and the message; nothing when it went well.
struct RunFailure {
  std::string code;
  std::string message;
};
std::optional<RunFailure> last_failure(Database& db, const std::string& account);

/// Whether no run of the account has failed in that way since its last run that went well.
bool is_new_failure(Database& db, const std::string& account, const std::string& code);

}  // namespace damsync
