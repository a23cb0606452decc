#include "daemon/http/response.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <utility>

namespace damsync {
namespace {

const char* reason_of(int status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 410: return "Gone";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 421: return "Misdirected Request";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
  }
}

/// Day and month names are English whatever the locale.
std::string http_date(UtcTime time) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm t = fmt::gmtime(std::chrono::system_clock::to_time_t(time));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[t.tm_wday], t.tm_mday, kMonths[t.tm_mon],
                     t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

}  // namespace

WebAnswer json_answer(const Json& value) { return {200, "application/json", write_json(value) + "\n"}; }

WebAnswer text_answer(int status, std::string text) { return {status, "text/plain; charset=utf-8", std::move(text)}; }

WebAnswer problem(int status, std::string_view detail) {
  const Json body = Json::object(
      {{"type", "about:blank"}, {"title", reason_of(status)}, {"status", status}, {"detail", std::string(detail)}});
  return {status, "application/problem+json", write_json(body) + "\n"};
}

std::string serialize(const WebAnswer& answer, AnswerPart part, UtcTime now) {
  std::string out = fmt::format(
      "HTTP/1.1 {} {}\r\n"
      "Date: {}\r\n"
      "Content-Type: {}\r\n"
      "Content-Length: {}\r\n"
      "Connection: close\r\n"
      "Cache-Control: no-store\r\n"
      "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n"
      "Referrer-Policy: no-referrer\r\n"
      "X-Content-Type-Options: nosniff\r\n",
      answer.status, reason_of(answer.status), http_date(now), answer.content_type, answer.body.size());
  if (answer.status == 405) out += "Allow: GET, HEAD\r\n";
  if (answer.status == 503) out += "Retry-After: 5\r\n";
  out += "\r\n";
  if (part == AnswerPart::kWhole) out += answer.body;
  return out;
}

}  // namespace damsync
