#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "daemon/cli/command.h"
#include "daemon/config/settings_loader.h"
#include "daemon/config/settings_review.h"
#include "daemon/config/settings_text.h"
#include "daemon/config/waivers.h"
#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr mode_t kSettingsMode = 0640;

Status write_new(const std::string& path, const std::string& text) {
  const auto failed = [&](const char* what) {
    return make_error(ErrorCode::kStorage,
                      fmt::format("cannot {} {}: {}", what, printable(path), std::strerror(errno)));
  };
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kSettingsMode);
  if (fd < 0 && errno == EEXIST)
    return make_error(ErrorCode::kUsage,
                      fmt::format("{} exists and is never overwritten; choose another name", printable(path)));
  if (fd < 0) return failed("create");
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  const bool whole = rest.empty() && ::fsync(fd) == 0;
  const Status result = whole ? Status() : Status(failed("write"));
  ::close(fd);
  if (!whole) ::unlink(path.c_str());
  return result;
}

void append(std::vector<SettingsMistake>& mistakes, std::vector<SettingsMistake> more) {
  mistakes.insert(mistakes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// In the order in which a person goes through the files.
void sort_by_place(LoadedSettings& loaded) {
  const auto place = [&](const SettingsMistake& mistake) {
    return std::pair(std::find(loaded.files.begin(), loaded.files.end(), mistake.file), mistake.line);
  };
  std::stable_sort(loaded.mistakes.begin(), loaded.mistakes.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
}

Json json_of(const std::vector<SettingsMistake>& mistakes) {
  Json out = Json::array();
  for (const auto& m : mistakes)
    out.push(Json::object({{"file", m.file},
                           {"line", m.line > 0 ? Json(m.line) : Json()},
                           {"key", m.key.empty() ? Json() : Json(m.key)},
                           {"message", m.problem}}));
  return out;
}

class ConfigCommand final : public Command {
 public:
  std::string_view name() const override { return "config"; }
  std::string_view summary() const override { return "Check, show or begin the settings"; }

  void declare(Arguments& arguments) override {
    arguments.word(
        "what", what_, {"check", "show", "init"},
        "check: report every mistake; show: what is in force, secrets masked; init: print a commented example");
    arguments.optional_positional("FILE", file_, "with init: write the example there; never overwrites");
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (what_ != "init" && !file_.empty())
      return make_error(ErrorCode::kUsage, fmt::format("config {} takes no file here; use -c FILE", what_));
    if (what_ == "init") return init(context);
    LoadedSettings loaded = load_settings(context.options.config);
    if (what_ == "check") {
      const bool sound = loaded.ok();  // else a waiver may name what could not be read
      auto review = review_settings(loaded);
      append(loaded.mistakes, std::move(review.mistakes));
      sort_by_place(loaded);
      if (sound) append(loaded.mistakes, read_waivers(loaded.settings).mistakes);
      return check(context, loaded, review.warnings);
    }
    if (!loaded.ok()) return loaded.error();
    if (context.options.json)
      context.out.json(effective_json(loaded));
    else
      context.out.text(effective_text(loaded));
    return ExitCode::kDone;
  }

 private:
  Result<ExitCode> init(CommandContext& context) {
    if (file_.empty()) {
      context.out.text(example_settings());
      return ExitCode::kDone;
    }
    if (auto written = write_new(file_, example_settings()); !written) return written.error();
    if (context.options.json) {
      context.out.json(Json::object({{"file", file_}}));
      return ExitCode::kDone;
    }
    context.out.line(fmt::format("{} is written. Next:", printable(file_)));
    context.out.line("  1. set name, provider and access_token of the first [[account]]");
    context.out.line("  2. put the token into the file named there; mode 0600 or 0640");
    context.out.line(fmt::format("  3. damsync -c {} config check", printable(file_)));
    context.out.line(fmt::format("  4. damsync -c {} sync --dry-run", printable(file_)));
    return ExitCode::kDone;
  }

  static Result<ExitCode> check(CommandContext& context, const LoadedSettings& loaded,
                                const std::vector<SettingsMistake>& warnings) {
    if (context.options.json) {
      Json files = Json::array();
      for (const auto& file : loaded.files) files.push(file);
      context.out.json(Json::object({{"ok", loaded.ok()},
                                     {"files", std::move(files)},
                                     {"mistakes", json_of(loaded.mistakes)},
                                     {"warnings", json_of(warnings)}}));
      return loaded.ok() ? ExitCode::kDone : ExitCode::kSettings;
    }
    for (const auto& warning : warnings) context.out.line("warning: " + warning.text());
    if (!loaded.ok()) return loaded.error();
    context.out.line(fmt::format("{}: no mistakes, {}", printable(context.options.config),
                                 counted(static_cast<std::int64_t>(loaded.settings.accounts.size()), "account")));
    return ExitCode::kDone;
  }

  std::string what_, file_;
};

}  // namespace

std::unique_ptr<Command> make_config_command() { return std::make_unique<ConfigCommand>(); }

}  // namespace damsync
