// Where to-dos stand among each other in Notion, when what they stand beside goes or comes back at the same time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wideBudgets, World } from './host.mjs';
import { compare } from './model/checks.mjs';
import { Member } from './model/member.mjs';

const ana = '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01';

/** What happens to the second to-do of a week when another one is added behind it, and the plan is sent before anybody looks. */
const beside = {
  'was removed here, and comes back, since somebody edited it there': async ({ m, notion }, task, to_do) => {
    await notion('rename', { id: to_do.id, title: 'Edited' });
    await m.ok('DELETE', `/v1/tasks/${task.id}`);
  },
  'was trashed there': ({ notion }, task, to_do) => notion('trash', { id: to_do.id }),
  'was trashed there, and is made anew, since somebody edited it here': async ({ m, notion }, task, to_do) => {
    await notion('trash', { id: to_do.id });
    await m.ok('PATCH', `/v1/tasks/${task.id}`, { title: 'Edited' });
  },
};

for (const [name, happens] of Object.entries(beside)) {
  test(`a to-do is added behind one that ${name}: all stand as in the plan`, { timeout: 120_000 }, async () => {
    const world = await World.start({ settings: { ...wideBudgets, 'sync.remove_percent': 100, 'sync.debounce_ms': 3_600_000 } });
    try {
      await world.widenLimits();
      const m = new Member(world, 'ana', ana, { calendar: false, layout: 'pages', policy: 'merge', tier: 'pro' });
      m.keys = [world.key];
      await m.start();
      await m.sync(m.notion);
      await m.look();
      const task = m.planTasks.filter((each) => each.week_id === m.weeks[0].id)[1];
      const notion = (action, body) => world.simulator.set('POST', `notion/${action}`, body);
      await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Added', after_task_id: task.id });
      await happens({ m, notion }, task, m.thingOf(task));
      await world.export(m.plan, m.notion, m.account);
      const run = await m.sync(m.notion);
      assert.equal(run.state, 'succeeded', JSON.stringify(run));
      await m.look();
      assert.equal(compare(m), null);
    } finally {
      await world.end();
    }
  });
}
