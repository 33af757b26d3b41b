// Events: what they carry, how they grow together, how they are signed.
#include "simulators/notion/webhooks.hpp"

#include <date/date.h>

#include <algorithm>
#include <chrono>

#include "simulators/common/signing.hpp"
#include "simulators/notion/calls.hpp"

namespace mortise::simulators::notion {
namespace {

constexpr std::int64_t kMergeMs = 1'000;
constexpr std::size_t kMostUpdated = 100;
constexpr std::string_view kApiVersion = "2026-03-11";

/// Seven waits, each four times the one before: the eighth try is a day after the first.
std::vector<std::int64_t> usual_waits() {
  std::vector<std::int64_t> waits;
  for (std::int64_t wait_ms = 16'000; waits.size() < 7; wait_ms *= 4) waits.push_back(wait_ms);
  return waits;
}

bool accepted(int status) {
  return status >= 200 && status < 300;
}
bool worth_another_try(int status) {
  return !accepted(status);
}

std::string hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

Post signed_post(const Notification& notification, std::size_t attempt) {
  Post post = notification.post;
  if (notification.key.empty()) return post;
  Json event = Json::parse(post.body);
  event["attempt_number"] = attempt;
  post.body = event.dump();
  post.headers.emplace_back("X-Notion-Signature", signature(notification.key, post.body));
  return post;
}

std::string precise_time(std::int64_t ms) {
  const auto at = date::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(ms));
  return date::format("%FT%TZ", at);
}

/// A connection of its own is one integration; its id is a UUID whatever the client's id is.
std::string integration_of(const std::string& client) {
  return normal_id(hex(sha256(client)).substr(0, 32));
}

Json user_entry(const std::string& id) {
  return {{"id", id}, {"type", find_person(id) != nullptr ? "person" : "bot"}};
}

Json entity_entry(const Thing& thing) {
  switch (thing.kind) {
    case Thing::Kind::page:
      return {{"id", thing.id}, {"type", "page"}};
    case Thing::Kind::block:
      return {{"id", thing.id}, {"type", "block"}};
    case Thing::Kind::database:
      return {{"id", thing.id}, {"type", "database"}};
    case Thing::Kind::data_source:
      return {{"id", thing.id}, {"type", "data_source"}};
  }
  return nullptr;
}

Json parent_entry(Model& model, const Thing& thing) {
  const Thing* parent = model.find(thing.parent);
  if (parent == nullptr) return {{"id", thing.workspace}, {"type", "space"}};
  if (parent->kind != Thing::Kind::data_source) return entity_entry(*parent);
  return {{"id", parent->parent}, {"type", "database"}, {"data_source_id", parent->id}};
}

/// Where an event of this type lists what changed; "" if it does not.
std::string list_of(const std::string& type) {
  if (type.ends_with(".content_updated")) return "updated_blocks";
  return type == "page.properties_updated" || type == "data_source.schema_updated"
             ? "updated_properties"
             : "";
}

bool grows(const std::string& type) {
  return type != "page.locked" && type != "page.unlocked";
}

Json& same_entry(Json& list, const Json& entry) {
  const auto found = std::ranges::find_if(list, [&](const Json& known) {
    return known.is_object() ? known["id"] == entry["id"] : known == entry;
  });
  return found == list.end() ? list.emplace_back() : *found;
}

void add_entry(Json& list, const Json& entry) {
  Json& known = same_entry(list, entry);
  // What was made and then changed is news as made.
  const bool made = known.is_object() && known.value("action", "") == "created" &&
                    entry.value("action", "") == "updated";
  known = entry;
  if (made) known["action"] = "created";
}

/// `event` with `later`, an event of the same type about the same thing, in it; false if it is
/// full.
bool merge(Json& event, const Json& later) {
  const std::string list = list_of(later["type"]);
  Json data = later["data"];
  if (!list.empty()) {
    data[list] = event["data"][list];
    for (const Json& entry : later["data"][list]) add_entry(data[list], entry);
    if (data[list].size() > kMostUpdated) return false;
  }
  for (const Json& author : later["authors"]) add_entry(event["authors"], author);
  event["timestamp"] = later["timestamp"];
  event["accessible_by"] = later["accessible_by"];
  event["data"] = std::move(data);
  return true;
}

}  // namespace

std::string signature(const std::string& token, const std::string& body) {
  return "sha256=" + hex(hmac_sha256(token, body));
}

const std::vector<std::string>& event_types() {
  static const std::vector<std::string> types = {"page.created",
                                                 "page.content_updated",
                                                 "page.properties_updated",
                                                 "page.moved",
                                                 "page.deleted",
                                                 "page.undeleted",
                                                 "page.locked",
                                                 "page.unlocked",
                                                 "database.created",
                                                 "database.moved",
                                                 "database.deleted",
                                                 "database.undeleted",
                                                 "data_source.created",
                                                 "data_source.content_updated",
                                                 "data_source.schema_updated",
                                                 "data_source.moved",
                                                 "data_source.deleted",
                                                 "data_source.undeleted"};
  return types;
}

Webhooks::Webhooks(Model& model)
    : model_(model),
      deliveries_(model.world().clock, {accepted, worth_another_try, usual_waits(), signed_post},
                  [&model] {
                    if (model.world().changed) model.world().changed();
                  }),
      merge_ms_(kMergeMs) {}

void Webhooks::tell(const std::vector<Happening>& happenings) {
  for (const Happening& happening : happenings) {
    Thing* entity = model_.find(happening.entity);
    for (const Subscription& subscription : subscriptions_) {
      const bool wanted = subscription.events.empty() ||
                          std::ranges::count(subscription.events, happening.type) > 0;
      if (entity != nullptr && subscription.confirmed && wanted) {
        tell(subscription, happening, *entity);
      }
    }
  }
}

void Webhooks::tell(const Subscription& subscription, const Happening& happening, Thing& entity) {
  Json later = event(subscription, happening, entity);
  if (later["accessible_by"].empty()) return;
  const bool merges = grows(happening.type) && merge_ms_ > 0;
  const std::string key = subscription.id + " " + happening.type + " " + entity.id;
  if (merges && merged(key, later)) return;
  const std::int64_t wait_ms = merges ? merge_ms_ : 0;
  const std::int64_t number =
      deliveries_.send({subscription.id,
                        happening.type + " " + title_of(entity),
                        {subscription.url, {}, "application/json", later.dump()},
                        subscription.token},
                       wait_ms);
  if (merges) open_[key] = {number, model_.world().clock.pace_ms() + wait_ms};
}

/// True if an event that is still waiting took `later` in.
bool Webhooks::merged(const std::string& key, const Json& later) {
  const std::int64_t now_ms = model_.world().clock.pace_ms();
  std::erase_if(open_, [now_ms](const auto& entry) { return entry.second.until_ms <= now_ms; });
  const auto open = open_.find(key);
  if (open == open_.end()) return false;
  bool taken = false;
  const bool waits = deliveries_.amend(open->second.number, [&](Notification& notification) {
    Json event = Json::parse(notification.post.body);
    taken = merge(event, later);
    if (taken) notification.post.body = event.dump();
  });
  return waits && taken;
}

Json Webhooks::event(const Subscription& subscription, const Happening& happening, Thing& entity) {
  World& world = model_.world();
  Json data = {{"parent", parent_entry(model_, entity)}};
  if (const std::string list = list_of(happening.type); !list.empty()) {
    data[list] = happening.updated.is_null() ? Json::array() : happening.updated;
  }
  return {{"id", world.ids.uuid()},
          {"timestamp", precise_time(world.clock.now_ms())},
          {"workspace_id", entity.workspace},
          {"workspace_name", model_.workspace(entity.workspace)->name},
          {"subscription_id", subscription.id},
          {"integration_id", integration_of(subscription.client)},
          {"type", happening.type},
          {"authors", Json::array({user_entry(happening.author)})},
          {"accessible_by", accessible_by(subscription, entity)},
          {"attempt_number", 1},
          {"api_version", kApiVersion},
          {"entity", entity_entry(entity)},
          {"data", std::move(data)}};
}

/// The people and bots of the app's live grants that see it.
Json Webhooks::accessible_by(const Subscription& subscription, const Thing& entity) {
  Json users = Json::array();
  for (const Grant& grant : model_.grants()) {
    if (!grant.live || grant.client != subscription.client || !model_.visible(grant, entity)) {
      continue;
    }
    users.push_back({{"id", grant.person}, {"type", "person"}});
    users.push_back({{"id", grant.bot}, {"type", "bot"}});
  }
  return users;
}

Json Webhooks::save() const {
  Json subscriptions = Json::array();
  for (const Subscription& subscription : subscriptions_) {
    subscriptions.push_back({{"id", subscription.id},
                             {"client", subscription.client},
                             {"url", subscription.url},
                             {"token", subscription.token},
                             {"confirmed", subscription.confirmed},
                             {"events", subscription.events}});
  }
  return {{"subscriptions", std::move(subscriptions)},
          {"merge_ms", merge_ms_},
          {"deliveries", deliveries_.save()}};
}

void Webhooks::load(const Json& state) {
  std::vector<Subscription> subscriptions;
  for (const Json& json : state.at("subscriptions")) {
    subscriptions.push_back({json.at("id"), json.at("client"), json.at("url"), json.at("token"),
                             json.at("confirmed"), json.at("events")});
  }
  const auto merge_ms = state.at("merge_ms").get<std::int64_t>();
  deliveries_.load(state.at("deliveries"));
  subscriptions_ = std::move(subscriptions);
  merge_ms_ = merge_ms;
  open_.clear();
}

void Webhooks::reset() {
  deliveries_.reset();
  subscriptions_.clear();
  merge_ms_ = kMergeMs;
  open_.clear();
}

}  // namespace mortise::simulators::notion
