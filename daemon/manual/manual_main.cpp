#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "daemon/manual/completions.h"
#include "daemon/manual/man_pages.h"
#include "daemon/version.h"

namespace {

using namespace damsync;

std::string replaced(std::string text, const std::string& mark, const std::string& by) {
  const auto at = text.find(mark);
  if (at == std::string::npos) throw std::runtime_error("the template lacks " + mark);
  return text.replace(at, mark.size(), by);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string make(const std::string& what, const std::string& source) {
  const auto table = command_table(make_commands());
  if (what == "bash") return bash_completion(table);
  if (what == "zsh") return zsh_completion(table);
  if (what == "fish") return fish_completion(table);
  std::string page = replaced(read_file(source), "@VERSION@", kVersion);
  if (what == "commands")
    return replaced(replaced(std::move(page), "@COMMANDS@\n", commands_as_roff(table)), "@OPTIONS@\n",
                    global_options_as_roff(table));
  if (what == "settings") return replaced(std::move(page), "@SETTINGS@\n", settings_as_roff());
  if (what == "page") return page;
  throw std::runtime_error("there is no " + what);
}

}  // namespace

/// `damsync-manual WHAT TARGET [TEMPLATE]`: a tool of the build that writes man pages and completions from the tables
/// the program itself works with.
int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) return 2;
  try {
    std::ofstream out(argv[2], std::ios::binary | std::ios::trunc);
    out << make(argv[1], argc == 4 ? argv[3] : "") << std::flush;
    if (out) return 0;
    std::fprintf(stderr, "damsync-manual: cannot write %s\n", argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "damsync-manual: %s\n", error.what());
  }
  return 1;
}
