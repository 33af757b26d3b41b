// Recurring tasks, and edits that meet: each is a scene of which both sides must come out equal, with nothing made twice,
// and of which the next look writes nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until, wideBudgets, World } from './host.mjs';
import { compare } from './model/checks.mjs';
import { Member } from './model/member.mjs';
import { dayAfter } from './model/times.mjs';

const kDaily = (count) => [`RRULE:FREQ=DAILY;COUNT=${count}`];
const today = new Date().toISOString().slice(0, 10);
/** The start of the nth occurrence of the scenes' series: the name that it keeps. */
const slot = (n) => `${dayAfter(today, 10 + n)}T18:00:00`;

/** An account with a plan, exported to the calendar (and to Notion), where nothing travels before a scene says so. */
function scene(title, shape, play) {
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

/** A daily series of six, on both sides; answers the task and the id of its event. */
async function aSeries(m, plan = m.plan) {
  const series = await m.ok('POST', `/v1/plans/${plan.id}/tasks`, {
    title: 'Swim', duration_s: 3600, recurrence: kDaily(6), schedule: { kind: 'timed', start: slot(0), zone: 'Europe/Madrid' } });
  await synced(m);
  return { series, event: m.eventOf(series).id };
}

const editHere = (m, task, n, changes) => m.ok('PATCH', `/v1/tasks/${task.id}/occurrences/${slot(n)}`, changes);
const cancelHere = (m, task, n) => m.ok('DELETE', `/v1/tasks/${task.id}/occurrences/${slot(n)}`);
const notion = (m, action, body) => m.world.simulator.set('POST', `notion/${action}`, body);

async function synced(m) {
  const run = await m.sync(m.google);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  await m.look();
  return run;
}

/** What differs from the series, by slot, here and at its event: a title, "cancelled", or "" for anything else. */
async function differing(m, task, event) {
  const { items } = await m.act('events', { deleted: true });
  const there = items.filter((each) => each.recurringEventId === event)
    .map((each) => [each.originalStartTime.dateTime.slice(0, 19), each.status === 'cancelled' ? 'cancelled' : each.summary ?? '']);
  const here = m.byId.get(task.id).overrides ?? [];
  return { here: Object.fromEntries(here.map((each) => [each.slot, each.cancelled ? 'cancelled' : each.changes.title ?? ''])), there: Object.fromEntries(there) };
}

/** Both sides show the same, each thing once, occurrence by occurrence; and looking again changes nothing. */
async function assertEnd(m, series, event, occurrences = {}) {
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
async function assertDropped(m, edit) {
  const told = (await m.newConflicts()).map(({ task_id, slot: at, fields, undo }) => [task_id, at, fields, undo]);
  const line = edit && { field: 'title', base: 'Swim', here: edit.title, there: null, kept: 'there' };
  assert.deepEqual(told, edit ? [[edit.task.id, slot(edit.n), [line], {}]] : []);
}

for (const early of [true, false]) {
  scene(`a shorter rule of the calendar drops the occurrences beyond it, edited ${early ? 'long before' : 'at the same time'}`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await editHere(m, series, 1, { title: 'Dive' });
    await editHere(m, series, 4, { title: 'Float' });
    await cancelHere(m, series, 5);
    if (early) await synced(m);
    await m.act('edit_event', { id: event, changes: { recurrence: kDaily(3) } });
    const run = await synced(m);
    if (early) assert.equal(run.counts.writes, 0, JSON.stringify(run.counts));
    assert.deepEqual(m.byId.get(series.id).recurrence, kDaily(3));
    await assertDropped(m, early ? null : { task: series, n: 4, title: 'Float' });
    await assertEnd(m, series, event, { [slot(1)]: 'Dive' });
  });
}

for (const [name, act] of [['cancelled', cancelHere], ['edited', (m, task, n) => editHere(m, task, n, { title: 'Float' })]]) {
  // An export has not seen the split when it writes the occurrence; a sync has.
  for (const [by, first] of [['an export', (m) => m.world.export(m.plan, m.google)], ['a sync', (m) => m.sync(m.google)]]) {
    scene(`a series is split in the calendar while an occurrence behind is ${name} here, and ${by} comes next`, {}, async (m) => {
      const { series, event } = await aSeries(m);
      await act(m, series, 4);
      const { following } = await m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } });
      await first(m);
      await synced(m);
      assert.deepEqual(m.events.map((each) => each.summary).filter((each) => ['Swim', 'Ride'].includes(each)).sort(), ['Ride', 'Swim']);
      assert.deepEqual(m.tasks.filter((each) => each.recurrence).map((each) => each.title).sort(), ['Ride', 'Swim']);
      const second = m.tasks.find((each) => each.title === 'Ride');
      assert.deepEqual([second.plan_id, second.kind, m.eventOf(second).id], [m.calendar.id, 'appointment', following.id]);
      await assertDropped(m, name === 'edited' ? { task: series, n: 4, title: 'Float' } : null);
      await assertEnd(m, series, event);
    });
  }
}

for (const [name, change, left] of [
  ['another rule', { recurrence: ['RRULE:FREQ=DAILY;INTERVAL=2;COUNT=3'] }, [2, 4]],
  ['a shorter rule', { recurrence: kDaily(3) }, [1, 2]],
  ['a later beginning', { schedule: { kind: 'timed', start: slot(2), zone: 'Europe/Madrid' } }, [2, 4, 5]],
  ['another hour', { schedule: { kind: 'timed', start: slot(0).replace('18:', '19:'), zone: 'Europe/Madrid' } }, []],
  ['another length', { duration_s: 1800 }, [1, 2, 4, 5]],
]) {
  for (const early of [true, false]) {
    scene(`occurrences keep their edits where they still happen: the series gets ${name} here, they were edited ${early ? 'before' : 'with it'}`, {}, async (m) => {
      const { series, event } = await aSeries(m);
      const edits = { 1: 'Dive', 2: 'cancelled', 4: 'Float', 5: 'Row' };
      for (const [n, title] of Object.entries(edits)) {
        if (title === 'cancelled') await cancelHere(m, series, Number(n));
        else await editHere(m, series, Number(n), { title });
      }
      if (early) await synced(m);
      await m.ok('PATCH', `/v1/tasks/${series.id}`, change);
      await synced(m);
      await assertEnd(m, series, event, Object.fromEntries(left.map((n) => [slot(n), edits[n]])));
    });
  }
}

scene('a series that was split twice in the calendar is called off and wanted again: it is no copy of itself', {}, async (m) => {
  const { series, event } = await aSeries(m);
  const { following } = await m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } });
  await synced(m);
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { status: 'cancelled' });
  await synced(m);
  await m.act('split_series', { id: following.id, slot: slot(4), changes: { summary: 'Run' } });
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { status: 'todo' });
  await synced(m);
  const titles = (list) => list.filter((each) => each.recurrence).map((each) => each.summary ?? each.title).sort();
  assert.deepEqual([titles(m.events), titles(m.tasks)], [['Ride', 'Run', 'Swim'], ['Ride', 'Run', 'Swim']]);
  await assertEnd(m, series, m.eventOf(m.byId.get(series.id)).id);
});

scene('a series was split in the calendar, gets another rule here, and nobody hears that it was written: its edited occurrences are as here', { policy: 'local' }, async (m) => {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 2, { title: 'Dive' });
  await m.act('edit_instance', { id: event, slot: slot(3), changes: { summary: 'Float' } });
  await synced(m);
  await m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } });
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(7) });
  await m.world.simulator.set('POST', 'faults', { provider: 'google', kind: 'drop_after', method: 'PATCH', times: 1 });
  await synced(m);
  await assertEnd(m, series, event, { [slot(2)]: 'Dive', [slot(3)]: 'Float' });
});

for (const [name, act] of [['cancelled', cancelHere], ['edited', (m, task, n) => editHere(m, task, n, { title: 'Float' })]]) {
  scene(`an occurrence that was ${name} happens as all others do after a shorter rule was set here and taken back, before anybody looked`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await act(m, series, 4);
    await synced(m);
    for (const recurrence of [kDaily(3), kDaily(6)]) await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence });
    await synced(m);
    assert.deepEqual(await differing(m, series, event), { here: {}, there: { [slot(4)]: 'Swim' } });
    await m.ok('PATCH', `/v1/tasks/${series.id}`, { title: 'Ride' });
    await synced(m);
    assert.deepEqual(await differing(m, series, event), { here: {}, there: { [slot(4)]: 'Ride' } });
    await assertEnd(m);
  });
}

for (const [name, act] of [
  ['edited here', (m, series) => editHere(m, series, 2, { title: 'Dive' })],
  ['cancelled here', (m, series) => cancelHere(m, series, 2)],
  ['edited there', (m, series, event) => m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'Dive' } })],
  ['cancelled there', (m, series, event) => m.act('cancel_instance', { id: event, slot: slot(2) })],
]) {
  scene(`a series that is deleted in the calendar goes here, without a write: an occurrence of it was ${name}`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await act(m, series, event);
    await synced(m);
    await m.act('delete_event', { id: event });
    const { counts } = await synced(m);
    assert.deepEqual([counts.received, counts.writes, m.byId.has(series.id)], [1, 0, false], JSON.stringify(counts));
    await assertEnd(m);
  });
}

// The app's edit comes after the person's.
const edit = (m, task) => editHere(m, task, 2, { title: 'Here' });
const cancel = (m, task) => cancelHere(m, task, 2);
for (const [name, policy, there, here, left] of [
  ['edited there and here', 'merge', 'edit_instance', edit, 'Here'],
  ['edited there and here', 'remote', 'edit_instance', edit, 'There'],
  ['edited there and cancelled here', 'merge', 'edit_instance', cancel, 'cancelled'],
  ['edited there and cancelled here', 'remote', 'edit_instance', cancel, 'There'],
  ['cancelled there and edited here', 'merge', 'cancel_instance', edit, 'cancelled'],
  ['cancelled there and edited here', 'local', 'cancel_instance', edit, 'Here'],
]) {
  scene(`the same occurrence is ${name}: both sides end with one of them, and the other is told (${policy})`, { policy }, async (m) => {
    const { series, event } = await aSeries(m);
    await m.act(there, { id: event, slot: slot(2), changes: { summary: 'There' } });
    await here(m, series);
    await synced(m);
    const [conflict, ...more] = await m.newConflicts();
    assert.deepEqual([conflict.task_id, conflict.slot, more.length], [series.id, slot(2), 0]);
    const title = conflict.fields.find((each) => each.field === 'title');
    assert.deepEqual([title.here, title.there], [here === edit ? 'Here' : null, there === 'edit_instance' ? 'There' : null]);
    await assertEnd(m, series, event, { [slot(2)]: left });
  });
}

scene('tasks removed here and edited at both services come back once, with both edits', { layout: 'database' }, async (m) => {
  const tasks = m.planTasks.slice(0, 6).map((task) => ({ task, event: m.eventOf(task).id, row: m.thingOf(task).id }));
  const [different, same] = [tasks.slice(0, 3), tasks.slice(3)];
  for (const { task, event, row } of tasks) {
    await m.ok('DELETE', `/v1/tasks/${task.id}`);
    await m.act('edit_event', { id: event, changes: { summary: `${task.title} in the calendar` } });
    if (different.some((each) => each.task === task)) await notion(m, 'set', { id: row, property: 'Duration', value: 75 });
    else await notion(m, 'rename', { id: row, title: `${task.title} in Notion` });
  }
  const runs = await Promise.all(m.connections.map((each) => m.sync(each)));
  for (const each of [m.google, m.notion, m.google]) runs.push(await m.sync(each));
  assert.deepEqual(runs.map((run) => run.state), runs.map(() => 'succeeded'), JSON.stringify(runs));
  await m.look();
  for (const { task, event, row } of tasks) {
    const back = m.byId.get(task.id);
    assert.ok(back, `${task.title} is back`);
    assert.deepEqual([m.eventOf(back)?.id, m.thingOf(back)?.id], [event, row], 'nothing was made anew');
  }
  for (const { task } of different) {
    const back = m.byId.get(task.id);
    assert.deepEqual([back.title, back.duration_s], [`${task.title} in the calendar`, 4500]);
  }
  const conflicts = await m.newConflicts();
  assert.deepEqual(conflicts.map((each) => each.task_id).sort(), same.map(({ task }) => task.id).sort());
  for (const { task } of same) {
    const [{ here, there, kept }] = conflicts.find((each) => each.task_id === task.id).fields;
    assert.deepEqual([here, there].sort(), [`${task.title} in Notion`, `${task.title} in the calendar`]);
    assert.equal(m.byId.get(task.id).title, kept === 'here' ? here : there);
  }
  await assertEnd(m);
});

// Of a connection that only pulls, the event stays when its task is called off.
for (const [direction, policy] of [['pull', 'merge'], ['pull', 'remote'], ['both', 'merge']]) {
  scene(`a task is called off and on again while its event is described: the text that goes is told (${direction}, ${policy})`, { policy }, async (m) => {
    const [task] = m.planTasks;
    const travels = async (how) => {
      await m.ok('PATCH', `/v1/connections/${m.google.id}`, { direction: how });
      await m.quiet();
    };
    await travels(direction);
    await m.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'cancelled' });
    await m.act('edit_event', { id: m.eventOf(task).id, changes: { description: 'Bring a towel' } });
    await synced(m);
    await m.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'todo' });
    await travels('both');
    await synced(m);
    const [conflict, ...more] = await m.newConflicts();
    assert.deepEqual([conflict.task_id, more.length], [task.id, 0]);
    assert.deepEqual(conflict.fields.map(({ field, there, kept }) => [field, there, kept]), [['description', 'Bring a towel', 'here']]);
    await assertEnd(m);
  });
}

scene('a link is set here while the event is renamed and moved, and the newer wins: name and time are taken', { policy: 'newest' }, async (m) => {
  await m.world.simulator.set('PUT', 'clock', { advance_ms: 600_000 });
  const [task] = m.planTasks;
  const event = m.eventOf(task).id;
  const link = 'https://example.org/set-here';
  await m.ok('PATCH', `/v1/tasks/${task.id}`, { link });
  const at = (hour) => ({ dateTime: slot(9).replace('18:', hour), timeZone: 'Europe/Madrid' });
  await m.act('edit_event', { id: event, changes: { summary: 'Renamed there', start: at('09:'), end: at('10:') } });
  await synced(m);
  const now = m.byId.get(task.id);
  assert.deepEqual([now.title, now.schedule.start, now.duration_s, now.link], ['Renamed there', at('09:').dateTime, 3600, link]);
  assert.equal(m.eventOf(now)?.id, event);
  const [{ fields }] = await m.newConflicts();
  const kept = Object.fromEntries(fields.map((each) => [each.field, each.kept]));
  assert.deepEqual([kept.title, kept.start, kept.description], ['there', 'there', 'here']);  // below the text stands the link
  await assertEnd(m);
});

for (const kind of ['timed', 'all_day']) {
  scene(`an occurrence that was called off, and that the series left and came back to, can be edited again (${kind})`, { policy: 'remote' }, async (m) => {
    const start = (n) => (kind === 'timed' ? { kind, start: slot(n), zone: 'Europe/Madrid' } : { kind, start: slot(n).slice(0, 10) });
    const series = await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Swim', recurrence: kDaily(6), schedule: start(0) });
    await synced(m);
    const name = kind === 'timed' ? slot(2) : slot(2).slice(0, 10);
    await m.ok('DELETE', `/v1/tasks/${series.id}/occurrences/${name}`);
    await synced(m);
    for (const day of [60, 0]) {
      await m.ok('PATCH', `/v1/tasks/${series.id}`, { schedule: start(day) });
      await synced(m);
    }
    await m.ok('PATCH', `/v1/tasks/${series.id}/occurrences/${name}`, { title: 'Here' });
    await synced(m);
    await assertEnd(m);
  });

  scene(`an occurrence that was called off there, and that a shorter rule left and came back to, can be edited again (${kind})`, { policy: 'remote' }, async (m) => {
    const start = kind === 'timed' ? { kind, start: slot(0), zone: 'Europe/Madrid' } : { kind, start: slot(0).slice(0, 10) };
    const series = await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Swim', recurrence: kDaily(6), schedule: start });
    await synced(m);
    const event = m.eventOf(series).id;
    const name = kind === 'timed' ? slot(4) : slot(4).slice(0, 10);
    await m.act('cancel_instance', { id: event, slot: name });
    await synced(m);
    for (const recurrence of [kDaily(2), kDaily(6)]) {
      await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence });
      await synced(m);
    }
    await m.ok('PATCH', `/v1/tasks/${series.id}/occurrences/${name}`, { title: 'Here' });
    await synced(m);
    await assertEnd(m);
  });
}

scene('an occurrence that was called off happens again when both sides have changed the rule, and can be edited', { policy: 'remote' }, async (m) => {
  const { series, event } = await aSeries(m);
  await m.act('split_series', { id: event, slot: slot(3), changes: { summary: 'After' } });
  await synced(m);
  await cancelHere(m, series, 1);
  await synced(m);
  await m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Between' } });
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: ['RRULE:FREQ=WEEKLY;COUNT=5'] });
  await synced(m);
  await editHere(m, series, 1, { title: 'Here' });
  await synced(m);
  await assertEnd(m, series, event, { [slot(1)]: 'Here' });
});

scene('a series is split in the calendar between our looking for an occurrence and writing it: nothing is made twice', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 4, { title: 'Float' });
  const { simulator } = m.world;
  await simulator.set('POST', 'faults', { provider: 'google', kind: 'hold_after', method: 'GET', route: '/calendars/{calendarId}/events/{eventId}/instances', times: 1 });
  const run = m.sync(m.google);
  await until(async () => (await simulator.set('GET', 'holds')).held > 0, 'our looking for it');
  await m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } });
  await simulator.set('POST', 'holds/release');
  await run;
  await synced(m);
  assert.deepEqual(m.events.map((each) => each.summary).filter((each) => ['Swim', 'Ride'].includes(each)).sort(), ['Ride', 'Swim']);
  await assertEnd(m, series, event);
});

/** A connection that only writes, for the length of `play`. */
async function onlyWriting(m, play) {
  const travels = async (direction) => {
    await m.ok('PATCH', `/v1/connections/${m.google.id}`, { direction });
    await m.quiet();
  };
  await travels('push');
  await play();
  await travels(null);
}

for (const written of [true, false]) {
  for (const [name, there, act, here, left] of [
    ['renamed there and here', { summary: 'There' }, 'edit_instance', edit, 'Here'],
    ['renamed there and cancelled here', { summary: 'There' }, 'edit_instance', cancel, 'cancelled'],
    ['cancelled there and renamed here', {}, 'cancel_instance', edit, 'Here'],
    ['described there and renamed here', { description: 'Bring a towel' }, 'edit_instance', edit, 'Here'],
  ]) {
    scene(`where a connection only writes, an occurrence that ${written ? 'was edited before' : 'was like the others'} and is ${name} is written over`, {}, async (m) => {
      const { series, event } = await aSeries(m);
      if (written) await editHere(m, series, 2, { title: 'Dive', duration_s: 1800 });
      await synced(m);
      await onlyWriting(m, async () => {
        await m.act(act, { id: event, slot: slot(2), changes: there });
        await here(m, series);
        const run = await synced(m);
        assert.deepEqual([run.counts.received, run.counts.failed], [0, 0], JSON.stringify(run.counts));
        assert.deepEqual(await differing(m, series, event), { here: { [slot(2)]: left }, there: { [slot(2)]: left } });
        assert.equal((await synced(m)).counts.writes, 0);
      });
      // What else the person made of it counts from now on.
      await synced(m);
      assert.equal(m.byId.get(series.id).overrides[0].changes?.notes, there.description);
      assert.deepEqual(await m.newConflicts(), []);
      await assertEnd(m, series, event, { [slot(2)]: left });
    });
  }
}

scene('where a connection only writes, an occurrence that its series there does not have any more is told as failed, and all else travels', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await onlyWriting(m, async () => {
    await m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } });
    await editHere(m, series, 1, { title: 'Dive' });
    await editHere(m, series, 4, { title: 'Float' });
    for (const writes of [1, 0]) {
      const run = await m.sync(m.google);
      assert.deepEqual([run.state, run.counts.failed, run.counts.writes, run.counts.received], ['partial', 1, writes, 0], JSON.stringify(run));
      const { items } = await m.ok('GET', `/v1/runs/${run.id}/items?result=failed`);
      assert.deepEqual(items.map((each) => each.key), [`task:${series.id}/${slot(4)}`]);
      assert.match(items[0].error.message, /its series has no occurrence at/);
    }
    const { sync } = await m.ok('GET', `/v1/connections/${m.google.id}`);
    assert.equal(sync.failures, 0, JSON.stringify(sync));
  });
  await synced(m);
  const [conflict, ...others] = await m.newConflicts();
  assert.deepEqual([others, conflict?.task_id], [[], series.id]);
  assert.match(JSON.stringify(conflict.fields), /Float/);
  await assertEnd(m, series, event, { [slot(1)]: 'Dive' });
});

scene('where a connection only writes, a series that is split there and becomes one of days here is written, with its rule', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await onlyWriting(m, async () => {
    await m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } });
    await m.ok('PATCH', `/v1/tasks/${series.id}`, { schedule: { kind: 'all_day', start: slot(0).slice(0, 10) } });
    const run = await synced(m);
    assert.deepEqual([run.counts.done, run.counts.failed, run.counts.received], [1, 0, 0], JSON.stringify(run.counts));
    assert.deepEqual(m.eventOf(series).recurrence, kDaily(6));
  });
  await synced(m);
  assert.deepEqual(await m.newConflicts(), []);
  await assertEnd(m, series, event);
});

scene('a series gets a text here while one of its occurrences is renamed in the calendar: the occurrence has both', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { notes: 'Bring a towel' });
  await m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'There' } });
  await synced(m);
  assert.deepEqual(m.byId.get(series.id).overrides, [{ slot: slot(2), changes: { title: 'There' } }]);
  assert.deepEqual(await m.newConflicts(), []);
  await assertEnd(m, series, event, { [slot(2)]: 'There' });
});

for (const [where, cancel_] of [['here', (m, series) => cancelHere(m, series, 2)], ['there', (m, series, event) => m.act('cancel_instance', { id: event, slot: slot(2) })]]) {
  scene(`an occurrence without its series' text and place is cancelled ${where} and happens after all, as it was`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await m.ok('PATCH', `/v1/tasks/${series.id}`, { notes: 'Bring a towel', location: 'Pool' });
    await editHere(m, series, 2, { title: 'Dive', notes: null, location: null });
    await synced(m);
    await cancel_(m, series, event);
    await synced(m);
    await editHere(m, series, 2, { status: 'todo' });
    await synced(m);
    await assertEnd(m, series, event, { [slot(2)]: 'Dive' });
  });
}

for (const known of [true, false]) {
  const other = known ? ' that differed before' : '';
  /** A series of which an occurrence was renamed in the calendar since both sides agreed. */
  const begin = async (m, plan) => {
    await m.ok('POST', `/v1/plans/${m.calendar.id}/tasks`, { title: 'Call', schedule: { kind: 'all_day', start: today } });
    const { series, event } = await aSeries(m, plan);
    if (known) await editHere(m, series, 2, { notes: 'Bring fins' });
    if (known) await synced(m);
    await m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'Float' } });
    return { series, event };
  };

  scene(`a series is removed here while an occurrence${other} is renamed in the calendar: it comes back, with that`, {}, async (m) => {
    const { series, event } = await begin(m);
    await m.ok('DELETE', `/v1/tasks/${series.id}`);
    await synced(m);
    assert.ok(m.byId.has(series.id), 'an edit outlives a deletion');
    assert.deepEqual(await m.newConflicts(), []);
    await assertEnd(m, series, event, { [slot(2)]: 'Float' });
  });

  for (const [left, changes, stays] of [
    ['called off', { status: 'cancelled' }, false],
    ['left without a day', { schedule: null, due: null, recurrence: null }, false],
    ['made a single event', { recurrence: null }, true],
  ]) {
    scene(`an appointment that repeats is ${left} here while an occurrence${other} is renamed in the calendar: that is told`, {}, async (m) => {
      const { series, event } = await begin(m, m.calendar);
      await m.ok('PATCH', `/v1/tasks/${series.id}`, changes);
      await synced(m);
      assert.equal(m.events.some(({ id }) => id === event), stays);
      const [{ task_id, slot: at, fields }, ...more] = await m.newConflicts();
      assert.deepEqual([task_id, at, more.length], [series.id, slot(2), 0]);
      assert.deepEqual(fields.filter((each) => each.field === 'title').map(({ there, kept }) => [there, kept]), [['Float', 'here']]);
      await assertEnd(m);
    });
  }
}
