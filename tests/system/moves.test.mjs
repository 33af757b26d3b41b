// A task that is moved here: it stands in Notion where its week stands now, once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wideBudgets, World } from './host.mjs';
import { compare } from './model/checks.mjs';
import { Member } from './model/member.mjs';

const ana = '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01';

/** Sends the plan anew, as an app does that lets its user move a task: behind all others of another week. */
async function move(m, moved, week) {
  const plan = await m.ok('GET', `/v1/plans/${m.plan.id}`);
  const others = (await m.tasksOf(m.plan)).filter((task) => task.id !== moved.id);
  const tasksOf = ({ id }) => [...others.filter((task) => task.week_id === id), ...(id === week.id ? [moved] : [])];
  const modules = plan.modules.map((module) => ({ ...module, weeks: module.weeks.map((each) => ({ ...each, tasks: tasksOf(each) })) }));
  await m.ok('POST', `/v1/accounts/${m.account}/plans`, { ...plan, modules });
}

for (const [name, lose] of [['stands as it was', false], ['was trashed, and is made anew for another task', true]]) {
  test(`a task moves to a week of another module; the page that it leaves ${name}`, { timeout: 120_000 }, async () => {
    const world = await World.start({ settings: { ...wideBudgets, 'sync.remove_percent': 100, 'sync.debounce_ms': 3_600_000 } });
    try {
      await world.widenLimits();
      const m = new Member(world, 'ana', ana, { calendar: false, layout: 'pages', policy: 'merge', tier: 'pro' });
      m.keys = [world.key];
      await m.start();
      await m.look();
      const [edited, moved] = m.planTasks.filter((task) => task.week_id === m.weeks[0].id);
      if (lose) {
        await world.simulator.set('POST', 'notion/trash', { id: m.found.find((each) => each.text === 'Module 1').id });
        await m.ok('PATCH', `/v1/tasks/${edited.id}`, { title: 'Edited' });
      }
      await move(m, moved, m.weeks[2]);
      const run = await m.sync(m.notion);
      assert.equal(run.state, 'succeeded', JSON.stringify(run));
      await m.look();
      assert.equal(compare(m), null);
      const again = await m.sync(m.notion);
      assert.deepEqual([again.counts.writes, again.counts.received], [0, 0], JSON.stringify(again));
    } finally {
      await world.end();
    }
  });
}
