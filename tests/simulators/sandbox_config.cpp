#include "tests/simulators/sandbox_config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <span>

#include "storage/base/json.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

Status write_file(const fs::path& file, const std::string& text, mode_t mode) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return make_error(ErrorCode::kStorage, "cannot write " + file.string() + ": " + std::strerror(errno));
  // A file from an earlier start keeps its mode, so set it again.
  const bool written =
      ::fchmod(fd, mode) == 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (::close(fd) != 0 || !written) return make_error(ErrorCode::kStorage, "cannot write " + file.string());
  return {};
}

/// A TOML basic string; its escapes are those of JSON.
std::string quoted(const std::string& text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string settings_text(const SandboxConfig& config, const fs::path& state, const fs::path& token_file) {
  const auto below = [&](const char* name) { return quoted((state / name).string()); };
  std::string text = "# Settings for the sandbox, written by damsync-sandbox.\n\n";
  text += "[store]\nroot     = " + below("store") + "\nmin_free = \"1MiB\"\n\n";
  text += "[catalog]\npath = " + below("catalog.db") + "\n\n";
  text += "[audit]\ndirectory = " + below("reports") + "\n\n";
  text += "[[account]]\nname                = \"newsroom\"\nprovider            = \"shutterstock\"\n";
  text += "base_url            = " + quoted(config.base_url) + "\n";
  text += "access_token        = { file = " + quoted(token_file.string()) + " }\n";
  text += "team_history        = true\nconcurrency         = 8\nrequests_per_second = 10000\n";
  return text;
}

struct SecretText {
  const char* key;   ///< of the settings; the file is `<account>.<key>`
  const char* text;  ///< what the simulators accept
};
constexpr SecretText kPhotoDesk[] = {
    {"api_key", "sandbox-key"}, {"client_secret", "sandbox-secret"}, {"password", "anna-password"}};
constexpr SecretText kArchive[] = {{"application_key", "connect-key"},
                                   {"application_secret", "connect-secret"},
                                   {"user_password", "archive-password"}};

/// Writes the secrets of an account and adds the keys that lead to them.
Status add_secrets(const fs::path& state, const std::string& account, std::span<const SecretText> secrets,
                   std::string& text) {
  for (const auto& secret : secrets) {
    const fs::path file = state / (account + "." + secret.key);
    if (auto written = write_file(file, std::string(secret.text) + "\n", 0600); !written) return written;
    text += std::string(secret.key) + " = { file = " + quoted(file.string()) + " }\n";
  }
  return {};
}

/// Far enough back for the demo's downloads.
std::string demo_since() {
  using namespace std::chrono;
  const year_month_day today(floor<days>(system_clock::now()));
  return std::to_string(static_cast<int>(today.year()) - 4) + "-01-01";
}

Status add_getty_accounts(const SandboxConfig& config, const fs::path& state, std::string& text) {
  const std::string common = "base_url            = " + quoted(config.base_url) + "\nrequests_per_second = 10000\n";
  text += "\n[[account]]\nname                = \"photo-desk\"\nprovider            = \"getty\"\n" + common;
  text += "token_url           = " + quoted(config.base_url + "/oauth2/token") + "\n";
  text += "username            = \"anna\"\ncompany_downloads   = true\nsince               = " + quoted(demo_since());
  text += "\nmay_consume         = \"once\"    # each license once, and few a day\nbudget_per_day      = 5\n";
  if (auto written = add_secrets(state, "photo-desk", kPhotoDesk, text); !written) return written;
  text += "\n[[account]]\nname                = \"archive\"\nprovider            = \"getty-connect\"\n" + common;
  text += "user_id             = \"archive-user\"\nassets_file         = " + quoted((state / "archive.ids").string());
  text += "\n";
  if (auto written = add_secrets(state, "archive", kArchive, text); !written) return written;
  return write_file(state / "archive.ids", config.archive_ids, 0644);
}

Status put_on_disk(const fs::path& folder, const std::map<std::string, std::string>& files) {
  if (files.empty()) return {};
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return make_error(ErrorCode::kStorage, "cannot make " + folder.string() + ": " + error.message());
  for (const auto& [name, bytes] : files)
    if (auto written = write_file(folder / name, bytes, 0644); !written) return written;
  return {};
}

}  // namespace

Status write_sandbox_config(const SandboxConfig& config) {
  std::error_code error;
  const fs::path state = fs::absolute(config.state, error).lexically_normal();
  const fs::path file = fs::absolute(config.file, error).lexically_normal();
  fs::create_directories(state, error);
  if (error) return make_error(ErrorCode::kStorage, "cannot make " + state.string() + ": " + error.message());
  fs::create_directories(file.parent_path(), error);
  if (error)
    return make_error(ErrorCode::kStorage, "cannot make " + file.parent_path().string() + ": " + error.message());
  const fs::path token_file = state / "newsroom.token";
  if (auto written = write_file(token_file, config.token + "\n", 0600); !written) return written;
  std::string text = settings_text(config, state, token_file);
  if (!config.archive_ids.empty())
    if (auto added = add_getty_accounts(config, state, text); !added) return added;
  if (auto put = put_on_disk(state / "on-disk", config.on_disk); !put) return put;
  return write_file(file, text, 0644);
}

}  // namespace damsync
