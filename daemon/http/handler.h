#pragma once

#include <optional>

#include "daemon/http/request.h"
#include "daemon/http/response.h"
#include "storage/base/clock.h"

namespace damsync {

/// An answer, or the wish to be asked again.
struct WebReply {
  std::optional<WebAnswer> answer;
  Millis hold{0};  ///< without an answer: ask again when something changed, or after this time

  static WebReply of(WebAnswer answer) { return {std::move(answer), Millis(0)}; }
  static WebReply held(Millis time) { return {std::nullopt, time}; }
};

/// What stands behind a `WebServer`. Requests have passed the rules for who may ask and how.
class WebHandler {
 public:
  virtual ~WebHandler() = default;

  /// Asked first, in the thread of all connections: answers what needs neither disk nor waiting.
  virtual std::optional<WebAnswer> answer_at_once(const WebRequest& request) = 0;
  /// Asked in the worker's thread, one request at a time. `waited`: since it was asked first.
  virtual WebReply answer(const WebRequest& request, Millis waited) = 0;
};

}  // namespace damsync
