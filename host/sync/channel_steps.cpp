// The steps of PushChannels that speak to a service: choosing a target, opening, stopping.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/log_value.hpp"
#include "core/time.hpp"
#include "ports/random.hpp"
#include "ports/reply_room.hpp"
#include "sync/channels.hpp"

namespace mortise::sync {
namespace {

using core::Channel;
using core::ChannelState;
using core::Instant;

constexpr int kCommitTries = 5;

}  // namespace

Task<bool> PushChannels::choose_target(View& view) {
  if (!view.connector->manifest().operations.targets) co_return false;
  ports::Call call;
  call.operation = ports::Operation::targets;
  Task<Answer> asking = ask(view, std::move(call), {});
  const Answer answer = co_await asking;
  const auto chosen =
      std::find_if(answer.targets.begin(), answer.targets.end(),
                   [](const auto& choice) { return choice.is_default && !choice.read_only; });
  if (answer.error || chosen == answer.targets.end()) co_return false;
  for (int tries = 0; tries < kCommitTries; ++tries) {
    auto connection = ports_.store.connections().find(view.connection.id);
    if (!connection) co_return false;
    if (connection->target.id.empty()) {
      connection->target = chosen->target;
      connection->updated_ms = ports_.clock.now_ms();
      if (!ports_.store.commit({ports::put(*connection)}, ports::Durability::full)) continue;
      ++connection->rev;
    }
    view.connection = std::move(*connection);  // or a person was faster
    view.off = why_off(view.connection, view.connector.get());
    co_return true;
  }
  co_return false;
}

/// Opens a channel and, if that went well, marks all that were open before as closing.
Task<bool> PushChannels::open_one(const View& view, bool had_one) {
  const ports::Manifest& manifest = view.connector->manifest();
  Channel channel;
  channel.id = random_uuid();
  channel.connection_id = view.connection.id;
  channel.target_id = view.connection.target.id;
  channel.secret = random_secret();
  channel.opened_ms = ports_.clock.now_ms();
  using Of = ports::ExpectRev::Of;
  ports::Changes changes{ports::put(channel),
                         ports::ExpectRev{Of::connection, view.connection.id, view.connection.rev}};
  if (Status kept = ports_.store.commit(std::move(changes), ports::Durability::full); !kept) {
    if (kept.error().code == Code::conflict) {
      keep(view.connection.id);  // it was edited, or ended with its account: another look tells
    } else {
      note_failure(view, kept.error());
    }
    co_return false;
  }
  ++channel.rev;

  ports::Call call;
  call.operation = ports::Operation::open_channel;
  call.channel_id = channel.id;
  call.channel_address = address_of(manifest.id, channel.id);
  if (manifest.notifications.life_s > 0) {
    call.channel_expires_ms = channel.opened_ms + manifest.notifications.life_s * 1000;
  }
  Task<Answer> asking = ask(view, std::move(call), channel.secret);
  Answer answer = co_await asking;
  const Instant now_ms = ports_.clock.now_ms();
  if (!answer.error && answer.channel->expires_ms && *answer.channel->expires_ms <= now_ms) {
    answer.error = Error{Code::unavailable, "the channel that was opened has ended already"};
  }
  if (answer.error) {
    // Where the service may know it, it is stopped; else it never was.
    if (answer.certain) {
      forget(channel);
    } else {
      change(channel.id, [&](Channel& now) {
        now.state = ChannelState::closing;
        if (!answer.channel) return;
        now.resource = answer.channel->resource;  // which stopping it may take
        if (answer.channel->expires_ms > now_ms) now.expires_ms = answer.channel->expires_ms;
      });
    }
    note_failure(view, *answer.error);
    co_return false;
  }
  if (Status opened = keep_opened(view, channel, *answer.channel); !opened) {
    note_failure(view, opened.error());
    co_return false;
  }
  note_success(view.connection.id);
  log("information",
      fmt::format("event={} connection={} channel={} expires={}",
                  had_one ? "channel_renewed" : "channel_opened", view.connection.id, channel.id,
                  answer.channel->expires_ms ? core::format_instant(*answer.channel->expires_ms)
                                             : "never"));
  // Nobody listened until now.
  if (!had_one) runs_.sync(view.connection.id, core::RunTrigger::schedule);
  co_return true;
}

/// The new one is open and the old ones are closing from one moment on.
Status PushChannels::keep_opened(const View& view, const Channel& opened,
                                 const ports::ChannelReport& report) {
  for (int tries = 1;; ++tries) {
    auto all = ports_.store.channels().of_connection(view.connection.id);
    if (!all) return std::move(all).error();
    ports::Changes changes;
    bool known = false;
    for (Channel& channel : *all) {
      if (channel.id == opened.id) {
        known = true;
        channel.state = ChannelState::open;
        channel.resource = report.resource;
        channel.expires_ms = report.expires_ms;
      } else if (channel.state == ChannelState::open) {
        channel.state = ChannelState::closing;
        channel.failures = 0;
      } else {
        continue;
      }
      changes.push_back(ports::put(std::move(channel)));
    }
    if (!known) return Error{Code::conflict, "the channel was forgotten while it was opened"};
    Status kept = ports_.store.commit(std::move(changes), ports::Durability::full);
    if (kept || kept.error().code != Code::conflict || tries >= kCommitTries) return kept;
  }
}

/// Stops a channel there and forgets it. `anyway`: forgets it also when that fails, for the grant
/// will be gone.
Task<bool> PushChannels::close_one(const View& view, Channel channel, bool anyway) {
  const bool ended = channel.expires_ms && *channel.expires_ms <= ports_.clock.now_ms();
  const bool can_ask = view.connector && view.connector->manifest().operations.channels &&
                       view.connection.status == core::ConnectionStatus::connected;
  if (ended || !can_ask) co_return forget(channel);
  if (channel.state != ChannelState::closing) {
    change(channel.id, [](Channel& now) { now.state = ChannelState::closing; });
  }
  ports::Call call;
  call.operation = ports::Operation::close_channel;
  call.channel_id = channel.id;
  call.channel_resource = channel.resource;
  Task<Answer> asking = ask(view, std::move(call), {});
  const Answer answer = co_await asking;
  // One whose opening was never answered may have no resource to be stopped by: one try is enough.
  const bool gone = !answer.error || answer.error->code == Code::not_found ||
                    answer.error->code == Code::unauthenticated || channel.resource.empty();
  log(gone ? "information" : "warning",
      fmt::format("event={} connection={} channel={}{}", gone ? "channel_closed" : "channel_stays",
                  channel.connection_id, channel.id,
                  gone ? std::string() : " message=" + core::log_value(answer.error->message)));
  if (gone || anyway) co_return forget(channel);
  change(channel.id, [&](Channel& now) {
    ++now.failures;
    now.error_message = answer.error->message;
  });
  co_return false;
}

Task<PushChannels::Answer> PushChannels::ask(const View& view, ports::Call call,
                                             core::Secret secret) {
  call.now_ms = ports_.clock.now_ms();
  call.settings = ports::connector_settings(view.connector->manifest(), view.connection.settings);
  call.target = view.connection.target;
  ports::Started started = view.connector->begin(call);
  ports::Step step = std::move(started.step);
  Answer answer;
  for (;;) {
    if (step.channel) answer.channel = std::move(step.channel);
    answer.targets.insert(answer.targets.end(), step.targets.begin(), step.targets.end());
    if (step.error) answer.error = std::move(step.error);
    if (step.done() || answer.error) break;
    std::vector<ports::ConnectorReply> replies;
    ports::ReplyRoom room;
    for (ports::ConnectorRequest& request : step.requests) {
      ports::EgressCall out;
      out.connection_id = view.connection.id;
      out.lane = ports::Lane::background;
      out.request = std::move(request);
      out.cancel = stopping_;
      out.channel_secret = secret;
      std::function<void(std::function<void(ports::ConnectorReply)>)> send =
          [this, &out](std::function<void(ports::ConnectorReply)> done) {
            ports_.egress.send(std::move(out), std::move(done));
          };
      Callback<ports::ConnectorReply> sending(std::move(send));
      ports::ConnectorReply reply = co_await sending;
      const int status = reply.reply.status;
      const bool refused = reply.error ? !reply.maybe_sent : status >= 400 && status < 500;
      answer.certain = answer.certain && refused;
      replies.push_back(room.keep(std::move(reply)));
    }
    step = started.operation->resume(std::move(replies));
  }
  if (answer.channel) answer.certain = false;
  const bool opens = call.operation == ports::Operation::open_channel;
  if (opens && !answer.error && !answer.channel) {
    answer.error = Error{Code::unsupported, "the connector opened no channel"};
  }
  co_return answer;
}

/// Changes a stored channel, whoever else writes it meanwhile.
bool PushChannels::change(const std::string& id, const std::function<void(Channel&)>& edit) {
  for (int tries = 0; tries < kCommitTries; ++tries) {
    auto channel = ports_.store.channels().find(id);
    if (!channel) return false;
    edit(*channel);
    Status kept = ports_.store.commit({ports::put(std::move(*channel))}, ports::Durability::full);
    if (kept) return true;
    if (kept.error().code != Code::conflict) return false;
  }
  return false;
}

bool PushChannels::forget(const Channel& channel) {
  return ports_.store.commit({ports::EraseChannel{channel.id}}, ports::Durability::full).ok();
}

std::string PushChannels::address_of(const std::string& connector, const std::string& id) const {
  return options_.public_url + "/hooks/" + connector + "/" + id;
}

/// Version 4 (RFC 9562 section 5.4).
std::string PushChannels::random_uuid() const {
  std::array<std::byte, 16> bytes{};
  ports_.random.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string text = core::hex(bytes);
  for (std::size_t at = 20; at >= 8; at -= 4) text.insert(at, 1, '-');
  return text;
}

core::Secret PushChannels::random_secret() const {
  return core::Secret(ports::random_hex(ports_.random, 32));
}

}  // namespace mortise::sync
