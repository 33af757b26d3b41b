// What looks like a mishap removes nothing, on either side, until a person approves: over HTTP, with either answer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { assertInStep, connected, forms } from './expect.mjs';
import { roadmap, until, wideBudgets } from './host.mjs';
import { googleEvents, notionTasks } from './remote.mjs';

const kDay = 86_400_000;
const person = (world, action, body) => world.simulator.set('POST', action, body);
const user = (connection) => connection.identity.email;
const there = (world, form) => (form.provider === 'notion' ? notionTasks(world) : googleEvents(world));
const here = async (world, plan) => (await world.tasks(plan)).map(({ sync, ...task }) => task);

/** The run that the connection asks with. */
async function asking(world, reason) {
  const run = await until(async () => {
    const { items } = await world.ok('GET', '/v1/runs?account_id=ana&limit=50');
    return items.find((each) => each.state === 'waiting' && each.waiting_for === 'approval');
  }, 'the guard to ask');
  assert.equal(run.guard.reason, reason, JSON.stringify(run.guard));
  return run;
}

/** "Sync now"; answers the run when it has ended or asks. */
async function sync(world, connection) {
  return world.endedOrAsking((await world.startSync(connection)).id);
}

const answer = (world, run, word) => world.ok('POST', `/v1/runs/${run.id}/${word}`, {}, { 'idempotency-key': randomUUID() });

/** The things in Notion that somebody can take away: pages, tables, rows, to-dos. */
async function things(world, connection, wanted) {
  const { results } = await person(world, 'notion/find', { user: user(connection) });
  return results.filter(wanted);
}
const each = (act, wanted) => async (world, connection, plan) => {
  const found = await things(world, connection, (thing) => wanted(thing, plan));
  assert.ok(found.length > 0, 'something to take away');
  for (const { id } of found) await person(world, act, { id });
};
const is_row = (thing) => thing.object === 'page' && thing.parent.type === 'data_source_id';
const is_module = (thing) => thing.object === 'page' && thing.text.startsWith('Module');
const is_plan = (thing, plan) => thing.object === 'page' && thing.text === plan.title;

/** What happens there, and what the run then asks about. */
const mishaps = [
  ['calendar', 'is emptied event by event', 'remote_empty',
    (world, connection) => person(world, 'google/empty_calendar', { user: user(connection) })],
  ['calendar', 'answers 410, then an empty listing', 'remote_empty',
    (world, connection) => person(world, 'google/empty_calendar', { user: user(connection), silently: true })],
  ['calendar', 'is empty when the account connects again', 'remote_empty', async (world, connection) => {
    await world.ok('DELETE', `/v1/connections/${connection.id}`);
    await person(world, 'google/empty_calendar', { user: user(connection), silently: true });
    await world.connect('google_calendar');
  }],
  ['pages', 'lose every to-do', 'remote_empty', each('notion/trash', (thing) => thing.type === 'to_do')],
  ['pages', 'lose the page of a module', 'remote_empty', each('notion/trash', is_module)],
  ['pages', 'are not shared any more', 'container_lost', each('notion/unshare', is_plan)],
  ['database', 'loses every row', 'remote_empty', each('notion/trash', is_row)],
  ['database', 'is not shared any more', 'container_lost', each('notion/unshare', is_plan)],
];

for (const [name, what, reason, mishap] of mishaps) {
  test(`${name}: ${what}: nothing is removed here without approval`, { timeout: 300_000 }, async () => {
    const form = forms[name];
    const { world, plan, connection } = await connected(form, roadmap({ modules: 1, weeks: 2, tasks: 6 }));
    try {
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      assert.equal((await sync(world, connection)).state, 'succeeded');
      const tasks = await here(world, plan);
      const still = async (said) => {
        assert.deepEqual(await here(world, plan), tasks, said);
        assert.equal((await world.traffic(form.provider)).writes ?? 0, 0, said);
      };

      // Nobody answers: however often it is looked at, nothing goes.
      await world.resetTraffic();
      await mishap(world, connection, plan);
      await sync(world, connection);
      await asking(world, reason);
      await still('while it asks');
      await sync(world, connection);
      const asked = await asking(world, reason);
      await still('after another look');
      assert.equal(asked.guard.removals, tasks.length);

      // Discarded: the tasks stay, and stand there again.
      const discarded = await answer(world, asked, 'discard');
      assert.equal(discarded.state, 'cancelled');
      await world.quiet();
      assert.deepEqual((await here(world, plan)).map(({ id }) => id), tasks.map(({ id }) => id));
      if (what.includes('shared')) {  // and what cannot be seen any more is there, too
        const titles = tasks.flatMap(({ title }) => [title, title]).sort();
        assert.deepEqual((await there(world, form)).map(({ title }) => title).sort(), titles);
      } else {
        await assertInStep(world, form, plan);
      }

      // Once more, and approved: they go here, softly, and nothing is written there.
      const again = await sync(world, connection);
      assert.deepEqual([again.state, again.counts.received], ['succeeded', 0], JSON.stringify(again));
      if (what.startsWith('is empty when')) await person(world, 'google/empty_calendar', { user: user(connection), silently: true });
      else await mishap(world, connection, plan);
      await world.resetTraffic();
      await sync(world, connection);
      await answer(world, await asking(world, reason), 'approve');
      await world.quiet();
      assert.deepEqual(await here(world, plan), []);
      assert.equal((await world.traffic(form.provider)).writes ?? 0, 0);
      const back = await world.ok('POST', `/v1/tasks/${tasks[0].id}/restore`, {});
      assert.equal(back.title, tasks[0].title);
    } finally {
      await world.end();
    }
  });
}

for (const [name, answered] of [['pages', false], ['pages', true], ['database', false], ['database', true]]) {
  test(`${name}: not shared any more, and a task is renamed here: nothing is written beside it without approval; shared again, ${answered ? 'an approval does no harm' : 'the next edit gets there'}`, { timeout: 300_000 }, async () => {
    const form = forms[name];
    const { world, plan, connection } = await connected(form, roadmap({ modules: 1, weeks: 2, tasks: 6 }));
    try {
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      assert.equal((await sync(world, connection)).state, 'succeeded');
      const hidden = (await things(world, connection, (thing) => is_plan(thing, plan))).map(({ id }) => id);
      for (const id of hidden) await person(world, 'notion/unshare', { id });
      await world.resetTraffic();
      const [task, other] = await world.tasks(plan);
      await world.ok('PATCH', `/v1/tasks/${task.id}`, { title: 'Renamed' });
      const asked = await asking(world, 'container_lost');  // the change was sent by itself, and did not get there
      assert.equal((await there(world, form)).length, 12);
      assert.equal((await world.tasks(plan)).length, 12);

      for (const id of hidden) await person(world, 'notion/share', { id });
      if (answered) await answer(world, asked, 'approve');  // a look comes first, and finds it again
      else await world.ok('PATCH', `/v1/tasks/${other.id}`, { title: 'Another' });
      const title = answered ? 'Renamed' : 'Another';
      await until(async () => (await there(world, form)).some((each) => each.title === title) || null, `“${title}” to get there`);
      assert.equal((await sync(world, connection)).state, 'succeeded');
      await world.quiet();
      assert.equal((await there(world, form)).length, 12);
      assert.equal((await world.tasks(plan)).length, 12);
      await assertInStep(world, form, plan);
    } finally {
      await world.end();
    }
  });
}

for (const [name, form] of Object.entries(forms)) {
  test(`${name}: an emptied plan removes nothing there without approval`, { timeout: 300_000 }, async () => {
    const { world, plan, connection } = await connected(form, roadmap({ modules: 1, weeks: 2, tasks: 6 }),
      { settings: { ...wideBudgets, 'sync.debounce_ms': 3000 } });
    try {
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      assert.equal((await sync(world, connection)).state, 'succeeded');
      const items = await there(world, form);
      await world.resetTraffic();
      for (const { id } of await world.tasks(plan)) await world.ok('DELETE', `/v1/tasks/${id}`);
      const asked = await asking(world, 'plan_emptied');
      assert.deepEqual(await there(world, form), items);
      assert.equal((await world.traffic(form.provider)).writes ?? 0, 0);

      await answer(world, asked, 'discard');
      await world.quiet();
      assert.deepEqual(await there(world, form), items);
      assert.equal((await world.traffic(form.provider)).writes ?? 0, 0);

      await sync(world, connection);
      await answer(world, await asking(world, 'plan_emptied'), 'approve');
      await world.quiet();
      assert.deepEqual(await there(world, form), []);
    } finally {
      await world.end();
    }
  });
}

const gone = [
  ['calendar', 'is deleted', 'target_gone',
    (world, connection) => person(world, 'google/delete_calendar', { user: user(connection), calendar: connection.target.id })],
  ['pages', 'is not shared any more', 'container_lost',
    (world, connection) => person(world, 'notion/unshare', { id: connection.target.id })],
  ['database', 'is in the trash', 'remote_empty',
    (world, connection) => person(world, 'notion/trash', { id: connection.target.id })],
];

for (const [name, what, reason, lose] of gone) {
  test(`${name}: the place itself ${what}: the run says so, and nothing is removed`, { timeout: 300_000 }, async () => {
    const form = forms[name];
    const { world, plan, connection: fresh } = await connected(form, roadmap({ modules: 1, weeks: 2, tasks: 6 }));
    try {
      if (form.provider === 'google') await world.ok('PUT', `/v1/connections/${fresh.id}/target`, { title: 'Work' });
      assert.equal((await world.export(plan, fresh)).state, 'succeeded');
      assert.equal((await sync(world, fresh)).state, 'succeeded');
      const connection = await world.ok('GET', `/v1/connections/${fresh.id}`);
      const tasks = await here(world, plan);
      await lose(world, connection);
      await world.resetTraffic();
      for (let looks = 0; looks < 2; ++looks) {
        const run = await sync(world, connection);
        const said = run.state === 'failed' ? run.error.reason : run.guard?.reason;
        assert.equal(said, reason, JSON.stringify(run));
        assert.deepEqual(await here(world, plan), tasks);
        assert.equal((await world.traffic(form.provider)).writes ?? 0, 0);
      }
      const { sync: status } = await world.ok('GET', `/v1/connections/${connection.id}`);
      assert.ok(status.state === 'asks' ? status.waiting_run_id : status.error.reason === reason, JSON.stringify(status));
      if (reason !== 'target_gone') return;
      // Another place may be chosen then, and only then: everything is made anew in it.
      await world.ok('PUT', `/v1/connections/${connection.id}/target`, { title: 'Elsewhere' });
      assert.equal((await sync(world, connection)).state, 'succeeded');
      await world.quiet();
      assert.deepEqual(await here(world, plan), tasks);
      await assertInStep(world, form, plan);
      const refused = await world.api('PUT', `/v1/connections/${connection.id}/target`, { title: 'A third' });
      assert.deepEqual([refused.status, refused.body.reason], [409, 'target_in_use']);
    } finally {
      await world.end();
    }
  });
}

test('pages: a page on which somebody wrote stays when what we made there goes', { timeout: 300_000 }, async () => {
  const { world, plan, connection } = await connected(forms.pages, roadmap({ modules: 2, weeks: 1, tasks: 3 }));
  try {
    assert.equal((await world.export(plan, connection)).state, 'succeeded');
    const [page, other] = await things(world, connection, is_module);
    const children = [{ paragraph: { rich_text: [{ text: { content: 'My own notes' } }] } }];
    await person(world, 'notion/append', { id: page.id, children });
    await world.ok('DELETE', `/v1/plans/${plan.id}?remote=remove`);
    await until(async () => (await there(world, forms.pages)).length === 0 || null, 'what we made to go');
    await world.quiet();
    const left = await things(world, connection, is_module);
    assert.deepEqual(left.map(({ id }) => id), [page.id], `and not ${other.id}`);
  } finally {
    await world.end();
  }
});

test('database: more rows than Notion lists at once: what it leaves out is not taken for removed', { timeout: 300_000 }, async () => {
  const form = forms.database;
  const { world, plan, connection } = await connected(form, roadmap({ modules: 1, weeks: 2, tasks: 10 }));
  try {
    assert.equal((await world.export(plan, connection)).state, 'succeeded');
    assert.equal((await sync(world, connection)).state, 'succeeded');
    const tasks = await here(world, plan);

    // A day later everything is listed anew, and the listing ends before all is told: so many rows were made in one minute.
    await world.stop();
    await world.simulator.set('PUT', 'clock', { advance_ms: kDay });
    await world.simulator.set('PUT', 'limits', { notion_query_rows: 7 });
    const [gone] = await things(world, connection, (thing) => is_row(thing) && thing.text === tasks.at(-1).title);
    await person(world, 'notion/trash', { id: gone.id });
    await world.resetTraffic();
    await world.boot({ MORTISE_DEBUG_NOW: new Date(Date.now() + kDay).toISOString() });
    const completeAt = async () => (await world.ok('GET', `/v1/connections/${connection.id}`)).sync.last_complete_at;
    const before = await completeAt();
    for (let looks = 0; looks < 2; ++looks) {
      const run = await sync(world, connection);
      assert.deepEqual([run.guard ?? null, run.counts.received, run.counts.writes], [null, 0, 0], JSON.stringify(run));
      assert.deepEqual(await here(world, plan), tasks, 'also the one that is gone: nobody can know');
    }
    assert.equal((await world.traffic(form.provider)).writes ?? 0, 0);
    assert.equal(await completeAt(), before, 'nobody has seen all of it');

    await world.simulator.set('PUT', 'limits', { notion_query_rows: 10_000 });
    const run = await sync(world, connection);
    assert.ok(await completeAt() > before);
    assert.deepEqual([run.state, run.counts.received], ['succeeded', 1], JSON.stringify(run));
    assert.deepEqual((await here(world, plan)).map(({ id }) => id), tasks.slice(0, -1).map(({ id }) => id));
  } finally {
    await world.end();
  }
});
