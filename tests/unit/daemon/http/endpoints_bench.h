#pragma once

#include <fcntl.h>

#include <memory>
#include <string>

#include "daemon/http/endpoints.h"
#include "storage/sqlite/transaction.h"
#include "sync/http/json_reader.h"
#include "tests/support/cycle_bench.h"

namespace damsync {

/// The endpoints over a real catalog and store that a few cycles have filled.
struct EndpointsBench {
  EndpointsBench() {
    settings->catalog.path = world.catalog_path();
    settings->store.root = std::string(world.dir / "store");
    settings->accounts.emplace_back();
    settings->accounts.back().provider.account = "newsroom";
    settings->accounts.back().provider.provider = "scripted";
    Transaction tx(world.db());
    CatalogWriter(world.db()).put_setting("store_id", "store-1");
    tx.commit();
    vitals.ready();
  }
  ~EndpointsBench() { ::close(null); }

  /// Three assets, mirrored by one cycle that the daemon has noted.
  void fill() {
    for (const char* id : {"101", "102", "103"}) world.provider.add(id, std::string("e") + id);
    cycle();
  }
  void cycle() {
    AccountSummary summary = world.cycle();
    summary.name = "newsroom";
    vitals.cycle_finished(summary);
  }
  WebReply reply(const std::string& target, Millis waited = Millis(0)) {
    WebRequest request;
    request.method = "GET";
    request.path = target.substr(0, target.find('?'));
    if (const auto question = target.find('?'); question != std::string::npos)
      request.query = target.substr(question + 1);
    if (auto at_once = endpoints.answer_at_once(request)) return WebReply::of(std::move(*at_once));
    return endpoints.answer(request, waited);
  }
  WebAnswer ask(const std::string& target) { return reply(target).answer.value(); }
  Json json(const std::string& target) { return *parse_json(ask(target).body); }

  CycleBench world;
  FakeClock& clock = world.clock;
  std::shared_ptr<Settings> settings = std::make_shared<Settings>();
  Vitals vitals{clock};
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log{null, clock, redactor};
  WebServer::Counts counts;
  Endpoints endpoints{
      {[this] { return settings; }, world.catalog_path(), vitals, clock, log, [this] { return counts; }}};
};

}  // namespace damsync
