// The main job on a small plan and on a real one: everything there once, in order; a second export
// writes nothing; a change travels as exactly one write.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { assertInStep, connected, forms } from './expect.mjs';
import { roadmap, sharedPlan } from './host.mjs';

async function oneWrite(world, form, plan, change) {
  const before = new Map((await world.tasks(plan)).map((task) => [task.id, JSON.stringify([task.schedule, task.due])]));
  await world.resetTraffic();
  await change();
  await world.quietAfterPush(plan);
  const { writes } = await world.traffic(form.provider);
  assert.equal(writes, 1);
  for (const task of await world.tasks(plan)) {
    if (before.has(task.id)) assert.equal(JSON.stringify([task.schedule, task.due]), before.get(task.id));
  }
  await assertInStep(world, form, plan);
}

async function mainJob(form, document, limits, environment = {}) {
  const { world, plan, connection } = await connected(form, document, { environment });
  try {
    await world.resetTraffic();
    const run = await world.export(plan, connection);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await limits?.(await world.traffic(form.provider), await world.tasks(plan));
    await assertInStep(world, form, plan, { ordered: true });

    await world.resetTraffic();
    await world.export(plan, connection);
    assert.equal((await world.traffic(form.provider)).writes, 0, 'a second export writes nothing');

    const tasks = await world.tasks(plan);
    const at = Math.floor(tasks.length / 2);
    let renamed;
    await oneWrite(world, form, plan, async () => {
      renamed = await world.api('PATCH', `/v1/tasks/${tasks[at].id}`, { title: 'Another title' });
      assert.equal(renamed.status, 200);
    });
    const { items: [line] } = await world.ok('GET', `/v1/tasks/${tasks[at].id}/history`);
    const call = renamed.headers.get('x-request-id');
    assert.deepEqual([line.action, line.result, line.trigger, line.request_id], ['update', 'done', 'change', call]);
    assert.equal((await world.run(line.run_id)).request_id, call);
    await oneWrite(world, form, plan, () => world.ok('PATCH', `/v1/tasks/${tasks[at + 1].id}`, { status: 'done' }));
    await oneWrite(world, form, plan, () => world.ok('POST', `/v1/plans/${plan.id}/tasks`,
      { title: 'One more', duration_s: 1800, after_task_id: tasks[1].id }));
    await oneWrite(world, form, plan, () => world.ok('DELETE', `/v1/tasks/${tasks[0].id}`));
    assert.equal(await world.stop(), 0);
  } finally {
    await world.end();
  }
}

for (const [name, form] of Object.entries(forms)) {
  test(`export: a small plan as ${name}`, () => mainJob(form, roadmap()));
}

for (const [name, form] of Object.entries(forms)) {
  test(`export: the OSSU curriculum as ${name}`, { timeout: 1_800_000 }, async (t) => {
    const document = await sharedPlan('ossu-computer-science.json');
    if (!document) return t.skip('../shared/data is not here');
    if (name !== 'pages' && !process.env.MORTISE_TEST_LONG) return t.skip('MORTISE_TEST_LONG=1 runs it');
    await mainJob(form, document, async (traffic, tasks) => {
      assert.equal(tasks.length, 3330);
      if (name === 'pages') {
        assert.ok(traffic.writes <= 20, `${traffic.writes} writes`);
        assert.ok(traffic.reads <= 25, `${traffic.reads} reads`);
      } else {
        assert.ok(traffic.writes <= 3330 + 4, `${traffic.writes} writes: one a row and set-up`);
      }
      t.diagnostic(`${name}: ${traffic.writes} writes, ${traffic.reads} reads`);
      const golden = await readFile(new URL('../golden/ossu_due_dates.txt', import.meta.url), 'utf8');
      const dates = golden.trim().split('\n').filter((line) => line.startsWith('w'))
        .flatMap((line) => line.split(': ')[1].split(' '));
      assert.deepEqual(tasks.map((task) => task.due), dates);
    }, { MORTISE_DEBUG_NOW: '2026-11-20T09:00:00Z' });  // the day that the golden dates were worked out from
  });
}
