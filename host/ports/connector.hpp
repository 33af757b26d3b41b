// A connector as the host sees it: resumable operations over values. The adapter in plugin/ speaks
// the C ABI behind it; field meanings are those of sdk/include/mortise/abi.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mortise/result.hpp>

#include "core/sync_records.hpp"
#include "ports/manifest.hpp"
#include "ports/transport.hpp"

namespace mortise::ports {

/// A request that an operation wants sent; the host resolves the origin and signs.
struct ConnectorRequest {
  std::string origin;
  std::string method;
  std::string target;
  HttpHeaders headers;
  std::string body;
  bool repeatable = false;
  std::vector<std::uint32_t> writes;  ///< indexes into Call::writes that it may carry out
  /// From open_channel: "${channel_secret}" in its body is filled in. Elsewhere that is just text.
  bool fill_secret = false;
};

/// What came back; `error` is set when there was no usable answer.
struct ConnectorReply {
  std::optional<Error> error;
  bool maybe_sent = false;  ///< the service may have seen the request; true of every answer
  HttpReply reply;
};

using core::ItemState;

struct Item {
  ItemState state = ItemState::present;
  std::string kind, id, key, parent_id, version;
  core::JsonText fields;
  std::string memo, url, series, slot;
  std::uint32_t ordinal = 0;
  core::Instant edited_ms = 0;
};

enum class OutcomeResult : std::uint8_t {
  done,
  created_id_unknown,
  failed,
  uncertain,
  not_attempted
};

struct Outcome {
  std::uint32_t write = 0;
  OutcomeResult result = OutcomeResult::not_attempted;
  std::optional<Error> error;
  std::string id, parent_id, version;
  core::JsonText fields;  ///< empty when the service did not say
  std::string memo, url;
  std::uint32_t ordinal = 0;
};

struct TargetChoice {
  core::Target target;
  bool is_default = false;
  bool read_only = false;
};

struct Write {
  core::WriteAction action = core::WriteAction::create;
  std::string kind, key, id, parent_id, parent_key, after_id, after_key;
  core::JsonText fields;
  std::vector<std::string> changed;
  std::string if_version, once_key, memo;
  std::string slot;           ///< set: an occurrence of the series that parent_id / parent_key name
  core::Instant slot_ms = 0;  ///< of a slot that is a time: when that is
  core::Instant ends_ms = 0;  ///< set: its end, where the clocks change before; see mt_write
};

enum class Operation : std::uint8_t {
  list,
  get,
  write,
  find,
  targets,
  make_target,
  identity,
  estimate,
  open_channel,
  close_channel
};

/// What an operation is about; see mt_call.
struct Call {
  Operation operation = Operation::list;
  core::Instant now_ms = 0;
  core::JsonText settings = "{}";
  core::Target target;
  std::string container_id, container_kind;
  std::string cursor;
  std::vector<std::string> ids;
  std::vector<Write> writes;
  std::string title, once_key;
  core::JsonText token_reply;
  /// open_channel, close_channel. The channel's secret is never told: bodies say
  /// "${channel_secret}", which the egress fills in.
  std::string channel_id, channel_address, channel_resource;
  core::Instant channel_expires_ms = 0;  ///< asked for; 0: the service's choice
};

/// What the service said of a channel that was opened.
struct ChannelReport {
  std::string resource;
  std::optional<core::Instant> expires_ms;
};

/// What one step reported and what it wants next. `requests` is not empty exactly when the
/// operation goes on; `error` is set when it failed as a whole (what was reported stands).
struct Step {
  std::vector<ConnectorRequest> requests;
  std::optional<Error> error;
  std::vector<Item> items;
  std::vector<Outcome> outcomes;
  std::vector<TargetChoice> targets;
  std::vector<std::string> complete;
  std::optional<std::string> cursor;
  core::JsonText identity;
  std::optional<ChannelReport> channel;
  std::uint32_t estimated_writes = 0, estimated_reads = 0;
  bool done() const { return requests.empty(); }
};

/// An operation under way. Destroying it abandons it. One call at a time, any thread.
class ConnectorOperation {
 public:
  virtual ~ConnectorOperation() = default;
  /// Hands in one reply per request of the last step, in order.
  virtual Step resume(std::vector<ConnectorReply> replies) = 0;
};

struct Started {
  std::unique_ptr<ConnectorOperation> operation;  ///< never null
  Step step;
};

/// The code that speaks to one service. Thread-safe; serves every connection.
class Connector {
 public:
  virtual ~Connector() = default;
  virtual const Manifest& manifest() const = 0;
  virtual Started begin(const Call& call) = 0;
};

/// The loaded connectors. Fixed after start. Thread-safe.
class Connectors {
 public:
  virtual ~Connectors() = default;
  /// Null if there is none of that id.
  virtual std::shared_ptr<Connector> find(std::string_view id) const = 0;
  virtual std::vector<std::shared_ptr<Connector>> list() const = 0;
};

}  // namespace mortise::ports
