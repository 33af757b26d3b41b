// Between records and rows. A record says its columns once (tables.hpp), as a function that hands
// each column's name and field to a visitor; the visitors here list the names, bind the values and
// read them back, so that writing and reading cannot drift apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <mortise/result.hpp>

#include "core/names.hpp"
#include "core/secret.hpp"
#include "store/database.hpp"
#include "store/json_columns.hpp"
#include "store/seal.hpp"

namespace mortise::store {

/// How a column takes part.
enum class Role : std::uint8_t {
  plain,
  computed,  ///< set by the store with other statements; read only
};

class ColumnNames {
 public:
  template <class Field>
  void operator()(std::string_view name, const Field&, Role role = Role::plain) {
    if (role == Role::plain) written.push_back(name);
    all.push_back(name);
  }
  void bytes(std::string_view name, const std::string& field) { (*this)(name, field); }
  void revision(const std::int64_t& rev) { (*this)("rev", rev); }
  void sealed(std::string_view name, const core::Secret& secret, const std::string&) {
    (*this)(name, secret);
  }

  std::vector<std::string_view> all;      ///< in SELECT order
  std::vector<std::string_view> written;  ///< in parameter order
};

/// Binds a record to parameters 1, 2, 3 ... in the order of ColumnNames::written. The record must
/// live until the statement goes.
class RowWriter {
 public:
  RowWriter(Statement& statement, const Sealer& sealer, std::string_view table)
      : statement_(statement), sealer_(sealer), table_(table) {}

  template <class Field>
  void operator()(std::string_view, const Field& field, Role role = Role::plain) {
    if (role == Role::computed) return;
    ++parameter_;
    bind(field);
  }
  void bytes(std::string_view, const std::string& field) {
    statement_.bind_blob(++parameter_, field);
  }
  /// Every write moves the revision by one.
  void revision(std::int64_t rev) { statement_.bind_integer(++parameter_, rev + 1); }
  void sealed(std::string_view column, const core::Secret& secret, const std::string& row) {
    ++parameter_;
    const auto seal = sealer_.seal(secret, Place{table_, column, row});
    if (!seal) return fail(seal.error());
    statement_.bind_blob_copy(parameter_, *seal);
  }

  int parameters() const { return parameter_; }
  const Status& status() const { return status_; }

 private:
  void bind(const std::string& text) { statement_.bind_text(parameter_, text); }
  void bind(std::int64_t number) { statement_.bind_integer(parameter_, number); }
  void bind(int number) { statement_.bind_integer(parameter_, number); }
  void bind(bool flag) { statement_.bind_integer(parameter_, flag ? 1 : 0); }
  void bind(const std::optional<std::int64_t>& number) {
    if (number) {
      statement_.bind_integer(parameter_, *number);
    } else {
      statement_.bind_null(parameter_);
    }
  }
  template <class Enum>
  std::enable_if_t<std::is_enum_v<Enum>> bind(Enum value) {
    const std::string_view name = core::name_of(value);
    if (name.empty()) return fail({Code::internal, "store: a value outside its enum"});
    statement_.bind_text(parameter_, name);
  }
  template <class Item>
  void bind(const std::vector<Item>& list) {
    const auto text = to_column(list);
    if (!text) return fail(text.error());
    statement_.bind_text_copy(parameter_, *text);
  }
  void fail(Error error) {
    if (status_) status_ = std::move(error);
  }

  Statement& statement_;
  const Sealer& sealer_;
  std::string_view table_;
  int parameter_ = 0;
  Status status_;
};

/// Reads a record from columns 0, 1, 2 ... in the order of ColumnNames::all.
class RowReader {
 public:
  RowReader(const Statement& statement, const Sealer& sealer, std::string_view table)
      : statement_(statement), sealer_(sealer), table_(table) {}

  template <class Field>
  void operator()(std::string_view name, Field& field, Role = Role::plain) {
    read(name, field);
    ++column_;
  }
  void bytes(std::string_view, std::string& field) { field = statement_.blob(column_++); }
  void revision(std::int64_t& rev) { rev = statement_.integer(column_++); }
  /// `row` must have been read before: its column comes first.
  void sealed(std::string_view column, core::Secret& secret, const std::string& row) {
    auto opened = sealer_.open(statement_.blob(column_++), Place{table_, column, row});
    if (!opened) return fail(opened.error());
    secret = std::move(*opened);
  }

  int columns() const { return column_; }
  const Status& status() const { return status_; }

 private:
  void read(std::string_view, std::string& text) { text = statement_.text(column_); }
  void read(std::string_view, std::int64_t& number) { number = statement_.integer(column_); }
  void read(std::string_view, int& number) {
    number = static_cast<int>(statement_.integer(column_));
  }
  void read(std::string_view, bool& flag) { flag = statement_.integer(column_) != 0; }
  void read(std::string_view, std::optional<std::int64_t>& number) {
    number.reset();
    if (!statement_.is_null(column_)) number = statement_.integer(column_);
  }
  template <class Enum>
  std::enable_if_t<std::is_enum_v<Enum>> read(std::string_view name, Enum& value) {
    const auto known = core::from_name<Enum>(statement_.text(column_));
    if (!known) {
      return fail({Code::internal, "store: column " + std::string(table_) + "." +
                                       std::string(name) + " holds an unknown word"});
    }
    value = *known;
  }
  template <class Item>
  void read(std::string_view, std::vector<Item>& list) {
    if (auto status = from_column(statement_.text(column_), list); !status) fail(status.error());
  }
  void fail(Error error) {
    if (status_) status_ = std::move(error);
  }

  const Statement& statement_;
  const Sealer& sealer_;
  std::string_view table_;
  int column_ = 0;
  Status status_;
};

}  // namespace mortise::store
