#include "plugin/manifest_rules.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "plugin/requests.hpp"

namespace mortise::plugin {
namespace {

using namespace ports;

bool is_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= 32 && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), plain);
}

// <number>.<number>.<number>, with nothing before or after (semver.org without pre-releases).
bool is_version(std::string_view text) {
  int parts = 0;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    if (part.empty() || part.size() > 6 || (part.size() > 1 && part[0] == '0') ||
        part.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
    ++parts;
    begin = end + 1;
  }
  return parts == 3;
}

// Only the form is checked here; what may be reached is decided by the egress rules.
bool is_origin_url(std::string_view url) {
  const std::size_t start = url.rfind("https://", 0) == 0  ? 8
                            : url.rfind("http://", 0) == 0 ? 7
                                                           : std::string_view::npos;
  if (start == std::string_view::npos || start == url.size() || url.back() == '/') return false;
  return std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c < 0x7F && std::string_view("@?#\\\"<>{}").find(c) == std::string_view::npos;
  });
}

void check_names(const Manifest& manifest, Problem& problem) {
  constexpr const char* kWord =
      "must be lower-case letters, digits and '_', begin with a letter, at most 32";
  if (!is_word(manifest.id)) problem.at("/id", kWord);
  if (!is_version(manifest.version))
    problem.at("/version", "\"<major>.<minor>.<patch>\" is expected");
  for (const Origin& each : manifest.origins) {
    if (!is_word(each.name)) problem.at("/origins/" + each.name, kWord);
  }
  for (const Kind& each : manifest.kinds) {
    if (!is_word(each.name) || each.name == "target") problem.at("/kinds/" + each.name, kWord);
  }
  for (const TargetKind& each : manifest.targets) {
    if (!is_word(each.kind)) problem.at("/targets/" + each.kind, kWord);
  }
  for (const Setting& each : manifest.settings) {
    if (!is_word(each.name)) problem.at("/settings/" + each.name, kWord);
  }
}

void check_origins(const Manifest& manifest, Problem& problem) {
  for (const Origin& each : manifest.origins) {
    const std::string where = "/origins/" + each.name;
    if (each.url.empty() == each.setting.empty()) {
      problem.at(where, "exactly one of url and setting is expected");
    } else if (!each.url.empty() && !is_origin_url(each.url)) {
      problem.at(where + "/url", "an http(s) URL without query and final '/' is expected");
    } else if (!each.setting.empty()) {
      const auto found =
          std::find_if(manifest.settings.begin(), manifest.settings.end(),
                       [&](const Setting& setting) { return setting.name == each.setting; });
      if (found == manifest.settings.end() || found->type != SettingType::url) {
        problem.at(where + "/setting", "'" + each.setting + "' is no setting of type url");
      }
    }
  }
}

void check_endpoint(const Manifest& manifest, const Endpoint& endpoint, const char* name,
                    Problem& problem) {
  if (!endpoint.empty() && manifest.origin(endpoint.origin) == nullptr) {
    problem.at(std::string("/auth/") + name + "/origin",
               "'" + endpoint.origin + "' is not declared in /origins");
  }
}

bool set_by_host(const std::string& name) {
  const std::string lower = lower_case(name);
  return belongs_to_host(lower) || lower == "accept" || lower.rfind("content-", 0) == 0;
}

void check_auth_headers(const Auth& auth, Problem& problem) {
  constexpr std::size_t kMost = 8;
  constexpr std::size_t kLongest = 200;
  if (auth.headers.size() > kMost) problem.at("/auth/headers", "at most 8 are expected");
  for (const auto& [name, value] : auth.headers) {
    const std::string where = "/auth/headers/" + name;
    if (!is_header_name(name) || name.size() > kLongest) {
      problem.at(where, "the name of a header is expected");
    } else if (set_by_host(name)) {
      problem.at(where, "is set by the host");
    } else if (value.empty() || value.size() > kLongest || !is_header_value(value)) {
      problem.at(where, "one line of at most 200 bytes is expected");
    }
  }
}

void check_auth(const Manifest& manifest, Problem& problem) {
  const Auth& auth = manifest.auth;
  if (auth.style == AuthStyle::none) return;
  check_endpoint(manifest, auth.authorize, "authorize", problem);
  check_endpoint(manifest, auth.token, "token", problem);
  check_endpoint(manifest, auth.revoke, "revoke", problem);
  check_endpoint(manifest, auth.introspect, "introspect", problem);
  const std::set<std::string> ours = {
      "client_id", "redirect_uri",   "response_type",        "scope",
      "state",     "code_challenge", "code_challenge_method"};
  for (const auto& [name, unused] : auth.authorize_params) {
    if (ours.count(name) != 0) {
      problem.at("/auth/authorize_params/" + name, "is set by the host");
    }
  }
  check_auth_headers(auth, problem);
  const bool any_required = std::any_of(auth.features.begin(), auth.features.end(),
                                        [](const Feature& each) { return each.required; });
  if (!any_required) problem.at("/auth/features", "at least one feature must be required");
  if (!manifest.operations.identity) {
    problem.at("/operations", "'identity' is needed with oauth2");
  }
}

// What a kind says of being listed and of recurring.
void check_kind_lists(const Manifest& manifest, const Kind& kind, const std::string& where,
                      Problem& problem) {
  if (kind.tells_edits && !kind.container) {
    problem.at(where + "/tells_edits", "belongs to a container");
  }
  if (kind.delta && !kind.container) problem.at(where + "/delta", "belongs to a container");
  if (kind.delta && !manifest.operations.list) {
    problem.at(where + "/delta", "'list' is not among the operations");
  }
  if (kind.occurrences && !kind.update) {
    problem.at(where + "/occurrences", "'update' is not among the kind's operations");
  }
  if (!kind.resets_occurrences.empty() && !kind.occurrences) {
    problem.at(where + "/resets_occurrences", "belongs to a kind with occurrences");
  }
}

void check_kinds(const Manifest& manifest, Problem& problem) {
  if (manifest.kinds.empty()) problem.at("/kinds", "at least one kind is expected");
  for (const Kind& each : manifest.kinds) {
    const std::string where = "/kinds/" + each.name;
    if (each.parents.empty()) problem.at(where + "/parents", "at least one is expected");
    for (const std::string& parent : each.parents) {
      const Kind* found = manifest.kind(parent);
      if (parent == "target") continue;
      if (found == nullptr) {
        problem.at(where + "/parents", "'" + parent + "' is neither 'target' nor a kind");
      } else if (!found->container) {
        problem.at(where + "/parents", "'" + parent + "' is not declared as a container");
      }
    }
    check_kind_lists(manifest, each, where, problem);
    if (each.find && !manifest.operations.find) {
      problem.at(where + "/operations", "'find' is not among the connector's operations");
    }
    const bool written = each.create || each.update || each.remove;
    if (written && !(each.create && each.update && each.remove)) {
      problem.at(where + "/operations",
                 "'create', 'update' and 'remove' belong together: what is made is also changed "
                 "and removed");
    }
    if (written && !manifest.operations.write) {
      problem.at(where + "/operations", "'write' is not among the connector's operations");
    }
    if (each.container && !manifest.operations.list) {
      problem.at(where + "/container", "'list' is not among the connector's operations");
    }
    if (each.container && !manifest.operations.get) {
      problem.at(where + "/container", "'get' is not among the connector's operations");
    }
  }
  if (manifest.operations.write && !manifest.operations.get) {
    problem.at("/operations", "'get' is needed with 'write': the host looks at what it wrote");
  }
  if (manifest.targets.empty()) problem.at("/targets", "at least one is expected");
  for (const TargetKind& each : manifest.targets) {
    if (each.make && !manifest.operations.make_target) {
      problem.at("/targets/" + each.kind + "/make", "'make_target' is not among the operations");
    }
  }
  const bool any_made = std::any_of(manifest.targets.begin(), manifest.targets.end(),
                                    [](const TargetKind& each) { return each.make; });
  if (manifest.operations.make_target && !any_made) {
    problem.at("/targets", "'make_target' is among the operations: one must say \"make\": true");
  }
  if (manifest.properties.delta && !manifest.operations.list) {
    problem.at("/properties/delta", "'list' is not among the operations");
  }
}

// A token of RFC 9110 section 5.6.2.
bool is_header(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

void check_notifications(const Manifest& manifest, Problem& problem) {
  const Notifications& rules = manifest.notifications;
  const std::string where = "/notifications";
  const std::pair<const char*, const std::string*> headers[] = {
      {"/channel_header", &rules.channel_header},
      {"/token_header", &rules.token_header},
      {"/state_header", &rules.state_header},
      {"/message_header", &rules.message_header},
      {"/signature_header", &rules.signature_header}};
  for (const auto& [member, name] : headers) {
    if (!is_header(*name)) problem.at(where + member, "the name of a header is expected");
  }
  if (!rules.ignored_states.empty() && rules.state_header.empty()) {
    problem.at(where + "/ignored_states", "needs a state_header");
  }
  for (std::size_t i = 0; i < rules.hint_pointers.size(); ++i) {
    if (is_pointer(rules.hint_pointers[i])) continue;
    problem.at(where + "/hint_pointers/" + std::to_string(i),
               "a JSON pointer is expected, e.g. \"/entity/id\"");
  }
  const bool channel = rules.subscription == Notifications::Subscription::channel;
  if (channel && !manifest.operations.channels) {
    problem.at("/operations", "'channels' is needed with notifications by channel");
  }
  if (!channel && manifest.operations.channels) {
    problem.at(where, "is needed with 'channels': which headers a notification carries");
  }
}

void check_settings(const Manifest& manifest, Problem& problem) {
  for (const Setting& each : manifest.settings) {
    const std::string where = "/settings/" + each.name;
    if ((each.type == SettingType::choice) == each.choices.empty()) {
      problem.at(where + "/choices", "belongs to a choice, and to nothing else");
    }
    if (each.least && each.most && *each.least > *each.most) {
      problem.at(where + "/least", "is over most");
    }
    const bool bounded = each.type == SettingType::integer || each.type == SettingType::text;
    if ((each.least || each.most) && !bounded) {
      problem.at(where, "least and most belong to text and integer");
    }
  }
}

}  // namespace

bool is_pointer(std::string_view text) {
  if (text.empty()) return true;
  if (text[0] != '/') return false;
  for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

void check_manifest(const Manifest& manifest, Problem& problem) {
  check_names(manifest, problem);
  check_origins(manifest, problem);
  check_auth(manifest, problem);
  check_kinds(manifest, problem);
  check_notifications(manifest, problem);
  check_settings(manifest, problem);
  if (!manifest.manage_url.empty() && manifest.manage_url.rfind("https://", 0) != 0) {
    problem.at("/manage_url", "an https URL is expected");
  }
}

std::string wrong_default(const Setting& setting, const core::Json& value) {
  const auto within = [&](std::int64_t measure) {
    return (!setting.least || measure >= *setting.least) &&
           (!setting.most || measure <= *setting.most);
  };
  switch (setting.type) {
    case SettingType::flag:
      return value.is_boolean() ? "" : "true or false is expected";
    case SettingType::integer:
      if (!value.is_number_integer()) return "an integer is expected";
      return within(value.get<std::int64_t>()) ? "" : "is out of bounds";
    case SettingType::choice: {
      if (!value.is_string()) return "a string is expected";
      const auto& text = value.get_ref<const std::string&>();
      const auto& all = setting.choices;
      return std::find(all.begin(), all.end(), text) != all.end() ? "" : "is none of the choices";
    }
    case SettingType::text:
      if (!value.is_string()) return "a string is expected";
      return within(static_cast<std::int64_t>(value.get_ref<const std::string&>().size()))
                 ? ""
                 : "is out of bounds";
    case SettingType::url:
      if (!value.is_string()) return "a string is expected";
      return is_origin_url(value.get_ref<const std::string&>()) ? "" : "an http(s) URL is expected";
  }
  return "";
}

}  // namespace mortise::plugin
