#include "replies.hpp"

#include "common/json.hpp"

namespace notion {
namespace {

using common::Json;
using common::list;
using common::member;
using common::parse;
using common::text;
using mortise::Code;
using mortise::Error;
using mortise::Reply;

constexpr std::size_t kLongestMessage = 400;

/// Notion's own words, from either of its two shapes of an error body.
struct Said {
  std::string code, message;
  Json additional;
};

Said said_in(const Reply& reply) {
  const Json body = parse(reply.body);
  Said said;
  said.code = text(body, "code");
  if (said.code.empty()) said.code = text(body, "error");
  said.message = text(body, "message");
  if (said.message.empty()) said.message = text(body, "error_description");
  said.additional = member(body, "additional_data");
  for (char& c : said.message) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (said.message.size() > kLongestMessage) {
    std::size_t end = kLongestMessage;
    while (end > 0 && (static_cast<unsigned char>(said.message[end]) & 0xC0U) == 0x80U) --end;
    said.message = said.message.substr(0, end) + "…";
  }
  return said;
}

/// The network's edge answered in Notion's place.
bool from_the_edge(const Reply& reply) {
  return reply.header("x-notion-request-id").empty() && !parse(reply.body).is_object();
}

bool no_more_blocks(const Reply& reply, const Said& said) {
  return reply.status == 403 && !text(said.additional, "block_limit").empty();
}

/// "Conflict occurred while saving. Please try again.": nothing was saved, and a later try may be.
/// The versions that we guard by are our own: Notion has none to object to.
bool busy(const Reply& reply, const Said& said) {
  return reply.status == 409 && said.code == "conflict_error";
}

/// Notion refuses edits of what lies in the trash with a 400.
bool in_trash(const Reply& reply, const Said& said) {
  return reply.status == 400 && (said.message.find("archived") != std::string::npos ||
                                 said.message.find("in trash") != std::string::npos);
}

Code code_of(const Reply& reply, const Said& said) {
  switch (reply.status) {
    case 401:
      return Code::unauthenticated;
    case 403:
      return from_the_edge(reply) ? Code::unavailable : Code::forbidden;
    case 404:
      return Code::not_found;
    case 409:
      if (busy(reply, said)) return Code::unavailable;  // the host waits before it tries again
      return said.code == "row_limit_exceeded" ? Code::forbidden : Code::conflict;
    case 413:
      return Code::too_large;
    case 429:
    case 529:
      return Code::rate_limited;
    default:
      if (reply.status >= 500 || reply.status < 400) return Code::unavailable;
      return in_trash(reply, said) ? Code::not_found : Code::invalid;
  }
}

Error error_of(const Reply& reply, const Said& said, std::string_view what) {
  if (reply.error) return *reply.error;
  std::string message(what);
  if (no_more_blocks(reply, said)) {
    message +=
        ": this Notion workspace has used up the blocks of its plan; nothing more can be "
        "added until it is upgraded or blocks are removed";
    return {Code::forbidden, std::move(message), "plan_limit"};
  }
  if (said.code == "row_limit_exceeded") {
    message += ": the table holds as many rows as the Notion plan allows";
    return {Code::forbidden, std::move(message), "plan_limit"};
  }
  message += ": Notion answered " + std::to_string(reply.status);
  if (!said.code.empty()) message += " " + said.code;
  if (!said.message.empty()) message += ": " + said.message;
  return {code_of(reply, said), std::move(message)};
}

}  // namespace

Error error_of(const Reply& reply, std::string_view what) {
  if (reply.error) return *reply.error;
  return error_of(reply, said_in(reply), what);
}

Verdict judge_write(const Reply& reply, std::string_view what) {
  Verdict verdict;
  if (reply.success()) return verdict;
  if (reply.error) {
    verdict.kind = reply.maybe_sent ? Verdict::Kind::uncertain : Verdict::Kind::refused;
    verdict.error = *reply.error;
    return verdict;
  }
  const Said said = said_in(reply);
  verdict.error = error_of(reply, said, what);
  verdict.id = text(said.additional, "committed_resource_id");
  for (const Json& id : list(said.additional, "committed_child_ids")) {
    if (id.is_string()) verdict.child_ids.push_back(id);
  }
  const bool overloaded = reply.status == 529;
  if (!verdict.id.empty()) {
    verdict.kind = Verdict::Kind::committed;
  } else if ((reply.status >= 500 && !overloaded) || reply.status < 400) {
    verdict.kind = Verdict::Kind::uncertain;
  } else {
    verdict.kind = Verdict::Kind::refused;
    verdict.validation = reply.status == 400 && verdict.error.code == Code::invalid;
    verdict.busy = busy(reply, said);
    verdict.no_more_blocks = no_more_blocks(reply, said);
    verdict.no_more_rows = said.code == "row_limit_exceeded";
  }
  return verdict;
}

}  // namespace notion
