// One epoch of one account: edits everywhere, then quiet, then the promises.
import { checkEchoes, checkStories, compare, fail } from './checks.mjs';
import { here } from './edits_here.mjs';
import { placesHere, placesThere } from './edits_places.mjs';
import { seriesHere, seriesThere } from './edits_series.mjs';
import { calendar, pagesOrRows } from './edits_there.mjs';
import { checkWholePage } from './guards.mjs';

const weights = (acts) => Object.fromEntries(Object.entries(acts).map(([name, [weight]]) => [name, weight]));
const acts = { here: { ...here, ...placesHere, ...seriesHere }, google: { ...calendar, ...seriesThere }, notion: { ...pagesOrRows, ...placesThere } };
const weightOf = Object.fromEntries(Object.entries(acts).map(([side, each]) => [side, weights(each)]));

/** What the tally counts: all that can be done. */
export const everyAct = Object.entries(weightOf).flatMap(([side, each]) => Object.keys(each).map((name) => `${side}.${name}`));

export function beginEpoch(m) {
  m.ledger.clear();
  m.began = Date.now();
  m.ledger.made = new Set();
  m.ledger.removals = 0;
  m.mishap = null;
  m.cameBack = false;  // what had been removed, or kept apart from its plan, may have been made anew
  m.unheard = null;  // a side of which nothing was taken over for a while
  m.positions = new Map(m.tasks.map((task) => [task.id, task.position]));
  m.series = m.tasks.filter((task) => task.recurrence?.length);
  m.underWay = new Set();  // series that the person at the calendar has edited
  m.mayRemove = (task) => {
    if (task.plan_id === m.plan.id && m.planTasks.length - m.ledger.removals < 8) return false;
    ++m.ledger.removals;
    return true;
  };
}

/** A task that this side still has; mostly one of a few, so that sides meet. */
function aTask(m, side) {
  const among = m.dice.chance(0.5) ? m.tasks.slice(0, 6) : m.tasks;
  const list = among.filter((task) => !m.ledger.isRemoved(task, side) && !task.recurrence?.length);
  return list.length > 0 ? m.dice.pick(list) : null;
}

/** Up to `count` edits on all sides that may edit, in batches: the app's one by one, a person's many in one call. Answers how many took effect. */
export async function edits(m, count, sides) {
  let steps = [];
  let done = 0;
  const sent = async () => {
    done -= await send(m, steps);
    steps = [];
  };
  for (let tries = 0; done < count && tries < count * 5; ++tries) {
    const side = m.dice.weighted(Object.fromEntries(sides.map((each) => [each, each === 'here' ? 4 : 3])));
    const name = m.dice.weighted(weightOf[side]);
    const task = aTask(m, side);
    if (!task) continue;
    const act = acts[side][name][1];
    m.target = task;
    if (side === 'here') {
      if (!await act(m, task)) continue;
    } else {
      const item = side === 'google' ? m.eventOf(task) : m.thingOf(task);
      const free = name === 'make' || Object.hasOwn(seriesThere, name);
      const step = item || free ? act(m, task, item) : null;
      if (!step) continue;
      steps.push(step);
      if (m.dice.chance(0.1)) await sent();
    }
    m.note(`${side}.${name} "${m.target.title}" ${m.target.id}`);
    m.count(`${side}.${name}`);
    ++done;
  }
  await sent();
  return done;
}

/** Carries a person's edits out, in one call, and notes what took effect. Answers how many did not. */
async function send(m, steps) {
  if (steps.length === 0) return 0;
  let refused = 0;
  const { results } = await m.world.simulator.set('POST', 'batch', { steps: steps.map((each) => each.step) });
  results.forEach(({ status, body }, i) => {
    const { task, side, means, removes, stranger, more } = steps[i];
    if (status >= 300 || body.status === 'cancelled' && !removes && means?.occurrences === undefined) {
      ++refused;
      m.note(`refused: ${JSON.stringify(steps[i].step)} ${JSON.stringify(body).slice(0, 200)}`);
      return;
    }
    if (stranger) m.strangers.add(body.id);
    if (!task) return;
    if (removes) m.ledger.remove(task, side);
    for (const [field, value] of Object.entries(means ?? {})) {
      m.ledger.edit(task, side, field, value, more);
      if (field === 'status' && m.shape.tier === 'free') m.unequal[side].add(task.id);
    }
  });
  return refused;
}

/** One look at each service, and what the chain between two needs. */
async function pass(m) {
  const order = m.google && m.notion ? ['google', 'notion', 'google'] : m.sides.filter((side) => side !== 'here');
  for (const side of order) {
    const run = await m.sync(m[side]);
    if (run.state !== 'succeeded') fail(`a sync of ${side} ended ${JSON.stringify(run)}`);
  }
}

/** The promises at the end of an epoch. `troubled`: something had failed, so that a second pass may be needed. */
export async function settle(m, { troubled, racing }) {
  await pass(m);
  if (racing) await m.quiet();
  await m.look();
  let differs = compare(m);
  if (differs && troubled) {
    await pass(m);
    await m.look();
    differs = compare(m);
  }
  if (differs) fail(differs);
  m.told = await m.newConflicts();
  checkStories(m, m.told, { racing });
  const lacks = checkWholePage(m);
  if (lacks) fail(lacks);
  await checkEchoes(m, m.told);
  m.removedBefore.push(...[...m.ledger.stories.values()].map((story) => story.task).filter((task) => !m.byId.has(task.id)));
  m.removedBefore.splice(0, m.removedBefore.length - 20);
}

/** Another look finds nothing to do. */
export async function assertQuiet(m) {
  for (const connection of m.connections) {
    const run = await m.sync(connection);
    if (run.state !== 'succeeded' || run.counts.writes > 0 || run.counts.received > 0) {
      const { items } = await m.ok('GET', `/v1/runs/${run.id}/items?limit=20`);
      fail(`quiet was not quiet: ${JSON.stringify(run)} ${JSON.stringify(items)}`);
    }
  }
}
