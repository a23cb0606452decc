#include "daemon/application.h"

#include <Poco/Util/ServerApplication.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "daemon/cli/command.h"
#include "daemon/stop_signals.h"
#include "daemon/version.h"
#include "storage/base/text.h"
#include "storage/sqlite/database.h"

namespace damsync {
namespace {

using Code = damsync::ExitCode;  // Poco's base class has a type of that name, too

/// Text of ours, line by line, because a message may quote the world.
std::string printable_lines(const std::string& text) {
  std::string out;
  std::size_t begin = 0;
  for (;;) {
    const auto end = text.find('\n', begin);
    out += printable(text.substr(begin, end - begin));
    if (end == std::string::npos) return out;
    out += '\n';
    begin = end + 1;
  }
}

void say(const Redactor& redactor, const std::string& message) {
  const std::string line = "damsync: " + printable_lines(redactor.redact(message)) + "\n";
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, line.data(), line.size());
}

/// The shell around one command. Poco's application class gives the process its frame (subsystems, logging of its own
/// libraries); options stay with the command line parser and settings with `daemon/config`, so it sees neither. Signals
/// stay with `StopSignals`: Poco's own way knows neither SIGHUP nor what a second signal means.
class Application final : public Poco::Util::ServerApplication {
 public:
  Application(const ParsedCommandLine& line, Output& out) : line_(line), out_(out) {}
  using ServerApplication::run;  // without the arguments, which it would look for --daemon in

 protected:
  int main(const ArgVec&) override {
    Redactor redactor;
    SystemClock clock;
    Log log(STDERR_FILENO, clock, redactor);
    log.set_level(line_.options.level());
    log.set_format(line_.options.log_format);
    Result<Code> done = Code::kInternal;
    try {
      done = run_command(clock, log);
    } catch (const DatabaseError& error) {
      done = make_error(error.code(), error.what());
    } catch (const std::exception& error) {
      done = make_error(ErrorCode::kInternal,
                        fmt::format("internal error: {}; the state is as after a crash", error.what()));
    }
    if (done) return static_cast<int>(*done);
    tell(done.error(), log);
    return static_cast<int>(exit_code_for(done.error().code));
  }

 private:
  Result<Code> run_command(Clock& clock, Log& log) {
    std::stop_source stop;
    StopSignals signals(stop, line_.command->hangup());
    CommandContext context{line_.options, out_, log, clock, stop.get_token(), signals};
    return line_.command->run(context);
  }

  /// Whoever keeps the daemon's log finds its end there, an entry a line; a person reads a sentence.
  void tell(const Error& error, Log& log) const {
    if (!line_.command->logs_its_end()) return say(log.redactor(), error.message);
    for (const auto& line : split(error.message, '\n'))
      log.error("daemon.failed", {{"code", to_word(error.code)}, {"reason", std::string(line)}});
  }

  const ParsedCommandLine& line_;
  Output& out_;
};

ExitCode run_parsed(const ParsedCommandLine& line, Output& out) {
  using Kind = ParsedCommandLine::Kind;
  switch (line.kind) {
    case Kind::kHelp: out.text(line.text); return ExitCode::kDone;
    case Kind::kVersion: out.line(fmt::format("damsync {}", kVersion)); return ExitCode::kDone;
    case Kind::kWrong:
      say(Redactor(), fmt::format("{}\nRun `{}` for usage.", line.text, line.help));
      return ExitCode::kUsage;
    case Kind::kRun: break;
  }
  Poco::AutoPtr<Application> application(new Application(line, out));
  // A name with a slash: any other is looked for in PATH, which need not be set.
  application->init(Poco::Util::ServerApplication::ArgVec{"/damsync"});
  return static_cast<ExitCode>(application->run());
}

}  // namespace

void prepare_process() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) [[maybe_unused]]
      const int opened = ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
  for (const int ignored : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2}) ::signal(ignored, SIG_IGN);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

int run_application(int argc, const char* const* argv) {
  // Asked before /dev/null takes the place of a closed descriptor: results written there would be lost in silence.
  const bool has_output = ::fcntl(STDOUT_FILENO, F_GETFD) >= 0;
  hold_hangup();
  prepare_process();
  ExitCode code = ExitCode::kInternal;
  try {
    Output out(has_output ? STDOUT_FILENO : -1);
    const auto commands = make_commands();
    code = run_parsed(parse_command_line(argc, argv, commands), out);
    if (auto written = out.finish(); !written) {
      if (!out.reader_gone()) say(Redactor(), written.error().message);
      code = worst(code, exit_code_for(written.error().code));
    }
  } catch (const std::exception& error) {
    say(Redactor(), fmt::format("internal error: {}", error.what()));
  }
  return static_cast<int>(code);
}

}  // namespace damsync
