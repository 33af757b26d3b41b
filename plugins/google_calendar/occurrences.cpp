// Occurrences that are written by the slot they have in their series: Google knows them by ids of
// its own, which are looked up. Doing it again finds what was done.
#include <utility>

#include "replies.hpp"
#include "requests.hpp"
#include "writer.hpp"

namespace google_calendar {

using mortise::Action;
using mortise::Code;
using mortise::Error;
using mortise::Outcome;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Write;

namespace {

// The series is there, and is another one than was thought.
Error no_slot(const Write& write) {
  return {Code::conflict, attempt(write) + ": its series has no occurrence at " + write.slot};
}

Error no_series(const Write& write) {
  return {Code::not_found, attempt(write) + ": its series was deleted from the calendar"};
}

/// What to ask events.instances for; empty: the series, as it is there, has no such slot.
std::string original_start(const SeriesClock& clock, const Write& write) {
  if (clock.whole_day) return read_day(write.slot) ? write.slot : std::string();
  return write.slot_ms == 0 ? std::string() : write_utc(write.slot_ms / 1000);
}

}  // namespace

void Writer::begin_occurrence(Job job) {
  if (job.write.parent_id.empty()) {
    const auto made = ids_.find(job.write.parent_key);
    if (made == ids_.end()) {
      const std::string message = attempt(job.write) + ": its series is not there yet";
      return call_.report(Outcome::failed(job.index, {Code::not_found, message}));
    }
    job.write.parent_id = made->second;
  }
  const auto [found, fresh] = series_.try_emplace(job.write.parent_id);
  if (found->second.clock) return locate(std::move(job));
  if (!fresh) return found->second.waiting.push_back(std::move(job));
  job.zone = zone_of(job.write);
  Request request = read(call_.target_id(), job.write.parent_id, job.zone);
  queue(std::move(job), Stage::series, std::move(request));
}

void Writer::read_series(Job job, const Reply& reply) {
  Series& series = series_[job.write.parent_id];
  if (!reply.success()) return give_up_series(std::move(job), reply);
  Result<EventRead> event = read_event(reply.body, {job.zone, {}});
  if (event && !event->unread_zone.empty() && event->unread_zone != job.zone) {
    job.zone = event->unread_zone;
    Request request = read(call_.target_id(), job.write.parent_id, job.zone);
    return queue(std::move(job), Stage::series, std::move(request));
  }
  if (!event || !event->clock) return give_up_series(std::move(job), reply);
  series.clock = event->clock;
  series.item = std::move(event->item);
  for (Job& each : std::exchange(series.waiting, {})) locate(std::move(each));
  locate(std::move(job));
}

void Writer::give_up_series(Job job, const Reply& reply) {
  std::vector<Job> all = std::move(series_[job.write.parent_id].waiting);
  series_.erase(job.write.parent_id);
  all.push_back(std::move(job));
  bool deleted = false;
  if (reply.success()) {
    const Result<EventRead> event = read_event(reply.body, {});
    deleted = event && event->cancelled;
  }
  for (const Job& each : all) {
    if (not_there(reply) || deleted) {
      call_.report(Outcome::failed(each.index, no_series(each.write)));
    } else if (reply.success()) {
      call_.report(Outcome::failed(each.index, no_slot(each.write)));
    } else {
      call_.report(Outcome::failed(each.index, error_of(reply, attempt(each.write))));
    }
  }
}

void Writer::locate(Job job) {
  const SeriesClock& clock = *series_[job.write.parent_id].clock;
  const std::string start = original_start(clock, job.write);
  if (start.empty()) return call_.report(Outcome::failed(job.index, no_slot(job.write)));
  Request request =
      instances(call_.target_id(), job.write.parent_id, start, clock.zone, job.pages.token());
  queue(std::move(job), Stage::locate, std::move(request));
}

void Writer::located(Job job, const Reply& reply) {
  if (not_there(reply)) return call_.report(Outcome::failed(job.index, no_series(job.write)));
  if (!reply.success()) return refused(job, reply);
  std::string occurrence = instance_at(reply.body, job.write.slot, job.write.slot_ms);
  if (!occurrence.empty()) return fit_occurrence(std::move(job), std::move(occurrence));
  const Status more = job.pages.follow(next_page(reply.body), attempt(job.write));
  if (!more) return call_.report(Outcome::failed(job.index, more.error()));
  if (job.pages.token().empty()) {
    return call_.report(Outcome::failed(job.index, no_slot(job.write)));
  }
  locate(std::move(job));
}

void Writer::fit_occurrence(Job job, std::string occurrence) {
  const Series& series = series_[job.write.parent_id];
  const Result<EventRead> found = read_event(occurrence, {series.clock->zone, {}});
  if (!found) return call_.report(Outcome::failed(job.index, found.error()));
  // At that instant by another clock: the series will be another one here, too. (Of cancelled ones,
  // the zone is Google's choice.)
  const bool elsewhere = !found->cancelled && found->original &&
                         write_local(found->original->wall_s) != job.write.slot;
  if (elsewhere) return call_.report(Outcome::failed(job.index, no_slot(job.write)));
  if (found->cancelled && cancels(job.write)) return done(job, occurrence, {});
  const bool ours = !job.write.key.empty() && found->found_key == job.write.key;
  Write fitting = job.write;
  fitting.action = Action::update;
  fitting.changed = differing(job.write, found->item);
  fitting.memo = found->item.memo;  // the local start need not be read once more
  if (fitting.changed.empty() && ours) return done(job, occurrence, {series.clock->zone, {}});
  // What a person made of it, and we have not seen yet, is not ours to overwrite.
  const bool touched = found->cancelled ||
                       !differing(as_in_series(series.item, job.write.slot), found->item).empty();
  if (touched && !ours && !(fitting.changed.empty() && !found->cancelled)) {
    const std::string message = attempt(job.write) + ": somebody has changed this occurrence";
    Outcome outcome = Outcome::failed(job.index, {Code::conflict, message});
    outcome.id = found->item.id;
    return call_.report(outcome);
  }
  Request request =
      guarded(patch(call_.target_id(), found->item.id, occurrence_body(fitting, occurrence)),
              found->item.version);
  job.write = std::move(fitting);
  queue(std::move(job), Stage::patch, std::move(request));
}

}  // namespace google_calendar
