#include "sync/sidecar/text_scrub.h"

#include <doctest/doctest.h>

#include <string>

using namespace damsync;

namespace {

std::string replacements(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "\xEF\xBF\xBD";
  return out;
}

}  // namespace

TEST_CASE("J7 text scrub: each byte outside of a well-formed character becomes U+FFFD") {
  struct Row {
    std::string_view text;
    int bad_bytes;
  };
  const Row rows[] = {
      {"\x80", 1},              // continuation without a lead
      {"\xC1\xBF", 2},          // overlong, two bytes
      {"\xE0\x80\xAF", 3},      // overlong, three bytes
      {"\xF0\x82\x82\xAC", 4},  // overlong, four bytes
      {"\xED\xA0\xBD", 3},      // high surrogate
      {"\xED\xBF\xBF", 3},      // low surrogate
      {"\xF4\x90\x80\x80", 4},  // beyond U+10FFFF
      {"\xFF", 1},
  };
  for (const auto& [text, bad_bytes] : rows) {
    CAPTURE(bad_bytes);
    CHECK(replace_invalid_utf8(std::string("a").append(text) + "b") == "a" + replacements(bad_bytes) + "b");
    CHECK(replace_invalid_utf8(text) == replacements(bad_bytes));
  }
}

TEST_CASE("J7 text scrub: a character that is cut off is not completed from beyond the text") {
  const std::string_view whole = "日";
  CHECK(replace_invalid_utf8(whole.substr(0, 2)) == replacements(2));
}

TEST_CASE("text scrub: text in any script stays as it is") {
  const std::string text = "Zürich \xC2\x85 ميناء 港口 🚢 \xF4\x8F\xBF\xBF \xED\x9F\xBF \xEE\x80\x80";
  CHECK(replace_invalid_utf8(text) == text);
  CHECK(xml_text(text) == text);
}

TEST_CASE("text scrub: only XML loses control characters") {
  const std::string text("a\0b\x1f\t\r\n\xEF\xBF\xBE", 10);
  CHECK(replace_invalid_utf8(text) == text);
  CHECK(xml_text(text) == "ab\t\r\n");
}
