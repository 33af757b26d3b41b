// A series changes as a whole, on one side or both, while its occurrences differ.
import assert from 'node:assert/strict';
import { until } from './host.mjs';
import {
  anHour, aSeries, assertDropped, assertEnd, cancelHere, dayOf, days, differing, editHere, kDaily, ofDays, onlyWriting, scene, slot, synced, timed, travels,
} from './scenes.mjs';

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

scene('a series gets another rule here and then another name in the calendar: so does an occurrence that once differed', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 4, { title: 'Float' });
  await synced(m);
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(3) });  // it goes here, and stays there
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(6) });
  await synced(m);
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(5) });
  await synced(m);
  assert.deepEqual(await differing(m, series, event), { here: {}, there: { [slot(4)]: 'Swim' } });
  await m.act('edit_event', { id: event, changes: { summary: 'Ride' } });
  await synced(m);
  assert.deepEqual(await differing(m, series, event), { here: {}, there: { [slot(4)]: 'Ride' } });
  await assertEnd(m);
});

/** A sync during which a person acts: when our looking there is answered, and before anything is written. */
async function meanwhile(m, route, act) {
  const { simulator } = m.world;
  await simulator.set('POST', 'faults', { provider: 'google', kind: 'hold_after', method: 'GET', route, times: 1 });
  const run = m.sync(m.google);
  await until(async () => (await simulator.set('GET', 'holds')).held > 0, 'our looking there');
  await act();
  await simulator.set('POST', 'holds/release');
  await run;
}

scene('a series is split in the calendar between our looking for an occurrence and writing it: nothing is made twice', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 4, { title: 'Float' });
  await meanwhile(m, '/calendars/{calendarId}/events/{eventId}/instances', () => m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } }));
  await synced(m);
  assert.deepEqual(m.events.map((each) => each.summary).filter((each) => ['Swim', 'Ride'].includes(each)).sort(), ['Ride', 'Swim']);
  await assertEnd(m, series, event);
});

const split = (m, event) => m.act('split_series', { id: event, slot: slot(2), changes: { summary: 'Ride' } });
const day = (n) => ({ date: slot(n).slice(0, 10), dateTime: null, timeZone: null });
const onDays = (m, event) => m.act('edit_event', { id: event, changes: { start: day(0), end: day(1) } });
for (const [name, there, changes] of [
  ['split there and becomes one of days here', split, { schedule: { kind: 'all_day', start: slot(0).slice(0, 10) } }],
  ['split there and begins later here', split, { schedule: { kind: 'timed', start: slot(4), zone: 'Europe/Madrid' } }],
  ['one of days there and gets another rule here', onDays, { recurrence: [`RRULE:FREQ=DAILY;UNTIL=${slot(3).slice(0, 10).replaceAll('-', '')}T200000Z`] }],
]) {
  scene(`where a connection only writes, a series that is ${name} is written, start and rule`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await onlyWriting(m, async () => {
      await there(m, event);
      await m.ok('PATCH', `/v1/tasks/${series.id}`, changes);
      const run = await synced(m);
      assert.deepEqual([run.counts.failed, run.counts.received], [0, 0], JSON.stringify(run.counts));
      const { schedule, recurrence } = m.byId.get(series.id);
      assert.deepEqual([m.eventOf(series).recurrence, m.eventOf(series).start.date ?? m.eventOf(series).start.dateTime.slice(0, 19)], [recurrence, schedule.start]);
    });
    await synced(m);
    assert.deepEqual(await m.newConflicts(), []);
    await assertEnd(m, series, event);
  });
}

for (const known of [true, false]) {
  const other = known ? ' that differed before' : '';
  /** A series of which an occurrence was renamed in the calendar since both sides agreed. */
  const begin = async (m, plan) => {
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

  for (const [what, changes] of [
    ['shortened', { recurrence: kDaily(2) }],
    ['moved', { schedule: { kind: 'timed', start: slot(60), zone: 'Europe/Madrid' } }],
  ]) {
    scene(`a series is ${what} and then removed here while an occurrence${other} that it leaves is renamed in the calendar: that is told`, {}, async (m) => {
      const { series, event } = await begin(m);
      await m.ok('PATCH', `/v1/tasks/${series.id}`, changes);
      await m.ok('DELETE', `/v1/tasks/${series.id}`);
      await synced(m);
      assert.deepEqual([m.byId.has(series.id), m.events.some(({ id }) => id === event)], [false, false]);
      const told = (await m.newConflicts()).map(({ task_id, slot: at, fields }) => [task_id, at, fields.find((each) => each.field === 'title')?.there]);
      assert.deepEqual(told, [[series.id, slot(2), 'Float']]);
      await assertEnd(m);
    });
  }

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

// A person moves a whole series in the calendar, which lets go what single occurrences of it said: where they happen as they
// did before, that is written again; where not it goes, and is told if it had not been written yet.
const ridingOn = ['RRULE:FREQ=DAILY;INTERVAL=2;COUNT=6'];
const newYork = 'America/New_York';
const said = { 3: 'Dive', 4: 'Float', 5: 'cancelled' };
for (const { name, from = timed, changes, to, stay = [], at = slot } of [
  { name: 'to another hour', changes: anHour(0, 19), to: { ...timed, start: `${dayOf(0)}T19:00:00` }, at: (n) => `${dayOf(n)}T19:00:00` },
  { name: 'to a later day', changes: anHour(2, 18), to: { ...timed, start: slot(2) }, stay: [3, 4, 5] },
  { name: 'to a later day, with another rule', changes: { ...anHour(2, 18), recurrence: ridingOn }, to: { ...timed, start: slot(2) }, stay: [4] },
  { name: 'to days', changes: days(0), to: ofDays, at: dayOf },
  { name: 'from days to hours', from: ofDays, changes: anHour(0, 18), to: timed },
  { name: 'to later days', from: ofDays, changes: days(2), to: { ...ofDays, start: dayOf(2) }, stay: [3, 4, 5], at: dayOf },
  { name: 'to the same hour elsewhere', changes: anHour(0, 18, newYork), to: { ...timed, zone: newYork } },
  { name: 'to a zone of the same clock', changes: anHour(0, 18, 'Europe/Paris'), to: { ...timed, zone: 'Europe/Paris' }, stay: [3, 4, 5] },
]) {
  const elsewhen = from === ofDays ? { ...ofDays, start: dayOf(9) } : { ...timed, start: `${dayOf(3)}T09:00:00` };
  const beforehand = async (m, series, event) => {
    await editHere(m, series, 3, { title: 'Dive', schedule: elsewhen });
    await cancelHere(m, series, 5);
    await m.act('edit_instance', { id: event, slot: from === ofDays ? dayOf(4) : slot(4), changes: { summary: 'Float' } });
    await synced(m);
  };
  const atOnce = async (m, series) => {
    await editHere(m, series, 3, { title: 'Dive' });
    await cancelHere(m, series, 5);
  };
  const afterwards = async (m, series, event) => {
    await m.act('edit_instance', { id: event, slot: at(4), changes: { summary: 'There' } });
    await m.act('cancel_instance', { id: event, slot: at(2) });
  };
  const none = async () => {};
  const staying = (which) => Object.fromEntries(which.filter((n) => stay.includes(n)).map((n) => [at(n), said[n]]));
  for (const resets of changes.recurrence ? [true, false] : [true]) {
    for (const [edited, before, after, left, dropped] of [
      ['no occurrence differs', none, none, {}],
      ['occurrences differed before', beforehand, none, staying([3, 4, 5])],
      ['occurrences are edited here at the same time', atOnce, none, staying([3, 5]), !stay.includes(3)],
      ['occurrences are edited there after it', none, afterwards, { [at(4)]: 'There', [at(2)]: 'cancelled' }],
      ['occurrences differed before, and are edited there after it', beforehand, afterwards, { ...staying([3, 5]), [at(4)]: 'There', [at(2)]: 'cancelled' }],
    ]) {
      const google = changes.recurrence ? ` (which ${resets ? 'forgets' : 'keeps'} what they said with another rule)` : '';
      scene(`a series is moved ${name} in the calendar${google}: ${edited}`, {}, async (m) => {
        await m.world.simulator.set('POST', 'google/settings', { rules_reset_exceptions: resets });
        const { series, event } = await aSeries(m, m.plan, kDaily(6), from);
        await before(m, series, event);
        await m.act('edit_event', { id: event, changes });
        await after(m, series, event);
        await synced(m);
        const { schedule: { kind, start, zone }, recurrence } = m.byId.get(series.id);
        assert.deepEqual([{ kind, start, ...(zone && { zone }) }, recurrence], [to, changes.recurrence ?? kDaily(6)]);
        await assertDropped(m, dropped ? { task: series, n: 3, title: 'Dive' } : null);
        await assertEnd(m, series, event, left);
      });
    }
  }
}

const allSaid = Object.fromEntries(Object.entries(said).map(([n, title]) => [slot(Number(n)), title]));
/** A series of which both sides have edited occurrences. */
async function edited(m) {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 3, { title: said[3] });
  await m.act('edit_instance', { id: event, slot: slot(4), changes: { summary: said[4] } });
  await cancelHere(m, series, 5);
  await synced(m);
  return { series, event };
}

scene('a series is moved in the calendar time and again, and each time somebody looks: its occurrences are as they were made last', {}, async (m) => {
  const { series, event } = await edited(m);
  for (const changes of [days(0), anHour(0, 18), anHour(0, 18, newYork), anHour(0, 18)]) {
    await m.act('edit_event', { id: event, changes });
    await synced(m);
    await assertEnd(m, series, event);
  }
  await editHere(m, series, 3, { title: said[3] });
  await m.act('edit_instance', { id: event, slot: slot(4), changes: { summary: said[4] } });
  await synced(m);
  assert.deepEqual(await m.newConflicts(), []);
  await assertEnd(m, series, event, { [slot(3)]: said[3], [slot(4)]: said[4] });
});

scene('a series becomes a single event in the calendar, and one that repeats again', {}, async (m) => {
  const { series, event } = await edited(m);
  for (const recurrence of [null, kDaily(6)]) {
    await m.act('edit_event', { id: event, changes: { recurrence } });
    await synced(m);
    const task = m.byId.get(series.id);
    assert.deepEqual([task.recurrence, task.overrides, m.eventOf(task).id], [recurrence ?? undefined, undefined, event]);
    await assertEnd(m);
  }
  assert.deepEqual(await m.newConflicts(), []);
});

scene('a series is moved to a later day in the calendar while the connection only reads: its occurrences are as they were here, and there once it writes', {}, async (m) => {
  const { series, event } = await edited(m);
  await travels(m, m.google, 'pull');
  await m.act('edit_event', { id: event, changes: anHour(2, 18) });
  assert.equal((await synced(m)).counts.writes, 0);
  assert.deepEqual([m.byId.get(series.id).schedule.start, m.byId.get(series.id).overrides.length], [slot(2), 3]);
  await travels(m, m.google, 'both');
  await synced(m);
  assert.deepEqual(await m.newConflicts(), []);
  await assertEnd(m, series, event, allSaid);
});

for (const policy of ['merge', 'local', 'remote']) {
  scene(`a series is moved to a later day in the calendar while one of its renamed occurrences gets a text here: that has both (${policy})`, { policy }, async (m) => {
    const { series, event } = await edited(m);
    await m.act('edit_event', { id: event, changes: anHour(2, 18) });
    await editHere(m, series, 3, { notes: 'Bring fins' });
    await synced(m);
    assert.deepEqual(m.byId.get(series.id).overrides[0], { slot: slot(3), changes: { notes: 'Bring fins', title: said[3] } });
    assert.deepEqual(await m.newConflicts(), []);
    await assertEnd(m, series, event, allSaid);
  });
}

for (const [policy, kept] of [['merge', 'here'], ['local', 'here'], ['remote', 'there']]) {
  for (const [name, hour, changes] of [
    ['to another hour', (at) => ({ ...timed, start: `${dayOf(0)}T${at}:00:00` }), anHour(0, 19)],
    ['to days', (at) => (at === 20 ? { ...timed, start: `${dayOf(0)}T20:00:00` } : ofDays), days(0)],
  ]) {
    scene(`a series is moved ${name} in the calendar and to a third hour here: one counts, the other is told (${policy})`, { policy }, async (m) => {
      const { series, event } = await edited(m);
      await m.act('edit_event', { id: event, changes });
      await m.ok('PATCH', `/v1/tasks/${series.id}`, { schedule: hour(20) });
      await synced(m);
      const [{ task_id, slot: at, fields }, ...more] = await m.newConflicts();
      assert.deepEqual([task_id, at, more.length], [series.id, undefined, 0]);
      assert.equal(fields.find((each) => each.field === 'start').kept, kept);
      assert.equal(m.byId.get(series.id).schedule.start, hour(kept === 'here' ? 20 : 19).start);
      await assertEnd(m, series, event);
    });
  }
}

// Rules of every sort, with dates that are added and left out, travel both ways.
const compact = (n) => dayOf(n).replaceAll('-', '');
const weekdays = [0, 2, 4].map((n) => ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'][new Date(dayOf(n)).getUTCDay()]);
const dated = {
  timed: (name, n, time = '180000') => `${name};TZID=Europe/Madrid:${compact(n)}T${time}`,
  all_day: (name, n) => `${name};VALUE=DATE:${compact(n)}`,
};
for (const [rule, schedule, ...lines] of [
  ['so many days', timed, 'RRULE:FREQ=DAILY;COUNT=12'],
  ['days up to an instant', timed, `RRULE:FREQ=DAILY;UNTIL=${compact(12)}T200000Z`],
  ['days up to a day', timed, `RRULE:FREQ=DAILY;UNTIL=${compact(12)}`],
  ['some weekdays up to an instant', timed, `RRULE:FREQ=WEEKLY;BYDAY=${weekdays};UNTIL=${compact(40)}T200000Z`],
  ['some weekdays without an end', timed, `RRULE:FREQ=WEEKLY;BYDAY=${weekdays}`],
  ['every year', timed, 'RRULE:FREQ=YEARLY'],
  ['so many years', timed, 'RRULE:FREQ=YEARLY;COUNT=3'],
  ['the last day of months', timed, 'RRULE:FREQ=MONTHLY;BYMONTHDAY=-1'],
  ['so many days', ofDays, 'RRULE:FREQ=DAILY;COUNT=12'],
  ['days up to a day', ofDays, `RRULE:FREQ=DAILY;UNTIL=${compact(12)}`],
  ['some weekdays without an end', ofDays, `RRULE:FREQ=WEEKLY;BYDAY=${weekdays}`],
  ['every year', ofDays, 'RRULE:FREQ=YEARLY'],
  ['no rule at all', timed],
  ['no rule at all', ofDays],
]) {
  const dates = dated[schedule.kind];
  const at = schedule === timed ? (n, time = '18:00:00') => `${dayOf(n)}T${time}` : dayOf;
  scene(`a series of ${rule} (${schedule.kind}) gets and loses dates on both sides`, {}, async (m) => {
    const { series, event } = await aSeries(m, m.plan, [...lines, dates('RDATE', 20, '120000'), dates('RDATE', 21), dates('EXDATE', 2)], schedule);
    await assertEnd(m, series, event);
    const starts = async () => {
      const { items } = await m.ok('GET', `/v1/tasks/${series.id}/occurrences?from=${dayOf(-1)}T00:00:00Z&to=${dayOf(60)}T00:00:00Z`);
      return items.filter((each) => !each.cancelled).map((each) => each.slot);
    };
    const first = await starts();
    assert.ok([0, 20, 21].every((n) => first.includes(at(n, n === 20 ? '12:00:00' : undefined))) && !first.includes(at(2)), `${first}`);

    // A person renames an added one, calls another off, adds one and leaves one out.
    await m.act('edit_instance', { id: event, slot: at(20, '12:00:00'), changes: { summary: 'Float' } });
    await m.act('cancel_instance', { id: event, slot: at(21) });
    const there = [...m.eventOf(m.byId.get(series.id)).recurrence, dates('RDATE', 22), dates('EXDATE', 0)];
    await m.act('edit_event', { id: event, changes: { recurrence: there } });
    await synced(m);
    assert.deepEqual(await starts(), [...first, at(22)].filter((each) => ![at(0), at(21)].includes(each)).sort());
    await assertEnd(m, series, event, { [at(20, '12:00:00')]: 'Float', [at(21)]: 'cancelled' });

    // The app leaves the renamed one out, has the other again, adds one and renames that.
    const here = [...lines, dates('RDATE', 21), dates('RDATE', 22), dates('RDATE', 23, '090000')];
    await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: here });
    await m.ok('PATCH', `/v1/tasks/${series.id}/occurrences/${at(23, '09:00:00')}`, { title: 'Dive' });
    await synced(m);
    assert.deepEqual(await m.newConflicts(), []);
    await assertEnd(m, series, event, { [at(21)]: 'cancelled', [at(23, '09:00:00')]: 'Dive' });
  });
}

const untold = async (m) => assert.deepEqual(await m.newConflicts(), []);
const elsewhere = anHour(0, 18, newYork);

scene('a series is moved to the same hour elsewhere in the calendar between our looking and our writing of an occurrence: both sides are equal, and its edit is there or told', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 3, { title: 'Dive' });
  await meanwhile(m, '/calendars/{calendarId}/events', () => m.act('edit_event', { id: event, changes: elsewhere }));
  await synced(m);
  await assertEnd(m);
});

scene('where a connection only writes, a series is moved to the same hour elsewhere and an occurrence is edited here: both sides are equal once it reads', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await onlyWriting(m, async () => {
    await m.act('edit_event', { id: event, changes: elsewhere });
    await editHere(m, series, 3, { title: 'Dive' });
    await m.sync(m.google);
  });
  await synced(m);
  await assertEnd(m);
});

scene('where a connection only writes, a series is told by the clock of another zone in the calendar and an occurrence is edited here: nothing is called off, and both sides are equal once it reads', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await onlyWriting(m, async () => {
    await m.act('edit_event', { id: event, changes: anHour(0, 17, 'Europe/London') });
    await editHere(m, series, 3, { title: 'Dive' });
    await m.sync(m.google);
    await m.look();
    assert.deepEqual(m.exceptions.filter((each) => each.recurringEventId === event), []);
  });
  await synced(m);
  await assertEnd(m);
});

for (const [name, ...changes] of [
  ['moved', anHour(0, 19), anHour(0, 18)],
  ['given another rule', { recurrence: ridingOn }, { recurrence: kDaily(6) }],
]) {
  for (const later of [null, { notes: 'Bring fins' }]) {
    scene(`a series is ${name} in the calendar and back before anybody looks${later ? ', and then a renamed occurrence gets a text here' : ''}: its occurrences keep their edits`, {}, async (m) => {
      const { series, event } = await edited(m);
      for (const each of changes) await m.act('edit_event', { id: event, changes: each });
      await synced(m);
      if (later) await editHere(m, series, 3, later);
      if (later) await synced(m);
      await untold(m);
      await assertEnd(m, series, event, allSaid);
    });
  }
}

for (const [name, changes] of [['moved to a later day', anHour(2, 18)], ['given another rule', { recurrence: ['RRULE:FREQ=DAILY;INTERVAL=3;COUNT=6'] }]]) {
  scene(`where a connection only writes, a series is ${name} in the calendar and a renamed occurrence gets a text here: it has both once the connection reads`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await editHere(m, series, 3, { title: 'Dive' });
    await synced(m);
    await onlyWriting(m, async () => {
      await m.act('edit_event', { id: event, changes });
      await editHere(m, series, 3, { notes: 'Bring fins' });
      await synced(m);
    });
    await synced(m);
    await assertEnd(m, series, event, { [slot(3)]: 'Dive' });
  });
}

for (const [name, changes] of [['moved to another hour', anHour(0, 19)], ['cut short', { recurrence: kDaily(3) }]]) {
  scene(`a series is ${name} in the calendar and gets a text here: no conflict is told of an occurrence that had only a name of its own, and goes`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await editHere(m, series, 4, { title: 'Dive' });
    await synced(m);
    await m.act('edit_event', { id: event, changes });
    await m.ok('PATCH', `/v1/tasks/${series.id}`, { notes: 'Bring fins' });
    await synced(m);
    await untold(m);
    await assertEnd(m, series, event);
  });
}

scene('a series gets another rule in the calendar and is cut short here: no conflict is told of an occurrence that nobody edited since', {}, async (m) => {
  const { series, event } = await aSeries(m);
  await editHere(m, series, 4, { title: 'Dive' });
  await synced(m);
  await m.act('edit_event', { id: event, changes: { recurrence: ridingOn } });
  await m.ok('PATCH', `/v1/tasks/${series.id}`, { recurrence: kDaily(3) });
  await synced(m);
  assert.deepEqual((await m.newConflicts()).map((each) => each.slot), [undefined]);
  await assertEnd(m, series, event);
});
