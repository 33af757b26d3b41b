#include "reader.hpp"

#include <algorithm>
#include <utility>

#include "pages.hpp"
#include "replies.hpp"
#include "requests.hpp"

namespace google_calendar {

using mortise::ItemState;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Task;

namespace {

// Fewer of one foreign zone are read one by one.
constexpr std::size_t kWorthAListing = 10;
// Somebody may move an event to yet another zone while it is read.
constexpr int kRounds = 3;

}  // namespace

void Reader::take(EventRead event) {
  // What is deleted is that, whatever it was.
  if (event.left_alone && event.item.state != ItemState::deleted) {
    return leave_alone(std::move(event.item.id));
  }
  if (event.clock) clocks_[event.item.id] = *event.clock;
  if (!event.unread_zone.empty()) {
    again_.push_back({std::move(event.item.id), std::move(event.unread_zone)});
  } else if (event.original || (!event.item.series.empty() && event.item.key.empty())) {
    occurrences_.push_back(std::move(event));
  } else {
    report(event);
  }
}

void Reader::leave_alone(std::string id) {
  unseen_.insert(id);
  mortise::Item item;
  item.state = ItemState::out_of_scope;
  item.kind = "event";
  item.id = std::move(id);
  tell(std::move(item));
}

void Reader::report(EventRead& event) {
  mortise::Item& item = event.item;
  const bool looked_at = !window_ || (window_->reaches(event.span) && !event.declined);
  if (item.state == ItemState::present && !looked_at) item.state = ItemState::out_of_scope;
  tell(std::move(item));
}

void Reader::tell(mortise::Item item) {
  if (keys_ && std::find(keys_->begin(), keys_->end(), item.key) == keys_->end()) return;
  if (!holds_back_) return call_.emit(item);
  held_.push_back(std::move(item));
}

Task<Status> Reader::finish() {
  for (int round = 0; !again_.empty(); ++round) {
    if (round == kRounds) {  // what changes while we look is in the next delta
      for (Again& each : std::exchange(again_, {})) leave_alone(std::move(each.id));
      break;
    }
    Task<Status> reading = read_again();
    Status read = co_await reading;
    if (!read) co_return read;
  }
  Task<Status> clocks = read_clocks();
  Status known = co_await clocks;
  if (!known) co_return known;
  Task<Status> slots = settle_slots();
  Status settled = co_await slots;
  if (!settled) co_return settled;
  for (const mortise::Item& each : held_) call_.emit(each);
  co_return Status();
}

/// Google shows an instant in one zone for the whole answer, and we have no zone data.
Task<Status> Reader::read_again() {
  std::map<std::string, std::vector<Again>> zones;
  for (Again& each : std::exchange(again_, {})) zones[each.zone].push_back(std::move(each));
  std::vector<Again> single;
  for (auto& [zone, members] : zones) {
    if (members.size() <= kWorthAListing) {
      single.insert(single.end(), members.begin(), members.end());
      continue;
    }
    std::set<std::string> ids;
    for (Again& each : members) ids.insert(std::move(each.id));
    Task<Status> listing = list_again(std::move(ids), zone);
    Status listed = co_await listing;
    if (!listed) co_return listed;
  }
  Task<Result<Readings>> reading = read_each(std::move(single));
  Result<Readings> events = co_await reading;
  if (!events) co_return events.error();
  for (std::optional<EventRead>& each : *events) {
    if (each) take(std::move(*each));
  }
  co_return Status();
}

Task<Result<Reader::Readings>> Reader::read_each(std::vector<Again> events) {
  Readings readings;
  for (std::size_t begin = 0; begin < events.size(); begin += kMostAtOnce) {
    const std::size_t end = std::min(events.size(), begin + kMostAtOnce);
    std::vector<Request> requests;
    for (std::size_t i = begin; i < end; ++i) {
      requests.push_back(read(call_.target_id(), events[i].id, events[i].zone));
    }
    const std::vector<Reply> replies = co_await call_.send_all(requests);
    for (std::size_t i = begin; i < end; ++i) {
      const Reply& reply = replies[i - begin];
      if (not_there(reply)) {
        readings.emplace_back();
        continue;
      }
      if (refused_alone(reply)) {
        EventRead refused;
        refused.item.id = events[i].id;
        refused.left_alone = true;
        readings.emplace_back(std::move(refused));
        continue;
      }
      if (!reply.success()) co_return error_of(reply, "reading the event " + events[i].id);
      Result<EventRead> event = read_event(reply.body, {events[i].zone, {}});
      if (!event) co_return event.error();
      readings.emplace_back(*std::move(event));
    }
  }
  co_return readings;
}

Task<Status> Reader::list_again(std::set<std::string> ids, std::string zone) {
  Listing listing;
  listing.zone = zone;
  Pages pages;
  do {
    listing.page_token = pages.token();
    const Request request = list_events(call_.target_id(), listing);
    const Reply reply = co_await call_.send(request);
    if (refused_alone(reply) && pages.token().empty()) {  // Google does not take its own zone
      for (const std::string& id : ids) leave_alone(id);
      co_return Status();
    }
    if (!reply.success()) co_return error_of(reply, "listing the calendar");
    Result<EventPage> page = read_events(reply.body, zone);
    if (!page) co_return page.error();
    for (EventRead& event : page->events) {
      if (ids.count(event.item.id) != 0) take(std::move(event));
    }
    const Status more = pages.follow(page->next_page, "listing the calendar");
    if (!more) co_return more;
  } while (!pages.token().empty());
  co_return Status();
}

/// Asks for the series that are not in this reading themselves.
Task<Status> Reader::read_clocks() {
  std::map<std::string, std::string> unknown;
  for (const EventRead& each : occurrences_) {
    const std::string& series = each.item.series;
    if (clocks_.count(series) + unseen_.count(series) == 0) unknown[series] = each.original_zone;
  }
  for (int round = 0; round < kRounds && !unknown.empty(); ++round) {
    std::vector<Again> asked;
    for (const auto& [id, zone] : std::exchange(unknown, {})) asked.push_back({id, zone});
    Task<Result<Readings>> reading = read_each(asked);
    Result<Readings> series = co_await reading;
    if (!series) co_return series.error();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const std::optional<EventRead>& each = (*series)[i];
      if (!each) continue;
      if (each->left_alone) {
        unseen_.insert(asked[i].id);
        continue;
      }
      if (each->clock) clocks_[asked[i].id] = *each->clock;
      if (!each->unread_zone.empty()) unknown[asked[i].id] = each->unread_zone;
    }
  }
  for (const auto& [id, zone] : unknown) unseen_.insert(id);
  co_return Status();
}

Task<Status> Reader::settle_slots() {
  std::vector<Again> asked;
  std::vector<EventRead> irregular;
  for (EventRead& each : occurrences_) {
    const auto clock = clocks_.find(each.item.series);
    if (unseen_.count(each.item.series) != 0) {
      leave_alone(std::move(each.item.id));
    } else if (clock == clocks_.end()) {
      // A guest of this one occurrence has the series nowhere: for us it stands alone.
      each.item.series.clear();
      each.item.slot.clear();
      each.item.key = each.found_key;
      if (each.cancelled) each.item.state = ItemState::deleted;
      report(each);
    } else if (!each.original) {  // a day says its slot by itself
      report(each);
    } else if (clock->second.regular) {
      settle_slot(each, slot_at(clock->second, each.original->instant_s()));
      report(each);
    } else {
      asked.push_back({each.item.id, clock->second.zone});
      irregular.push_back(std::move(each));
    }
  }
  Task<Result<Readings>> reading = read_each(asked);
  const Result<Readings> shown = co_await reading;
  if (!shown) co_return shown.error();
  for (std::size_t i = 0; i < irregular.size(); ++i) {
    const std::optional<EventRead>& each = (*shown)[i];
    if (each && each->left_alone) {
      leave_alone(irregular[i].item.id);
      continue;
    }
    if (!each || !each->original) continue;  // gone meanwhile: is in the next delta
    settle_slot(irregular[i], write_local(each->original->wall_s));
    report(irregular[i]);
  }
  co_return Status();
}

}  // namespace google_calendar
