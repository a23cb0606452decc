#include "storage/base/text.h"

#include <doctest/doctest.h>

namespace damsync {

TEST_CASE("J7 text: only well-formed UTF-8 is UTF-8") {
  for (const char* good : {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x99\x82", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(good);
    CHECK(is_utf8(good));
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf8\x88\x80\x80\x80", "\xff", "ok\xc3", "\xe2\x82"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("P2 text: ids that may become part of a path have a closed alphabet and length") {
  for (const char* good : {"1", "118139110", "Ab_c-9"}) CHECK(is_safe_id(good));
  CHECK(is_safe_id(std::string(64, 'a')));
  CHECK_FALSE(is_safe_id(std::string(65, 'a')));
  CHECK_FALSE(is_safe_id(std::string_view("a\0b", 3)));
  for (const char* bad :
       {"", ".", "..", "a/b", "a\\b", "../x", "..%2f", "~", "a b", "a\n", "\x1b", "\xc3\xa4", "*.part", ".nfs0"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_safe_id(bad));
  }
}

TEST_CASE("P3 text: what deceives the eye is shown as bytes") {
  CHECK(printable("a\nb\x7f") == "a\\x0ab\\x7f");
  CHECK(printable("\xc2\x85") == "\\xc2\\x85");
  CHECK(printable("x\xe2\x80\xaegpj.exe") == "x\\xe2\\x80\\xaegpj.exe");
  CHECK(printable("a\xe2\x80\x8b"
                  "b") == "a\\xe2\\x80\\x8bb");
  CHECK(printable("\xff\xc3\xa4\xc3") == "\\xff\xc3\xa4\\xc3");
  CHECK(printable("M\xc3\xbcnchen \xf0\x9f\x99\x82") == "M\xc3\xbcnchen \xf0\x9f\x99\x82");
}

TEST_CASE("text: base64 and percent-encoding follow their RFCs") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(percent_encode("a-b._~/ \xc3\xa4+") == "a-b._~%2F%20%C3%A4%2B");
}

TEST_CASE("text: what stands between separators is told part by part, the empty ones too") {
  using Parts = std::vector<std::string_view>;
  CHECK(split("", '/') == Parts{""});
  CHECK(split("a", '/') == Parts{"a"});
  CHECK(split("a//b/", '/') == Parts{"a", "", "b", ""});
}

TEST_CASE("text: case folding touches ASCII letters only") {
  CHECK(to_lower("AbZ\xc3\x84[") == "abz\xc3\x84[");
  CHECK(iequals("Content-Type", "content-TYPE"));
  CHECK_FALSE(iequals("a", "ab"));
  CHECK_FALSE(iequals("[", "{"));
  CHECK(has_control("a\tb"));
  CHECK_FALSE(has_control("a b"));
}

}  // namespace damsync
