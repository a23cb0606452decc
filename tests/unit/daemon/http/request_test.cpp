#include "daemon/http/request.h"

#include <doctest/doctest.h>

#include "daemon/http/request_rules.h"

namespace damsync {
namespace {

using State = RequestReader::State;

const std::string kHost = "Host: 127.0.0.1:9187\r\n";

/// 0: not complete yet, 200: a request.
int status_of(const RequestReader& reader) {
  if (reader.state() == State::kMore) return 0;
  return reader.state() == State::kDone ? 200 : reader.refusal().status;
}

int read_at_once(const std::string& bytes) {
  RequestReader reader;
  reader.feed(bytes);
  return status_of(reader);
}

int read_bytewise(const std::string& bytes) {
  RequestReader reader;
  for (const char byte : bytes) reader.feed({&byte, 1});
  return status_of(reader);
}

std::string many_headers(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "X-" + std::to_string(i) + ": 1\r\n";
  return out;
}

}  // namespace

TEST_CASE("http request: what can be read is read the same in one piece and byte by byte") {
  const std::string bytes =
      "GET /api/v1/changes?since=a%20b&limit=5 HTTP/1.1\r\nHost:\t127.0.0.1:9187 \r\nX-Y: 1\r\n\r\n";
  RequestReader whole, pieces;
  whole.feed(bytes);
  for (const char byte : bytes) pieces.feed({&byte, 1});
  for (const auto* reader : {&whole, &pieces}) {
    REQUIRE(reader->state() == State::kDone);
    const WebRequest& request = reader->request();
    CHECK(request.method == "GET");
    CHECK(request.path == "/api/v1/changes");
    CHECK(request.query == "since=a%20b&limit=5");
    CHECK(request.host == "127.0.0.1:9187");
    CHECK(*request.header("x-y") == "1");
    CHECK(request.header("x-z") == nullptr);
    CHECK_FALSE(request.has_body);
  }
}

TEST_CASE("L2 L3 L4 http request: what is malformed, ambiguous or too long is refused as early as can be told") {
  struct Row {
    const char* what;
    std::string bytes;
    int status;
  };
  const std::string get = "GET / HTTP/1.1\r\n" + kHost;
  const std::vector<Row> rows = {
      {"plain", get + "\r\n", 200},
      {"HTTP/1.0 with a host", "GET / HTTP/1.0\r\n" + kHost + "\r\n", 200},
      {"absolute form", "GET http://127.0.0.1:9187/x HTTP/1.1\r\n" + kHost + "\r\n", 200},
      {"length zero", get + "Content-Length: 0\r\n\r\n", 200},
      {"method of others", "TRACE / HTTP/1.1\r\n" + kHost + "\r\n", 200},
      {"CONNECT", "CONNECT 127.0.0.1:80 HTTP/1.1\r\n" + kHost + "\r\n", 200},
      {"headers not ended", get, 0},
      {"longest address", "GET /" + std::string(8191, 'a') + " HTTP/1.1\r\n" + kHost + "\r\n", 200},
      {"hundred headers", get + many_headers(99) + "\r\n", 200},

      {"address too long", "GET /" + std::string(8192, 'a') + " HTTP/1.1\r\n", 414},
      {"L2 200 KB address", "GET /" + std::string(200'000, 'a'), 414},
      {"L5 query of 64 KB", "GET /healthz?" + std::string(65'536, 'q'), 414},
      {"L2 200 KB header", get + "X: " + std::string(200'000, 'a'), 431},
      {"many bytes in many headers", get + "A: " + std::string(9000, 'a') + "\r\nB: " + std::string(9000, 'b'), 431},
      {"many bytes in headers that end",
       get + "A: " + std::string(9000, 'a') + "\r\nB: " + std::string(9000, 'b') + "\r\n\r\n", 431},
      {"101 headers", get + many_headers(100) + "\r\n", 431},
      {"L2 1,000 headers", get + many_headers(1000) + "\r\n", 431},
      {"L2 HTTP/0.9", "GET /\r\n", 400},
      {"L2 binary", std::string("\x00\x01\xff\xfe", 4), 400},
      {"L2 TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n", 505},
      {"HTTP/9.9", "GET / HTTP/9.9\r\n", 505},
      {"version in words", "GET / HTTP/one\r\n", 400},
      {"version too long", "GET / HTTP/1.10\r\n", 400},
      {"small version", "GET / http/1.1\r\n", 400},
      {"bare LF", "GET / HTTP/1.1\n", 400},
      {"bare LF in a header", get + "X: y\n", 400},
      {"empty first line", "\r\n", 400},
      {"only blanks", "   \r\n", 400},
      {"method with a control byte", "G\tT / HTTP/1.1\r\n", 400},
      {"method too long", "GETGETGETGETGETGET", 400},
      {"two blanks", "GET  / HTTP/1.1\r\n", 400},
      {"blank in the address", "GET /a b HTTP/1.1\r\n", 400},
      {"no address", "GET HTTP/1.1\r\n", 400},
      {"address no path", "GET healthz HTTP/1.1\r\n", 400},
      {"asterisk", "GET * HTTP/1.1\r\n", 400},
      {"fragment", "GET /#a HTTP/1.1\r\n", 400},
      {"NUL in the address", std::string("GET /\0a HTTP/1.1\r\n", 18), 400},
      {"non-ASCII address", "GET /\xc3\xa4 HTTP/1.1\r\n", 400},
      {"absolute form without host", "GET http:///x HTTP/1.1\r\n", 400},
      {"header without a colon", get + "nonsense\r\n", 400},
      {"header without a name", get + ": x\r\n", 400},
      {"blank before the colon", get + "Content-Length : 0\r\n", 400},
      {"folded header", get + "X: a\r\n b\r\n", 400},
      {"control byte in a value", get + "X: a\x01\r\n", 400},
      {"CR in a value", get + "X: a\rb\r\n", 400},
      {"L3 CL and TE", get + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"L3 negative length", get + "Content-Length: -1\r\n\r\n", 400},
      {"length with a plus", get + "Content-Length: +5\r\n\r\n", 400},
      {"length in words", get + "Content-Length: abc\r\n\r\n", 400},
      {"length empty", get + "Content-Length:\r\n\r\n", 400},
      {"length beyond reason", get + "Content-Length: 18446744073709551617\r\n\r\n", 400},
      {"two lengths", get + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {"L4 no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"L4 no host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 400},
      {"L4 two hosts", get + kHost + "\r\n", 400},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(read_at_once(row.bytes) == row.status);
    CHECK(read_bytewise(row.bytes) == row.status);
  }
}

TEST_CASE("http request: a reader never keeps more than its limits, however much it is fed") {
  RequestReader reader;
  for (int i = 0; i < 100'000 && reader.state() == State::kMore; ++i) reader.feed("GGGGGGGGGG");
  CHECK(status_of(reader) == 400);
}

TEST_CASE("http request: bytes behind a complete request are dropped") {
  RequestReader reader;
  reader.feed("GET /a HTTP/1.1\r\n" + kHost + "\r\nGET /b HTTP/1.1\r\n");
  CHECK(reader.state() == State::kDone);
  CHECK(reader.request().path == "/a");
}

namespace {

/// The status that the rules answer with; 200: let pass.
int judged(const std::string& listen, const std::string& head, std::vector<std::string> names = {},
           const std::string& accepted_on = "") {
  RequestReader reader;
  reader.feed(head + "\r\n");
  REQUIRE(reader.state() == State::kDone);
  const auto address = *parse_listen_address(listen);
  const auto local = *parse_listen_address(accepted_on.empty() ? listen : accepted_on);
  const auto refusal = RequestRules(address, std::move(names)).refusal(reader.request(), local);
  return refusal ? refusal->status : 200;
}

std::string for_host(const std::string& host) { return "GET / HTTP/1.1\r\nHost: " + host + "\r\n"; }

}  // namespace

TEST_CASE("L4 http rules: only the names that are listened on are answered to") {
  struct Row {
    const char *listen, *host;
    int status;
  };
  for (const Row& row : {
           Row{"127.0.0.1:9187", "127.0.0.1:9187", 200},
           Row{"127.0.0.1:9187", "localhost:9187", 200},
           Row{"127.0.0.1:9187", "LOCALHOST:9187", 200},
           Row{"127.0.0.1:9187", "127.0.0.1", 200},
           Row{"[::1]:9187", "[::1]:9187", 200},
           Row{"[::1]:9187", "localhost", 200},
           Row{"192.0.2.1:9187", "192.0.2.1:9187", 200},
           Row{"127.0.0.1:9187", "evil.test", 421},
           Row{"127.0.0.1:9187", "evil.test:9187", 421},
           Row{"127.0.0.1:9187", "127.0.0.1:80", 421},
           Row{"127.0.0.1:9187", "127.0.0.2:9187", 421},
           Row{"127.0.0.1:9187", "127.0.0.1.evil.test:9187", 421},
           Row{"127.0.0.1:9187", "evil.test@127.0.0.1:9187", 421},
           Row{"127.0.0.1:9187", "localhost.:9187", 421},
           Row{"127.0.0.1:9187", "localhost:9187, evil.test", 421},
           Row{"127.0.0.1:9187", "[::1]:9187", 421},
           Row{"[::1]:9187", "::1", 421},
           Row{"[::1]:9187", "[::1", 421},
           Row{"127.0.0.1:9187", "", 421},
           Row{"127.0.0.1:9187", ":9187", 421},
           Row{"192.0.2.1:9187", "localhost:9187", 421},
       }) {
    CAPTURE(row.listen);
    CAPTURE(row.host);
    CHECK(judged(row.listen, for_host(row.host)) == row.status);
  }
  CHECK(judged("192.0.2.1:9187", for_host("dam.example.org:9187"), {"dam.example.org"}) == 200);
  CHECK(judged("0.0.0.0:9187", for_host("192.0.2.7:9187"), {}, "192.0.2.7:9187") == 200);
  CHECK(judged("0.0.0.0:9187", for_host("192.0.2.8:9187"), {}, "192.0.2.7:9187") == 421);
  CHECK(judged("127.0.0.1:9187", "GET http://evil.test/ HTTP/1.1\r\nHost: 127.0.0.1:9187\r\n") == 421);
}

TEST_CASE("L4 http rules: what a browser asks for on behalf of another site is refused") {
  const std::string ours = for_host("127.0.0.1:9187");
  for (const char* header : {"Origin: http://evil.test", "Origin: https://127.0.0.1:9187", "Origin: null",
                             "Origin: http://127.0.0.1:3000", "Sec-Fetch-Site: cross-site"})
    CHECK_MESSAGE(judged("127.0.0.1:9187", ours + header + "\r\n") == 403, header);
  for (const char* header : {"Origin: http://127.0.0.1:9187", "Origin: http://localhost:9187",
                             "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none"})
    CHECK_MESSAGE(judged("127.0.0.1:9187", ours + header + "\r\n") == 200, header);
}

TEST_CASE("L3 http rules: everything but GET and HEAD, and every body, is refused") {
  const std::string rest = " / HTTP/1.1\r\n" + kHost;
  for (const char* method : {"POST", "PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "PATCH", "get"})
    CHECK_MESSAGE(judged("127.0.0.1:9187", method + rest) == 405, method);
  CHECK(judged("127.0.0.1:9187", "HEAD" + rest) == 200);
  CHECK(judged("127.0.0.1:9187", "GET" + rest + "Content-Length: 1\r\n") == 413);
  CHECK(judged("127.0.0.1:9187", "GET" + rest + "Transfer-Encoding: chunked\r\n") == 413);
  CHECK(judged("127.0.0.1:9187", "POST" + rest + "Content-Length: 1\r\n") == 405);
}

TEST_CASE("http query: names and values are decoded, and what is ambiguous is refused") {
  const auto query = parse_query("since=a%2Bb&&limit=&wait");
  REQUIRE(query);
  REQUIRE(query->size() == 3);
  CHECK(query->at(0) == std::pair<std::string, std::string>("since", "a+b"));
  CHECK(query->at(1).second.empty());
  CHECK(query->at(2).first == "wait");
  CHECK(parse_query("")->empty());
  for (const char* broken : {"a=%", "a=%4", "a=%zz", "%=1", "a=1&a=2", "a=1&%61=2"})
    CHECK_MESSAGE(!parse_query(broken), broken);
}

}  // namespace damsync
