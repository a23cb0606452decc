#include "sync/http/response_head.h"

#include <fmt/format.h>

#include <charconv>

#include "storage/base/text.h"

namespace damsync {

namespace {

Error broken(std::string_view what) { return retryable(ErrorCode::kProtocol, fmt::format("broken HTTP: {}", what)); }

/// RFC 9110 §5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && kMarks.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

bool has_forbidden_byte(std::string_view value) {
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return true;
  return false;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Cuts the next line off; nothing when no CRLF is left.
std::optional<std::string_view> next_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

/// Returns the minor version of HTTP/1.
Result<int> parse_status_line(std::string_view line, ResponseHead& head) {
  if (!line.starts_with("HTTP/1.0 ") && !line.starts_with("HTTP/1.1 "))
    return broken("the answer does not begin with an HTTP/1 status line");
  if (has_forbidden_byte(line)) return broken("a control character in the status line");
  const std::string_view rest = line.substr(9);
  const bool three_digits = rest.size() >= 3 && (rest.size() == 3 || rest[3] == ' ') &&
                            rest.substr(0, 3).find_first_not_of("0123456789") == std::string_view::npos;
  if (!three_digits) return broken("a status that is not three digits");
  std::from_chars(rest.data(), rest.data() + 3, head.status);
  if (head.status < 100 || head.status > 599) return broken("a status outside 100-599");
  return line[7] - '0';
}

Status add_field(std::string_view line, Headers& headers) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return broken("a malformed header name");
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (has_forbidden_byte(value)) return broken("a control character in a header");
  if (headers.fields().size() >= kMaxHeadFields) return broken("too many headers");
  headers.add(std::string(line.substr(0, colon)), std::string(value));
  return {};
}

std::size_t count(const Headers& headers, std::string_view name) {
  std::size_t n = 0;
  for (const auto& field : headers.fields()) n += iequals(field.first, name) ? 1 : 0;
  return n;
}

Result<std::int64_t> parse_length(std::string_view text) {
  std::int64_t length = 0;
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || std::from_chars(text.data(), text.data() + text.size(), length).ec != std::errc{})
    return broken("a Content-Length that is not a number of bytes");
  return length;
}

Status find_framing(ResponseHead& head, int minor_version) {
  const std::size_t lengths = count(head.headers, "Content-Length");
  const std::size_t codings = count(head.headers, "Transfer-Encoding");
  if (lengths > 1) return broken("more than one Content-Length");
  if (codings > 1 || (codings > 0 && lengths > 0)) return broken("ambiguous Transfer-Encoding");
  if (codings == 1) {
    if (minor_version == 0 || !iequals(*head.headers.find("Transfer-Encoding"), "chunked"))
      return broken("an unknown Transfer-Encoding");
    head.framing = Framing::kChunked;
  }
  if (lengths == 1) {
    auto length = parse_length(*head.headers.find("Content-Length"));
    if (!length) return length.error();
    head.content_length = *length;
    head.framing = Framing::kLength;
  }
  return {};
}

bool wants_close(const Headers& headers) {
  for (const auto& [name, value] : headers.fields())
    if (iequals(name, "Connection") && to_lower(value).find("close") != std::string::npos) return true;
  return false;
}

}  // namespace

Result<ResponseHead> parse_response_head(std::string_view text) {
  if (text.size() > kMaxHeadBytes) return broken("headers larger than 64 KiB");
  ResponseHead head;
  const auto status_line = next_line(text);
  if (!status_line) return broken("no status line");
  const auto minor_version = parse_status_line(*status_line, head);
  if (!minor_version) return minor_version.error();

  while (true) {
    const auto line = next_line(text);
    if (!line) return broken("headers without an end");
    if (line->empty()) break;
    if (auto added = add_field(*line, head.headers); !added) return added.error();
  }
  if (auto framed = find_framing(head, *minor_version); !framed) return framed.error();
  head.keep_alive = *minor_version == 1 && !wants_close(head.headers);
  return head;
}

Status check_answer(const HttpRequest& request, const ResponseHead& head) {
  const bool reads = request.method == Method::kGet;
  const bool conditional =
      request.headers.find("If-None-Match") != nullptr || request.headers.find("If-Modified-Since") != nullptr;
  if (head.status == 101) return broken("status 101 without a request to switch protocols");
  if (request.use == AnswerUse::kStatus) return {};
  if (head.status == 204 && reads) return broken("status 204 to a GET");
  if (head.status == 304 && !(reads && conditional)) return broken("status 304 to an unconditional request");
  if (head.status == 206 && !(reads && request.headers.find("Range") != nullptr))
    return broken("status 206 to a request without a range");
  for (const auto& [name, value] : head.headers.fields())
    if (iequals(name, "Content-Encoding") && !iequals(value, "identity"))
      return broken("a Content-Encoding that was not asked for");
  return {};
}

bool has_body(int status) noexcept { return status >= 200 && status != 204 && status != 304; }

}  // namespace damsync
