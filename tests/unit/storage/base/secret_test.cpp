#include "storage/base/secret.h"

#include <doctest/doctest.h>

#include <thread>
#include <type_traits>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace damsync {

TEST_CASE("S3 secret: a redactor finds a secret in every spelling it may leave the process in") {
  const std::string hidden = "p%ss \"w\xc3\xb6rd\"/+\n7";
  Redactor redactor;
  redactor.add(Secret(hidden));
  std::string json;
  append_json_string(json, hidden);
  const std::string spellings[] = {hidden,
                                   json,
                                   base64(hidden),
                                   percent_encode(hidden),
                                   printable(hidden),
                                   to_lower(percent_encode("ABC" + hidden))};
  for (const auto& spelling : spellings) {
    CAPTURE(spelling);
    const std::string out = redactor.redact("before " + spelling + " after");
    CHECK(out.find("***") != std::string::npos);
    CHECK(out.starts_with("before "));
    CHECK(out.ends_with(" after"));
    CHECK(out.size() <= sizeof "before \"abc***\" after");
  }
}

TEST_CASE("secret: base64 of a longer text shows no more of a secret than one digit at each end") {
  const std::string hidden = "canary-0123456789-canary";
  Redactor redactor;
  redactor.add(Secret(hidden));
  for (const std::string before : {"", "u", "us", "user:", "client:"})
    for (const std::string after : {"", "x", "xy", "xyz"}) {
      CAPTURE(before);
      CAPTURE(after);
      const std::string out = redactor.redact(base64(before + hidden + after));
      CHECK(out.find("***") != std::string::npos);
      const std::size_t around = base64(before).size() + base64(after).size() + 4;
      CHECK(out.size() <= 3 + around);
    }
}

TEST_CASE("secret: overlapping secrets leave nothing of either") {
  Redactor redactor;
  redactor.add(Secret("abcdef"));
  redactor.add(Secret("defghi"));
  redactor.add(Secret("abcd"));
  CHECK(redactor.redact("<abcdefghi>") == "<***>");
  CHECK(redactor.redact("abcdabcd!") == "***!");
  CHECK(redactor.redact("abcd-abcd") == "***-***");
}

TEST_CASE("secret: text without a secret and secrets too short to search for pass unchanged") {
  Redactor redactor;
  redactor.add(Secret("abc"));
  redactor.add(Secret(""));
  CHECK(redactor.redact("abc abc") == "abc abc");
  CHECK(redactor.redact("").empty());
}

TEST_CASE("secret: a moved-from secret is empty and a copy keeps its own value") {
  Secret first("a secret that is longer than a small string");
  Secret copy = first;
  const Secret moved = std::move(first);
  CHECK(moved.reveal() == copy.reveal());
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move)
  copy = Secret("short");
  CHECK(copy.reveal() == "short");
  CHECK_FALSE(std::is_convertible_v<Secret, std::string>);
}

TEST_CASE("secret: secrets may be added while others redact") {
  Redactor redactor;
  std::jthread adder([&] {
    for (int i = 0; i < 50; ++i) redactor.add(Secret("secret-number-" + std::to_string(i)));
  });
  for (int i = 0; i < 200; ++i) CHECK(redactor.redact("plain text") == "plain text");
  adder.join();
  CHECK(redactor.redact("secret-number-49") == "***");
}

TEST_CASE("redactor: of passing secrets the newest are known, in bounded memory, lasting ones always are") {
  Redactor redactor;
  redactor.add(Secret("the-lasting-one"));
  for (std::size_t i = 0; i <= Redactor::kPassing; ++i)
    redactor.add_passing(Secret("token-" + std::to_string(1000 + i)));
  CHECK(redactor.redact("the-lasting-one token-1001 token-" + std::to_string(1000 + Redactor::kPassing)) ==
        "*** *** ***");
  CHECK(redactor.redact("token-1000") == "token-1000");
}

}  // namespace damsync
