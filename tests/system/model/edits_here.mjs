// What the app's user does. Each answers whether it did anything; refusals of the API count as nothing.
import { aDay, aTime, dayAfter } from './times.mjs';
import { firstDay, isTimed, valueOf } from './sides.mjs';

const names = { schedule: 'when', duration_s: 'duration' };

/** A service shows a link in the text: whoever edits the text before they see the link types it away. */
const mayBeTypedAway = (m) => m.racing;

/** Notes what the patch changed; what follows from it (a day from a time) is no edit of its own. */
function noteChanges(m, before, after, patched) {
  for (const field of Object.keys(patched).map((each) => names[each] ?? each)) {
    m.ledger.edit(before, 'here', field, valueOf(after, field), field === 'when' ? after.due : field === 'due' ? firstDay(after).slice(0, 10) : '');
  }
  const series = (task) => JSON.stringify([task.recurrence, task.overrides]);
  if (series(before) !== series(after)) m.ledger.edit(before, 'here', 'occurrences', '');
}

async function patch(m, task, body) {
  const answer = await m.api('PATCH', `/v1/tasks/${task.id}`, body);
  if (answer.status === 200) noteChanges(m, task, answer.body, body);
  return answer.status === 200;
}

/** A timed or all-day schedule, other than before. */
function aSchedule(m, task) {
  const toDay = isTimed(task) ? m.dice.chance(0.25) : m.dice.chance(0.6);
  if (!toDay) return { kind: 'timed', ...aTime(m.dice, ++m.serial, Boolean(task.recurrence)) };
  const start = aDay(m.dice);
  return { kind: 'all_day', start, ...(m.dice.chance(0.3) && { end: dayAfter(start, m.dice.between(2, 4)) }) };
}

async function add(m, body) {
  const at = m.planTasks.length > 0 ? m.dice.pick(m.planTasks) : null;
  const place = at && m.dice.chance(0.5) ? { after_task_id: at.id } : at?.week_id ? { week_id: at.week_id } : {};
  const answer = await m.api('POST', `/v1/plans/${m.plan.id}/tasks`, { title: m.word('added'), ...place, ...body });
  if (answer.status === 201) m.ledger.made.add(answer.body.id);
  return answer.status === 201;
}

const rules = ['RRULE:FREQ=DAILY;COUNT=6', 'RRULE:FREQ=WEEKLY;COUNT=5', 'RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4', 'RRULE:FREQ=MONTHLY;COUNT=3'];
export const aRule = (dice) => [dice.pick(rules)];

/** Occurrences of a series, a slot each. */
async function slots(m, task) {
  const day = firstDay(task).slice(0, 10);
  const answer = await m.api('GET', `/v1/tasks/${task.id}/occurrences?from=${dayAfter(day, -2)}T00:00:00Z&to=${dayAfter(day, 100)}T00:00:00Z&limit=20`);
  return answer.status === 200 ? answer.body.items : [];
}

export const here = {
  rename: [10, (m, task) => patch(m, task, { title: m.word('here') })],
  tick: [6, (m, task) => patch(m, task, { status: task.status === 'done' ? 'todo' : m.dice.pick(['done', 'done', 'doing']) })],
  call_off: [1, (m, task) => patch(m, task, { status: task.status === 'cancelled' ? 'todo' : 'cancelled' })],
  write_notes: [4, (m, task) => patch(m, task, { notes: task.notes && m.dice.chance(0.3) ? null : m.word('noted') })],
  reschedule: [6, (m, task) => patch(m, task, { schedule: aSchedule(m, task) })],
  set_due: [3, (m, task) => patch(m, task, { due: aDay(m.dice) })],
  stretch: [3, (m, task) => patch(m, task, { duration_s: 60 * m.dice.between(10, 300) })],
  set_link: [2, (m, task) => !mayBeTypedAway(m) && patch(m, task, { link: `https://example.org/${++m.serial}` })],
  several: [3, (m, task) => patch(m, task, { title: m.word('here'), notes: m.word('noted'), status: 'done' })],
  remove: [4, async (m, task) => {
    if (m.planTasks.length - m.ledger.removals < 8 && task.plan_id === m.plan.id) return false;
    const answer = await m.api('DELETE', `/v1/tasks/${task.id}`);
    if (answer.status !== 204) return false;
    m.ledger.remove(task, 'here');
    return true;
  }],
  restore: [1, async (m) => {
    const gone = m.removedBefore.length > 0 ? m.dice.pick(m.removedBefore) : null;
    if (!gone || gone.plan_id !== m.plan.id) return false;
    m.removedBefore = m.removedBefore.filter((each) => each !== gone);
    const answer = await m.api('POST', `/v1/tasks/${gone.id}/restore`);
    if (answer.status === 200) m.ledger.made.add(gone.id);
    return answer.status === 200;
  }],
  add: [4, (m) => add(m, {})],
  add_day: [1, (m) => add(m, { schedule: { kind: 'all_day', start: aDay(m.dice) } })],
  add_timed: [2, (m) => add(m, { schedule: { kind: 'timed', ...aTime(m.dice, ++m.serial) }, duration_s: 60 * m.dice.between(15, 240) })],
  add_series: [2, (m) => {
    if (m.series.length >= 4) return false;
    const timed = m.dice.chance(0.7);
    const schedule = timed ? { kind: 'timed', ...aTime(m.dice, ++m.serial, true) } : { kind: 'all_day', start: aDay(m.dice) };
    return add(m, { schedule, recurrence: aRule(m.dice) });
  }],
  edit_all: [2, (m) => onSeries(m, 'here', (series) => patch(m, series, m.dice.pick([
    { title: m.word('here') }, { recurrence: aRule(m.dice) }, { notes: m.word('noted') },
    // (One that was cut short must not begin after its end.)
    series.recurrence.some((line) => line.includes('UNTIL')) ? { duration_s: 3600 } : { schedule: aSchedule(m, series) }])))],
  edit_this: [3, (m) => onSeries(m, 'here', async (series) => {
    const all = await slots(m, series);
    if (all.length === 0) return false;
    const body = m.dice.pick([{ title: m.word('this') }, { notes: m.word('noted') }, { status: 'done' }]);
    const answer = await m.api('PATCH', `/v1/tasks/${series.id}/occurrences/${m.dice.pick(all).slot}`, body);
    return spread(m, series, answer);
  })],
  cancel_this: [2, (m) => onSeries(m, 'here', async (series) => {
    const all = await slots(m, series);
    if (all.length < 3) return false;
    return spread(m, series, await m.api('DELETE', `/v1/tasks/${series.id}/occurrences/${m.dice.pick(all).slot}`));
  })],
  edit_following: [2, (m) => onSeries(m, 'here', async (series) => {
    const all = await slots(m, series);
    if (all.length < 3) return false;
    const { slot } = all[m.dice.between(1, all.length - 1)];
    const answer = await m.api('POST', `/v1/tasks/${series.id}/occurrences/${slot}/split`, { title: m.word('following') });
    if (answer.status === 201) m.ledger.made.add(answer.body.id);
    return spread(m, series, answer);
  })],
  undo: [2, async (m) => {
    const known = m.told.filter((each) => !m.ledger.stories.has(each.task_id) && m.byId.has(each.task_id) &&
      !('link' in each.undo && mayBeTypedAway(m)));
    if (known.length === 0) return false;
    const conflict = m.dice.pick(known);
    const answer = await m.api('POST', `/v1/conflicts/${conflict.id}/undo`);
    if (answer.status !== 200) return false;
    const task = m.byId.get(conflict.task_id);
    noteChanges(m, task, await m.ok('GET', `/v1/tasks/${task.id}`), conflict.undo);
    m.ledger.of(task).spreads = true;
    return true;
  }],
};

/** An edit of a part of a series: what it changed is compared at the end, occurrence by occurrence. */
function spread(m, series, answer) {
  if (answer.status >= 300) return false;
  m.ledger.edit(series, 'here', 'occurrences', '');
  return true;
}

/** Of the series of which this side has done nothing yet: one edit of a series by a side is clear, several may undo each other. */
export function onSeries(m, side, act) {
  const free = m.series.filter((each) => !m.ledger.isRemoved(each, side) && !m.ledger.stories.get(each.id)?.sides.has(side));
  if (free.length === 0) return false;
  const series = m.dice.pick(free);
  m.target = series;
  return act(series);
}
