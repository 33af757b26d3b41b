#include "writer.hpp"

#include <algorithm>
#include <utility>

#include "replies.hpp"
#include "requests.hpp"

namespace google_calendar {

using mortise::Action;
using mortise::Code;
using mortise::Error;
using mortise::ItemState;
using mortise::Outcome;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Task;
using mortise::Write;

std::string attempt(const Write& write) {
  switch (write.action) {
    case Action::create:
      return "making the event " + write.key;
    case Action::remove:
      return "removing the event " + write.key;
    default:
      return "changing the event " + write.key;
  }
}

namespace {

/// What changed so much later than the event was made (both are to the second) is an edit, and no
/// part of making it.
constexpr std::int64_t kMadeWithinMs = 2'000;

/// Whether somebody has edited the event since it was made.
bool edited_since(const EventRead& event) {
  return event.made_ms > 0 && event.item.edited_ms > event.made_ms + kMadeWithinMs;
}

Error gone(const Write& write) {
  // A cancelled occurrence is still there, and can be seen.
  if (!write.slot.empty()) return {Code::conflict, attempt(write) + ": somebody has cancelled it"};
  return {Code::not_found, attempt(write) + ": it was deleted from the calendar"};
}

}  // namespace

Task<Status> Writer::run() {
  for (const bool occurrences : {false, true}) {
    Task<Status> running = run_part(occurrences);
    Status status = co_await running;
    if (!status) co_return status;
  }
  report_left();
  co_return Status();
}

Task<Status> Writer::run_part(bool occurrences) {
  for (std::uint32_t i = 0; i < call_.writes().size(); ++i) {
    if (call_.writes()[i].slot.empty() == occurrences) continue;
    if (stopped_) {
      call_.report(Outcome::not_attempted(i));
    } else {
      begin(i);
    }
  }
  while (!jobs_.empty() && !stopped_) {
    const std::size_t count = std::min(jobs_.size(), kMostAtOnce);
    std::vector<Job> sent;
    std::vector<Request> requests;
    for (std::size_t i = 0; i < count; ++i) {
      sent.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
      requests.push_back(sent.back().request);
    }
    const std::vector<Reply> replies = co_await call_.send_all(requests);
    // What is half-way goes on before anything new begins.
    std::deque<Job> waiting = std::exchange(jobs_, {});
    for (std::size_t i = 0; i < count; ++i) {
      stopped_ = stopped_ || concerns_all(replies[i]);
      advance(std::move(sent[i]), replies[i]);
    }
    for (Job& each : waiting) jobs_.push_back(std::move(each));
  }
  co_return Status();
}

void Writer::report_left() {
  for (auto& [id, series] : series_) {
    for (Job& each : series.waiting) jobs_.push_back(std::move(each));
  }
  for (const Job& each : jobs_) {
    if (each.stage == Stage::read_again) {
      done(each, each.answer, {});
    } else if (each.stage == Stage::fix_length) {
      call_.report(Outcome::uncertain(
          each.index,
          {Code::unavailable, attempt(each.write) + ": it has not got its length yet"}));
    } else if (each.stage == Stage::look) {
      call_.report(Outcome::uncertain(
          each.index, {Code::unavailable, attempt(each.write) + ": it was made before"}));
    } else {
      call_.report(Outcome::not_attempted(each.index));
    }
  }
}

void Writer::begin(std::uint32_t index) {
  Job job;
  job.index = index;
  job.write = call_.writes()[index];
  const Write& write = job.write;
  const std::string& calendar = call_.target_id();
  if (write.action == Action::remove) {
    Request request = guarded(remove(calendar, write.id), write.if_version);
    queue(std::move(job), Stage::remove, std::move(request));
  } else if (write.action == Action::create && !write.slot.empty()) {
    begin_occurrence(std::move(job));
  } else if (write.action == Action::create) {
    Result<std::string> body = insert_body(write);
    if (!body) return call_.report(Outcome::failed(index, body.error()));
    Request request = insert(calendar, *std::move(body));
    request.repeatable = !write.once_key.empty();
    queue(std::move(job), Stage::insert, std::move(request));
  } else if (write.action != Action::update) {
    call_.report(Outcome::failed(index, {Code::unsupported, "events have no place to move to"}));
  } else if (needs_current(write)) {
    Request request = read(calendar, write.id);
    queue(std::move(job), Stage::read_guests, std::move(request));
  } else if (std::string body = patch_body(write, {}); !body.empty()) {
    Request request = guarded(patch(calendar, write.id, std::move(body)), write.if_version);
    queue(std::move(job), Stage::patch, std::move(request));
  } else {
    Outcome outcome = Outcome::done(index, write.id);
    outcome.version = write.if_version;
    call_.report(outcome);
  }
}

void Writer::queue(Job job, Stage stage, Request request) {
  if (request.method != "GET") request.writes = {job.index};
  job.stage = stage;
  job.request = std::move(request);
  jobs_.push_back(std::move(job));
}

void Writer::advance(Job job, const Reply& reply) {
  const std::string& calendar = call_.target_id();
  switch (job.stage) {
    case Stage::remove:
      return removed(job, reply);
    case Stage::look:
      return looked(std::move(job), reply);
    case Stage::insert:
      if (!reply.error && reply.status == 409) {
        Request request = read(calendar, job.write.once_key, zone_of(job.write));
        return queue(std::move(job), Stage::look, std::move(request));
      }
      [[fallthrough]];
    case Stage::revive:
    case Stage::patch:
      if (!reply.success()) return refused(job, reply);
      return written(std::move(job), reply.body);
    case Stage::read_guests: {
      if (!reply.success()) return refused(job, reply);
      const Result<EventRead> event = read_event(reply.body, {});
      if (!event) return call_.report(Outcome::failed(job.index, event.error()));
      const std::string body = patch_body(job.write, reply.body);
      // Guests who answer in between are not to be lost.
      const std::string version =
          job.write.if_version.empty() ? event->item.version : job.write.if_version;
      Request request = guarded(patch(calendar, job.write.id, body), version);
      return queue(std::move(job), Stage::patch, std::move(request));
    }
    case Stage::fix_length:
      // Refused: the whole write is tried again, which finds the event and what it lacks.
      if (!reply.success()) return refused(job, reply);
      return done(job, reply.body, {{}, memo_of_sent(job.write, reply.body)});
    case Stage::read_again:
      // What was edited since the write is no answer to it.
      if (!reply.success() || !same_version(reply.body, job.answer)) {
        return done(job, job.answer, {});
      }
      return done(job, reply.body, {job.zone, {}});
    case Stage::series:
      return read_series(std::move(job), reply);
    case Stage::locate:
      return located(std::move(job), reply);
  }
}

void Writer::looked(Job job, const Reply& reply) {
  const std::string& calendar = call_.target_id();
  if (!reply.success()) {
    if (!not_there(reply)) return refused(job, reply);
    // Taken, and not there: Google's parts do not agree yet.
    return call_.report(Outcome::uncertain(
        job.index, {Code::unavailable, attempt(job.write) + ": Google is still working on it"}));
  }
  const std::string zone = zone_of(job.write);
  const Result<EventRead> found = read_event(reply.body, {zone, {}});
  if (!found) return call_.report(Outcome::uncertain(job.index, found.error()));
  const mortise::Item& item = found->item;
  if (item.state == ItemState::deleted) {
    Request request =
        guarded(replace(calendar, item.id, revive_body(job.write, reply.body)), item.version);
    return queue(std::move(job), Stage::revive, std::move(request));
  }
  const std::vector<std::string> changed = differing(job.write, item);
  if (item.key != job.write.key && !changed.empty()) {
    const std::string message = attempt(job.write) + ": its id belongs to another event";
    return call_.report(Outcome::failed(job.index, {Code::conflict, message}));
  }
  if (changed.empty()) return done(job, reply.body, {zone, {}});
  if (edited_since(*found)) {
    Outcome met = Outcome::failed(
        job.index,
        {Code::conflict, attempt(job.write) + ": it was made before, and edited since then"});
    met.id = item.id;
    return call_.report(met);
  }
  Write fitting = job.write;
  fitting.action = Action::update;
  fitting.changed = changed;
  Request request =
      guarded(patch(calendar, item.id, patch_body(fitting, reply.body)), item.version);
  queue(std::move(job), Stage::patch, std::move(request));
}

void Writer::removed(const Job& job, const Reply& reply) {
  if (!reply.success() && !not_there(reply)) return refused(job, reply);
  call_.report(Outcome::done(job.index, job.write.id));
}

void Writer::written(Job job, const std::string& answer) {
  const std::string& calendar = call_.target_id();
  Clues clues{{}, memo_of_sent(job.write, answer)};
  if (clues.memo.empty()) clues.memo = job.write.memo;
  const Result<EventRead> event = read_event(answer, clues);
  if (!event) return call_.report(Outcome::uncertain(job.index, event.error()));
  const mortise::Item& item = event->item;
  // Google changes deleted events without a word.
  if (event->cancelled && !cancels(job.write)) {
    return call_.report(Outcome::failed(job.index, gone(job.write)));
  }
  job.answer = answer;
  if (std::string body = length_body(job.write, answer); !body.empty()) {
    Request request = guarded(patch(calendar, item.id, std::move(body)), item.version);
    return queue(std::move(job), Stage::fix_length, std::move(request));
  }
  if (!event->unread_zone.empty()) {
    job.zone = event->unread_zone;
    Request request = read(calendar, item.id, job.zone);
    return queue(std::move(job), Stage::read_again, std::move(request));
  }
  done(job, answer, clues);
}

void Writer::done(const Job& job, const std::string& answer, const Clues& clues) {
  Result<EventRead> event = read_event(answer, clues);
  if (!event) return call_.report(Outcome::uncertain(job.index, event.error()));
  mortise::Item& item = event->item;
  ids_[job.write.key] = item.id;
  Outcome outcome = Outcome::done(job.index, std::move(item.id));
  outcome.version = std::move(item.version);
  // Without its local start the form is not whole, and half of it would look like an edit.
  if (event->unread_zone.empty()) outcome.fields = std::move(item.fields);
  outcome.memo = std::move(item.memo);
  outcome.url = std::move(item.url);
  call_.report(outcome);
}

void Writer::refused(const Job& job, const Reply& reply) {
  Error error = error_of(reply, attempt(job.write));
  // Its id was taken, or it was inserted just now: it is there, whatever this answer says.
  const bool made = job.write.action == Action::create &&
                    (job.stage == Stage::look || job.stage == Stage::fix_length);
  if (made || (may_have_worked(reply) && job.request.method != "GET")) {
    return call_.report(Outcome::uncertain(job.index, std::move(error)));
  }
  const bool unwritten = !job.write.slot.empty() && job.write.id.empty();
  if (unwritten && not_there(reply)) {  // the series was cut since we looked; itself it is there
    error = {Code::conflict, attempt(job.write) + ": its series has no such occurrence any more"};
  } else if (error.code == Code::stale) {
    error = gone(job.write);  // 410 of an event
  }
  call_.report(Outcome::failed(job.index, std::move(error)));
}

}  // namespace google_calendar
