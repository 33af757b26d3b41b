// Between the borrowed structs of abi.h and the owned values of values.hpp. `lend` makes a struct
// that points into the value: it lives as long as the value stays untouched. `own` copies.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mortise/values.hpp>

namespace mortise {

inline std::string own(mt_str text) {
  return std::string(view(text));
}

inline mt_item lend(const Item& item) noexcept {
  return {sizeof(mt_item),    static_cast<std::int32_t>(item.state),
          lend(item.kind),    lend(item.id),
          lend(item.key),     lend(item.parent_id),
          lend(item.version), lend(item.fields),
          lend(item.memo),    lend(item.url),
          lend(item.series),  lend(item.slot),
          item.ordinal,       item.edited_ms};
}

inline Item own(const mt_item& item) {
  return {static_cast<ItemState>(item.state),
          own(item.kind),
          own(item.id),
          own(item.key),
          own(item.parent_id),
          own(item.version),
          own(item.fields),
          own(item.memo),
          own(item.url),
          own(item.series),
          own(item.slot),
          item.ordinal,
          item.edited_ms};
}

inline mt_outcome lend(const Outcome& outcome) noexcept {
  const bool says_why =
      outcome.result == WriteResult::failed || outcome.result == WriteResult::uncertain;
  return {sizeof(mt_outcome),
          outcome.write,
          static_cast<std::int32_t>(outcome.result),
          says_why ? static_cast<std::int32_t>(outcome.error.code) : MT_OK,
          says_why ? lend(outcome.error.message) : mt_str{nullptr, 0},
          lend(outcome.id),
          lend(outcome.parent_id),
          lend(outcome.version),
          lend(outcome.fields),
          lend(outcome.memo),
          lend(outcome.url),
          outcome.ordinal,
          0,
          says_why ? lend(outcome.error.reason) : mt_str{nullptr, 0},
          says_why ? outcome.error.retry_after_ms.value_or(0) : 0};
}

/// A code that is not in the list counts as `internal`.
constexpr Code own_code(std::int32_t code) noexcept {
  return code >= MT_INVALID && code <= MT_INTERNAL ? static_cast<Code>(code) : Code::internal;
}

/// The error that an mt_reply, mt_outcome or mt_step tells of; its reason and wait since 1.2.
template <class Struct>
Error own_error(std::int32_t code, const Struct& from) {
  Error error{own_code(code), own(from.message)};
  if (MT_HAS(&from, retry_after_ms)) {
    error.reason = own(from.reason);
    if (from.retry_after_ms > 0) error.retry_after_ms = from.retry_after_ms;
  }
  return error;
}

inline Outcome own(const mt_outcome& outcome) {
  return {outcome.write,
          static_cast<WriteResult>(outcome.result),
          own_error(outcome.code, outcome),
          own(outcome.id),
          own(outcome.parent_id),
          own(outcome.version),
          own(outcome.fields),
          own(outcome.memo),
          own(outcome.url),
          outcome.ordinal};
}

inline mt_target lend(const Target& target) noexcept {
  const std::uint32_t flags =
      (target.is_default ? MT_TARGET_DEFAULT : 0U) | (target.read_only ? MT_TARGET_READ_ONLY : 0U);
  return {sizeof(mt_target),
          lend(target.id),
          lend(target.kind),
          lend(target.title),
          lend(target.url),
          flags,
          0};
}

inline Target own(const mt_target& target) {
  return {own(target.id),
          own(target.kind),
          own(target.title),
          own(target.url),
          (target.flags & MT_TARGET_DEFAULT) != 0,
          (target.flags & MT_TARGET_READ_ONLY) != 0};
}

inline mt_channel lend(const Channel& channel) noexcept {
  return {sizeof(mt_channel), lend(channel.resource), channel.expires_ms};
}

inline Channel own(const mt_channel& channel) {
  return {own(channel.resource), channel.expires_ms};
}

inline std::vector<Header> own(const mt_header* headers, std::size_t count) {
  std::vector<Header> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({own(headers[i].name), own(headers[i].value)});
  }
  return out;
}

inline Request own(const mt_request& request) {
  Request out;
  out.origin = own(request.origin);
  out.method = own(request.method);
  out.target = own(request.target);
  out.headers = own(request.headers, request.header_count);
  out.body = own(request.body);
  out.repeatable = (request.flags & MT_REPEATABLE) != 0;
  out.writes.assign(request.writes, request.writes + request.write_count);
  return out;
}

inline Reply own(const mt_reply& reply) {
  Reply out;
  out.status = reply.status;
  out.headers = own(reply.headers, reply.header_count);
  out.body = own(reply.body);
  if (reply.error != MT_OK) out.error = own_error(reply.error, reply);
  out.maybe_sent = (reply.flags & MT_MAYBE_SENT) != 0;
  return out;
}

inline Write own(const mt_write& write) {
  Write out;
  out.action = static_cast<Action>(write.action);
  out.kind = own(write.kind);
  out.key = own(write.key);
  out.id = own(write.id);
  out.parent_id = own(write.parent_id);
  out.parent_key = own(write.parent_key);
  out.after_id = own(write.after_id);
  out.after_key = own(write.after_key);
  out.fields = own(write.fields);
  for (std::size_t i = 0; i < write.changed_count; ++i)
    out.changed.push_back(own(write.changed[i]));
  out.if_version = own(write.if_version);
  out.once_key = own(write.once_key);
  out.memo = own(write.memo);
  if (MT_HAS(&write, slot)) out.slot = own(write.slot);
  if (MT_HAS(&write, ends_ms)) out.ends_ms = write.ends_ms;
  if (MT_HAS(&write, slot_ms)) out.slot_ms = write.slot_ms;
  return out;
}

inline CallInput own(const mt_call& call) {
  CallInput out;
  out.operation = static_cast<Operation>(call.operation);
  out.now_ms = call.now_ms;
  out.settings = own(call.settings);
  out.target_id = own(call.target_id);
  out.target_kind = own(call.target_kind);
  out.container_id = own(call.container_id);
  out.container_kind = own(call.container_kind);
  out.cursor = own(call.cursor);
  out.ids.reserve(call.id_count);
  for (std::size_t i = 0; i < call.id_count; ++i) out.ids.push_back(own(call.ids[i]));
  out.writes.reserve(call.write_count);
  for (std::size_t i = 0; i < call.write_count; ++i) out.writes.push_back(own(*call.writes[i]));
  out.title = own(call.title);
  out.once_key = own(call.once_key);
  out.token_reply = own(call.token_reply);
  if (MT_HAS(&call, channel_expires_ms)) {
    out.channel_id = own(call.channel_id);
    out.channel_address = own(call.channel_address);
    out.channel_resource = own(call.channel_resource);
    out.channel_expires_ms = call.channel_expires_ms;
  }
  return out;
}

/// Replies as the other side reads them. Points into `replies`, which must outlive it unmoved.
class LentReplies {
 public:
  explicit LentReplies(const std::vector<Reply>& replies) : headers_(replies.size()) {
    structs_.reserve(replies.size());
    for (std::size_t i = 0; i < replies.size(); ++i) {
      const Reply& reply = replies[i];
      for (const Header& each : reply.headers) {
        headers_[i].push_back({lend(each.name), lend(each.value)});
      }
      structs_.push_back({sizeof(mt_reply),
                          reply.error ? static_cast<std::int32_t>(reply.error->code) : MT_OK,
                          reply.maybe_sent ? MT_MAYBE_SENT : 0U,
                          reply.error ? lend(reply.error->message) : mt_str{nullptr, 0},
                          reply.status, headers_[i].data(), headers_[i].size(), lend(reply.body),
                          reply.error ? lend(reply.error->reason) : mt_str{nullptr, 0},
                          reply.error ? reply.error->retry_after_ms.value_or(0) : 0});
    }
    for (const mt_reply& each : structs_) pointers_.push_back(&each);
  }
  LentReplies(const LentReplies&) = delete;
  LentReplies& operator=(const LentReplies&) = delete;

  const mt_reply* const* data() const noexcept { return pointers_.data(); }
  std::size_t size() const noexcept { return pointers_.size(); }

 private:
  std::vector<std::vector<mt_header>> headers_;
  std::vector<mt_reply> structs_;
  std::vector<const mt_reply*> pointers_;
};

/// Requests as the other side reads them. Owns the values.
class LentRequests {
 public:
  LentRequests() = default;
  LentRequests(const LentRequests&) = delete;
  LentRequests& operator=(const LentRequests&) = delete;

  void assign(std::vector<Request> requests) {
    requests_ = std::move(requests);
    headers_.assign(requests_.size(), {});
    structs_.clear();
    pointers_.clear();
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      const Request& request = requests_[i];
      for (const Header& each : request.headers) {
        headers_[i].push_back({lend(each.name), lend(each.value)});
      }
      structs_.push_back({sizeof(mt_request), lend(request.origin), lend(request.method),
                          lend(request.target), headers_[i].data(), headers_[i].size(),
                          lend(request.body), request.repeatable ? MT_REPEATABLE : 0U,
                          request.writes.data(), request.writes.size()});
    }
    for (const mt_request& each : structs_) pointers_.push_back(&each);
  }
  const mt_request* const* data() const noexcept { return pointers_.data(); }
  std::size_t size() const noexcept { return pointers_.size(); }

 private:
  std::vector<Request> requests_;
  std::vector<std::vector<mt_header>> headers_;
  std::vector<mt_request> structs_;
  std::vector<const mt_request*> pointers_;
};

/// A call as the other side reads it. Owns the values.
class LentCall {
 public:
  explicit LentCall(CallInput input) : input_(std::move(input)), changed_(input_.writes.size()) {
    writes_.reserve(input_.writes.size());
    for (const std::string& each : input_.ids) ids_.push_back(lend(each));
    for (std::size_t i = 0; i < input_.writes.size(); ++i) {
      const Write& write = input_.writes[i];
      for (const std::string& name : write.changed) changed_[i].push_back(lend(name));
      writes_.push_back({sizeof(mt_write), static_cast<std::int32_t>(write.action),
                         lend(write.kind), lend(write.key), lend(write.id), lend(write.parent_id),
                         lend(write.parent_key), lend(write.after_id), lend(write.after_key),
                         lend(write.fields), changed_[i].data(), changed_[i].size(),
                         lend(write.if_version), lend(write.once_key), lend(write.memo),
                         lend(write.slot), write.ends_ms, write.slot_ms});
    }
    for (const mt_write& each : writes_) pointers_.push_back(&each);
    struct_ = {sizeof(mt_call),
               static_cast<std::int32_t>(input_.operation),
               input_.now_ms,
               lend(input_.settings),
               lend(input_.target_id),
               lend(input_.target_kind),
               lend(input_.container_id),
               lend(input_.container_kind),
               lend(input_.cursor),
               ids_.data(),
               ids_.size(),
               pointers_.data(),
               pointers_.size(),
               lend(input_.title),
               lend(input_.once_key),
               lend(input_.token_reply),
               lend(input_.channel_id),
               lend(input_.channel_address),
               lend(input_.channel_resource),
               input_.channel_expires_ms};
  }
  LentCall(const LentCall&) = delete;
  LentCall& operator=(const LentCall&) = delete;

  const mt_call* get() const noexcept { return &struct_; }
  const CallInput& input() const noexcept { return input_; }

 private:
  CallInput input_;
  std::vector<mt_str> ids_;
  std::vector<std::vector<mt_str>> changed_;
  std::vector<mt_write> writes_;
  std::vector<const mt_write*> pointers_;
  mt_call struct_ = {};
};

}  // namespace mortise
