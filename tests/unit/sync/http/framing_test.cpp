#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;

namespace {

struct Row {
  std::string name;
  std::string answer;
};

const std::string kOk = "HTTP/1.1 200 OK\r\n";

void check_refused(const std::vector<Row>& rows, ErrorCode code) {
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto answer = ask(row.answer);
    REQUIRE_FALSE(answer);
    CHECK(to_word(answer.error().code) == std::string(to_word(code)));
    CHECK(answer.error().retry == Retry::kAfterBackoff);
  }
}

}  // namespace

TEST_CASE("T9 http: a body shorter than its Content-Length is never an answer") {
  check_refused({{"nothing", kOk + "Content-Length: 5\r\n\r\n"}, {"one short", kOk + "Content-Length: 5\r\n\r\nabcd"}},
                ErrorCode::kUnavailable);
}

TEST_CASE("T10 http: bytes beyond Content-Length are not part of the body and end the connection") {
  int n = 0;
  RawServer server([&](RawPeer& peer) {
    ++n;
    peer.read_request();
    peer.send(kOk + "Content-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    if (n == 1) peer.hold();
  });
  const auto transport = transport_for(settings_for(server.url()));

  const auto first = transport->send(quick_get(server.url()), nullptr, {});
  const auto second = transport->send(quick_get(server.url()), nullptr, {});

  REQUIRE(first);
  CHECK(first->body == "abc");
  REQUIRE(second);
  CHECK(second->body == "abc");
  CHECK(server.connections() == 2);
}

TEST_CASE("T11 T12 T13 http: a length that could be read two ways is refused") {
  const auto with = [](const std::string& fields) { return kOk + fields + "\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"; };
  check_refused({{"two lengths", with("Content-Length: 5\r\nContent-Length: 6")},
                 {"the same twice", with("Content-Length: 5\r\nContent-Length: 5")},
                 {"negative", with("Content-Length: -5")},
                 {"word", with("Content-Length: abc")},
                 {"exponent", with("Content-Length: 1e3")},
                 {"20 digits", with("Content-Length: 99999999999999999999")},
                 {"plus", with("Content-Length: +5")},
                 {"list", with("Content-Length: 5,5")},
                 {"empty", with("Content-Length: ")},
                 {"both", with("Content-Length: 5\r\nTransfer-Encoding: chunked")},
                 {"two codings", with("Transfer-Encoding: gzip, chunked")},
                 {"coding twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
                 {"unknown coding", with("Transfer-Encoding: identity")}},
                ErrorCode::kProtocol);
}

TEST_CASE("T14 http: a chunked body without its last chunk is never complete") {
  const std::string head = kOk + "Transfer-Encoding: chunked\r\n\r\n";
  check_refused({{"no final chunk", head + "5\r\nabcde\r\n"},
                 {"cut chunk", head + "5\r\nabc"},
                 {"cut before the last line", head + "5\r\nabcde\r\n0\r\n"},
                 {"FFFFFFFF", head + "FFFFFFFF\r\nabc"}},
                ErrorCode::kUnavailable);
  check_refused({{"ZZZ", head + "ZZZ\r\nabc\r\n0\r\n\r\n"},
                 {"nine digits", head + "000000005\r\nabcde\r\n0\r\n\r\n"},
                 {"empty size", head + "\r\nabcde\r\n0\r\n\r\n"},
                 {"negative", head + "-5\r\nabcde\r\n0\r\n\r\n"},
                 {"0x", head + "0x5\r\nabcde\r\n0\r\n\r\n"},
                 {"bare LF", head + "5\nabcde\r\n0\r\n\r\n"},
                 {"longer than its size", head + "3\r\nabcde\r\n0\r\n\r\n"}},
                ErrorCode::kProtocol);
}

TEST_CASE("T14 http: a well-formed chunked body arrives whole however it is cut into packets") {
  const std::string answer =
      kOk + "Transfer-Encoding: Chunked\r\n\r\n5;ext=1\r\nabcde\r\n0A\r\n0123456789\r\n0\r\nX-Late: 1\r\n\r\n";
  RawServer server([&](RawPeer& peer) {
    peer.read_request();
    peer.drip(answer, Millis(0));
  });
  const auto got = transport_for(settings_for(server.url()))->send(quick_get(server.url()), nullptr, {});
  REQUIRE(got);
  CHECK(got->body == "abcde0123456789");
}

TEST_CASE("T15 http: chunked trailers are capped") {
  std::string trailers;
  for (int i = 0; i < 2000; ++i) trailers += fmt::format("X-{}: {}\r\n", i, std::string(100, 'x'));
  check_refused(
      {{"trailers", kOk + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + trailers + "\r\n"},
       {"extension", kOk + "Transfer-Encoding: chunked\r\n\r\n5;" + std::string(2000, 'x') + "\r\nabcde\r\n"}},
      ErrorCode::kProtocol);
}

TEST_CASE("T16 http: a body that ends with the connection is delivered and marked as not delimited") {
  class Sink final : public BodySink {
   public:
    Status begin(const HttpHead& head) override {
      delimited = head.delimited;
      return {};
    }
    Status write(std::span<const char> bytes) override {
      body.append(bytes.data(), bytes.size());
      return {};
    }
    bool delimited = true;
    std::string body;
  };
  RawServer server(RawServer::answer("HTTP/1.0 200 OK\r\n\r\nhello"));
  Sink sink;
  const auto answer = transport_for(settings_for(server.url()))->send(quick_get(server.url()), &sink, {});
  REQUIRE(answer);
  CHECK(answer->body.empty());
  CHECK(sink.body == "hello");
  CHECK_FALSE(sink.delimited);
}

TEST_CASE("T17 http: a body beyond the limit is not read") {
  const std::string megabytes(3 << 20, 'x');
  std::string chunked;
  for (int i = 0; i < 4; ++i) chunked += fmt::format("{:x}\r\n{}\r\n", 1 << 20, std::string(1 << 20, 'x'));
  for (const auto& row : {Row{"declared", kOk + "Content-Length: 104857600\r\n\r\n"},
                          Row{"chunked", kOk + "Transfer-Encoding: chunked\r\n\r\n" + chunked},
                          Row{"undeclared", kOk + "\r\n" + megabytes}}) {
    CAPTURE(row.name);
    RawServer server(RawServer::answer(row.answer));
    HttpRequest request = quick_get(server.url());
    request.max_body_bytes = 2 << 20;
    CHECK(is_error(transport_for(settings_for(server.url()))->send(request, nullptr, {}), ErrorCode::kProtocol,
                   Retry::kAfterBackoff));
  }
}

TEST_CASE("T18 http: a coded body is refused, for none was asked for") {
  check_refused(
      {{"gzip", kOk + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"},
       {"deflate", kOk + "Content-Encoding: deflate\r\nContent-Length: 3\r\n\r\nabc"},
       {"double", kOk + "Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n\r\nabc"},
       {"hidden", kOk + "Content-Encoding: identity\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"}},
      ErrorCode::kProtocol);
  CHECK(ask(kOk + "Content-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc"));
}

TEST_CASE("T19 http: heads are capped in size and number of fields") {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "a: b\r\n";
  check_refused({{"5,000 fields", kOk + many + "\r\n"},
                 {"201 fields", kOk + many.substr(0, 201 * 6) + "\r\n"},
                 {"100 KB field", kOk + "X: " + std::string(100'000, 'x') + "\r\n\r\n"},
                 {"100 KB reason", "HTTP/1.1 200 " + std::string(100'000, 'x') + "\r\n\r\n"},
                 {"endless", kOk + "X: " + std::string(300'000, 'x')}},
                ErrorCode::kProtocol);
  CHECK(ask(kOk + many.substr(0, 199 * 6) + "Content-Length: 0\r\n\r\n"));
}

TEST_CASE("T20 http: control characters in headers are refused and encoded words are left alone") {
  const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
  check_refused({{"NUL", kOk + std::string("X: a\0b", 6) + rest},
                 {"ESC", kOk + "X: a\x1b[0m" + rest},
                 {"bare CR", kOk + "X: a\rb" + rest},
                 {"bare LF", kOk + "X: a\nY: b" + rest},
                 {"DEL", kOk + "X: a\x7f" + rest},
                 {"folded", kOk + "X: a\r\n b" + rest},
                 {"blank before the colon", kOk + "X : a" + rest},
                 {"no colon", kOk + "X" + rest},
                 {"no name", kOk + ": a" + rest}},
                ErrorCode::kProtocol);
  const auto answer = ask(kOk + "X: =?utf-8?Q?a=0D=0Ab?=" + rest);
  REQUIRE(answer);
  CHECK(*answer->headers.find("x") == "=?utf-8?Q?a=0D=0Ab?=");
}

TEST_CASE("T21 http: only HTTP/1 status lines with a real status are answers") {
  const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
  check_refused({{"99999999999", "HTTP/1.1 99999999999 OK" + rest},
                 {"099", "HTTP/1.1 099 OK" + rest},
                 {"600", "HTTP/1.1 600 OK" + rest},
                 {"HTTP/9.9", "HTTP/9.9 200 OK" + rest},
                 {"HTTP/2", "HTTP/2 200 OK" + rest},
                 {"HTTP/0.9", "<html>hello</html>"},
                 {"ICY", "ICY 200 OK" + rest},
                 {"two blanks", "HTTP/1.1  200 OK" + rest},
                 {"no status", "HTTP/1.1 OK" + rest}},
                ErrorCode::kProtocol);
  CHECK(ask("HTTP/1.1 200" + rest));
}

TEST_CASE("T22 http: a few interim answers are passed over, a flood is not") {
  const auto flood = [](int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += "HTTP/1.1 100 Continue\r\n\r\n";
    return out + kOk + "Content-Length: 2\r\n\r\nok";
  };
  const auto few = ask(flood(10));
  REQUIRE(few);
  CHECK(few->body == "ok");
  check_refused({{"2,000", flood(2000)}, {"11", flood(11)}, {"101", "HTTP/1.1 101 Switching Protocols\r\n\r\n"}},
                ErrorCode::kProtocol);
}

TEST_CASE("T23 http: statuses that answer another question are refused") {
  check_refused({{"204", "HTTP/1.1 204 No Content\r\n\r\n"},
                 {"304", "HTTP/1.1 304 Not Modified\r\n\r\n"},
                 {"206", "HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n\r\na"}},
                ErrorCode::kProtocol);

  RawServer server(RawServer::answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n"));
  HttpRequest conditional = quick_get(server.url());
  conditional.headers.add("If-None-Match", "\"v1\"");
  const auto answer = transport_for(settings_for(server.url()))->send(conditional, nullptr, {});
  REQUIRE(answer);
  CHECK(answer->status == 304);
}

TEST_CASE("T25 T26 http: a page of HTML and an empty body are answers to be judged above") {
  const auto html = ask(kOk + "Content-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>");
  REQUIRE(html);
  CHECK(html->body == "<html>");
  const auto empty = ask(kOk + "Content-Length: 0\r\n\r\n");
  REQUIRE(empty);
  CHECK(empty->body.empty());
}
