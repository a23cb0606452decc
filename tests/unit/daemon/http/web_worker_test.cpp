#include "daemon/http/web_worker.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

namespace damsync {
namespace {

/// Notes what it is asked for, and answers the first request only when it may.
struct SlowStart final : WebHandler {
  std::optional<WebAnswer> answer_at_once(const WebRequest&) override { return std::nullopt; }
  WebReply answer(const WebRequest& request, Millis) override {
    asked.push_back(request.path);
    if (asked.size() == 1) {
      begun.set_value();
      release.get_future().wait();
    }
    if (asked.size() == expected) all.set_value();
    return WebReply::of(text_answer(200, "x\n"));
  }

  std::size_t expected = 0;
  std::vector<std::string> asked;
  std::promise<void> begun, release, all;
};

WebWorker::Job job(std::uint64_t connection, const std::string& path) {
  WebRequest request;
  request.path = path;
  return {connection, std::make_shared<const WebRequest>(std::move(request)), Millis(0)};
}

}  // namespace

TEST_CASE("L1 web worker: a crowd that asks for one thing does not keep who asks for another waiting") {
  SlowStart handler;
  handler.expected = 5;
  SystemClock clock;
  Redactor redactor;
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Log log(null, clock, redactor);
  {
    WebWorker worker(handler, log, [] {});
    worker.ask(job(1, "/changes"));
    handler.begun.get_future().wait();
    for (std::uint64_t i = 2; i < 5; ++i) worker.ask(job(i, "/changes"));
    worker.ask(job(5, "/metrics"));
    handler.release.set_value();
    handler.all.get_future().wait();
  }
  ::close(null);
  CHECK(handler.asked == std::vector<std::string>{"/changes", "/metrics", "/changes", "/changes", "/changes"});
}

}  // namespace damsync
