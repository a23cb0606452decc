#include "tests/simulators/sandbox_config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

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
  text += "[[account]]\nname                = \"newsroom\"\nprovider            = \"shutterstock\"\n";
  text += "base_url            = " + quoted(config.base_url) + "\n";
  text += "access_token        = { file = " + quoted(token_file.string()) + " }\n";
  text += "team_history        = true\nconcurrency         = 8\nrequests_per_second = 10000\n";
  return text;
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
  return write_file(file, settings_text(config, state, token_file), 0644);
}

}  // namespace damsync
