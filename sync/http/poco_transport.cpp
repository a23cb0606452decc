#include "sync/http/poco_transport.h"

#include <Poco/Net/HTTPRequest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <sstream>

#include "storage/base/text.h"
#include "sync/http/connector.h"
#include "sync/http/exchange.h"

namespace damsync {

namespace {

constexpr int kMaxRedirects = 5;
/// How long a spending call in flight may go on after a stop was asked for.
constexpr Millis kSpendGrace{15'000};

Error refused(std::string message) { return make_error(ErrorCode::kRefusedByPolicy, std::move(message)); }

bool is_redirect(int status) { return status >= 300 && status < 400 && status != 304; }

Status check_fields(const Headers& headers) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  for (const auto& [name, value] : headers.fields()) {
    const bool good_name = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || kMarks.find(c) != std::string_view::npos;
    });
    if (!good_name || has_control(value))
      return make_error(ErrorCode::kInvalid,
                        fmt::format("header {} cannot be sent: control character", printable(name)));
  }
  return {};
}

/// The request as it goes over the wire.
std::string serialize(const HttpRequest& request, const Headers& credentials, const std::string& user_agent) {
  Poco::Net::HTTPRequest out(to_word(request.method), request.url.target(), Poco::Net::HTTPMessage::HTTP_1_1);
  for (const auto& [name, value] : request.headers.fields()) out.set(name, value);
  for (const auto& [name, value] : credentials.fields()) out.set(name, value);
  // After the caller's, so that they win.
  const std::string origin = request.url.origin();
  const bool usual_port = request.url.port() == (request.url.secure() ? 443 : 80);
  const std::size_t host = request.url.scheme().size() + 3;
  out.set("Host", usual_port ? origin.substr(host, origin.rfind(':') - host) : origin.substr(host));
  out.set("User-Agent", user_agent);
  out.set("Accept-Encoding", "identity");
  if (!request.content_type.empty()) out.set("Content-Type", request.content_type);
  if (request.method != Method::kGet || !request.body.empty())
    out.set("Content-Length", std::to_string(request.body.size()));
  std::ostringstream text;
  out.write(text);
  return text.str() + request.body;
}

class PocoTransport final : public HttpTransport {
 public:
  PocoTransport(TransportSettings settings, ProxySettings proxy, Lookup lookup)
      : settings_(std::move(settings)), connector_(settings_, std::move(proxy), std::move(lookup)) {}

  Status prepare() {
    const bool now = settings_.base_url.secure() || !settings_.ca_file.empty();
    return now ? connector_.prepare_tls() : Status();
  }

  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override;

 private:
  Result<HttpResponse> follow(HttpRequest request, BodySink* sink, CallTimer& timer, bool& sent);
  Result<HttpResponse> one_hop(const HttpRequest& request, const Headers& credentials, BodySink* sink, CallTimer& timer,
                               bool& sent);
  Result<HttpResponse> exchange(Connector::Lease& lease, const HttpRequest& request, const std::string& bytes,
                                BodySink* sink, bool& silent);
  Status check_request(const HttpRequest& request) const;
  Status check_host(const Url& url) const;
  [[nodiscard]] bool may_see_credentials(const Url& first, const Url& hop) const;
  static Result<HttpRequest> redirected(const HttpRequest& request, const HttpResponse& answer);
  void count(Effect effect);

  const TransportSettings settings_;
  Connector connector_;
  Watchdog watchdog_;
};

Result<HttpResponse> PocoTransport::send(const HttpRequest& request, BodySink* sink, std::stop_token stop) {
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
  if (auto good = check_request(request); !good) return good.error();
  CallTimer timer(watchdog_, std::chrono::steady_clock::now() + request.deadline, std::move(stop));
  bool sent = false;
  auto answer = follow(request, sink, timer, sent);
  if (!answer && request.effect == Effect::kSpends && sent) {
    Error unknown = make_error(ErrorCode::kUnknownOutcome, "sent, but " + answer.error().message);
    unknown.http_status = answer.error().http_status;
    return unknown;
  }
  return answer;
}

Result<HttpResponse> PocoTransport::follow(HttpRequest request, BodySink* sink, CallTimer& timer, bool& sent) {
  const Url first = request.url;
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    if (auto allowed = check_host(request.url); !allowed) return allowed.error();
    const Headers credentials = may_see_credentials(first, request.url) ? request.credentials : Headers{};
    auto answer = one_hop(request, credentials, sink, timer, sent);
    if (!answer || !is_redirect(answer->status) || request.use == AnswerUse::kStatus) return answer;
    if (request.effect == Effect::kSpends) {
      Error unexpected = refused(fmt::format("{}: a spending call was redirected", request.url.display()));
      unexpected.http_status = answer->status;
      return unexpected;
    }
    auto next = redirected(request, *answer);
    if (!next) return next.error();
    request = std::move(*next);
  }
  return retryable(ErrorCode::kProtocol, fmt::format("{}: more than {} redirects", first.display(), kMaxRedirects));
}

Result<HttpResponse> PocoTransport::one_hop(const HttpRequest& request, const Headers& credentials, BodySink* sink,
                                            CallTimer& timer, bool& sent) {
  const std::string bytes = serialize(request, credentials, settings_.user_agent);
  const bool spends = request.effect == Effect::kSpends;
  auto lease = spends ? connector_.fresh(request.url, timer) : connector_.lease(request.url, timer);
  if (!lease) return lease.error();
  if (spends) timer.set_grace(kSpendGrace);
  if (timer.end() == CallTimer::End::kStopped) return make_error(ErrorCode::kCancelled, "stopped before sending");

  sent = true;
  bool silent = true;
  auto answer = exchange(*lease, request, bytes, sink, silent);
  // A server may close an idle connection just as it is used again; that is no news about the request.
  const bool stale = !answer && lease->reused && silent && timer.end() == CallTimer::End::kNot;
  if (!stale) return answer;
  lease = connector_.fresh(request.url, timer);
  if (!lease) return lease.error();
  return exchange(*lease, request, bytes, sink, silent);
}

Result<HttpResponse> PocoTransport::exchange(Connector::Lease& lease, const HttpRequest& request,
                                             const std::string& bytes, BodySink* sink, bool& silent) {
  count(request.effect);
  if (auto written = lease.connection->write(bytes); !written) return written.error();
  Exchange exchange(*lease.connection, request);
  auto head = exchange.read_head();
  silent = exchange.silent();
  if (!head) return head.error();

  HttpResponse response{head->status, head->headers, {}, request.url};
  const bool for_sink = head->status == 200 || head->status == 206;
  auto read = exchange.read_body(*head, for_sink ? sink : nullptr, response.body);
  if (!read && request.use == AnswerUse::kBody) return read.error();
  if (exchange.reusable() && request.effect == Effect::kSafe)
    connector_.give_back(request.url, std::move(lease.connection));
  return response;
}

Status PocoTransport::check_request(const HttpRequest& request) const {
  for (const char* name : {"Authorization", "Cookie", "Api-Key", "Proxy-Authorization"})
    if (request.headers.find(name) != nullptr)
      return make_error(ErrorCode::kInternal, fmt::format("{} belongs into the credentials of a request", name));
  if (auto good = check_fields(request.headers); !good) return good;
  if (auto good = check_fields(request.credentials); !good) return good;
  if (has_control(request.content_type)) return make_error(ErrorCode::kInvalid, "content type with control character");
  if (!request.credentials.fields().empty() && !may_see_credentials(request.url, request.url))
    return refused(fmt::format("{}: credentials are not for this host", request.url.display()));
  return {};
}

Status PocoTransport::check_host(const Url& url) const {
  const std::string& host = url.host();
  const Url& base = settings_.base_url;
  if (host == base.host() || (is_loopback_host(host) && is_loopback_host(base.host()))) return {};
  for (const auto& allowed : settings_.allowed_hosts)
    if (host == allowed || host.ends_with("." + allowed)) return {};
  for (const auto& origin : settings_.credential_origins)
    if (const auto listed = Url::parse(origin); listed && listed->host() == host) return {};
  return refused(fmt::format("{}: host not listed for this account", url.display()));
}

bool PocoTransport::may_see_credentials(const Url& first, const Url& hop) const {
  const auto listed = [&](const std::string& origin) {
    const auto url = Url::parse(origin);
    return url && url->origin() == hop.origin();
  };
  if (hop.origin() != first.origin()) return false;
  return hop.origin() == settings_.base_url.origin() ||
         std::any_of(settings_.credential_origins.begin(), settings_.credential_origins.end(), listed);
}

/// The next request, rebuilt: whatever goes to another origin holds neither credentials nor a body.
Result<HttpRequest> PocoTransport::redirected(const HttpRequest& request, const HttpResponse& answer) {
  constexpr std::array kFollowed{301, 302, 303, 307, 308};
  const std::string from = request.url.display();
  if (std::find(kFollowed.begin(), kFollowed.end(), answer.status) == kFollowed.end())
    return retryable(ErrorCode::kProtocol, fmt::format("{}: unusable status {}", from, answer.status));
  std::vector<const std::string*> locations;
  for (const auto& [name, value] : answer.headers.fields())
    if (iequals(name, "Location")) locations.push_back(&value);
  if (locations.size() != 1)
    return retryable(ErrorCode::kProtocol, fmt::format("{}: status {} without one Location", from, answer.status));
  auto target = request.url.resolve(*locations.front());
  if (!target) return refused(fmt::format("{}: redirect refused: {}", from, target.error().message));
  if (request.url.secure() && !target->secure()) return refused(fmt::format("{}: redirect from https to http", from));

  HttpRequest next = request;
  next.url = std::move(*target);
  const bool reads = request.method == Method::kGet;
  if (answer.status == 303 && !reads) {
    next.method = Method::kGet;
    next.body.clear();
    next.content_type.clear();
  } else if (!reads && next.url.origin() != request.url.origin()) {
    return refused(fmt::format("{}: redirect of a {} to another host", from, to_word(request.method)));
  }
  return next;
}

void PocoTransport::count(Effect effect) {
  if (settings_.counter == nullptr) return;
  auto& counter = effect == Effect::kSpends ? settings_.counter->spending : settings_.counter->free;
  counter.fetch_add(1, std::memory_order_relaxed);
}

/// A lost connection is an answer of `write`, not the end of the process.
void ignore_sigpipe() {
  struct sigaction current {};
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> make_poco_transport(TransportSettings settings, Lookup lookup) {
  ignore_sigpipe();
  auto proxy = ProxySettings::from_environment();
  if (!proxy) return proxy.error();
  auto transport = std::make_unique<PocoTransport>(std::move(settings), std::move(*proxy), std::move(lookup));
  if (auto prepared = transport->prepare(); !prepared) return prepared.error();
  return std::unique_ptr<HttpTransport>(std::move(transport));
}

}  // namespace damsync
