#include "notion.hpp"

#include <algorithm>
#include <utility>

#include "codec.hpp"
#include "pack.hpp"
#include "replies.hpp"
#include "requests.hpp"
#include "table.hpp"
#include "writer.hpp"

namespace notion {
namespace {

using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Reply;
using mortise::Request;
using mortise::Result;

constexpr std::size_t kPage = 100;
constexpr std::size_t kSmallPage = 25;    // after a query that was too much for Notion
constexpr std::size_t kKeysAtOnce = 100;  // Notion's bound on a filter's entries
constexpr int kSearchPages = 10;          // what a person can choose from has an end

Item absent(const std::string& id) {
  Item item;
  item.state = ItemState::absent;
  item.id = id;
  return item;
}

mortise::Target target_of(const PageRead& page, const std::string& title) {
  return {.id = page.item.id,
          .kind = "page",
          .title = title.empty() ? "Untitled" : title,
          .url = page.item.url};
}

std::string search_body(const std::string& query, const std::string& cursor) {
  std::string body = R"({"filter":{"property":"object","value":"page"},"page_size":100,)"
                     R"("sort":{"direction":"descending","timestamp":"last_edited_time"})";
  if (!query.empty()) body += R"(,"query":)" + quote(query);
  if (!cursor.empty()) body += R"(,"start_cursor":)" + quote(cursor);
  return body + "}";
}

}  // namespace

Notion::Task<Notion::Status> Notion::write(Call& call) {
  Writer writer(call);
  Task<Status> running = writer.run();
  Status status = co_await running;
  co_return status;
}

Notion::Task<Notion::Status> Notion::estimate(Call& call) {
  const Packed packed = pack(call.writes(), call.target_id());
  const Packed::Cost cost = packed.cost(call.writes());
  call.estimate(cost.writes, cost.reads);
  co_return Status();
}

Notion::Task<Notion::Status> Notion::list(Call& call) {
  if (call.container_kind() == "database") {
    Task<Status> rows = list_rows(call);
    Status status = co_await rows;
    co_return status;
  }
  const std::string id = call.container_id().empty() ? call.target_id() : call.container_id();
  if (id.empty()) co_return Error{Code::invalid, "there is no page to list"};
  Task<Status> blocks = list_blocks(call, id);
  Status status = co_await blocks;
  co_return status;
}

Notion::Task<Notion::Status> Notion::list_blocks(Call& call, std::string container_id) {
  const std::string parent_id = container_id == call.target_id() ? std::string() : container_id;
  std::string cursor;
  std::uint32_t ordinal = 0;
  do {
    const Request request = children(container_id, cursor, kPage);
    const Reply reply = co_await call.send(request);
    if (!reply.success()) co_return error_of(reply, "listing " + container_id);
    Result<Listing> listing = read_children(reply.body, parent_id);
    if (!listing) co_return listing.error();
    for (Item& item : listing->items) {
      item.ordinal = ordinal++;
      call.emit(item);
    }
    // A cursor that leads nowhere new would never end.
    if (listing->next == cursor) break;
    cursor = listing->next;
  } while (!cursor.empty());
  if (cursor.empty()) call.complete(call.container_id());
  co_return Status();
}

Notion::Task<Result<std::string>> Notion::source_of(Call& call, std::string database_id) {
  const Request request = read("databases", database_id);
  const Reply reply = co_await call.send(request);
  if (!reply.success()) co_return error_of(reply, "reading the table " + database_id);
  std::string source_id = read_source_id(reply.body);
  if (source_id.empty()) {
    co_return Error{Code::not_found, "the database shows no table to this connection"};
  }
  co_return source_id;
}

Notion::Task<Notion::Status> Notion::list_rows(Call& call) {
  const std::string database_id = call.container_id();
  Task<Result<std::string>> finding = source_of(call, database_id);
  const Result<std::string> source_id = co_await finding;
  if (!source_id) co_return source_id.error();
  std::string cursor;
  std::size_t page_size = kPage;
  std::uint32_t ordinal = 0;
  bool complete = true;
  do {
    const Request request = query(*source_id, query_all(cursor, page_size));
    const Reply reply = co_await call.send(request);
    if (!reply.error && reply.status >= 500 && page_size != kSmallPage) {
      page_size = kSmallPage;
      continue;
    }
    if (!reply.success()) co_return error_of(reply, "listing the table " + database_id);
    Result<Rows> rows = read_rows(reply.body);
    if (!rows) co_return rows.error();
    for (std::string& page : rows->pages) {
      Task<Status> emitting = emit_row(call, std::move(page), database_id, ordinal++);
      const Status emitted = co_await emitting;
      if (!emitted) co_return emitted.error();
    }
    complete = !rows->incomplete && (rows->next.empty() || rows->next != cursor);
    cursor = complete ? rows->next : std::string();
    if (cursor.empty()) break;
  } while (true);
  if (complete) call.complete(call.container_id());
  co_return Status();
}

Notion::Task<Notion::Status> Notion::emit_row(Call& call, std::string page, std::string parent_id,
                                              std::uint32_t ordinal) {
  Result<RowRead> row = read_row(page, nullptr);
  if (!row) co_return row.error();
  // A page object shows only the beginning of a long text: the rest is read.
  const std::vector<std::string> cut = row->cut;
  for (const std::string& property_id : cut) {
    std::vector<std::string> parts;
    std::string cursor;
    do {
      const Request request = property(row->item.id, property_id, cursor);
      const Reply reply = co_await call.send(request);
      if (!reply.success()) co_return error_of(reply, "reading a long text of " + row->item.id);
      const std::string next = next_of_property(reply.body);
      parts.push_back(reply.body);
      cursor = next == cursor ? std::string() : next;
    } while (!cursor.empty());
    page = with_property(page, property_id, parts);
  }
  if (!cut.empty()) row = read_row(page, nullptr);
  if (!row) co_return row.error();
  if (!parent_id.empty()) row->item.parent_id = parent_id;
  row->item.ordinal = ordinal;
  call.emit(row->item);
  co_return Status();
}

Notion::Task<Notion::Status> Notion::get(Call& call) {
  const std::vector<std::string>& ids = call.ids();
  for (std::size_t begin = 0; begin < ids.size(); begin += kMostAtOnce) {
    const std::size_t end = std::min(ids.size(), begin + kMostAtOnce);
    std::vector<Request> requests;
    for (std::size_t i = begin; i < end; ++i) requests.push_back(read("blocks", ids[i]));
    const std::vector<Reply> replies = co_await call.send_all(requests);
    for (std::size_t i = begin; i < end; ++i) {
      const Reply& reply = replies[i - begin];
      if (!reply.error && reply.status == 404) {
        call.emit(absent(ids[i]));
        continue;
      }
      if (!reply.success()) co_return error_of(reply, "reading " + ids[i]);
      Result<BlockRead> block = read_block(reply.body);
      if (!block) co_return block.error();
      const bool whole = !block->child_page && !block->child_database;
      if (block->item.state != ItemState::present || (whole && block->item.kind.empty())) {
        call.emit(absent(ids[i]));
      } else if (whole) {
        block->item.id = ids[i];
        call.emit(block->item);
      } else {
        Task<Status> more = get_whole(call, ids[i], block->item, block->child_database);
        const Status status = co_await more;
        if (!status) co_return status.error();
      }
    }
  }
  co_return Status();
}

/// A page, a row or a database, whose block tells only the title.
Notion::Task<Notion::Status> Notion::get_whole(Call& call, std::string id, Item block,
                                               bool database) {
  const Request request = read(database ? "databases" : "pages", id);
  const Reply reply = co_await call.send(request);
  if (!reply.error && reply.status == 404) {
    call.emit(absent(id));
    co_return Status();
  }
  if (!reply.success()) co_return error_of(reply, "reading " + id);
  Item item;
  if (database) {
    Result<Item> read = read_database(reply.body);
    if (!read) co_return read.error();
    item = *std::move(read);
    item.memo = memo_of_source(read_source_id(reply.body));
  } else {
    Result<PageRead> page = read_page(reply.body);
    if (!page) co_return page.error();
    if (page->row && page->item.state == ItemState::present) {
      Task<Status> emitting = emit_row(call, reply.body, {}, 0);
      Status status = co_await emitting;
      co_return status;
    }
    item = std::move(page->item);
  }
  if (item.parent_id.empty()) item.parent_id = block.parent_id;
  item.id = id;
  call.emit(item);
  co_return Status();
}

Notion::Task<Notion::Status> Notion::find(Call& call) {
  if (call.container_id().empty() || call.ids().empty()) co_return Status();
  const std::string database_id = call.container_id();
  Task<Result<std::string>> finding = source_of(call, database_id);
  const Result<std::string> source_id = co_await finding;
  if (!source_id) co_return source_id.error();
  const std::vector<std::string>& keys = call.ids();
  for (std::size_t begin = 0; begin < keys.size(); begin += kKeysAtOnce) {
    const auto first = keys.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::min(kKeysAtOnce, keys.size() - begin);
    const std::vector<std::string> some(first, first + static_cast<std::ptrdiff_t>(count));
    std::string cursor;
    do {
      const Request request = query(*source_id, query_keys(some, cursor));
      const Reply reply = co_await call.send(request);
      if (!reply.success()) co_return error_of(reply, "looking for keys in " + database_id);
      Result<Rows> rows = read_rows(reply.body);
      if (!rows) co_return rows.error();
      for (std::string& page : rows->pages) {
        Task<Status> emitting = emit_row(call, std::move(page), database_id, 0);
        const Status emitted = co_await emitting;
        if (!emitted) co_return emitted.error();
      }
      cursor = rows->next == cursor ? std::string() : rows->next;
    } while (!cursor.empty());
  }
  co_return Status();
}

Notion::Task<Notion::Status> Notion::targets(Call& call) {
  std::string cursor;
  for (int page = 0; page < kSearchPages; ++page) {
    const Request request = search(search_body({}, cursor));
    const Reply reply = co_await call.send(request);
    if (!reply.success()) co_return error_of(reply, "reading your pages");
    const Result<Found> found = read_search(reply.body);
    if (!found) co_return found.error();
    for (const PageRead& each : found->pages) call.offer(target_of(each, each.title));
    if (found->next.empty() || found->next == cursor) break;
    cursor = found->next;
  }
  co_return Status();
}

Notion::Task<Notion::Status> Notion::make_target(Call& call) {
  if (call.title().empty()) co_return Error{Code::invalid, "a page needs a title"};
  // Made by an earlier attempt? Then it is ours: same title, same maker, at the top.
  const Request me = read("users", "me");
  const Reply who = co_await call.send(me);
  if (!who.success()) co_return error_of(who, "asking who the connection is");
  const std::string bot_id = read_bot_id(who.body);
  const Request searching = search(search_body(call.title(), {}));
  const Reply reply = co_await call.send(searching);
  if (!reply.success()) co_return error_of(reply, "looking for the page");
  const Result<Found> found = read_search(reply.body);
  if (!found) co_return found.error();
  for (const PageRead& each : found->pages) {
    if (each.title != call.title() || each.created_by != bot_id || !each.in_workspace) continue;
    call.offer(target_of(each, each.title));
    co_return Status();
  }
  const Result<PageParts> parts = new_page(R"({"title":)" + quote(call.title()) + "}");
  const Request making = make(
      "pages", R"({"parent":{"type":"workspace","workspace":true},)" + parts->properties + "}");
  const Reply made = co_await call.send(making);
  const Verdict verdict = judge_write(made, "making the page");
  PageRead page;
  if (verdict.kind == Verdict::Kind::committed) {
    page.item.id = verdict.id;
  } else if (verdict.kind == Verdict::Kind::done) {
    Result<PageRead> read = read_page(made.body);
    if (!read) co_return read.error();
    page = *std::move(read);
  } else {
    co_return verdict.error;
  }
  call.offer(target_of(page, call.title()));
  co_return Status();
}

Notion::Task<Notion::Status> Notion::identity(Call& call) {
  const std::string told = identity_of_token(call.token_reply());
  if (!told.empty()) {
    call.identify(told);
    co_return Status();
  }
  const Request request = read("users", "me");
  const Reply reply = co_await call.send(request);
  if (!reply.success()) co_return error_of(reply, "asking who the connection is");
  const Result<std::string> identity = identity_of_me(reply.body, call.token_reply());
  if (!identity) co_return identity.error();
  call.identify(*identity);
  co_return Status();
}

}  // namespace notion
