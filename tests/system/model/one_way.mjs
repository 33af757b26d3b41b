// A connection that carries changes one way only, for an epoch, and then both ways again (docs/architecture.md: `push` pulls
// nothing, `pull` writes nothing).
import { fail } from './checks.mjs';
import { standing } from './mishaps.mjs';
import { eventSeen, inCalendar, thingSeen } from './sides.mjs';

/** Ids of what stands at a service, with all that it says of itself. */
const all = (m, side) => new Map((side === 'google' ? m.events : m.found).map((each) => [each.id, JSON.stringify(each)]));

/** What a person at a service can change of a task. */
const said = (task) => task && JSON.stringify(['title', 'status', 'notes', 'link', 'due', 'duration_s', 'schedule', 'recurrence', 'overrides'].map((field) => task[field] ?? null));

/** The tasks that only this side, or nobody, has touched, and that others were not put beside. */
function untouched(m, side, tasks) {
  return tasks.filter((task) => {
    const story = m.ledger.stories.get(task.id);
    const alone = [...story?.sides ?? []].every((each) => each === side) && !story?.spreads;
    return alone && (!m.byId.has(task.id) || m.positions.get(task.id) === m.byId.get(task.id).position);
  });
}

/** One connection of an account goes one way while all sides are looked at, and what that promises is so. */
export async function goOneWay(m) {
  if (m.lively) return;  // what is edited has travelled by now
  const side = m.dice.pick(m.sides.slice(1));
  const direction = m.dice.pick(['push', 'pull']);
  const connection = m[side];
  const before = { tasks: m.tasks, items: standing(m, side) };
  m.note(`${side} goes one way: ${direction}`);
  m.count(`one way: ${direction}`);
  await m.lookThere();
  const found = all(m, side);
  m.onlyRead = direction === 'pull' ? connection.id : null;
  await m.ok('PATCH', `/v1/connections/${connection.id}`, { direction });
  await m.quiet();
  const runs = [];
  for (const each of [connection, ...m.connections.filter((other) => other !== connection), connection]) {
    const run = await m.sync(each);
    if (run.state !== 'succeeded' && !(direction === 'push' && await isAboutSeries(m, run))) fail(`a sync while ${side} goes one way (${direction}) ended ${JSON.stringify(run)}`);
    if (each === connection) runs.push(run);
  }
  await m.look();
  if (direction === 'push') {
    m.unheard = side;
    checkPush(m, side, before, found, runs);
  } else {
    checkPull(m, side, found, runs);
  }
  m.onlyRead = null;
  await m.ok('PATCH', `/v1/connections/${connection.id}`, { direction: null });
}

/** Whether all that a run could not write are occurrences that a person's change of their series there has left no place for. */
async function isAboutSeries(m, run) {
  const { items } = await m.ok('GET', `/v1/runs/${run.id}/items?result=failed&limit=200`);
  const cut = ({ key }) => m.ledger.stories.get(key.slice(5).split('/')[0])?.lastly('google', 'occurrences');
  return run.state === 'partial' && items.length === run.counts.failed &&
    items.every((each) => each.error.message.includes('its series has no occurrence at') && cut(each));
}

/** Nothing comes here, and what is edited here stands there, whatever a person has typed. */
function checkPush(m, side, before, found, runs) {
  for (const run of runs) if (run.counts.received > 0) fail(`${side} only takes, and this was received: ${JSON.stringify(run)}`);
  const there = all(m, side);
  const alone = new Set(untouched(m, side, before.tasks));
  for (const task of alone) {
    if (said(m.byId.get(task.id)) !== said(task)) fail(`${side} only takes, and changed "${task.title}" (${task.id}): ${said(task)} became ${said(m.byId.get(task.id))}`);
  }
  for (const { task, item } of before.items) {
    if (alone.has(task) && there.get(item.id) !== found.get(item.id)) fail(`nobody here edited "${task.title}" (${task.id}), and ${side} has ${there.get(item.id)}`);
    if (m.ledger.isRemoved(task, 'here') && !m.byId.has(task.id) && there.has(item.id)) fail(`removed here, and still in ${side}: "${task.title}" (${task.id})`);
  }
  const titles = new Set(side === 'google' ? m.events.map((each) => eventSeen(each).title) : m.things.map((each) => thingSeen(each.shown, m.shape.layout).title));
  for (const [id, story] of m.ledger.stories) {
    const task = m.byId.get(id);
    const shown = task && (side === 'google' ? inCalendar(task) : task.plan_id === m.plan.id);
    if (shown && task.title !== story.task.title && !titles.has(task.title)) {
      fail(`edited here, and ${side} has it otherwise: "${task.title}" (${id})`);
    }
  }
}

/** Nothing is written there, and who edits there alone is heard. */
function checkPull(m, side, found, runs) {
  for (const run of runs) if (run.counts.writes > 0) fail(`${side} is only read, and was written: ${JSON.stringify(run)}`);
  const there = all(m, side);
  for (const [id, said] of found) if (there.get(id) !== said) fail(`${side} is only read, and ${said} became ${there.get(id)}`);
  if (there.size !== found.size) fail(`${side} is only read, and there is more of it`);
  for (const [id, story] of m.ledger.stories) {
    const edit = story.lastly(side, 'title');
    if (!edit || story.sides.size !== 1 || story.removed.size > 0 || story.spreads) continue;
    if (m.byId.get(id)?.title !== edit.value) fail(`${side} alone named it "${edit.value}" (${id}), and here it is "${m.byId.get(id)?.title}"`);
  }
}
