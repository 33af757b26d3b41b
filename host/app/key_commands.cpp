#include "app/key_commands.hpp"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "api/auth.hpp"
#include "api/key_rule.hpp"
#include "app/host.hpp"
#include "app/setting_checks.hpp"
#include "app/system.hpp"
#include "core/time.hpp"
#include "core/words.hpp"
#include "ports/secrets.hpp"
#include "store/key.hpp"
#include "store/sql_store.hpp"

namespace mortise::app {
namespace {

/// The store, opened for one command.
struct OpenStore {
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<ports::Store> store;
};

Result<std::unique_ptr<OpenStore>> open_store_for(const Arguments& arguments,
                                                  const Terminal& terminal,
                                                  store::Opening opening) {
  auto settings = settings_for(arguments, terminal);
  if (!settings) return std::move(settings).error();
  auto key = master_key(*settings, terminal.environment);
  if (!key) return std::move(key).error();
  const std::string path = settings->path("store.path");
  std::error_code ignored;
  const bool fresh = !std::filesystem::exists(path, ignored);
  auto open = std::make_unique<OpenStore>();
  auto store = store::open_store({.path = path,
                                  .key = std::move(*key),
                                  .random = open->random,
                                  .clock = open->clock,
                                  .version = std::string(kVersion),
                                  .opening = opening});
  if (!store) return std::move(store).error();
  if (fresh) terminal.err << "made a new store at " << shown(path) << '\n';
  open->store = std::move(*store);
  return open;
}

int key_new(const Arguments& arguments, Terminal& terminal) {
  SystemRandom random;
  const store::MasterKey key = store::MasterKey::generate(random);
  const std::string file = arguments.option("file");
  if (file.empty()) {
    terminal.out << key.hex().reveal_for_use() << '\n';
    return kOk;
  }
  if (Status written = store::write_key_file(file, key); !written) {
    return complain(terminal, written.error(), kCannot);
  }
  terminal.out << "wrote " << file << ": keep a copy elsewhere, without it the store is lost\n";
  return kOk;
}

/// What `--scopes` says. An empty word among them is a scope that there is not.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> scopes;
  std::string scope;
  for (const char c : text + ",") {
    if (c != ',') {
      scope += c;
    } else {
      scopes.push_back(std::exchange(scope, {}));
    }
  }
  return scopes;
}

int apikey_new(const Arguments& arguments, Terminal& terminal) {
  const std::string wanted = arguments.option("scopes");
  std::vector<std::string> scopes = split(wanted.empty() ? "read,write" : wanted);
  const std::string name = arguments.option("name");
  if (Status good = api::check_key(name, scopes); !good) {
    return complain(terminal, good.error(), kUsage);
  }
  auto open = open_store_for(arguments, terminal, store::Opening::make);
  if (!open) return complain(terminal, open.error());
  const auto key =
      api::make_key(*(*open)->store, name, std::move(scopes), (*open)->clock, (*open)->random);
  if (!key) return complain(terminal, key.error());
  if (!(terminal.out << key->text.reveal_for_use() << '\n' << std::flush)) {
    const auto revoked = api::revoke_key(*(*open)->store, key->record.id, (*open)->clock);
    return complain(
        terminal,
        {Code::unavailable,
         fmt::format("the key {} could not be shown, and is {}", key->record.id,
                     revoked ? "revoked" : "to be revoked: " + text_of(revoked.error()))},
        kCannot);
  }
  terminal.err << "This is shown once; only its hash is kept.\n";
  return kOk;
}

constexpr const char* kNoKeys = "No keys yet: mortise apikey new\n";

int apikey_list(const Arguments& arguments, Terminal& terminal) {
  auto open = open_store_for(arguments, terminal, store::Opening::keep);
  if (!open && open.error().reason == "store_none") {
    terminal.err << kNoKeys;
    return kOk;
  }
  if (!open) return complain(terminal, open.error());
  auto keys = (*open)->store->access().keys();
  if (!keys) return complain(terminal, keys.error());
  for (const core::ApiKey& key : *keys) {
    terminal.out << fmt::format("{}  {}  {}  {}{}\n", key.id, shown(key.name),
                                fmt::join(key.scopes, ","), core::format_instant(key.created_ms),
                                key.revoked_ms ? "  revoked" : "");
  }
  if (keys->empty()) terminal.err << kNoKeys;
  return kOk;
}

int apikey_revoke(const Arguments& arguments, Terminal& terminal) {
  auto open = open_store_for(arguments, terminal, store::Opening::keep);
  if (!open) return complain(terminal, open.error());
  const auto key = api::revoke_key(*(*open)->store, arguments.words.front(), (*open)->clock);
  if (!key) {
    return complain(terminal, key.error(), key.error().code == Code::not_found ? kFound : kCannot);
  }
  terminal.out << "revoked " << key->id << '\n';
  return kOk;
}

Status expect_not_own(const std::string& name) {
  if (!name.starts_with(ports::kOwnSecrets)) return {};
  return Error{Code::invalid, fmt::format("{} is the host's own", name)};
}

/// Lets nothing that is typed be seen, for as long as it lives.
class Unseen {
 public:
  Unseen() {
    known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Unseen() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool known_ = false;
};

/// One line. A person at a terminal is asked for it.
std::string read_secret(Terminal& terminal, const std::string& name) {
  std::string value;
  if (&terminal.in == &std::cin && ::isatty(STDIN_FILENO) == 1) {
    const Unseen unseen;
    terminal.err << name << ", not shown: " << std::flush;
    std::getline(terminal.in, value);
    terminal.err << '\n';
  } else {
    std::getline(terminal.in, value);
  }
  while (!value.empty() && (value.back() == '\r' || value.back() == ' ')) value.pop_back();
  return value;
}

int secret_set(const Arguments& arguments, Terminal& terminal) {
  const std::string& name = arguments.words.front();
  if (Status own = expect_not_own(name); !own) return complain(terminal, own.error(), kUsage);
  auto settings = settings_for(arguments, terminal);
  if (!settings) return complain(terminal, settings.error());
  if (Status read = check_secret_name(*settings, name); !read) {
    return complain(terminal, read.error(), kUsage);
  }
  std::string value = read_secret(terminal, name);
  if (value.empty()) {
    return complain(terminal, {Code::invalid, "no secret came on standard input"}, kUsage);
  }
  auto open = open_store_for(arguments, terminal, store::Opening::make);
  if (!open) return complain(terminal, open.error());
  Status saved =
      (*open)->store->commit({ports::put(core::NamedSecret{name, core::Secret(std::move(value)),
                                                           (*open)->clock.now_ms()})},
                             ports::Durability::full);
  if (!saved) return complain(terminal, saved.error());
  terminal.out << "set " << name << '\n';
  return kOk;
}

int secret_list(const Arguments& arguments, Terminal& terminal) {
  auto open = open_store_for(arguments, terminal, store::Opening::keep);
  if (!open && open.error().reason == "store_none") return kOk;
  if (!open) return complain(terminal, open.error());
  auto names = (*open)->store->grants().secret_names();
  if (!names) return complain(terminal, names.error());
  for (const std::string& name : *names) {
    if (!name.starts_with(ports::kOwnSecrets)) terminal.out << shown(name) << '\n';
  }
  return kOk;
}

int secret_remove(const Arguments& arguments, Terminal& terminal) {
  const std::string& name = arguments.words.front();
  if (Status own = expect_not_own(name); !own) return complain(terminal, own.error(), kUsage);
  auto open = open_store_for(arguments, terminal, store::Opening::keep);
  if (!open) return complain(terminal, open.error());
  auto kept = (*open)->store->grants().secret_names();
  if (!kept) return complain(terminal, kept.error());
  if (std::find(kept->begin(), kept->end(), name) == kept->end()) {
    const std::vector<std::string_view> names(kept->begin(), kept->end());
    const auto near = core::nearest_word(name, names);
    const std::string hint = near ? fmt::format("; did you mean {}?", *near) : std::string();
    return complain(terminal, {Code::not_found, fmt::format("{} is not set{}", name, hint)},
                    kFound);
  }
  Status saved = (*open)->store->commit({ports::EraseSecret{name}}, ports::Durability::full);
  if (!saved) return complain(terminal, saved.error());
  terminal.out << "removed " << name << '\n';
  return kOk;
}

}  // namespace

std::vector<Command> key_commands() {
  return {
      {"key new",
       "",
       "Makes a master key.\nPrinted, or written to a file of mode 0600.",
       {{"file", "FILE", "write it there; an existing file is left alone"}},
       key_new},
      {"apikey new",
       "",
       "Makes a key for the app.\nThe key is shown once. A host that runs has the store: POST "
       "/v1/api_keys.",
       {{"name", "NAME", "what it is for; default: app"},
        {"scopes", "LIST", "read, write, admin; default: read,write"}},
       apikey_new},
      {"apikey list", "", "Lists the app's keys.", {}, apikey_list},
      {"apikey revoke",
       "ID",
       "Ends a key of the app.\nA host that runs has the store: DELETE /v1/api_keys/ID.",
       {},
       apikey_revoke},
      {"secret set",
       "NAME",
       "Keeps a secret, read from standard input; at a terminal it is asked for, and not "
       "shown.\nNames: <connector>.client_id, "
       "<connector>.client_secret. A host that runs has the store: PUT /v1/secrets/NAME.",
       {},
       secret_set},
      {"secret remove",
       "NAME",
       "Forgets a secret.\nA host that runs has the store: DELETE /v1/secrets/NAME.",
       {},
       secret_remove},
      {"secret list", "", "Lists the names of kept secrets.", {}, secret_list},
  };
}

}  // namespace mortise::app
