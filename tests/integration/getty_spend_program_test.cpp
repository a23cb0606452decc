#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <functional>

#include "storage/ledger/spend_brake.h"
#include "tests/crash/every_nth.h"
#include "tests/support/getty_desk.h"

// What is compared here: how often the service executed a spending call, by its own books, and what `list spends` of
// the real program says.

using namespace damsync;

namespace {

constexpr int kCrashed = 137;
constexpr const char* kSpendingCalls = "POST /v3/downloads/images/*";

std::string call_for(const std::string& id) { return "POST /v3/downloads/images/" + id; }

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Ways to answer a spending call badly; `spoil` gets the right answer or none.
const std::map<std::string, std::function<void(SimResponse&, const std::string& id)>>& bad_answers() {
  using Answer = SimResponse;
  static const std::map<std::string, std::function<void(Answer&, const std::string&)>> kAll = {
      {"1", [](Answer& a, const std::string&) { a.bad.reset = true; }},
      {"2", [](Answer& a, const std::string&) { a.status = 500; }},
      {"3",
       [](Answer& a, const std::string&) {
         a.status = 503;
         a.set_body("", "text/plain");
       }},
      {"4", [](Answer& a, const std::string&) { a.set_body("<html><title>Log in</title></html>", "text/html"); }},
      {"5",
       [](Answer& a, const std::string&) {
         a.bad.declared_length = "4096";
         a.bad.cut_after = 12;
       }},
      {"6", [](Answer& a, const std::string&) { a.set_body("{}", "application/json"); }},
      {"7",
       [](Answer& a, const std::string& id) {
         a.status = 303;
         a.set_header("Location", "/v3/downloads/images/" + id);
       }},
      {"8",
       [](Answer& a, const std::string& id) {
         a.status = 307;
         a.set_header("Location", "/v3/downloads/images/" + id + "?auto_download=false");
       }},
      {"9", [](Answer& a, const std::string&) { a.bad.close = a.bad.no_length = true, a.set_body("", "text/plain"); }},
  };
  return kAll;
}

/// An asset whose spending calls all meet one of them, once executed or never.
std::string spoil(GettyDesk& desk, const std::string& way, FaultAction::When when) {
  const std::string id = (when == FaultAction::When::kAfter ? "8345480" : "9345480") + way;
  desk.hold(id);
  const auto apply = bad_answers().at(way);
  desk.sim.faults().once(call_for(id), {way, when, [apply, id](SimResponse& answer) { apply(answer, id); }});
  return id;
}

}  // namespace

TEST_CASE("I5 getty spending: each license is paid for once, with the defaults of the settings, and then it is here") {
  GettyDesk desk({{"project_code", "\"P-7\""}, {"download_notes", "\"archive\""}});
  desk.sim.edit([](GettyState& state) {
    state.products.front().note_required = true;
    state.products.front().project_code_required = true;
    state.products.front().project_codes = {"P-7"};
  });
  for (const char* id : {"83454801", "83454802"}) desk.hold(id);
  CHECK(desk.run({"sync"}).exit_code == 0);
  CHECK(desk.run({"sync"}).exit_code == 0);
  for (const char* id : {"83454801", "83454802"}) {
    desk.check_paid_once(id, "after two cycles");
    CHECK(desk.executions(id) == 1);
  }
  desk.sim.edit([](GettyState& state) {
    CHECK(state.downloads.back().project_code == "P-7");
    CHECK(state.downloads.back().notes == "archive (damsync spend 2)");
    CHECK(state.products.front().remaining == 98);
  });
  for (const auto& file : desk.list("files")) CHECK(GettyDesk::text(file, "state") == "mirrored");
}

TEST_CASE("I5 getty spending: notes, project code and size are those of the license that is paid for") {
  GettyDesk desk({{"project_code", "\"P-7\""}, {"height", "400"}});
  desk.hold("83454801");
  desk.sim.edit([](GettyState& state) {
    state.products.front().project_codes = {"P-7", "P-9"};
    auto& row = state.downloads.back();
    row.size_name = "medium";
    row.notes = "Cover";
    row.project_code = "P-9";
  });
  CHECK(desk.run({"sync"}).exit_code == 0);
  CHECK(desk.executions("83454801") == 1);
  desk.sim.edit([](GettyState& state) {
    const auto& paid = state.downloads.back();
    CHECK(paid.size_name == "medium");
    CHECK(paid.notes == "Cover (damsync spend 1)");
    CHECK(paid.project_code == "P-9");
  });
  CHECK(desk.run({"sync"}).exit_code == 0);
  CHECK(desk.executions("83454801") == 1);
}

TEST_CASE("I5 getty spending: a project code that nobody named keeps the call back") {
  GettyDesk desk;
  desk.sim.edit([](GettyState& state) { state.products.front().project_code_required = true; });
  desk.hold("83454801");
  desk.run({"sync"});
  CHECK(desk.executions("83454801") == 0);
  CHECK(GettyDesk::text(desk.list("files").at(0), "reason").find("project_code") != std::string::npos);
}

TEST_CASE("I5 Q1 G3 getty spending: the program may be killed at any point, the service counts one call at most") {
  std::vector<std::string> points;
  {
    GettyDesk clean;
    clean.hold("83454801");
    REQUIRE(clean.run({"sync"}, {{"DAMSYNC_CRASH_LOG", clean.dir / "points.log"}}).exit_code == 0);
    points = lines_of(clean.dir / "points.log");
  }
  int tried = 0;
  for (std::size_t at = 1; at <= points.size(); ++at) {
    const std::string& point = points[at - 1];
    const bool sampled = at % 5 == 0 && point != "http.read";
    if (!all_points() && !point.starts_with("spend.") && !sampled) continue;
    CAPTURE(point);
    GettyDesk desk;
    desk.hold("83454801");
    REQUIRE(desk.run({"sync"}, {{"DAMSYNC_CRASH_AT", std::to_string(at)}}).exit_code == kCrashed);
    desk.check_paid_once("83454801", "after a crash at " + point);
    CHECK(desk.run({"sync"}).exit_code != 70);
    CHECK(desk.run({"sync"}).exit_code != 70);
    desk.check_paid_once("83454801", "two cycles after a crash at " + point);
    ++tried;
  }
  CHECK(tried >= 6);
}

TEST_CASE("I5 Q1 G3 getty spending: nor is more counted when it is killed while the answer comes in, byte by byte") {
  const auto dripping = [](GettyDesk& desk) {
    desk.hold("83454801");
    desk.sim.faults().once(kSpendingCalls, fault::drip(1, Millis(1)));
  };
  std::vector<long> reads;
  {
    GettyDesk clean;
    dripping(clean);
    REQUIRE(clean.run({"sync"}, {{"DAMSYNC_CRASH_LOG", clean.dir / "points.log"}}).exit_code == 0);
    const auto points = lines_of(clean.dir / "points.log");
    const auto sent = std::find(points.begin(), points.end(), "spend.intent_durable");
    const auto answered = std::find(sent, points.end(), "spend.answered");
    for (auto at = sent; at != answered; ++at)
      if (*at == "http.read") reads.push_back(at - points.begin() + 1);
  }
  REQUIRE(reads.size() > 20);
  for (const long n : points_up_to(static_cast<long>(reads.size()), 9, 1)) {
    GettyDesk desk;
    dripping(desk);
    const auto at = std::to_string(reads[static_cast<std::size_t>(n - 1)]);
    REQUIRE(desk.run({"sync"}, {{"DAMSYNC_CRASH_AT", at}}).exit_code == kCrashed);
    desk.run({"sync"});
    desk.check_paid_once("83454801", "after a crash at piece " + std::to_string(n) + " of the answer");
    CHECK(desk.executions("83454801") == 1);
    CHECK(desk.outcomes("83454801") == std::vector<std::string>{"spent"});
  }
}

TEST_CASE("I5 Q1 R8 getty spending: whatever is answered, the service's count and `list spends` agree") {
  GettyDesk desk;
  std::vector<std::string> executed, unheard;
  for (const auto& way : bad_answers()) {
    executed.push_back(spoil(desk, way.first, FaultAction::When::kAfter));
    unheard.push_back(spoil(desk, way.first, FaultAction::When::kInstead));
  }
  CHECK(desk.run({"sync"}).exit_code == 1);
  CHECK(desk.list("spends").size() == SpendBrake::kLostCalls);  // then a person has to look
  CHECK(desk.run({"sync"}).exit_code == 78);
  for (std::size_t i = 0; i < executed.size() && !desk.sim.faults().unfired().empty(); ++i) {
    CHECK(desk.run({"spend", "acknowledge", "--reason", "looked"}).exit_code == 0);
    desk.run({"sync"});
  }
  CHECK(desk.sim.faults().unfired().empty());
  desk.run({"sync"});
  desk.run({"sync"});
  for (const auto& id : executed) {
    desk.check_paid_once(id, "executed");
    CHECK(desk.executions(id) == 1);
    CHECK(desk.outcomes(id) == std::vector<std::string>{"spent"});
  }
  for (const auto& id : unheard) {
    desk.check_paid_once(id, "never executed");
    CHECK(desk.executions(id) == 0);  // a day has not gone by
    CHECK(desk.outcomes(id) == std::vector<std::string>{"open"});
  }
}

TEST_CASE("I5 Q4 getty spending: a history that lags behind is waited for, not paid over") {
  GettyDesk desk;
  desk.sim.edit([](GettyState& state) { state.switches.history_lag = std::chrono::hours(1); });
  const auto lost = spoil(desk, "1", FaultAction::When::kAfter);
  desk.hold("83454811");
  for (int i = 0; i < 3; ++i) desk.run({"sync"});
  CHECK(desk.outcomes(lost) == std::vector<std::string>{"open"});
  CHECK(desk.outcomes("83454811") == std::vector<std::string>{"spent"});
  for (const auto& id : {lost, std::string("83454811")}) {
    desk.check_paid_once(id, "with a lagging history");
    CHECK(desk.executions(id) == 1);
  }
}

TEST_CASE("I5 Q7 G5 getty spending: two programs at once are one that pays and one that has to wait") {
  GettyDesk desk;
  desk.hold("83454801");
  const auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once(kSpendingCalls, fault::hold(gate));
  auto first = desk.start({"sync"});
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));
  CHECK(desk.run({"sync"}).exit_code == 75);
  gate->release();
  CHECK(first->wait().exit_code == 0);
  std::vector<std::unique_ptr<Program>> several;
  desk.hold("83454802");
  for (int i = 0; i < 4; ++i) several.push_back(desk.start({"sync"}));
  for (auto& program : several) {
    const int code = program->wait().exit_code;
    CHECK((code == 0 || code == 75));
  }
  for (const char* id : {"83454801", "83454802"}) {
    desk.check_paid_once(id, "after two programs at once");
    CHECK(desk.executions(id) == 1);
  }
}

TEST_CASE("I5 G1 G3 getty spending: a program that is ended while the answer is awaited does not pay again") {
  for (const int signal : {SIGKILL, SIGTERM}) {
    GettyDesk desk;
    desk.hold("83454801");
    const auto gate = std::make_shared<SimGate>();
    desk.sim.faults().once(kSpendingCalls, fault::hold(gate));
    auto program = desk.start({"sync"});
    REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));
    program->signal(signal);
    if (signal == SIGKILL) CHECK(program->wait().exit_code == -1);
    gate->release();
    if (signal == SIGTERM) CHECK(program->wait().exit_code == 1);
    desk.check_paid_once("83454801", "when it was ended");
    desk.run({"sync"});
    desk.check_paid_once("83454801", "one cycle later");
    CHECK(desk.executions("83454801") == 1);
    CHECK(desk.outcomes("83454801") == std::vector<std::string>{"spent"});
  }
}
