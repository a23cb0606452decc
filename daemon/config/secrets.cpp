#include "daemon/config/secrets.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "daemon/config/secret_command.h"
#include "daemon/config/secret_file.h"

namespace damsync {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 * 1024;

Error bad(const std::string& what, const std::string& why) {
  return make_error(ErrorCode::kSettings, fmt::format("{}: {}", what, why));
}

/// Why a secret may not be taken from there; empty: it may. Root may take anybody's; everyone else their own and
/// root's.
std::string why_unsafe(const struct stat& info, const std::string& path) {
  if (!S_ISREG(info.st_mode)) return path + " is not a regular file";
  if ((info.st_mode & S_IRWXO) != 0)
    return fmt::format("{} is open to others (mode {:04o}); chmod o-rwx it", path, info.st_mode & 07777);
  const uid_t self = ::geteuid();
  if (self != 0 && info.st_uid != self && info.st_uid != 0)
    return fmt::format("{} belongs to another user (uid {}); chown it", path, info.st_uid);
  return "";
}

/// Reads an open secret file after judging it. A link was followed by `open`, so its target is what is judged.
Result<std::string> read_secret(int fd, const std::string& path, const std::string& what) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return bad(what, fmt::format("cannot examine {}: {}", path, std::strerror(errno)));
  if (const auto why = why_unsafe(info, path); !why.empty()) return bad(what, why);
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return bad(what, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > kMaxSecretBytes) return bad(what, path + " is larger than 64 KiB; this is not a secret");
  }
}

Result<std::string> from_file(const std::string& path, const std::string& what) {
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return bad(what, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  auto text = read_secret(fd, path, what);
  ::close(fd);
  return text;
}

Result<std::string> from_credential(const std::string& name, const std::string& what) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0')
    return bad(what, fmt::format("credential {}: there is no $CREDENTIALS_DIRECTORY; systemd sets it for a unit with "
                                 "LoadCredential={}:...",
                                 name, name));
  return from_file(std::string(folder) + "/" + name, what);
}

Result<std::string> from_environment(const std::string& name, const std::string& what) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return bad(what, fmt::format("the environment variable {} is not set", name));
  return std::string(value);
}

void trim_newline(std::string& text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
}

/// A log shows single lines: each is a secret of its own, but for the frame of a PEM file, which is none.
void add_lines(Redactor& redactor, const std::string& text) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (!line.starts_with("-----")) redactor.add(Secret(line));
    begin = end + 1;
  }
}

/// All secrets an account may have, with their keys, in the order `resolve_account` has places for them. Those of an
/// account that may be changed may be, too.
template <class Account>
auto secrets_of_account(Account& account) {
  using Row = std::pair<const char*, decltype(&account.access_token)>;
  return std::array<Row, 8>{Row("access_token", &account.access_token),
                            Row("refresh_token", &account.refresh_token),
                            Row("client_secret", &account.client_secret),
                            Row("api_key", &account.api_key),
                            Row("password", &account.password),
                            Row("application_key", &account.application_key),
                            Row("application_secret", &account.application_secret),
                            Row("user_password", &account.user_password)};
}

std::string account_key(const AccountSettings& account, const char* key) {
  return fmt::format("account {}: {}", account.provider.account, key);
}

std::string place(const SecretRef& ref) {
  switch (ref.kind) {
    case SecretRef::Kind::kFile: return ref.name;
    case SecretRef::Kind::kCredential: return "credential " + ref.name;
    case SecretRef::Kind::kEnv: return "the environment variable " + ref.name;
    case SecretRef::Kind::kCommand: return "the output of " + ref.command.front();
    default: return "the secret";
  }
}

}  // namespace

Result<Secret> SecretSource::resolve(const SecretRef& ref, const std::string& what) {
  if (ref.kind == SecretRef::Kind::kNone) return Secret();
  auto text = fetch(ref, what);
  if (!text) return text.error();
  trim_newline(*text);
  if (text->empty()) return bad(what, place(ref) + " is empty");
  for (const char c : *text) {
    // Secrets travel in HTTP headers: a line break inside would end one.
    if (c == '\n' || c == '\r' || c == '\0') {
      redactor_.add(Secret(*text));
      return bad(what, place(ref) + " holds more than one line");
    }
  }
  Secret secret(std::move(*text));
  redactor_.add(secret);
  return secret;
}

Result<Secret> SecretSource::resolve_text(const SecretRef& ref, const std::string& what) {
  if (ref.kind == SecretRef::Kind::kNone) return Secret();
  auto text = fetch(ref, what);
  if (!text) return text.error();
  if (text->find_first_not_of("\r\n") == std::string::npos) return bad(what, place(ref) + " is empty");
  if (text->find('\0') != std::string::npos) return bad(what, place(ref) + " is not text");
  add_lines(redactor_, *text);
  Secret secret(std::move(*text));
  redactor_.add(secret);
  return secret;
}

Result<std::string> SecretSource::fetch(const SecretRef& ref, const std::string& what) {
  switch (ref.kind) {
    case SecretRef::Kind::kPlain: return ref.plain.reveal();
    case SecretRef::Kind::kFile: return from_file(ref.name, what);
    case SecretRef::Kind::kCredential: return from_credential(ref.name, what);
    case SecretRef::Kind::kEnv: return from_environment(ref.name, what);
    case SecretRef::Kind::kCommand: {
      auto out = run_secret_command(ref.command, ref.withheld, {command_limit_, kMaxSecretBytes}, stop_);
      if (out) return out;
      return make_error(out.error().code, fmt::format("{}: {}", what, out.error().message));
    }
    case SecretRef::Kind::kNone: break;
  }
  return std::string();
}

std::vector<NamedSecret> secrets_of(const Settings& settings) {
  std::vector<NamedSecret> out;
  for (std::size_t i = 0; i < settings.accounts.size(); ++i)
    for (const auto& [key, ref] : secrets_of_account(settings.accounts[i]))
      out.push_back({"account", i, key, account_key(settings.accounts[i], key), ref});
  for (std::size_t i = 0; i < settings.webhooks.size(); ++i) {
    const auto& hook = settings.webhooks[i];
    out.push_back({"webhook", i, "secret", fmt::format("webhook {}: secret", hook.name), &hook.secret});
    out.push_back({"webhook", i, "previous_secret", fmt::format("webhook {}: previous_secret", hook.name),
                   &hook.previous_secret});
  }
  out.push_back({"audit", 0, "signing_key", "audit.signing_key", &settings.audit.signing_key});
  return out;
}

void withhold_variables(Settings& settings) {
  std::vector<std::string> variables;
  for (const auto& secret : secrets_of(settings))
    if (secret.ref->kind == SecretRef::Kind::kEnv) variables.push_back(secret.ref->name);
  const auto withhold = [&](SecretRef& ref) {
    if (ref.kind == SecretRef::Kind::kCommand) ref.withheld = variables;
  };
  for (auto& account : settings.accounts)
    for (const auto& [key, ref] : secrets_of_account(account)) withhold(*ref);
  for (auto& webhook : settings.webhooks) {
    withhold(webhook.secret);
    withhold(webhook.previous_secret);
  }
  withhold(settings.audit.signing_key);
}

SecretFile look_at(const SecretRef& ref) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  std::string path;
  if (ref.kind == SecretRef::Kind::kFile) path = ref.name;
  if (ref.kind == SecretRef::Kind::kCredential && folder != nullptr) path = std::string(folder) + "/" + ref.name;
  if (path.empty()) return {};
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {"", fmt::format("cannot find {}: {}", path, std::strerror(errno))};
  return {why_unsafe(info, path), ""};
}

Status check_secret_files(const Settings& settings) {
  std::string problems;
  for (const auto& secret : secrets_of(settings))
    if (const auto file = look_at(*secret.ref); !file.unsafe.empty())
      problems += fmt::format("\n  {}: {}", secret.what, file.unsafe);
  if (problems.empty()) return {};
  return make_error(ErrorCode::kSettings, "secrets are not kept safe:" + problems);
}

Result<ProviderSettings> resolve_account(const AccountSettings& account, SecretSource& secrets) {
  ProviderSettings out = account.provider;
  Secret* const slots[] = {&out.access_token, &out.refresh_token,   &out.client_secret,      &out.api_key,
                           &out.password,     &out.application_key, &out.application_secret, &out.user_password};
  const auto refs = secrets_of_account(account);
  for (std::size_t i = 0; i < refs.size(); ++i) {
    auto secret = secrets.resolve(*refs[i].second, account_key(account, refs[i].first));
    if (!secret) return secret.error();
    *slots[i] = std::move(*secret);
  }
  if (account.refresh_token.kind == SecretRef::Kind::kFile) {
    out.token_place.save = [path = account.refresh_token.name](const Secret& fresh) {
      return replace_secret_file(path, fresh);
    };
    out.token_place.load = [ref = account.refresh_token, what = fmt::format("account {}: refresh_token", out.account),
                            own = std::make_shared<Redactor>()] { return SecretSource(*own).resolve(ref, what); };
  }
  return out;
}

}  // namespace damsync
