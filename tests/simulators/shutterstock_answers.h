#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "storage/base/json.h"
#include "tests/simulators/http_message.h"
#include "tests/simulators/shutterstock_model.h"

namespace damsync {

/// JSON with the provider's content type.
SimResponse json_answer(const Json& body, int status = 200);
/// `{"message": ...}`
SimResponse message_answer(int status, std::string_view message);

/// Collects what is wrong with a request's parameters, the way the provider reports it.
class ParameterCheck {
 public:
  explicit ParameterCheck(const SimRequest& request) : request_(request) {}

  /// A whole number within limits; a mistake otherwise.
  long integer(std::string_view name, long fallback, long least, long most);
  /// One of the allowed words; a mistake otherwise.
  std::string word(std::string_view name, std::string_view fallback, std::initializer_list<std::string_view> allowed);
  /// `true` or `false`.
  bool flag(std::string_view name);
  void mistake(std::string_view code, std::string message, std::string_view data, std::string path);

  [[nodiscard]] bool failed() const { return errors_.if_array() != nullptr; }
  /// 400 with everything that was wrong.
  [[nodiscard]] SimResponse refusal() const;

 private:
  const SimRequest& request_;
  Json errors_;
};

/// True for ids of images: digits, the first not 0.
bool is_image_id(std::string_view id) noexcept;

/// An image as the provider shows it.
Json image_json(const SimImage& image, const std::vector<SimCategory>& categories);
/// The short form, which is the default of lists.
Json minimal_image_json(const SimImage& image);
/// One row of the license history.
Json license_json(const SimLicense& license, const ShutterstockSwitches& switches);

}  // namespace damsync
