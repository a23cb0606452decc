#include "daemon/cli/login_answer.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <random>

#include "storage/base/digest.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::size_t kNonceDigits = 32;
constexpr std::size_t kSealDigits = 32;
constexpr std::size_t kLongestLine = 16 * 1024;
constexpr int kStopCheckMillis = 200;

std::string seal_of(const std::string& nonce, const std::string& account, const Secret& key) {
  return sha256_hex(fmt::format("damsync login\n{}\n{}\n{}", nonce, account, key.reveal())).substr(0, kSealDigits);
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// The query of an address, or of what was left of one while copying.
std::string query_of(const std::string& text) {
  const auto mark = text.find('?');
  const std::string query = mark == std::string::npos ? text : text.substr(mark + 1);
  return query.substr(0, query.find('#'));
}

}  // namespace

std::string make_login_state(const std::string& account, const Secret& key) {
  std::random_device random;
  std::string nonce;
  while (nonce.size() < kNonceDigits) nonce += fmt::format("{:08x}", random());
  return nonce + seal_of(nonce, account, key);
}

bool is_login_state(const std::string& state, const std::string& account, const Secret& key) {
  if (state.size() != kNonceDigits + kSealDigits) return false;
  const std::string nonce = state.substr(0, kNonceDigits);
  return state.substr(kNonceDigits) == seal_of(nonce, account, key);
}

Result<LoginAnswer> read_login_answer(const std::string& pasted) {
  const std::string text = trimmed(pasted);
  if (text.empty()) return make_error(ErrorCode::kUsage, "no code was given");
  const bool is_address = text.find("code=") != std::string::npos || text.find("error=") != std::string::npos;
  LoginAnswer answer;
  if (!is_address) {
    answer.code = Secret(text);
  } else {
    try {
      Poco::URI address;
      address.setRawQuery(query_of(text));
      for (const auto& [name, value] : address.getQueryParameters()) {
        if (name == "error")
          return make_error(ErrorCode::kUnauthorized,
                            fmt::format("the provider answered: {}", printable(value.substr(0, 40))));
        if (name == "code") answer.code = Secret(value);
        if (name == "state") answer.state = value;
      }
    } catch (const Poco::Exception&) {
      return make_error(ErrorCode::kUsage, "this is not the address of a page");
    }
  }
  if (answer.code.empty()) return make_error(ErrorCode::kUsage, "there is no code in the address");
  if (has_control(answer.code.reveal()) || answer.code.reveal().find(' ') != std::string::npos)
    return make_error(ErrorCode::kUsage, "this is not a code: it holds blanks or control characters");
  return answer;
}

Result<std::string> read_line(int fd, const std::stop_token& stop) {
  std::string line;
  for (;;) {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, kStopCheckMillis) <= 0) continue;
    char byte = 0;
    const ssize_t got = ::read(fd, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || byte == '\n') return line;
    line += byte;
    if (line.size() > kLongestLine) return make_error(ErrorCode::kUsage, "the line is too long for a code");
  }
}

}  // namespace damsync
