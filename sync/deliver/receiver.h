#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "storage/base/clock.h"
#include "storage/model/event.h"
#include "sync/deliver/event_filter.h"

namespace damsync {

/// One event, ready to leave.
struct Event {
  Change change;
  std::string body;  ///< CloudEvents 1.0, structured JSON, one line
};

/// How an attempt to hand over one event ended.
struct Outcome {
  enum class Kind {
    kDelivered,
    kFailed,    ///< the receiver could not be reached, or is not well; to be tried again by the schedule
    kRefused,   ///< the receiver is well and does not take this event; to be tried again by the schedule
    kGone,      ///< the receiver wants nothing any more
    kNotTried,  ///< a stop came first
  };
  Kind kind = Kind::kDelivered;
  std::string reason;                 ///< for a person; empty when delivered
  std::optional<Millis> retry_after;  ///< the receiver asks to be left alone for that long
};

/// Somebody who is told what changed.
///
/// Errors   none: what went wrong is an `Outcome`.
/// Threads  `send` is called from several threads at once, `in_flight` of them at most.
class Receiver {
 public:
  virtual ~Receiver() = default;

  /// Unique among the receivers of the settings; the key of its rows in the catalog.
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual const EventFilter& filter() const = 0;
  /// How many events, of different assets, may be on their way to it at once.
  [[nodiscard]] virtual int in_flight() const = 0;
  /// One attempt, bounded in time.
  virtual Outcome send(const Event& event, std::stop_token stop) = 0;
};

}  // namespace damsync
