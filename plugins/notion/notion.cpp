#include "notion.hpp"

#include <utility>

#include "codec.hpp"
#include "pack.hpp"
#include "reading.hpp"
#include "replies.hpp"
#include "requests.hpp"
#include "writer.hpp"

namespace notion {
namespace {

using mortise::Code;
using mortise::Error;
using mortise::Reply;
using mortise::Request;
using mortise::Result;

constexpr int kSearchPages = 10;  // what a person can choose from has an end

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

Notion::Task<Notion::Status> Notion::get(Call& call) {
  Task<Status> items = get_items(call);
  Status status = co_await items;
  co_return status;
}

Notion::Task<Notion::Status> Notion::find(Call& call) {
  Task<Status> rows = find_rows(call);
  Status status = co_await rows;
  co_return status;
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
