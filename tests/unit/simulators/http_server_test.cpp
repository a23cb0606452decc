#include <doctest/doctest.h>

#include <future>

#include "tests/unit/simulators/sim_client.h"

namespace damsync {
namespace {

SimResponse text_answer(std::string text) {
  SimResponse response;
  response.set_body(std::move(text), "text/plain");
  return response;
}

/// A server that gives the same answer to everything.
struct Served {
  explicit Served(SimResponse answer) : response(std::move(answer)) {}
  SimResponse response;
  SimServer server{[this](const SimRequest&) { return response; }};

  std::string fetch(bool& was_reset) {
    WireClient client(server.base_url());
    client.get("/");
    std::string text = client.read_all();
    was_reset = client.was_reset;
    return text;
  }
};

}  // namespace

TEST_CASE("simulator server: answers one request after another on the same connection") {
  Served served(text_answer("hello"));
  WireClient client(served.server.base_url());

  client.get("/1");
  const std::string first = client.read_one();
  client.get("/2");
  const std::string second = client.read_one();

  CHECK(first.ends_with("\r\n\r\nhello"));
  CHECK(second == first);
  CHECK(served.server.connections() == 1);
}

TEST_CASE("simulator server: hands the handler what was sent") {
  SimRequest seen;
  SimServer server([&](const SimRequest& request) {
    seen = request;
    return text_answer("ok");
  });
  WireClient client(server.base_url());

  client.send("POST /a%20b?x=1&x=2%2B&y=a+b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  const std::string answer = client.read_one();

  REQUIRE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(seen.method == "POST");
  CHECK(seen.path == "/a b");
  CHECK(seen.params("x") == std::vector<std::string>{"1", "2+"});
  CHECK(seen.param("y") == "a b");
  CHECK(*seen.header("HOST") == "h");
  CHECK(seen.body == "body");
}

TEST_CASE("simulator server: a cut body ends orderly after the bytes allowed") {
  SimResponse response = text_answer("0123456789");
  response.bad.cut_after = 4;
  Served served(response);
  bool was_reset = true;

  const std::string text = served.fetch(was_reset);

  CHECK(text.find("Content-Length: 10\r\n") != std::string::npos);
  CHECK(text.ends_with("\r\n\r\n0123"));
  CHECK_FALSE(was_reset);
}

TEST_CASE("simulator server: a reset is a reset, with or without a part of the body") {
  SimResponse response = text_answer("0123456789");
  response.bad.reset = true;
  bool was_reset = false;

  SUBCASE("at once") {
    Served served(response);
    CHECK(served.fetch(was_reset).empty());
  }
  SUBCASE("within the body") {
    response.bad.cut_after = 4;
    Served served(response);
    CHECK(served.fetch(was_reset).size() < 200);
  }
  CHECK(was_reset);
}

TEST_CASE("simulator server: lies about the length when told to") {
  SimResponse response = text_answer("0123456789");
  response.bad.declared_length = "abc";
  Served served(response);
  bool was_reset = true;

  const std::string text = served.fetch(was_reset);

  CHECK(text.find("Content-Length: abc\r\n") != std::string::npos);
  CHECK(text.ends_with("0123456789"));
}

TEST_CASE("simulator server: sends raw bytes and nothing else") {
  SimResponse response = text_answer("unseen");
  response.bad.raw = "HTTP/9.9 999 nonsense\r\n";
  Served served(response);
  bool was_reset = true;

  CHECK(served.fetch(was_reset) == "HTTP/9.9 999 nonsense\r\n");
}

TEST_CASE("simulator server: a dripped body arrives whole") {
  SimResponse response = text_answer("0123456789");
  response.tail = std::make_shared<const std::string>("abcdef");
  response.bad.drip_bytes = 3;
  response.bad.drip_pause = Millis(1);
  response.bad.close = true;
  Served served(response);
  bool was_reset = true;

  CHECK(served.fetch(was_reset).ends_with("\r\n\r\n0123456789abcdef"));
}

TEST_CASE("simulator server: nothing is sent before the gate is released") {
  const auto gate = std::make_shared<SimGate>();
  SimResponse response = text_answer("late");
  response.bad.gate = gate;
  Served served(response);
  auto answer = std::async(std::launch::async, [&] {
    WireClient client(served.server.base_url());
    client.get("/");
    return client.read_one();
  });

  REQUIRE(gate->wait_for_arrival(Millis(5000)));
  CHECK(answer.wait_for(Millis(30)) == std::future_status::timeout);
  gate->release();

  CHECK(answer.get().ends_with("late"));
}

TEST_CASE("simulator server: stops while an answer is held back") {
  const auto gate = std::make_shared<SimGate>();
  SimResponse response = text_answer("never");
  response.bad.gate = gate;
  Served served(response);
  WireClient client(served.server.base_url());
  client.get("/");
  REQUIRE(gate->wait_for_arrival(Millis(5000)));

  served.server.stop();

  CHECK(client.read_all().empty());
}

TEST_CASE("simulator server: ranges are cut out of both parts of a body") {
  SimResponse response = text_answer("01234");
  response.tail = std::make_shared<const std::string>("56789");
  response.bad.close = true;
  response.skip = 3;
  response.take = 4;
  Served served(response);
  bool was_reset = true;

  const std::string text = served.fetch(was_reset);

  CHECK(text.find("Content-Length: 4\r\n") != std::string::npos);
  CHECK(text.ends_with("\r\n\r\n3456"));
}

TEST_CASE("simulator server: refuses what is no HTTP") {
  Served served(text_answer("hello"));
  WireClient client(served.server.base_url());

  client.send("nonsense\r\n\r\n");

  CHECK(client.read_all().starts_with("HTTP/1.1 400 "));
}

}  // namespace damsync
