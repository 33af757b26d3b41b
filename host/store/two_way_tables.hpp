// The tables of what two-way sync remembers (see tables.hpp).
#pragma once

#include "store/tables.hpp"

namespace mortise::store {

template <>
struct Table<core::Sighting> : UnrevisedTable {
  static constexpr std::string_view kName = "sighting", kFrom = kName, kWord = "sighting";
  static constexpr std::array<std::string_view, 2> kKey = {"connection_id", "remote_id"};
  static std::string key(const core::Sighting& sighting) { return sighting.remote_id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& sighting) {
    visit("connection_id", sighting.connection_id);
    visit("remote_id", sighting.remote_id);
    visit("state", sighting.state);
    visit("kind", sighting.kind);
    visit("key", sighting.key);
    visit("parent_id", sighting.parent_id);
    visit("series", sighting.series);
    visit("slot", sighting.slot);
    visit("version", sighting.version);
    visit("fields", sighting.fields);
    visit.bytes("memo", sighting.memo);
    visit("url", sighting.url);
    visit("edited_ms", sighting.edited_ms);
    visit("seen_ms", sighting.seen_ms);
    visit("cause", sighting.cause);
  }
};

template <>
struct Table<core::Bookmark> : UnrevisedTable {
  static constexpr std::string_view kName = "bookmark", kFrom = kName, kWord = "bookmark";
  static constexpr std::array<std::string_view, 2> kKey = {"connection_id", "container_id"};
  static std::string key(const core::Bookmark& bookmark) { return bookmark.container_id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& bookmark) {
    visit("connection_id", bookmark.connection_id);
    visit("container_id", bookmark.container_id);
    visit("cursor", bookmark.cursor);
    visit("tag", bookmark.tag);
    visit("edited_ms", bookmark.edited_ms);
    visit("read_ms", bookmark.read_ms);
    visit("complete_ms", bookmark.complete_ms);
  }
};

template <>
struct Table<core::SyncState> : UnrevisedTable {
  static constexpr std::string_view kName = "sync_state", kFrom = kName, kWord = "sync state";
  static constexpr std::array<std::string_view, 1> kKey = {"connection_id"};
  static std::string key(const core::SyncState& state) { return state.connection_id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& state) {
    visit("connection_id", state.connection_id);
    visit("started_ms", state.started_ms);
    visit("complete_ms", state.complete_ms);
    visit("failures", state.failures);
    visit("error_code", state.error_code);
    visit("error_reason", state.error_reason);
    visit("error_message", state.error_message);
  }
};

template <>
struct Table<core::Conflict> : RevisedTable {
  static constexpr std::string_view kName = "conflict", kFrom = kName, kWord = "conflict";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Conflict& conflict) { return conflict.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& conflict) {
    visit("id", conflict.id);
    visit("account_id", conflict.account_id);
    visit("connection_id", conflict.connection_id);
    visit("plan_id", conflict.plan_id);
    visit("task_id", conflict.task_id);
    visit("key", conflict.key);
    visit("title", conflict.title);
    visit("run_id", conflict.run_id);
    visit("policy", conflict.policy);
    visit("fields", conflict.fields);
    visit("undo", conflict.undo);
    visit("at_ms", conflict.at_ms);
    visit("undone_ms", conflict.undone_ms);
    visit.revision(conflict.rev);
  }
};

template <>
struct Table<core::Channel> : RevisedTable {
  static constexpr std::string_view kName = "channel", kFrom = kName, kWord = "channel";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Channel& channel) { return channel.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& channel) {
    visit("id", channel.id);
    visit("connection_id", channel.connection_id);
    visit("target_id", channel.target_id);
    visit("state", channel.state);
    visit.sealed("sealed_secret", channel.secret, channel.id);
    visit("resource", channel.resource);
    visit("opened_ms", channel.opened_ms);
    visit("expires_ms", channel.expires_ms);
    visit("notified_ms", channel.notified_ms);
    visit("failures", channel.failures);
    visit("error_message", channel.error_message);
    visit.revision(channel.rev);
  }
};

template <>
struct Table<core::Notification> : UnrevisedTable {
  static constexpr std::string_view kName = "notification", kFrom = kName, kWord = "notification";
  static constexpr std::array<std::string_view, 1> kKey = {"id"};
  static std::string key(const core::Notification& notification) { return notification.id; }
  template <class Visitor, class Record>
  static void columns(Visitor& visit, Record& notification) {
    visit("id", notification.id);
    visit("connector", notification.connector);
    visit("connection_id", notification.connection_id);
    visit("channel_id", notification.channel_id);
    visit("provider_id", notification.provider_id);
    visit("hint", notification.hint);
    visit("received_ms", notification.received_ms);
    visit("handled_ms", notification.handled_ms);
  }
};

}  // namespace mortise::store
