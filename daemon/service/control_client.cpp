#include "daemon/service/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "daemon/service/control_address.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

constexpr int kLookMillis = 200;  ///< how often a stop is looked for
constexpr std::size_t kLongestLine = 16 << 20;

Error went_away() { return make_error(ErrorCode::kLocked, "the daemon ended before it had an answer; try again"); }

std::string text_of(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  return value != nullptr && value->is_string() ? *value->if_string() : std::string();
}

/// The error of an answer, with the code it had in the daemon.
std::optional<Error> error_of(const Json& answer) {
  const Json* error = answer.find("error");
  if (error == nullptr || !error->is_object()) return std::nullopt;
  const std::string word = text_of(*error, "code");
  for (int code = 0; code <= static_cast<int>(ErrorCode::kInternal); ++code)
    if (word == to_word(static_cast<ErrorCode>(code)))
      return make_error(static_cast<ErrorCode>(code), text_of(*error, "message"));
  return make_error(ErrorCode::kInternal, text_of(*error, "message"));
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::filesystem::path& catalog) {
  const auto fd = connect_to_daemon(catalog);
  if (!fd) return fd.error();
  return ControlClient(*fd);
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), read_(std::move(other.read_)), until_(other.until_) {}

ControlClient::~ControlClient() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Json> ControlClient::ask(const Json& request, const std::function<void(const Json&)>& progress,
                                const std::stop_token& stop) {
  const std::string line = write_json(request) + "\n";
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return went_away();
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  for (;;) {
    const auto answer = read_line(stop);
    if (!answer) return answer.error();
    auto json = parse_json(*answer);
    if (!json) return json.error();
    if (json->find("exit_code") == nullptr) {
      if (progress) progress(*json);
      continue;
    }
    if (auto error = error_of(*json)) return *error;
    return std::move(*json);
  }
}

Result<std::string> ControlClient::read_line(const std::stop_token& stop) {
  std::array<char, 65536> part;
  for (;;) {
    if (const auto end = read_.find('\n'); end != std::string::npos) {
      std::string line = read_.substr(0, end);
      read_.erase(0, end + 1);
      return line;
    }
    if (read_.size() > kLongestLine) return make_error(ErrorCode::kProtocol, "the daemon's answer is too long");
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped; the daemon was told so");
    if (until_ && std::chrono::steady_clock::now() >= *until_)
      return make_error(ErrorCode::kLocked, "the daemon does not answer: it took too long");
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, kLookMillis) <= 0) continue;
    const ssize_t got = ::recv(fd_, part.data(), part.size(), 0);
    if (got == 0 || (got < 0 && errno != EINTR)) return went_away();
    if (got > 0) read_.append(part.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace damsync
