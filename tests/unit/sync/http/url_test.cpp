#include "sync/http/url.h"

#include <doctest/doctest.h>

#include <tuple>
#include <vector>

using namespace damsync;

TEST_CASE("url: an absolute http or https URL is taken apart") {
  struct Row {
    std::string text, origin, target, display;
  };
  for (const auto& row : std::vector<Row>{
           {"https://API.Example.test/v2?x=1#top", "https://api.example.test:443", "/v2?x=1",
            "https://api.example.test/v2"},
           {"http://127.0.0.1:8080", "http://127.0.0.1:8080", "/", "http://127.0.0.1:8080/"},
           {"https://example.test.?q=/a", "https://example.test:443", "/?q=/a", "https://example.test/"},
           {"https://[0:0::1]:8443/a", "https://[::1]:8443", "/a", "https://[::1]:8443/a"},
           {"HTTPS://a_b.example.test:443/%2e", "https://a_b.example.test:443", "/%2e", "https://a_b.example.test/%2e"},
       }) {
    CAPTURE(row.text);
    const auto url = Url::parse(row.text);
    REQUIRE(url);
    CHECK(url->origin() == row.origin);
    CHECK(url->target() == row.target);
    CHECK(url->display() == row.display);
  }
  CHECK(Url::parse("https://a.test:1/b?c=d").value().text() == "https://a.test:1/b?c=d");
}

TEST_CASE("R3 R4 R5 R9 url: what two parsers could read differently is refused") {
  for (const std::string& text : std::vector<std::string>{"",
                                                          "/path",
                                                          "//host/",
                                                          "example.test",
                                                          "https:",
                                                          "https:/a",
                                                          "https:///a",
                                                          "https://",
                                                          "https://:443/",
                                                          "ftp://example.test/",
                                                          "file:///etc/passwd",
                                                          "javascript:alert(1)",
                                                          "data:text/plain,x",
                                                          "https://user@example.test/",
                                                          "https://user:pw@example.test/",
                                                          "https://api.test@evil.test/",
                                                          "https://evil.test\\@api.test/",
                                                          "https://a.test/\\x",
                                                          "https://a%2fb.test/",
                                                          "https://%61.test/",
                                                          "https://0x7f.1/",
                                                          "https://0x7f000001/",
                                                          "https://2130706433/",
                                                          "https://127.1/",
                                                          "https://0177.0.0.1/",
                                                          "https://127.0.0.01/",
                                                          "https://1.2.3.4.5/",
                                                          "https://256.1.1.1/",
                                                          "https://[::ffff:127.0.0.1]/",
                                                          "https://[::127.0.0.1]/",
                                                          "https://[fe80::1%25eth0]/",
                                                          "https://[::1/",
                                                          "https://[]/",
                                                          "https://a..test/",
                                                          "https://-a.test/",
                                                          "https://a-.test/",
                                                          "https://a.test..",
                                                          "https://a,b.test/",
                                                          "https://a.test:0/",
                                                          "https://a.test:65536/",
                                                          "https://a.test:80x/",
                                                          "https://a.test:-1/",
                                                          "https://a.test:000080/",
                                                          "https://a.test/ b",
                                                          "https://a.test/\n",
                                                          std::string("https://a.test/\0", 16),
                                                          "https://a.test/\x7f",
                                                          "https://a.test/caf\xc3\xa9",
                                                          "https://ex\xc3\xa4mple.test/",
                                                          "https://a.test/" + std::string(9000, 'x'),
                                                          "https://" + std::string(64, 'a') + ".test/"}) {
    CAPTURE(text);
    const auto url = Url::parse(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == ErrorCode::kRefusedByPolicy);
  }
}

TEST_CASE("R3 url: references are resolved as RFC 3986 says and checked again") {
  const Url base = Url::parse("https://a.test:8443/b/c/d?q").value();
  for (const auto& [reference, expected] :
       std::vector<std::pair<std::string, std::string>>{{"g", "https://a.test:8443/b/c/g"},
                                                        {"./g", "https://a.test:8443/b/c/g"},
                                                        {"g/", "https://a.test:8443/b/c/g/"},
                                                        {"/g", "https://a.test:8443/g"},
                                                        {"//g.test", "https://g.test/"},
                                                        {"?y", "https://a.test:8443/b/c/d?y"},
                                                        {"g?y#s", "https://a.test:8443/b/c/g?y"},
                                                        {".", "https://a.test:8443/b/c/"},
                                                        {"..", "https://a.test:8443/b/"},
                                                        {"../g", "https://a.test:8443/b/g"},
                                                        {"../../../g", "https://a.test:8443/g"},
                                                        {"/./a/../g", "https://a.test:8443/g"},
                                                        {"http://o.test/x", "http://o.test/x"}}) {
    CAPTURE(reference);
    const auto resolved = base.resolve(reference);
    REQUIRE(resolved);
    CHECK(resolved->text() == expected);
  }
  for (const char* reference : {"", "#x", "//u@h.test/", "mailto:x", "/a b", "g\\h", "/\xc3\xa9", "//2130706433/"}) {
    CAPTURE(reference);
    CHECK_FALSE(base.resolve(reference));
  }
}

TEST_CASE("url: a target is appended to the base's path and replaces its query") {
  CHECK(Url::parse("https://a.test").value().with_target("/v2?x").text() == "https://a.test/v2?x");
  CHECK(Url::parse("https://a.test/base/?old").value().with_target("/v2").text() == "https://a.test/base/v2");
  CHECK(Url::parse("https://a.test/base").value().with_target("v2").text() == "https://a.test/base/v2");
}

TEST_CASE("url: a query is percent-encoded in order") {
  CHECK(make_query({{"id", "1"}, {"id", "a b&c=d/\xc3\xa9"}}) == "id=1&id=a%20b%26c%3Dd%2F%C3%A9");
  CHECK(make_query({}).empty());
}
