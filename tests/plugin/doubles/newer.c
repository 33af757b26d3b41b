/* Built against an invented 1.3: uses what 1.3 has where the host has it, and does without
 * elsewhere. */
#include "good.h"

static void newer_resume(mt_operation* operation, const mt_reply* const* replies,
                         size_t reply_count, mt_step* step) {
  (void)reply_count;
  const mt_sink* sink = operation->sink;
  mt_item item;
  memset(&item, 0, sizeof item);
  item.size = sizeof item;
  item.kind = good_text("thing");
  item.id = replies[0]->body;
  item.flavour = good_text("sweet");
  sink->item(sink->context, &item);
  if (MT_HAS(sink, note)) sink->note(sink->context, good_text("this host has notes"));
  if (MT_HAS(step, progress_percent)) step->progress_percent = 100;
  step->state = MT_STEP_DONE;
}

static const mt_connector* create(const mt_host* host) {
  (void)host;
  mt_connector* connector = good_connector();
  if (connector != NULL) connector->resume = newer_resume;
  return connector;
}

GOOD_ENTRY(create);
