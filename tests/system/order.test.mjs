// Where to-dos stand among each other in Notion, when what they stand beside goes or comes back at the same time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './model/checks.mjs';
import { inPages } from './model/member.mjs';
import { move, notion, travels } from './scenes.mjs';

/** What happens to the second to-do of a week when another one is added behind it, and the plan is sent before anybody looks. */
const beside = {
  'was removed here, and comes back, since somebody edited it there': async (m, task, to_do) => {
    await notion(m, 'rename', { id: to_do.id, title: 'Edited' });
    await m.ok('DELETE', `/v1/tasks/${task.id}`);
  },
  'was trashed there': (m, task, to_do) => notion(m, 'trash', { id: to_do.id }),
  'was trashed there, and is made anew, since somebody edited it here': async (m, task, to_do) => {
    await notion(m, 'trash', { id: to_do.id });
    await m.ok('PATCH', `/v1/tasks/${task.id}`, { title: 'Edited' });
  },
};

for (const [name, happens] of Object.entries(beside)) {
  test(`a to-do is added behind one that ${name}: all stand as in the plan`, { timeout: 120_000 }, () => inPages(async (m) => {
    await m.sync(m.notion);
    await m.look();
    const task = m.planTasks.filter((each) => each.week_id === m.weeks[0].id)[1];
    await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Added', after_task_id: task.id });
    await happens(m, task, m.thingOf(task));
    await m.world.export(m.plan, m.notion, m.account);
    const run = await m.sync(m.notion);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await m.look();
    assert.equal(compare(m), null);
  }));
}

test('a to-do is added behind one that moves here to another week, and that somebody edits there: all stand as in the plan', { timeout: 120_000 }, () => inPages(async (m) => {
  await m.sync(m.notion);
  await m.look();
  const task = m.planTasks.find((each) => each.week_id === m.weeks[2].id);
  await notion(m, 'rename', { id: m.thingOf(task).id, title: 'Edited' });
  await move(m, task, m.weeks[0], 1);
  await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Added', after_task_id: task.id });
  await m.world.export(m.plan, m.notion, m.account);
  const run = await m.sync(m.notion);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  await m.look();
  assert.equal(compare(m), null);
}));

test('a connection only writes, and a to-do is added behind one that was trashed before its id was known: it is made', { timeout: 120_000 }, () => inPages(async (m) => {
  await m.look();
  const task = m.planTasks.filter((each) => each.week_id === m.weeks[0].id)[0];
  await travels(m, m.notion, 'push');
  await notion(m, 'trash', { id: m.thingOf(task).id });
  await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Added', after_task_id: task.id });
  const run = await m.sync(m.notion);
  assert.deepEqual([run.state, run.counts.writes], ['succeeded', 1], JSON.stringify(run));
  await m.lookThere();
  assert.equal(m.things.filter((each) => each.text.startsWith('Added')).length, 1);
}));
