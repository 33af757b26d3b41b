#include "plugin/operation.hpp"

#include <time.h>

#include <exception>
#include <utility>

#include "core/hash.hpp"
#include "plugin/lend.hpp"

namespace mortise::plugin {
namespace {

std::int64_t thread_cpu_us() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

// The plugin's own cursor, or nothing if somebody else's: then the listing is a full one.
std::string without_tag(const std::string& cursor, const std::string& tag) {
  const bool ours = cursor.size() > tag.size() && cursor.compare(0, tag.size(), tag) == 0 &&
                    cursor[tag.size()] == ':';
  return ours ? cursor.substr(tag.size() + 1) : std::string();
}

}  // namespace

std::string cursor_tag(const ports::Manifest& manifest, const ports::Call& call) {
  const std::string made_for = manifest.id + "\n" + manifest.version + "\n" + call.target.id +
                               "\n" + call.container_id + "\n" + call.settings;
  return core::sha256_hex(made_for).substr(0, 32);
}

PluginOperation::PluginOperation(std::shared_ptr<PluginConnector> connector,
                                 const ports::Call& call)
    : connector_(std::move(connector)),
      kind_(call.operation),
      writes_(call.writes),
      collector_(connector_->limits_, connector_->manifest_, call.operation, writes_),
      touched_(call.writes.size(), false) {
  if (kind_ == ports::Operation::list) cursor_tag_ = cursor_tag(connector_->manifest_, call);
}

PluginOperation::~PluginOperation() {
  if (raw_ == nullptr) return;
  try {
    connector_->raw_->end(raw_);
  } catch (...) {
    connector_->log(MT_LOG_ERROR, "threw while an operation was ended");
  }
}

ports::Step PluginOperation::begin(const ports::Call& call) {
  if (!connector_->declares(kind_)) {
    ended_ = true;
    ports::Step step;
    step.error = Error{Code::unsupported, "connector " + connector_->manifest_.id +
                                              " does not declare this operation"};
    fill_in(step);
    return step;
  }
  const std::string cursor = without_tag(call.cursor, cursor_tag_);
  const LentCall lent(call, cursor);
  return run([&](mt_step& step) {
    raw_ = connector_->begin_raw(*lent.get(), *collector_.sink(), step);
    return raw_ != nullptr;
  });
}

ports::Step PluginOperation::resume(std::vector<ports::ConnectorReply> replies) {
  if (ended_ || replies.size() != waiting_.size()) {
    ports::Step step;
    step.error = Error{Code::internal, "an operation of connector " + connector_->manifest_.id +
                                           " was resumed without the replies it waits for"};
    return step;
  }
  note_replies(replies);
  const LentReplies lent(replies);
  return run([&](mt_step& step) {
    connector_->raw_->resume(raw_, lent.data(), lent.size(), &step);
    return true;
  });
}

template <class Run>
ports::Step PluginOperation::run(Run run_step) {
  mt_step raw = {};
  raw.size = sizeof(raw);
  raw.state = -1;  // a plugin that fills in nothing is noticed
  ports::Step step;
  collector_.open();
  const std::int64_t begun = thread_cpu_us();
  try {
    const bool returned = run_step(raw);
    const std::int64_t used = thread_cpu_us() - begun;
    step =
        returned ? collector_.close(raw) : collector_.close_broken("begin() returned no operation");
    measure(used, step);
  } catch (...) {
    // Nothing is known of the operation's state any more: it is left alone, not ended.
    raw_ = nullptr;
    step = collector_.close_broken("an exception crossed the boundary");
  }
  const Limits& limits = connector_->limits_;
  const std::size_t most = limits.steps + writes_.size() * limits.steps_per_write;
  if (++steps_ >= most && !step.requests.empty()) {
    step.requests.clear();
    step.error =
        Error{Code::internal, "connector " + connector_->manifest_.id + " still sends after " +
                                  std::to_string(steps_) + " steps"};
  }
  waiting_.clear();
  for (const ports::ConnectorRequest& each : step.requests) waiting_.push_back(each.writes);
  ended_ = step.requests.empty();
  if (ended_) fill_in(step);
  tag_cursor(step);
  return step;
}

void PluginOperation::measure(std::int64_t used_us, ports::Step& step) const {
  const Limits& limits = connector_->limits_;
  if (used_us <= limits.slow_step_us) return;
  const std::string took = "a step took " + std::to_string(used_us / 1000) + " ms of CPU time";
  connector_->log(MT_LOG_WARNING, took);
  if (used_us <= limits.longest_step_us || step.error) return;
  step.requests.clear();
  step.error =
      Error{Code::internal, "connector " + connector_->manifest_.id + ": " + took + ", " +
                                std::to_string(limits.longest_step_us / 1000) + " ms are allowed"};
}

void PluginOperation::note_replies(const std::vector<ports::ConnectorReply>& replies) {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].error && !replies[i].maybe_sent) continue;
    for (const std::uint32_t write : waiting_[i]) touched_[write] = true;
  }
}

void PluginOperation::fill_in(ports::Step& step) {
  if (kind_ != ports::Operation::write) return;
  for (std::uint32_t i = 0; i < writes_.size(); ++i) {
    if (collector_.has_outcome(i)) continue;
    ports::Outcome outcome;
    outcome.write = i;
    outcome.result =
        touched_[i] ? ports::OutcomeResult::uncertain : ports::OutcomeResult::not_attempted;
    if (touched_[i]) {
      outcome.error = step.error ? *step.error
                                 : Error{Code::internal, "connector " + connector_->manifest_.id +
                                                             " did not say what became of it"};
    }
    outcome.id = writes_[i].id;
    step.outcomes.push_back(std::move(outcome));
  }
}

void PluginOperation::tag_cursor(ports::Step& step) const {
  if (step.cursor) step.cursor = cursor_tag_ + ":" + *step.cursor;
}

}  // namespace mortise::plugin
