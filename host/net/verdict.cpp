#include "net/verdict.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "net/backoff.hpp"

namespace mortise::net {
namespace {

using core::Json;
using ports::HttpReply;
using ports::LimitRule;

bool has_type(const HttpReply& reply, std::string_view part) {
  const auto type = header(reply.headers, "content-type");
  return type && type->find(part) != std::string::npos;
}

std::string unescape(std::string part) {
  for (const auto& [from, to] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
    for (std::size_t at = 0; (at = part.find(from, at)) != std::string::npos; ++at) {
      part.replace(at, 2, to);
    }
  }
  return part;
}

const Json* child(const Json& value, const std::string& name) {
  if (value.is_object()) {
    const auto found = value.find(name);
    return found == value.end() ? nullptr : &*found;
  }
  if (!value.is_array() || name.empty() || name.size() > 6) return nullptr;
  if (name.find_first_not_of("0123456789") != std::string::npos) return nullptr;
  const std::size_t index = std::stoul(name);
  return index < value.size() ? &value[index] : nullptr;
}

/// The text at an RFC 6901 pointer, or empty.
std::string text_at(const Json& document, const std::string& pointer) {
  const Json* value = &document;
  for (std::size_t from = 0; value != nullptr && from < pointer.size();) {
    const std::size_t to = std::min(pointer.find('/', from + 1), pointer.size());
    value = child(*value, unescape(pointer.substr(from + 1, to - from - 1)));
    from = to;
  }
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

const LimitRule* find_rule(const HttpReply& reply, const std::vector<LimitRule>& rules) {
  const auto applies = [&](const LimitRule& rule) { return rule.status == reply.status; };
  if (std::none_of(rules.begin(), rules.end(), applies)) return nullptr;
  const auto body = core::parse_json(reply.body, 1024 * 1024);
  if (!body.ok()) return nullptr;
  for (const LimitRule& rule : rules) {
    if (!applies(rule)) continue;
    const std::string said = text_at(*body, rule.pointer);
    if (std::find(rule.values.begin(), rule.values.end(), said) != rule.values.end()) return &rule;
  }
  return nullptr;
}

Judgement judge_limit(const HttpReply& reply, const LimitRule* rule) {
  const std::string answered = "the service answered " + std::to_string(reply.status);
  Judgement judgement;
  if (rule != nullptr) judgement.scope = rule->scope;
  judgement.maybe_sent = reply.status >= 500 && reply.status != 529;
  if (rule != nullptr && rule->reaction == LimitRule::Reaction::refuse) {
    judgement.verdict = Verdict::limit_final;
    judgement.error = Error{Code::forbidden, answered + ": it blocks requests of this connection",
                            "blocked_by_service"};
    return judgement;
  }
  judgement.verdict = Verdict::wait_limit;
  judgement.error = Error{Code::rate_limited, answered + ": too many requests", "rate_limited"};
  return judgement;
}

/// A success that claims to be JSON and is none: cut off on the way, or written by something else.
bool is_malformed(const HttpReply& reply) {
  return reply.status >= 200 && reply.status < 300 && !reply.body.empty() &&
         has_type(reply, "json") && !Json::accept(reply.body);
}

}  // namespace

Judgement judge(const ports::HttpOutcome& outcome, bool repeatable,
                const std::vector<LimitRule>& rules) {
  Judgement judgement;
  const Verdict unclear = repeatable ? Verdict::try_again : Verdict::lost;
  if (!outcome.reply.ok()) {
    const Error& error = outcome.reply.error();
    judgement.error = error;
    judgement.maybe_sent = outcome.maybe_sent;
    const bool passing = error.code == Code::unavailable && error.reason != "closing";
    judgement.verdict = !passing             ? Verdict::lost
                        : outcome.maybe_sent ? unclear
                                             : Verdict::try_again;
    return judgement;
  }
  const HttpReply& reply = *outcome.reply;
  const LimitRule* rule = find_rule(reply, rules);
  if (rule != nullptr || reply.status == 429 || reply.status == 529) {
    return judge_limit(reply, rule);
  }
  if (reply.status == 401) {
    judgement.verdict = Verdict::renew_token;
  } else if (reply.status == 403 && has_type(reply, "text/html")) {
    judgement.verdict = Verdict::try_again;
    judgement.error =
        Error{Code::unavailable, "something in front of the service answered 403 with a page",
              "edge_blocked"};
  } else if (reply.status >= 500) {
    judgement.verdict = repeatable ? Verdict::try_again : Verdict::deliver;
    judgement.maybe_sent = true;
  } else if (is_malformed(reply)) {
    judgement.verdict = unclear;
    judgement.maybe_sent = true;
    judgement.error = Error{Code::unavailable, "the service's answer is not the JSON that it says",
                            "malformed_reply"};
  }
  return judgement;
}

}  // namespace mortise::net
