#pragma once

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "daemon/config/settings_loader.h"
#include "tests/support/temp_dir.h"

namespace damsync {

/// A folder with settings files in it.
struct SettingsBench {
  TempDir dir;

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0640) const {
    const std::filesystem::path path = dir.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    ::chmod(path.c_str(), mode);
    return path.string();
  }
  [[nodiscard]] LoadedSettings load(const std::string& text) const {
    return load_settings(write("damsync.toml", text));
  }

  /// Every mistake, without the folder's own name.
  [[nodiscard]] std::string mistakes(const LoadedSettings& loaded) const {
    std::string out;
    for (const auto& mistake : loaded.mistakes) {
      std::string line = mistake.text();
      const std::string folder = dir.path().string() + "/";
      for (auto at = line.find(folder); at != std::string::npos; at = line.find(folder)) line.erase(at, folder.size());
      out += line + "\n";
    }
    return out;
  }
};

inline constexpr const char* kMinimal = R"(
[[account]]
name = "newsroom"
provider = "shutterstock"
access_token = { file = "/etc/damsync/secrets/newsroom.token" }
)";

}  // namespace damsync
