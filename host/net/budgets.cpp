#include "net/budgets.hpp"

#include <algorithm>
#include <limits>

namespace mortise::net {
namespace {

constexpr std::int64_t kCancelLookMs = 500;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace

Pacer& Budgets::pacer(const ports::Manifest& manifest) {
  return pacers_.try_emplace(manifest.id, manifest.budgets).first->second;
}

std::int64_t Budgets::forward(std::int64_t now_ms) {
  last_now_ms_ = std::max(last_now_ms_, now_ms);
  return last_now_ms_;
}

void Budgets::wait(TurnAsk ask) {
  // Asked before the lock is taken: no port is called under it.
  std::int64_t now_ms = clock_.steady_ms();
  std::int64_t wait_ms = 0;
  std::function<void(std::int64_t)> on_wait;
  {
    const std::lock_guard lock(mutex_);
    now_ms = forward(now_ms);
    const std::uint64_t ticket = ++last_ticket_;
    Pacer& mine = pacer(*ask.manifest);
    mine.add(ticket, ask.payer, ask.lane);
    wait_ms = mine.opens_ms(ask.payer, now_ms) - now_ms;
    on_wait = ask.on_wait;
    const std::string connector = ask.manifest->id;
    waiting_.emplace(ticket, Waiting{connector, std::move(ask)});
  }
  if (wait_ms > 0 && on_wait) executor_.post([on_wait, wait_ms] { on_wait(wait_ms); });
  pump();
}

void Budgets::take_cancelled(std::vector<Call>& calls) {
  for (auto one = waiting_.begin(); one != waiting_.end();) {
    const auto& cancel = one->second.ask.cancel;
    if (!cancel || !cancel->load()) {
      ++one;
      continue;
    }
    pacers_.at(one->second.connector).remove(one->first);
    calls.push_back([go = std::move(one->second.ask.go)] { go(Turn::cancelled); });
    one = waiting_.erase(one);
  }
}

void Budgets::take_due(std::int64_t now_ms, std::vector<Call>& calls) {
  for (auto& [connector, each] : pacers_) {
    for (const std::uint64_t ticket : each.due(now_ms)) {
      const auto found = waiting_.find(ticket);
      calls.push_back([go = std::move(found->second.ask.go)] { go(Turn::granted); });
      waiting_.erase(found);
    }
  }
}

std::int64_t Budgets::next_pump_ms(std::int64_t now_ms) const {
  std::int64_t next = kNever;
  for (const auto& [connector, each] : pacers_) {
    next = std::min(next, each.next_ms(now_ms).value_or(kNever));
  }
  const bool cancellable = std::any_of(waiting_.begin(), waiting_.end(), [](const auto& one) {
    return one.second.ask.cancel != nullptr;
  });
  return cancellable ? std::min(next, now_ms + kCancelLookMs) : next;
}

void Budgets::pump() {
  std::int64_t now_ms = clock_.steady_ms();
  std::vector<Call> calls;
  std::int64_t next_ms = kNever;
  bool arm = false;
  {
    const std::lock_guard lock(mutex_);
    now_ms = forward(now_ms);
    take_cancelled(calls);
    take_due(now_ms, calls);
    next_ms = next_pump_ms(now_ms);
    if (armed_ms_ <= now_ms) armed_ms_ = 0;
    if (next_ms != kNever && (armed_ms_ == 0 || next_ms < armed_ms_)) {
      armed_ms_ = next_ms;
      arm = true;
    }
  }
  // A timer that was armed for later still fires: it then finds nothing to do.
  if (arm) timers_.after(next_ms - now_ms, [this] { pump(); });
  for (Call& call : calls) executor_.post(std::move(call));
}

void Budgets::refused(const ports::Manifest& manifest, const Payer& payer, ports::BudgetScope scope,
                      std::int64_t sent_ms, std::int64_t pause_ms) {
  const std::int64_t now_ms = clock_.steady_ms();
  const std::lock_guard lock(mutex_);
  pacer(manifest).refused(payer, scope, forward(now_ms), sent_ms, pause_ms);
}

std::vector<ports::BudgetUse> Budgets::use(const ports::Manifest& manifest,
                                           const Payer& payer) const {
  const std::int64_t now_ms = clock_.steady_ms();
  const std::lock_guard lock(mutex_);
  const auto found = pacers_.find(manifest.id);
  if (found == pacers_.end()) return Pacer(manifest.budgets).use(payer, now_ms);
  return found->second.use(payer, now_ms);
}

}  // namespace mortise::net
