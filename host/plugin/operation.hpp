// One operation of a plugin under way.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "plugin/adapter.hpp"
#include "plugin/collector.hpp"

namespace mortise::plugin {

class PluginOperation final : public ports::ConnectorOperation {
 public:
  PluginOperation(std::shared_ptr<PluginConnector> connector, const ports::Call& call);
  ~PluginOperation() override;

  ports::Step begin(const ports::Call& call);
  ports::Step resume(std::vector<ports::ConnectorReply> replies) override;

 private:
  // Runs one step of the plugin's, measures it, and makes of it what the port promises.
  template <class Run>
  ports::Step run(Run run_step);
  void measure(std::int64_t used_us, ports::Step& step) const;
  // Remembers which writes may have had an effect by what became of the requests that carry them.
  void note_replies(const std::vector<ports::ConnectorReply>& replies);
  // Gives every write without an outcome one.
  void fill_in(ports::Step& step);
  void tag_cursor(ports::Step& step) const;

  std::shared_ptr<PluginConnector> connector_;
  ports::Operation kind_;
  std::vector<ports::Write> writes_;
  std::string cursor_tag_;
  Collector collector_;
  mt_operation* raw_ = nullptr;
  std::vector<std::vector<std::uint32_t>> waiting_;  // the writes of each request sent last
  std::vector<bool> touched_;                        // the service may have seen this write
  std::size_t steps_ = 0;
  bool ended_ = false;
};

/// What tells for whom a cursor was made: 32 hex digits.
std::string cursor_tag(const ports::Manifest& manifest, const ports::Call& call);

}  // namespace mortise::plugin
