// Carries out a batch of writes. Each write is a short conversation of its own; up to ten of them
// go on side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mortise/connector.hpp>

#include "codec.hpp"
#include "pages.hpp"

namespace google_calendar {

class Writer {
 public:
  explicit Writer(mortise::Call& call) : call_(call) {}
  mortise::Task<mortise::Status> run();

 private:
  enum class Stage : std::uint8_t {
    insert,       ///< made with our own id
    look,         ///< the id is taken: by an attempt whose answer was lost, or by a deleted event
    revive,       ///< the deleted event is brought back
    read_guests,  ///< the guests are read first, to keep what they answered
    patch,
    remove,
    fix_length,  ///< the clocks change between start and end
    read_again,  ///< shown in the event's own zone, to know its local start
    series,      ///< of an occurrence: its series is read, whose clock tells when its slot is
    locate,      ///< the occurrence is looked up by its original start
  };
  /// One write under way.
  struct Job {
    std::uint32_t index = 0;
    mortise::Write write;
    Stage stage = Stage::insert;
    mortise::Request request;
    std::string zone;    ///< read_again: the zone that the event is shown in
    std::string answer;  ///< the event as the last successful write left it
    Pages pages;         ///< locate: of what is found there
  };
  /// A series whose occurrences are written.
  struct Series {
    std::optional<SeriesClock> clock;  ///< nothing: is being read
    mortise::Item item;
    std::vector<Job> waiting;
  };

  /// Carries out all writes that are, or are not, about single occurrences. Those come last: a
  /// series may be made, and its occurrences be forgotten, by the same batch.
  mortise::Task<mortise::Status> run_part(bool occurrences);
  void report_left();
  /// Queues the first request of a write, or reports what needs none.
  void begin(std::uint32_t index);
  /// Takes the answer: queues the next request of the job, or reports its outcome.
  void advance(Job job, const mortise::Reply& reply);
  void looked(Job job, const mortise::Reply& reply);
  // Of occurrences that are written by their slot; occurrences.cpp.
  void begin_occurrence(Job job);
  void read_series(Job job, const mortise::Reply& reply);
  void give_up_series(Job job, const mortise::Reply& reply);
  void locate(Job job);
  void located(Job job, const mortise::Reply& reply);
  void fit_occurrence(Job job, std::string occurrence);
  void removed(const Job& job, const mortise::Reply& reply);
  void written(Job job, const std::string& answer);
  void queue(Job job, Stage stage, mortise::Request request);
  void done(const Job& job, const std::string& answer, const Clues& clues);
  void refused(const Job& job, const mortise::Reply& reply);

  mortise::Call& call_;
  std::deque<Job> jobs_;
  bool stopped_ = false;                    ///< nothing more can succeed
  std::map<std::string, std::string> ids_;  ///< of what this batch made, by key
  std::map<std::string, Series> series_;    ///< by id
};

/// What is being tried, for messages.
std::string attempt(const mortise::Write& write);

}  // namespace google_calendar
