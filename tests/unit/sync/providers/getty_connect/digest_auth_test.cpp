#include "sync/providers/getty_connect/digest_auth.h"

#include <doctest/doctest.h>

using namespace damsync;
using namespace damsync::getty_connect;

namespace {

Headers challenges(std::initializer_list<const char*> values) {
  Headers out;
  for (const char* value : values) out.add("www-authenticate", value);
  return out;
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr const char* kSha =
    R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, )"
    R"(nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";
constexpr const char* kMd5 =
    R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, )"
    R"(nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";

DigestAnswer mufasa() {
  return {.username = "Mufasa",
          .password = Secret("Circle of Life"),
          .method = "GET",
          .target = "/dir/index.html",
          .count = 1,
          .client_nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"};
}

}  // namespace

TEST_CASE("digest: the answers are those of RFC 7616") {
  CHECK(holds(digest_header(*find_challenge(challenges({kMd5})), mufasa()),
              R"(response="8ca523f5e9506fed4657c9700eebdbec")"));
  const std::string sha = digest_header(*find_challenge(challenges({kSha})), mufasa());
  CHECK(holds(sha, R"(response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")"));
  CHECK(holds(sha, R"(uri="/dir/index.html", algorithm=SHA-256)"));
  CHECK(holds(sha, "qop=auth, nc=00000001, cnonce="));
  CHECK(holds(sha, R"(opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")"));
}

TEST_CASE("digest: a challenge without qop is answered as RFC 2069 says") {
  // The example of RFC 2069 with the digest its errata give.
  const auto challenge = find_challenge(challenges(
      {R"(Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41")"}));
  REQUIRE(challenge);
  const std::string header = digest_header(*challenge, {.username = "Mufasa",
                                                        .password = Secret("CircleOfLife"),
                                                        .method = "GET",
                                                        .target = "/dir/index.html",
                                                        .count = 1,
                                                        .client_nonce = "x"});
  CHECK(holds(header, R"(response="1949323746fe6a43ef61f9606e7febea")"));
  CHECK_FALSE(holds(header, "nc="));
  CHECK_FALSE(holds(header, "cnonce="));
}

TEST_CASE("digest: the strongest challenge that can be met is taken, in one header or in several") {
  CHECK(find_challenge(challenges({kMd5, kSha}))->algorithm == DigestChallenge::Algorithm::kSha256);
  CHECK(find_challenge(challenges({kSha, kMd5}))->algorithm == DigestChallenge::Algorithm::kSha256);
  const auto mixed = find_challenge(challenges({R"(Basic realm="a, Digest b", Digest realm=x, nonce=n, stale=TRUE)"}));
  REQUIRE(mixed);
  CHECK(mixed->realm == "x");
  CHECK(mixed->nonce == "n");
  CHECK(mixed->stale);
}

TEST_CASE("digest: challenges that cannot be met are none") {
  for (const char* value : {"", "Basic realm=\"x\"", "Digest", "Digest realm=\"x\"", "Digest realm=\"x\", nonce=\"\"",
                            "Digest realm=x, nonce=n, algorithm=SHA-512-256",
                            "Digest realm=x, nonce=n, qop=\"auth-int\"", "Digest realm=x, nonce=\"a\tb\"",
                            "Digest realm=\"never ends, nonce=n", "realm=x, nonce=n", "\"=\",,=", "Digest =="}) {
    CAPTURE(value);
    CHECK_FALSE(find_challenge(challenges({value})));
  }
}

TEST_CASE("digest: a name with quotes cannot end its place in the header") {
  auto answer = mufasa();
  answer.username = R"(a", response="x)";
  CHECK(holds(digest_header(*find_challenge(challenges({kMd5})), answer), R"(username="a\", response=\"x")"));
}
