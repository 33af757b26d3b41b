// Scenes of two sides that edit at once: both must come out equal, with nothing made twice, and the next look writes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wideBudgets, World } from './host.mjs';
import { compare } from './model/checks.mjs';
import { Member } from './model/member.mjs';
import { dayAfter, onTheWall } from './model/times.mjs';

export const kDaily = (count) => [`RRULE:FREQ=DAILY;COUNT=${count}`];
const today = new Date().toISOString().slice(0, 10);
/** The start of the nth occurrence of the scenes' series: the name that it keeps. Of a series of days it is the day. */
export const dayOf = (n) => dayAfter(today, 10 + n);
export const slot = (n) => `${dayOf(n)}T18:00:00`;
export const timed = { kind: 'timed', start: slot(0), zone: 'Europe/Madrid' };
export const ofDays = { kind: 'all_day', start: dayOf(0) };

/** Start and end of an event, as a person sets them: whole days, or an hour from a local time on. */
export const days = (first, count = 1) => ({ start: on(first), end: on(first + count) });
const on = (n) => ({ date: dayOf(n), dateTime: null, timeZone: null });
export function anHour(n, hour, timeZone = 'Europe/Madrid') {
  const at = (each) => ({ dateTime: `${dayOf(n)}T${String(each).padStart(2, '0')}:00:00`, timeZone, date: null });
  return { start: at(hour), end: at(hour + 1) };
}

/** An account with a plan, exported to the calendar (and to Notion), where nothing travels before a scene says so. */
export function scene(title, shape, play) {
  test(title, { timeout: 120_000 }, async () => {
    const world = await World.start({ settings: { ...wideBudgets, 'sync.remove_percent': 100, 'sync.debounce_ms': 3_600_000 } });
    try {
      await world.widenLimits();
      const m = new Member(world, 'ana', 'ana.torres@example.com', { calendar: true, layout: null, policy: 'merge', tier: 'pro', ...shape });
      m.keys = [world.key];
      await m.start();
      m.act = (action, body) => world.simulator.set('POST', `google/${action}`, { user: m.person, ...body });
      await synced(m);
      await m.newConflicts();
      await play(m);
    } finally {
      await world.end();
    }
  });
}

/** A series, daily and of six where nothing else is said, on both sides; answers the task and the id of its event. */
export async function aSeries(m, plan = m.plan, recurrence = kDaily(6), schedule = timed) {
  const series = await m.ok('POST', `/v1/plans/${plan.id}/tasks`, { title: 'Swim', duration_s: 3600, recurrence, schedule });
  await synced(m);
  return { series, event: m.eventOf(series).id };
}

const named = (task, n) => (task.schedule.kind === 'all_day' ? dayOf(n) : slot(n));
export const editHere = (m, task, n, changes) => m.ok('PATCH', `/v1/tasks/${task.id}/occurrences/${named(task, n)}`, changes);
export const cancelHere = (m, task, n) => m.ok('DELETE', `/v1/tasks/${task.id}/occurrences/${named(task, n)}`);
export const notion = (m, action, body) => m.world.simulator.set('POST', `notion/${action}`, body);

export async function synced(m) {
  const run = await m.sync(m.google);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  await m.look();
  return run;
}

const shownAt = ({ date, dateTime, timeZone }) => date ?? onTheWall(Date.parse(dateTime), timeZone);

/** What differs from the series, by slot, here and at its event: a title, "cancelled", or "" for anything else. */
export async function differing(m, task, event) {
  const { items } = await m.act('events', { deleted: true });
  const there = items.filter((each) => each.recurringEventId === event)
    .map((each) => [shownAt(each.originalStartTime), each.status === 'cancelled' ? 'cancelled' : each.summary ?? '']);
  const here = m.byId.get(task.id).overrides ?? [];
  return { here: Object.fromEntries(here.map((each) => [each.slot, each.cancelled ? 'cancelled' : each.changes.title ?? ''])), there: Object.fromEntries(there) };
}

/** Both sides show the same, each thing once, occurrence by occurrence; and looking again changes nothing. */
export async function assertEnd(m, series, event, occurrences = {}) {
  await m.look();
  assert.equal(compare(m), null);
  if (series) {
    assert.equal(m.eventOf(m.byId.get(series.id))?.id, event, 'the series is still the same event');
    assert.deepEqual(await differing(m, series, event), { here: occurrences, there: occurrences });
  }
  await m.world.resetTraffic();
  for (const connection of m.connections) {
    const run = await m.sync(connection);
    assert.deepEqual([run.state, run.counts.writes, run.counts.received], ['succeeded', 0, 0], JSON.stringify(run));
  }
  for (const provider of ['google', 'notion']) assert.equal((await m.world.traffic(provider)).writes, 0, provider);
}

/** An edit here of an occurrence that the calendar let go before it was told: it is told, and nothing else is. */
export async function assertDropped(m, edit) {
  const told = (await m.newConflicts()).map(({ task_id, slot: at, fields, undo }) => [task_id, at, fields, undo]);
  const line = edit && { field: 'title', base: 'Swim', here: edit.title, there: null, kept: 'there' };
  assert.deepEqual(told, edit ? [[edit.task.id, named(edit.task, edit.n), [line], {}]] : []);
}

/** Lets a connection go both ways or one, and what that sets off by itself come to its end. */
export async function travels(m, connection, direction) {
  const way = `/v1/connections/${connection.id}`;
  if ((await m.ok('GET', way)).direction === direction) return;
  await m.world.quietAfter(() => m.ok('PATCH', way, { direction }), m.account);
}

/** A connection that only writes, for the length of `play`. */
export async function onlyWriting(m, play) {
  await travels(m, m.google, 'push');
  await play();
  await travels(m, m.google, 'both');
}

/** Sends the plan anew, as an app does that lets its user move a task: to a place among the others of a week, or behind them. */
export async function move(m, moved, week, at = Infinity) {
  const plan = await m.ok('GET', `/v1/plans/${m.plan.id}`);
  const others = (await m.tasksOf(m.plan)).filter((task) => task.id !== moved.id);
  const tasksOf = ({ id }) => {
    const tasks = others.filter((task) => task.week_id === id);
    return id === week.id ? [...tasks.slice(0, at), moved, ...tasks.slice(at)] : tasks;
  };
  const modules = plan.modules.map((module) => ({ ...module, weeks: module.weeks.map((each) => ({ ...each, tasks: tasksOf(each) })) }));
  await m.ok('POST', `/v1/accounts/${m.account}/plans`, { ...plan, modules });
}
