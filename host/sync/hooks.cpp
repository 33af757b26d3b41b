#include "sync/hooks.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "core/ids.hpp"
#include "core/json.hpp"
#include "core/log_value.hpp"
#include "ports/random.hpp"

namespace mortise::sync {
namespace {

using core::Json;
using ports::Knock;
using ports::Notifications;
using ports::Verdict;

constexpr std::int64_t kHandshakeMs = 600'000;
constexpr std::size_t kLongestId = 256;
constexpr std::size_t kMostHints = 100;
constexpr std::size_t kShortestKey = 16;
constexpr std::size_t kLongestKey = 512;

/// The value of a header that came exactly once, or empty.
std::string_view header(const Knock& knock, const std::string& name) {
  std::string_view value;
  bool found = false;
  for (const auto& [each, text] : knock.headers) {
    if (each != name) continue;
    if (found) return {};
    found = true;
    value = text;
  }
  return value;
}

const Json* at(const Json& document, const std::string& pointer) {
  if (pointer.empty()) return nullptr;
  try {
    const Json::json_pointer where(pointer);
    return document.contains(where) ? &document.at(where) : nullptr;
  } catch (const Json::exception&) {  // an index into what is no array
    return nullptr;
  }
}

std::string text_at(const Json& document, const std::string& pointer) {
  const Json* value = at(document, pointer);
  if (value == nullptr || !value->is_string()) return {};
  return value->get<std::string>();
}

void add_hint(const Json& value, std::vector<std::string>& hints) {
  if (value.is_object() && value.contains("id")) return add_hint(value["id"], hints);
  if (!value.is_string() || hints.size() >= kMostHints) return;
  auto text = value.get<std::string>();
  if (!text.empty() && text.size() <= kLongestId) hints.push_back(std::move(text));
}

std::vector<std::string> hints_in(const Json& document, const std::vector<std::string>& pointers) {
  std::vector<std::string> hints;
  for (const std::string& pointer : pointers) {
    const Json* value = at(document, pointer);
    if (value == nullptr) continue;
    if (value->is_array()) {
      for (const Json& each : *value) add_hint(each, hints);
    } else {
      add_hint(*value, hints);
    }
  }
  return hints;
}

}  // namespace

VerifiedHooks::VerifiedHooks(Ports ports, const ports::Secrets& secrets,
                             ports::InboxJournal& journal, Intake& intake)
    : ports_(std::move(ports)), secrets_(secrets), journal_(journal), intake_(intake) {}

Verdict VerifiedHooks::receive(const Knock& knock) {
  const auto connector = ports_.connectors.find(knock.connector);
  if (!connector) return Verdict::unknown;
  const ports::Manifest& manifest = connector->manifest();
  switch (manifest.notifications.subscription) {
    case Notifications::Subscription::channel:
      return on_channel(manifest, knock);
    case Notifications::Subscription::application:
      return knock.channel.empty() ? on_application(manifest, knock) : Verdict::unknown;
    case Notifications::Subscription::none:
      break;
  }
  return Verdict::unknown;
}

Verdict VerifiedHooks::on_channel(const ports::Manifest& manifest, const Knock& knock) {
  const Notifications& rules = manifest.notifications;
  const std::string id(header(knock, rules.channel_header));
  if (id.empty() || id.size() > kLongestId) return Verdict::unknown;
  if (!knock.channel.empty() && knock.channel != id) return Verdict::unknown;
  const auto channel = ports_.store.channels().find(id);
  if (!channel) {
    return channel.error().code == Code::not_found ? Verdict::unknown : Verdict::later;
  }
  const auto connection = ports_.store.connections().find(channel->connection_id);
  if (!connection) return Verdict::later;
  if (connection->connector != manifest.id) return Verdict::unknown;
  if (channel->secret.empty() || !channel->secret.equals(header(knock, rules.token_header))) {
    return Verdict::forged;
  }
  const std::string_view state = header(knock, rules.state_header);
  const auto& ignored = rules.ignored_states;
  if (std::find(ignored.begin(), ignored.end(), state) != ignored.end()) return Verdict::nothing;

  ports::Received received;
  received.notification.connector = manifest.id;
  received.notification.connection_id = connection->id;
  received.notification.channel_id = id;
  const std::string_view number = header(knock, rules.message_header);
  if (!number.empty() && number.size() <= kLongestId) {
    received.notification.provider_id = fmt::format("{}/{}", id, number);
  }
  return keep(std::move(received));
}

Verdict VerifiedHooks::on_application(const ports::Manifest& manifest, const Knock& knock) {
  const Notifications& rules = manifest.notifications;
  const auto key = secrets_.find(manifest.id + ".webhook_secret");
  const std::string expected =
      key ? rules.signature_prefix + core::hmac_sha256_hex(*key, knock.body) : std::string();
  const std::string_view signature = header(knock, rules.signature_header);
  if (expected.empty() || !core::constant_time_equal(expected, signature)) {
    return shake_hands(manifest, knock);
  }
  const auto document = core::parse_json(knock.body);
  if (!document || !document->is_object()) return Verdict::broken;
  ports::Received received;
  received.notification.connector = manifest.id;
  received.notification.provider_id = text_at(*document, rules.id_pointer);
  received.notification.hint = hints_in(*document, rules.hint_pointers);
  received.workspace_id = text_at(*document, rules.workspace_pointer);
  const std::string& id = received.notification.provider_id;
  if (id.empty() || id.size() > kLongestId || received.workspace_id.empty() ||
      received.workspace_id.size() > kLongestId) {
    return Verdict::broken;
  }
  return keep(std::move(received));
}

/// Takes the key that the service brings, if an operator waits for it. The first one ends the wait.
Verdict VerifiedHooks::shake_hands(const ports::Manifest& manifest, const Knock& knock) {
  const core::Instant now_ms = ports_.clock.now_ms();
  {
    const std::lock_guard lock(mutex_);
    const auto found = handshakes_.find(manifest.id);
    if (found == handshakes_.end() || !found->second.open || found->second.until_ms <= now_ms) {
      return Verdict::forged;
    }
  }
  const auto document = core::parse_json(knock.body);
  if (!document) return Verdict::forged;
  core::NamedSecret secret;
  secret.name = manifest.id + ".webhook_secret";
  secret.value = core::Secret(text_at(*document, manifest.notifications.handshake_pointer));
  secret.updated_ms = now_ms;
  const std::size_t length = secret.value.reveal_for_use().size();
  if (length < kShortestKey || length > kLongestKey) return Verdict::forged;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(handshakes_[manifest.id].open, false)) return Verdict::forged;
  }
  const core::Secret token = secret.value;
  Status kept = ports_.store.commit({ports::put(std::move(secret))}, ports::Durability::full);
  const std::lock_guard lock(mutex_);
  ports::Handshake& handshake = handshakes_[manifest.id];
  if (!kept) {
    handshake.open = true;
    return Verdict::later;
  }
  handshake.arrived_ms = now_ms;
  handshake.token = token;
  if (ports_.log) {
    ports_.log("notice", fmt::format("event=handshake_arrived connector={}", manifest.id));
  }
  return Verdict::nothing;
}

Verdict VerifiedHooks::keep(ports::Received received) {
  core::Notification& notification = received.notification;
  notification.received_ms = ports_.clock.now_ms();
  notification.id =
      ports::new_id(core::kNotificationPrefix, notification.received_ms, ports_.random);
  if (Status kept = journal_.append(received); !kept) {
    if (ports_.log) {
      ports_.log("error",
                 fmt::format("event=notification_lost connector={} message={}",
                             notification.connector, core::log_value(kept.error().message)));
    }
    return Verdict::later;
  }
  intake_.wake();
  return Verdict::stored;
}

Result<std::shared_ptr<ports::Connector>> VerifiedHooks::with_handshake(
    const std::string& connector) const {
  auto found = ports_.connectors.find(connector);
  if (!found) {
    return Error{Code::not_found, fmt::format("no connector '{}' is loaded", connector),
                 "connector_missing"};
  }
  if (found->manifest().notifications.handshake_pointer.empty()) {
    return Error{Code::unsupported, fmt::format("{} has no handshake", found->manifest().name)};
  }
  return found;
}

Result<ports::Handshake> VerifiedHooks::open_handshake(const std::string& connector) {
  auto found = with_handshake(connector);
  if (!found) return std::move(found).error();
  ports::Handshake fresh;
  fresh.open = true;
  fresh.until_ms = ports_.clock.now_ms() + kHandshakeMs;
  if (ports_.log) {
    ports_.log("notice", fmt::format("event=handshake_opened connector={}", connector));
  }
  const std::lock_guard lock(mutex_);
  return handshakes_[connector] = fresh;
}

Result<ports::Handshake> VerifiedHooks::handshake(const std::string& connector) {
  auto found = with_handshake(connector);
  if (!found) return std::move(found).error();
  const core::Instant now_ms = ports_.clock.now_ms();
  const std::lock_guard lock(mutex_);
  ports::Handshake& kept = handshakes_[connector];
  if (kept.until_ms <= now_ms) kept.open = false;
  // Not only once: an answer may get lost on its way.
  if (!kept.arrived_ms || *kept.arrived_ms + kHandshakeMs <= now_ms) kept.token = core::Secret();
  return kept;
}

}  // namespace mortise::sync
