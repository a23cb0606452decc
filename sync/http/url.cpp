#include "sync/http/url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "storage/base/text.h"

namespace damsync {

namespace {

constexpr std::size_t kMaxUrl = 8192;

Error refused(const char* why) { return make_error(ErrorCode::kRefusedByPolicy, fmt::format("URL refused: {}", why)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// What no URL on the wire may hold: it could end the request line or be read differently by two parsers.
const char* forbidden_character(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f) return "it holds a blank or control character";
    if (byte >= 0x80) return "it holds a non-ASCII character";
    if (c == '\\') return "it holds a backslash";
  }
  return nullptr;
}

/// The scheme of a reference (`https` of `https:…`), if it starts with one.
std::optional<std::string_view> scheme_of(std::string_view text) {
  if (text.empty() || !is_alpha(text[0])) return std::nullopt;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ':') return text.substr(0, i);
    if (!is_alpha(text[i]) && !is_digit(text[i]) && text[i] != '+' && text[i] != '-' && text[i] != '.') break;
  }
  return std::nullopt;
}

/// Plain dotted IPv4: four decimal numbers without leading zeros.
bool is_dotted_ipv4(std::string_view host) {
  in_addr parsed{};
  if (::inet_pton(AF_INET, std::string(host).c_str(), &parsed) != 1) return false;
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &parsed, text.data(), text.size());
  return host == text.data();
}

/// A last label that a resolver would take for a number (`2130706433`, `0x7f.1`, `127.1`).
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  const bool hex =
      last.starts_with("0x") && last.substr(2).find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return hex || last.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_dns_name(std::string_view host) {
  if (host.size() > 253) return false;
  while (true) {
    const std::size_t dot = host.find('.');
    const std::string_view label = host.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    for (const char c : label)
      if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_') return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

/// The canonical text of a bracketed IPv6 address; nothing for those that only wrap an IPv4 address.
std::optional<std::string> canonical_ipv6(std::string_view text) {
  in6_addr parsed{};
  if (::inet_pton(AF_INET6, std::string(text).c_str(), &parsed) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&parsed) || IN6_IS_ADDR_V4COMPAT(&parsed)) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> out{};
  ::inet_ntop(AF_INET6, &parsed, out.data(), out.size());
  return std::string(out.data());
}

Result<std::string> parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return refused("its IPv6 host has no closing bracket");
    auto address = canonical_ipv6(text.substr(1, text.size() - 2));
    if (!address) return refused("its IPv6 host is not a plain IPv6 address");
    return std::move(*address);
  }
  std::string host = to_lower(text);
  if (host.ends_with('.')) host.pop_back();
  if (host.empty()) return refused("it has no host");
  if (!is_dns_name(host)) return refused("its host is not a DNS name");
  if (ends_in_number(host) && !is_dotted_ipv4(host)) return refused("its host is a number");
  return host;
}

Result<std::uint16_t> parse_port(std::string_view text, bool secure) {
  if (text.empty()) return static_cast<std::uint16_t>(secure ? 443 : 80);
  std::uint32_t port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc{} || end != text.data() + text.size() || text.size() > 5 || port == 0 || port > 65535)
    return refused("its port is not a number from 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

/// RFC 3986 §5.2.4 for an absolute path.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t next = path.find('/', 1);
    const std::string_view segment = path.substr(0, next);  // with its leading slash
    const bool last = next == std::string_view::npos;
    path.remove_prefix(last ? path.size() : next);
    if (segment == "/..") {
      out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
    } else if (segment != "/.") {
      out += segment;
      continue;
    }
    if (last) out += '/';
  }
  return out.empty() ? "/" : out;
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kMaxUrl) return refused("it is longer than 8 KiB");
  if (const char* why = forbidden_character(text)) return refused(why);
  text = text.substr(0, text.find('#'));

  Url url;
  const auto scheme = scheme_of(text);
  if (!scheme) return refused("it is not absolute");
  url.scheme_ = to_lower(*scheme);
  if (url.scheme_ != "https" && url.scheme_ != "http") return refused("its scheme is neither https nor http");
  text.remove_prefix(scheme->size() + 1);
  if (!text.starts_with("//")) return refused("it has no host");
  text.remove_prefix(2);

  const std::size_t path = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, path);
  if (authority.find('@') != std::string_view::npos) return refused("it holds user information");
  if (authority.find('%') != std::string_view::npos) return refused("its host holds a percent sign");
  const std::size_t search_from = authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0;
  const std::size_t colon = authority.find(':', search_from);
  auto host = parse_host(authority.substr(0, colon));
  if (!host) return host.error();
  auto port = parse_port(colon == std::string_view::npos ? "" : authority.substr(colon + 1), url.secure());
  if (!port) return port.error();

  url.host_ = std::move(*host);
  url.port_ = *port;
  url.target_ = text.substr(path);
  if (!url.target_.starts_with('/')) url.target_.insert(url.target_.begin(), '/');
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  const std::string_view without_fragment = reference.substr(0, reference.find('#'));
  if (without_fragment.empty()) return refused("the reference is empty");
  if (scheme_of(reference)) return parse(reference);
  if (reference.starts_with("//")) return parse(fmt::format("{}:{}", scheme_, reference));
  if (const char* why = forbidden_character(reference)) return refused(why);
  if (reference.size() > kMaxUrl) return refused("it is longer than 8 KiB");

  const std::string_view base_path = std::string_view(target_).substr(0, target_.find('?'));
  const std::size_t question = without_fragment.find('?');
  const std::string_view path = without_fragment.substr(0, question);
  Url out = *this;
  if (path.empty())
    out.target_ = base_path;
  else if (path.starts_with('/'))
    out.target_ = remove_dot_segments(path);
  else
    out.target_ = remove_dot_segments(std::string(base_path.substr(0, base_path.rfind('/') + 1)) + std::string(path));
  if (question != std::string_view::npos) out.target_ += without_fragment.substr(question);
  return out;
}

std::string Url::origin() const { return fmt::format("{}://{}:{}", scheme_, bracketed(host_), port_); }

Url Url::with_target(std::string_view target) const {
  Url out = *this;
  out.target_ = target_.substr(0, target_.find('?'));
  while (out.target_.ends_with('/')) out.target_.pop_back();
  if (!target.starts_with('/')) out.target_ += '/';
  out.target_ += target;
  return out;
}

std::string Url::display() const {
  const bool usual = port_ == (secure() ? 443 : 80);
  return fmt::format("{}://{}{}{}", scheme_, bracketed(host_), usual ? "" : fmt::format(":{}", port_),
                     target_.substr(0, target_.find('?')));
}

std::string Url::text() const {
  const std::size_t query = target_.find('?');
  return query == std::string::npos ? display() : display() + target_.substr(query);
}

std::string make_query(const std::vector<std::pair<std::string, std::string>>& params) {
  std::string out;
  for (const auto& [name, value] : params) {
    if (!out.empty()) out += '&';
    out += percent_encode(name);
    out += '=';
    out += percent_encode(value);
  }
  return out;
}

}  // namespace damsync
