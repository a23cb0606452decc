#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <fstream>

#include "tests/support/temp_dir.h"
#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;

namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A client that trusts one test authority.
struct TlsBench {
  TempDir dir;
  TestAuthority authority;
  std::string ca_file = dir / "ca.pem";

  TlsBench() { std::ofstream(ca_file) << authority.certificate(); }

  [[nodiscard]] std::unique_ptr<HttpTransport> client(const std::string& url) const {
    TransportSettings settings = settings_for(url);
    settings.ca_file = ca_file;
    return transport_for(settings);
  }
  [[nodiscard]] Result<HttpResponse> get(const std::string& url) const {
    return client(url)->send(quick_get(url), nullptr, {});
  }
};

}  // namespace

TEST_CASE_FIXTURE(TlsBench, "http: a certificate of the configured authority for the host is accepted") {
  RawServer server(RawServer::answer(kOk), RawTls{authority.issue({})});
  CHECK(get(server.url()));
  CHECK(get("https://localhost:" + std::to_string(server.port()) + "/"));
}

TEST_CASE_FIXTURE(TlsBench,
                  "T3 T4 http: a certificate that does not prove the host ends the call, and no request is sent") {
  using std::chrono::hours;
  struct Row {
    std::string reason;
    TestIdentity identity;
  };
  const std::vector<Row> rows{
      {"self-signed", TestAuthority::self_signed({})},
      {"expired", authority.issue({.valid_from = hours(-48), .valid_until = hours(-24)})},
      {"not yet valid", authority.issue({.valid_from = hours(24), .valid_until = hours(48)})},
      {"another host", authority.issue({.alternative_names = "DNS:evil.example.test"})},
      {"another host", authority.issue({.alternative_names = "IP:127.0.0.2"})},
      {"another host", authority.issue({.alternative_names = ""})},
      {"certificate signature failure", TestAuthority().issue({})},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reason);
    RawServer server(RawServer::answer(kOk), RawTls{row.identity});
    const auto answer = get(server.url());
    REQUIRE(is_error(answer, ErrorCode::kUnavailable, Retry::kNever));
    CHECK(answer.error().message.find("127.0.0.1") != std::string::npos);
    CHECK(answer.error().message.find(row.reason) != std::string::npos);
    CHECK(server.requests().empty());
  }
}

TEST_CASE_FIXTURE(TlsBench, "T3 http: a server without a certificate is refused") {
  RawServer plain([](RawPeer& peer) { peer.send("HTTP/1.1 400 no\r\n\r\n"); });
  const std::string url = "https://127.0.0.1:" + std::to_string(plain.port()) + "/";
  CHECK(is_error(get(url), ErrorCode::kUnavailable, Retry::kAfterBackoff));
}

TEST_CASE_FIXTURE(TlsBench, "T5 http: TLS 1.1 and older is refused") {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    RawServer server(RawServer::answer(kOk), RawTls{authority.issue({}), version});
    CHECK_FALSE(get(server.url()));
    CHECK(server.requests().empty());
  }
  RawServer server(RawServer::answer(kOk), RawTls{authority.issue({}), TLS1_2_VERSION});
  CHECK(get(server.url()));
}

TEST_CASE_FIXTURE(TlsBench, "T6 http: a TLS connection cut without its goodbye is a cut body") {
  const auto cut_after = [](const std::string& bytes) {
    return [bytes](RawPeer& peer) {
      peer.read_request();
      peer.send(bytes);
      peer.cut();
    };
  };
  for (const std::string& bytes : {std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
                                   std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
                                   std::string("HTTP/1.0 200 OK\r\n\r\nabc")}) {
    CAPTURE(bytes);
    RawServer server(cut_after(bytes), RawTls{authority.issue({})});
    CHECK(is_error(get(server.url()), ErrorCode::kUnavailable, Retry::kAfterBackoff));
  }
}

TEST_CASE_FIXTURE(TlsBench, "http: an unreadable CA file is a mistake in the settings") {
  TransportSettings settings = settings_for("https://127.0.0.1:1");
  settings.ca_file = dir / "absent.pem";
  const auto transport = make_poco_transport(settings);
  REQUIRE_FALSE(transport);
  CHECK(transport.error().code == ErrorCode::kSettings);
}

TEST_CASE_FIXTURE(TlsBench, "http: TLS connections are kept and used again") {
  RawServer server(
      [](RawPeer& peer) {
        while (!peer.read_request().empty()) peer.send(kOk);
      },
      RawTls{authority.issue({})});
  const auto transport = client(server.url());
  for (int i = 0; i < 5; ++i) CHECK(transport->send(quick_get(server.url()), nullptr, {}));
  CHECK(server.connections() == 1);
}

TEST_CASE_FIXTURE(TlsBench, "R2 http: a redirect from https to http is refused") {
  RawServer plain(RawServer::answer(kOk));
  RawServer server(
      RawServer::answer("HTTP/1.1 302 Found\r\nLocation: " + plain.url() + "\r\nContent-Length: 0\r\n\r\n"),
      RawTls{authority.issue({})});
  CHECK(is_error(get(server.url()), ErrorCode::kRefusedByPolicy, Retry::kNever));
  CHECK(plain.connections() == 0);
}
