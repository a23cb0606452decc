#include "sync/deliver/command_hook.h"

#include <fmt/format.h>

#include <cstring>

#include "storage/base/text.h"
#include "storage/base/units.h"
#include "sync/deliver/child_process.h"

namespace damsync {
namespace {

/// The first line of what a program wrote, for a reason.
std::string first_line(const std::string& text) {
  const std::string line = printable(text.substr(0, text.find('\n')));
  return line.empty() ? "" : ": " + line.substr(0, 200);
}

class CommandHook final : public Receiver {
 public:
  explicit CommandHook(CommandTarget target) : target_(std::move(target)) {}

  const std::string& name() const override { return target_.name; }
  const EventFilter& filter() const override { return target_.filter; }
  int in_flight() const override { return 1; }

  Outcome send(const Event& event, std::stop_token stop) override {
    const ChildEnd end =
        run_child({target_.run, environment(event.change), event.body + "\n", target_.time_limit}, stop);
    switch (end.kind) {
      case ChildEnd::Kind::kExited:
        if (end.code == 0) return {};
        return refused(fmt::format("exit code {}{}", end.code, first_line(end.errors)));
      case ChildEnd::Kind::kSignalled:
        return refused(fmt::format("ended by signal {}{}", end.code, first_line(end.errors)));
      case ChildEnd::Kind::kTimedOut:
        return failed(
            fmt::format("did not finish within {}{}", format_duration(target_.time_limit), first_line(end.errors)));
      case ChildEnd::Kind::kNotStarted: return failed(fmt::format("cannot be started: {}", std::strerror(end.code)));
      case ChildEnd::Kind::kStopped:
      case ChildEnd::Kind::kTooMuchOutput: break;
    }
    return {Outcome::Kind::kNotTried, "", std::nullopt};
  }

 private:
  [[nodiscard]] Outcome failed(const std::string& why) const { return outcome(Outcome::Kind::kFailed, why); }
  /// It ran, and did not like this event.
  [[nodiscard]] Outcome refused(const std::string& why) const { return outcome(Outcome::Kind::kRefused, why); }
  [[nodiscard]] Outcome outcome(Outcome::Kind kind, const std::string& why) const {
    return {kind, fmt::format("{}: {}", printable(target_.run.front()), why), std::nullopt};
  }

  static std::vector<std::string> environment(const Change& change) {
    auto out = child_environment();
    out.insert(out.end(), {fmt::format("DAMSYNC_EVENT={}", to_word(change.type)), "DAMSYNC_EVENT_ID=" + change.id,
                           "DAMSYNC_PROVIDER=" + change.provider, "DAMSYNC_ACCOUNT=" + change.account,
                           "DAMSYNC_ASSET_ID=" + change.asset_id, "DAMSYNC_LICENSE_ID=" + change.license_id});
    return out;
  }

  const CommandTarget target_;
};

}  // namespace

std::unique_ptr<Receiver> make_command_hook(CommandTarget target) {
  return std::make_unique<CommandHook>(std::move(target));
}

}  // namespace damsync
