#include "api/idempotency.hpp"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>

#include "api/exchange.hpp"
#include "core/hash.hpp"

namespace mortise::api {

using core::Json;

namespace {

constexpr std::int64_t kKeptMs = 24LL * 60 * 60 * 1000;
constexpr std::size_t kLongestKey = 255;
constexpr const char* kFirstRequestId = "X-First-Request-Id";

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kLongestKey &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string scope_of(const Principal& principal) {
  return principal.kind == Principal::Kind::app ? "app" : "account:" + principal.account_id;
}

Problem running() {
  return make_problem(409, "idempotency_running", "The first call with this key is still running.");
}

// What was done, and what is wrong with the request itself. A refusal that the caller or time can
// mend is not kept.
bool is_final(int status) {
  return (status >= 200 && status < 300) || status == 400 || status == 422;
}

std::string headers_text(const Response& response) {
  Json out = Json::object();
  for (const Header& field : response.headers) out[field.name] = field.value;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Response replay(const core::IdempotencyRecord& record) {
  Response response;
  response.status = record.status;
  response.body = record.body;
  if (const auto headers = core::parse_json(record.headers); headers && headers->is_object()) {
    for (const auto& [name, value] : headers->items()) {
      if (value.is_string()) response.set(name, value.get<std::string>());
    }
  }
  response.set("Idempotency-Replayed", "true");
  return response;
}

std::string first_request_id(const core::IdempotencyRecord& record) {
  const auto headers = core::parse_json(record.headers);
  if (!headers || !headers->is_object()) return {};
  const auto found = headers->find(kFirstRequestId);
  return found != headers->end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Idempotency::Recover Idempotency::repeat() {
  return [](const Request&) { return std::nullopt; };
}

Idempotency::Recover Idempotency::unknown() {
  return [](const Request& request) {
    return refusal(request, make_problem(409, "outcome_unknown",
                                         "The first call with this key was cut off; see what is "
                                         "there, then use a new key."));
  };
}

Handler Idempotency::around(Handler handler, Recover recover) {
  return [this, handler = std::move(handler), recover = std::move(recover)](
             const Request& request) { return run(request, handler, recover); };
}

/// A key in running_, until it is released, or nobody holds this any more.
class Idempotency::Running {
 public:
  Running(Idempotency& owner, Key key) : owner_(owner), key_(std::move(key)) {}
  ~Running() { release(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void release() {
    if (released_.exchange(true)) return;
    const std::lock_guard lock(owner_.mutex_);
    owner_.running_.erase(key_);
  }

 private:
  Idempotency& owner_;
  const Key key_;
  std::atomic<bool> released_{false};
};

Response Idempotency::run(const Request& request, const Handler& handler, const Recover& recover) {
  const auto given = request.header("idempotency-key");
  if (!given) return handler(request);
  if (!is_key(*given)) {
    return refusal(request, make_problem(400, "bad_idempotency_key",
                                         "Idempotency-Key is 1 to 255 visible characters."));
  }
  core::IdempotencyRecord record;
  record.scope = scope_of(request.principal);
  record.key = *given;
  record.fingerprint =
      core::sha256_hex(request.method + "\n" + request.target + "\n" +
                       std::string(request.header("if-match").value_or("")) + "\n" + request.body);
  const Claim held = claim({record.scope, record.key});
  if (!held) return refusal(request, running());

  const auto known = store_.access().idempotency(record.scope, record.key);
  if (!known && known.error().code != Code::not_found) return refusal(request, known.error());
  if (known) record.rev = known->rev;
  if (!known || known->expires_ms <= clock_.now_ms()) {
    return act(request, handler, std::move(record), nullptr, held);
  }
  if (known->fingerprint != record.fingerprint) {
    return refusal(request, make_problem(422, "idempotency_key_reused",
                                         "This key was used for another request."));
  }
  if (known->status != 0) return replay(*known);
  record.headers = known->headers;
  return act(request, handler, std::move(record), &recover, held);
}

Response Idempotency::act(const Request& request, const Handler& handler,
                          core::IdempotencyRecord record, const Recover* recover,
                          const Claim& held) {
  const auto asked = std::make_shared<Request>(request);
  if (recover) {
    // A repetition goes by the first call's request id, so that what it did is found however often
    // it is interrupted.
    if (const std::string id = first_request_id(record); !id.empty()) asked->request_id = id;
  }
  record.headers = Json{{kFirstRequestId, asked->request_id}}.dump();
  record.expires_ms = clock_.now_ms() + kKeptMs;
  if (const auto reserved = store_.commit({ports::put(record)}, ports::Durability::relaxed);
      !reserved) {
    return reserved.error().code == Code::conflict ? refusal(request, running())
                                                   : refusal(request, reserved.error());
  }
  ++record.rev;
  if (recover) {
    if (auto found = (*recover)(*asked)) {
      // Nothing could be found out: the record goes on saying "running".
      if (found->status >= 500) return *std::move(found);
      return keep(std::move(record), *std::move(found));
    }
  }
  Response response = handler(*asked);
  if (!response.later) return settle(std::move(record), std::move(response));
  Response outer;
  outer.later = [this, record = std::move(record), asked, held,
                 inner = std::move(response.later)](const Response::Done& done) {
    inner([this, record, asked, held, done](Response answer) {
      Response settled = settle(record, std::move(answer));
      held->release();  // whoever has the answer may come again with the key
      done(std::move(settled));
    });
  };
  return outer;
}

// If the commit of these fails, the record goes on saying "running": the next call with the key
// recovers.
Response Idempotency::keep(core::IdempotencyRecord record, Response response) {
  record.status = response.status;
  record.headers = headers_text(response);
  record.body = response.body;
  static_cast<void>(store_.commit({ports::put(std::move(record))}, ports::Durability::relaxed));
  return response;
}

Response Idempotency::settle(core::IdempotencyRecord record, Response response) {
  if (is_final(response.status)) return keep(std::move(record), std::move(response));
  static_cast<void>(store_.commit({ports::EraseIdempotency{record.scope, record.key}},
                                  ports::Durability::relaxed));
  return response;
}

Idempotency::Claim Idempotency::claim(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    if (!running_.insert(key).second) return nullptr;
  }
  return std::make_shared<Running>(*this, key);
}

}  // namespace mortise::api
