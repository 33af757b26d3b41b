#include "acme.hpp"

#include "codec.hpp"

namespace acme {
namespace {

using mortise::Action;
using mortise::Call;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Outcome;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Task;
using mortise::Write;

// What an answer without success means. The host has already refreshed the token, waited out rate
// limits and repeated what could be repeated: a 401 or a 429 that stays is a reply.error.
Error error_of(const Reply& reply, const std::string& what) {
  if (reply.error) return *reply.error;
  const std::string message = what + ": Acme answered " + std::to_string(reply.status);
  switch (reply.status) {
    case 403:
      return {Code::forbidden, message};
    case 404:
      return {Code::not_found, message};
    case 409:
      return {Code::conflict, message};
    default:
      return {reply.status >= 500 ? Code::unavailable : Code::invalid, message};
  }
}

// The path of the target's to-dos, or of one of them.
std::string path_of(const Call& call, const std::string& id = {}) {
  std::string path = "/lists/" + mortise::percent_encode(call.target_id()) + "/todos";
  if (!id.empty()) path += "/" + mortise::percent_encode(id);
  return path;
}

}  // namespace

Task<Status> Acme::list(Call& call) {
  std::string next;
  do {
    Request request;
    request.target = path_of(call);
    if (!next.empty()) request.target += "?page=" + mortise::percent_encode(next);
    request.repeatable = true;
    const Reply reply = co_await call.send(request);
    if (!reply.success()) co_return error_of(reply, "listing");
    Result<Page> page = read_page(reply.body);
    if (!page) co_return page.error();
    for (const Item& item : page->todos) call.emit(item);
    next = page->next;
  } while (!next.empty());
  call.complete();
  co_return Status();
}

Task<Status> Acme::get(Call& call) {
  for (const std::string& id : call.ids()) {
    Request request;
    request.target = path_of(call, id);
    request.repeatable = true;
    const Reply reply = co_await call.send(request);
    if (reply.status == 404) {  // this one is gone: no error, which would be of the whole operation
      call.emit({.state = ItemState::absent, .id = id});
      continue;
    }
    if (!reply.success()) co_return error_of(reply, "reading a to-do");
    Result<Item> item = read_todo(reply.body);
    if (!item) co_return item.error();
    call.emit(*item);
  }
  co_return Status();
}

Task<Status> Acme::write(Call& call) {
  for (std::uint32_t i = 0; i < call.writes().size(); ++i) {
    const Outcome outcome = co_await write_one(call, i);
    call.report(outcome);  // as soon as known: the host commits at each step
  }
  co_return Status();
}

Task<Outcome> Acme::write_one(Call& call, std::uint32_t index) {
  const Write& write = call.writes()[index];
  Request request;
  request.writes.push_back(index);  // which write this request carries out: the host journals it
  request.target = path_of(call, write.id);  // (a create has no id yet)
  request.repeatable = true;  // Acme knows our client_id, and updates and deletes can be repeated
  request.method = write.action == Action::create   ? "POST"
                   : write.action == Action::update ? "PATCH"
                                                    : "DELETE";
  if (write.action != Action::remove) {
    Result<std::string> body = write_todo(write);
    if (!body) co_return Outcome::failed(index, body.error());
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = *body;
  }
  const Reply reply = co_await call.send(request);
  // Lost on the way back, or broken off half-way: Acme may have done it.
  if (reply.error ? reply.maybe_sent : reply.status >= 500) {
    co_return Outcome::uncertain(index, error_of(reply, "writing " + write.key));
  }
  if (write.action == Action::remove && (reply.success() || reply.status == 404)) {
    co_return Outcome::done(index, write.id);
  }
  if (!reply.success()) co_return Outcome::failed(index, error_of(reply, "writing " + write.key));
  Result<Item> item = read_todo(reply.body);
  if (!item) co_return Outcome::uncertain(index, item.error());
  Outcome outcome = Outcome::done(index, item->id);
  outcome.fields = item->fields;  // the service's own form, so that its rewriting never echoes
  co_return outcome;
}

Task<Status> Acme::targets(Call& call) {
  Request request;
  request.target = "/lists";
  request.repeatable = true;
  const Reply reply = co_await call.send(request);
  if (!reply.success()) co_return error_of(reply, "reading the lists");
  Result<std::vector<mortise::Target>> lists = read_lists(reply.body);
  if (!lists) co_return lists.error();
  for (const mortise::Target& each : *lists) call.offer(each);
  co_return Status();
}

Task<Status> Acme::identity(Call& call) {
  Request request;
  request.target = "/me";
  request.repeatable = true;
  const Reply reply = co_await call.send(request);
  if (!reply.success()) co_return error_of(reply, "reading the account");
  Result<std::string> me = read_me(reply.body);
  if (!me) co_return me.error();
  call.identify(*me);
  co_return Status();
}

}  // namespace acme

MT_PLUGIN(acme::Acme)
