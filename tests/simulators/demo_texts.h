#pragma once

#include <string>
#include <vector>

namespace damsync {

/// What one demo picture shows.
struct DemoText {
  const char* description;
  std::vector<std::string> keywords;
  const char* category;  ///< id
  bool editorial = false;
};

/// Descriptions in several scripts; picture `i` shows number `i` modulo their count.
const std::vector<DemoText>& demo_texts();

}  // namespace damsync
