#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "storage/base/clock.h"

namespace damsync {

/// A state directory with settings, and the real program to run on it.
class ProgramBench {
 public:
  /// Settings for the provider at `base_url`; store and catalog go below `state`, where they may already stand.
  ProgramBench(std::filesystem::path state, const std::string& base_url);

  /// Starts `damsync ARGUMENTS`; its output goes to a file of the state directory.
  [[nodiscard]] pid_t start(const std::vector<std::string>& arguments,
                            const std::map<std::string, std::string>& environment = {}) const;
  /// The exit code of a started program, or minus the signal that ended it.
  [[nodiscard]] static int wait(pid_t started);
  /// Starts and waits.
  [[nodiscard]] int run(const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment = {}) const;

  [[nodiscard]] std::string output() const;                          ///< of the last start
  [[nodiscard]] std::map<std::string, std::string> visible() const;  ///< the published tree
  [[nodiscard]] std::vector<std::string> end_state() const;
  [[nodiscard]] bool staging_is_empty() const;
  [[nodiscard]] const std::filesystem::path& state() const noexcept { return state_; }

 private:
  std::filesystem::path state_;
};

}  // namespace damsync
