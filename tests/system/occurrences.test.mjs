// Single occurrences of a series are edited, called off and wanted again, on one side or both.
import assert from 'node:assert/strict';
import { dayAfter, instantOf, onTheWall, today } from './model/times.mjs';
import {
  anHour, aSeries, assertEnd, cancelHere, dayOf, days, differing, editHere, kDaily, ofDays, onlyWriting, scene, slot, synced, timed, travels,
} from './scenes.mjs';

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

for (const [name, policy, there, here, left, other] of [
  ['edited there and here', 'merge', 'edit_instance', edit, 'Here', 'There'],
  ['edited there and here', 'remote', 'edit_instance', edit, 'There', 'Here'],
  ['edited there and cancelled here', 'merge', 'edit_instance', cancel, 'cancelled', 'There'],
  ['edited there and cancelled here', 'remote', 'edit_instance', cancel, 'There', 'cancelled'],
  ['cancelled there and edited here', 'merge', 'cancel_instance', edit, 'Here', 'cancelled'],
  ['cancelled there and edited here', 'remote', 'cancel_instance', edit, 'cancelled', 'Here'],
  ['cancelled there and edited here', 'local', 'cancel_instance', edit, 'Here', 'cancelled'],
]) {
  scene(`the same occurrence is ${name}: both sides end with one of them, the other is told and can be had back (${policy})`, { policy }, async (m) => {
    const { series, event } = await aSeries(m);
    await m.act(there, { id: event, slot: slot(2), changes: { summary: 'There', description: 'Bring a towel' } });
    await here(m, series);
    await synced(m);
    const [conflict, ...more] = await m.newConflicts();
    assert.deepEqual([conflict.task_id, conflict.slot, more.length], [series.id, slot(2), 0]);
    const title = conflict.fields.find((each) => each.field === 'title');
    assert.deepEqual([title.here, title.there], [here === edit ? 'Here' : null, there === 'edit_instance' ? 'There' : null]);
    await assertEnd(m, series, event, { [slot(2)]: left });
    await m.ok('POST', `/v1/conflicts/${conflict.id}/undo`);
    await synced(m);
    await assertEnd(m, series, event, { [slot(2)]: other });
  });
}

scene('a series with many edited occurrences gets another rule: that is one run', {}, async (m) => {
  const { series, event } = await aSeries(m, m.plan, kDaily(12));
  for (let n = 1; n <= 8; ++n) await editHere(m, series, n, { title: `Swim ${n}` });
  await synced(m);
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(14) });
  await synced(m);
  await assertEnd(m, series, event, Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((n) => [slot(n), `Swim ${n}`])));
});

scene('a series that ends with a day moves to another zone there: it has as many days on both sides', {}, async (m) => {
  const { series, event } = await aSeries(m, m.plan, [`RRULE:FREQ=DAILY;UNTIL=${slot(3).slice(0, 10).replaceAll('-', '')}`]);
  const at = (hour) => ({ dateTime: slot(0).replace('T18', hour), timeZone: 'America/New_York' });
  await m.act('edit_event', { id: event, changes: { start: at('T18'), end: at('T19') } });
  await synced(m);
  assert.equal((await m.ok('GET', `/v1/tasks/${series.id}`)).schedule.zone, 'America/New_York');
  await synced(m);
  await assertEnd(m, series, event);
});

for (const [name, act, left] of [
  ['gets another rule', (m, series) => m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(2) }), {}],
  ['becomes all-day, on other days,', (m, series) => m.ok('PATCH', `/v1/tasks/${series.id}`, { schedule: { kind: 'all_day', start: dayAfter(today, 90) } }), {}],
  ['is removed', (m, series) => m.ok('DELETE', `/v1/tasks/${series.id}`), { [slot(4)]: 'Float' }],
]) {
  scene(`an occurrence was edited in the calendar, and before anybody looked its series ${name} here and the plan is exported: the edit stays or is told`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await m.act('edit_instance', { id: event, slot: slot(4), changes: { summary: 'Float' } });
    await act(m, series);
    const run = await m.world.export(m.plan, m.google, m.account);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await synced(m);
    const told = (await m.newConflicts()).map(({ task_id, slot: at, fields }) => [task_id, at, fields.find((each) => each.field === 'title')?.there]);
    assert.deepEqual(told, left[slot(4)] ? [] : [[series.id, slot(4), 'Float']]);
    await assertEnd(m, series, event, left);
  });
}

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

for (const resets of [true, false]) {
  const does = resets ? 'forgets' : 'keeps';
  const another = async (m, event) => {
    await m.world.simulator.set('POST', 'google/settings', { rules_reset_exceptions: resets });
    await m.act('edit_event', { id: event, changes: { recurrence: ['RRULE:FREQ=DAILY;INTERVAL=2;COUNT=6'] } });
  };
  scene(`a series gets another rule in the calendar, which ${does} what its occurrences said: those that still happen are as they were`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await editHere(m, series, 2, { title: 'Dive' });
    await m.act('edit_instance', { id: event, slot: slot(4), changes: { summary: 'Float' } });
    await cancelHere(m, series, 0);
    await synced(m);
    await another(m, event);
    const { counts } = await synced(m);
    assert.deepEqual([counts.conflicts, counts.writes], [0, resets ? 3 : 0], JSON.stringify(counts));
    await assertEnd(m, series, event, { [slot(0)]: 'cancelled', [slot(2)]: 'Dive', [slot(4)]: 'Float' });
  });

  scene(`a series gets another rule in the calendar, which ${does} what its occurrences said, and then one is edited there: that edit counts`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await editHere(m, series, 2, { title: 'Dive' });
    await editHere(m, series, 4, { title: 'Float' });
    await synced(m);
    await another(m, event);
    await m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'There' } });
    await synced(m);
    assert.deepEqual(await m.newConflicts(), []);
    await assertEnd(m, series, event, { [slot(2)]: 'There', [slot(4)]: 'Float' });
  });

  scene(`a series gets another rule in the calendar, which ${does} what its occurrences said, while the connection only reads: they are as they were here, and there once it writes`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await editHere(m, series, 2, { title: 'Dive' });
    await synced(m);
    await travels(m, m.google, 'pull');
    await another(m, event);
    const { counts } = await synced(m);
    assert.deepEqual([counts.writes, m.byId.get(series.id).overrides.length], [0, 1], JSON.stringify(counts));
    await travels(m, m.google, 'both');
    await synced(m);
    assert.deepEqual(await m.newConflicts(), []);
    await assertEnd(m, series, event, { [slot(2)]: 'Dive' });
  });
}

scene('a series is cut short in the calendar, and an occurrence gets its name again: that is so here, too', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 2, { title: 'Dive' });
  await synced(m);
  await m.act('edit_event', { id: event, changes: { recurrence: ['RRULE:FREQ=DAILY;COUNT=5'] } });
  await m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'Swim' } });
  const { counts } = await synced(m);
  assert.equal(counts.writes, 0, JSON.stringify(counts));
  assert.notEqual((await differing(m, series, event)).here[slot(2)], 'Dive');
  await assertEnd(m);
});

scene('what the app cannot say of an occurrence is told once, not again when its series gets another rule here', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'Float', reminders: { useDefault: false, overrides: [] } } });
  await synced(m);
  const [{ slot: at, policy }, ...more] = await m.newConflicts();
  assert.deepEqual([at, policy, more.length], [slot(2), 'unmappable', 0]);
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(5) });
  await synced(m);
  assert.deepEqual(await m.newConflicts(), []);
  await assertEnd(m, series, event, { [slot(2)]: 'Float' });
});

/** The next night in which the clocks of a zone skip half past two: somewhere in Europe or in Australia, that is within the year. */
function nextSkip() {
  for (let n = 3; ; ++n) {
    for (const zone of ['Europe/Madrid', 'Australia/Sydney']) {
      const start = `${dayAfter(today, n)}T02:30:00`;
      const shown = onTheWall(instantOf(start, zone), zone);
      if (shown !== start) return { day: dayAfter(today, n), zone, shown };
    }
  }
}

const renamed = { title: 'Dive' };
for (const [name, act, left] of [
  ['renamed here', (m, path) => m.ok('PATCH', path, renamed), 'Dive'],
  ['cancelled here', (m, path) => m.ok('DELETE', path), 'cancelled'],
  ['renamed there', (m, path, there) => m.act('edit_instance', { ...there, changes: { summary: 'Dive' } }), 'Dive'],
  ['cancelled there', (m, path, there) => m.act('cancel_instance', there), 'cancelled'],
]) {
  scene(`an occurrence of the night in which the clocks skip its time is named by what they show: ${name}, and renamed once more`, {}, async (m) => {
    const { day, zone, shown } = nextSkip();
    const series = await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, {
      title: 'Swim', duration_s: 3600, recurrence: kDaily(6), schedule: { kind: 'timed', start: `${dayAfter(day, -2)}T02:30:00`, zone } });
    await synced(m);
    const event = m.eventOf(series).id;
    const path = `/v1/tasks/${series.id}/occurrences/${shown}`;
    const ends = async (how) => {
      await synced(m);
      const { overrides } = m.byId.get(series.id);
      assert.deepEqual(overrides.map((each) => [each.slot, each.cancelled ? 'cancelled' : each.changes.title]), [[shown, how]]);
      assert.deepEqual(await m.newConflicts(), []);
      await assertEnd(m);
      assert.equal(m.eventOf(m.byId.get(series.id)).id, event);
    };
    await act(m, path, { id: event, slot: shown });
    await ends(left);
    await m.ok('PATCH', path, { title: 'Float', status: 'todo' });
    await ends('Float');
  });
}

scene('an occurrence is moved here to where an equal appointment stands: both are there', {}, async (m) => {
  const { series, event } = await aSeries(m);
  const at = `${dayAfter(today, 40)}T18:00:00`;
  await m.act('create_event', { event: { summary: 'Swim', start: { dateTime: at, timeZone: 'Europe/Madrid' }, end: { dateTime: `${dayAfter(today, 40)}T19:00:00`, timeZone: 'Europe/Madrid' } } });
  await synced(m);
  await editHere(m, series, 2, { schedule: { kind: 'timed', start: at, zone: 'Europe/Madrid' } });
  await synced(m);
  const { items } = await m.act('events', {});
  const [moved, ...more] = items.filter((each) => each.recurringEventId === event);
  assert.deepEqual([moved?.originalStartTime.dateTime.slice(0, 19), moved?.start.dateTime.slice(0, 19), more.length], [slot(2), at, 0]);
  assert.equal(items.filter((each) => each.summary === 'Swim' && !each.recurringEventId).length, 2);
  assert.equal(m.tasks.filter((each) => each.title === 'Swim').length, 2);
});

scene('a series gets another zone here, and an occurrence that was edited once is edited there and here: both count', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'Dive' } });
  await synced(m);
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { schedule: { kind: 'timed', start: slot(0), zone: 'America/New_York' } });
  await synced(m);
  await m.act('edit_instance', { id: event, slot: slot(2), changes: { summary: 'There' } });
  const isNow = async (title) => {
    await synced(m);
    await assertEnd(m);
    const { here, there } = await differing(m, series, event);  // (the calendar's clock shows another time)
    assert.deepEqual([Object.values(here), Object.values(there)], [[title], [title]]);
  };
  await isNow('There');
  await editHere(m, series, 2, { title: 'Here' });
  await isNow('Here');
});

// One occurrence gets a time of its own kind, and the series' again.
for (const { name, from, at, there, here } of [
  { name: 'becomes all-day', from: timed, at: slot(2), there: days(2), here: { kind: 'all_day', start: dayOf(2) } },
  { name: 'becomes two other days', from: timed, at: slot(2), there: days(8, 2), here: { kind: 'all_day', start: dayOf(8), end: dayOf(10) } },
  { name: 'becomes two days', from: ofDays, at: dayOf(2), there: days(2, 2), here: { kind: 'all_day', start: dayOf(2), end: dayOf(4) } },
  { name: 'gets hours', from: ofDays, at: dayOf(2), there: anHour(2, 9), here: { kind: 'timed', start: `${dayOf(2)}T09:00:00`, zone: 'Europe/Madrid' } },
  { name: 'gets hours elsewhere', from: ofDays, at: dayOf(2), there: anHour(1, 21, 'America/New_York'), here: { kind: 'timed', start: `${dayOf(1)}T21:00:00`, zone: 'America/New_York' } },
]) {
  const plain = from === timed ? { there: anHour(2, 18), here: { ...timed, start: slot(2) } } : { there: days(2), here: { ...ofDays, start: dayOf(2), end: null } };
  const person = (m, series, event, changes) => m.act('edit_instance', { id: event, slot: at, changes });
  const app = (m, series, event, changes) => editHere(m, series, 2, changes);
  const sides = {
    there: { when: (m, series, event, to) => person(m, series, event, to.there), rename: (...of) => app(...of, { title: 'Dive' }) },
    here: { when: (m, series, event, to) => app(m, series, event, { schedule: to.here }), rename: (...of) => person(...of, { summary: 'Dive' }) },
  };
  for (const [where, { when, rename }] of Object.entries(sides)) {
    scene(`an occurrence ${name} ${where}, is renamed by the other side, and happens as its series again`, {}, async (m) => {
      const { series, event } = await aSeries(m, m.plan, kDaily(6), from);
      const isNow = async (schedule, title) => {
        await synced(m);
        const { task } = m.occurrences.get(series.id).find((each) => each.slot === at);
        const { kind, start, end, zone } = task.schedule;
        assert.deepEqual([task.title, kind, start, end, zone], [title, schedule.kind, schedule.start, schedule.end ?? undefined, schedule.zone]);
        assert.deepEqual(await m.newConflicts(), []);
        await assertEnd(m, series, event, { [at]: title });
      };
      await when(m, series, event, { there, here });
      await synced(m);
      await rename(m, series, event);
      await isNow(here, 'Dive');
      await when(m, series, event, plain);
      await isNow(plain.here, 'Dive');
    });
  }
}
