// A service in memory with a connector to it, for the runner's tests. Three temperaments, as found
// in the field: ids chosen by the client, keys that can be looked up, and nested content without
// either.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "ports/clock.hpp"
#include "ports/connector.hpp"
#include "ports/egress.hpp"

namespace mortise::tests {

enum class Style {
  client_ids,  ///< flat items; repeating a create with the same once-key makes nothing new
  keyed,       ///< a container of rows that keep our key and can be found by it
  nested,      ///< containers created with their content in one request; content's ids are not said
};

/// What happens to one request.
enum class Fault {
  none,
  refused,        ///< 503, nothing was done
  lost,           ///< done, but no answer comes: the reply is "maybe sent"
  repeated,       ///< the same, and sent once more, as what may be repeated is: the second's answer
  unknown,        ///< nothing is done, and no answer comes: the reply is "maybe sent"
  unauthorized,   ///< the grant is not taken
  rejected,       ///< 400, whenever it is tried
  unsent,         ///< it did not leave: the connector says that it did not try
  rate_limited,   ///< 429
  bulky,          ///< done, and the answer is a third of what all of a step may take, and more
  swallowed,      ///< nothing is done and no answer ever comes (the host died before it left)
  done_swallowed  ///< done, and no answer ever comes (the host died after it left)
};

struct RemoteItem {
  std::string id, kind, key, parent_id;
  core::JsonText fields;
  std::string version;
  std::int64_t position = 0;
  std::int64_t change = 0;      ///< number of its last change, for cursors
  core::Instant edited_ms = 0;  ///< of it or what it holds, not of pages in it; a whole minute
};

/// The service and its state. Not thread-safe: the tests run on one thread.
class FakeService {
 public:
  /// `clock` may be null: then nothing tells edit times.
  explicit FakeService(Style style, const ports::Clock* clock = nullptr)
      : style_(style), clock_(clock) {}

  /// Carries out one request of our own little protocol (JSON in, JSON out).
  ports::HttpReply serve(const ports::ConnectorRequest& request);

  /// An outline of everything, one line an item, children sorted by content: what tests compare.
  std::string outline() const;

  const std::map<std::string, RemoteItem>& items() const { return items_; }
  /// What a person does there.
  void erase(std::string id);
  void touch(const std::string& id);  ///< an edit that moves the version
  void edit(const std::string& id, const core::JsonText& patch);  ///< a merge patch of its fields
  std::string make(const std::string& kind, const std::string& parent_id,
                   const core::JsonText& fields, const std::string& key = "");
  /// What a person cannot do: cursors up to now are not known any more.
  void forget_cursors() { oldest_cursor_ = ++next_; }
  /// The item whose field `text` says this; empty if there is none.
  std::string named(const std::string& text) const;
  /// The first item of which any field says this.
  std::string saying(const std::string& text) const;

  Style style() const { return style_; }
  std::int64_t behind_ms = 0;      ///< its clock, behind the host's
  bool tells_removals = true;      ///< listings from a cursor name what was removed
  bool tells_trash = false;        ///< asked for by id, it says of what was removed that it was
  bool tells_twice = false;        ///< listings tell each item twice
  bool tells_itself = false;       ///< listings of a container tell the container, too
  std::set<std::string> unlisted;  ///< ids that listings leave out
  int writes = 0;
  int reads = 0;

 private:
  std::string create(const std::string& item, const std::string& parent_id);
  void changed(const std::string& id);
  void edited(const std::string& id);
  Style style_;
  const ports::Clock* clock_;
  std::map<std::string, RemoteItem> items_;
  std::map<std::string, std::pair<std::int64_t, std::string>> erased_;  ///< id -> change, container
  std::int64_t next_ = 1;
  std::int64_t oldest_cursor_ = 0;
};

/// The connector to it: batches of up to 3 writes a step, nested content packed into its container.
/// It estimates one request for a batch.
std::shared_ptr<ports::Connector> fake_connector(Style style);

/// An egress that asks `fault` what becomes of each request, on the executor.
class FakeEgress final : public ports::Egress {
 public:
  FakeEgress(FakeService& service, ports::Executor& executor)
      : service_(service), executor_(executor) {}
  void send(ports::EgressCall call, std::function<void(ports::ConnectorReply)> done) override;
  std::vector<ports::BudgetUse> budgets(const std::string&) const override { return {}; }
  core::JsonText record(const std::string&) const override { return "[]"; }

  /// Answers what was swallowed, so that abandoned coroutines can end.
  void release();

  std::function<Fault(const ports::ConnectorRequest&)> fault;
  bool revoked = false;  ///< the grant is dead

 private:
  FakeService& service_;
  ports::Executor& executor_;
  std::vector<std::function<void(ports::ConnectorReply)>> swallowed_;
};

}  // namespace mortise::tests
