#include "sync/transfer/downloader.h"

#include <doctest/doctest.h>

#include "storage/files/posix_file_ops.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_transport.h"
#include "tests/support/scripted_provider.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// One license to fetch, a provider that hands out URLs, a transport that plays answers, a store in a temporary folder.
struct Bench {
  Bench() : license(provider.add("1", "e1")) {
    auto opened = open_store_root(dir / "store");
    REQUIRE(opened.ok());
    ops = std::move(*opened);
    store = std::make_unique<FileStore>(*ops);
    REQUIRE(store->open("store-1", false).ok());
  }

  Result<Fetched> fetch(TransferLimits limits = {}) {
    return Downloader(provider, transport, *store, clock, limits).fetch(license, {}, {});
  }
  std::size_t staged_files() { return ops->list_dir(".damsync/staging")->size(); }

  TempDir dir;
  ScriptedProvider provider;
  License license;
  FakeTransport transport;
  FakeClock clock;
  std::unique_ptr<FileOps> ops;
  std::unique_ptr<FileStore> store;
  const std::string jpeg = tiny_jpeg(600, 400, std::string(1'000, 's'));
  const Headers image = {{"Content-Type", "image/jpeg"}, {"ETag", "\"v1\""}};
};

/// A transport that can hand a sink part of a body and then fail, which the scripted one cannot.
class CuttingTransport final : public HttpTransport {
 public:
  explicit CuttingTransport(HttpTransport& rest) : rest_(rest) {}
  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override {
    if (cut_at == 0) return rest_.send(request, sink, stop);
    const HttpHead head{200, headers, static_cast<std::int64_t>(body.size()), true};
    if (auto begun = sink->begin(head); !begun) return begun.error();
    if (auto written = sink->write(std::string_view(body).substr(0, cut_at)); !written) return written.error();
    cut_at = 0;
    return retryable(ErrorCode::kUnavailable, "the connection was cut");
  }
  std::string body;
  Headers headers;
  std::size_t cut_at = 0;

 private:
  HttpTransport& rest_;
};

const std::string* header(const HttpRequest& request, std::string_view name) { return request.headers.find(name); }

}  // namespace

TEST_CASE_FIXTURE(Bench, "downloader: a whole image is staged, hashed and sealed, and not visible") {
  transport.push(200, jpeg, image);
  const auto fetched = fetch();
  REQUIRE(fetched.ok());
  CHECK(fetched->staged->sha256() == sha256_hex(jpeg));
  CHECK(fetched->staged->bytes() == static_cast<std::int64_t>(jpeg.size()));
  CHECK(fetched->media.width == 600);
  CHECK(provider.count("refetch") == 1);
}

TEST_CASE_FIXTURE(Bench, "M8 downloader: a cut transfer goes on where it stopped when the validator is strong") {
  CuttingTransport cutting(transport);
  cutting.body = jpeg;
  cutting.headers = image;
  cutting.cut_at = 500;
  transport.push([this](const HttpRequest& request) -> Result<HttpResponse> {
    CHECK(*header(request, "Range") == "bytes=500-");
    CHECK(*header(request, "If-Range") == "\"v1\"");
    Headers headers = image;
    headers.add("Content-Range", "bytes 500-" + std::to_string(jpeg.size() - 1) + "/" + std::to_string(jpeg.size()));
    return HttpResponse{206, headers, jpeg.substr(500), request.url};
  });
  const auto fetched = Downloader(provider, cutting, *store, clock, {}).fetch(license, {}, {});
  REQUIRE(fetched.ok());
  CHECK(fetched->staged->sha256() == sha256_hex(jpeg));
  CHECK(provider.count("refetch") == 1);
}

TEST_CASE_FIXTURE(
    Bench, "M8 downloader: a host that ignores the range, or sends another, makes it start from the first byte") {
  for (const bool other_range : {false, true}) {
    CAPTURE(other_range);
    CuttingTransport cutting(transport);
    cutting.body = std::string(700, 'x');
    cutting.headers = image;
    cutting.cut_at = 500;
    if (other_range) {
      Headers headers = image;
      headers.add("Content-Range", "bytes 499-999/1000");
      transport.push(206, jpeg.substr(499), headers);
    }
    transport.push(200, jpeg, image);
    const auto fetched = Downloader(provider, cutting, *store, clock, {}).fetch(license, {}, {});
    REQUIRE(fetched.ok());
    CHECK(fetched->staged->sha256() == sha256_hex(jpeg));
  }
}

TEST_CASE_FIXTURE(Bench, "downloader: without a validator nothing is resumed") {
  CuttingTransport cutting(transport);
  cutting.body = jpeg;
  cutting.headers = {{"Content-Type", "image/jpeg"}, {"ETag", "W/\"weak\""}};
  cutting.cut_at = 500;
  transport.push(200, jpeg, image);
  REQUIRE(Downloader(provider, cutting, *store, clock, {}).fetch(license, {}, {}).ok());
  CHECK(header(transport.requests().at(0), "Range") == nullptr);
}

TEST_CASE_FIXTURE(Bench, "M7 downloader: an expired URL is asked for again") {
  transport.push(403, "<html>expired</html>");
  transport.push(200, jpeg, image);
  REQUIRE(fetch().ok());
  CHECK(provider.count("refetch") == 2);
}

TEST_CASE_FIXTURE(Bench, "M7 downloader: a URL that is always expired is given up after a few tries") {
  transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{403, {}, "", request.url};
  });
  const auto fetched = fetch();
  REQUIRE_FALSE(fetched.ok());
  CHECK(fetched.error().http_status == 403);
  CHECK(provider.count("refetch") == 4);
  CHECK(staged_files() == 0);
}

TEST_CASE_FIXTURE(Bench,
                  "M2 downloader: a page in place of an image is refused after a second try, and leaves nothing") {
  struct Row {
    std::string name, type, body;
  };
  const std::vector<Row> rows = {{"HTML that says so", "text/html; charset=utf-8", "<html></html>"},
                                 {"HTML called an image", "image/jpeg", "<!DOCTYPE html><html></html>"},
                                 {"JSON called an image", "image/jpeg", "{\"message\":\"no\"}"},
                                 {"nothing", "image/jpeg", ""},
                                 {"half an image", "image/jpeg", jpeg.substr(0, 400)}};
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto asked_before = provider.count("refetch");
    transport.push(200, row.body, {{"Content-Type", row.type}});
    transport.push(200, row.body, {{"Content-Type", row.type}});
    const auto fetched = fetch();
    REQUIRE_FALSE(fetched.ok());
    CHECK(fetched.error().code == ErrorCode::kInvalid);
    CHECK(provider.count("refetch") - asked_before == 2);
    CHECK(staged_files() == 0);
  }
}

TEST_CASE_FIXTURE(Bench, "downloader: damage on the way is mended by the second copy") {
  transport.push(200, jpeg.substr(0, 300), image);
  transport.push(200, jpeg, image);
  CHECK(fetch().ok());
}

TEST_CASE_FIXTURE(Bench, "downloader: another format than the licensed one is refused") {
  license.format = "eps";
  transport.push(200, jpeg, image);
  transport.push(200, jpeg, image);
  CHECK(fetch().error().code == ErrorCode::kInvalid);
}

TEST_CASE_FIXTURE(Bench, "downloader: a license that is not handed out is asked for once") {
  provider.not_downloadable.insert("e1");
  CHECK(fetch().error().code == ErrorCode::kGone);
  CHECK(provider.count("refetch") == 1);
  CHECK(transport.requests().empty());
}

TEST_CASE_FIXTURE(Bench, "X1 downloader: below the reserve nothing is asked for") {
  TransferLimits limits;
  limits.min_free = std::int64_t{1} << 60;
  CHECK(fetch(limits).error().code == ErrorCode::kLowSpace);
  CHECK(provider.calls().empty());
}

TEST_CASE_FIXTURE(Bench, "X1 downloader: a file that would go below the reserve is not begun") {
  TransferLimits limits;
  limits.min_free = *store->free_bytes() - (std::int64_t{1} << 32);
  class Announcing final : public HttpTransport {
   public:
    Result<HttpResponse> send(const HttpRequest&, BodySink* sink, std::stop_token) override {
      const auto begun = sink->begin({200, {{"Content-Type", "image/jpeg"}}, std::int64_t{1} << 40, true});
      return begun ? make_error(ErrorCode::kInternal, "the sink took it") : begun.error();
    }
  } announcing;
  const auto fetched = Downloader(provider, announcing, *store, clock, limits).fetch(license, {}, {});
  CHECK(fetched.error().code == ErrorCode::kLowSpace);
  CHECK(staged_files() == 0);
}

TEST_CASE_FIXTURE(Bench, "T16 downloader: a body whose end is not certain is refused") {
  class Undelimited final : public HttpTransport {
   public:
    Result<HttpResponse> send(const HttpRequest&, BodySink* sink, std::stop_token) override {
      const auto begun = sink->begin({200, {{"Content-Type", "image/jpeg"}}, std::nullopt, false});
      return begun ? make_error(ErrorCode::kInternal, "the sink took it") : begun.error();
    }
  } undelimited;
  CHECK(Downloader(provider, undelimited, *store, clock, {}).fetch(license, {}, {}).error().code ==
        ErrorCode::kProtocol);
}

TEST_CASE_FIXTURE(Bench, "P11 downloader: a file beyond the limit is refused while it arrives") {
  TransferLimits limits;
  limits.max_file = 100;
  transport.push(200, jpeg, image);
  transport.push(200, jpeg, image);
  CHECK(fetch(limits).error().code == ErrorCode::kInvalid);
  CHECK(staged_files() == 0);
}

TEST_CASE_FIXTURE(Bench, "R4 downloader: a host that is not allowed is not asked twice") {
  transport.push(make_error(ErrorCode::kRefusedByPolicy, "host not allowed"));
  CHECK(fetch().error().code == ErrorCode::kRefusedByPolicy);
  CHECK(transport.requests().size() == 1);
}

}  // namespace damsync
