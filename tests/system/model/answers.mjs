// A mishap from beginning to end: it strikes while people edit, nobody answers, then somebody does, and each answer
// keeps its promise. What follows (all sides equal, no edit lost) is what every epoch asks.
import { fail } from './checks.mjs';
import { asks, comesBack, expectQuestions, lookUnanswered } from './guards.mjs';
import { mishaps } from './mishaps.mjs';
import { aDay } from './times.mjs';

const keepsHere = ['mass_removal_here', 'remote_empty', 'container_lost'];

/** One mishap after another, in any order, so that all come up soon; those that cannot be now later. */
function next(m) {
  for (let tries = 0; tries < 5; ++tries) {
    if (!m.mishapsLeft?.length) m.mishapsLeft = m.sides.flatMap((side) => Object.entries(mishaps[side === 'notion' ? m.shape.layout : side]));
    const [[name, happen]] = m.mishapsLeft.splice(m.dice.below(m.mishapsLeft.length), 1);
    const mishap = happen(m);
    if (mishap?.tasks.length > 0) return [name, mishap];
  }
  return [];
}

/** Something happens to an account; it is looked at twice and nobody answers. */
export async function strike(m) {
  const [name, mishap] = next(m);
  m.mishap = mishap;
  if (!mishap) return;
  m.cameBack = true;
  const { side } = mishap;
  m.count(name);
  m.note(`mishap: ${name}: ${mishap.tasks.map((task) => `"${task.title}" ${task.id}`).join(', ')}`);
  mishap.connections = side === 'here' ? m.connections : [m[side]];
  for (const task of mishap.tasks) m.ledger.remove(task, side);
  expectQuestions(m);
  await mishap.act();
  await lookUnanswered(m);
  mishap.asked = await lookUnanswered(m);
  for (const story of m.ledger.stories.values()) story.mayReturn ||= story.removed.has(side) && comesBack(m);
}

/** Somebody answers, if they were asked. */
export async function answer(m) {
  const { mishap } = m;
  if (!mishap?.connections) return;
  const words = ['approve', 'discard', ...(mishap.undo && mishap.side !== 'here' && await nothingFollowed(m) ? ['undo'] : [])];
  const word = mishap.asked ? m.dice.pick(words) : 'nobody asked';
  m.count(`answer: ${word}`);
  m.note(`answer: ${word}`);
  if (word === 'undo') await undo(m);
  if (word === 'discard') await (mishap.side === 'here' ? discardThere : discardHere)(m);
  for (const connection of mishap.connections) await m.sync(connection);
  await m.quiet();
  // What stays hidden is nobody's business any more.
  if (word !== 'undo') for (const id of mishap.hidden ?? []) await m.world.simulator.set('POST', 'notion/trash', { id });
  await refill(m);
}

/** The question was about what the mishap hit, and nothing of it has been taken over. */
async function nothingFollowed(m) {
  const tasks = (await Promise.all([m.plan, m.calendar].map((plan) => m.tasksOf(plan)))).flat();
  const alive = new Set(tasks.map((task) => task.id));
  return m.mishap.tasks.every((task) => alive.has(task.id) || m.ledger.isRemoved(task, 'here'));
}

/** Whoever did it takes it back: there is nothing to ask any more. */
async function undo(m) {
  await m.mishap.undo();
  for (const task of m.mishap.tasks) m.ledger.of(task).removed.delete(m.mishap.side);
}

/** The tasks stay here, and stand there again. What else a person did there to what was gone is gone, too. */
async function discardHere(m) {
  const { side, connections: [connection] } = m.mishap;
  for (let run = await m.begin(connection); asks(run); run = await m.begin(connection)) {
    const discards = keepsHere.includes(run.guard.reason);
    await m.answer(run, discards ? 'discard' : 'approve');
    if (!discards) continue;
    for (const story of m.ledger.stories.values()) {
      if (story.task.plan_id !== run.guard.plan_id || !story.removed.delete(side)) continue;
      story.edits = story.edits.filter((each) => each.side !== side);
    }
  }
}

/** The items stay there, and the next sync asks again; then somebody brings the tasks back, or gives in. */
async function discardThere(m) {
  for (const connection of m.mishap.connections) {
    const run = await m.begin(connection);
    if (!asks(run) || keepsHere.includes(run.guard.reason)) continue;
    const answered = await m.answer(run, 'discard');
    if (answered && answered.state !== 'cancelled') fail(`discarded, and not over: ${JSON.stringify(answered)}`);
  }
  await lookUnanswered(m);
  if (m.dice.chance(0.5)) return;
  m.note('and brought back');
  await undo(m);
}

/** A plan that was emptied gets tasks again. */
async function refill(m) {
  const weeks = m.plan.modules.flatMap((module) => module.weeks);
  for (let count = (await m.tasksOf(m.plan)).length; count < 14; ++count) {
    const schedule = { kind: 'all_day', start: aDay(m.dice) };
    const task = await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: m.word('more'), week_id: m.dice.pick(weeks).id, schedule });
    m.ledger.made.add(task.id);
  }
}
