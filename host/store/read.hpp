// select_one, select_all and select_page on a borrowed connection.
#pragma once

#include "store/query.hpp"
#include "store/readers.hpp"

namespace mortise::store {

template <class Record, class... Values>
Result<Record> read_one(const Reading& reading, std::string_view tail, const Values&... values) {
  auto loan = reading.readers.borrow();
  if (!loan) return loan.error();
  return select_one<Record>(loan->database(), reading.sealer, tail, values...);
}

template <class Record, class... Values>
Result<std::vector<Record>> read_all(const Reading& reading, std::string_view tail,
                                     const Values&... values) {
  auto loan = reading.readers.borrow();
  if (!loan) return loan.error();
  return select_all<Record>(loan->database(), reading.sealer, tail, values...);
}

template <class Record, class... Values>
Result<ports::Page<Record>> read_page(const Reading& reading, std::string_view where,
                                      const Sorting& sorting, const ports::PageRequest& request,
                                      const Values&... values) {
  auto loan = reading.readers.borrow();
  if (!loan) return loan.error();
  return select_page<Record>(loan->database(), reading.sealer, where, sorting, request, values...);
}

/// The first column of every row.
template <class... Values>
Result<std::vector<std::string>> read_texts(const Reading& reading, std::string_view sql,
                                            const Values&... values) {
  auto loan = reading.readers.borrow();
  if (!loan) return loan.error();
  auto statement = loan->database().prepare(sql);
  if (!statement) return statement.error();
  bind_all(*statement, values...);
  std::vector<std::string> texts;
  for (;;) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return texts;
    texts.emplace_back(statement->text(0));
  }
}

}  // namespace mortise::store
