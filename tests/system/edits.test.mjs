// Edits of a task that meet: here and there, or at two services.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { wideBudgets, World } from './host.mjs';
import { documentOf } from './model/edits_places.mjs';
import { asks } from './model/guards.mjs';
import { inPages, Member } from './model/member.mjs';
import { scriptsThatResolve } from './model/shape.mjs';
import { dayAfter, instantOf, today } from './model/times.mjs';
import { slot, scene, aSeries, differing, editHere, notion, synced, assertEnd, travels } from './scenes.mjs';

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
    await travels(m, m.google, direction);
    await m.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'cancelled' });
    await m.act('edit_event', { id: m.eventOf(task).id, changes: { description: 'Bring a towel' } });
    await synced(m);
    await m.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'todo' });
    await travels(m, m.google, 'both');
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

scene('tasks are put in another order here, which is no news for a plan page that is not shared any more: that is asked about', { layout: 'database' }, async (m) => {
  const [plan, tasks] = await Promise.all([m.ok('GET', `/v1/plans/${m.plan.id}`), m.tasksOf(m.plan)]);
  const first = tasks.find((each) => each.week_id);
  const others = tasks.filter((each) => each.week_id === first.week_id && each !== first);
  await m.ok('POST', `/v1/accounts/${m.account}/plans`, documentOf(m, plan, tasks, first, first.week_id, others.at(-1).id));
  const page = m.found.find((each) => each.object === 'page' && each.text === plan.title);
  await notion(m, 'unshare', { id: page.id });
  const run = await m.begin(m.notion);
  assert.ok(asks(run), JSON.stringify(run));
  assert.deepEqual([run.guard.reason, run.counts.writes], ['container_lost', 0]);
});

scene('a task is put into the night in which the clocks change: one write, and it is as long as it should be', {}, async (m) => {
  const zone = 'Europe/Madrid';
  const noon = (day) => instantOf(`${day}T12:00:00`, zone);
  const night = Array.from({ length: 300 }, (_, n) => dayAfter(today, n + 1)).find((day) => noon(dayAfter(day, 1)) - noon(day) !== 86_400_000);
  const [task] = m.planTasks;
  await m.ok('PATCH', `/v1/tasks/${task.id}`, { schedule: { kind: 'timed', start: `${night}T23:00:00`, zone }, duration_s: 21_600 });
  await m.world.resetTraffic();
  await synced(m);
  assert.equal((await m.world.traffic('google')).writes, 1);
  const { start, end } = m.eventOf(m.byId.get(task.id));
  assert.deepEqual([Date.parse(start.dateTime), Date.parse(end.dateTime) - Date.parse(start.dateTime)], [instantOf(`${night}T23:00:00`, zone), 21_600_000]);
  await assertEnd(m);
});

/** What somebody makes of an event of which the app does not know yet that it is there. */
const lastWord = { changes: { summary: 'There', description: 'Bring a towel' } };
const waits = (m) => m.world.simulator.set('PUT', 'clock', { advance_ms: 60_000 });

/** Both sides say the same of the task; what the person said is there, or told. */
async function keptOrTold(m, task, event) {
  await synced(m);
  const [conflict, ...more] = await m.newConflicts();
  assert.deepEqual([conflict?.task_id, more.length], [task.id, 0]);
  const title = conflict.fields.find((each) => each.field === 'title');
  assert.deepEqual([title.here, title.there], [task.title, 'There']);
  await assertEnd(m);
  assert.deepEqual(m.events.filter((each) => each.id === event || each.summary === task.title).length, 1, 'nothing was made twice');
  await m.ok('POST', `/v1/conflicts/${conflict.id}/undo`);
  await synced(m);
  assert.ok(['There', task.title].includes(m.byId.get(task.id).title));
  await assertEnd(m);
}

scene('the host dies before it hears that an event was made, and somebody edits that: nothing is written over', {}, async (m) => {
  const task = await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Swim', duration_s: 3600, schedule: { kind: 'timed', start: slot(0), zone: 'Europe/Madrid' } });
  await m.world.kill();
  await m.world.boot({ MORTISE_DEBUG_FAILPOINT: 'replies_received:1' });
  await m.sync(m.google).catch(() => {});
  assert.equal((await m.world.ended).signal, 'SIGKILL');
  await m.lookThere();
  const { id } = m.eventOf(task);
  await waits(m);
  await m.act('edit_event', { id, ...lastWord });
  await m.world.boot({});
  await m.quiet();
  await keptOrTold(m, task, id);
});

for (const direction of ['both', 'push']) {
  scene(`a plan goes without its events, somebody edits one, and the plan comes back and is exported: nothing is written over untold (${direction})`, {}, async (m) => {
    const [task] = m.planTasks;
    const { id } = m.eventOf(task);
    await m.ok('DELETE', `/v1/plans/${m.plan.id}?remote=keep`);
    await m.quiet();
    await waits(m);
    await m.act('edit_event', { id, ...lastWord });
    await travels(m, m.google, direction);
    await m.ok('POST', `/v1/plans/${m.plan.id}/restore`);
    const run = await m.world.export(m.plan, m.google, m.account);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await m.look();
    if (direction === 'both') return keptOrTold(m, task, id);
    // A connection that only writes says its own word.
    assert.equal(m.eventOf(m.byId.get(task.id))?.id, id);
  });
}

for (const [direction, looked] of [['both', false], ['push', false], ['both', true]]) {
  scene(`a plan with a series goes without its events, somebody edits the series${looked ? ', which appears' : ''}, and the plan comes back and is exported: nothing is made twice (${direction})`, {}, async (m) => {
    const { series, event } = await aSeries(m);
    await editHere(m, series, 2, { title: 'Dive' });
    await synced(m);
    await m.ok('DELETE', `/v1/plans/${m.plan.id}?remote=keep`);
    await m.quiet();
    await waits(m);
    await m.act('edit_event', { id: event, ...lastWord });
    if (looked) await m.sync(m.google);
    await travels(m, m.google, direction);
    await m.ok('POST', `/v1/plans/${m.plan.id}/restore`);
    const run = await m.world.export(m.plan, m.google, m.account);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await travels(m, m.google, 'both');
    await synced(m);
    await assertEnd(m);
    assert.deepEqual([m.eventOf(m.byId.get(series.id))?.id, m.events.filter((each) => each.recurrence).length], [event, 1]);
    const { here, there } = await differing(m, series, event);
    assert.deepEqual([here[slot(2)], there[slot(2)]], ['Dive', 'Dive']);
  });
}

test('a script that shall decide about a conflict errs: the policy decides, and the run says why', { timeout: 120_000 }, async () => {
  const folder = await scriptsThatResolve('error("no word about " .. field)');
  const world = await World.start({ settings: { ...wideBudgets, 'sync.debounce_ms': 3_600_000, 'scripts.path': folder } });
  try {
    await world.widenLimits();
    const m = new Member(world, 'ana', 'ana.torres@example.com', { calendar: true, layout: null, policy: 'local', tier: 'pro' });
    m.keys = [world.key];
    await m.start();
    await synced(m);
    const [task] = m.planTasks;
    await world.simulator.set('POST', 'google/edit_event', { user: m.person, id: m.eventOf(task).id, changes: { summary: 'There' } });
    await m.ok('PATCH', `/v1/tasks/${task.id}`, { title: 'Here' });
    const run = await synced(m);
    assert.equal(m.byId.get(task.id).title, 'Here');
    const { items } = await m.ok('GET', `/v1/runs/${run.id}/items`);
    const told = items.filter((each) => each.key === `task:${task.id}`).map((each) => each.message ?? '');
    assert.ok(told.some((each) => each.includes('the policy decided') && each.includes('no word about title')), JSON.stringify(items));
  } finally {
    await world.end();
    await rm(folder, { recursive: true, force: true });
  }
});

scene('a plan goes without its events, an edited one appears as an appointment, and the plan comes back and is exported: it is one task again', {}, async (m) => {
  const [task] = m.planTasks;
  const { id } = m.eventOf(task);
  await m.ok('DELETE', `/v1/plans/${m.plan.id}?remote=keep`);
  await m.quiet();
  await waits(m);
  await m.act('edit_event', { id, ...lastWord });
  const { counts } = await m.sync(m.google);
  assert.ok(counts.received >= 1, `it appeared: ${JSON.stringify(counts)}`);
  await m.ok('POST', `/v1/plans/${m.plan.id}/restore`);
  const run = await m.world.export(m.plan, m.google, m.account);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  await synced(m);
  const same = m.tasks.filter((each) => ['There', task.title].includes(each.title));
  assert.deepEqual(same.map((each) => each.id), [task.id], JSON.stringify(same));
  await assertEnd(m);
});

scene('a plan is removed, its events too, and somebody has edited one unseen: that goes, too', {}, async (m) => {
  const [task] = m.planTasks;
  const { id } = m.eventOf(task);
  await m.act('edit_event', { id, ...lastWord });
  await m.ok('DELETE', `/v1/plans/${m.plan.id}?remote=remove`);
  await m.quiet();
  const run = await m.sync(m.google);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  const { items } = await m.act('events', { deleted: false });
  assert.ok(!items.some((each) => each.id === id), 'it is gone');
});

test('a status that does not count in this tier loses against one from here: the conflict says so, and its undo takes it', { timeout: 120_000 }, () => inPages(async (m) => {
  await m.sync(m.notion);
  await m.look();
  const [task] = m.planTasks;
  await notion(m, 'set', { id: m.thingOf(task).id, property: 'Status', value: 'Done' });
  await m.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'doing' });
  const run = await m.sync(m.notion);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  const status = async () => (await m.look(), [m.byId.get(task.id).status, m.thingsByTitle.get(task.title).status]);
  const ends = await status();
  const [told, ...more] = await m.newConflicts();
  assert.deepEqual([more, told.fields.map(({ kept }) => kept), told.undo, ends[0]], [[], ['here'], { status: 'done' }, 'doing'], JSON.stringify([told, ends]));
  await m.ok('POST', `/v1/conflicts/${told.id}/undo`);
  await m.sync(m.notion);
  assert.equal((await status())[0], 'done');
}, { layout: 'database', tier: 'free', policy: 'remote' }));

scene('a connection only reads, and a task that was removed on both sides comes back here: it stays', {}, async (m) => {
  const [task] = m.planTasks;
  const { id } = m.eventOf(task);
  await travels(m, m.google, 'pull');
  await m.ok('DELETE', `/v1/tasks/${task.id}`);
  await m.act('delete_event', { id });
  await synced(m);
  await m.ok('POST', `/v1/tasks/${task.id}/restore`);
  await m.sync(m.google);
  assert.equal((await m.ok('GET', `/v1/tasks/${task.id}`)).title, task.title);
  await travels(m, m.google, 'both');
  await synced(m);
  await assertEnd(m);
});
