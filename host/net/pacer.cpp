#include "net/pacer.hpp"

#include <algorithm>
#include <array>

namespace mortise::net {
namespace {

constexpr int kInteractiveInARow = 4;
constexpr std::array kScopes = {ports::BudgetScope::connection, ports::BudgetScope::workspace,
                                ports::BudgetScope::application};

const char* scope_name(ports::BudgetScope scope) {
  switch (scope) {
    case ports::BudgetScope::connection:
      return "connection";
    case ports::BudgetScope::workspace:
      return "workspace";
    case ports::BudgetScope::application:
      return "application";
  }
  return "";
}

}  // namespace

std::string Pacer::key(const Payer& payer, ports::BudgetScope scope) {
  switch (scope) {
    case ports::BudgetScope::connection:
      return "c:" + payer.connection_id;
    case ports::BudgetScope::workspace:
      return "w:" + payer.workspace_id;
    case ports::BudgetScope::application:
      return "a";
  }
  return {};
}

Pacer::Budget& Pacer::budget(const Payer& payer, ports::BudgetScope scope) {
  auto [found, fresh] = budgets_.try_emplace(key(payer, scope));
  if (fresh) {
    for (const ports::Budget& limit : limits_) {
      if (limit.scope == scope) found->second.windows.emplace_back(limit.requests, limit.window_ms);
    }
  }
  return found->second;
}

const Pacer::Budget* Pacer::find(const Payer& payer, ports::BudgetScope scope) const {
  if (scope == ports::BudgetScope::workspace && payer.workspace_id.empty()) return nullptr;
  const auto found = budgets_.find(key(payer, scope));
  return found == budgets_.end() ? nullptr : &found->second;
}

void Pacer::add(std::uint64_t ticket, const Payer& payer, ports::Lane lane) {
  Line& line = lines_.try_emplace(payer.connection_id, Line{payer, {}}).first->second;
  line.lanes[static_cast<std::size_t>(lane)].push_back({ticket, arrivals_++});
  last_turn_.try_emplace(payer.account_id, 0);
}

void Pacer::remove(std::uint64_t ticket) {
  for (auto line = lines_.begin(); line != lines_.end(); ++line) {
    for (auto& lane : line->second.lanes) {
      const auto found = std::find_if(lane.begin(), lane.end(),
                                      [&](const Waiting& one) { return one.ticket == ticket; });
      if (found == lane.end()) continue;
      lane.erase(found);
      if (line->second.lanes[0].empty() && line->second.lanes[1].empty()) lines_.erase(line);
      return;
    }
  }
}

std::int64_t Pacer::opens_ms(const Payer& payer, std::int64_t now_ms) const {
  std::int64_t opens = now_ms;
  for (const ports::BudgetScope scope : kScopes) {
    const Budget* budget = find(payer, scope);
    if (budget == nullptr) continue;
    opens = std::max(opens, budget->paused_until_ms);
    for (const BudgetWindow& window : budget->windows) {
      opens = std::max(opens, window.opens_ms(now_ms));
    }
  }
  return opens;
}

Pacer::Line* Pacer::choose(std::int64_t now_ms, ports::Lane lane) {
  Line* best = nullptr;
  std::pair<std::uint64_t, std::uint64_t> best_rank;
  for (auto& [connection, line] : lines_) {
    const auto& waiting = line.lanes[static_cast<std::size_t>(lane)];
    if (waiting.empty()) continue;
    const std::pair rank{last_turn_[line.payer.account_id], waiting.front().arrival};
    if (best != nullptr && best_rank <= rank) continue;
    if (opens_ms(line.payer, now_ms) > now_ms) continue;
    best = &line;
    best_rank = rank;
  }
  return best;
}

std::optional<std::uint64_t> Pacer::take(std::int64_t now_ms) {
  auto lane = interactive_in_a_row_ >= kInteractiveInARow ? ports::Lane::background
                                                          : ports::Lane::interactive;
  Line* line = choose(now_ms, lane);
  if (line == nullptr) {
    lane = lane == ports::Lane::interactive ? ports::Lane::background : ports::Lane::interactive;
    line = choose(now_ms, lane);
  }
  if (line == nullptr) return std::nullopt;
  interactive_in_a_row_ = lane == ports::Lane::interactive ? interactive_in_a_row_ + 1 : 0;

  for (const ports::BudgetScope scope : kScopes) {
    if (scope == ports::BudgetScope::workspace && line->payer.workspace_id.empty()) continue;
    for (BudgetWindow& window : budget(line->payer, scope).windows) window.sent(now_ms);
  }
  last_turn_[line->payer.account_id] = ++turns_;
  auto& waiting = line->lanes[static_cast<std::size_t>(lane)];
  const std::uint64_t ticket = waiting.front().ticket;
  waiting.pop_front();
  if (line->lanes[0].empty() && line->lanes[1].empty()) lines_.erase(line->payer.connection_id);
  if (turns_ % 1024 == 0) forget_idle(now_ms);
  return ticket;
}

std::vector<std::uint64_t> Pacer::due(std::int64_t now_ms) {
  std::vector<std::uint64_t> tickets;
  while (const auto ticket = take(now_ms)) tickets.push_back(*ticket);
  return tickets;
}

std::optional<std::int64_t> Pacer::next_ms(std::int64_t now_ms) const {
  std::optional<std::int64_t> next;
  for (const auto& [connection, line] : lines_) {
    const std::int64_t opens = opens_ms(line.payer, now_ms);
    next = next ? std::min(*next, opens) : opens;
  }
  return next;
}

void Pacer::refused(const Payer& payer, ports::BudgetScope scope, std::int64_t now_ms,
                    std::int64_t sent_ms, std::int64_t pause_ms) {
  if (scope == ports::BudgetScope::workspace && payer.workspace_id.empty()) {
    scope = ports::BudgetScope::connection;
  }
  Budget& hit = budget(payer, scope);
  for (BudgetWindow& window : hit.windows) window.narrow(now_ms, sent_ms);
  hit.paused_until_ms = std::max(hit.paused_until_ms, now_ms + pause_ms);
}

std::vector<ports::BudgetUse> Pacer::use(const Payer& payer, std::int64_t now_ms) const {
  std::vector<ports::BudgetUse> uses;
  for (const ports::Budget& limit : limits_) {
    if (limit.scope == ports::BudgetScope::workspace && payer.workspace_id.empty()) continue;
    uses.push_back({scope_name(limit.scope), 0, limit.requests, limit.window_ms});
    const Budget* budget = find(payer, limit.scope);
    if (budget == nullptr) continue;
    const BudgetWindow shape(limit.requests, limit.window_ms);
    for (const BudgetWindow& window : budget->windows) {
      if (window.limit() == shape.limit() && window.window_ms() == shape.window_ms()) {
        uses.back().used = window.used(now_ms);
      }
    }
  }
  return uses;
}

void Pacer::forget_idle(std::int64_t now_ms) {
  for (auto one = budgets_.begin(); one != budgets_.end();) {
    const bool idle = one->second.paused_until_ms <= now_ms &&
                      std::all_of(one->second.windows.begin(), one->second.windows.end(),
                                  [&](const BudgetWindow& window) { return window.idle(now_ms); });
    one = idle ? budgets_.erase(one) : std::next(one);
  }
  std::map<std::string, std::uint64_t> waiting;
  for (const auto& [connection, line] : lines_) {
    waiting[line.payer.account_id] = last_turn_[line.payer.account_id];
  }
  last_turn_ = std::move(waiting);
}

}  // namespace mortise::net
