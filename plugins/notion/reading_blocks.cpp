// Listings of blocks, and reading by id.
#include <algorithm>
#include <deque>
#include <unordered_set>
#include <utility>

#include "codec.hpp"
#include "reading.hpp"
#include "replies.hpp"
#include "requests.hpp"
#include "table.hpp"

namespace notion {
namespace {

using mortise::Call;
using mortise::Item;
using mortise::ItemState;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Task;

constexpr std::size_t kPage = 100;
/// Not among the manifest's kinds: nothing of it is written.
constexpr const char* kOther = "block";

/// The next page of one block's children.
struct Part {
  std::string id;
  std::string parent_id;  ///< as items say it: empty for the target
  std::string cursor = {};
  std::uint32_t ordinal = 0;
};

Item not_there(const std::string& id) {
  Item item;
  item.state = ItemState::absent;
  item.id = id;
  return item;
}

/// A row or a database: its block does not tell all.
struct Deeper {
  std::string id;
  Item block;
  bool database = false;
};

class Getting {
 public:
  explicit Getting(Call& call) : call_(call), tables_(call) {}

  Task<Status> run() {
    const std::vector<std::string>& ids = call_.ids();
    for (std::size_t begin = 0; begin < ids.size(); begin += kMostAtOnce) {
      const std::size_t end = std::min(ids.size(), begin + kMostAtOnce);
      std::vector<Request> requests;
      for (std::size_t i = begin; i < end; ++i) requests.push_back(read("blocks", ids[i]));
      const std::vector<Reply> replies = co_await call_.send_all(requests);
      deeper_.clear();
      for (std::size_t i = begin; i < end; ++i) {
        const Status taken = take(ids[i], replies[i - begin]);
        if (!taken) co_return taken.error();
      }
      Task<Status> whole = read_deeper();
      const Status status = co_await whole;
      if (!status) co_return status.error();
    }
    co_return Status();
  }

 private:
  static bool gone(const Reply& reply) { return !reply.error && reply.status == 404; }

  void emit(Item item, const std::string& id) {
    item.id = id;
    if (item.parent_id == call_.target_id()) item.parent_id.clear();
    call_.emit(item);
  }

  Status take(const std::string& id, const Reply& reply) {
    if (gone(reply)) {
      call_.emit(not_there(id));
      return {};
    }
    if (!reply.success()) return error_of(reply, "reading " + id);
    Result<BlockRead> block = read_block(reply.body);
    if (!block) return block.error();
    const bool present = block->item.state == ItemState::present;
    if (present && (block->row || block->database)) {
      deeper_.push_back({id, std::move(block->item), block->database});
      return {};
    }
    // Turned into something else by a person: there, but no business of ours.
    if (present && block->item.kind.empty()) block->item.state = ItemState::out_of_scope;
    emit(std::move(block->item), id);
    return {};
  }

  Task<Status> read_deeper() {
    std::vector<Request> requests;
    for (const Deeper& each : deeper_) {
      requests.push_back(read(each.database ? "databases" : "pages", each.id));
    }
    const std::vector<Reply> replies = co_await call_.send_all(requests);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      Task<Status> taking = take_deeper(deeper_[i], replies[i]);
      const Status taken = co_await taking;
      if (!taken) co_return taken.error();
    }
    co_return Status();
  }

  Task<Status> take_deeper(const Deeper& asked, const Reply& reply) {
    if (gone(reply)) {
      call_.emit(not_there(asked.id));
      co_return Status();
    }
    if (!reply.success()) co_return error_of(reply, "reading " + asked.id);
    if (asked.database) {
      Result<Item> database = read_database(reply.body);
      if (!database) co_return database.error();
      database->memo = memo_of_source(read_source_id(reply.body));
      if (database->parent_id.empty()) database->parent_id = asked.block.parent_id;
      emit(*std::move(database), asked.id);
      co_return Status();
    }
    const std::string source_id = source_of_row(reply.body);
    Task<Result<const Schema*>> finding = tables_.columns(source_id);
    const Result<const Schema*> schema = co_await finding;
    if (!schema) co_return schema.error();
    const RowPlace place;
    Task<Status> emitting = emit_row(call_, reply.body, *schema, place, RowState::judged);
    Status status = co_await emitting;
    co_return status;
  }

  Call& call_;
  Tables tables_;
  std::vector<Deeper> deeper_;
};

class BlockListing {
 public:
  BlockListing(Call& call, std::string container_id) : call_(call), top_(std::move(container_id)) {
    open_.push_back({top_, top_ == call.target_id() ? std::string() : top_});
  }

  Task<Status> run() {
    while (!open_.empty()) {
      std::vector<Part> parts;
      std::vector<Request> requests;
      while (!open_.empty() && parts.size() < kMostAtOnce) {
        parts.push_back(std::move(open_.front()));
        open_.pop_front();
        requests.push_back(children(parts.back().id, parts.back().cursor, kPage));
      }
      const std::vector<Reply> replies = co_await call_.send_all(requests);
      for (std::size_t i = 0; i < replies.size(); ++i) {
        const Status taken = take(std::move(parts[i]), replies[i]);
        if (!taken) co_return taken.error();
      }
    }
    if (whole_) call_.complete(call_.container_id());
    co_return Status();
  }

 private:
  /// What people put there, that it is not taken away with the container. (What stands in a to-do
  /// goes with it; the callout that a page begins with is ours.)
  void tell_others(const Listing& listing, const Part& part) {
    for (const std::string& id : listing.others) {
      if (part.cursor.empty() && id == listing.first_callout) continue;
      Item other;
      other.kind = kOther;
      other.id = id;
      other.parent_id = part.parent_id;
      other.fields = "{}";
      call_.emit(other);
    }
  }

  Status take(Part part, const Reply& reply) {
    if (!reply.error && reply.status == 404 && part.id != top_) {
      whole_ = false;  // taken away since its parent was read
      return {};
    }
    if (!reply.success()) return error_of(reply, "listing " + part.id);
    Result<Listing> listing = read_children(reply.body, part.parent_id);
    if (!listing) return listing.error();
    whole_ = whole_ && !listing->partial;
    for (Item& item : listing->items) {
      item.ordinal = part.ordinal++;
      call_.emit(item);
    }
    if (part.id == top_) tell_others(*listing, part);
    for (std::string& id : listing->nested) {
      if (seen_.insert(id).second) open_.push_back({id, id});
    }
    if (listing->next.empty()) return {};
    if (listing->next == part.cursor) {  // leads nowhere new, and would never end
      whole_ = false;
      return {};
    }
    part.cursor = std::move(listing->next);
    open_.push_front(std::move(part));
    return {};
  }

  Call& call_;
  const std::string top_;
  std::deque<Part> open_;
  std::unordered_set<std::string> seen_;
  bool whole_ = true;
};

}  // namespace

Task<Status> list_blocks(Call& call, std::string container_id) {
  BlockListing listing(call, std::move(container_id));
  Task<Status> running = listing.run();
  Status status = co_await running;
  co_return status;
}

Task<Status> get_items(Call& call) {
  Getting getting(call);
  Task<Status> running = getting.run();
  Status status = co_await running;
  co_return status;
}

}  // namespace notion
