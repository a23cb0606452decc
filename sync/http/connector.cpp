#include "sync/http/connector.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "storage/base/text.h"
#include "sync/http/response_head.h"

namespace damsync {

namespace {

constexpr std::chrono::seconds kIdleLifetime{30};
constexpr std::size_t kMaxAddresses = 4;

std::string environment(const char* lower, const char* upper) {
  if (const char* value = std::getenv(lower); value != nullptr) return value;
  if (const char* value = std::getenv(upper); value != nullptr) return value;
  return {};
}

std::vector<std::string> split_exceptions(const std::string& list) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : list + ',') {
    if (c != ',' && c != ' ') {
      word += c;
      continue;
    }
    if (word.starts_with("*.")) word.erase(0, 1);
    if (!word.empty()) out.push_back(to_lower(word));
    word.clear();
  }
  return out;
}

/// `example.org` and `.example.org` cover the domain and what is below it; a port narrows.
bool covers(std::string exception, const Url& url) {
  if (exception == "*") return true;
  const std::string port = fmt::format(":{}", url.port());
  if (exception.ends_with(port)) exception.resize(exception.size() - port.size());
  if (exception.starts_with('.')) exception.erase(0, 1);
  return url.host() == exception || url.host().ends_with("." + exception);
}

std::string host_and_port(const Url& url) { return url.origin().substr(url.scheme().size() + 3); }

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                        std::isxdigit(static_cast<unsigned char>(text[i + 2]));
    if (escape) {
      out += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Reads the proxy's answer to CONNECT; nothing may follow its head.
Status read_tunnel_answer(Connection& connection, const std::string& proxy_host) {
  std::string head;
  std::array<char, 1> byte{};
  while (!head.ends_with("\r\n\r\n")) {
    // One byte at a time, because what follows belongs to TLS.
    auto got = connection.read(byte);
    if (!got) return got.error();
    if (got->empty() || head.size() >= kMaxHeadBytes)
      return retryable(ErrorCode::kUnavailable, fmt::format("proxy {} gave no usable answer", proxy_host));
    head += byte[0];
  }
  auto parsed = parse_response_head(head);
  if (!parsed) return parsed.error();
  if (parsed->status != 200)
    return retryable(ErrorCode::kUnavailable, fmt::format("proxy {} answered {}", proxy_host, parsed->status));
  return {};
}

}  // namespace

Result<ProxySettings> ProxySettings::from_environment() {
  ProxySettings out;
  out.exceptions = split_exceptions(environment("no_proxy", "NO_PROXY"));
  std::string text = environment("https_proxy", "HTTPS_PROXY");
  if (text.empty()) return out;

  const Error unusable = make_error(ErrorCode::kSettings, "https_proxy must be http://[user:password@]host:port");
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  if (const std::size_t at = text.rfind('@'); at != std::string::npos) {
    const std::size_t start = text.find("://") + 3;
    if (at < start) return unusable;
    out.authorization = "Basic " + base64(percent_decode(std::string_view(text).substr(start, at - start)));
    text.erase(start, at + 1 - start);
  }
  const auto url = Url::parse(text);
  if (!url || url->secure()) return unusable;
  out.host = url->host();
  out.port = url->port();
  return out;
}

bool ProxySettings::applies_to(const Url& url) const {
  if (host.empty() || !url.secure() || is_loopback_host(url.host())) return false;
  return std::none_of(exceptions.begin(), exceptions.end(), [&](const auto& entry) { return covers(entry, url); });
}

Result<Connector::Lease> Connector::lease(const Url& url, CallTimer& timer) {
  while (auto connection = take_idle(url)) {
    if (!connection->idle_and_open()) continue;
    connection->attach(timer);
    return Lease{std::move(connection), true};
  }
  return fresh(url, timer);
}

Result<Connector::Lease> Connector::fresh(const Url& url, CallTimer& timer) {
  auto connection = proxy_.applies_to(url) ? connect_through_proxy(url, timer) : connect_directly(url, timer);
  if (!connection) return connection.error();
  if (url.secure()) {
    auto loaded = trust();
    if (!loaded) return loaded.error();
    if (auto started = (*connection)->start_tls(**loaded, url.host()); !started) return started.error();
  }
  return Lease{std::move(*connection), false};
}

void Connector::give_back(const Url& url, std::unique_ptr<Connection> connection) {
  connection->detach();
  const std::lock_guard lock(mutex_);
  auto& idle = idle_[url.origin()];
  const SteadyTime now = std::chrono::steady_clock::now();
  std::erase_if(idle, [&](const Idle& entry) { return now - entry.since > kIdleLifetime; });
  if (idle.size() < settings_.max_idle_per_origin) idle.push_back({std::move(connection), now});
}

std::unique_ptr<Connection> Connector::take_idle(const Url& url) {
  const std::lock_guard lock(mutex_);
  auto& idle = idle_[url.origin()];
  const SteadyTime now = std::chrono::steady_clock::now();
  std::erase_if(idle, [&](const Idle& entry) { return now - entry.since > kIdleLifetime; });
  if (idle.empty()) return nullptr;
  auto connection = std::move(idle.back().connection);
  idle.pop_back();
  return connection;
}

Result<std::unique_ptr<Connection>> Connector::connect_directly(const Url& url, CallTimer& timer) {
  auto addresses = resolver_.resolve(url.host(), timer);
  if (!addresses) return addresses.error();
  if (addresses->size() > kMaxAddresses) addresses->resize(kMaxAddresses);

  Error last;
  for (const auto& address : *addresses) {
    if (auto allowed = check_address(url, address, timer); !allowed) return allowed.error();
    auto connection = Connection::open(address, url.port(), url.host(), settings_.connect_timeout, timer);
    if (connection) return connection;
    last = connection.error();
    if (timer.end() != CallTimer::End::kNot) break;
  }
  return last;
}

Result<std::unique_ptr<Connection>> Connector::connect_through_proxy(const Url& url, CallTimer& timer) {
  // The proxy resolves names; what is an address already is judged here as if connected to directly.
  if (is_address(url.host()))
    if (auto allowed = check_address(url, url.host(), timer); !allowed) return allowed.error();
  auto addresses = resolver_.resolve(proxy_.host, timer);
  if (!addresses) return addresses.error();
  auto connection = Connection::open(addresses->front(), proxy_.port, url.host(), settings_.connect_timeout, timer);
  if (!connection) return connection;

  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", host_and_port(url));
  if (!proxy_.authorization.empty()) request += fmt::format("Proxy-Authorization: {}\r\n", proxy_.authorization);
  request += "\r\n";
  if (auto sent = (*connection)->write(request); !sent) return sent.error();
  if (auto answered = read_tunnel_answer(**connection, proxy_.host); !answered) return answered.error();
  return connection;
}

Status Connector::check_address(const Url& url, const std::string& address, CallTimer& timer) {
  const AddressClass what = classify_address(address);
  const auto refused = [&](const char* why) {
    return make_error(ErrorCode::kRefusedByPolicy, fmt::format("{} leads to {}, {}", url.host(), address, why));
  };
  if (what == AddressClass::kForbidden) return refused("which is never connected to");
  if (!url.secure() && what != AddressClass::kLoopback) return refused("which needs https");
  if (what == AddressClass::kPublic) return {};
  if (settings_.own_network == OwnNetwork::kRefused)
    return what == AddressClass::kLoopback && is_loopback_host(url.host())
               ? Status()
               : refused("a private address, which the settings do not allow");
  if (url.host() == settings_.base_url.host()) return {};
  const auto base = base_class(timer);
  if (!base) return base.error();
  if (*base == what) return {};
  return refused("a local address, while the account's base_url does not");
}

Result<AddressClass> Connector::base_class(CallTimer& timer) {
  {
    const std::lock_guard lock(mutex_);
    if (base_class_) return *base_class_;
  }
  const auto addresses = resolver_.resolve(settings_.base_url.host(), timer);
  if (!addresses) return addresses.error();
  const AddressClass what = classify_address(addresses->front());
  for (const auto& address : *addresses)
    if (classify_address(address) != what) return AddressClass::kPublic;
  const std::lock_guard lock(mutex_);
  base_class_ = what;
  return what;
}

Status Connector::prepare_tls() {
  auto loaded = trust();
  return loaded ? Status() : Status(loaded.error());
}

Result<std::shared_ptr<TlsTrust>> Connector::trust() {
  const std::lock_guard lock(mutex_);
  if (trust_) return trust_;
  auto loaded = TlsTrust::load(settings_.ca_file);
  if (loaded) trust_ = *loaded;
  return loaded;
}

}  // namespace damsync
