// What the app's user does. Each answers whether it did anything; refusals of the API count as nothing.
import { aDay, aTime, dayAfter } from './times.mjs';
import { firstDay, isTimed, valueOf } from './sides.mjs';

const names = { schedule: 'when', duration_s: 'duration' };

/** A service shows a link in the text: whoever edits the text before they see the link types it away. */
const mayBeTypedAway = (m) => m.racing;

/** Notes what the patch changed; what follows from it (a day from a time) is no edit of its own. */
function noteChanges(m, before, after, patched) {
  for (const field of Object.keys(patched).map((each) => names[each] ?? each)) {
    m.ledger.edit(before, 'here', field, valueOf(after, field), { day: field === 'when' ? after.due : field === 'due' ? firstDay(after).slice(0, 10) : '' });
  }
  const series = (task) => JSON.stringify([task.recurrence, task.overrides]);
  if (series(before) !== series(after)) m.ledger.edit(before, 'here', 'occurrences', '');
}

export async function patch(m, task, body) {
  const answer = await m.api('PATCH', `/v1/tasks/${task.id}`, body);
  if (answer.status === 200) noteChanges(m, task, answer.body, body);
  return answer.status === 200;
}

/** A timed or all-day schedule, other than before. */
export function aSchedule(m, task) {
  const toDay = isTimed(task) ? m.dice.chance(0.25) : m.dice.chance(0.6);
  if (!toDay) return { kind: 'timed', ...aTime(m.dice, ++m.serial, Boolean(task.recurrence)) };
  const start = aDay(m.dice);
  return { kind: 'all_day', start, ...(m.dice.chance(0.3) && { end: dayAfter(start, m.dice.between(2, 4)) }) };
}

export async function add(m, body) {
  const at = m.planTasks.length > 0 ? m.dice.pick(m.planTasks) : null;
  const place = at && m.dice.chance(0.5) ? { after_task_id: at.id } : at?.week_id ? { week_id: at.week_id } : {};
  const answer = await m.api('POST', `/v1/plans/${m.plan.id}/tasks`, { title: m.word('added'), ...place, ...body });
  if (answer.status === 201) m.ledger.made.add(answer.body.id);
  return answer.status === 201;
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
