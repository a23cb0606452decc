#include "storage/base/json.h"

#include <doctest/doctest.h>

#include <limits>

namespace damsync {

TEST_CASE("json: numbers keep their text, so that no id is rounded") {
  const Json huge(Json::Number{"9007199254740993"});
  CHECK(write_json(huge) == "9007199254740993");
  CHECK(huge.as_int64() == 9007199254740993);
  CHECK(write_json(Json(std::numeric_limits<std::int64_t>::min())) == "-9223372036854775808");
  CHECK(write_json(Json(0.1)) == "0.1");
  CHECK(Json(std::numeric_limits<double>::quiet_NaN()).is_null());
}

TEST_CASE("J5 json: only an integer literal that fits 64 bits is an integer") {
  for (const char* text : {"1.0", "1e3", "9223372036854775808", "1000000000000000000000000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(Json(Json::Number{text}).as_int64().has_value());
  }
  CHECK(Json(Json::Number{"-1"}).as_int64() == -1);
  CHECK_FALSE(Json("1").as_int64().has_value());
  CHECK_FALSE(Json(Json::Number{"1e400"}).as_double().has_value());
}

TEST_CASE("json: equal values have equal canonical bytes, whatever the order of their members") {
  const Json a = Json::object({{"b", 1}, {"a", Json::array().push(true).push(nullptr)}});
  const Json b = Json::object({{"a", Json::array().push(true).push(nullptr)}, {"b", 1}});
  CHECK(write_json(a, JsonStyle::kCanonical) == write_json(b, JsonStyle::kCanonical));
  CHECK(write_json(a, JsonStyle::kCanonical) == R"({"a":[true,null],"b":1})");
  CHECK(write_json(a) == R"({"b":1,"a":[true,null]})");
}

TEST_CASE("json: control characters are escaped and everything else is written as it is") {
  CHECK(write_json(Json(std::string("a\0b\x1b\x7f\"\\\n\t/", 10))) == R"("a\u0000b\u001b\u007f\"\\\n\t/")");
  CHECK(write_json(Json("\xc3\xa4\xf0\x9f\x99\x82")) == "\"\xc3\xa4\xf0\x9f\x99\x82\"");
}

TEST_CASE("json: setting a member again replaces it and absent is not false") {
  Json json;
  json.set("a", 1).set("b", std::optional<bool>()).set("a", 2);
  CHECK(write_json(json) == R"({"a":2,"b":null})");
  CHECK(json.find("b")->if_bool() == nullptr);
  CHECK(json.find("c") == nullptr);
  CHECK(Json("text").find("a") == nullptr);
}

TEST_CASE("json: pretty text is canonical, indented, and ends in a newline") {
  const Json json = Json::object({{"b", Json::array()}, {"a", Json::array().push(1)}});
  CHECK(write_json(json, JsonStyle::kPretty) == "{\n  \"a\": [\n    1\n  ],\n  \"b\": []\n}\n");
}

}  // namespace damsync
