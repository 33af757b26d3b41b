/* Its create() fails. */
#include "good.h"

static const mt_connector* create(const mt_host* host) {
  (void)host;
  return NULL;
}

GOOD_ENTRY(create);
