#include "sync/report/html_text.h"

namespace damsync {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// U+200E, U+200F, U+202A–U+202E, U+2066–U+2069 and U+061C: length of the one that `text` starts with, or 0.
std::size_t bidi_control(std::string_view text) {
  if (text.starts_with("\xd8\x9c")) return 2;
  if (text.size() < 3 || text[0] != '\xe2') return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const auto third = static_cast<unsigned char>(text[2]);
  const bool marks = second == 0x80 && (third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae));
  const bool isolates = second == 0x81 && third >= 0xa6 && third <= 0xa9;
  return marks || isolates ? 3 : 0;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

}  // namespace

void append_html(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    switch (c) {
      case '&': out += "&amp;"; continue;
      case '<': out += "&lt;"; continue;
      case '>': out += "&gt;"; continue;
      case '"': out += "&quot;"; continue;
      case '\'': out += "&#39;"; continue;
      default: break;
    }
    if (const auto length = bidi_control(text.substr(at)); length != 0) {
      out += kReplacement;
      at += length - 1;
    } else if (is_control(c)) {
      out += kReplacement;
    } else {
      out += c;
    }
  }
}

std::string html(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

std::string html_prose(std::string_view text) {
  std::string out;
  bool code = false;
  for (auto at = text.find('`'); at != std::string_view::npos; at = text.find('`')) {
    append_html(out, text.substr(0, at));
    code = !code;
    out += code ? "<code>" : "</code>";
    text.remove_prefix(at + 1);
  }
  append_html(out, text);
  return code ? out + "</code>" : out;
}

std::string grouped(std::int64_t number) {
  const auto digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && digits[i - 1] != '-' && (digits.size() - i) % 3 == 0) out += "\xe2\x80\xaf";
    out += digits[i];
  }
  return out;
}

std::string counted(std::int64_t number, std::string_view one, std::string_view many) {
  return grouped(number) + " " + std::string(number == 1 ? one : many);
}

}  // namespace damsync
