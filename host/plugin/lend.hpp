// The host's values as the structs of the C ABI: borrowed for one call into the plugin.
#pragma once

#include <string>
#include <vector>

#include <mortise/abi.h>

#include "ports/connector.hpp"

namespace mortise::plugin {

/// A call for begin(). Points into `call`, which must outlive it.
class LentCall {
 public:
  /// `cursor` stands in for call.cursor, which carries the host's tag.
  LentCall(const ports::Call& call, const std::string& cursor);
  LentCall(const LentCall&) = delete;
  LentCall& operator=(const LentCall&) = delete;

  const mt_call* get() const noexcept { return &call_; }

 private:
  std::vector<mt_str> ids_;
  std::vector<std::vector<mt_str>> changed_;
  std::vector<mt_write> writes_;
  std::vector<const mt_write*> pointers_;
  mt_call call_ = {};
};

/// Replies for resume(). Points into `replies`, which must outlive it.
class LentReplies {
 public:
  explicit LentReplies(const std::vector<ports::ConnectorReply>& replies);
  LentReplies(const LentReplies&) = delete;
  LentReplies& operator=(const LentReplies&) = delete;

  const mt_reply* const* data() const noexcept { return pointers_.data(); }
  std::size_t size() const noexcept { return pointers_.size(); }

 private:
  std::vector<std::vector<mt_header>> headers_;
  std::vector<mt_reply> replies_;
  std::vector<const mt_reply*> pointers_;
};

}  // namespace mortise::plugin
