// A statement without rows.
#pragma once

#include <string_view>

#include "store/query.hpp"

namespace mortise::store {

/// Runs `sql` with parameters ?1, ?2 ... that are `values`.
template <class... Values>
Status execute(Database& database, std::string_view sql, const Values&... values) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  bind_all(*statement, values...);
  const auto done = statement->step();
  return done ? Status{} : Status{done.error()};
}

}  // namespace mortise::store
