#include "plugin/collector.hpp"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include <mortise/text.hpp>

#include "plugin/plain.hpp"
#include "plugin/requests.hpp"

namespace mortise::plugin {
namespace {

Code code_of(std::int32_t code) {
  return code >= MT_INVALID && code <= MT_INTERNAL ? static_cast<Code>(code) : Code::internal;
}

// A link that a page may show: http or https, a host, and nothing that a browser would read
// otherwise.
bool is_web_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || scheme + 3 == url.size() || url[scheme + 3] == '/')
    return false;
  const std::string name = lower_case(url.substr(0, scheme));
  if (name != "http" && name != "https") return false;
  return std::none_of(url.begin(), url.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7F || c == '\\' || c == '"' || c == '<' || c == '>';
  });
}

bool is_reason(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

template <class Take>
void Collector::guarded(void* context, Take take) noexcept {
  auto& self = *static_cast<Collector*>(context);
  if (!self.accepts()) return;
  try {
    take(self);
  } catch (...) {
    self.breach_ = "a report that could not be copied";
  }
}

Collector::Collector(const Limits& limits, const ports::Manifest& manifest,
                     ports::Operation operation, const std::vector<ports::Write>& writes)
    : limits_(limits),
      manifest_(manifest),
      operation_(operation),
      writes_(writes),
      reported_(writes.size(), false) {
  sink_.size = sizeof(sink_);
  sink_.context = this;
  sink_.item = [](void* context, const mt_item* raw) {
    guarded(context, [&](Collector& self) { self.take_item(raw); });
  };
  sink_.outcome = [](void* context, const mt_outcome* raw) {
    guarded(context, [&](Collector& self) { self.take_outcome(raw); });
  };
  sink_.target = [](void* context, const mt_target* raw) {
    guarded(context, [&](Collector& self) { self.take_target(raw); });
  };
  sink_.complete = [](void* context, mt_str container) {
    guarded(context, [&](Collector& self) { self.take_complete(container); });
  };
  sink_.cursor = [](void* context, mt_str cursor) {
    guarded(context, [&](Collector& self) { self.take_cursor(cursor); });
  };
  sink_.identity = [](void* context, mt_str json) {
    guarded(context, [&](Collector& self) { self.take_identity(json); });
  };
  sink_.channel = [](void* context, const mt_channel* raw) {
    guarded(context, [&](Collector& self) { self.take_channel(raw); });
  };
  sink_.estimate = [](void* context, std::uint32_t write_requests, std::uint32_t read_requests) {
    guarded(context, [&](Collector& self) {
      self.step_.estimated_writes = write_requests;
      self.step_.estimated_reads = read_requests;
    });
  };
}

void Collector::open() {
  step_ = {};
  reports_ = 0;
  bytes_ = 0;
  open_on_ = std::this_thread::get_id();
}

bool Collector::accepts() {
  if (open_on_.load() != std::this_thread::get_id()) {
    stray_ = true;
    return false;
  }
  if (breach_) return false;
  if (++reports_ > limits_.reports_per_step) {
    breach("more than " + std::to_string(limits_.reports_per_step) + " reports in one step");
  }
  if (++all_reports_ > limits_.reports_per_operation) {
    breach("more than " + std::to_string(limits_.reports_per_operation) +
           " reports in one operation");
  }
  return !breach_;
}

void Collector::breach(const std::string& sentence) {
  if (!breach_) breach_ = sentence;
}

void Collector::blame(const std::string& culprit) {
  if (breach_) *breach_ += ": " + culprit;
}

bool Collector::spend(std::size_t bytes) {
  bytes_ += bytes;
  all_bytes_ += bytes;
  if (bytes_ > limits_.bytes_per_step) {
    breach("more than " + std::to_string(limits_.bytes_per_step) + " bytes in one step");
  } else if (all_bytes_ > limits_.bytes_per_operation) {
    breach("more than " + std::to_string(limits_.bytes_per_operation) +
           " bytes reported in one operation");
  }
  return !breach_;
}

std::string Collector::text(const char* what, mt_str raw, std::size_t most) {
  if (raw.size == 0) return {};
  if (raw.data == nullptr) {
    breach(std::string(what) + " has a size, but no bytes");
    return {};
  }
  if (raw.size > most) {
    breach(std::string(what) + " is larger than " + std::to_string(most) + " bytes");
    return {};
  }
  if (!spend(raw.size)) return {};
  const std::string_view borrowed(raw.data, raw.size);
  if (!is_utf8(borrowed)) {
    breach(std::string(what) + " is not valid UTF-8");
    return {};
  }
  return std::string(borrowed);
}

std::string Collector::url(const char* what, mt_str raw) {
  std::string given = text(what, raw, limits_.url_bytes);
  if (!given.empty() && !is_web_url(given)) breach(std::string(what) + " is no http or https URL");
  return given;
}

// A message is for people: cut, never refused. What is no reason is left out, and the wait is
// bounded.
template <class Struct>
Error Collector::error(const Struct& raw) {
  Error error{code_of(raw.code), one_line(raw.message, limits_.message_bytes)};
  if (!MT_HAS(&raw, retry_after_ms)) return error;  // a plugin before 1.2
  if (raw.reason.data != nullptr && raw.reason.size <= limits_.reason_bytes) {
    const std::string_view reason(raw.reason.data, raw.reason.size);
    if (is_reason(reason)) error.reason = reason;
  }
  if (raw.retry_after_ms > 0) {
    error.retry_after_ms = std::min(raw.retry_after_ms, limits_.retry_after_ms);
  }
  return error;
}

std::int64_t Collector::instant(const char* what, std::int64_t ms) {
  if (ms >= 0 && ms <= limits_.latest_ms) return ms;
  breach(std::string(what) + " is not within the years 1970 to 9999");
  return 0;
}

core::JsonText Collector::object(const char* what, mt_str raw, std::size_t most) {
  const std::string given = text(what, raw, most);
  if (given.empty()) return {};
  auto parsed = core::parse_json(given, most);
  if (!parsed || !parsed->is_object()) {
    breach(std::string(what) +
           (parsed ? " is no JSON object" : " is no JSON: " + parsed.error().message));
    return {};
  }
  auto canonical = core::canonical_json(*parsed);
  if (!canonical) {
    breach(std::string(what) + ": " + canonical.error().message);
    return {};
  }
  return *std::move(canonical);
}

core::JsonText Collector::fields(const char* what, mt_str raw) {
  core::JsonText given = object(what, raw, limits_.fields_bytes);
  if (given.find("null") == std::string::npos) return given;  // most of them: parsed only once
  const auto parsed = core::Json::parse(given);
  for (const auto& [name, value] : parsed.items()) {
    if (value.is_null()) breach(std::string(what) + ": " + in_quotes(name) + " is null");
  }
  return given;
}

void Collector::take_item(const mt_item* given) {
  if (given == nullptr || !MT_HAS(given, edited_ms)) return breach("an item of an impossible size");
  const mt_item& raw = *given;
  ports::Item item;
  if (!spend(sizeof(item))) return;
  item.id = text("the id of an item", raw.id, limits_.id_bytes);
  if (raw.state < MT_PRESENT || raw.state > MT_OUT_OF_SCOPE) {
    breach("an item in state " + std::to_string(raw.state) + ", which is none");
    return blame("item " + in_quotes(item.id));
  }
  item.state = static_cast<ports::ItemState>(raw.state);
  item.kind = text("the kind of an item", raw.kind, limits_.id_bytes);
  item.key = text("the key of an item", raw.key, limits_.id_bytes);
  item.parent_id = text("the parent of an item", raw.parent_id, limits_.id_bytes);
  item.version = text("the version of an item", raw.version, limits_.id_bytes);
  item.fields = fields("the fields of an item", raw.fields);
  item.memo = text("the memo of an item", raw.memo, limits_.memo_bytes);
  item.url = url("the URL of an item", raw.url);
  item.series = text("the series of an item", raw.series, limits_.id_bytes);
  item.slot = text("the slot of an item", raw.slot, limits_.id_bytes);
  item.ordinal = raw.ordinal;
  item.edited_ms = instant("the edit time of an item", raw.edited_ms);
  if (item.fields.empty()) item.fields = "{}";
  if (item.id.empty()) breach("an item without an id");
  if (item.state == ports::ItemState::present && item.kind.empty())
    breach("an item without a kind");
  if (breach_) return blame("item " + in_quotes(item.id));
  step_.items.push_back(std::move(item));
}

void Collector::take_outcome(const mt_outcome* given) {
  if (given == nullptr || !MT_HAS(given, ordinal))
    return breach("an outcome of an impossible size");
  const mt_outcome& raw = *given;
  if (raw.write >= writes_.size()) {
    breach("an outcome for a write that nobody asked for");
    return blame("write " + std::to_string(raw.write) + " of " + std::to_string(writes_.size()));
  }
  const ports::Write& write = writes_[raw.write];
  const std::string culprit = "write " + std::to_string(raw.write) + ", " + in_quotes(write.key);
  if (reported_[raw.write]) breach("two outcomes for one write");
  if (raw.result < MT_DONE || raw.result > MT_NOT_ATTEMPTED)
    breach("an outcome of result " + std::to_string(raw.result) + ", which is none");
  if (breach_) return blame(culprit);
  ports::Outcome outcome;
  if (!spend(sizeof(outcome))) return;
  outcome.write = raw.write;
  outcome.result = static_cast<ports::OutcomeResult>(raw.result);
  if (raw.result == MT_FAILED || raw.result == MT_UNCERTAIN) {
    outcome.error = error(raw);
  }
  outcome.id = text("the id in an outcome", raw.id, limits_.id_bytes);
  outcome.parent_id = text("the parent in an outcome", raw.parent_id, limits_.id_bytes);
  outcome.version = text("the version in an outcome", raw.version, limits_.id_bytes);
  outcome.fields = fields("the fields in an outcome", raw.fields);
  outcome.memo = text("the memo in an outcome", raw.memo, limits_.memo_bytes);
  outcome.url = url("the URL in an outcome", raw.url);
  outcome.ordinal = raw.ordinal;
  if (outcome.result == ports::OutcomeResult::done && outcome.id.empty()) {
    if (write.action == core::WriteAction::create) breach("a create is done but has no id");
    outcome.id = write.id;
  }
  if (breach_) return blame(culprit);
  reported_[raw.write] = true;
  step_.outcomes.push_back(std::move(outcome));
}

void Collector::take_target(const mt_target* given) {
  if (given == nullptr || !MT_HAS(given, flags)) return breach("a target of an impossible size");
  const mt_target& raw = *given;
  ports::TargetChoice choice;
  if (!spend(sizeof(choice))) return;
  choice.target.id = text("the id of a target", raw.id, limits_.id_bytes);
  choice.target.kind = text("the kind of a target", raw.kind, limits_.id_bytes);
  choice.target.title = text("the title of a target", raw.title, limits_.url_bytes);
  choice.target.url = url("the URL of a target", raw.url);
  choice.is_default = (raw.flags & MT_TARGET_DEFAULT) != 0;
  choice.read_only = (raw.flags & MT_TARGET_READ_ONLY) != 0;
  if (choice.target.id.empty() || choice.target.kind.empty()) breach("a target without id or kind");
  const bool declared =
      std::any_of(manifest_.targets.begin(), manifest_.targets.end(),
                  [&](const ports::TargetKind& each) { return each.kind == choice.target.kind; });
  if (!declared) breach("a target of a kind that the manifest does not declare");
  if (breach_) {
    return blame("target " + in_quotes(choice.target.id) + " of kind " +
                 in_quotes(choice.target.kind));
  }
  step_.targets.push_back(std::move(choice));
}

void Collector::take_complete(mt_str container) {
  if (operation_ != ports::Operation::list) return breach("completeness is said only by a listing");
  if (!spend(sizeof(std::string))) return;
  std::string id = text("the id of a complete container", container, limits_.id_bytes);
  if (!breach_) step_.complete.push_back(std::move(id));
}

void Collector::take_cursor(mt_str cursor) {
  if (operation_ != ports::Operation::list) return breach("only a listing has a cursor");
  std::string taken = text("the cursor", cursor, limits_.cursor_bytes);
  if (!breach_) step_.cursor = std::move(taken);
}

void Collector::take_identity(mt_str json) {
  core::JsonText taken = object("the identity", json, limits_.identity_bytes);
  if (breach_) return;
  const auto parsed = taken.empty() ? core::Json() : core::Json::parse(taken);
  const auto id = parsed.find("id");
  if (id == parsed.end() || !id->is_string() || id->get_ref<const std::string&>().empty()) {
    return breach("the identity has no id");
  }
  step_.identity = std::move(taken);
}

void Collector::take_channel(const mt_channel* given) {
  if (given == nullptr || !MT_HAS(given, expires_ms))
    return breach("a channel of an impossible size");
  if (operation_ != ports::Operation::open_channel)
    return breach("a channel is reported only by its opening");
  if (channel_reported_) return breach("two channels from one opening");
  ports::ChannelReport report;
  report.resource = text("the resource of a channel", given->resource, limits_.id_bytes);
  const std::int64_t expires_ms = instant("the end of a channel", given->expires_ms);
  if (expires_ms != 0) report.expires_ms = expires_ms;
  if (breach_) return;
  channel_reported_ = true;
  step_.channel = std::move(report);
}

ports::Step Collector::close(const mt_step& raw) {
  open_on_ = std::thread::id();
  if (stray_) breach("a report outside of a step, or on another thread");
  switch (raw.state) {
    case MT_STEP_DONE:
      if (operation_ == ports::Operation::open_channel && !channel_reported_)
        breach("a channel was opened and not reported");
      break;
    case MT_STEP_SEND:
      take_requests(raw);
      break;
    case MT_STEP_FAILED:
      step_.error = error(raw);
      break;
    default:
      breach("a step that ended in no known state");
  }
  if (breach_) {
    step_.requests.clear();
    step_.error =
        Error{Code::internal, "connector " + manifest_.id + " broke the contract: " + *breach_};
  }
  return std::exchange(step_, {});
}

ports::Step Collector::close_broken(const std::string& why) {
  breach(why);
  mt_step step = {};
  step.state = MT_STEP_DONE;
  return close(step);
}

void Collector::take_requests(const mt_step& raw) {
  if (breach_) return;
  const RequestRules rules(limits_, manifest_, operation_, writes_.size());
  auto taken = rules.take(raw);
  if (!taken) return breach(taken.error().message);
  step_.requests = *std::move(taken);
}

}  // namespace mortise::plugin
