#include "sync/fake_service.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include <fmt/format.h>

#include "ports/reply_room.hpp"

namespace mortise::tests {
namespace {

using core::Json;
using ports::ConnectorReply;
using ports::ConnectorRequest;
using ports::Outcome;
using ports::OutcomeResult;
using ports::Step;

constexpr std::size_t kRequestsPerStep = 3;
constexpr std::int64_t kMinuteMs = 60'000;

ports::HttpReply answer(int status, const Json& body) {
  return {status, {}, body.dump()};
}

Json json_of(const RemoteItem& item) {
  return {{"id", item.id},
          {"kind", item.kind},
          {"key", item.key},
          {"parent", item.parent_id},
          {"fields", Json::parse(item.fields)},
          {"version", item.version},
          {"edited_ms", item.edited_ms}};
}

ports::Item item_of(const Json& json, std::uint32_t ordinal) {
  ports::Item item;
  item.id = json["id"];
  item.kind = json["kind"];
  item.key = json["key"];
  item.parent_id = json["parent"];
  item.fields = json["fields"].dump();
  item.version = json["version"];
  item.edited_ms = json["edited_ms"];
  if (json.value("erased", false)) item.state = ports::ItemState::deleted;
  item.ordinal = ordinal;
  return item;
}

Error error_of(const ConnectorReply& reply) {
  if (reply.error) return *reply.error;
  switch (reply.reply.status) {
    case 404:
      return {Code::not_found, "404"};
    case 409:
      return {Code::conflict, "409"};
    case 410:
      return {Code::stale, "410"};
    case 429:
      return {Code::rate_limited, "429"};
    case 503:
      return {Code::unavailable, "503"};
    default:
      return {Code::internal, fmt::format("{}", reply.reply.status)};
  }
}

/// One request of a batch and the writes in it; the first is the one whose id comes back.
struct Packed {
  ConnectorRequest request;
  std::vector<std::uint32_t> writes;
  std::vector<std::uint32_t> ordinals;
};

class WriteOperation final : public ports::ConnectorOperation {
 public:
  WriteOperation(Style style, ports::Call call) : style_(style), call_(std::move(call)) {
    for (std::uint32_t i = 0; i < call_.writes.size(); ++i) left_.push_back(i);
  }
  Step next() {
    Step step;
    flying_.clear();
    while (!left_.empty() && flying_.size() < kRequestsPerStep) {
      std::vector<std::uint32_t> waiting;
      bool packed = false;
      for (std::size_t n = 0; n < left_.size(); ++n) {
        const std::uint32_t i = left_[n];
        if (packed || !parent_known(i)) {
          waiting.push_back(i);
          continue;
        }
        pack(i);
        packed = true;
      }
      // What was packed along with its container has left, too.
      std::erase_if(waiting, [&](std::uint32_t i) { return taken_.contains(i); });
      left_ = std::move(waiting);
      if (!packed) break;
    }
    for (const Packed& each : flying_) step.requests.push_back(each.request);
    return step;
  }
  Step resume(std::vector<ConnectorReply> replies) override {
    std::vector<Outcome> outcomes;
    for (std::size_t i = 0; i < flying_.size(); ++i) take(flying_[i], replies[i], outcomes);
    Step step = next();
    step.outcomes = std::move(outcomes);
    return step;
  }

 private:
  bool parent_known(std::uint32_t i) {
    const ports::Write& write = call_.writes[i];
    return write.action != core::WriteAction::create || !write.parent_id.empty() ||
           ids_.contains(write.parent_key);
  }
  Json content(std::uint32_t i, Packed& into) {
    const ports::Write& write = call_.writes[i];
    Json json = {{"kind", write.kind}, {"fields", Json::parse(write.fields)}};
    if (style_ == Style::client_ids) json["id"] = write.once_key;
    if (style_ != Style::nested) json["key"] = write.key;
    if (style_ != Style::nested) return json;
    std::uint32_t ordinal = 0;
    for (std::uint32_t j = i + 1; j < call_.writes.size(); ++j) {
      const ports::Write& child = call_.writes[j];
      if (child.action != core::WriteAction::create || child.parent_key != write.key) continue;
      if (child.kind == "page") continue;  // pages are made on their own
      into.writes.push_back(j);
      into.ordinals.push_back(ordinal++);
      taken_.insert({j, true});
      json["children"].push_back(content(j, into));
    }
    return json;
  }
  void pack(std::uint32_t i) {
    const ports::Write& write = call_.writes[i];
    Packed packed;
    packed.writes = {i};
    packed.ordinals = {0};
    taken_.insert({i, true});
    Json body = {{"op", "create"}};
    if (write.action == core::WriteAction::create) {
      body["parent"] = write.parent_id.empty() ? ids_[write.parent_key] : write.parent_id;
      body["item"] = content(i, packed);
    } else if (write.action == core::WriteAction::update) {
      body = {{"op", "update"}, {"id", write.id}, {"if_version", write.if_version}};
      const Json fields = Json::parse(write.fields);
      for (const std::string& name : write.changed) {
        body["fields"][name] = fields.contains(name) ? fields[name] : Json();
      }
    } else {
      body = {{"op", "remove"}, {"id", write.id}, {"if_version", write.if_version}};
    }
    packed.request.origin = "api";
    packed.request.method = "POST";
    packed.request.target = "/";
    packed.request.body = body.dump();
    packed.request.repeatable = style_ == Style::client_ids;
    packed.request.writes = packed.writes;
    flying_.push_back(std::move(packed));
  }
  void take(const Packed& packed, const ConnectorReply& reply, std::vector<Outcome>& outcomes) {
    const bool good = !reply.error && reply.reply.status < 300;
    const Json body = good ? Json::parse(reply.reply.body) : Json();
    for (std::size_t n = 0; n < packed.writes.size(); ++n) {
      Outcome outcome;
      outcome.write = packed.writes[n];
      if (good && n == 0) {
        outcome.result = OutcomeResult::done;
        outcome.id = body.value("id", "");
        outcome.version = body.value("version", "");
        if (body.contains("fields")) outcome.fields = body["fields"].dump();
        ids_[call_.writes[packed.writes[0]].key] = outcome.id;
      } else if (good) {
        outcome.result = OutcomeResult::created_id_unknown;
        outcome.ordinal = packed.ordinals[n];
      } else {
        const bool uncertain = reply.error && reply.maybe_sent;
        outcome.result = uncertain ? OutcomeResult::uncertain : OutcomeResult::failed;
        outcome.error = error_of(reply);
        if (outcome.error->code == Code::cancelled) outcome.result = OutcomeResult::not_attempted;
      }
      outcomes.push_back(std::move(outcome));
    }
  }

  Style style_;
  ports::Call call_;
  std::vector<std::uint32_t> left_;
  std::map<std::uint32_t, bool> taken_;
  std::vector<Packed> flying_;
  std::map<std::string, std::string> ids_;
};

class ReadOperation final : public ports::ConnectorOperation {
 public:
  Step begin(const ports::Call& call) {
    Json body;
    if (call.operation == ports::Operation::list) {
      container_id_ = call.container_id;
      cursor_ = call.cursor;
      const bool whole = call.container_id.empty();
      body = {{"op", "list"},
              {"parent", whole ? call.target.id : call.container_id},
              {"cursor", call.cursor}};
    } else if (call.operation == ports::Operation::find) {
      body = {{"op", "find"}, {"keys", call.ids}};
    } else {
      body = {{"op", "get"}, {"ids", call.ids}};
    }
    ConnectorRequest request;
    request.origin = "api";
    request.method = "POST";
    request.target = "/";
    request.body = body.dump();
    request.repeatable = true;
    Step step;
    step.requests.push_back(std::move(request));
    return step;
  }
  Step resume(std::vector<ConnectorReply> replies) override {
    Step step;
    const ConnectorReply& reply = replies.front();
    if (reply.error || reply.reply.status >= 300) {
      step.error = error_of(reply);
      return step;
    }
    std::uint32_t ordinal = 0;
    const Json body = Json::parse(reply.reply.body);
    for (const Json& json : body["items"]) {
      step.items.push_back(item_of(json, ordinal++));
      if (json.value("absent", false)) step.items.back().state = ports::ItemState::absent;
    }
    if (body.contains("cursor")) {
      step.cursor = body["cursor"].get<std::string>();
      if (cursor_.empty()) step.complete.push_back(container_id_);
    }
    return step;
  }

 private:
  std::string container_id_, cursor_;
};

class FakeConnector final : public ports::Connector {
 public:
  explicit FakeConnector(Style style) : style_(style) {
    manifest_.id = "fake";
    manifest_.version = "1.0.0";
    manifest_.operations.list = manifest_.operations.get = manifest_.operations.write = true;
    manifest_.operations.estimate = true;
    manifest_.operations.find = style == Style::keyed;
    manifest_.properties.delta = manifest_.properties.complete_listing = style == Style::client_ids;
    manifest_.properties.time_precision_ms = style == Style::client_ids ? 1000 : kMinuteMs;
    manifest_.properties.largest_batch = style == Style::nested ? 10'000 : 7;
    for (const char* name : {"page", "section", "todo", "database", "row", "event"}) {
      ports::Kind kind;
      kind.name = name;
      kind.create = kind.update = kind.remove = true;
      kind.client_ids = style == Style::client_ids;
      kind.find = style == Style::keyed && kind.name == "row";
      kind.container = kind.name == "page" || kind.name == "section" || kind.name == "database";
      kind.tells_edits = kind.name == "page";
      kind.delta = kind.name == "database";
      manifest_.kinds.push_back(kind);
    }
  }
  const ports::Manifest& manifest() const override { return manifest_; }
  ports::Started begin(const ports::Call& call) override {
    if (call.operation == ports::Operation::write) {
      auto operation = std::make_unique<WriteOperation>(style_, call);
      Step step = operation->next();
      return {std::move(operation), std::move(step)};
    }
    auto operation = std::make_unique<ReadOperation>();
    if (call.operation == ports::Operation::estimate) {
      return {std::move(operation), estimate(call.writes)};
    }
    Step step = operation->begin(call);
    return {std::move(operation), std::move(step)};
  }

 private:
  /// One request a batch, and a read for each write whose container cannot be told. What the runner
  /// would not hand over at once has no cost.
  Step estimate(const std::vector<ports::Write>& writes) const {
    Step step;
    step.estimated_writes = 1;
    std::size_t removals = 0;
    std::set<std::string> keys;
    for (const ports::Write& write : writes) {
      keys.insert(write.key);
      removals += write.action == core::WriteAction::remove;
      if (write.parent_id.empty() && !keys.contains(write.parent_key)) ++step.estimated_reads;
    }
    const auto most = static_cast<std::size_t>(manifest_.properties.largest_batch);
    const bool mixed = removals != 0 && removals != writes.size();
    if (mixed || writes.size() > most) step.error = Error{Code::invalid, "this is no batch"};
    return step;
  }

  Style style_;
  ports::Manifest manifest_;
};

}  // namespace

std::shared_ptr<ports::Connector> fake_connector(Style style) {
  return std::make_shared<FakeConnector>(style);
}

std::string FakeService::create(const std::string& text, const std::string& parent_id) {
  const Json json = Json::parse(text);
  RemoteItem item;
  item.id = json.value("id", fmt::format("r{}", next_));
  item.position = next_++;
  item.kind = json["kind"];
  item.key = json.value("key", "");
  item.parent_id = parent_id;
  item.fields = json["fields"].dump();
  item.version = "v1";
  const std::string id = item.id;
  items_.emplace(id, std::move(item));
  erased_.erase(id);
  changed(id);
  edited(parent_id);
  if (json.contains("children")) {
    for (const Json& child : json["children"]) create(child.dump(), id);
  }
  return id;
}

ports::HttpReply FakeService::serve(const ConnectorRequest& request) {
  const Json body = Json::parse(request.body);
  const std::string op = body["op"];
  ++(request.writes.empty() ? reads : writes);
  if (op == "create") {
    const std::string parent = body["parent"];
    if (parent != "root" && !items_.contains(parent)) return answer(404, {});
    const std::string wanted = body["item"].value("id", "");
    if (items_.contains(wanted)) return answer(200, json_of(items_[wanted]));
    return answer(200, json_of(items_[create(body["item"].dump(), parent)]));
  }
  if (op == "update" || op == "remove") {
    auto found = items_.find(body["id"].get<std::string>());
    if (found == items_.end()) return answer(404, {});
    RemoteItem& item = found->second;
    const std::string guard = body["if_version"];
    if (!guard.empty() && guard != item.version) return answer(409, {});
    if (op == "remove") {
      erase(found->first);
      return answer(200, Json::object());
    }
    Json fields = Json::parse(item.fields);
    fields.merge_patch(body["fields"]);
    item.fields = fields.dump();
    touch(item.id);
    return answer(200, json_of(item));
  }
  Json items = Json::array();
  if (op == "list") {
    const std::string parent = body["parent"];
    if (parent != "root" && !items_.contains(parent)) return answer(404, {});
    const std::string cursor = body["cursor"];
    const std::int64_t since = cursor.empty() ? 0 : std::stoll(cursor);
    if (!cursor.empty() && since < oldest_cursor_) return answer(410, {});
    std::vector<const RemoteItem*> children;
    for (const auto& [id, item] : items_) {
      const bool listed = item.parent_id == parent && !unlisted.contains(id);
      if (listed && item.change > since) children.push_back(&item);
    }
    for (const auto& [id, end] : erased_) {
      if (!tells_removals || cursor.empty() || end.first <= since || end.second != parent) continue;
      Json gone = json_of({id, "", "", "", "{}", "", 0});
      gone["erased"] = true;
      items.push_back(gone);
    }
    std::sort(children.begin(), children.end(),
              [](const auto* a, const auto* b) { return a->position < b->position; });
    for (const RemoteItem* item : children) {
      items.push_back(json_of(*item));
      if (tells_twice) items.push_back(json_of(*item));
    }
    if (tells_itself && items_.contains(parent)) items.push_back(json_of(items_[parent]));
    return answer(200, {{"items", items}, {"cursor", fmt::format("{}", next_)}});
  } else if (op == "find") {
    for (const auto& [id, item] : items_) {
      for (const Json& key : body["keys"]) {
        if (item.key == key) items.push_back(json_of(item));
      }
    }
  } else {
    for (const std::string id : body["ids"]) {
      auto found = items_.find(id);
      if (found != items_.end()) {
        items.push_back(json_of(found->second));
      } else {
        Json gone = json_of({id, "", "", "", "{}", "", 0});
        gone[tells_trash && erased_.contains(id) ? "erased" : "absent"] = true;
        items.push_back(gone);
      }
    }
  }
  return answer(200, {{"items", items}});
}

void FakeService::erase(std::string id) {
  std::vector<std::string> children;
  for (const auto& [child, item] : items_) {
    if (item.parent_id == id) children.push_back(child);
  }
  for (const std::string& child : children) erase(child);
  if (!items_.contains(id)) return;
  const std::string parent = items_[id].parent_id;
  items_.erase(id);
  erased_[id] = {++next_, parent};
  if (items_.contains(parent)) changed(parent);
}

void FakeService::touch(const std::string& id) {
  items_[id].version = fmt::format("v{}", ++next_);
  changed(id);
}

void FakeService::edit(const std::string& id, const core::JsonText& patch) {
  Json fields = Json::parse(items_.at(id).fields);
  fields.merge_patch(Json::parse(patch));
  items_[id].fields = fields.dump();
  touch(id);
}

std::string FakeService::make(const std::string& kind, const std::string& parent_id,
                              const core::JsonText& fields, const std::string& key) {
  const Json item = {{"kind", kind}, {"fields", Json::parse(fields)}, {"key", key}};
  return create(item.dump(), parent_id);
}

std::string FakeService::named(const std::string& text) const {
  for (const auto& [id, item] : items_) {
    if (Json::parse(item.fields).value("text", "") == text) return id;
  }
  return {};
}

std::string FakeService::saying(const std::string& text) const {
  for (const auto& [id, item] : items_) {
    if (item.fields.find('"' + text + '"') != std::string::npos) return id;
  }
  return {};
}

void FakeService::changed(const std::string& id) {
  items_[id].change = ++next_;
  edited(id);
}

/// Edit times climb up to the page that the item stands in, and no further.
void FakeService::edited(const std::string& id) {
  if (clock_ == nullptr) return;
  const core::Instant now_ms = clock_->now_ms() - behind_ms;
  for (auto item = items_.find(id); item != items_.end();
       item = items_.find(item->second.parent_id)) {
    item->second.edited_ms = now_ms / kMinuteMs * kMinuteMs;
    if (item->second.kind == "page") return;
  }
}

std::string FakeService::outline() const {
  std::function<std::string(const std::string&, int)> draw = [&](const std::string& parent,
                                                                 int depth) {
    std::vector<std::string> lines;
    for (const auto& [id, item] : items_) {
      if (item.parent_id != parent) continue;
      lines.push_back(fmt::format("{:{}}{} {}\n{}", "", depth * 2, item.kind,
                                  Json::parse(item.fields).dump(), draw(id, depth + 1)));
    }
    std::sort(lines.begin(), lines.end());
    std::string text;
    for (const std::string& line : lines) text += line;
    return text;
  };
  return draw("root", 0);
}

void FakeEgress::send(ports::EgressCall call, std::function<void(ConnectorReply)> done) {
  executor_.post([this, call = std::move(call), done = std::move(done)] {
    ConnectorReply reply;
    if (call.cancel && call.cancel->load()) {
      reply.error = Error{Code::cancelled, "given up"};
      done(std::move(reply));
      return;
    }
    if (revoked) {
      reply.error = Error{Code::unauthenticated, "the grant is dead", "needs_reconnect"};
      done(std::move(reply));
      return;
    }
    reply.maybe_sent = true;  // of an answer, too: so does the egress
    switch (fault ? fault(call.request) : Fault::none) {
      case Fault::repeated:
        service_.serve(call.request);
        [[fallthrough]];
      case Fault::none:
        reply.reply = service_.serve(call.request);
        reply.reply.headers.emplace_back("x-fake-request-id",
                                         fmt::format("fake-{}", service_.reads + service_.writes));
        break;
      case Fault::bulky:
        reply.reply = service_.serve(call.request);
        reply.reply.headers.emplace_back("x-bulk", std::string(ports::kMostReplyBytes / 3, 'x'));
        break;
      case Fault::refused:
        reply.reply.status = 503;
        break;
      case Fault::rate_limited:
        reply.reply.status = 429;
        break;
      case Fault::rejected:
        reply.reply.status = 400;
        break;
      case Fault::unsent:
        reply.error = Error{Code::cancelled, "not sent"};
        break;
      case Fault::unauthorized:
        reply.error = Error{Code::unauthenticated, "a fresh token was refused", "token_refused"};
        break;
      case Fault::lost:
        service_.serve(call.request);
        [[fallthrough]];
      case Fault::unknown:
        reply.error = Error{Code::unavailable, "the connection closed before an answer"};
        break;
      case Fault::done_swallowed:
        service_.serve(call.request);
        [[fallthrough]];
      case Fault::swallowed:
        swallowed_.push_back(done);
        return;
    }
    done(std::move(reply));
  });
}

void FakeEgress::release() {
  auto waiting = std::move(swallowed_);
  swallowed_.clear();
  for (auto& done : waiting) {
    ConnectorReply reply;
    reply.error = Error{Code::cancelled, "the host is stopping"};
    done(std::move(reply));
  }
}

}  // namespace mortise::tests
