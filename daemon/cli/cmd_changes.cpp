#include <algorithm>

#include "daemon/cli/access.h"
#include "daemon/cli/command.h"
#include "daemon/cli/time_filter.h"
#include "storage/journal/feed_tail.h"

namespace damsync {
namespace {

constexpr std::size_t kBatch = 1'000;
constexpr Millis kLookEvery{250};

bool is_position(const std::string& text) {
  constexpr std::size_t kMostDigits = 18;
  return !text.empty() && text.size() <= kMostDigits && text.find_first_not_of("0123456789") == std::string::npos;
}

class ChangesCommand final : public Command {
 public:
  std::string_view name() const override { return "changes"; }
  std::string_view summary() const override { return "Print the change feed, one JSON object a line"; }

  void declare(Arguments& arguments) override {
    arguments.text("--since", since_, "SEQ",
                   "what came after this: the seq or the cursor of a change, or a time: 2026-01-31T12:00:00Z, "
                   "2026-01-31, or an age such as 5d");
    arguments.flag("--follow", follow_, "wait for further changes; ends by SIGTERM or SIGINT");
    arguments.footer(
        "Keep the cursor of the last line: unlike a seq, it is refused (exit 78) when the catalog was replaced by "
        "another or an older one since, and the feed must be read from the beginning.");
  }

  Result<ExitCode> run(CommandContext& context) override {
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    FeedTail feed(loaded->settings.catalog.path);
    auto cursor = begin(feed, context.clock.utc());
    if (!cursor) return refused(cursor.error());
    while (!context.stop.stop_requested() && !context.out.lost()) {
      auto page = feed.read(*cursor, kBatch);
      if (!page) return refused(page.error());
      for (const auto& change : page->changes) context.out.json(change_json(change));
      *cursor = page->next;
      if (page->more) continue;
      if (!follow_) return ExitCode::kDone;
      if (!context.out.finish()) break;
      if (!context.clock.wait(kLookEvery, context.stop)) break;
      context.out.look();
    }
    const bool cut = !follow_ && context.stop.stop_requested();
    return cut ? ExitCode::kIncomplete : ExitCode::kDone;  // lost output is told by the caller
  }

 private:
  Result<std::string> begin(FeedTail& feed, UtcTime now) const {
    if (since_.empty() || is_feed_cursor(since_)) return since_;
    if (is_position(since_)) return feed.cursor_behind(std::stoll(since_));
    const auto time = parse_time_filter(since_, now);
    if (!time)
      return make_error(ErrorCode::kUsage, "--since: " + time.error().message + ", or a seq or cursor of the feed");
    return feed.cursor_at(*time);
  }

  /// A place in the feed that is not there any more means that the catalog is not the one it was: for a person.
  static Error refused(const Error& error) {
    return error.code == ErrorCode::kGone ? make_error(ErrorCode::kGuard, error.message) : error;
  }

  std::string since_;
  bool follow_ = false;
};

}  // namespace

std::unique_ptr<Command> make_changes_command() { return std::make_unique<ChangesCommand>(); }

}  // namespace damsync
