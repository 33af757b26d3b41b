// Takes events as Google shows them, finds out what they do not say by themselves (the local start
// of an event of another zone, the slot of an occurrence), and reports them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <mortise/connector.hpp>

#include "codec.hpp"

namespace google_calendar {

class Reader {
 public:
  explicit Reader(mortise::Call& call) : call_(call) {}
  /// What does not reach into it, and what was declined, is reported as out of scope.
  void keep_to(const Window& window) { window_ = window; }
  /// Nothing is reported before finish() succeeds: all of it or none.
  void hold_back() { holds_back_ = true; }
  /// Only items with one of these keys are reported.
  void only(std::vector<std::string> keys) { keys_ = std::move(keys); }

  void take(EventRead event);
  /// It is there, and nothing else is told of it, so that the host neither takes it in nor takes
  /// its own away: out of scope, without fields.
  void leave_alone(std::string id);
  /// Reads what is missing and reports the rest.
  mortise::Task<mortise::Status> finish();

 private:
  /// An event that is to be read, shown in a zone.
  struct Again {
    std::string id, zone;
  };
  /// Nothing: it is not there. What Google refuses to show is `left_alone`.
  using Readings = std::vector<std::optional<EventRead>>;

  void report(EventRead& event);
  void tell(mortise::Item item);
  mortise::Task<mortise::Result<Readings>> read_each(std::vector<Again> events);
  mortise::Task<mortise::Status> read_again();
  mortise::Task<mortise::Status> list_again(std::set<std::string> ids, std::string zone);
  mortise::Task<mortise::Status> read_clocks();
  mortise::Task<mortise::Status> settle_slots();

  mortise::Call& call_;
  std::optional<Window> window_;
  std::optional<std::vector<std::string>> keys_;
  bool holds_back_ = false;
  std::vector<Again> again_;            ///< whose local start is not known
  std::vector<EventRead> occurrences_;  ///< whose slot is not known
  std::map<std::string, SeriesClock> clocks_;
  std::set<std::string> unseen_;  ///< what is there and left alone; occurrences of it are, too
  std::vector<mortise::Item> held_;
};

}  // namespace google_calendar
