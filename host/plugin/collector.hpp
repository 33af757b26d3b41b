// The host's end of mt_sink and the reader of mt_step: copies what a plugin reports into a
// ports::Step, within bounds, and names the first breach of the contract.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <mortise/abi.h>

#include "plugin/limits.hpp"
#include "ports/connector.hpp"

namespace mortise::plugin {

/// One per operation. A step is open() ... close(); the sink's functions may be called only in
/// between and on the same thread, anything else is a breach.
class Collector {
 public:
  /// `writes`: those of the call, borrowed for the collector's life.
  Collector(const Limits& limits, const ports::Manifest& manifest, ports::Operation operation,
            const std::vector<ports::Write>& writes);
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  const mt_sink* sink() const noexcept { return &sink_; }

  void open();
  /// What the step ended with. `requests` and `error` are filled from `step`; a breach makes an
  /// error of code internal.
  ports::Step close(const mt_step& step);
  /// Closes a step that did not return a struct (it threw, or returned no operation).
  ports::Step close_broken(const std::string& why);

  /// Which writes have an outcome by now.
  bool has_outcome(std::size_t write) const { return reported_.at(write); }

 private:
  // Runs one report if it counts. Nothing may be thrown back through the plugin's frames.
  template <class Take>
  static void guarded(void* context, Take take) noexcept;

  void take_item(const mt_item* given);
  void take_outcome(const mt_outcome* given);
  void take_target(const mt_target* given);
  void take_complete(mt_str container);
  void take_cursor(mt_str cursor);
  void take_identity(mt_str json);
  void take_channel(const mt_channel* given);

  // True if a report counts: the step is open, on this thread, nothing is broken, and it is not one
  // too many.
  bool accepts();
  void breach(const std::string& sentence);
  // Says of a breach, if there is one, what it is a breach of.
  void blame(const std::string& culprit);
  // Counts what a report takes of memory; false, and a breach, if it is too much.
  bool spend(std::size_t bytes);
  std::string text(const char* what, mt_str raw, std::size_t most);
  std::string url(const char* what, mt_str raw);
  // Of an mt_outcome or mt_step.
  template <class Struct>
  Error error(const Struct& raw);
  std::int64_t instant(const char* what, std::int64_t ms);
  core::JsonText object(const char* what, mt_str raw, std::size_t most);
  // An object none of whose members is null: what has no value is left out.
  core::JsonText fields(const char* what, mt_str raw);

  void take_requests(const mt_step& step);

  const Limits& limits_;
  const ports::Manifest& manifest_;
  ports::Operation operation_;
  const std::vector<ports::Write>& writes_;
  std::vector<bool> reported_;
  bool channel_reported_ = false;
  mt_sink sink_ = {};

  std::atomic<std::thread::id> open_on_ = {};  // the thread of the open step
  std::atomic<bool> stray_ = false;            // the sink was called outside of a step
  ports::Step step_;
  std::optional<std::string> breach_;
  std::size_t reports_ = 0;  // of this step, as bytes_
  std::size_t bytes_ = 0;
  std::size_t all_reports_ = 0;  // of the operation
  std::size_t all_bytes_ = 0;
};

}  // namespace mortise::plugin
