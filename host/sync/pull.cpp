// What changed at the service since the last look, into sightings and bookmarks: one listing from a
// cursor where the service has one, else the containers whose edit time moved. Nothing is decided
// here, and nothing changes for the person.
#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "core/hash.hpp"
#include "sync/execution.hpp"
#include "sync/scene.hpp"

namespace mortise::sync {
namespace {

using core::Bookmark;
using core::Pair;
using core::PairState;

constexpr std::int64_t kHourMs = 60 * 60 * 1000;
/// So many items are asked for by name at once.
constexpr std::size_t kMostAtOnce = 100;
/// By so much our clock may be ahead of the service's.
constexpr std::int64_t kClockMs = 5 * 60 * 1000;

/// What a cursor depends on beside the service.
std::string tag_of(const Link& link) {
  return core::sha256_hex(link.connector->manifest().version + "\n" + link.connector_settings +
                          "\n" + link.connection.target.id)
      .substr(0, 16);
}

Bookmark bookmark_of(const std::vector<Bookmark>& all, const std::string& connection_id,
                     const std::string& container_id) {
  for (const Bookmark& each : all) {
    if (each.container_id == container_id) return each;
  }
  Bookmark fresh;
  fresh.connection_id = connection_id;
  fresh.container_id = container_id;
  return fresh;
}

/// Whether all of it is to be read again. A look that is still to come was noted before the clock
/// was set back.
bool sweep_due(const Bookmark& mark, const ports::Manifest& manifest, core::Instant now_ms) {
  const std::int64_t past_ms = now_ms - mark.complete_ms;
  return past_ms < 0 || past_ms >= manifest.properties.sweep_hours * kHourMs;
}

/// The containers to ask for their edit time: those that hold tasks, by themselves or through
/// containers that do not tell one, those that were not found the last time, and those that a
/// notification named; when a sweep is due, all of them.
std::vector<const Pair*> containers_to_ask(const Scene& scene, const ports::Manifest& manifest,
                                           const std::set<std::string>& named, bool sweep) {
  std::unordered_set<std::string> wanted;
  for (const Pair& pair : scene.pairs()) {
    const ports::Kind* kind = manifest.kind(pair.kind);
    if (pair.state == PairState::tombstone || (kind != nullptr && kind->container)) continue;
    const Pair* up = scene.by_key(scene.container_of(pair));
    while (up != nullptr) {
      const ports::Kind* above = manifest.kind(up->kind);
      if (above == nullptr || above->tells_edits) break;
      up = scene.by_key(scene.container_of(*up));
    }
    if (up != nullptr) wanted.insert(up->key);
  }
  std::vector<const Pair*> containers;
  for (const Pair& pair : scene.pairs()) {
    const ports::Kind* kind = manifest.kind(pair.kind);
    if (kind == nullptr || !kind->tells_edits || pair.state != PairState::paired) continue;
    const bool asks =
        sweep || wanted.contains(pair.key) || scene.is_lost(pair) || named.contains(pair.remote_id);
    if (asks) containers.push_back(&pair);
  }
  return containers;
}

}  // namespace

/// A run that follows a saved change, or exports, only writes.
bool Execution::wants_pull() const {
  return run_.kind == core::RunKind::sync && run_.trigger != core::RunTrigger::change;
}

Task<Execution::Round> Execution::pull(const Link& link) {
  if (!link.pulls()) {
    looked_at_all_ = true;  // there is nothing to be looked at
    co_return Round::nothing_left;
  }
  marks_.clear();
  cut_off_ = false;
  if (link.connection.target.id.empty()) {
    Task<Status> targeting = ensure_target(link, Target::chosen_only);
    Status found = co_await targeting;
    if (!found) co_return react(found.error());
    auto connection = ports_.store.connections().find(run_.connection_id);
    if (!connection) co_return react(connection.error());
    // Nothing of ours is there yet, and nowhere to look.
    looked_at_all_ = connection->target.id.empty();
    co_return connection->target.id.empty() ? Round::nothing_left : Round::again;
  }
  auto pairs = ports_.store.pairs().of_connection(run_.connection_id);
  auto before = ports_.store.sightings().of_connection(run_.connection_id);
  auto pending = ports_.store.inbox().pending(run_.connection_id);
  auto bookmarks = ports_.store.bookmarks().of_connection(run_.connection_id);
  if (!pairs) co_return react(pairs.error());
  if (!before) co_return react(before.error());
  if (!pending) co_return react(pending.error());
  if (!bookmarks) co_return react(bookmarks.error());
  const core::Instant started_ms = ports_.clock.now_ms();
  cause_ = pending->empty() ? "poll" : pending->front().id;
  std::map<std::string, std::string> causes;
  for (const core::Notification& each : *pending) {
    for (const std::string& hint : each.hint) causes.emplace(hint, each.id);
  }
  Scene scene(
      {run_.connection_id, started_ms, cause_, true, link.mapping->kinds(), std::move(causes)},
      *std::move(pairs), *std::move(before));
  hints_.clear();
  for (const core::Notification& each : *pending) {
    hints_.insert(each.hint.begin(), each.hint.end());
  }
  const bool all_hinted = std::all_of(pending->begin(), pending->end(),
                                      [](const auto& each) { return !each.hint.empty(); });
  const ports::Properties& properties = link.connector->manifest().properties;
  const bool lists = properties.delta || properties.complete_listing;
  narrow_ = !lists && !looks_everywhere_ && run_.trigger == core::RunTrigger::notification &&
            !pending->empty() && all_hinted;
  Status looked;
  if (lists) {
    Task<Status> listing =
        pull_listing(link, scene, bookmark_of(*bookmarks, run_.connection_id, {}), {},
                     properties.delta ? Look::since_last : Look::at_all);
    looked = co_await listing;
  } else {
    Task<Status> reading = pull_containers(link, scene, *bookmarks);
    looked = co_await reading;
  }
  if (!looked && looked.error().code == Code::not_found) {
    co_return react(place_not_found(link.connection.target));
  }
  if (!looked) co_return react(looked.error());
  pulled_pairs_ = pairs_digests(scene.pairs());
  ports::Changes changes;
  if (!pending->empty()) {
    ports::HandleNotifications handled{run_.connection_id, {}, ports_.clock.now_ms()};
    for (const core::Notification& each : *pending) handled.ids.push_back(each.id);
    changes.push_back(std::move(handled));
  }
  if (!narrow_) {  // else the next poll is due as before: a notification may have been lost
    auto state = ports_.store.sync_states().find(run_.connection_id);
    if (!state) co_return react(state.error());
    state->started_ms = started_ms;
    changes.push_back(ports::put(*std::move(state)));
  }
  if (Status same = check_place(); !same) co_return react(same.error());
  if (Status saved = ports_.store.commit(std::move(changes)); !saved) {
    co_return react(saved.error());
  }
  looked_at_all_ = looked_at_all_ || (!narrow_ && !cut_off_);
  ports_.failpoint("pulled");
  co_return Round::nothing_left;
}

/// One container that lists from a cursor, or all of it.
Task<Status> Execution::pull_listing(const Link& link, Scene& scene, Bookmark mark,
                                     std::string container_kind, Look look) {
  const ports::Manifest& manifest = link.connector->manifest();
  const std::string container_id = mark.container_id;
  const std::string tag = tag_of(link);
  const core::Instant now_ms = ports_.clock.now_ms();
  const bool sweep = sweep_due(mark, manifest, now_ms);
  ports::Call call = call_for(link, ports::Operation::list);
  call.container_id = container_id;
  call.container_kind = container_kind;
  if (look == Look::since_last && mark.tag == tag && !sweep) call.cursor = mark.cursor;
  Task<Result<Report>> driving = exchange_->drive(call);
  Result<Report> report = co_await driving;
  if (!report && report.error().code == Code::stale && !call.cursor.empty()) {
    call.cursor.clear();  // it knows no such cursor any more: all of it, from the start
    Task<Result<Report>> again = exchange_->drive(call);
    report = co_await again;
  }
  if (!report) co_return Status(report.error());

  scene.note_listed(container_id);
  const Pair* container = scene.by_id(container_id);
  const std::string container_key = container == nullptr ? std::string() : container->key;
  scene.name_children(container_key, container_id, report->items);
  std::unordered_set<std::string> listed;
  for (const ports::Item& item : report->items) {
    listed.insert(item.id);
    scene.note(item);
  }
  Task<Result<bool>> checking =
      check_listing(link, scene, *report, container_id, container_key, std::move(listed));
  Result<bool> complete = co_await checking;
  if (!complete) co_return Status(complete.error());
  if (*complete) mark.complete_ms = now_ms;
  const bool ended_early = call.cursor.empty() || !report->cursor;
  cut_off_ = cut_off_ || (!*complete && ended_early);
  if (report->cursor) mark.cursor = *report->cursor;
  mark.tag = tag;
  mark.read_ms = now_ms;
  marks_.push_back(std::move(mark));
  co_return save_scene(scene);
}

/// Containers that tell when anything in them was edited: asked for that, and read if it moved.
Task<Status> Execution::pull_containers(const Link& link, Scene& scene,
                                        const std::vector<Bookmark>& bookmarks) {
  const ports::Manifest& manifest = link.connector->manifest();
  Bookmark whole = bookmark_of(bookmarks, run_.connection_id, {});
  const core::Instant now_ms = ports_.clock.now_ms();
  const bool sweep = !narrow_ && sweep_due(whole, manifest, now_ms);
  const Look pages = sweep ? Look::at_all : Look::since_last;
  std::vector<std::string> ids, others;
  for (const Pair* pair : containers_to_ask(scene, manifest, hints_, sweep)) {
    if (hinted(scene, *pair)) ids.push_back(pair->remote_id);
  }
  const auto gone = [&] {
    return std::count_if(scene.pairs().begin(), scene.pairs().end(), [&](const Pair& pair) {
      const ports::Kind* kind = manifest.kind(pair.kind);
      return kind != nullptr && kind->container && scene.is_lost(pair);
    });
  };
  const auto gone_before = gone();
  Task<Result<bool>> reading = pull_edited(link, scene, bookmarks, pages, ids);
  Result<bool> lost = co_await reading;
  if (!lost) co_return Status(lost.error());
  if (*lost || scene.lacks() || gone() > gone_before) {
    // What stood there may have been moved to one that held nothing so far, or was not named.
    for (const Pair* pair : containers_to_ask(scene, manifest, hints_, true)) {
      if (std::find(ids.begin(), ids.end(), pair->remote_id) == ids.end()) {
        others.push_back(pair->remote_id);
      }
    }
    Task<Result<bool>> more = pull_edited(link, scene, bookmarks, pages, others);
    lost = co_await more;
    if (!lost) co_return Status(lost.error());
  }
  std::vector<std::pair<std::string, std::string>> tables;  // their pairs move while we read
  for (const Pair& pair : scene.pairs()) {
    const ports::Kind* kind = manifest.kind(pair.kind);
    if (kind == nullptr || !kind->delta || pair.state != PairState::paired) continue;
    if (hinted(scene, pair)) tables.emplace_back(pair.remote_id, pair.kind);
  }
  // What was removed from a table is not among what changed in it: a person who asks gets all of it
  // looked at, a notification names it, and the sweep finds the rest.
  Task<Status> naming = pull_named(link, scene);
  Status named = co_await naming;
  if (!named) co_return named;
  const Look look = run_.trigger == core::RunTrigger::user ? Look::at_all : Look::since_last;
  for (const auto& [id, kind] : tables) {
    Task<Status> listing =
        pull_listing(link, scene, bookmark_of(bookmarks, run_.connection_id, id), kind, look);
    Status listed = co_await listing;
    if (listed) continue;
    const Pair* pair = scene.by_id(id);
    if (listed.error().code == Code::invalid && pair != nullptr) {
      give_up_look(*pair, listed.error());  // the other tables can be read all the same
      continue;
    }
    if (listed.error().code != Code::not_found) co_return listed;
    if (pair != nullptr) scene.note_absent(*pair);
  }
  if (sweep) {
    whole.complete_ms = now_ms;
    marks_.push_back(std::move(whole));
  }
  co_return save_scene(scene);
}

/// Asks containers for their edit time, and reads those whose time moved, or of which it is not
/// certain that nothing else was edited within that time's precision. Answers whether one of them
/// is gone.
Task<Result<bool>> Execution::pull_edited(const Link& link, Scene& scene,
                                          const std::vector<Bookmark>& bookmarks, Look look,
                                          std::vector<std::string> ids) {
  if (ids.empty()) co_return Result<bool>(false);
  const std::int64_t rounded_ms = 2 * link.connector->manifest().properties.time_precision_ms;
  ports::Call asking = call_for(link, ports::Operation::get);
  asking.ids = std::move(ids);
  Task<Result<Report>> driving = exchange_->drive(std::move(asking));
  Result<Report> report = co_await driving;
  if (!report) co_return Result<bool>(report.error());
  const core::Instant now_ms = ports_.clock.now_ms();  // of all edits told, and before any reading
  bool lost = false;
  for (const ports::Item& item : report->items) {
    const Pair* pair = scene.by_id(item.id);
    if (pair == nullptr) continue;
    if (item.state != core::ItemState::present) {
      scene.note(item);
      lost = true;
      continue;
    }
    const bool was_lost = scene.is_lost(*pair);  // and what stands in it with it
    scene.note_found(item.id);
    Bookmark mark = bookmark_of(bookmarks, run_.connection_id, item.id);
    // Edit times are rounded: what was read within the precision may have changed after. By both
    // clocks that is a guess, good until the next sweep; by ours alone, of two looks, it is
    // certain.
    const bool known = item.edited_ms != 0 && mark.edited_ms == item.edited_ms;
    const bool certain = known && mark.complete_ms != 0;
    const bool settled = known && mark.read_ms >= item.edited_ms + rounded_ms + kClockMs;
    if (!was_lost && (certain || (settled && look == Look::since_last))) continue;
    std::unordered_set<std::string> visited;
    Task<Status> reading = pull_tree(link, scene, item.id, pair->kind, visited);
    Status read = co_await reading;
    if (!read && read.error().code != Code::not_found) co_return Result<bool>(read.error());
    if (!read) continue;  // it, or something in it, went meanwhile: the next look tells
    mark.complete_ms = known && now_ms - mark.read_ms >= rounded_ms ? now_ms : 0;
    mark.edited_ms = item.edited_ms;
    mark.read_ms = now_ms;
    marks_.push_back(std::move(mark));
  }
  co_return Result<bool>(lost);
}

/// A container that cannot be read as it is now.
void Execution::give_up_look(const Pair& container, Error error) {
  error.reason = "container_unreadable";
  if (!given_up_.emplace(container.key, error).second) return;
  core::RunItem line;
  line.run_id = run_.id;
  line.key = container.key;
  line.kind = container.kind;
  line.action = "look";
  line.result = "failed";
  line.code = code_name(error.code);
  line.message = error.message;
  line.url = container.url;
  line.at_ms = ports_.clock.now_ms();
  unsaved_items_.push_back(std::move(line));
}

/// The items of ours that notifications named.
Task<Status> Execution::pull_named(const Link& link, Scene& scene) {
  std::vector<std::string> named;
  for (const std::string& id : hints_) {
    const Pair* pair = scene.by_id(id);
    const ports::Kind* kind =
        pair == nullptr ? nullptr : link.connector->manifest().kind(pair->kind);
    if (kind != nullptr && !kind->container) named.push_back(id);
  }
  for (std::size_t begin = 0; begin < named.size(); begin += kMostAtOnce) {
    ports::Call call = call_for(link, ports::Operation::get);
    const std::size_t end = std::min(named.size(), begin + kMostAtOnce);
    for (std::size_t i = begin; i < end; ++i) call.ids.push_back(named[i]);
    Task<Result<Report>> getting = exchange_->drive(std::move(call));
    Result<Report> report = co_await getting;
    if (!report) co_return Status(report.error());
    for (const ports::Item& item : report->items) scene.note(item);
  }
  co_return Status();
}

/// Whether this container is looked at: each one, or in a narrow look what notifications gave as
/// changed and what holds that.
bool Execution::hinted(const Scene& scene, const Pair& container) const {
  if (!narrow_ || hints_.contains(container.remote_id)) return true;
  return std::any_of(hints_.begin(), hints_.end(), [&](const std::string& id) {
    const Pair* pair = scene.by_id(id);
    while (pair != nullptr && pair->key != container.key) {
      pair = scene.by_key(scene.container_of(*pair));
    }
    return pair != nullptr;
  });
}

/// A container and those in it that do not tell their own edits. `not_found`: one of them was not
/// there; the others were read.
Task<Status> Execution::pull_tree(const Link& link, Scene& scene, std::string container_id,
                                  std::string container_kind,
                                  std::unordered_set<std::string>& visited) {
  // A connector may tell a container as standing in itself.
  if (!visited.insert(container_id).second) co_return Status();
  Task<Result<Report>> listing = list_children(link, container_id, container_kind);
  Result<Report> report = co_await listing;
  if (!report) co_return Status(report.error());
  const Pair* container = scene.by_id(container_id);
  if (container == nullptr) co_return Status();
  const std::string container_key = container->key;
  scene.name_children(container_key, container_id, report->items);
  std::unordered_set<std::string> listed;
  std::vector<std::pair<std::string, std::string>> inner;
  for (const ports::Item& item : report->items) {
    if (item.parent_id.empty() || item.parent_id == container_id) listed.insert(item.id);
    scene.note(item);
    const ports::Kind* kind = link.connector->manifest().kind(item.kind);
    const bool ours = scene.by_id(item.id) != nullptr;
    if (ours && kind != nullptr && kind->container && !kind->tells_edits && !kind->delta) {
      inner.emplace_back(item.id, item.kind);
    }
  }
  Task<Result<bool>> checking =
      check_listing(link, scene, *report, container_id, container_key, std::move(listed));
  Result<bool> checked = co_await checking;
  if (!checked) co_return Status(checked.error());
  cut_off_ = cut_off_ || !*checked;
  Status all_read;
  for (const auto& [id, kind] : inner) {
    Task<Status> reading = pull_tree(link, scene, id, kind, visited);
    Status read = co_await reading;
    if (!read && read.error().code != Code::not_found) co_return read;
    if (!read) all_read = read;
  }
  co_return all_read;
}

/// What a listing of a whole container lacks. Answers whether it was one of the whole.
Task<Result<bool>> Execution::check_listing(const Link& link, Scene& scene, const Report& report,
                                            std::string container_id, std::string container_key,
                                            std::unordered_set<std::string> listed) {
  const std::vector<std::string>& complete = report.complete;
  if (std::find(complete.begin(), complete.end(), container_id) == complete.end()) {
    co_return Result<bool>(false);
  }
  scene.note_whole(container_key, container_id, report.items);
  Task<Status> checking = check_absences(link, scene, scene.missing(container_key, listed));
  Status checked = co_await checking;
  if (!checked) co_return Result<bool>(checked.error());
  co_return Result<bool>(true);
}

/// What a listing does not name any more was removed, or may only have moved: asked for one by one,
/// unless it is so much of its plan that a guard asks a person anyway.
Task<Status> Execution::check_absences(const Link& link, Scene& scene,
                                       std::vector<const Pair*> missing) {
  std::unordered_set<std::string> told;
  std::map<std::string, std::int64_t> missing_of, pairs_of;  // by plan
  for (const Pair* pair : missing) ++missing_of[pair->plan_id];
  for (const Pair& pair : scene.pairs()) ++pairs_of[pair.plan_id];
  std::vector<std::string> ids;
  for (const Pair* pair : missing) {
    const std::int64_t count = missing_of[pair->plan_id];
    const core::ReconcileRules& rules = options_.rules;
    const bool asks = count > static_cast<std::int64_t>(kMostAtOnce) &&
                      count >= rules.remove_at_least &&
                      count * 100 > pairs_of[pair->plan_id] * rules.remove_percent;
    if (!asks) ids.push_back(pair->remote_id);
  }
  if (link.connector->manifest().operations.get) {
    for (std::size_t begin = 0; begin < ids.size(); begin += kMostAtOnce) {
      ports::Call call = call_for(link, ports::Operation::get);
      const std::size_t end = std::min(ids.size(), begin + kMostAtOnce);
      call.ids.assign(ids.begin() + begin, ids.begin() + end);
      Task<Result<Report>> getting = exchange_->drive(std::move(call));
      Result<Report> report = co_await getting;
      if (!report) co_return Status(report.error());
      for (const ports::Item& item : report->items) {
        if (item.state == core::ItemState::absent) continue;
        told.insert(item.id);
        scene.note(item);
      }
    }
  }
  for (const Pair* pair : missing) {
    if (!told.contains(pair->remote_id)) scene.note_absent(*pair);
  }
  co_return Status();
}

/// What was seen and how far it was read, in one commit.
Status Execution::save_scene(Scene& scene) {
  scene.name_moved();
  ports::Changes changes = scene.take_changes();
  for (Bookmark& mark : marks_) changes.push_back(ports::put(std::move(mark)));
  marks_.clear();
  if (changes.empty()) return {};
  if (Status same = check_place(); !same) return same;
  return ports_.store.commit(std::move(changes));
}

}  // namespace mortise::sync
