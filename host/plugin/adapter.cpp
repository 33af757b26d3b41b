#include "plugin/adapter.hpp"

#include <algorithm>
#include <utility>

#include "plugin/operation.hpp"

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
    if (message.data == nullptr) return;
    const auto* self = static_cast<const PluginConnector*>(context);
    const std::size_t size = std::min(message.size, self->limits_.message_bytes);
    self->log(level, std::string_view(message.data, size));
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
  if (!manifest_.operations.identity) return {};
  try {
    identity_ = static_cast<const mt_identity*>(raw_->ability(raw_->self, MT_ABILITY_IDENTITY));
  } catch (...) {
    return broken(manifest_, "ability() threw");
  }
  if (identity_ == nullptr || !MT_HAS(identity_, begin) || identity_->begin == nullptr) {
    return broken(manifest_, "the manifest declares 'identity', the library does not offer it");
  }
  return {};
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
  }
  return false;
}

mt_operation* PluginConnector::begin_raw(const mt_call& call, const mt_sink& sink,
                                         mt_step& step) const {
  if (call.operation == MT_IDENTITY) return identity_->begin(raw_->self, &call, &sink, &step);
  return raw_->begin(raw_->self, &call, &sink, &step);
}

ports::Started PluginConnector::begin(const ports::Call& call) {
  auto operation = std::make_unique<PluginOperation>(shared_from_this(), call);
  ports::Step step = operation->begin(call);
  return {std::move(operation), std::move(step)};
}

void PluginConnector::log(std::int32_t level, std::string_view message) const {
  if (log_) log_(level, manifest_.id, message);
}

}  // namespace mortise::plugin
