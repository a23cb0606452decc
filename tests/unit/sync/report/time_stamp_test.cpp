#include "sync/report/time_stamp.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/support/fake_transport.h"
#include "tests/support/report_bench.h"

namespace damsync {
namespace {

/// A time-stamping authority made of stock openssl.
struct Authority {
  Authority() {
    std::ofstream(dir / "tsa.cnf") << "[tsa]\ndefault_tsa = t\n[t]\nserial = " << (dir / "serial")
                                   << "\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n"
                                      "digests = sha256\n[req]\ndistinguished_name = n\n[n]\n[x]\n"
                                      "extendedKeyUsage = critical,timeStamping\n";
    std::ofstream(dir / "serial") << "01\n";
    run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=tsa -config tsa.cnf "
        "-extensions x -keyout key.pem -out cert.pem");
  }
  void run(const std::string& command) const {
    REQUIRE(std::system(("cd " + dir.path().string() + " && " + command + " > log 2>&1").c_str()) == 0);
  }
  Result<HttpResponse> answer(const HttpRequest& request) const {
    std::ofstream(dir / "query", std::ios::binary) << request.body;
    run("openssl ts -reply -config tsa.cnf -queryfile query -signer cert.pem -inkey key.pem -out reply");
    return HttpResponse{
        200, {{"Content-Type", "application/timestamp-reply"}}, contents_of(dir / "reply"), request.url};
  }

  TempDir dir;
};

}  // namespace

TEST_CASE("time stamp: the answer of an authority fits its text, and stock openssl agrees") {
  const Authority authority;
  FakeTransport transport;
  transport.fallback([&](const HttpRequest& request) { return authority.answer(request); });
  const TimeStampAuthority stamps(transport, Url::parse("https://tsa.example.org/").value());

  const auto stamp = stamps.stamp("a manifest\n", {});
  REQUIRE(stamp.ok());
  CHECK(transport.requests()[0].content_type == "application/timestamp-query");
  CHECK(time_stamp_fits(*stamp, "a manifest\n"));
  CHECK_FALSE(time_stamp_fits(*stamp, "another manifest\n"));
  CHECK_FALSE(time_stamp_fits(*stamp + "x", "a manifest\n"));
  CHECK_FALSE(time_stamp_fits("", "a manifest\n"));
  std::ofstream(authority.dir / "MANIFEST.json.tsr", std::ios::binary) << *stamp;
  std::ofstream(authority.dir / "MANIFEST.json", std::ios::binary) << "a manifest\n";
  authority.run("openssl ts -verify -in MANIFEST.json.tsr -data MANIFEST.json -CAfile cert.pem");
}

TEST_CASE("time stamp: what is no granted stamp of this text is refused") {
  const Authority authority;
  FakeTransport transport;
  const TimeStampAuthority stamps(transport, Url::parse("https://tsa.example.org/").value());
  std::string earlier;
  transport.push([&](const HttpRequest& request) {
    auto answer = authority.answer(request);
    earlier = answer->body;
    return answer;
  });
  REQUIRE(stamps.stamp("first", {}).ok());
  transport.push(200, earlier);  // replayed: other text, other nonce
  CHECK(stamps.stamp("second", {}).error().code == ErrorCode::kProtocol);
  transport.push(200, earlier);  // replayed: same text, other nonce
  CHECK(stamps.stamp("first", {}).error().code == ErrorCode::kProtocol);
  transport.push(200, "<html>maintenance</html>");
  CHECK(stamps.stamp("first", {}).error().code == ErrorCode::kProtocol);
  transport.push(503, "");
  CHECK(stamps.stamp("first", {}).error().code == ErrorCode::kProtocol);
  transport.push(make_error(ErrorCode::kUnavailable, "no route"));
  CHECK(stamps.stamp("first", {}).error().code == ErrorCode::kUnavailable);
}

}  // namespace damsync
