#include <doctest/doctest.h>

#include <fmt/format.h>

#include "tests/support/fake_transport.h"
#include "tests/unit/sync/http/http_bench.h"

using namespace damsync;

namespace {

struct Scripted {
  int status;
  std::string body;
};

/// What every transport promises, whatever it is made of.
class TransportBench {
 public:
  virtual ~TransportBench() = default;
  virtual HttpTransport& serve(const Scripted& answer) = 0;
  /// A server that takes the request and leaves.
  virtual HttpTransport& serve_silence() = 0;
  [[nodiscard]] virtual std::string url() const = 0;
};

class SocketBench final : public TransportBench {
 public:
  HttpTransport& serve(const Scripted& answer) override {
    return start(RawServer::answer(
        fmt::format("HTTP/1.1 {} x\r\nContent-Length: {}\r\n\r\n{}", answer.status, answer.body.size(), answer.body)));
  }
  HttpTransport& serve_silence() override {
    return start([](RawPeer& peer) { peer.read_request(); });
  }
  [[nodiscard]] std::string url() const override { return server_->url("/v2?x=1"); }

 private:
  HttpTransport& start(RawServer::Play play) {
    transport_.reset();
    server_ = std::make_unique<RawServer>(std::move(play));
    transport_ = transport_for(settings_for(server_->url()));
    return *transport_;
  }
  std::unique_ptr<RawServer> server_;
  std::unique_ptr<HttpTransport> transport_;
};

class FakeBench final : public TransportBench {
 public:
  HttpTransport& serve(const Scripted& answer) override {
    transport_.push(answer.status, answer.body);
    return transport_;
  }
  HttpTransport& serve_silence() override {
    transport_.push([](const HttpRequest& request) -> Result<HttpResponse> {
      if (request.effect == Effect::kSpends) return make_error(ErrorCode::kUnknownOutcome, "silence");
      return retryable(ErrorCode::kUnavailable, "silence");
    });
    return transport_;
  }
  [[nodiscard]] std::string url() const override { return "http://127.0.0.1/v2?x=1"; }

 private:
  FakeTransport transport_;
};

class RecordingSink final : public BodySink {
 public:
  Status begin(const HttpHead& head) override {
    begun.push_back(head);
    return refusal;
  }
  Status write(std::span<const char> bytes) override {
    body.append(bytes.data(), bytes.size());
    return full;
  }
  std::vector<HttpHead> begun;
  std::string body;
  Status refusal;
  Status full;
};

}  // namespace

TEST_CASE_TEMPLATE("transport: every implementation keeps the contract", Bench, SocketBench, FakeBench) {
  Bench bench;
  RecordingSink sink;

  SUBCASE("any status is a complete answer, with its body and where it came from") {
    for (const int status : {200, 400, 401, 404, 429, 500, 503}) {
      HttpTransport& transport = bench.serve({status, "text"});
      const auto answer = transport.send(quick_get(bench.url()), nullptr, {});
      REQUIRE(answer);
      CHECK(answer->status == status);
      CHECK(answer->body == "text");
      CHECK(answer->final_url.text() == bench.url());
    }
  }
  SUBCASE("a sink gets the body of a 200, once begun, and the answer holds none") {
    HttpTransport& transport = bench.serve({200, "bytes"});
    const auto answer = transport.send(quick_get(bench.url()), &sink, {});
    REQUIRE(answer);
    CHECK(answer->body.empty());
    CHECK(sink.body == "bytes");
    REQUIRE(sink.begun.size() == 1);
    CHECK(sink.begun.front().status == 200);
    CHECK(sink.begun.front().content_length == 5);
    CHECK(sink.begun.front().delimited);
  }
  SUBCASE("a sink never sees the body of a refusal") {
    HttpTransport& transport = bench.serve({404, "gone"});
    const auto answer = transport.send(quick_get(bench.url()), &sink, {});
    REQUIRE(answer);
    CHECK(answer->body == "gone");
    CHECK(sink.begun.empty());
  }
  SUBCASE("what a sink refuses, at once or later, is the result of the call") {
    const Error full = make_error(ErrorCode::kLowSpace, "full");
    sink.refusal = full;
    CHECK(is_error(bench.serve({200, "bytes"}).send(quick_get(bench.url()), &sink, {}), full.code, Retry::kNever));
    CHECK(sink.body.empty());
    sink.refusal = Status();
    sink.full = full;
    CHECK(is_error(bench.serve({200, "bytes"}).send(quick_get(bench.url()), &sink, {}), full.code, Retry::kNever));
  }
  SUBCASE("silence is an error: retryable for a safe call, an unknown outcome for a spending one") {
    CHECK(is_error(bench.serve_silence().send(quick_get(bench.url()), nullptr, {}), ErrorCode::kUnavailable,
                   Retry::kAfterBackoff));
    CHECK(is_error(bench.serve_silence().send(spending_post(bench.url()), nullptr, {}), ErrorCode::kUnknownOutcome,
                   Retry::kNever));
  }
  SUBCASE("after a stop nothing is sent") {
    std::stop_source stop;
    stop.request_stop();
    HttpTransport& transport = bench.serve({200, ""});
    CHECK(is_error(transport.send(quick_get(bench.url()), nullptr, stop.get_token()), ErrorCode::kCancelled,
                   Retry::kNever));
  }
}
