#pragma once

#include <stop_token>
#include <string>

#include "storage/base/result.h"
#include "storage/base/secret.h"

namespace damsync {

/// A text that no one else can make and that comes back with the code of a log-in: random, and sealed with the
/// application's secret, so that a later start of the program can tell, too.
std::string make_login_state(const std::string& account, const Secret& key);
bool is_login_state(const std::string& state, const std::string& account, const Secret& key);

/// What a person brought back from the log-in page.
struct LoginAnswer {
  Secret code;
  std::string state;  ///< empty: only the code was given
};

/// Reads the address that the browser was sent to, or the code alone.
///
/// Errors   kUsage: neither; kUnauthorized: the provider said no, with its error word.
Result<LoginAnswer> read_login_answer(const std::string& pasted);

/// One line from a descriptor, without its end; empty at the end of input. Errors: kCancelled, kUsage: too long.
Result<std::string> read_line(int fd, const std::stop_token& stop);

}  // namespace damsync
