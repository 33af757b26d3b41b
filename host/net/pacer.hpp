// Who may send next: the waiting requests of one connector against its budgets. Pure: time is
// given, in steady milliseconds. One thread at a time (Budgets holds the lock).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "net/budget_window.hpp"
#include "ports/egress.hpp"
#include "ports/manifest.hpp"

namespace mortise::net {

/// Whose request it is: what its budgets are counted under.
struct Payer {
  std::string connection_id;
  std::string workspace_id;  ///< empty: no workspace budget applies
  std::string account_id;
};

/// Interactive requests go before background ones, but after four in a row one background request
/// that could go does go. Within a lane accounts take turns: whoever was served longest ago is
/// next; a connection's own requests keep their order. What one full budget holds back does not
/// hold back others.
class Pacer {
 public:
  explicit Pacer(std::vector<ports::Budget> limits) : limits_(std::move(limits)) {}

  void add(std::uint64_t ticket, const Payer& payer, ports::Lane lane);
  /// Forgets a waiting ticket; one that is not waiting is ignored.
  void remove(std::uint64_t ticket);

  /// Takes out the tickets that may go now and counts them as sent, in the order of sending.
  std::vector<std::uint64_t> due(std::int64_t now_ms);
  /// When to call due() again; empty when nobody waits.
  std::optional<std::int64_t> next_ms(std::int64_t now_ms) const;
  /// When a request of this payer could go at the earliest.
  std::int64_t opens_ms(const Payer& payer, std::int64_t now_ms) const;

  /// The service refused a request of this payer, sent at `sent_ms`, because of the budget of
  /// `scope`: its windows narrow, and nothing that counts under it is sent for `pause_ms`.
  void refused(const Payer& payer, ports::BudgetScope scope, std::int64_t now_ms,
               std::int64_t sent_ms, std::int64_t pause_ms);

  std::vector<ports::BudgetUse> use(const Payer& payer, std::int64_t now_ms) const;

 private:
  struct Budget {
    std::vector<BudgetWindow> windows;
    std::int64_t paused_until_ms = 0;
  };
  struct Waiting {
    std::uint64_t ticket;
    std::uint64_t arrival;
  };
  struct Line {
    Payer payer;
    std::deque<Waiting> lanes[2];  ///< by ports::Lane
  };

  static std::string key(const Payer& payer, ports::BudgetScope scope);
  Budget& budget(const Payer& payer, ports::BudgetScope scope);
  const Budget* find(const Payer& payer, ports::BudgetScope scope) const;
  Line* choose(std::int64_t now_ms, ports::Lane lane);
  std::optional<std::uint64_t> take(std::int64_t now_ms);
  void forget_idle(std::int64_t now_ms);

  std::vector<ports::Budget> limits_;
  std::map<std::string, Budget> budgets_;
  std::map<std::string, Line> lines_;  ///< by connection, only those with waiting tickets
  std::map<std::string, std::uint64_t> last_turn_;  ///< by account
  std::uint64_t turns_ = 0;
  std::uint64_t arrivals_ = 0;
  int interactive_in_a_row_ = 0;
};

}  // namespace mortise::net
