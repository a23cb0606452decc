#include "tests/crash/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "tests/crash/small_world.h"
#include "tests/simulators/demo_data.h"
#include "tests/simulators/sandbox_config.h"
#include "tests/support/paths.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// One transfer at a time, so that the same run meets the same crash points.
void make_repeatable(const fs::path& settings) {
  std::string text = read_all(settings);
  const std::string eight = "concurrency         = 8";
  const auto at = text.find(eight);
  if (at == std::string::npos) throw std::runtime_error("the sandbox writes other settings than it did");
  text.replace(at, eight.size(), "concurrency         = 1");
  std::ofstream(settings, std::ios::binary) << text;
}

}  // namespace

ProgramBench::ProgramBench(fs::path state, const std::string& base_url) : state_(std::move(state)) {
  const SandboxConfig config{state_ / "damsync.toml", state_, base_url, std::string(kSandboxToken)};
  if (auto written = write_sandbox_config(config); !written) throw std::runtime_error(written.error().message);
  make_repeatable(config.file);
}

pid_t ProgramBench::start(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment) const {
  const std::string settings = state_ / "damsync.toml", output = state_ / "output.txt", binary = damsync_binary();
  std::vector<std::string> words = {binary, "-c", settings};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (auto& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);

  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("cannot start a process");
  if (child == 0) {
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execve(binary.c_str(), argv.data(), envp.data());
    ::_exit(126);
  }
  return child;
}

int ProgramBench::wait(pid_t started) {
  int status = 0;
  if (::waitpid(started, &status, 0) != started) throw std::runtime_error("a started program is gone");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int ProgramBench::run(const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment) const {
  return wait(start(arguments, environment));
}

std::string ProgramBench::output() const { return read_all(state_ / "output.txt"); }

std::map<std::string, std::string> ProgramBench::visible() const {
  std::map<std::string, std::string> files;
  const auto root = state_ / "store";
  if (!fs::exists(root)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto name = entry.path().lexically_relative(root).string();
    if (entry.is_regular_file() && !name.starts_with(".damsync")) files[name] = read_all(entry.path());
  }
  return files;
}

std::vector<std::string> ProgramBench::end_state() const {
  return damsync::end_state(state_ / "catalog.db", visible());
}

bool ProgramBench::staging_is_empty() const { return fs::is_empty(state_ / "store/.damsync/staging"); }

}  // namespace damsync
