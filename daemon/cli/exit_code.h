#pragma once

#include <initializer_list>

#include "storage/base/result.h"
#include "storage/model/run.h"

namespace damsync {

/// What the program tells the one who started it. Stable: scripts and unit files rely on the numbers.
enum class ExitCode {
  kDone = 0,
  kIncomplete = 1,  ///< some items failed or were deferred; they are recorded and retried
  kUsage = 2,
  kFindings = 3,
  kUnavailable = 69,  ///< a provider gave no usable answer
  kInternal = 70,     ///< a bug of ours
  kStorage = 74,      ///< store, catalog or standard output cannot be written or read
  kLocked = 75,       ///< another damsync holds this state
  kUnauthorized = 77,
  kSettings = 78,  ///< a person must look: settings, damaged catalog, missing sentinel, a guard
};

/// The exit code that one failure asks for.
ExitCode exit_code_for(ErrorCode code) noexcept;

/// Where several apply, the first of 70, 78, 74, 77, 75, 69, 1 wins.
ExitCode worst(ExitCode a, ExitCode b) noexcept;

/// Of a whole cycle: the worst of what its accounts met, else whether anything was left over.
ExitCode exit_code_of(const RunSummary& run) noexcept;

}  // namespace damsync
