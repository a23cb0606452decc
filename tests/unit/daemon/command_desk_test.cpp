#include "daemon/service/command_desk.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/workspace.h"
#include "sync/http/json_reader.h"
#include "tests/support/fake_clock.h"

namespace damsync {
namespace {

struct DeskBench {
  ~DeskBench() { ::close(null); }

  Json ask(const char* request, ControlServer::Asker asker = ControlServer::Asker::kOwner) {
    return desk.answer(*parse_json(request), asker, [](const Json&) {}, {});
  }

  FakeClock clock;
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log{null, clock, redactor};
  Workspace workspace;
  Vitals vitals{clock};
  Jobs jobs{workspace, nullptr, vitals, clock, log};
  Deliverer deliverer{workspace, vitals, clock, log, [](const Status&) {}};
  int woken = 0;
  CommandDesk desk{{workspace, jobs, vitals, deliverer, clock, [this] { ++woken; }, [](const Error&) {}}};
};

}  // namespace

TEST_CASE_FIXTURE(DeskBench, "command desk: who asks for the status, or is refused, has nobody look for work") {
  CHECK(ask("{\"do\":\"status\"}").find("daemon") != nullptr);
  CHECK(ask("{\"do\":\"sync\"}", ControlServer::Asker::kOther).find("error") != nullptr);
  CHECK(woken == 0);
  CHECK(ask("{\"do\":\"sync\",\"accounts\":1}").find("error") != nullptr);
  CHECK(woken == 1);  // whoever works may have written before he fails
}

}  // namespace damsync
