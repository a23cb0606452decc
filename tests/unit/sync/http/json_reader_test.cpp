#include "sync/http/json_reader.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace damsync;

namespace {

std::string nested(int levels) { return std::string(levels, '[') + std::string(levels, ']'); }

void check_refused(const std::string& text, const JsonLimits& limits = {}) {
  CAPTURE(text.substr(0, 80));
  const auto json = parse_json(text, limits);
  REQUIRE_FALSE(json);
  CHECK(json.error().code == ErrorCode::kProtocol);
  CHECK(json.error().retry == Retry::kAfterBackoff);
}

}  // namespace

TEST_CASE("json reader: every kind of value is kept") {
  const std::string text = R"({"a":[1,-0.5e+3,true,false,null,"x\u00e9\ud83d\ude00\n"],"b":{},"c":[]})";
  const auto json = parse_json(" \r\n\t" + text + "\n");
  REQUIRE(json);
  CHECK(write_json(*json) == "{\"a\":[1,-0.5e+3,true,false,null,\"x\xc3\xa9\xf0\x9f\x98\x80\\n\"],\"b\":{},\"c\":[]}");
  for (const char* scalar : {"5", "\"x\"", "null", "true", "-1e400"}) {
    const auto value = parse_json(scalar);
    REQUIRE(value);
    CHECK(write_json(*value) == scalar);
  }
}

TEST_CASE("J5 json reader: numbers of any size keep their text") {
  const auto json =
      parse_json("[9007199254740993,9223372036854775808,1000000000000000000000000000000,1.0,1e3,1e400,-0]");
  REQUIRE(json);
  CHECK(write_json(*json) == "[9007199254740993,9223372036854775808,1000000000000000000000000000000,1.0,1e3,1e400,-0]");
}

TEST_CASE("J1 json reader: what is not exactly one document is refused") {
  for (const char* text : {"",
                           "  ",
                           "<html>",
                           "[1,2",
                           "{\"a\":1",
                           "[1] [2]",
                           "[1] x",
                           "{}{}",
                           "1,2",
                           "1]",
                           "]",
                           "[1 2]",
                           "[1,]",
                           "[,1]",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "[\"abc]",
                           "[01]",
                           "[1.]",
                           "[.5]",
                           "[-]",
                           "[+1]",
                           "[1e]",
                           "[0x1]",
                           "[NaN]",
                           "[Infinity]",
                           "[tru]",
                           "[nulll]",
                           "nul",
                           "[}",
                           "{]",
                           "[[1}]",
                           "{\"a\":[1,2}",
                           "{\"a\":99999999999999999999999 \"b\":1}",
                           "\xEF\xBB\xBF{}",
                           "// x\n{}"})
    check_refused(text);
  check_refused(std::string("[1]\0", 4));
}

TEST_CASE("J2 json reader: depth is limited") {
  CHECK(parse_json(nested(32)));
  check_refused(nested(33));
  check_refused(nested(200));
  check_refused(nested(1'000'000));
  check_refused(std::string(1'000'000, '['));
}

TEST_CASE("J3 json reader: duplicate keys are ambiguous, however they are written") {
  check_refused(R"({"a":1,"a":1})");
  check_refused(R"({"a":1,"b":{"x":1,"y":2,"x":3}})");
  check_refused(R"({"a":1,"\u0061":2})");
  CHECK(parse_json(R"({"a":{"a":1},"A":2})"));
}

TEST_CASE("J7 json reader: text is valid UTF-8 without raw control characters") {
  for (const char* text : {"[\"\xff\"]", "[\"\xc0\x80\"]", "[\"\xed\xa0\x80\"]", "[\"\xf5\x80\x80\x80\"]",
                           R"(["\ud8"])", R"(["\ud8zz"])", R"(["\x41"])", "[\"a\nb\"]", "[\"a\x02\"]", "{\"\xff\":1}"})
    check_refused(text);
  const auto json = parse_json(R"(["a\u0000b\u0002"])");
  REQUIRE(json);
  CHECK(*json->if_array()->front().if_string() == std::string("a\0b\x02", 4));
}

TEST_CASE("J7 json reader: half a character becomes U+FFFD, and everything else stays") {
  const auto json = parse_json(R"({"a":"x\ud800y","b":"\udc00","c":"\ud83d\u0041","d":"\ud83d\ude00","e":"\\ud800",)"
                               R"("\uD8ff":"\ud800\ud83d\ude00","f":"\ud800\\"})");
  REQUIRE(json);
  const std::string odd = "\xef\xbf\xbd", smile = "\xf0\x9f\x98\x80";
  CHECK(write_json(*json) == R"({"a":"x)" + odd + R"(y","b":")" + odd + R"(","c":")" + odd + R"(A","d":")" + smile +
                                 R"(","e":"\\ud800",")" + odd + R"(":")" + odd + smile + R"(","f":")" + odd +
                                 R"(\\"})");
}

TEST_CASE("J8 json reader: size and counts are capped") {
  check_refused("[\"" + std::string(1000, 'x') + "\"]", {.max_bytes = 1000});
  check_refused("[1,2,[3,4]]", {.max_elements = 4});
  CHECK(parse_json("[1,2,[3,4]]", {.max_elements = 5}));
  check_refused(R"({"a":{"b":1,"c":2}})", {.max_members = 2});
  CHECK(parse_json(R"({"a":{"b":1,"c":2}})", {.max_members = 3}));
}
