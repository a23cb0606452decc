#include "sync/providers/account_access.h"

#include <algorithm>

namespace damsync {

std::vector<MissingScope> missing_scopes(const std::vector<MissingScope>& needed,
                                         const std::vector<std::string>& granted) {
  std::vector<MissingScope> missing;
  for (const auto& scope : needed)
    if (std::find(granted.begin(), granted.end(), scope.name) == granted.end()) missing.push_back(scope);
  return missing;
}

std::string with_query(const Url& page, const std::vector<std::pair<std::string, std::string>>& params) {
  const std::string text = page.text();
  return text + (text.find('?') == std::string::npos ? '?' : '&') + make_query(params);
}

Result<TokenAnswer> ask_for_tokens(HttpTransport& transport, Url endpoint, const FormFields& form, Clock& clock,
                                   Redactor& redactor, std::stop_token stop) {
  const auto response = transport.send(token_call(std::move(endpoint), form), nullptr, std::move(stop));
  if (!response) return response.error();
  auto tokens = read_token_answer(*response, clock.utc());
  if (!tokens) return tokens;
  redactor.add_passing(tokens->access_token);
  redactor.add(tokens->refresh_token);
  return tokens;
}

}  // namespace damsync
