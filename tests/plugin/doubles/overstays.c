/* Computes for ever so long in a step: call.container_id says how many milliseconds of CPU time. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "good.h"

static long long cpu_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static mt_operation* slow_begin(void* self, const mt_call* call, const mt_sink* sink,
                                mt_step* step) {
  char number[16] = {0};
  memcpy(number, call->container_id.data,
         call->container_id.size < sizeof number ? call->container_id.size : sizeof number - 1);
  const long long until = cpu_ms() + atoll(number);
  while (cpu_ms() < until) {
  }
  return good_begin(self, call, sink, step);
}

static const mt_connector* create(const mt_host* host) {
  (void)host;
  mt_connector* connector = good_connector();
  if (connector != NULL) connector->begin = slow_begin;
  return connector;
}

GOOD_ENTRY(create);
