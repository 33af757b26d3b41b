// What a run does in which order: a pass looks at the service and then takes plan after plan, a
// plan goes on in rounds until nothing is left that can be done at once.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/ids.hpp"
#include "core/schedule.hpp"
#include "sync/execution.hpp"
#include "sync/progress.hpp"
#include "sync/wanted.hpp"

namespace mortise::sync {

using core::RunWait;

namespace {

/// Whether what stands there has occurrences (docs/kinds.md, "event").
bool is_series(const core::Pair& pair) {
  return core::Json::parse(pair.fields, nullptr, false).contains("recurrence");
}

/// Whether all that was seen are occurrences of series that nobody keeps here (declined ones, say):
/// they wait for those, and nothing follows from them.
bool all_wait(const std::vector<core::Sighting>& sightings, const std::vector<core::Pair>& pairs) {
  std::set<std::string> known;
  for (const core::Sighting& each : sightings) {
    if (each.series.empty()) return false;
    known.insert(each.remote_id);
  }
  std::set<std::string> ours;
  for (const core::Pair& pair : pairs) {
    known.insert(pair.remote_id);
    ours.insert(sighting_id(pair));
  }
  return std::none_of(sightings.begin(), sightings.end(), [&](const core::Sighting& each) {
    return known.contains(each.series) || ours.contains(each.remote_id);
  });
}

}  // namespace

/// Everything that the run is about, once: look there, then plan by plan.
Task<Execution::Round> Execution::play_pass() {
  if (!wants_pull() && !run_.plan_id.empty()) {
    Task<Round> playing = play_plan(run_.plan_id);
    const Round how = co_await playing;
    co_return how;
  }
  auto link = load_link(ports_, run_.connection_id, mapping_);
  if (!link) co_return react(link.error());
  if (std::optional<Round> ended = ready(*link)) co_return *ended;
  auto plans = plans_in_scope(*link);
  if (!plans) co_return react(plans.error());
  Round worst = Round::nothing_left;
  asked_ = false;
  if (!pulled_) {
    // What is in doubt is found out first: else our own new items would look like somebody's.
    auto intents = ports_.store.journal().open_intents(run_.connection_id);
    if (!intents) co_return react(intents.error());
    for (const std::string& plan : *plans) {
      const bool in_doubt = std::any_of(intents->begin(), intents->end(),
                                        [&](const auto& each) { return each.plan_id == plan; });
      if (!in_doubt) continue;
      Task<std::optional<Round>> settling = settle_doubts(plan);
      std::optional<Round> ended = co_await settling;
      if (ended) co_return *ended;
      if (stopped()) co_return Round::later;
    }
    Task<Round> pulling = pull(*link);
    const Round how = co_await pulling;
    if (how != Round::nothing_left) co_return how;
    pulled_ = true;
  }
  for (const std::string& plan : *plans) {
    auto settled = is_settled(*link, plan);
    if (!settled) co_return react(settled.error());
    if (*settled) continue;
    Task<Round> playing = play_plan(plan);
    const Round how = co_await playing;
    if (stopped() || how == Round::parked) co_return how;
    worst = std::max(worst, how);  // one plan's trouble is not the others'
  }
  if (run_.plan_id.empty() && worst < Round::stuck) {
    auto appeared = let_appear(*link);
    if (!appeared) co_return react(appeared.error());
    if (*appeared) co_return Round::again;
  }
  co_return worst;
}

/// Whether there is nothing to decide: nothing was seen there, and all else is as it was when
/// nothing was to be done.
Result<bool> Execution::is_settled(const Link& link, const std::string& plan_id) {
  if (!pulled_pairs_ || progress() > 0 || !given_up_.empty() || !lost_.empty() || !stale_.empty()) {
    return false;
  }
  auto sightings = ports_.store.sightings().of_connection(run_.connection_id);
  if (!sightings) return std::move(sightings).error();
  auto intents = ports_.store.journal().open_intents(run_.connection_id);
  if (!intents) return std::move(intents).error();
  auto plan = ports_.store.plans().find(plan_id);
  if (!plan) return std::move(plan).error();
  if (!intents->empty()) return false;
  if (!sightings->empty()) {
    auto pairs = ports_.store.pairs().of_connection(run_.connection_id);
    if (!pairs) return std::move(pairs).error();
    if (!all_wait(*sightings, *pairs)) return false;
  }
  const std::string state = state_digest(link, *plan, (*pulled_pairs_)[plan_id]);
  const auto items = settled_.items(run_.connection_id, plan_id, state);
  if (!items) return false;
  plan_id_ = plan_id;
  core::ChangeList nothing;
  nothing.unchanged = *items;
  count_wanted(nothing);
  return true;
}

/// A plan of which nothing is to be done, here or there.
void Execution::note_settled(const Snapshot& snapshot, const Wanted& wanted, std::int64_t items) {
  if (!wanted.parked.empty() || !given_up_.empty() || !lost_.empty()) return;
  if (!snapshot.sightings.empty()) return;
  const std::string pairs = pairs_digests(snapshot.pairs)[plan_id_];
  settled_.note(run_.connection_id, plan_id_, state_digest(snapshot, snapshot.plan, pairs), items);
}

/// That a plan was exported is told by its pairs (ports::Pairs::plans). Where nothing of it stands
/// there, a tombstone of the plan itself tells it: those of tasks do not live as long.
Status Execution::keep_exported(const Snapshot& snapshot, const Wanted& wanted) {
  const bool exported = run_.kind == core::RunKind::export_plan || !snapshot.pairs.empty();
  const bool stands =
      std::any_of(snapshot.pairs.begin(), snapshot.pairs.end(),
                  [](const core::Pair& pair) { return pair.state != core::PairState::tombstone; });
  core::Pair plan;
  plan.connection_id = run_.connection_id;
  plan.plan_id = plan_id_;
  plan.key = "plan:" + plan_id_;
  const bool ended_well = wanted.parked.empty() && given_up_.empty();
  if (!exported || !ended_well || stands || snapshot.plan.deleted_ms || snapshot.pair(plan.key)) {
    return {};
  }
  return save_run([&](ports::Changes& changes, core::Run&) {
    changes.push_back(ports::put(core::tombstone(plan, 0)));
  });
}

/// A plan's rounds until nothing can be done at once any more.
Task<Execution::Round> Execution::play_plan(std::string plan_id) {
  begin_plan(std::move(plan_id));
  for (int idle = 0; idle < options_.give_up_after;) {
    const std::int64_t before = progress();
    Task<Round> round = play_round();
    const Round how = co_await round;
    if (how != Round::again || stopped()) co_return how;
    idle = progress() > before ? 0 : idle + 1;
  }
  co_return Round::stuck;
}

void Execution::begin_plan(std::string plan_id) {
  plan_id_ = std::move(plan_id);
  appeared_.clear();
  target_misses_ = 0;
  stale_.clear();  // of another plan
  in_the_way_.clear();
  read_.clear();
  read_reset_.clear();
  for (const auto& [key, ignored] : attempted_) stale_.insert(key);
}

/// What the journal has open of a plan is found out, but for what is settled by writing. What
/// cannot be found out now is tried again with its plan, and keeps no other from being looked at.
Task<std::optional<Execution::Round>> Execution::settle_doubts(std::string plan_id) {
  begin_plan(std::move(plan_id));
  auto snapshot = load_snapshot(ports_, options_, run_.connection_id, plan_id_, mapping_);
  if (!snapshot) co_return react(snapshot.error());
  if (std::optional<Round> ended = ready(*snapshot)) co_return ended;
  auto intents = open_intents();
  if (!intents) co_return react(intents.error());
  take_repeatable(*intents, snapshot->connector->manifest());
  if (intents->empty()) co_return std::nullopt;
  Task<Status> recovering = recover(*snapshot, *std::move(intents));
  Status recovered = co_await recovering;
  if (exchange_->needs_reconnect()) co_return park(RunWait::reconnect);
  co_return std::nullopt;
}

/// The plans that a run is about.
Result<std::vector<std::string>> Execution::plans_in_scope(const Link& link) const {
  if (!run_.plan_id.empty()) return std::vector<std::string>{run_.plan_id};
  auto plans = ports_.store.pairs().plans(run_.connection_id);
  if (!plans) return plans;
  auto intents = ports_.store.journal().open_intents(run_.connection_id);
  if (!intents) return std::move(intents).error();
  for (const core::Intent& intent : *intents) {  // nobody may have got a pair yet
    if (std::find(plans->begin(), plans->end(), intent.plan_id) == plans->end()) {
      plans->push_back(intent.plan_id);
    }
  }
  if (adopts(*link.mapping)) {
    auto calendar = ports_.store.plans().find_external(link.account.id, core::kBuiltInPlan);
    if (calendar && std::find(plans->begin(), plans->end(), calendar->id) == plans->end()) {
      plans->push_back(calendar->id);
    }
  }
  std::erase_if(*plans, [&](const std::string& id) {
    const auto plan = ports_.store.plans().find(id);
    // (Who removed it has said what becomes of it there.)
    return !plan || (core::left_out(link.connection, id) && !plan->deleted_ms);
  });
  return plans;
}

/// A person may choose another place, or disconnect, while a run works: what was seen in the old
/// one is nothing of it, and nothing is to be begun in it.
Status Execution::check_place() const {
  auto now = ports_.store.connections().find(run_.connection_id);
  if (!now) return std::move(now).error();
  if (now->status == core::ConnectionStatus::disconnected) {
    return Error{Code::unavailable, "the connection was disconnected meanwhile", "disconnected"};
  }
  if (place_.empty() || now->target.id == place_) return {};
  return Error{Code::unavailable, "another place was chosen meanwhile", "place_changed"};
}

/// Whether the connection can be used; if not, how the round ends.
std::optional<Execution::Round> Execution::ready(const Link& link) {
  mapping_ = link.mapping;
  connection_rev_ = link.connection.rev;
  run_.script_revision = mapping_->revision();
  if (link.connection.status == core::ConnectionStatus::needs_reconnect) {
    return park(RunWait::reconnect);
  }
  if (link.connection.status == core::ConnectionStatus::disconnected) {
    fail({Code::forbidden, "the connection was disconnected", "disconnected"});
    return Round::failed;
  }
  const std::string before = std::exchange(place_, link.connection.target.id);
  if (!before.empty() && before != place_) {
    pulled_ = false;  // nobody has looked there yet
    pulled_pairs_.reset();
    return Round::later;
  }
  if (exchange_) return std::nullopt;
  const ports::Lane lane =
      run_.trigger == core::RunTrigger::user ? ports::Lane::interactive : ports::Lane::background;
  // Told on another thread, so it only says so; the run's record is this coroutine's own.
  const auto on_wait = [&publisher = ports_.publisher, id = run_.id, account = run_.account_id](
                           RunWait wait, core::Instant until_ms) {
    const core::JsonText told = wait_json(id, wait, until_ms);
    publisher.publish("run:" + id, "wait", told);
    publisher.publish("account:" + account, "wait", told);
  };
  exchange_ = std::make_unique<Exchange>(ports_, *link.connector, run_.connection_id, run_.id, lane,
                                         cancel_, on_wait);
  return std::nullopt;
}

/// Whether a container shall be made anew that a write did not find, and that nobody has looked for
/// since: it may only be out of our sight.
bool Execution::find_hidden(const Snapshot& snapshot, const core::ChangeList& changes) {
  bool found = false;
  for (const core::Action& action : changes.actions) {
    const ports::Kind* kind = snapshot.connector->manifest().kind(action.item_kind);
    const bool container = kind != nullptr && kind->container;
    if (action.kind != core::ActionKind::create || !container || !lost_.contains(action.key))
      continue;
    if (snapshot.sightings.contains(action.key) || !looked_for_.insert(action.key).second) continue;
    lost_.erase(action.key);  // the look tells
    found = true;
  }
  return found;
}

/// Whether a write would take along what people made there of single occurrences since the last
/// look (no version guards those: an occurrence has its own), or nobody has looked yet and what
/// shall be made may stand there already.
Result<bool> Execution::must_look_first(const Snapshot& snapshot, const core::ChangeList& changes) {
  if (!snapshot.pulls()) return false;
  if (find_hidden(snapshot, changes)) return true;
  if (pulled_) return false;
  const auto kinds = snapshot.mapping->kinds();
  const bool may_be_there =
      std::any_of(changes.actions.begin(), changes.actions.end(), [&](const core::Action& action) {
        const auto kind = kinds.find(action.item_kind);
        return action.kind == core::ActionKind::create && !action.base && kind != kinds.end() &&
               !kind->second.alike.empty();
      });
  if (may_be_there) {
    auto bookmarks = ports_.store.bookmarks().of_connection(run_.connection_id);
    if (!bookmarks) return std::move(bookmarks).error();
    if (bookmarks->empty()) return true;
  }
  return std::any_of(
      changes.actions.begin(), changes.actions.end(), [&](const core::Action& action) {
        const ports::Kind* kind = snapshot.connector->manifest().kind(action.item_kind);
        const bool drops = action.resets || action.kind == core::ActionKind::remove;
        return drops && kind != nullptr && kind->occurrences && is_series(*action.base);
      });
}

/// A look at all that is there, by a run that did not begin with one.
Task<Execution::Round> Execution::look_everywhere(const Link& link) {
  look_again_ = false;
  looks_everywhere_ = true;
  Task<Round> pulling = pull(link);
  const Round how = co_await pulling;
  pulled_ = how == Round::nothing_left;
  co_return pulled_ ? Round::again : how;
}

Task<Execution::Round> Execution::play_round() {
  auto loaded = load_snapshot(ports_, options_, run_.connection_id, plan_id_, mapping_);
  if (!loaded) co_return react(loaded.error());
  Snapshot snapshot = std::move(loaded).value();
  snapshot.writes = run_.kind == core::RunKind::export_plan ||
                    snapshot.connection.direction != core::Direction::pull ||
                    snapshot.plan.deleted_ms;  // a person said so, with the plan
  if (std::optional<Round> ended = ready(snapshot)) co_return *ended;
  if (snapshot.plan.deleted_ms && run_.kind == core::RunKind::export_plan) {
    fail({Code::not_found, "the plan was removed", "plan_removed"});
    co_return Round::failed;
  }
  auto intents = open_intents();
  if (!intents) co_return react(intents.error());
  std::vector<core::Intent> doubts = take_repeatable(*intents, snapshot.connector->manifest());
  doubts_.clear();
  for (const core::Intent& intent : doubts) doubts_.emplace(intent.once_key, intent.id);
  if (!intents->empty()) {
    Task<Status> recovering = recover(snapshot, std::move(*intents));
    Status recovered = co_await recovering;
    if (!recovered) co_return react(recovered.error());
    co_return Round::again;
  }
  if (!stale_.empty() || !in_the_way_.empty()) {
    Task<Status> looking = look_again(snapshot);
    Status looked = co_await looking;
    if (!looked) co_return react(looked.error());
    co_return Round::again;
  }

  auto wanted = map_plan(snapshot, options_);
  if (!wanted) {
    fail(wanted.error());
    co_return Round::failed;
  }
  Task<Result<bool>> settling = settle_repeatable(snapshot, *wanted, std::move(doubts));
  Result<bool> settled = co_await settling;
  if (!settled) co_return react(settled.error());
  if (*settled) co_return Round::again;
  for (const ports::ParkedItem& item : wanted->parked) {
    if (given_up_.emplace(item.key, item.error).second) park_item(item);
  }
  core::ChangeList changes = decide(snapshot, *wanted, lost_, options_, ports_.clock.now_ms());
  leave_out_given_up(snapshot, changes);
  const bool refused = changes.refuse && !changes.empty();
  if (refused && changes.refuse->reason == core::kContainerLost && !pulled_) {
    Task<Round> looking = look_everywhere(snapshot);  // it may be back, whatever was answered
    const Round how = co_await looking;
    co_return how;
  }
  if (refused && !approved(*changes.refuse)) {
    if (!asked_) {  // about one plan at a time: its yes must not be lost over the next question
      asked_ = true;
      run_.approved = false;
      run_.guard = guard_json(*changes.refuse, plan_id_, run_.script_revision);
    }
    co_return Round::asks;
  }
  if (run_.approved && !changes.refuse && is_about(run_.guard, plan_id_)) {
    run_.approved = false;  // what was approved is done; what is to be removed later asks anew
    was_approved_ = true;
    if (Status saved = save_run(); !saved) co_return react(saved.error());
  }
  if (changes.receive.empty()) {
    auto links = link_strangers(snapshot, changes);
    if (!links) co_return react(links.error());
    changes.receive = *std::move(links);
  }
  if (find_reset(snapshot, changes.receive)) co_return Round::again;
  if (!changes.receive.empty()) {
    Status received = receive(snapshot, changes.receive);
    if (!received) co_return react(received.error());
    co_return Round::again;
  }
  count_wanted(changes);
  if (changes.empty()) {
    if (Status kept = keep_exported(snapshot, *wanted); !kept) co_return react(kept.error());
    note_settled(snapshot, *wanted, changes.unchanged);
  }
  if (!snapshot.writes) {
    Status forgotten = forget_lost(snapshot, changes);
    co_return forgotten ? Round::nothing_left : react(forgotten.error());
  }
  if (changes.empty()) co_return Round::nothing_left;
  if (snapshot.connection.target.id.empty()) {
    Task<Status> targeting = ensure_target(snapshot, Target::may_make);
    Status found = co_await targeting;
    if (!found) co_return react(found.error());
    co_return Round::again;
  }

  if (find_unread(snapshot, changes)) co_return Round::again;
  Task<Result<bool>> resolving = resolve_ids(snapshot, changes);
  Result<bool> learnt = co_await resolving;
  if (!learnt) co_return react(learnt.error());
  auto unseen = must_look_first(snapshot, changes);
  if (!unseen) co_return react(unseen.error());
  if (std::exchange(look_around_, false) || *unseen) {
    Task<Round> looking = look_everywhere(snapshot);
    const Round how = co_await looking;
    co_return how;
  }
  if (look_again_) {
    look_again_ = false;
    co_return Round::again;
  }
  if (*learnt) {
    // The ids are part of what the writes say.
    changes = decide(snapshot, *wanted, lost_, options_, ports_.clock.now_ms());
    leave_out_given_up(snapshot, changes);
  }
  Task<Result<bool>> sparing = spare_containers(snapshot, changes);
  Result<bool> seen = co_await sparing;
  if (!seen) co_return react(seen.error());
  if (*seen) co_return Round::again;
  Task<Round> acting = act(snapshot, changes);
  const Round how = co_await acting;
  co_return how;
}

}  // namespace mortise::sync
