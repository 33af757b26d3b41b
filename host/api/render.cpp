#include "api/render.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "core/item_key.hpp"
#include "core/names.hpp"
#include "core/time.hpp"

namespace mortise::api {

using core::Json;

namespace {

/// So many items of a preview are told; its counts are of all.
constexpr std::size_t kMostItems = 1000;

template <class Item>
std::span<const Item> first(const std::vector<Item>& items) {
  return std::span(items).first(std::min(items.size(), kMostItems));
}

void put(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = text;
}

void put_instant(Json& object, const char* name, const std::optional<core::Instant>& instant) {
  if (instant) object[name] = core::format_instant(*instant);
}

Json stored(const core::JsonText& text) {
  auto parsed = core::parse_json(text);
  return parsed ? *std::move(parsed) : Json::object();
}

Json settings_json(const std::vector<ports::Setting>& settings) {
  static constexpr std::string_view kTypes[] = {"text", "integer", "flag", "choice", "url"};
  Json out = Json::array();
  for (const ports::Setting& setting : settings) {
    Json one = {{"name", setting.name},
                {"type", kTypes[static_cast<std::size_t>(setting.type)]},
                {"label", setting.label},
                {"says", setting.says},
                {"required", setting.required}};
    if (!setting.default_value.empty()) one["default"] = stored(setting.default_value);
    if (!setting.choices.empty()) one["choices"] = setting.choices;
    if (setting.least) one["least"] = *setting.least;
    if (setting.most) one["most"] = *setting.most;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Json run_item_json(const core::RunItem& item) {
  Json out = {{"key", item.key},       {"kind", item.kind},
              {"title", item.title},   {"action", item.action},
              {"result", item.result}, {"at", core::format_instant(item.at_ms)}};
  if (!item.code.empty()) {
    out["error"] = {{"code", item.code}, {"message", item.message}};
  } else {
    put(out, "message", item.message);
  }
  put(out, "url", item.url);
  put(out, "cause", item.cause);
  put(out, "provider_request", item.provider_request);
  if (item.task_rev > 0) out["task_rev"] = item.task_rev;
  if (item.plan_rev > 0) out["plan_rev"] = item.plan_rev;
  return out;
}

Json conflict_json(const core::Conflict& conflict) {
  Json out = {{"id", conflict.id},
              {"account_id", conflict.account_id},
              {"connection_id", conflict.connection_id},
              {"plan_id", conflict.plan_id},
              {"task_id", conflict.task_id},
              {"title", conflict.title},
              {"run_id", conflict.run_id},
              {"policy", conflict.policy},
              {"fields", stored(conflict.fields)},
              {"undo", stored(conflict.undo)},
              {"at", core::format_instant(conflict.at_ms)},
              {"rev", conflict.rev}};
  if (std::string slot = core::slot_of(conflict.key); !slot.empty()) out["slot"] = std::move(slot);
  put_instant(out, "undone_at", conflict.undone_ms);
  return out;
}

Json target_json(const core::Target& target) {
  Json out = {{"id", target.id}, {"kind", target.kind}, {"title", target.title}};
  put(out, "url", target.url);
  return out;
}

Json connection_json(const core::Connection& connection, const ports::Connectors& connectors,
                     const std::string& active_run) {
  const bool alive = connection.status == core::ConnectionStatus::connected;
  Json identity = Json::object();
  put(identity, "id", connection.identity.id);
  put(identity, "email", connection.identity.email);
  put(identity, "name", connection.identity.name);
  put(identity, "workspace_id", connection.identity.workspace_id);
  put(identity, "workspace_name", connection.identity.workspace_name);
  Json out = {
      {"id", connection.id},
      {"account_id", connection.account_id},
      {"connector", connection.connector},
      {"status", core::name_of(connection.status)},
      {"state", alive && !active_run.empty() ? "syncing" : core::name_of(connection.status)},
      {"identity", std::move(identity)},
      {"features", connection.features},
      {"auto_sync", connection.auto_sync},
      {"direction", core::name_of(connection.direction)},
      {"interval_s", connection.interval_s},
      {"left_out_plans", connection.left_out_plans},
      {"settings", stored(connection.settings)},
      {"rev", connection.rev},
      {"created_at", core::format_instant(connection.created_ms)},
      {"updated_at", core::format_instant(connection.updated_ms)}};
  if (const auto connector = connectors.find(connection.connector)) {
    out["name"] = connector->manifest().name;
    put(out, "manage_url", connector->manifest().manage_url);
  }
  put(out, "reason", connection.reason);
  put(out, "active_run_id", active_run);
  if (!connection.target.id.empty()) out["target"] = target_json(connection.target);
  put_instant(out, "last_sync_at", connection.last_sync_ms);
  return out;
}

Json connector_json(const ports::Manifest& manifest, const ports::Mapper& mapper) {
  Json features = Json::array();
  for (const ports::Feature& feature : manifest.auth.features) {
    features.push_back(
        {{"name", feature.name}, {"says", feature.says}, {"required", feature.required}});
  }
  Json out = {
      {"id", manifest.id},
      {"version", manifest.version},
      {"name", manifest.name},
      {"connect_label", manifest.connect_label},
      {"export_label", manifest.export_label},
      {"features", std::move(features)},
      {"settings", {{"connector", settings_json(manifest.settings)}, {"mapping", Json::array()}}}};
  put(out, "manage_url", manifest.manage_url);
  if (const auto mapping = mapper.mapping(manifest.id)) {
    out["settings"]["mapping"] = stored((*mapping)->settings_schema());
  }
  return out;
}

core::Json preview_counts_json(const ports::Preview& preview) {
  core::Json parked = core::Json::array();
  for (const ports::ParkedItem& item : first(preview.parked_items)) {
    parked.push_back({{"key", item.key}, {"title", item.title}, {"message", item.error.message}});
  }
  core::Json out = {
      {"summary", preview.summary},
      {"create", preview.create},
      {"update", preview.update},
      {"remove", preview.remove},
      {"unchanged", preview.unchanged},
      {"parked", preview.parked},
      {"receive", preview.receive},
      {"cost",
       {{"writes", preview.writes}, {"reads", preview.reads}, {"seconds", preview.seconds}}},
      {"parked_items", std::move(parked)}};
  if (!preview.guard.empty()) out["guard"] = preview.guard;
  if (!preview.refused_reason.empty()) {
    out["refused"] = {{"reason", preview.refused_reason}, {"message", preview.refused_message}};
  }
  return out;
}

core::Json preview_items_json(const std::vector<ports::PreviewItem>& items) {
  const auto document = [](const core::JsonText& text) {
    auto parsed = core::parse_json(text.empty() ? "{}" : text);
    return parsed ? *std::move(parsed) : core::Json::object();
  };
  core::Json out = core::Json::array();
  for (const ports::PreviewItem& item : first(items)) {
    out.push_back({{"key", item.key},
                   {"kind", item.kind},
                   {"title", item.title},
                   {"action", item.action},
                   {"before", document(item.before)},
                   {"after", document(item.after)}});
  }
  return out;
}

core::Json preview_json(const ports::Preview& preview) {
  core::Json out = preview_counts_json(preview);
  out["items"] = preview_items_json(preview.items);
  return out;
}

}  // namespace mortise::api
