#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/result.h"
#include "tests/simulators/http_message.h"

namespace damsync {

/// What a fault does to an answer.
struct FaultAction {
  enum class When {
    kInstead,  ///< the simulator never sees the request: nothing changes in its state
    kAfter,    ///< the simulator has answered (and changed its state); the answer is then spoilt
  };
  std::string name;
  When when = When::kInstead;
  std::function<void(SimResponse&)> apply;
};

/// When a fault strikes. The route is `METHOD /path`, a `*` standing for any text: `GET /v2/images/updated`,
/// `POST /v2/images/licenses/*`, `GET /gatekeeper/*`, `*`.
struct FaultRule {
  std::string route = "*";
  int first = 1;  ///< strikes at this match of the route, counted from 1 after the rule was added ...
  int times = 1;  ///< ... and at so many matches from there; 0: at every one
  FaultAction action;
};

/// A list of faults to inject, and the record of whether each of them struck.
///
/// Threads  all methods lock.
class FaultScript {
 public:
  using Id = std::size_t;

  Id add(FaultRule rule);
  /// Short form: the fault strikes once, at the next match of `route`.
  Id once(std::string route, FaultAction action);
  /// Short form: the fault strikes at every match of `route`.
  Id always(std::string route, FaultAction action);
  void clear();

  /// How often a fault has struck.
  [[nodiscard]] int fired(Id id) const;
  /// Faults that have not struck (as often as they should): a test with one of these proves nothing.
  [[nodiscard]] std::vector<std::string> unfired() const;

  /// For the simulator: the actions for this request, in the order they were added. Counts matches.
  std::vector<FaultAction> match(std::string_view method, std::string_view path);

 private:
  struct Armed {
    FaultRule rule;
    int matched = 0;
    int fired = 0;
  };
  mutable std::mutex mutex_;
  std::vector<Armed> rules_;
};

/// True when `text` matches `pattern`, where `*` stands for any text.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

/// The faults to choose from.
namespace fault {
FaultAction status(int status, std::string body = R"({"message":"Internal error"})",
                   std::string content_type = "application/json; charset=utf8");
/// 429, with `Retry-After` when given.
FaultAction throttled(std::optional<std::string> retry_after = std::nullopt);
/// 401 as for an expired token.
FaultAction unauthorized();
/// 200 with a log-in page.
FaultAction html_page();
/// 200 with an empty list and `errors`.
FaultAction errors_at_200();
/// The answer replaced by these bytes, the status kept at 200.
FaultAction content(std::string bytes, std::string content_type);
/// An HTML page that calls itself image/jpeg.
FaultAction html_as_jpeg();
/// A proper JPEG, but of another picture.
FaultAction other_image();
/// The right length is announced, the image data ends early and zero bytes follow.
FaultAction truncated_jpeg();
FaultAction empty_body();
/// The connection ends orderly after so many bytes of the body.
FaultAction cut_body(std::size_t bytes);
/// RST instead of an answer; the request is not acted on.
FaultAction reset();
/// RST after so many bytes of the body.
FaultAction reset_in_body(std::size_t bytes);
/// The request is acted on, then the connection is reset before the answer.
FaultAction lose_reply();
/// `Content-Length` is off by `delta`.
FaultAction wrong_length(long delta);
/// `Content-Length` is this text, e.g. `abc`.
FaultAction length_text(std::string text);
FaultAction no_length();
/// The body comes in pieces of `bytes` with pauses.
FaultAction drip(std::size_t bytes, Millis pause);
FaultAction delay(Millis time);
/// Nothing is sent before the gate is released.
FaultAction hold(std::shared_ptr<SimGate> gate);
/// These bytes and nothing else, then the end of the connection.
FaultAction raw(std::string bytes);
/// Sets a header of the answer.
FaultAction header(std::string name, std::string value);
}  // namespace fault

/// Reads one fault from JSON: `{"route":"GET /gatekeeper/*","first":1,"times":1,"action":"cut_body","bytes":100}`.
/// Members beside `action` are those of its function: status, body, content_type, retry_after, bytes, delta, text,
/// millis, name, value.
///
/// Errors   kInvalid, naming the member.
Result<FaultRule> parse_fault(const Json& json);

}  // namespace damsync
