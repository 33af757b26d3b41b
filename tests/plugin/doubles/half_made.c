/* Its connector has no resume(). */
#include "good.h"

static const mt_connector* create(const mt_host* host) {
  (void)host;
  static mt_connector connector;
  connector.size = sizeof connector;
  connector.begin = good_begin;
  connector.end = good_end;
  return &connector;
}

GOOD_ENTRY(create);
