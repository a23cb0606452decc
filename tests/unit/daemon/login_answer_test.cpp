#include "daemon/cli/login_answer.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <set>

namespace damsync {

TEST_CASE("login: a state is ours only for the same account and application, and never the same twice") {
  const Secret key("client-secret"), other("another-secret");
  const std::string state = make_login_state("newsroom", key);
  CHECK(is_login_state(state, "newsroom", key));
  CHECK_FALSE(is_login_state(state, "archive", key));
  CHECK_FALSE(is_login_state(state, "newsroom", other));
  CHECK_FALSE(is_login_state("", "newsroom", key));
  CHECK_FALSE(is_login_state(state.substr(1), "newsroom", key));
  std::string forged = state;
  forged[0] = forged[0] == '0' ? '1' : '0';
  CHECK_FALSE(is_login_state(forged, "newsroom", key));
  CHECK(make_login_state("newsroom", key) != state);
}

TEST_CASE("login: the address, a part of it, or the code alone are understood") {
  struct Row {
    std::string pasted, code, state;
  };
  for (const Row& row :
       {Row{"http://localhost/?code=abc%2Fd&state=s1\n", "abc/d", "s1"},
        Row{"  http://localhost:3000/back?state=s1&code=abc#top ", "abc", "s1"}, Row{"code=abc&state=s1", "abc", "s1"},
        Row{"https://x.example/?a=1&code=abc", "abc", ""}, Row{"v2/abc.d-e_f~1\r\n", "v2/abc.d-e_f~1", ""}}) {
    CAPTURE(row.pasted);
    const auto answer = read_login_answer(row.pasted);
    REQUIRE(answer.ok());
    CHECK(answer->code.reveal() == row.code);
    CHECK(answer->state == row.state);
  }
}

TEST_CASE("login: what is no code is refused, and a refusal of the provider is told") {
  for (const std::string pasted :
       {"", "  \n", "http://localhost/?code=&state=s1", "a b", "http://localhost/?code=a%0Ab"}) {
    CAPTURE(pasted);
    const auto answer = read_login_answer(pasted);
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code == ErrorCode::kUsage);
  }
  const auto refused = read_login_answer("http://localhost/?error=access_denied&state=s1");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnauthorized);
  CHECK(refused.error().message.find("access_denied") != std::string::npos);
}

TEST_CASE("login: one line is read, a stop ends the waiting, and the end of input is an empty line") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "one\ntwo", 7) == 7);
  std::stop_source stop;
  CHECK(read_line(ends[0], stop.get_token()).value() == "one");
  ::close(ends[1]);
  CHECK(read_line(ends[0], stop.get_token()).value() == "two");
  CHECK(read_line(ends[0], stop.get_token()).value().empty());
  stop.request_stop();
  CHECK(read_line(ends[0], stop.get_token()).error().code == ErrorCode::kCancelled);
  ::close(ends[0]);
}

}  // namespace damsync
