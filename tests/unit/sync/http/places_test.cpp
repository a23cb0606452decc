#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>

#include "sync/http/address_class.h"
#include "sync/http/connector.h"
#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string redirect_to(const std::string& location, int status = 302) {
  return fmt::format("HTTP/1.1 {} Elsewhere\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", status, location);
}

Lookup lookup_of(std::vector<std::string> addresses) {
  return [addresses](const std::string&) -> Result<std::vector<std::string>> { return addresses; };
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("R1 http: redirects end after five hops") {
  std::atomic<int> hop{0};
  RawServer chain([&](RawPeer& peer) {
    peer.read_request();
    const int n = ++hop;
    peer.send(n <= 5 ? redirect_to(fmt::format("/{}", n)) : kOk);
  });
  const auto five = transport_for(settings_for(chain.url()))->send(quick_get(chain.url()), nullptr, {});
  REQUIRE(five);
  CHECK(five->final_url.target() == "/5");

  RawServer loop(RawServer::answer(redirect_to("/again")));
  CHECK(is_error(transport_for(settings_for(loop.url()))->send(quick_get(loop.url()), nullptr, {}),
                 ErrorCode::kProtocol, Retry::kAfterBackoff));
  CHECK(loop.requests().size() == 6);
}

TEST_CASE("R3 R5 R9 http: redirects to what is no plain address of an allowed host are refused") {
  for (const std::string location :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "javascript:alert(1)", "data:text/plain,x", "", "#top",
        "http://user@127.0.0.1/", "http://127.0.0.1\\@evil.test/", "http://127%2e0.0.1/", "http://[::ffff:127.0.0.1]/",
        "http://0x7f.1/", "http://2130706433/", "http://127.1/", "/caf\xc3\xa9", "//evil.test/", "http://evil.test/"}) {
    CAPTURE(location);
    RawServer server(RawServer::answer(redirect_to(location)));
    CHECK(is_error(transport_for(settings_for(server.url()))->send(quick_get(server.url()), nullptr, {}),
                   ErrorCode::kRefusedByPolicy, Retry::kNever));
    CHECK(server.requests().size() == 1);
  }
  const auto twice = ask("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
  CHECK(is_error(twice, ErrorCode::kProtocol, Retry::kAfterBackoff));
  CHECK(is_error(ask("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"), ErrorCode::kProtocol, Retry::kAfterBackoff));
  CHECK_FALSE(ask(redirect_to("/" + std::string(64 << 10, 'x'))));
}

TEST_CASE("R4 http: hosts are matched by whole labels and credentials stay with their origin") {
  RawServer files(RawServer::answer(kOk));
  RawServer api(RawServer::answer(redirect_to(files.url("/file?sig=1"))));
  HttpRequest request = quick_get(api.url("/v2"));
  request.headers.add("X-Harmless", "1");
  request.credentials.add("Authorization", "Bearer secret");
  request.credentials.add("Api-Key", "secret");

  const auto answer = transport_for(settings_for(api.url()))->send(request, nullptr, {});

  REQUIRE(answer);
  CHECK(contains(api.requests().front(), "Authorization: Bearer secret\r\n"));
  CHECK(contains(files.requests().front(), "GET /file?sig=1 HTTP/1.1\r\n"));
  CHECK(contains(files.requests().front(), "X-Harmless: 1\r\n"));
  CHECK_FALSE(contains(files.requests().front(), "secret"));

  TransportSettings settings = settings_for("https://api.gettyimages.com");
  settings.allowed_hosts = {"gettyimages.com"};
  const auto transport = transport_for(settings, lookup_of({"127.0.0.1"}));
  for (const char* host : {"evil-gettyimages.com", "gettyimages.com.evil.test", "gettyimages.co"}) {
    const auto refused = transport->send(quick_get(fmt::format("https://{}/", host)), nullptr, {});
    REQUIRE(is_error(refused, ErrorCode::kRefusedByPolicy, Retry::kNever));
    CHECK(contains(refused.error().message, "not listed"));
  }
}

TEST_CASE("R4 http: credentials for a host they do not belong to are an error, not a leak") {
  RawServer api(RawServer::answer(kOk));
  RawServer other(RawServer::answer(kOk));
  HttpRequest request = quick_get(other.url());
  request.credentials.add("Authorization", "Bearer secret");
  CHECK(is_error(transport_for(settings_for(api.url()))->send(request, nullptr, {}), ErrorCode::kRefusedByPolicy,
                 Retry::kNever));
  CHECK(other.connections() == 0);

  TransportSettings settings = settings_for(api.url());
  settings.credential_origins = {other.url("")};
  CHECK(transport_for(settings)->send(request, nullptr, {}));
}

TEST_CASE("R6 http: addresses are classified by where they lead") {
  struct Row {
    const char* address;
    AddressClass what;
  };
  for (const auto& row : {
           Row{"127.0.0.1", AddressClass::kLoopback},
           Row{"127.255.0.1", AddressClass::kLoopback},
           Row{"::1", AddressClass::kLoopback},
           Row{"::ffff:127.0.0.1", AddressClass::kLoopback},
           Row{"10.0.0.1", AddressClass::kPrivate},
           Row{"::ffff:10.0.0.1", AddressClass::kPrivate},
           Row{"64:ff9b::a00:1", AddressClass::kPrivate},
           Row{"2002:a00:1::", AddressClass::kPrivate},
           Row{"172.16.0.1", AddressClass::kPrivate},
           Row{"172.31.255.255", AddressClass::kPrivate},
           Row{"172.32.0.1", AddressClass::kPublic},
           Row{"192.168.1.1", AddressClass::kPrivate},
           Row{"100.64.0.1", AddressClass::kPrivate},
           Row{"100.128.0.1", AddressClass::kPublic},
           Row{"198.18.0.1", AddressClass::kPrivate},
           Row{"fd00::1", AddressClass::kPrivate},
           Row{"169.254.169.254", AddressClass::kForbidden},
           Row{"fe80::1", AddressClass::kForbidden},
           Row{"::ffff:169.254.169.254", AddressClass::kForbidden},
           Row{"64:ff9b::a9fe:a9fe", AddressClass::kForbidden},
           Row{"0.0.0.0", AddressClass::kForbidden},
           Row{"::", AddressClass::kForbidden},
           Row{"224.0.0.1", AddressClass::kForbidden},
           Row{"255.255.255.255", AddressClass::kForbidden},
           Row{"ff02::1", AddressClass::kForbidden},
           Row{"8.8.8.8", AddressClass::kPublic},
           Row{"2606:4700::1111", AddressClass::kPublic},
           Row{"rubbish", AddressClass::kForbidden},
       }) {
    CAPTURE(row.address);
    CHECK(classify_address(row.address) == row.what);
  }
}

TEST_CASE("R6 R7 http: a listed host that leads to a local address is refused when connecting") {
  RawServer victim(RawServer::answer(kOk));
  TransportSettings settings = settings_for("https://api.example.test");
  settings.allowed_hosts = {"files.example.test"};
  const std::string url = fmt::format("https://files.example.test:{}/", victim.port());
  for (const char* address : {"127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "fd00::1", "::ffff:127.0.0.1",
                              "64:ff9b::a00:1", "0.0.0.0", "::1"}) {
    CAPTURE(address);
    const auto lookup = [&](const std::string& host) -> Result<std::vector<std::string>> {
      return std::vector<std::string>{host == "api.example.test" ? "93.184.216.34" : address};
    };
    CHECK(is_error(transport_for(settings, lookup)->send(quick_get(url), nullptr, {}), ErrorCode::kRefusedByPolicy,
                   Retry::kNever));
  }
  CHECK(victim.connections() == 0);
}

TEST_CASE("R6 http: link-local is refused even for the base URL itself and plain http leads to loopback only") {
  CHECK(is_error(
      transport_for(settings_for("https://169.254.169.254"))->send(quick_get("https://169.254.169.254/"), nullptr, {}),
      ErrorCode::kRefusedByPolicy, Retry::kNever));
  CHECK(is_error(transport_for(settings_for("http://api.example.test"), lookup_of({"10.0.0.1"}))
                     ->send(quick_get("http://api.example.test/"), nullptr, {}),
                 ErrorCode::kRefusedByPolicy, Retry::kNever));
}

TEST_CASE("R8 http: a body is sent again to the same origin only") {
  RawServer files(RawServer::answer(kOk));
  for (const int status : {301, 302, 307, 308}) {
    CAPTURE(status);
    RawServer api(RawServer::answer(redirect_to(files.url(), status)));
    HttpRequest request = spending_post(api.url());
    request.effect = Effect::kSafe;
    CHECK(is_error(transport_for(settings_for(api.url()))->send(request, nullptr, {}), ErrorCode::kRefusedByPolicy,
                   Retry::kNever));
  }
  CHECK(files.connections() == 0);

  RawServer api(RawServer::answer(redirect_to(files.url(), 303)));
  HttpRequest request = spending_post(api.url());
  request.effect = Effect::kSafe;
  REQUIRE(transport_for(settings_for(api.url()))->send(request, nullptr, {}));
  CHECK(files.requests().front().starts_with("GET "));
  CHECK_FALSE(contains(files.requests().front(), "images"));
}

TEST_CASE("R10 http: cookies are never sent back") {
  RawServer server([](RawPeer& peer) {
    while (!peer.read_request().empty()) peer.send("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok");
  });
  const auto transport = transport_for(settings_for(server.url()));
  CHECK(transport->send(quick_get(server.url()), nullptr, {}));
  CHECK(transport->send(quick_get(server.url()), nullptr, {}));
  CHECK_FALSE(contains(server.requests().back(), "Cookie"));
}

TEST_CASE("http: control characters in what we send are refused before anything is sent") {
  RawServer server(RawServer::answer(kOk));
  const auto transport = transport_for(settings_for(server.url()));
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"X", "a\r\nEvil: 1"}, {"X\r\nEvil", "1"}, {"X", std::string("a\0b", 3)}, {"", "x"}, {"a b", "x"}}) {
    HttpRequest request = quick_get(server.url());
    request.headers.add(name, value);
    CHECK_FALSE(transport->send(request, nullptr, {}));
    HttpRequest secret = quick_get(server.url());
    secret.credentials.add(name, value);
    CHECK_FALSE(transport->send(secret, nullptr, {}));
  }
  CHECK(server.connections() == 0);
}

TEST_CASE("http: proxies serve https to other machines, exceptions excepted") {
  ::setenv("https_proxy", "http://me:p%40ss@proxy.example.test:3128", 1);
  ::setenv("no_proxy", "localhost, .internal.test,*.corp.test,exact.test:8443", 1);
  const auto proxy = ProxySettings::from_environment();
  ::unsetenv("https_proxy");
  ::unsetenv("no_proxy");
  REQUIRE(proxy);
  CHECK(proxy->host == "proxy.example.test");
  CHECK(proxy->port == 3128);
  CHECK(proxy->authorization == "Basic bWU6cEBzcw==");
  const auto applies = [&](const char* url) { return proxy->applies_to(Url::parse(url).value()); };
  CHECK(applies("https://api.example.test/"));
  CHECK(applies("https://exact.test/"));
  CHECK_FALSE(applies("https://exact.test:8443/"));
  CHECK_FALSE(applies("https://a.internal.test/"));
  CHECK_FALSE(applies("https://b.corp.test/"));
  CHECK_FALSE(applies("https://127.0.0.1/"));
  CHECK_FALSE(applies("https://[::1]/"));
  CHECK_FALSE(applies("http://api.example.test/"));
}

TEST_CASE("http: a call through a proxy asks for a tunnel and reads the refusal") {
  RawServer proxy(RawServer::answer("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
  ::setenv("https_proxy", proxy.url().c_str(), 1);
  const auto transport = transport_for(settings_for("https://api.example.test"));
  ::unsetenv("https_proxy");
  const auto answer = transport->send(quick_get("https://api.example.test/secret?x=1"), nullptr, {});
  CHECK(is_error(answer, ErrorCode::kUnavailable, Retry::kAfterBackoff));
  REQUIRE(proxy.requests().size() == 1);
  CHECK(proxy.requests().front().starts_with("CONNECT api.example.test:443 HTTP/1.1\r\n"));
  CHECK_FALSE(contains(proxy.requests().front(), "secret"));
}
