#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/crash/every_nth.h"
#include "tests/crash/small_world.h"

namespace damsync {

/// A state in which a cycle is about to begin, and how it ends when nothing disturbs it.
struct Stage {
  explicit Stage(Moment which) : moment(which) {
    for (const Moment earlier : {Moment::kFirst, Moment::kSecond})
      if (earlier < moment) kept = media_files(run(before.path(), earlier));
    const TempDir clean;
    std::filesystem::copy(before.path(), clean.path(), std::filesystem::copy_options::recursive);
    const auto visible = run(clean.path(), moment);
    wanted = end_state(clean / "catalog.db", visible);
  }

  Moment moment;
  TempDir before;
  std::map<std::string, std::string> kept;  ///< files that were there already
  std::vector<std::string> wanted;

 private:
  static std::map<std::string, std::string> run(const std::filesystem::path& state, Moment moment) {
    CycleBench bench(state);
    set_moment(bench, moment);
    REQUIRE_FALSE(bench.cycle().error);
    REQUIRE(broken_promises(bench, {}) == "");
    return bench.visible_files();
  }
};

/// One disturbed cycle on a copy of a stage.
class Trial {
 public:
  explicit Trial(const Stage& stage) : stage_(stage) {
    std::filesystem::copy(stage.before.path(), state_.path(), std::filesystem::copy_options::recursive);
    bench_.emplace(state_.path());
    set_moment(*bench_, stage.moment);
  }

  CycleBench& bench() { return *bench_; }
  [[nodiscard]] std::string unlike_wanted() const {
    return differences(stage_.wanted, end_state(bench_->catalog_path(), bench_->visible_files()));
  }
  [[nodiscard]] std::string broken() { return broken_promises(*bench_, stage_.kept); }

  /// After the disturbance is over: every promise holds, one cycle more ends where an undisturbed one does, and a new
  /// process finds nothing left over.
  void check_recovery(bool in_new_process) {
    CHECK(broken() == "");
    if (in_new_process) bench_->reopen();
    const auto summary = bench_->cycle();
    CHECK_MESSAGE(!summary.error, (summary.error ? summary.error->message : ""));
    CHECK(broken() == "");
    CHECK(unlike_wanted() == "");
    bench_->reopen();
    CHECK(std::filesystem::is_empty(state_ / "store/.damsync/staging"));
  }

 private:
  const Stage& stage_;
  TempDir state_;
  std::optional<CycleBench> bench_;
};

}  // namespace damsync
