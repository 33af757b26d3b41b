// What one edit costs in a plan of 500 tasks, with the connectors and mappings that are shipped: counted where the services are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connected, forms } from './expect.mjs';
import { roadmap } from './host.mjs';
import { googleEvents, notionTasks, renameThere } from './remote.mjs';

for (const [name, form] of Object.entries(forms)) {
  test(`one changed task of 500 is one write on the other side, and none back (${name})`, { timeout: 600_000 }, async () => {
    const { world, plan, connection } = await connected(form, roadmap({ modules: 5, weeks: 4, tasks: 25 }));
    const writes = async () => (await world.traffic(form.provider)).writes ?? 0;
    /** "Sync now": what it received here, and what it and the service say was written there. */
    const look = async () => {
      await world.resetTraffic();
      const run = await world.finished((await world.startSync(connection)).id);
      assert.equal(run.state, 'succeeded', JSON.stringify(run));
      await world.quiet();
      return [run.counts.received, run.counts.writes, await writes()];
    };
    try {
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      assert.deepEqual(await look(), [0, 0, 0]);
      const tasks = await world.tasks(plan);
      assert.equal(tasks.length, 500);

      await world.resetTraffic();
      await world.ok('PATCH', `/v1/tasks/${tasks[250].id}`, { title: 'Changed here' });
      await world.quietAfterPush(plan);
      assert.equal(await writes(), 1);
      assert.deepEqual(await look(), [0, 0, 0]);

      await renameThere(world, form, connection, tasks[499].title, 'Changed there');
      assert.deepEqual(await look(), [1, 0, 0]);
      assert.deepEqual(await look(), [0, 0, 0]);

      const wanted = tasks.map(({ title }, i) => ({ 250: 'Changed here', 499: 'Changed there' })[i] ?? title);
      assert.deepEqual((await world.tasks(plan)).map(({ title }) => title), wanted);
      const there = await (form.provider === 'notion' ? notionTasks(world) : googleEvents(world));
      assert.deepEqual(there.map((each) => each.title ?? each.summary).sort(), wanted.sort());
    } finally {
      await world.end();
    }
  });
}
