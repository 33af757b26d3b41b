#include "google_calendar.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "calendars.hpp"
#include "channels.hpp"
#include "pages.hpp"
#include "reader.hpp"
#include "replies.hpp"
#include "requests.hpp"
#include "writer.hpp"

namespace google_calendar {
namespace {

using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;

/// The events that carry a key, page by page.
struct Search {
  std::string key;
  Pages pages;
};

Item absent(const std::string& id) {
  Item item;
  item.state = ItemState::absent;
  item.id = id;
  return item;
}

}  // namespace

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::write(Call& call) {
  Writer writer(call);
  Task<Status> running = writer.run();
  Status status = co_await running;
  co_return status;
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::estimate(Call& call) {
  std::uint32_t writes = 0;
  std::uint32_t reads = 0;
  std::set<std::string> series;
  for (const mortise::Write& each : call.writes()) {
    const bool update = each.action == mortise::Action::update;
    if (update && needs_current(each)) ++reads;
    if (each.action == mortise::Action::create && !each.slot.empty()) {
      ++reads;  // finds the occurrence
      if (series.insert(each.parent_id + each.parent_key).second) ++reads;
    }
    if (!update || !patch_body(each, {}).empty()) ++writes;
  }
  call.estimate(writes, reads);
  co_return Status();
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::list(Call& call) {
  Reader reader(call);
  reader.keep_to(Window(call.settings(), call.now_ms()));
  // A delta that ends in 410 is worth nothing: not even what its first pages said.
  if (!call.cursor().empty()) reader.hold_back();
  Listing listing;
  listing.sync_token = call.cursor();
  std::string next_sync;
  Pages pages;
  do {
    listing.page_token = pages.token();
    const Request request = list_events(call.target_id(), listing);
    const Reply reply = co_await call.send(request);
    if (!call.cursor().empty() && refuses_cursor(reply)) {
      co_return Error{Code::stale, "listing the calendar: Google does not know this sync token"};
    }
    if (!reply.success()) co_return error_of(reply, "listing the calendar");
    Result<EventPage> page = read_events(reply.body, {});
    if (!page) co_return page.error();
    for (EventRead& event : page->events) reader.take(std::move(event));
    const Status more = pages.follow(page->next_page, "listing the calendar");
    if (!more) co_return more.error();
    next_sync = page->next_sync;
  } while (!pages.token().empty());
  Task<Status> reading = reader.finish();
  const Status read = co_await reading;
  if (!read) co_return read.error();
  if (call.cursor().empty()) call.complete(call.container_id());
  if (!next_sync.empty()) call.next_cursor(next_sync);
  co_return Status();
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::get(Call& call) {
  const std::vector<std::string>& ids = call.ids();
  Reader reader(call);
  std::string zone;  // most likely that of the one before
  for (std::size_t begin = 0; begin < ids.size();) {
    // The first one alone: it tells the zone.
    const std::size_t end = begin == 0 ? 1 : std::min(ids.size(), begin + kMostAtOnce);
    std::vector<Request> requests;
    for (std::size_t i = begin; i < end; ++i)
      requests.push_back(read(call.target_id(), ids[i], zone));
    const std::vector<Reply> replies = co_await call.send_all(requests);
    const std::string shown_in = zone;
    for (std::size_t i = begin; i < end; ++i) {
      const Reply& reply = replies[i - begin];
      if (not_there(reply)) {
        call.emit(absent(ids[i]));
        continue;
      }
      if (refused_alone(reply)) {
        reader.leave_alone(ids[i]);
        continue;
      }
      if (!reply.success()) co_return error_of(reply, "reading the event " + ids[i]);
      Result<EventRead> event = read_event(reply.body, {shown_in, {}});
      if (!event) co_return event.error();
      if (!event->unread_zone.empty()) zone = event->unread_zone;
      reader.take(*std::move(event));
    }
    begin = end;
  }
  Task<Status> reading = reader.finish();
  Status read = co_await reading;
  co_return read;
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::find(Call& call) {
  Reader reader(call);
  reader.only(call.ids());
  std::deque<Search> open;
  for (const std::string& key : call.ids()) open.push_back({key, {}});
  while (!open.empty()) {
    std::vector<Search> asked;
    std::vector<Request> requests;
    for (; !open.empty() && asked.size() < kMostAtOnce; open.pop_front()) {
      const Search& each = asked.emplace_back(std::move(open.front()));
      requests.push_back(list_events(call.target_id(), {{}, each.key, {}, each.pages.token()}));
    }
    const std::vector<Reply> replies = co_await call.send_all(requests);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const Reply& reply = replies[i];
      const std::string& key = asked[i].key;
      if (!reply.success()) co_return error_of(reply, "looking for " + key);
      Result<EventPage> page = read_events(reply.body, {});
      if (!page) co_return page.error();
      for (EventRead& event : page->events) {
        // An occurrence that differs has its series' key, unless it was written with its own.
        const bool inherited = !event.item.series.empty() && key.find('/') == std::string::npos;
        if (event.found_key == key && !inherited) reader.take(std::move(event));
      }
      const Status more = asked[i].pages.follow(page->next_page, "looking for " + key);
      if (!more) co_return more.error();
      if (!asked[i].pages.token().empty()) open.push_back(std::move(asked[i]));
    }
  }
  Task<Status> reading = reader.finish();
  Status read = co_await reading;
  co_return read;
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::open_channel(Call& call) {
  const Request request =
      watch(call.target_id(),
            watch_body(call.channel_id(), call.channel_address(), call.channel_expires_ms()));
  const Reply reply = co_await call.send(request);
  if (!reply.success()) co_return error_of(reply, "asking Google to tell of changes");
  const Result<mortise::Channel> channel = read_channel(reply.body);
  if (!channel) co_return channel.error();
  call.opened(*channel);
  co_return Status();
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::close_channel(Call& call) {
  const Request request = stop(stop_body(call.channel_id(), call.channel_resource()));
  const Reply reply = co_await call.send(request);
  if (reply.success() || not_there(reply)) co_return Status();
  co_return error_of(reply, "asking Google to tell no more of changes");
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::targets(Call& call) {
  Pages pages;
  do {
    const Request request = list_calendars("writer", pages.token());
    const Reply reply = co_await call.send(request);
    if (!reply.error && reply.status == 403 && pages.token().empty() &&
        reason_of(reply) == "insufficientPermissions") {
      // The box "see your calendars" was not ticked: the main one can be used all the same.
      call.offer(
          {.id = "primary", .kind = "calendar", .title = "Your calendar", .is_default = true});
      co_return Status();
    }
    if (!reply.success()) co_return error_of(reply, "reading your calendars");
    const Result<CalendarPage> page = read_calendars(reply.body);
    if (!page) co_return page.error();
    for (const CalendarRead& each : page->calendars) call.offer(each.target);
    const Status more = pages.follow(page->next_page, "reading your calendars");
    if (!more) co_return more.error();
  } while (!pages.token().empty());
  co_return Status();
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::make_target(Call& call) {
  if (call.title().empty()) co_return Error{Code::invalid, "a calendar needs a title"};
  Pages pages;
  std::string zone;
  do {
    const Request request = list_calendars("owner", pages.token());
    const Reply reply = co_await call.send(request);
    if (!reply.success()) co_return error_of(reply, "looking for our calendar");
    const Result<CalendarPage> page = read_calendars(reply.body);
    if (!page) co_return page.error();
    for (const CalendarRead& each : page->calendars) {
      if (each.target.is_default) zone = each.zone;
      if (!is_made_by(each, call.once_key())) continue;
      call.offer(each.target);  // made by an earlier attempt
      co_return Status();
    }
    const Status more = pages.follow(page->next_page, "looking for our calendar");
    if (!more) co_return more.error();
  } while (!pages.token().empty());
  const Request making = make_calendar(calendar_body(call.title(), call.once_key(), zone));
  const Reply made = co_await call.send(making);
  if (!made.success()) co_return error_of(made, "making a calendar");
  const Result<CalendarRead> calendar = read_calendar(made.body);
  if (!calendar) co_return calendar.error();
  call.offer(calendar->target);
  co_return Status();
}

GoogleCalendar::Task<GoogleCalendar::Status> GoogleCalendar::identity(Call& call) {
  std::string told = identity_of_token(call.token_reply());
  if (told.empty()) {
    const Request request = who_am_i();
    const Reply reply = co_await call.send(request);
    if (!reply.success()) co_return error_of(reply, "asking whose account it is");
    told = identity_of_userinfo(reply.body);
  }
  if (told.empty()) co_return Error{Code::unavailable, "Google does not say whose account it is"};
  call.identify(told);
  co_return Status();
}

}  // namespace google_calendar
