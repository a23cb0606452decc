#include "sync/providers/getty/paid_download.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "storage/ledger/spend_ledger.h"
#include "sync/providers/getty/getty_normalize.h"
#include "tests/support/spend_bench.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/sync/providers/getty/getty_bench.h"

namespace damsync {
namespace {

using getty::Product;

License license_of(Json details = Json::object()) {
  License out;
  out.license_id = "g83454804-1";
  out.asset_id = "83454804";
  out.license_type = "premiumaccess";
  out.size = "x_large";
  out.format = "jpg";
  out.details = std::move(details);
  out.raw = "{}";
  return out;
}

Product product_of(const std::string& id) {
  Product out;
  out.id = id;
  out.type = "premiumaccess";
  out.active = true;
  out.downloads_remaining = 5;
  return out;
}

std::string refused(const License& license, const std::vector<Product>& products,
                    const getty::DownloadDefaults& defaults = {}) {
  const auto chosen = getty::paying_product(license, products, defaults);
  if (chosen) return "pays " + chosen->id;
  CHECK(chosen.error().code == ErrorCode::kRefusedByPolicy);
  return chosen.error().message;
}

bool holds(const std::string& text, const std::string& word) { return text.find(word) != std::string::npos; }

/// A guard over a Getty provider on scripted answers: one product, one row in the history.
struct PaidBench : GettyBench {
  PaidBench() {
    transport.fallback([this](const HttpRequest& request) { return answer(request); });
    provider.emplace(settings, transport, clock, nullptr);
    bench.emplace(dir.path().string(), *provider, clock);
    hold();
    clock.advance(std::chrono::minutes(1));
  }

  void hold() { bench->hold({license_of(details)}); }

  Result<HttpResponse> answer(const HttpRequest& request) {
    const auto& target = request.url.target();
    if (request.method == Method::kPost) return ++executions, paid(request);
    if (target.starts_with("/v3/products")) return HttpResponse{200, {}, products, request.url};
    Json rows = Json::array();
    for (int i = 0; i <= (counted ? executions : 0); ++i) rows.push(download_row("83454804", "2026-03-01T10:00:00Z"));
    return HttpResponse{200, {}, write_json(Json::object({{"downloads", rows}})), request.url};
  }
  void reply(int status, std::string body, Headers headers = {}) {
    paid = [=](const HttpRequest& request) -> Result<HttpResponse> {
      return HttpResponse{status, headers, body, request.url};
    };
  }
  [[nodiscard]] const HttpRequest& spending_call() const {
    for (const auto& request : transport.requests())
      if (request.method == Method::kPost) return request;
    throw std::runtime_error("nothing was spent");
  }

  TempDir dir;
  Json details = Json::object({{"product_id", "4321"}, {"project", "P-7"}, {"height", 4000}});
  std::string products =
      R"({"products":[{"id":4321,"type":"premiumaccess","status":"active","downloads_remaining":3}]})";
  std::function<Result<HttpResponse>(const HttpRequest&)> paid;
  int executions = 0;
  bool counted = true;
  std::optional<GettyProvider> provider;
  std::optional<SpendBench> bench;
};

}  // namespace

TEST_CASE("getty paid download: the product of the license pays, else the only active one of its type") {
  const License named = license_of(Json::object({{"product_id", "2"}}));
  CHECK(refused(named, {product_of("1"), product_of("2")}) == "pays 2");
  Product ended = product_of("2");
  ended.active = false;
  CHECK(refused(named, {product_of("1"), ended}) == "pays 1");
  CHECK(holds(refused(named, {product_of("1"), product_of("3"), ended}), "no active product"));
  CHECK(holds(refused(named, {ended}), "no active product"));
  CHECK(holds(refused(named, {}), "no active product"));
  CHECK(refused(license_of(), {product_of("1")}) == "pays 1");
}

TEST_CASE("getty paid download: the settings name the product that pays where the license does not tell") {
  const License named = license_of(Json::object({{"product_id", "2"}}));
  Product other = product_of("3");
  other.type = "easyaccess";
  const std::vector<Product> twins = {product_of("1"), product_of("4"), other};
  const std::string message = refused(named, twins);
  CHECK(holds(message, "active are: 1 (premiumaccess), 4 (premiumaccess), 3 (easyaccess)"));
  CHECK(holds(message, "product_id or product_type"));
  CHECK(refused(named, twins, {.product_id = "4"}) == "pays 4");
  CHECK(refused(named, twins, {.product_type = "EasyAccess"}) == "pays 3");
  CHECK(refused(named, twins, {.product_id = "9", .product_type = "easyaccess"}) == "pays 3");
  CHECK(holds(refused(named, twins, {.product_type = "premiumaccess"}), "no active product"));
  CHECK(refused(named, {product_of("2"), other}, {.product_id = "3"}) == "pays 2");
  CHECK(refused(license_of(), {product_of("1"), other}, {.product_id = "3"}) == "pays 1");
}

TEST_CASE("Q6 getty paid download: a product that is used up or does not say pays for nothing") {
  Product product = product_of("1");
  product.downloads_remaining = 0;
  CHECK(holds(refused(license_of(), {product}), "used up"));
  product.downloads_remaining.reset();
  CHECK(holds(refused(license_of(), {product}), "does not say"));
}

TEST_CASE("getty paid download: a required project code must be on the license and known to the product") {
  Product product = product_of("1");
  product.project_code_required = true;
  product.project_codes = {"P-7"};
  CHECK(holds(refused(license_of(), {product}), "requires a project code"));
  CHECK(holds(refused(license_of(Json::object({{"project", "P-8"}})), {product}), "does not know"));
  CHECK(refused(license_of(Json::object({{"project", "P-7"}})), {product}) == "pays 1");
}

TEST_CASE("getty paid download: the settings' project code counts where the license has none, and only there") {
  Product product = product_of("1");
  product.project_code_required = true;
  product.project_codes = {"P-7"};
  const getty::DownloadDefaults fits{.project_code = "P-7"}, other{.project_code = "P-9"};
  CHECK(refused(license_of(), {product}, fits) == "pays 1");
  CHECK(holds(refused(license_of(), {product}, other), "does not know the project code 'P-9'"));
  CHECK(holds(refused(license_of(Json::object({{"project", "P-8"}})), {product}, fits), "'P-8'"));
}

TEST_CASE("getty paid download: notes are sent where somebody wants some, and then name the row of our ledger") {
  const getty::DownloadDefaults defaults{.project_code = "P-7", .notes = "archive"};
  const auto body = [&](Json details, bool required, const getty::DownloadDefaults& given) {
    Product product = product_of("1");
    product.note_required = required;
    return getty::paid_body(license_of(std::move(details)), product, "damsync spend 5", given);
  };
  const Json said = Json::object({{"notes", "Page 7"}, {"project", "P-1"}});
  CHECK(body(Json::object(), false, {}) == "{}");
  CHECK(body(Json::object(), true, {}) == R"({"download_notes":"damsync spend 5"})");
  CHECK(body(said, false, {}) == R"-({"download_notes":"Page 7 (damsync spend 5)","project_code":"P-1"})-");
  CHECK(body(said, true, defaults) == R"-({"download_notes":"Page 7 (damsync spend 5)","project_code":"P-1"})-");
  CHECK(body(Json::object(), false, defaults) ==
        R"-({"download_notes":"archive (damsync spend 5)","project_code":"P-7"})-");
}

TEST_CASE("getty paid download: file type and height of the settings count where the license tells none") {
  const getty::DownloadDefaults defaults{.file_type = "eps", .height = 4000};
  const auto query = [&](const License& license, const getty::DownloadDefaults& given) {
    return make_query(*getty::paid_query(license, product_of("1"), {{"x_large", "jpg", 6000, 5000}}, given));
  };
  const auto row =
      getty::read_download(download_row("83454804", "2018-03-01T10:00:00", Json::object({{"size_name", {}}})));
  const License untold = getty::normalize({std::get<getty::DownloadWire>(row)}).front();
  CHECK(holds(query(untold, defaults), "file_type=eps"));
  CHECK_FALSE(holds(query(untold, defaults), "height"));
  CHECK(holds(query(untold, {.file_type = "jpg", .height = 4000}), "file_type=jpg&height=4000"));
  CHECK_FALSE(holds(query(untold, {}), "file_type"));
  CHECK(holds(query(license_of(), defaults), "file_type=jpg&height=5000"));
}

TEST_CASE("getty paid download: size and format asked for are those of the license") {
  const std::vector<Rendition> sizes = {{"large", "jpg", 3000, 2000}, {"x_large", "jpg", 6000, 4000}};
  const auto query = [&](const License& license, const std::vector<Rendition>& known) {
    return make_query(*getty::paid_query(license, product_of("1"), known, {}));
  };
  CHECK(query(license_of(), sizes) ==
        "auto_download=false&file_type=jpg&height=4000&product_id=1&product_type=premiumaccess");
  CHECK(holds(query(license_of(Json::object({{"height", 1234}})), sizes), "height=1234"));
  License vector = license_of();
  vector.format = "eps";
  CHECK(query(vector, sizes) == "auto_download=false&file_type=eps&product_id=1&product_type=premiumaccess");
}

TEST_CASE(
    "getty paid download: a licensed size whose height nobody tells is not paid for, as the largest may cost more") {
  const auto query = [](const License& license, const std::vector<Rendition>& known, std::int64_t height) {
    return getty::paid_query(license, product_of("1"), known, {.height = height});
  };
  for (const auto& known : std::vector<std::vector<Rendition>>{
           {}, {{"large", "jpg", 3000, 2000}}, {{"x_large", "eps", 6000, 4000}}, {{"x_large", "jpg", 6000, {}}}}) {
    const auto refused = query(license_of(), known, 4000);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kRefusedByPolicy);
    CHECK(holds(refused.error().message, "the height of the licensed size 'x_large' is not known"));
  }
  CHECK(query(license_of(Json::object({{"height", 1234}})), {}, 0).ok());
}

TEST_CASE_FIXTURE(PaidBench, "getty paid download: without a known height no row of the ledger is opened") {
  details.set("height", Json());
  hold();
  const auto answer = bench->acquire("g83454804-1");
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().code == ErrorCode::kRefusedByPolicy);
  CHECK(executions == 0);
  CHECK(bench->book().empty());
}

TEST_CASE("Q1 Q2 R8 T29 T30 getty paid download: documented refusals are told from answers that say nothing") {
  struct Row {
    int status;
    std::string body;
    ErrorCode expected;
  };
  const std::string code = R"({"ErrorCode":"X","ErrorMessage":")";
  for (const auto& row : std::vector<Row>{
           {400, code + R"(bad"})", ErrorCode::kInvalid},
           {401, R"({"ErrorCode":"AuthorizationTokenRequired"})", ErrorCode::kUnauthorized},
           {403, R"({"ErrorCode":"NoAccessToProductType","ErrorMessage":"no"})", ErrorCode::kUnauthorized},
           {403, R"({"message":"Account Over Queries Per Second Limit"})", ErrorCode::kThrottled},
           {403, R"({"ErrorCode":"OverageLimitReached","ErrorMessage":"used up"})", ErrorCode::kRefusedByPolicy},
           {404, R"({"ErrorCode":"ImageNotFound","ErrorMessage":"gone"})", ErrorCode::kNotFound},
           {429, R"({"message":"Too Many Requests"})", ErrorCode::kThrottled},
           {401, "", ErrorCode::kUnknownOutcome},
           {403, "<html><title>Blocked</title></html>", ErrorCode::kUnknownOutcome},
           {404, "", ErrorCode::kUnknownOutcome},
           {408, code + R"(timeout"})", ErrorCode::kUnknownOutcome},
           {409, code + R"(conflict"})", ErrorCode::kUnknownOutcome},
           {500, R"({"ErrorCode":"SystemError","ErrorMessage":"x"})", ErrorCode::kUnknownOutcome},
           {502, "<html>", ErrorCode::kUnknownOutcome},
           {503, "", ErrorCode::kUnknownOutcome},
           {201, R"({"uri":"https://delivery.gettyimages.com/a"})", ErrorCode::kUnknownOutcome},
           {303, "", ErrorCode::kUnknownOutcome},
           {200, "", ErrorCode::kUnknownOutcome},
           {200, "<html><title>Login</title></html>", ErrorCode::kUnknownOutcome},
           {200, R"({"uri":)", ErrorCode::kUnknownOutcome},
           {200, R"({})", ErrorCode::kUnknownOutcome},
           {200, R"({"uri":null})", ErrorCode::kUnknownOutcome},
           {200, R"({"uri":"ftp://delivery.gettyimages.com/a"})", ErrorCode::kUnknownOutcome},
           {200, R"(["uri"])", ErrorCode::kUnknownOutcome},
       }) {
    CAPTURE(row.status);
    CAPTURE(row.body);
    const HttpResponse response{row.status, {}, row.body, {}};
    const auto read = getty::read_paid_answer(response, license_of(), UtcTime{});
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == row.expected);
    const auto judged = judge_call(read.error());
    CHECK(judged == (row.expected == ErrorCode::kUnknownOutcome ? CallResult::kUnknown : CallResult::kRefused));
  }
}

TEST_CASE_FIXTURE(PaidBench,
                  "I5 getty paid download: one call, marked as spending, with everything the product wants") {
  reply(200, R"({"uri":"https://delivery.gettyimages.com/xa/83454804.jpg?k=secret"})");
  const auto source = bench->acquire("g83454804-1");
  REQUIRE(source.ok());
  CHECK(source->url == "https://delivery.gettyimages.com/xa/83454804.jpg?k=secret");
  CHECK(source->expires_at == clock.utc() + std::chrono::hours(24));
  const auto& call = spending_call();
  CHECK(call.effect == Effect::kSpends);
  CHECK(call.url.target() ==
        "/v3/downloads/images/83454804?auto_download=false&file_type=jpg&height=4000&product_id=4321&"
        "product_type=premiumaccess");
  CHECK(call.body == R"({"project_code":"P-7"})");
  CHECK(call.content_type == "application/json");
  CHECK(*call.credentials.find("Api-Key") == "key-7f3a");
  for (int i = 0; i < 3; ++i) CHECK(bench->acquire("g83454804-1").ok());
  CHECK(executions == 1);
}

TEST_CASE_FIXTURE(PaidBench, "getty paid download: a required note names the row of our ledger") {
  products =
      R"({"products":[{"id":4321,"type":"premiumaccess","status":"active","downloads_remaining":3,)"
      R"("download_requirements":{"is_note_required":true,"is_project_code_required":false,"project_codes":[]}}]})";
  reply(200, R"({"uri":"https://delivery.gettyimages.com/a"})");
  REQUIRE(bench->acquire("g83454804-1").ok());
  CHECK(holds(spending_call().body, R"("download_notes":"damsync spend 1")"));
}

TEST_CASE_FIXTURE(PaidBench, "T29 getty paid download: a request for patience is not answered by a second call") {
  reply(403, R"({"message":"Account Over Queries Per Second Limit"})");
  CHECK_FALSE(bench->acquire("g83454804-1").ok());
  CHECK(executions == 1);
  CHECK(clock.waits().empty());
  CHECK(bench->book() == std::vector<std::string>{"g83454804-1 refused"});
}

TEST_CASE_FIXTURE(PaidBench, "Q1 getty paid download: a lost answer is settled by the history of the asset") {
  paid = [](const HttpRequest&) -> Result<HttpResponse> {
    return make_error(ErrorCode::kUnknownOutcome, "sent, but the connection was reset");
  };
  CHECK_FALSE(bench->acquire("g83454804-1").ok());
  counted = false;
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == std::vector<std::string>{"g83454804-1 open"});
  counted = true;
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == std::vector<std::string>{"g83454804-1 spent"});
  CHECK_FALSE(bench->acquire("g83454804-1").ok());
  CHECK(executions == 1);
}

TEST_CASE_FIXTURE(PaidBench, "Q6 getty paid download: without a download left nothing is sent") {
  products = R"({"products":[{"id":4321,"type":"premiumaccess","status":"active","downloads_remaining":0}]})";
  const auto answer = bench->acquire("g83454804-1");
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().code == ErrorCode::kRefusedByPolicy);
  CHECK(executions == 0);
  CHECK(bench->book().empty());
}

}  // namespace damsync
