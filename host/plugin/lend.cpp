#include "plugin/lend.hpp"

#include <string_view>

namespace mortise::plugin {
namespace {

mt_str lend(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

std::int32_t operation_of(ports::Operation operation) noexcept {
  switch (operation) {
    case ports::Operation::list:
      return MT_LIST;
    case ports::Operation::get:
      return MT_GET;
    case ports::Operation::write:
      return MT_WRITE;
    case ports::Operation::find:
      return MT_FIND;
    case ports::Operation::targets:
      return MT_TARGETS;
    case ports::Operation::make_target:
      return MT_MAKE_TARGET;
    case ports::Operation::identity:
      return MT_IDENTITY;
    case ports::Operation::estimate:
      return MT_ESTIMATE;
    case ports::Operation::open_channel:
      return MT_OPEN_CHANNEL;
    case ports::Operation::close_channel:
      return MT_CLOSE_CHANNEL;
  }
  return 0;
}

std::int32_t action_of(core::WriteAction action) noexcept {
  switch (action) {
    case core::WriteAction::create:
      return MT_CREATE;
    case core::WriteAction::update:
      return MT_UPDATE;
    case core::WriteAction::remove:
      return MT_REMOVE;
    case core::WriteAction::move:
      return MT_MOVE;
  }
  return 0;
}

}  // namespace

LentCall::LentCall(const ports::Call& call, const std::string& cursor)
    : changed_(call.writes.size()) {
  for (const std::string& each : call.ids) ids_.push_back(lend(each));
  writes_.reserve(call.writes.size());
  for (std::size_t i = 0; i < call.writes.size(); ++i) {
    const ports::Write& write = call.writes[i];
    for (const std::string& name : write.changed) changed_[i].push_back(lend(name));
    mt_write& lent = writes_.emplace_back();
    lent.size = sizeof(lent);
    lent.action = action_of(write.action);
    lent.kind = lend(write.kind);
    lent.key = lend(write.key);
    lent.id = lend(write.id);
    lent.parent_id = lend(write.parent_id);
    lent.parent_key = lend(write.parent_key);
    lent.after_id = lend(write.after_id);
    lent.after_key = lend(write.after_key);
    lent.fields = lend(write.fields.empty() ? std::string_view("{}") : write.fields);
    lent.changed = changed_[i].data();
    lent.changed_count = changed_[i].size();
    lent.if_version = lend(write.if_version);
    lent.once_key = lend(write.once_key);
    lent.memo = lend(write.memo);
    lent.slot = lend(write.slot);
    lent.ends_ms = write.ends_ms;
    lent.slot_ms = write.slot_ms;
  }
  for (const mt_write& each : writes_) pointers_.push_back(&each);
  call_.size = sizeof(call_);
  call_.operation = operation_of(call.operation);
  call_.now_ms = call.now_ms;
  call_.settings = lend(call.settings.empty() ? std::string_view("{}") : call.settings);
  call_.target_id = lend(call.target.id);
  call_.target_kind = lend(call.target.kind);
  call_.container_id = lend(call.container_id);
  call_.container_kind = lend(call.container_kind);
  call_.cursor = lend(cursor);
  call_.ids = ids_.data();
  call_.id_count = ids_.size();
  call_.writes = pointers_.data();
  call_.write_count = pointers_.size();
  call_.title = lend(call.title);
  call_.once_key = lend(call.once_key);
  call_.token_reply = lend(call.token_reply);
  call_.channel_id = lend(call.channel_id);
  call_.channel_address = lend(call.channel_address);
  call_.channel_resource = lend(call.channel_resource);
  call_.channel_expires_ms = call.channel_expires_ms;
}

LentReplies::LentReplies(const std::vector<ports::ConnectorReply>& replies)
    : headers_(replies.size()) {
  replies_.reserve(replies.size());
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const ports::ConnectorReply& reply = replies[i];
    for (const auto& [name, value] : reply.reply.headers) {
      headers_[i].push_back({lend(name), lend(value)});
    }
    mt_reply& lent = replies_.emplace_back();
    lent.size = sizeof(lent);
    lent.error = reply.error ? static_cast<std::int32_t>(reply.error->code) : MT_OK;
    lent.flags = reply.error && reply.maybe_sent ? MT_MAYBE_SENT : 0U;
    if (reply.error) {
      lent.message = lend(reply.error->message);
      lent.reason = lend(reply.error->reason);
      lent.retry_after_ms = reply.error->retry_after_ms.value_or(0);
    }
    lent.status = reply.error ? 0 : reply.reply.status;
    lent.headers = headers_[i].data();
    lent.header_count = headers_[i].size();
    lent.body = lend(reply.reply.body);
  }
  for (const mt_reply& each : replies_) pointers_.push_back(&each);
}

}  // namespace mortise::plugin
