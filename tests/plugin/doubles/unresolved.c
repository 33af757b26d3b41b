/* Needs a function that nobody has: must fail when it is opened, not when it is first called. */
#include "good.h"

int nobody_has_this(void);

static const mt_connector* create(const mt_host* host) {
  (void)host;
  return nobody_has_this() ? good_connector() : NULL;
}

GOOD_ENTRY(create);
