// Listings of tables, and rows by key.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "reading.hpp"
#include "replies.hpp"
#include "requests.hpp"
#include "table.hpp"

namespace notion {
namespace {

using mortise::Call;
using mortise::Code;
using mortise::Error;
using mortise::Item;
using mortise::ItemState;
using mortise::Reply;
using mortise::Request;
using mortise::Result;
using mortise::Status;
using mortise::Task;

/// Why rows are not read whose values have no place: read as they are, they would look cleared.
Error lacks(const std::vector<std::string>& columns) {
  std::string names;
  for (const std::string& name : columns) names += (names.empty() ? "\"" : ", \"") + name + "\"";
  return {Code::invalid,
          "a table lacks what was removed from it by hand: " + names +
              ". Restore it in Notion (the table's properties, deleted ones); until then edits in "
              "this table are not taken over"};
}

constexpr std::size_t kPage = 100;
constexpr std::size_t kSmallPage = 25;    // after a query that was too much for Notion
constexpr std::size_t kKeysAtOnce = 100;  // Notion's bound on a filter's entries

/// One listing of a table. Rows come in the order in which they were made, which edits do not
/// change while they are read; where Notion's ceiling ends a query, the next one begins with the
/// rows made since its last.
class RowListing {
 public:
  explicit RowListing(Call& call) : call_(call), tables_(call) {}

  Task<Status> run() {
    Task<Status> beginning = begin();
    const Status begun = co_await beginning;
    if (!begun) co_return begun.error();
    while (open_) {
      const Request request = query(at_.schema.source_id, query_rows(window_, cursor_, page_size_));
      const Reply reply = co_await call_.send(request);
      if (!reply.error && reply.status >= 500 && page_size_ != kSmallPage) {
        page_size_ = kSmallPage;
        continue;
      }
      if (!reply.error && reply.status == 404 && delta_) {
        co_return Error{Code::stale, "the table is another one than the cursor's"};
      }
      if (!reply.success()) co_return error_of(reply, "listing the table " + call_.container_id());
      Task<Status> taking = take(reply);
      const Status taken = co_await taking;
      if (!taken) co_return taken.error();
    }
    end();
    co_return Status();
  }

 private:
  Task<Status> begin() {
    delta_ = !call_.cursor().empty();
    if (delta_) {
      Result<TableCursor> read = read_table_cursor(call_.cursor());
      if (!read) co_return read.error();
      at_ = *std::move(read);
      window_.edited_from_ms = at_.from_ms();
      if (!at_.schema.columns.empty()) co_return Status();
    }
    Task<Result<Schema>> reading = tables_.columns_of_database(call_.container_id());
    Result<Schema> schema = co_await reading;
    if (!schema) co_return schema.error();
    if (delta_ && schema->source_id != at_.schema.source_id) {
      co_return Error{Code::stale, "the table is another one than the cursor's"};
    }
    at_.schema = *std::move(schema);
    columns_known_ = true;
    co_return check_whole();
  }

  Status check_whole() const {
    const std::vector<std::string> removed = at_.schema.removed_columns();
    return removed.empty() ? Status() : Status(lacks(removed));
  }

  Task<Status> take(const Reply& reply) {
    Result<Rows> rows = read_rows(reply.body);
    if (!rows) co_return rows.error();
    for (std::string& page : rows->pages) {
      Result<RowRead> row = read_row(page, &at_.schema);
      if (!row) co_return row.error();
      if (!seen_.insert(row->item.id).second) continue;
      if (row->item.state == ItemState::out_of_scope) {
        whole_ = false;  // Notion shows its id only
      } else {
        new_rows_ = true;
        highest_ms_ = std::max(highest_ms_, row->item.edited_ms);
        last_made_ms_ = row->created_ms;
        Task<Status> checking = check_columns(page);
        const Status checked = co_await checking;
        if (!checked) co_return checked.error();
      }
      const RowPlace place{call_.container_id(), ordinal_++};
      Task<Status> emitting =
          emit_row(call_, std::move(page), &at_.schema, place, RowState::judged);
      const Status emitted = co_await emitting;
      if (!emitted) co_return emitted.error();
    }
    go_on(*rows);
    co_return Status();
  }

  /// Columns that came or went since the cursor are read once more.
  Task<Status> check_columns(const std::string& page) {
    if (std::exchange(columns_known_, true)) co_return Status();
    if (schema_of_row(page, nullptr).has_columns_of(at_.schema)) co_return Status();
    const std::string source_id = at_.schema.source_id;
    Task<Result<const Schema*>> reading = tables_.columns(source_id);
    const Result<const Schema*> schema = co_await reading;
    if (!schema) co_return schema.error();
    if (*schema == nullptr) {
      co_return Error{Code::unavailable, "the table's columns cannot be read"};
    }
    at_.schema = **schema;
    co_return check_whole();
  }

  void go_on(const Rows& rows) {
    if (!rows.next.empty() && rows.next != cursor_) {
      cursor_ = rows.next;
      return;
    }
    // A cursor that leads nowhere new would never end; so would a ceiling without new rows.
    const bool more = rows.incomplete && new_rows_ && last_made_ms_ > 0;
    whole_ = whole_ && rows.next.empty() && (more || !rows.incomplete);
    open_ = more;
    cursor_.clear();
    window_.created_from_ms = last_made_ms_;
    new_rows_ = false;
  }

  void end() {
    if (whole_ && !delta_) call_.complete(call_.container_id());
    if (!whole_ && delta_) return;  // the next one begins where this one did
    // What was edited while this went on may have been read before: not beyond its beginning.
    at_.edited_ms = std::max(at_.edited_ms, std::min(highest_ms_, call_.now_ms()));
    at_.read_ms = call_.now_ms();
    call_.next_cursor(cursor_of(at_));
  }

  Call& call_;
  Tables tables_;
  TableCursor at_;
  Window window_;
  bool delta_ = false;
  bool columns_known_ = false;
  bool open_ = true;
  bool whole_ = true;
  bool new_rows_ = false;  ///< in this window
  std::string cursor_;
  std::size_t page_size_ = kPage;
  std::uint32_t ordinal_ = 0;
  std::int64_t highest_ms_ = 0;
  std::int64_t last_made_ms_ = 0;
  std::unordered_set<std::string> seen_;
};

}  // namespace

Task<Result<const Schema*>> Tables::columns(std::string source_id) {
  using Columns = Result<const Schema*>;
  if (source_id.empty()) co_return Columns(nullptr);
  if (const auto found = known_.find(source_id); found != known_.end()) {
    co_return Columns(&found->second);
  }
  const Request request = read("data_sources", source_id);
  const Reply reply = co_await call_.send(request);
  // Without its columns, what a row says of them would be read as cleared.
  if (!reply.success()) co_return Columns(error_of(reply, "reading the columns of a table"));
  Result<Schema> schema = read_schema(reply.body);
  if (!schema) co_return Columns(schema.error());
  co_return Columns(&known_.insert_or_assign(source_id, *std::move(schema)).first->second);
}

Task<Result<Schema>> Tables::columns_of_database(std::string database_id) {
  const Request request = read("databases", database_id);
  const Reply reply = co_await call_.send(request);
  if (!reply.success()) co_return error_of(reply, "reading the table " + database_id);
  const std::string source_id = read_source_id(reply.body);
  if (source_id.empty()) {
    co_return Error{Code::not_found, "the database shows no table to this connection"};
  }
  const Request asking = read("data_sources", source_id);
  const Reply told = co_await call_.send(asking);
  if (!told.success()) co_return error_of(told, "reading the columns of " + database_id);
  Result<Schema> schema = read_schema(told.body);
  co_return schema;
}

Task<Status> emit_row(Call& call, std::string page, const Schema* schema, RowPlace place,
                      RowState state) {
  Result<RowRead> row = read_row(page, schema);
  if (!row) co_return row.error();
  if (state == RowState::as_it_is && row->item.state == ItemState::out_of_scope) {
    co_return Error{Code::unavailable, "Notion does not show the row " + row->item.id};
  }
  // A page object shows only the beginning of a long text: the rest is read.
  const std::vector<std::string> cut = row->cut;
  const std::string version = row->item.version;
  for (const std::string& property_id : cut) {
    std::vector<std::string> parts;
    std::string cursor;
    do {
      const Request request = property(row->item.id, property_id, cursor);
      const Reply reply = co_await call.send(request);
      if (!reply.success()) co_return error_of(reply, "reading a long text of " + row->item.id);
      const Result<std::string> next = next_of_property(reply.body);
      if (!next) co_return next.error();
      if (!next->empty() && *next == cursor) {
        co_return Error{Code::unavailable, "a long text of " + row->item.id + " never ends"};
      }
      parts.push_back(reply.body);
      cursor = *next;
    } while (!cursor.empty());
    page = with_property(page, property_id, parts);
  }
  if (!cut.empty()) row = read_row(page, schema);
  if (!row) co_return row.error();
  row->item.version = version;
  if (!place.parent_id.empty()) row->item.parent_id = place.parent_id;
  row->item.ordinal = place.ordinal;
  const bool judged = state == RowState::judged && row->item.state == ItemState::present;
  if (judged && schema != nullptr && !schema->removed_columns().empty()) {
    row->item.state = ItemState::out_of_scope;
    row->item.fields.clear();
  }
  call.emit(row->item);
  co_return Status();
}

Task<Status> list_rows(Call& call) {
  RowListing listing(call);
  Task<Status> running = listing.run();
  Status status = co_await running;
  co_return status;
}

Task<Status> find_rows(Call& call) {
  if (call.container_id().empty() || call.ids().empty()) co_return Status();
  const std::string database_id = call.container_id();
  Tables tables(call);
  Task<Result<Schema>> reading = tables.columns_of_database(database_id);
  const Result<Schema> schema = co_await reading;
  if (!schema) co_return schema.error();
  const Column* key_column = schema->named(kKeyColumn);
  if (key_column == nullptr) co_return Status();
  const std::vector<std::string>& keys = call.ids();
  for (std::size_t begin = 0; begin < keys.size(); begin += kKeysAtOnce) {
    const auto first = keys.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::min(kKeysAtOnce, keys.size() - begin);
    const std::vector<std::string> some(first, first + static_cast<std::ptrdiff_t>(count));
    std::string cursor;
    do {
      const Request request = query(schema->source_id, query_keys(*key_column, some, cursor));
      const Reply reply = co_await call.send(request);
      if (!reply.success()) co_return error_of(reply, "looking for keys in " + database_id);
      Result<Rows> rows = read_rows(reply.body);
      if (!rows) co_return rows.error();
      for (std::string& page : rows->pages) {
        const RowPlace place{database_id, 0};
        Task<Status> emitting =
            emit_row(call, std::move(page), &*schema, place, RowState::as_it_is);
        const Status emitted = co_await emitting;
        if (!emitted) co_return emitted.error();
      }
      cursor = rows->next == cursor ? std::string() : rows->next;
    } while (!cursor.empty());
  }
  co_return Status();
}

}  // namespace notion
