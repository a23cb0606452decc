#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "storage/base/result.h"

namespace damsync {

/// What a ready-made `damsync.toml` for the sandbox says.
struct SandboxConfig {
  std::filesystem::path file;   ///< the settings file to write
  std::filesystem::path state;  ///< folder for store, catalog and token
  std::string base_url;
  std::string token;
  std::string archive_ids = {};                     ///< the archive's assets file; empty: no account but the newsroom
  std::map<std::string, std::string> on_disk = {};  ///< files for `damsync adopt`, put into `<state>/on-disk`
};

/// Writes the settings file and, with mode 0600, the files with secrets, and those for adoption; makes the folders.
/// Paths in the settings are absolute.
///
/// Errors   kStorage, naming the file.
Status write_sandbox_config(const SandboxConfig& config);

}  // namespace damsync
