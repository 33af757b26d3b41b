// Carries out one batch of writes: sends the lanes of pack() step by step, learns the ids of what
// it made, and reports an outcome for each write as soon as it is known. Lives in its operation's
// frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <mortise/connector.hpp>

#include "codec.hpp"
#include "pack.hpp"
#include "reading.hpp"
#include "replies.hpp"
#include "table.hpp"

namespace notion {

class Writer {
 public:
  explicit Writer(mortise::Call& call);
  mortise::Task<mortise::Status> run();

 private:
  struct Track {
    Lane lane;
    bool stopped = false;
    Schema schema = {};  ///< of the rows' table
    Schema known = {};   ///< as it was when a row was refused
    std::string last_id = {};
    std::uint32_t made = 0;  ///< siblings so far, where the container is new
    bool looked = false;     ///< front is known
    FirstChild front = {};
    bool guarded = false;     ///< the version was what it had to be
    std::string before = {};  ///< the fields then
    std::string shown = {};   ///< and the answer about a to-do
    bool keyed = false;       ///< the key column was asked for
  };
  enum class Asks { job, guard, front, database, source, key_column, row };
  struct Sent {
    std::size_t track = 0;
    Asks asks = Asks::job;
    Job job = {};
  };
  using Write = mortise::Write;
  using Reply = mortise::Reply;
  using Request = mortise::Request;
  using Outcome = mortise::Outcome;
  using Error = mortise::Error;

  // What to send.
  void report_unsendable(const Packed& packed);
  void prepare(Track& track);
  void next_step();
  void take_from(std::size_t index);
  std::optional<Asks> to_look_up(const Track& track) const;
  Request lookup(const Track& track, Asks asks) const;
  std::optional<Request> request_of(Track& track, Job& job);
  std::optional<Request> make_page(const Track& track, const Job& job);
  Request append_blocks(const Track& track, const Job& job) const;
  std::optional<Request> change(Track& track, const Job& job);
  Request removal(const Write& write) const;
  std::string children_of(const Job& job) const;
  std::string position(const Track& track, const Job& job, const char* start) const;
  std::vector<std::uint32_t> carried(const Job& job) const;

  // What came back: writer_replies.cpp.
  void settle(Sent& sent, const Reply& reply);
  void learn(Sent& sent, const Reply& reply);
  mortise::Status learn_what_was_asked(Track& track, Asks asks, const Reply& reply);
  mortise::Status check_version(Track& track, const Reply& reply);
  mortise::Result<mortise::Item> item_in(const Write& write, const Schema& schema,
                                         const std::string& body) const;
  void made_page(Track& track, const Job& job, const Verdict& verdict, const Reply& reply);
  void made_database(Track& track, const Job& job, const Verdict& verdict, const Reply& reply);
  void made_row(Track& track, const Job& job, const Verdict& verdict, const Reply& reply);
  void appended(Track& track, const Job& job, const Verdict& verdict, const Reply& reply);
  void changed(Track& track, const Job& job, const Verdict& verdict, const Reply& reply);
  bool simplify(std::size_t index, Job& job, const Verdict& verdict, const Reply& reply);
  bool split(std::size_t index, Job& job);
  void refuse(Track& track, const Job& job, const Verdict& verdict);
  void fail_rest(Track& track, const Error& error);
  std::size_t lane_of(std::uint32_t maker);
  void container_made(std::uint32_t maker, const std::string& id, std::uint32_t siblings);

  void report(Outcome outcome);
  void report_untouched(std::uint32_t write);
  void report_done(std::uint32_t write, const mortise::Item& item, std::uint32_t ordinal);
  void report_all(const Job& job, const Outcome& like);

  const Write& write(std::uint32_t index) const { return call_.writes()[index]; }

  mortise::Call& call_;
  std::vector<std::string> blocks_;
  std::vector<Track> tracks_;
  std::unordered_map<std::uint32_t, std::size_t> track_of_;  ///< by maker
  std::vector<bool> reported_;
  std::size_t first_open_ = 0;
  bool stopped_ = false;
  std::vector<Sent> step_;
  std::vector<Request> requests_;
};

}  // namespace notion
