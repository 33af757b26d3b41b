// What it costs to look when nothing has changed on either side: polls and "Sync now" of a small plan and of a
// real one, counted where the services are. MORTISE_TEST_LONG=1 runs the real one in every form.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { connected, forms } from './expect.mjs';
import { roadmap, sharedPlan, until, wideBudgets } from './host.mjs';

const kMinutes = 60_000;

/** Processor time of the host so far, in seconds. */
async function processorTime(world) {
  const stat = await readFile(`/proc/${world.child.pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}

/** Host and providers go on some minutes later: what was just written has settled by then (Notion rounds edit times). */
async function later(world, minutes) {
  assert.equal(await world.stop(), 0);
  await world.simulator.set('PUT', 'clock', { advance_ms: minutes * kMinutes });
  world.ahead_ms = (world.ahead_ms ?? 0) + minutes * kMinutes;
  await world.boot({ MORTISE_DEBUG_NOW: new Date(Date.now() + world.ahead_ms).toISOString() });
}

const runs = async (world) => (await world.ok('GET', '/v1/runs?account_id=ana&limit=200')).items;

/** What `act` cost: at the service, in the runs that it started, and of the host. */
async function cost(world, form, act) {
  const known = new Set((await runs(world)).map(({ id }) => id));
  const [before, began] = [await processorTime(world), Date.now()];
  await world.resetTraffic();
  await act();
  await world.quiet();
  const { reads = 0, writes = 0 } = await world.traffic(form.provider);
  const done = (await runs(world)).filter(({ id }) => !known.has(id));
  for (const run of done) assert.equal(run.state, 'succeeded', JSON.stringify(run));
  const sum = (name) => done.reduce((total, run) => total + run.counts[name], 0);
  assert.deepEqual([sum('reads'), sum('writes')], [reads, writes], 'the runs say what the service counted');
  assert.deepEqual([writes, sum('received'), sum('done')], [0, 0, 0], 'nothing is written, on either side');
  const took = done.map((run) => Date.parse(run.finished_at) - Date.parse(run.started_at));
  return { reads, runs: done, took, cpu: (await processorTime(world)) - before, elapsed: (Date.now() - began) / 1000 };
}

async function unchanged(t, form, document) {
  // Polls come only while the connection syncs by itself.
  const { world, plan, connection } = await connected(form, document, { settings: { ...wideBudgets, 'sync.poll_s': 10 } });
  try {
    const by_itself = (on) => world.ok('PATCH', `/v1/connections/${connection.id}`, { auto_sync: on });
    await by_itself(false);
    assert.equal((await world.export(plan, connection)).state, 'succeeded');
    await later(world, 10);
    await world.sync(connection);
    await world.quiet();

    const modules = new Set(document.weeks.map((week) => week.module)).size;
    const containers = { pages: modules, database: 2 /* the page and its table */ }[form.layout] ?? 1;
    const polls = await cost(world, form, async () => {
      await by_itself(true);
      await until(async () => (await runs(world)).filter((run) => run.trigger === 'schedule' && run.finished_at).length >= 2, 'two polls', 120_000);
      await by_itself(false);
    });
    for (const run of polls.runs) assert.ok(run.counts.reads <= containers, `${run.counts.reads} reads of ${containers}: ${JSON.stringify(run)}`);
    const asked = await cost(world, form, () => world.sync(connection));
    const say = ({ reads, runs: { length }, took, cpu }) =>
      `${reads} reads in ${length} runs of ${took.join(', ')} ms, ${(cpu / length).toFixed(2)} s of processor each`;
    t.diagnostic(`polls: ${say(polls)}`);
    t.diagnostic(`"Sync now": ${say(asked)}`);
    const rows = form.layout === 'database' ? (await world.tasks(plan)).length : 0;
    assert.ok(asked.reads <= containers + 2 + Math.ceil(rows / 100), `${asked.reads} reads`);
  } finally {
    await world.end();
  }
}

for (const [name, form] of Object.entries(forms)) {
  test(`an unchanged poll of a small plan as ${name}`, (t) => unchanged(t, form, roadmap({ modules: 4, weeks: 3, tasks: 10 })));
}

for (const [name, form] of Object.entries(forms)) {
  test(`an unchanged poll of the OSSU curriculum as ${name}`, { timeout: 1_800_000 }, async (t) => {
    const document = await sharedPlan('ossu-computer-science.json');
    if (!document) return t.skip('../shared/data is not here');
    if (name !== 'pages' && !process.env.MORTISE_TEST_LONG) return t.skip('MORTISE_TEST_LONG=1 runs it');
    await unchanged(t, form, document);
  });
}
