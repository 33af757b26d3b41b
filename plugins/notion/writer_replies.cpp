// What the answers to a batch's requests mean: outcomes, ids of new containers, simpler requests
// where Notion refused one.
#include <utility>

#include "writer.hpp"

namespace notion {
namespace {

using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Outcome;
using mortise::Reply;
using mortise::Result;
using mortise::Status;
using mortise::Write;
using mortise::WriteResult;

bool makes(const Job& job) {
  return job.kind != Job::Kind::update && job.kind != Job::Kind::update_columns &&
         job.kind != Job::Kind::remove;
}

/// Nothing that is sent now would fare better.
bool hopeless(const Verdict& verdict, const Reply& reply) {
  const Code code = verdict.error.code;
  return code == Code::unauthenticated || code == Code::rate_limited || code == Code::cancelled ||
         (reply.error && !reply.maybe_sent);
}

std::string doing(const Job& job, const std::vector<Write>& writes) {
  switch (job.kind) {
    case Job::Kind::append:
      return "adding " + writes[job.tops.front().write].key;
    case Job::Kind::update:
    case Job::Kind::update_columns:
      return "changing " + writes[job.write].key;
    case Job::Kind::remove:
      return "removing " + writes[job.write].key;
    default:
      return "making " + writes[job.write].key;
  }
}

Outcome outcome_of(std::uint32_t write, const Item& item) {
  Outcome outcome = Outcome::done(write, item.id);
  outcome.parent_id = item.parent_id;
  outcome.memo = item.memo;
  outcome.version = item.version;
  outcome.url = item.url;
  if (item.fields != "{}") outcome.fields = item.fields;
  return outcome;
}

/// Notion says it is about this member of the body.
bool mentions(const Verdict& verdict, std::string_view word) {
  return verdict.error.message.find(word) != std::string::npos;
}

}  // namespace

void Writer::settle(Sent& sent, const Reply& reply) {
  if (sent.asks != Asks::job) return learn(sent, reply);
  const Job& job = sent.job;
  const Verdict verdict = judge_write(reply, doing(job, call_.writes()));
  if (verdict.kind == Verdict::Kind::refused) {
    if (simplify(sent.track, sent.job, verdict, reply)) return;
    stopped_ = stopped_ || hopeless(verdict, reply);
    return refuse(tracks_[sent.track], job, verdict);
  }
  Track& track = tracks_[sent.track];
  if (verdict.kind == Verdict::Kind::uncertain) {
    report_all(job, Outcome::uncertain(0, verdict.error));
    track.stopped =
        track.stopped || track.lane.in_order;  // what follows waits for what is in doubt
    return;
  }
  switch (job.kind) {
    case Job::Kind::make_page:
      return made_page(track, job, verdict, reply);
    case Job::Kind::make_database:
      return made_database(track, job, verdict, reply);
    case Job::Kind::make_row:
      return made_row(track, job, verdict, reply);
    case Job::Kind::append:
      return appended(track, job, verdict, reply);
    default:
      return changed(track, job, verdict, reply);
  }
}

void Writer::learn(Sent& sent, const Reply& reply) {
  Track& track = tracks_[sent.track];
  const Status learned = reply.success()
                             ? learn_what_was_asked(track, sent.asks, reply)
                             : error_of(reply, "reading before " + doing(sent.job, call_.writes()));
  if (learned) return;
  const Verdict verdict{Verdict::Kind::refused, learned.error()};
  stopped_ = stopped_ || hopeless(verdict, reply);
  Job job = std::move(track.lane.jobs.front());
  track.lane.jobs.pop_front();
  refuse(track, job, verdict);
  track.stopped = true;
}

Status Writer::learn_what_was_asked(Track& track, Asks asks, const Reply& reply) {
  switch (asks) {
    case Asks::guard:
      return check_version(track, reply);
    case Asks::front: {
      Result<FirstChild> first = read_first_child(reply.body);
      if (!first) return first.error();
      track.front = *std::move(first);
      track.looked = true;
      return {};
    }
    case Asks::database:
      track.schema.source_id = read_source_id(reply.body);
      if (!track.schema.source_id.empty()) return {};
      return Error{Code::not_found, "the database shows no table to this connection"};
    case Asks::source:
    case Asks::key_column: {
      track.keyed = track.keyed || asks == Asks::key_column;
      Result<Schema> schema = read_schema(reply.body);
      if (!schema) return schema.error();
      track.schema = *std::move(schema);
      return {};
    }
    default:
      track.schema = called_as_in(track.known, schema_of_row(reply.body, nullptr));
      if (!track.schema.columns.empty()) return {};
      return Error{Code::conflict, "Notion shows no properties of this row"};
  }
}

Status Writer::check_version(Track& track, const Reply& reply) {
  const Job& job = track.lane.jobs.front();
  const Write& wanted = write(job.write);
  const std::string what = doing(job, call_.writes());
  Result<Item> item = item_in(wanted, track.schema, reply.body);
  if (!item) return item.error();
  if (item->state == ItemState::deleted) {
    return Error{Code::not_found, what + ": it lies in Notion's trash"};
  }
  if (item->version.empty()) {
    return Error{Code::conflict, what + ": Notion does not show it as what it was"};
  }
  if (item->version != wanted.if_version) {
    return Error{Code::conflict, what + ": it was edited in Notion since it was last read"};
  }
  track.guarded = true;
  track.before = std::move(item->fields);
  if (wanted.kind == "todo") track.shown = reply.body;
  if (wanted.kind == "row" && track.schema.columns.empty()) {
    track.schema = schema_of_row(reply.body, nullptr);
  }
  return {};
}

/// The item in an answer about one thing; without a version if it is of another kind now, or not
/// shown.
Result<Item> Writer::item_in(const Write& write, const Schema& schema,
                             const std::string& body) const {
  if (write.kind == "database") return read_database(body);
  if (write.kind == "page") {
    Result<PageRead> page = read_page(body);
    if (!page) return page.error();
    return std::move(page->item);
  }
  if (write.kind == "row") {
    Result<RowRead> row = read_row(body, &schema);
    if (!row) return row.error();
    if (!row->cut.empty()) row->item.fields.clear();  // they are not all of it
    return std::move(row->item);
  }
  Result<BlockRead> block = read_block(body);
  if (!block) return block.error();
  if (block->item.kind != write.kind) block->item.version.clear();
  return std::move(block->item);
}

void Writer::made_page(Track& track, const Job& job, const Verdict& verdict, const Reply& reply) {
  Item item;
  item.id = verdict.id;
  if (verdict.kind == Verdict::Kind::done) {
    Result<PageRead> page = read_page(reply.body);
    if (!page) {
      report_all(job, Outcome::uncertain(0, page.error()));
      track.stopped = true;
      return;
    }
    item = std::move(page->item);
  }
  track.last_id = item.id;
  item.parent_id = track.lane.container_id;
  report_done(job.write, item, track.made++);
  std::uint32_t ordinal = 0;
  for (const Top& top : job.tops) {
    report(Outcome::created_id_unknown(top.write, item.id, ordinal++));
    std::uint32_t inside = 0;
    for (const std::uint32_t todo : top.nested) {
      report(Outcome::created_id_unknown(todo, {}, inside++));
    }
  }
  container_made(job.write, item.id, ordinal);
}

void Writer::made_database(Track& track, const Job& job, const Verdict& verdict,
                           const Reply& reply) {
  Item item;
  item.id = verdict.id;
  std::string source_id;
  if (verdict.kind == Verdict::Kind::done) {
    Result<Item> database = read_database(reply.body);
    if (!database) {
      report_all(job, Outcome::uncertain(0, database.error()));
      track.stopped = true;
      return;
    }
    item = *std::move(database);
    source_id = read_source_id(reply.body);
  }
  item.parent_id = track.lane.container_id;
  item.memo = memo_of_source(source_id);
  track.last_id = item.id;
  report_done(job.write, item, track.made++);
  container_made(job.write, item.id, 0);
  const auto rows = track_of_.find(job.write);
  if (rows == track_of_.end() || source_id.empty()) return;  // else it is looked up
  const StatusAs status = job.select_for_status ? StatusAs::select : StatusAs::status;
  tracks_[rows->second].schema = schema_of(write(job.write).fields, status);
  tracks_[rows->second].schema.source_id = source_id;
}

void Writer::made_row(Track& track, const Job& job, const Verdict& verdict, const Reply& reply) {
  Item item;
  item.id = verdict.id;
  if (verdict.kind == Verdict::Kind::done) {
    Result<RowRead> row = read_row(reply.body, &track.schema);
    if (!row) return report_all(job, Outcome::uncertain(0, row.error()));
    item = std::move(row->item);
    if (!row->cut.empty()) item.fields.clear();
  }
  item.parent_id = track.lane.container_id;
  report_done(job.write, item, track.made++);
}

void Writer::appended(Track& track, const Job& job, const Verdict& verdict, const Reply& reply) {
  std::vector<Item> items;
  if (verdict.kind == Verdict::Kind::committed) {
    for (const std::string& id : verdict.child_ids) items.emplace_back().id = id;
  } else {
    Result<std::vector<Item>> read = read_appended(reply.body, track.lane.container_id);
    if (read) items = *std::move(read);
  }
  if (items.size() != job.tops.size()) {
    const Error error{Code::unavailable, "Notion did not say which blocks it made"};
    report_all(job, Outcome::uncertain(0, error));
    track.stopped = true;
    return;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Top& top = job.tops[i];
    items[i].parent_id = track.lane.container_id;
    if (items[i].id.empty()) {
      report(Outcome::created_id_unknown(top.write, items[i].parent_id, track.made++));
    } else {
      report_done(top.write, items[i], track.made++);
      track.last_id = items[i].id;
    }
    std::uint32_t inside = 0;
    for (const std::uint32_t todo : top.nested) {
      report(Outcome::created_id_unknown(todo, items[i].id, inside++));
    }
    container_made(top.write, items[i].id, inside);
  }
}

void Writer::changed(Track& track, const Job& job, const Verdict& verdict, const Reply& reply) {
  if (job.kind == Job::Kind::update_columns && !track.lane.jobs.empty()) return;  // half of it
  if (job.kind == Job::Kind::update_columns) return report_untouched(job.write);
  const Write& wanted = write(job.write);
  Outcome outcome = Outcome::done(job.write, wanted.id);
  const bool shown = verdict.kind == Verdict::Kind::done && job.kind == Job::Kind::update;
  Result<Item> item = shown ? item_in(wanted, track.schema, reply.body)
                            : Result<Item>(Error{Code::unavailable, "not shown"});
  if (item && !item->version.empty()) {
    outcome.version = std::move(item->version);
    outcome.memo = std::move(item->memo);
    outcome.fields = std::move(item->fields);
    const std::string agreed = without_others_edits(wanted, track.before, outcome.fields);
    if (agreed != outcome.fields) {
      // Somebody was faster than this write: the next one, and the next listing, find it out.
      outcome.fields = agreed;
      outcome.version = wanted.if_version;
    }
  }
  report(std::move(outcome));
}

/// Tries again in a simpler form what Notion refused because of its body. False: it is final.
bool Writer::simplify(std::size_t index, Job& job, const Verdict& verdict, const Reply& reply) {
  const auto again = [&] {
    tracks_[index].lane.jobs.push_front(std::move(job));
    return true;
  };
  // The sibling may stand elsewhere by now, or be gone; Notion's words for that are no contract.
  const bool placed = (job.kind == Job::Kind::make_page || job.kind == Job::Kind::append) &&
                      !position(tracks_[index], job, "start").empty();
  if (placed && !reply.error && (reply.status == 400 || reply.status == 404)) {
    job.left_out = std::exchange(job.place, {});
    return again();
  }
  if (!verdict.validation) return false;
  if (job.left_out.at != Place::At::end) job.place = std::exchange(job.left_out, {});  // not that
  if (job.kind == Job::Kind::make_page && !job.without_icon && mentions(verdict, "icon")) {
    job.without_icon = true;
    return again();
  }
  const bool has_columns =
      job.kind == Job::Kind::make_database || job.kind == Job::Kind::update_columns;
  if (has_columns && !job.select_for_status && has_status_column(write(job.write).fields)) {
    job.select_for_status = true;
    return again();
  }
  const bool row = job.kind == Job::Kind::make_row ||
                   (job.kind == Job::Kind::update && write(job.write).kind == "row");
  if (row && !job.schema_reloaded) {
    job.schema_reloaded = true;
    tracks_[index].known = tracks_[index].schema;  // what we call those that were renamed
    tracks_[index].schema.columns.clear();
    return again();
  }
  return split(index, job);
}

/// One bad block must not keep the others out: the request is parted until it stands alone.
bool Writer::split(std::size_t index, Job& job) {
  if (job.kind == Job::Kind::make_page && !job.tops.empty()) {
    Job rest;
    rest.tops = std::move(job.tops);
    job.tops.clear();
    tracks_[lane_of(job.write)].lane.jobs.push_front(std::move(rest));
  } else if (job.kind == Job::Kind::append && job.tops.size() > 1) {
    Job second;
    const auto middle = job.tops.begin() + static_cast<std::ptrdiff_t>(job.tops.size() / 2);
    second.tops.assign(std::make_move_iterator(middle), std::make_move_iterator(job.tops.end()));
    job.tops.erase(middle, job.tops.end());
    if (job.place.at != Place::At::end) second.place = {Place::At::after_last, job.place.id};
    tracks_[index].lane.jobs.push_front(std::move(second));
  } else if (job.kind == Job::Kind::append && !job.tops.front().nested.empty()) {
    Job inside;
    for (const std::uint32_t todo : job.tops.front().nested) inside.tops.push_back({todo, {}});
    job.tops.front().nested.clear();
    tracks_[lane_of(job.tops.front().write)].lane.jobs.push_front(std::move(inside));
  } else {
    return false;
  }
  tracks_[index].lane.jobs.push_front(std::move(job));
  return true;
}

void Writer::refuse(Track& track, const Job& job, const Verdict& verdict) {
  Error error = verdict.error;
  if (error.message.empty()) error.message = "Notion could not be reached";
  if (job.kind == Job::Kind::remove && error.code == Code::not_found) {
    return report(Outcome::done(job.write, write(job.write).id));  // gone is what was wanted
  }
  if (job.write != kNone) {
    report(Outcome::failed(job.write, error));
  } else {
    report_all(job, Outcome::failed(0, error));
  }
  const bool own_fault = verdict.validation || error.code == Code::invalid;
  const bool alone = !track.lane.in_order && verdict.busy;
  if (!own_fault && !alone) track.stopped = true;
  if (verdict.no_more_rows) fail_rest(track, error);
  if (!verdict.no_more_blocks) return;
  for (Track& each : tracks_) {
    if (!each.lane.jobs.empty() && makes(each.lane.jobs.front())) fail_rest(each, error);
  }
  for (const std::uint32_t carried_too : carried(job)) report(Outcome::failed(carried_too, error));
}

void Writer::fail_rest(Track& track, const Error& error) {
  track.stopped = true;
  for (const Job& job : track.lane.jobs) report_all(job, Outcome::failed(0, error));
}

std::size_t Writer::lane_of(std::uint32_t maker) {
  const auto [found, fresh] = track_of_.try_emplace(maker, tracks_.size());
  if (fresh) tracks_.push_back({{{}, maker, true, {}}});
  return found->second;
}

void Writer::container_made(std::uint32_t maker, const std::string& id, std::uint32_t siblings) {
  const auto found = track_of_.find(maker);
  if (found == track_of_.end()) return;
  tracks_[found->second].lane.container_id = id;
  tracks_[found->second].made = siblings;
}

void Writer::report_done(std::uint32_t write, const Item& item, std::uint32_t ordinal) {
  Outcome outcome = outcome_of(write, item);
  outcome.ordinal = ordinal;
  report(std::move(outcome));
}

}  // namespace notion
