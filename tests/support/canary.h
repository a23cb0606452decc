#pragma once

#include <string>
#include <vector>

namespace damsync {

/// A secret that stands nowhere but where it was put, and the search for it.
class Canary {
 public:
  Canary(std::string name, std::string secret);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& secret() const noexcept { return secret_; }
  /// The form in which it stands in `text`, e.g. `base64`; empty: it does not.
  [[nodiscard]] std::string found_in(const std::string& text) const;

 private:
  std::string name_;
  std::string secret_;
  std::vector<std::pair<std::string, std::string>> forms_;
};

}  // namespace damsync
