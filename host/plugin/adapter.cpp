#include "plugin/adapter.hpp"

#include <algorithm>
#include <utility>

#include "plugin/operation.hpp"
#include "plugin/plain.hpp"

namespace mortise::plugin {
namespace {

Error broken(const ports::Manifest& manifest, const std::string& what) {
  return Error{Code::internal, "connector " + manifest.id + ": " + what};
}

bool is_complete(const mt_connector& raw) {
  return MT_HAS(&raw, ability) && raw.destroy != nullptr && raw.begin != nullptr &&
         raw.resume != nullptr && raw.end != nullptr && raw.ability != nullptr;
}

}  // namespace

PluginConnector::PluginConnector(ports::Manifest manifest, Limits limits, PluginLog log)
    : manifest_(std::move(manifest)), limits_(std::move(limits)), log_(std::move(log)) {
  host_.size = sizeof(host_);
  host_.context = this;
  host_.log = [](void* context, std::int32_t level, mt_str message) {
    static_cast<PluginConnector*>(context)->take_line(level, message);
  };
  host_.service = [](void*, const char*) -> const void* { return nullptr; };
}

PluginConnector::~PluginConnector() {
  if (raw_ == nullptr) return;
  try {
    raw_->destroy(raw_->self);
  } catch (...) {
    log(MT_LOG_ERROR, "threw while it was destroyed");
  }
}

Result<std::shared_ptr<PluginConnector>> PluginConnector::make(const mt_plugin& entry,
                                                               ports::Manifest manifest,
                                                               Limits limits, PluginLog log) {
  std::shared_ptr<PluginConnector> made(
      new PluginConnector(std::move(manifest), std::move(limits), std::move(log)));
  if (Status adopted = made->adopt(entry); !adopted) return std::move(adopted).error();
  return made;
}

Status PluginConnector::adopt(const mt_plugin& entry) {
  const mt_connector* raw = nullptr;
  try {
    raw = entry.create(&host_);
  } catch (...) {
    return broken(manifest_, "create() threw");
  }
  if (raw == nullptr) return broken(manifest_, "create() made no connector");
  if (!is_complete(*raw))
    return broken(manifest_, "create() made a connector with missing functions");
  raw_ = raw;
  if (manifest_.operations.identity) {
    auto found = ability<mt_identity>(MT_ABILITY_IDENTITY, "identity");
    if (!found) return std::move(found).error();
    identity_ = *found;
  }
  if (manifest_.operations.channels) {
    auto found = ability<mt_channels>(MT_ABILITY_CHANNEL, "channels");
    if (!found) return std::move(found).error();
    channels_ = *found;
  }
  return {};
}

template <class Ability>
Result<const Ability*> PluginConnector::ability(const char* name, const char* operation) const {
  const Ability* found = nullptr;
  try {
    found = static_cast<const Ability*>(raw_->ability(raw_->self, name));
  } catch (...) {
    return broken(manifest_, "ability() threw");
  }
  if (found == nullptr || !MT_HAS(found, begin) || found->begin == nullptr) {
    return broken(manifest_, std::string("the manifest declares '") + operation +
                                 "', the library does not offer it");
  }
  return found;
}

bool PluginConnector::declares(ports::Operation operation) const {
  const ports::Operations& known = manifest_.operations;
  switch (operation) {
    case ports::Operation::list:
      return known.list;
    case ports::Operation::get:
      return known.get;
    case ports::Operation::write:
      return known.write;
    case ports::Operation::find:
      return known.find;
    case ports::Operation::targets:
      return known.targets;
    case ports::Operation::make_target:
      return known.make_target;
    case ports::Operation::identity:
      return known.identity;
    case ports::Operation::estimate:
      return known.estimate;
    case ports::Operation::open_channel:
    case ports::Operation::close_channel:
      return known.channels;
  }
  return false;
}

mt_operation* PluginConnector::begin_raw(const mt_call& call, const mt_sink& sink,
                                         mt_step& step) const {
  if (call.operation == MT_IDENTITY) return identity_->begin(raw_->self, &call, &sink, &step);
  if (call.operation == MT_OPEN_CHANNEL || call.operation == MT_CLOSE_CHANNEL) {
    return channels_->begin(raw_->self, &call, &sink, &step);
  }
  return raw_->begin(raw_->self, &call, &sink, &step);
}

ports::Started PluginConnector::begin(const ports::Call& call) {
  auto operation = std::make_unique<PluginOperation>(shared_from_this(), call);
  ports::Step step = operation->begin(call);
  return {std::move(operation), std::move(step)};
}

// Nothing may be thrown back through the plugin's frames: a line is less than that.
void PluginConnector::take_line(std::int32_t level, mt_str message) noexcept {
  try {
    const std::size_t number = count_line();
    if (number > limits_.log_lines + 1) return;
    if (number > limits_.log_lines) {
      return log(MT_LOG_WARNING, "logs more than " + std::to_string(limits_.log_lines) +
                                     " lines in a minute: what follows in it is left out");
    }
    log(std::clamp<std::int32_t>(level, MT_LOG_DEBUG, MT_LOG_ERROR),
        one_line(message, limits_.message_bytes));
  } catch (...) {
    return;
  }
}

// Which line of the present minute this one is.
std::size_t PluginConnector::count_line() {
  const std::lock_guard lock(lines_mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (lines_ == 0 || now - minute_begun_ >= std::chrono::minutes(1)) {
    minute_begun_ = now;
    lines_ = 0;
  }
  return ++lines_;
}

void PluginConnector::log(std::int32_t level, std::string_view message) const {
  if (log_) log_(level, manifest_.id, message);
}

}  // namespace mortise::plugin
