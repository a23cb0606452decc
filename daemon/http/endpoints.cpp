#include "daemon/http/endpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/cli/asset_view.h"
#include "daemon/cli/json_fields.h"
#include "daemon/cli/list_names.h"
#include "daemon/http/metrics.h"
#include "daemon/http/query.h"
#include "daemon/workspace.h"
#include "storage/base/text.h"
#include "storage/catalog/asset_pages.h"
#include "storage/journal/feed_reader.h"

namespace damsync {
namespace {

constexpr std::string_view kAssets = "/api/v1/assets";
constexpr Millis kKeepReport{1000};
constexpr std::int64_t kMostAssets = 500, kMostChanges = 1000, kMostSeconds = 60;

constexpr const char* kIndex =
    "damsync\n"
    "/healthz                    the process lives and every worker moves\n"
    "/readyz                     catalog open, store mounted, last cycle not failed\n"
    "/metrics                    for Prometheus\n"
    "/api/v1/status              as `damsync status --json`\n"
    "/api/v1/assets              ?account= &provider= &state= &limit= &after=\n"
    "/api/v1/assets/PROVIDER:ID  as `damsync show --json`\n"
    "/api/v1/changes             ?since=CURSOR &limit= &wait=SECONDS\n";

bool is_known(std::string_view path) {
  constexpr std::array kPaths = {std::string_view("/readyz"), std::string_view("/metrics"),
                                 std::string_view("/api/v1/status"), kAssets, std::string_view("/api/v1/changes")};
  if (std::find(kPaths.begin(), kPaths.end(), path) != kPaths.end()) return true;
  return path.size() > kAssets.size() + 1 && path.starts_with(kAssets) && path[kAssets.size()] == '/';
}

int status_for(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kUsage: return 400;
    case ErrorCode::kGone: return 410;
    default: return 503;
  }
}
WebAnswer problem_of(const Error& error) { return problem(status_for(error.code), error.message); }

WebAnswer nothing_here() { return problem(404, "there is nothing here; / lists what there is"); }

}  // namespace

std::optional<WebAnswer> Endpoints::answer_at_once(const WebRequest& request) {
  if (request.path == "/healthz") return healthz();
  if (request.path == "/") return text_answer(200, kIndex);
  if (!is_known(request.path)) return nothing_here();
  return std::nullopt;
}

WebReply Endpoints::answer(const WebRequest& request, Millis waited) {
  try {
    return route(request, waited);
  } catch (const DatabaseError& error) {
    sources_.log.warning("http.catalog_failed", {{"path", request.path}, {"reason", error.what()}});
    return WebReply::of(problem(503, "the catalog cannot be read now; the log says why"));
  }
}

WebReply Endpoints::route(const WebRequest& request, Millis waited) {
  if (request.path == "/api/v1/changes") return changes(request, waited);
  if (request.path == "/readyz") return WebReply::of(readyz());
  if (request.path == "/metrics") return WebReply::of(metrics());
  if (request.path == "/api/v1/status") return WebReply::of(status());
  if (request.path == kAssets) return WebReply::of(assets(request));
  return WebReply::of(asset(request));
}

WebAnswer Endpoints::healthz() const {
  const auto stuck = sources_.vitals.view().stuck_workers();
  if (stuck.empty()) return text_answer(200, "ok\n");
  std::string text;
  for (const auto& worker : stuck) text += fmt::format("worker {} does not move\n", worker);
  return text_answer(503, text);
}

Result<std::unique_ptr<Database>> Endpoints::open() const {
  std::error_code failure;
  const auto file = std::filesystem::symlink_status(sources_.catalog, failure);
  if (file.type() == std::filesystem::file_type::not_found)
    return make_error(ErrorCode::kNotFound, "there is no catalog yet; the first cycle makes it");
  auto db = Database::open(sources_.catalog, OpenMode::kRead);
  if (db) (*db)->set_lock_timeout(std::chrono::seconds(1));
  return db;
}

Result<const StatusReport*> Endpoints::gathered() {
  const auto now = sources_.clock.steady();
  if (!report_ || now - gathered_at_ >= kKeepReport) {
    const auto db = open();
    if (!db) return db.error();
    report_ = read_status(*sources_.settings(), db->get(), sources_.clock.utc(), Polling::kByDaemon);
    store_problem_ = why_no_store(**db);
    gathered_at_ = now;
  }
  return &*report_;
}

std::string Endpoints::why_no_store(Database& db) const {
  const Catalog catalog(db);
  if (catalog.setting(kStoreIdSetting).empty()) return "the store was not begun yet";
  return store_problem(catalog, sources_.settings()->store.root);
}

WebAnswer Endpoints::readyz() {
  const VitalsView view = sources_.vitals.view();
  std::vector<std::string> reasons;
  if (!view.ready) reasons.emplace_back("starting");
  if (view.stopping) reasons.emplace_back("stopping");
  if (const auto report = gathered(); !report) {
    reasons.push_back("catalog: " + report.error().message);
  } else {
    if (!store_problem_.empty()) reasons.push_back("store: " + store_problem_);
    for (const auto& account : (*report)->accounts) {
      const auto cycle = std::find_if(view.cycles.begin(), view.cycles.end(),
                                      [&](const CycleVitals& one) { return one.account == account.name; });
      const bool ran = cycle != view.cycles.end();
      const std::string error = ran ? (cycle->error ? cycle->error->message : "") : account.last_error;
      if (!error.empty()) reasons.push_back(fmt::format("account {}: the last cycle failed: {}", account.name, error));
    }
  }
  if (reasons.empty()) return text_answer(200, "ready\n");
  std::string text;
  for (const auto& reason : reasons) text += printable(reason) + "\n";
  return text_answer(503, text);
}

WebAnswer Endpoints::metrics() {
  const auto report = gathered();
  StatusReport status;
  if (report) status = **report;
  add_daemon(status, sources_.vitals.view());
  if (!report) status.problems.push_back(report.error().message);
  WebAnswer answer =
      text_answer(200, metrics_text({status, sources_.counts(), resident_bytes_of_process(), open_fds_of_process()}));
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return answer;
}

WebAnswer Endpoints::status() {
  const auto report = gathered();
  if (!report) return problem_of(report.error());
  StatusReport status = **report;
  add_daemon(status, sources_.vitals.view());
  return json_answer(json_of(status));
}

WebAnswer Endpoints::assets(const WebRequest& request) {
  const auto query = Query::parse(request.query, {"account", "provider", "state", "after", "limit"});
  if (!query) return problem_of(query.error());
  const auto limit = query->number("limit", 100, {1, kMostAssets});
  if (!limit) return problem_of(limit.error());
  const std::string state = query->text("state");
  if (!state.empty() && !asset_state_from_word(state))
    return problem(400, "state: expected active, withdrawn or unknown");
  const auto db = open();
  if (!db) return problem_of(db.error());
  const std::string account = query->text("account"), provider = query->text("provider");
  if (auto known = check_list_names(*sources_.settings(), db->get(), account, provider); !known)
    return problem_of(known.error());
  const auto page =
      read_asset_page(**db, {account, provider, state, query->text("after"), static_cast<std::size_t>(*limit)});
  if (!page) return problem_of(page.error());
  Json list = Json::array();
  for (const auto& asset : page->assets) list.push(json_of(asset));
  return json_answer(
      Json::object({{"assets", std::move(list)}, {"next", json_text(page->next)}, {"more", !page->next.empty()}}));
}

WebAnswer Endpoints::asset(const WebRequest& request) {
  const auto text = percent_decode(std::string_view(request.path).substr(kAssets.size() + 1));
  const auto name = parse_asset_name(text.value_or(""));
  if (!name) return problem(404, "expected PROVIDER:ID as /api/v1/assets shows them");
  const auto db = open();
  if (!db) return problem_of(db.error());
  const auto held = read_held(**db, *name);
  if (held.empty()) return problem(404, fmt::format("no account holds {}:{}", name->provider, name->asset_id));
  return json_answer(json_of(held));
}

WebReply Endpoints::changes(const WebRequest& request, Millis waited) {
  const auto query = Query::parse(request.query, {"since", "limit", "wait"});
  if (!query) return WebReply::of(problem_of(query.error()));
  const auto limit = query->number("limit", 100, {1, kMostChanges});
  if (!limit) return WebReply::of(problem_of(limit.error()));
  const auto wait = query->number("wait", 0, {0, kMostSeconds});
  if (!wait) return WebReply::of(problem_of(wait.error()));
  const auto db = open();
  if (!db) return WebReply::of(problem_of(db.error()));
  const auto page = FeedReader(**db).read(query->text("since"), static_cast<std::size_t>(*limit));
  if (!page) return WebReply::of(problem_of(page.error()));
  const Millis left = std::chrono::seconds(*wait) - waited;
  if (page->changes.empty() && left > Millis(0)) return WebReply::held(left);
  Json list = Json::array();
  for (const auto& change : page->changes) list.push(json_of(change));
  return WebReply::of(
      json_answer(Json::object({{"changes", std::move(list)}, {"next", page->next}, {"more", page->more}})));
}

}  // namespace damsync
