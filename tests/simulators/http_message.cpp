#include "tests/simulators/http_message.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "storage/base/time.h"

namespace damsync {
namespace {

bool same_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

const char* reason(int status) {
  static const std::map<int, const char*> kReasons = {
      {200, "OK"},
      {201, "Created"},
      {204, "No Content"},
      {206, "Partial Content"},
      {302, "Found"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {411, "Length Required"},
      {413, "Payload Too Large"},
      {416, "Range Not Satisfiable"},
      {429, "Too Many Requests"},
      {500, "Internal Server Error"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  const auto found = kReasons.find(status);
  return found == kReasons.end() ? "Status" : found->second;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool parse_request_line(std::string_view line, SimRequest& request) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || last == first) return false;
  if (line.substr(last + 1, 7) != "HTTP/1.") return false;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  const std::string_view target = request.target;
  if (target.empty() || target.front() != '/') return false;
  const auto mark = target.find('?');
  const auto path = decode_percent(target.substr(0, mark));
  request.well_formed_target = path.has_value();
  request.path = path.value_or(std::string(target.substr(0, mark)));
  if (mark != std::string_view::npos) request.query = parse_form(target.substr(mark + 1), request.well_formed_target);
  return true;
}

}  // namespace

const std::string* SimRequest::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return &value;
  }
  return nullptr;
}

std::optional<std::string> SimRequest::param(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string SimRequest::base() const {
  const std::string* host = header("Host");
  return "http://" + (host == nullptr ? std::string("127.0.0.1") : *host);
}

std::vector<std::string> SimRequest::params(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

void SimGate::release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

bool SimGate::wait_for_arrival(Millis limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return arrived_; });
}

bool SimGate::wait(Millis slice) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, slice, [&] { return released_; });
}

void SimGate::arrive() {
  const std::lock_guard lock(mutex_);
  arrived_ = true;
  changed_.notify_all();
}

std::size_t SimResponse::body_size() const noexcept {
  const std::size_t whole = body.size() + (tail ? tail->size() : 0);
  const std::size_t rest = whole - std::min(skip, whole);
  return take ? std::min(*take, rest) : rest;
}

void SimResponse::set_header(std::string_view name, std::string value) {
  for (auto& [key, old] : headers) {
    if (same_name(key, name)) {
      old = std::move(value);
      return;
    }
  }
  headers.emplace_back(name, std::move(value));
}

void SimResponse::set_body(std::string bytes, std::string content_type) {
  body = std::move(bytes);
  tail.reset();
  skip = 0;
  take.reset();
  set_header("Content-Type", std::move(content_type));
}

std::optional<SimRequest> parse_request_head(std::string_view head) {
  SimRequest request;
  const auto end = head.find("\r\n");
  if (!parse_request_line(head.substr(0, end), request)) return std::nullopt;
  std::string_view rest = end == std::string_view::npos ? std::string_view() : head.substr(end + 2);
  while (!rest.empty()) {
    const auto stop = rest.find("\r\n");
    const std::string_view line = rest.substr(0, stop);
    rest = stop == std::string_view::npos ? std::string_view() : rest.substr(stop + 2);
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    request.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return request;
}

std::string write_response_head(const SimResponse& response) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " + reason(response.status) + "\r\n";
  for (const auto& [name, value] : response.headers) head.append(name).append(": ").append(value).append("\r\n");
  const bool bodiless = response.status == 204 || response.status == 304;
  if (response.bad.declared_length) {
    head += "Content-Length: " + *response.bad.declared_length + "\r\n";
  } else if (!response.bad.no_length && !bodiless) {
    head += "Content-Length: " + std::to_string(response.body_size()) + "\r\n";
  }
  if (response.bad.no_length) head += "Connection: close\r\n";
  return head + "\r\n";
}

SimResponse json_response(const Json& body, int status, std::string content_type) {
  SimResponse response;
  response.status = status;
  response.set_body(write_json(body), std::move(content_type));
  return response;
}

std::vector<std::string> path_segments(std::string_view path) {
  std::vector<std::string> parts;
  for (std::size_t from = 1; from <= path.size();) {
    const std::size_t slash = std::min(path.find('/', from), path.size());
    parts.emplace_back(path.substr(from, slash - from));
    from = slash + 1;
  }
  return parts;
}

std::string format_http_date(UtcTime time) {
  using namespace std::chrono;
  static const char* const kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT", kDays[weekday(day).c_encoding()],
                static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text, bool& well_formed) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto decode = [&](std::string_view encoded) {
    std::string part(encoded);
    std::replace(part.begin(), part.end(), '+', ' ');
    auto decoded = decode_percent(part);
    if (!decoded) well_formed = false;
    return decoded.value_or(part);
  };
  while (!text.empty()) {
    const auto amp = text.find('&');
    const std::string_view part = text.substr(0, amp);
    text = amp == std::string_view::npos ? std::string_view() : text.substr(amp + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    pairs.emplace_back(decode(part.substr(0, equals)), decode(value));
  }
  return pairs;
}

std::optional<std::string> base64_decode(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xFFu);
  }
  return out;
}

}  // namespace damsync
