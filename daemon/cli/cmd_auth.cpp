#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/cli/access.h"
#include "daemon/cli/access_text.h"
#include "daemon/cli/command.h"
#include "daemon/cli/login_answer.h"
#include "daemon/config/secret_file.h"
#include "daemon/config/secrets.h"
#include "storage/base/text.h"
#include "sync/http/url.h"
#include "sync/providers/account_access.h"

namespace damsync {
namespace {

constexpr const char* kRedirectUri = "http://localhost/";

/// The files that tokens of a log-in go to; empty: none.
struct TokenPlaces {
  std::string access_file;
  std::string refresh_file;
};

std::string file_of(const SecretRef& ref) { return ref.kind == SecretRef::Kind::kFile ? ref.name : std::string(); }

Result<TokenPlaces> find_places(const AccountSettings& account) {
  TokenPlaces places{file_of(account.access_token), file_of(account.refresh_token)};
  if (places.access_file.empty() && places.refresh_file.empty())
    return make_error(ErrorCode::kSettings,
                      fmt::format("account '{}': a log-in needs a place for its token: set refresh_token = {{ file = "
                                  "\"/etc/damsync/secrets/{}.refresh\" }}",
                                  account.provider.account, account.provider.account));
  for (const auto* file : {&places.refresh_file, &places.access_file})
    if (!file->empty())
      if (auto fine = check_secret_place(*file); !fine) return fine.error();
  return places;
}

/// The account as it is before anybody logged in: without tokens.
Result<ProviderSettings> resolve_application(AccountSettings account, SecretSource& secrets) {
  account.access_token = {};
  account.refresh_token = {};
  return resolve_account(account, secrets);
}

class AuthCommand final : public Command {
 public:
  std::string_view name() const override { return "auth"; }
  std::string_view summary() const override { return "Log in at a provider, or check an account's credentials"; }

  void declare(Arguments& arguments) override {
    arguments.word("what", what_, {"login", "check"},
                   "login: get tokens for an account from its provider's log-in page; check: ask the provider what the "
                   "credentials are worth");
    arguments.optional_positional("ACCOUNT", account_, "one account; check takes all without it");
    arguments.text("--code", code_, "CODE",
                   "with login: the code, or the address the browser was sent to; - (and the default): read from "
                   "standard input, where no other user of the machine sees it; the page is not shown then");
    arguments.text("--redirect-uri", redirect_uri_, "URL",
                   fmt::format("with login: as registered for the application; default: {}", kRedirectUri));
  }

  Result<ExitCode> run(CommandContext& context) override {
    if (what_ == "check" && (!code_.empty() || !redirect_uri_.empty()))
      return make_error(ErrorCode::kUsage, "auth check takes neither --code nor --redirect-uri");
    if (what_ == "login" && account_.empty())
      return make_error(ErrorCode::kUsage, "auth login: which account? `damsync auth login ACCOUNT`");
    const auto loaded = load_settings_for(context);
    if (!loaded) return loaded.error();
    if (!account_.empty())
      if (auto known = check_account(loaded->settings, account_); !known) return known.error();
    return what_ == "login" ? login(context, loaded->settings) : check(context, loaded->settings);
  }

 private:
  Result<ExitCode> check(CommandContext& context, const Settings& settings) const {
    ExitCode code = ExitCode::kDone;
    for (const auto& account : settings.accounts) {
      if (!account_.empty() && account.provider.account != account_) continue;
      SecretSource secrets(context.log.redactor(), context.stop);
      AccessView view{account.provider.account, account.provider.provider, {}, {}, {}};
      if (const auto resolved = resolve_account(account, secrets))
        ask(context, *resolved, view);
      else
        view.error = resolved.error();
      print(context, view);
      code = worst(code, exit_code_of(view));
    }
    return code;
  }

  Result<ExitCode> login(CommandContext& context, const Settings& settings) const {
    const auto& account = *std::find_if(settings.accounts.begin(), settings.accounts.end(),
                                        [&](const auto& a) { return a.provider.account == account_; });
    const auto places = find_places(account);
    if (!places) return places.error();
    SecretSource secrets(context.log.redactor(), context.stop);
    auto resolved = resolve_application(account, secrets);
    if (!resolved) return resolved.error();
    const auto access = make_account_access(*resolved, context.clock, context.log);
    if (!access) return access.error();

    const LoginAttempt attempt{redirect_uri_.empty() ? kRedirectUri : redirect_uri_,
                               make_login_state(account_, resolved->client_secret), !places->refresh_file.empty()};
    if (auto url = Url::parse(attempt.redirect_uri); !url)
      return make_error(ErrorCode::kUsage, fmt::format("--redirect-uri: {}", url.error().message));
    const auto code = get_code(context, **access, attempt, resolved->client_secret);
    if (!code) return code.error();
    auto tokens = (*access)->redeem(attempt, *code, context.stop);
    if (!tokens) return tokens.error();
    return keep(context, account, *places, std::move(*tokens));
  }

  /// The code from the command line, else from the person who was shown where to get it.
  [[nodiscard]] Result<Secret> get_code(CommandContext& context, const AccountAccess& access,
                                        const LoginAttempt& attempt, const Secret& key) const {
    const auto page = access.login_url(attempt);
    if (!page) return page.error();
    std::string pasted = code_;
    if (pasted.empty() || pasted == "-") {
      if (pasted.empty())
        if (auto shown = show_page(context, *page); !shown) return shown.error();
      auto line = read_line(STDIN_FILENO, context.stop);
      if (!line) return line.error();
      pasted = std::move(*line);
    }
    auto answer = read_login_answer(pasted);
    if (!answer) {
      if (answer.error().code != ErrorCode::kUsage) return answer.error();
      return make_error(ErrorCode::kUsage,
                        answer.error().message + fmt::format("; run `damsync auth login {}` again, or "
                                                             "give the address on standard input with --code -",
                                                             account_));
    }
    context.log.redactor().add(answer->code);
    if (!answer->state.empty() && !is_login_state(answer->state, account_, key))
      return make_error(ErrorCode::kUnauthorized,
                        "the address belongs to another log-in: its state is not one of ours; nothing was changed");
    return std::move(answer->code);
  }

  /// With --json standard output is for the one object of the result.
  Status show_page(CommandContext& context, const std::string& page) const {
    const std::string text = fmt::format(
        "Open this page in a browser, log in as the user whose licenses are read, and agree:\n\n  {}\n\nThe browser is "
        "then sent to an address that need not exist. Paste that address, or the code in it:\n",
        page);
    if (!context.options.json) {
      context.out.text(text);
      return context.out.finish();
    }
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
    return {};
  }

  Result<ExitCode> keep(CommandContext& context, const AccountSettings& account, const TokenPlaces& places,
                        TokenAnswer tokens) const {
    AccessView view{account_, account.provider.provider, {}, {}, {}};
    if (!places.refresh_file.empty() && tokens.refresh_token.empty())
      return make_error(ErrorCode::kProtocol,
                        fmt::format("account '{}': the provider gave no refresh token; nothing was stored", account_));
    const auto store = [&](const char* key, const std::string& file, const Secret& secret) -> Status {
      if (file.empty()) return {};
      if (auto stored = store_secret_file(file, secret); !stored) return stored;
      view.stored.push_back({key, file});
      return {};
    };
    if (auto done = store("refresh_token", places.refresh_file, tokens.refresh_token); !done) return done.error();
    if (auto done = store("access_token", places.access_file, tokens.access_token); !done) return done.error();

    SecretSource secrets(context.log.redactor(), context.stop);
    auto resolved = resolve_account(account, secrets);
    if (!resolved) return resolved.error();
    resolved->access_token = tokens.access_token;
    ask(context, *resolved, view);
    print(context, view);
    return exit_code_of(view);
  }

  static void ask(CommandContext& context, const ProviderSettings& settings, AccessView& view) {
    const auto access = make_account_access(settings, context.clock, context.log);
    if (!access) {
      view.error = access.error();
      return;
    }
    auto report = (*access)->check(context.stop);
    if (report)
      view.report = std::move(*report);
    else
      view.error = report.error();
  }

  static void print(CommandContext& context, const AccessView& view) {
    if (context.options.json)
      context.out.json(json_of(view, context.log.redactor()));
    else
      context.out.text(text_of(view, context.log.redactor()));
  }

  std::string what_, account_, code_, redirect_uri_;
};

}  // namespace

std::unique_ptr<Command> make_auth_command() { return std::make_unique<AuthCommand>(); }

}  // namespace damsync
