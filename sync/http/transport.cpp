#include "sync/http/transport.h"

#include <algorithm>

#include "storage/base/text.h"

namespace damsync {

const char* to_word(Method method) noexcept {
  switch (method) {
    case Method::kGet: return "GET";
    case Method::kPost: return "POST";
    case Method::kPut: return "PUT";
    case Method::kDelete: return "DELETE";
  }
  return "?";
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_, [&](const auto& field) { return iequals(field.first, name); });
  fields_.emplace_back(std::string(name), std::move(value));
}

const std::string* Headers::find(std::string_view name) const noexcept {
  for (const auto& field : fields_)
    if (iequals(field.first, name)) return &field.second;
  return nullptr;
}

}  // namespace damsync
