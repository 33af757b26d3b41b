// What people do in the simulated Notion and calendar comes back into the plan of a real host.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { forms } from './expect.mjs';
import { dayFromNow, roadmap, until, World } from './host.mjs';
import { compare } from './model/checks.mjs';
import { inPages } from './model/member.mjs';
import { subscribeNotion } from './model/trouble.mjs';
import { renameThere } from './remote.mjs';

/** A connected account with an exported plan. */
async function exported(world, connector, mapping = {}) {
  await world.account();
  const connection = await world.connect(connector);
  await world.quiet();
  if (Object.keys(mapping).length > 0) {
    await world.ok('PATCH', `/v1/connections/${connection.id}`, { settings: { mapping } });
  }
  const plan = await world.import(roadmap({ modules: 1, weeks: 2, tasks: 3 }));
  const run = await world.export(plan, connection);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  await world.quiet();
  return { connection, plan };
}

/** "Sync now" of one plan; answers the run when it has ended or waits. */
async function sync(world, plan, connection) {
  const started = await world.api('POST', `/v1/accounts/ana/exports`,
    { plan_id: plan.id, connection_id: connection.id, kind: 'sync' }, { 'idempotency-key': randomUUID() });
  assert.equal(started.status, 202, JSON.stringify(started.body));
  return world.endedOrAsking(started.body.id);
}

/** An appointment of a whole day. */
const dentist = { summary: 'Dentist', start: { date: dayFromNow(9) }, end: { date: dayFromNow(10) } };

/** What a person does at the provider. */
const person = (world, action, body) => world.simulator.set('POST', action, body);

test('an event that is moved, renamed and deleted by hand comes back; a new one is an appointment', async () => {
  const world = await World.start();
  try {
    const { connection, plan } = await exported(world, 'google_calendar');
    const { items } = await person(world, 'google/events', { user: connection.identity.email });
    const tasks = await world.tasks(plan);
    const event = (title) => items.find((each) => each.summary === title);

    await person(world, 'google/edit_event',
      { user: connection.identity.email, id: event(tasks[0].title).id, changes: { summary: 'Renamed there' } });
    await person(world, 'google/delete_event', { user: connection.identity.email, id: event(tasks[1].title).id });
    const run = await sync(world, plan, connection);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    const after = await world.tasks(plan);
    assert.equal(after.find((each) => each.id === tasks[0].id).title, 'Renamed there');
    assert.equal(after.find((each) => each.id === tasks[1].id), undefined);
    assert.equal(after.length, tasks.length - 1);
    await world.resetTraffic();
    const quiet = await sync(world, plan, connection);
    assert.equal(quiet.counts.writes, 0);
    assert.equal(quiet.counts.reads, 1);
  } finally {
    await world.end();
  }
});

test('the first sync makes appointments of what stands in the calendar, and an export links what is equal', async () => {
  const world = await World.start();
  try {
    await world.account();
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 3 }));
    const [task] = await world.tasks(plan);
    const [{ email: user }] = (await person(world, 'google/users', {})).users;
    const start = { dateTime: task.schedule.start, timeZone: 'Europe/Madrid' };
    const end = { dateTime: new Date(Date.parse(`${task.schedule.start}Z`) + 3_600_000).toISOString().slice(0, 19), timeZone: 'Europe/Madrid' };
    await person(world, 'google/create_event', { user, event: { summary: task.title, start, end } });
    await person(world, 'google/create_event', { user, event: dentist });
    const connection = await world.connect('google_calendar', 'ana', { user });
    const { items: plans } = await world.ok('GET', '/v1/accounts/ana/plans');
    const calendar = plans.find((each) => each.external_id === 'calendar');
    const appeared = await until(async () => {
      const tasks = await world.tasks(calendar);
      return tasks.length === 2 && tasks;
    }, 'the first sync');
    assert.deepEqual(appeared.map((each) => each.title).sort(), ['Dentist', task.title].sort());
    await world.quiet();

    const run = await world.export(plan, connection);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await world.quiet();
    const { items: events } = await person(world, 'google/events', { user });
    assert.equal(events.length, 4, JSON.stringify(events.map((each) => each.summary)));
    assert.deepEqual((await world.tasks(calendar)).map((each) => each.title), ['Dentist']);
  } finally {
    await world.end();
  }
});

test('an export to a calendar that nobody has looked at links what is equal there', async () => {
  const world = await World.start();
  try {
    await world.account();
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 3 }));
    const [task] = await world.tasks(plan);
    const [{ email: user }] = (await person(world, 'google/users', {})).users;
    const connection = await world.connect('google_calendar', 'ana', { user });
    await world.quiet();
    await world.ok('PATCH', `/v1/connections/${connection.id}`, { auto_sync: false });
    const { target: { id } } = await world.ok('PUT', `/v1/connections/${connection.id}/target`, { title: 'Plans' });
    const start = { dateTime: task.schedule.start, timeZone: 'Europe/Madrid' };
    const end = { dateTime: new Date(Date.parse(`${task.schedule.start}Z`) + 3_600_000).toISOString().slice(0, 19), timeZone: 'Europe/Madrid' };
    await person(world, 'google/create_event', { user, calendar: id, event: { summary: task.title, start, end } });
    const run = await world.export(plan, connection);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    const { items: events } = await person(world, 'google/events', { user, calendar: id });
    assert.deepEqual([events.length, events.filter((each) => each.summary === task.title).length], [3, 1], JSON.stringify(events.map((each) => each.summary)));
  } finally {
    await world.end();
  }
});

test('another calendar may be chosen after the first sync: what mirrored the old one goes, the events stay', async () => {
  const world = await World.start();
  try {
    await world.account();
    const [{ email: user }] = (await person(world, 'google/users', {})).users;
    await person(world, 'google/create_event', { user, event: dentist });
    const connection = await world.connect('google_calendar', 'ana', { user });
    const { items: plans } = await world.ok('GET', '/v1/accounts/ana/plans');
    const calendar = plans.find((each) => each.external_id === 'calendar');
    await until(async () => (await world.tasks(calendar)).length === 1, 'the first sync');
    await world.quiet();
    const chosen = await world.ok('PUT', `/v1/connections/${connection.id}/target`, { title: 'Plans' });
    assert.equal(chosen.target.title, 'Plans');
    assert.deepEqual(await world.tasks(calendar), []);
    await world.quiet();
    const { items: events } = await person(world, 'google/events', { user });
    assert.deepEqual(events.map((each) => each.summary), ['Dentist']);
  } finally {
    await world.end();
  }
});

test('a column that a person removed from a Notion table clears nothing here: it is said, and other tables go on', async () => {
  const world = await World.start();
  try {
    const { connection, plan } = await exported(world, 'notion', { layout: 'database' });
    const other = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2, title: 'Other' }));
    assert.equal((await world.export(other, connection)).state, 'succeeded');
    assert.equal((await world.sync(connection)).state, 'succeeded');
    const tasks = await world.tasks(plan);
    const { results } = await person(world, 'notion/find', { user: connection.identity.email });
    const row = (title, number) => results.filter((each) => each.parent?.type === 'data_source_id' && each.text === title)[number];
    // Both plans have tasks of this title: the older row is the first plan's.
    const [ours, theirs] = [row(tasks[0].title, 0), row(tasks[0].title, 1)];
    const { parent: { data_source_id: table } } = ours;
    await person(world, 'notion/remove_property', { id: table, property: 'Resource Link' });
    await person(world, 'notion/rename', { id: ours.id, title: 'Not taken over' });
    await person(world, 'notion/rename', { id: theirs.id, title: 'Taken over' });

    const run = await world.sync(connection);
    assert.deepEqual([run.state, run.error.reason, run.counts.failed, run.counts.received], ['partial', 'container_unreadable', 1, 1], JSON.stringify(run));
    assert.match(run.error.message, /"Resource Link"/);
    const { items } = await world.ok('GET', `/v1/runs/${run.id}/items?result=failed`);
    assert.deepEqual(items.map((each) => [each.action, each.kind]), [['look', 'database']]);
    const { sync: status } = await world.ok('GET', `/v1/connections/${connection.id}`);
    assert.equal(status.error.reason, 'container_unreadable', JSON.stringify(status));
    const plain = (list) => list.map(({ title, link, status, due }) => ({ title, link, status, due }));
    assert.deepEqual(plain(await world.tasks(plan)), plain(tasks), 'nothing is cleared');
    assert.equal((await world.tasks(other))[0].title, 'Taken over');
  } finally {
    await world.end();
  }
});

for (const layout of ['pages', 'database']) {
  test(`a task ticked and renamed in Notion comes back (${layout})`, async () => {
    const world = await World.start();
    try {
      const { connection, plan } = await exported(world, 'notion', { layout });
      const tasks = await world.tasks(plan);
      assert.equal((await sync(world, plan, connection)).state, 'succeeded');
      const { results } = await person(world, 'notion/find', { user: connection.identity.email });
      const thing = results.find((each) => each.text.startsWith(tasks[0].title));
      assert.ok(thing, JSON.stringify(results));
      if (layout === 'pages') await person(world, 'notion/tick', { id: thing.id, checked: true });
      else await person(world, 'notion/set', { id: thing.id, property: 'Status', value: 'Done' });
      await person(world, 'notion/rename', { id: thing.id, title: 'Renamed there' });
      const received = await sync(world, plan, connection);
      assert.equal(received.state, 'succeeded', JSON.stringify(received));
      assert.equal(received.counts.writes, 0, JSON.stringify(received.counts));
      const changed = (await world.tasks(plan)).find((each) => each.id === tasks[0].id);
      assert.deepEqual([changed.title, changed.status], ['Renamed there', 'done']);
      await world.resetTraffic();
      const run = await sync(world, plan, connection);
      assert.equal(run.counts.writes, 0, JSON.stringify(run.counts));
      assert.equal((await world.tasks(plan)).length, tasks.length);
    } finally {
      await world.end();
    }
  });
}

test('a row whose date gets a time or an end in Notion is rescheduled to that day, and what the app cannot hold stays there', { timeout: 120_000 }, () => inPages(async (m) => {
  await m.look();
  const [task] = m.planTasks;
  const row = m.thingOf(task).id;
  const due = async () => {
    await m.look();
    return [m.byId.get(task.id).due, m.found.find((each) => each.id === row).shown.properties['Due Date'].date];
  };
  const set = (value) => person(m.world, 'notion/set', { id: row, property: 'Due Date', value });
  const syncs = async (received, writes) => {
    const run = await m.sync(m.notion);
    assert.deepEqual([run.state, run.counts.received, run.counts.writes, run.counts.conflicts], ['succeeded', received, writes, 0], JSON.stringify(run));
  };
  const stays = async (day, there) => {
    await syncs(1, 0);
    await syncs(0, 0);
    assert.deepEqual(await due(), [day, there]);
  };
  const [day, later, last, here] = [20, 25, 27, 30].map(dayFromNow);

  await set(`${day}T00:30:00+05:00`);
  await stays(day, { start: `${day}T00:30:00.000+05:00`, end: null, time_zone: null });
  await set(`${later}/${last}`);
  await stays(later, { start: later, end: last, time_zone: null });
  // What else is edited here leaves the date alone; a due day that is edited here takes its place.
  await m.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'doing' });
  await syncs(0, 1);
  assert.deepEqual(await due(), [later, { start: later, end: last, time_zone: null }]);
  await m.ok('PATCH', `/v1/tasks/${task.id}`, { due: here });
  await syncs(0, 1);
  assert.deepEqual(await due(), [here, { start: here, end: null, time_zone: null }]);
  assert.equal(compare(m), null);
  await syncs(0, 0);
}, { layout: 'database' }));

test('a plan that was exported while it had no tasks is kept in step: what is added travels, and a sync is no export', async () => {
  const world = await World.start();
  try {
    await world.account('ana', 'free');
    const connection = await world.connect('google_calendar');
    await world.quiet();
    const plan = await world.import({ title: 'Later' });
    const run = await world.export(plan, connection);
    assert.deepEqual([run.kind, run.state, run.counts.writes], ['export', 'succeeded', 0], JSON.stringify(run));
    const used = async () => (await world.ok('GET', '/v1/accounts/ana/usage')).used;
    assert.equal(await used(), 1);
    await world.ok('POST', `/v1/plans/${plan.id}/tasks`, { title: 'Swim', schedule: { kind: 'all_day', start: dayFromNow(10) } });
    const shown = async () => (await person(world, 'google/events', { user: connection.identity.email })).items.map((each) => each.summary);
    await until(async () => (await shown()).length > 0, 'the task to travel by itself');
    assert.deepEqual(await shown(), ['Swim']);
    await world.quiet();
    const again = await sync(world, plan, connection);
    assert.deepEqual([again.kind, again.state, again.counts.writes], ['sync', 'succeeded', 0], JSON.stringify(again));
    assert.equal(await used(), 1);
  } finally {
    await world.end();
  }
});

/** Where a service is told what becomes of its notifications, and what became of them. */
const deliveries = {
  google: { settings: 'google/delivery_settings', report: 'google/deliveries' },
  notion: { settings: 'notion/webhook_settings', report: 'notion/webhooks' },
};

for (const [name, form] of Object.entries(forms)) {
  test(`push is on, and every notification is lost: what a person edits there comes with a poll (${name})`, async () => {
    const world = await World.start({ settings: { 'server.public_url': '${url}', 'sync.poll_s': 10 } });
    try {
      const { settings, report } = deliveries[form.provider];
      if (form.provider === 'notion') await subscribeNotion(world);
      await person(world, settings, { lose_every: 1 });
      const { connection, plan } = await exported(world, form.connector, form.layout && { layout: form.layout });
      await world.sync(connection);  // from here on a poll looks only at what changed
      const { sync: { push } } = await world.ok('GET', `/v1/connections/${connection.id}`);
      assert.equal(push.state, 'on', JSON.stringify(push));
      const lost = async () => (await person(world, report, {})).counters.lost;
      const [before, [task]] = [await lost(), await world.tasks(plan)];
      await renameThere(world, form, connection, task.title, 'Renamed there');
      assert.ok(await lost() > before, 'there was a notification to lose');
      await until(async () => (await world.tasks(plan))[0].title === 'Renamed there', 'the poll');
      await world.quiet();
      const { items: runs } = await world.ok('GET', '/v1/runs?account_id=ana&limit=200');
      assert.deepEqual(runs.filter((run) => run.counts.received > 0).map((run) => run.trigger), ['schedule'], JSON.stringify(runs));
      assert.ok(runs.every((run) => run.trigger !== 'notification'), 'no notification came');
    } finally {
      await world.end();
    }
  });
}
