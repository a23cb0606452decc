#include "daemon/http/request.h"

#include <algorithm>

#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr std::size_t kMaxMethod = 16;

bool is_token(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}
bool is_visible(char c) noexcept { return c > 0x20 && c < 0x7f; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool all(std::string_view text, bool (*is)(char) noexcept) { return std::all_of(text.begin(), text.end(), is); }

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

int hex_of(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

const std::string* WebRequest::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (key == name) return &value;
  return nullptr;
}

RequestReader::State RequestReader::refuse(int status, std::string_view why) {
  refusal_ = {status, std::string(why)};
  return state_ = State::kRefused;
}

RequestReader::State RequestReader::feed(std::string_view bytes) {
  while (state_ == State::kMore && !bytes.empty()) {
    const auto end = bytes.find('\n');
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return check_open_line();
    bytes.remove_prefix(end + 1);
    if (in_headers_) header_bytes_ += line_.size() + 1;
    if (in_headers_ && header_bytes_ > kMaxHeaderBytes) return refuse(431, "the headers are too long");
    if (line_.empty() || line_.back() != '\r') return refuse(400, "a line does not end in CR LF");
    line_.pop_back();
    take_line(std::exchange(line_, {}));
  }
  return state_;
}

/// What does not begin like a request, such as a TLS handshake, need not be waited for to end.
RequestReader::State RequestReader::check_open_line() {
  if (in_headers_)
    return header_bytes_ + line_.size() > kMaxHeaderBytes ? refuse(431, "the headers are too long") : state_;
  const std::string_view method = std::string_view(line_).substr(0, line_.find(' '));
  if (!all(method, is_token)) return refuse(400, "this is no HTTP request; HTTPS is not spoken here");
  if (method.size() > kMaxMethod) return refuse(400, "this is no HTTP method");
  return line_.size() > kMaxMethod + kMaxTarget + 16 ? refuse(414, "the address is too long") : state_;
}

RequestReader::State RequestReader::take_line(std::string_view line) {
  if (!in_headers_) return take_request_line(line);
  return line.empty() ? finish() : take_header(line);
}

RequestReader::State RequestReader::take_request_line(std::string_view line) {
  const auto first = line.find(' '), last = line.rfind(' ');
  const std::string_view method = line.substr(0, first);
  if (method.empty() || method.size() > kMaxMethod || !all(method, is_token))
    return refuse(400, "this is no HTTP request; HTTPS is not spoken here");
  if (first == last) return refuse(400, "the request line is not METHOD TARGET HTTP/1.1");
  const std::string_view target = line.substr(first + 1, last - first - 1), version = line.substr(last + 1);
  if (target.size() > kMaxTarget) return refuse(414, "the address is too long");
  const bool known_form = version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) &&
                          version[6] == '.' && is_digit(version[7]);
  if (!known_form) return refuse(400, "the request line is not METHOD TARGET HTTP/1.1");
  if (version[5] != '1') return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (target.empty() || !all(target, is_visible)) return refuse(400, "the address holds bytes that must be encoded");
  request_.method = method;
  in_headers_ = true;
  return take_target(target);
}

/// Addresses of other forms belong to methods that are not offered: those are refused for the method.
RequestReader::State RequestReader::take_target(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (iequals(target.substr(0, kScheme.size()), kScheme)) {
    target.remove_prefix(kScheme.size());
    const auto slash = std::min(target.find_first_of("/?"), target.size());
    request_.host = to_lower(target.substr(0, slash));
    if (request_.host.empty()) return refuse(400, "the address has no host");
    target.remove_prefix(slash);
  }
  const auto question = target.find('?');
  request_.path = target.substr(0, question);
  if (question != std::string_view::npos) request_.query = target.substr(question + 1);
  if (request_.path.empty()) request_.path = "/";
  const bool offered = request_.method == "GET" || request_.method == "HEAD";
  if (offered && (request_.path.front() != '/' || target.find('#') != std::string_view::npos))
    return refuse(400, "the address is not a path");
  return state_;
}

RequestReader::State RequestReader::take_header(std::string_view line) {
  if (request_.headers.size() == kMaxHeaders) return refuse(431, "there are too many headers");
  const auto colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  if (colon == std::string_view::npos || name.empty() || !all(name, is_token))
    return refuse(400, "a header is not NAME: VALUE");
  const std::string_view value = trim(line.substr(colon + 1));
  if (std::any_of(value.begin(), value.end(), [](char c) { return has_control({&c, 1}) && c != '\t'; }))
    return refuse(400, "a header holds control characters");
  request_.headers.emplace_back(to_lower(name), value);
  return state_;
}

RequestReader::State RequestReader::finish() {
  const auto count = [this](std::string_view name) {
    return std::count_if(request_.headers.begin(), request_.headers.end(),
                         [&](const auto& header) { return header.first == name; });
  };
  if (count("host") != 1) return refuse(400, "expected one Host header");
  if (request_.host.empty()) request_.host = to_lower(*request_.header("host"));
  const std::string* length = request_.header("content-length");
  const bool encoded = count("transfer-encoding") > 0;
  if (count("content-length") > 1 || (length != nullptr && encoded))
    return refuse(400, "the length of the body is given twice");
  if (length != nullptr && (length->empty() || length->size() > 15 || !all(*length, is_digit)))
    return refuse(400, "Content-Length is not a number of bytes");
  request_.has_body = encoded || (length != nullptr && length->find_first_not_of('0') != std::string::npos);
  return state_ = State::kDone;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_of(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return std::nullopt;
    if (std::any_of(out.begin(), out.end(), [&](const auto& known) { return known.first == *name; }))
      return std::nullopt;
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

}  // namespace damsync
