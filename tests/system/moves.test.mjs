// A task that is moved here: it stands in Notion where its week stands now, once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare } from './model/checks.mjs';
import { inPages } from './model/member.mjs';
import { move } from './scenes.mjs';

for (const [name, lose] of [['stands as it was', false], ['was trashed, and is made anew for another task', true]]) {
  test(`a task moves to a week of another module; the page that it leaves ${name}`, { timeout: 120_000 }, () => inPages(async (m) => {
    await m.look();
    const [edited, moved] = m.planTasks.filter((task) => task.week_id === m.weeks[0].id);
    if (lose) {
      await m.world.simulator.set('POST', 'notion/trash', { id: m.found.find((each) => each.text === 'Module 1').id });
      await m.ok('PATCH', `/v1/tasks/${edited.id}`, { title: 'Edited' });
    }
    await move(m, moved, m.weeks[2]);
    const run = await m.sync(m.notion);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    await m.look();
    assert.equal(compare(m), null);
    const again = await m.sync(m.notion);
    assert.deepEqual([again.counts.writes, again.counts.received], [0, 0], JSON.stringify(again));
  }));
}

/** What becomes of a to-do of module 1 that a person dragged to the page of module 2, and of another that stayed. */
const dragged = {
  'the page of its week is trashed: it stays': {
    act: (scene) => scene.trash(scene.page('Module 1')), dragged: [true, true], left: [false, false] },
  'the page that it was dragged to is trashed: it goes': {
    act: (scene) => scene.trash(scene.page('Module 2')), dragged: [false, false], left: [true, true] },
  'the page that it was dragged to is trashed, and what stands beside it is edited here: it stays with its week': {
    act: async (scene) => {
      await scene.trash(scene.page('Module 2'));
      const beside = scene.m.planTasks.find((each) => each.week_id === scene.m.weeks[2].id);
      await scene.m.ok('PATCH', `/v1/tasks/${beside.id}`, { title: 'Edited' });
    },
    dragged: [true, true], left: [true, true] },
  'before anybody has looked, the page of its week is trashed and it is edited here: it stays, once': {
    act: async (scene) => {
      await scene.notion('move', { id: scene.m.thingOf(scene.task).id, parent: scene.page(scene.m.plan.title).id });
      await scene.trash(scene.page('Module 1'));
      await scene.m.ok('PATCH', `/v1/tasks/${scene.task.id}`, { status: 'done' });
    },
    unseen: true, dragged: [true, true], left: [false, false] },
  'before its id was known: it stays': { act: (scene) => scene.drag(), unseen: true, nameless: true, dragged: [true, true], left: [true, true] },
  'before its id was known, and the page of its week is trashed: it stays': {
    act: async (scene) => {
      await scene.drag();
      await scene.trash(scene.page('Module 1'));
    },
    unseen: true, nameless: true, dragged: [true, true], left: [false, false] },
  'before its id was known, it is edited here and only written: the edit reaches it where it stands': {
    act: async (scene) => {
      await scene.drag();
      await scene.m.ok('PATCH', `/v1/tasks/${scene.task.id}`, { status: 'done' });
      await scene.m.world.export(scene.m.plan, scene.m.notion, scene.m.account);
    },
    unseen: true, nameless: true, dragged: [true, true], left: [true, true] },
  'it goes to the page of the plan instead, and before anybody has looked the heading of its week is trashed: it stays': {
    act: async (scene) => {
      await scene.notion('move', { id: scene.m.thingOf(scene.task).id, parent: scene.page(scene.m.plan.title).id });
      await scene.trash(scene.section(scene.m.weeks[0]));
    },
    unseen: true, dragged: [true, true], left: [false, false] },
  'it is indented below another one instead, which is removed here: it is made anew': {
    act: async (scene) => {
      await scene.notion('move', { id: scene.m.thingOf(scene.task).id, parent: scene.m.thingOf(scene.left).id });
      await scene.m.sync(scene.m.notion);
      await scene.m.ok('DELETE', `/v1/tasks/${scene.left.id}`);
    },
    unseen: true, dragged: [true, true], left: [false, false] },
  'it is removed where it stands: the task goes': {
    act: (scene) => scene.trash(scene.m.thingOf(scene.task)), dragged: [false, false], left: [true, true] },
  'the app sends its plan without that module: the page stays with it': {
    act: (scene) => scene.without(1), dragged: [true, true], left: [true, true] },
  'the app sends its plan without its own module: it goes': {
    act: (scene) => scene.without(0), dragged: [false, false], left: [false, false] },
  'the plan is removed, there too, and somebody has written on its pages: it goes': {
    act: async (scene) => {
      for (const week of scene.m.weeks) await scene.notion('add_to_do', { id: scene.section(week).id, text: 'own', checked: false });
      await scene.m.ok('DELETE', `/v1/plans/${scene.m.plan.id}?remote=remove`);
    },
    planGone: true, dragged: [false, false], left: [false, false] },
};

class Scene {
  constructor(m) { this.m = m; }
  notion(action, body) { return this.m.world.simulator.set('POST', `notion/${action}`, body); }
  page(title) { return this.m.found.find((each) => each.object === 'page' && each.text === title); }
  section(week) { return this.m.sections.find((each) => each.text === `Week ${week.number}: ${week.milestone}`); }
  drag() { return this.notion('move', { id: this.m.thingOf(this.task).id, parent: this.section(this.m.weeks[2]).id }); }
  trash({ id }) { return this.notion('trash', { id }); }

  async without(number) {
    const { m } = this;
    const tasks = await m.tasksOf(m.plan);
    const plan = await m.ok('GET', `/v1/plans/${m.plan.id}`);
    const weeks = (module) => module.weeks.map((week) => ({ ...week, tasks: tasks.filter((each) => each.week_id === week.id) }));
    const modules = plan.modules.filter((each, i) => i !== number).map((module) => ({ ...module, weeks: weeks(module) }));
    await m.ok('POST', `/v1/accounts/${m.account}/plans`, { ...plan, modules, tasks: [] });
  }
}

test('a task is added behind one that a person dragged to another page: one request, and nothing is refused', { timeout: 120_000 }, () => inPages(async (m) => {
  await m.sync(m.notion);
  await m.look();
  const own = m.planTasks.filter((task) => task.week_id === m.weeks[0].id);
  await Object.assign(new Scene(m), { task: own.at(-1) }).drag();
  await m.sync(m.notion);
  await m.world.resetTraffic();
  await m.ok('POST', `/v1/plans/${m.plan.id}/tasks`, { title: 'Behind', week_id: m.weeks[0].id, duration_s: 3600 });
  const run = await m.sync(m.notion);
  assert.deepEqual([run.state, (await m.world.traffic('notion')).writes], ['succeeded', 1], JSON.stringify(run));
  await m.look();
  assert.deepEqual(m.things.filter((each) => each.text.startsWith('Behind')).map((each) => each.parent.block_id), [m.thingOf(own[0]).parent.block_id]);
}));

for (const [name, scene] of Object.entries(dragged)) {
  test(`a to-do that a person dragged to another page; ${name}`, { timeout: 120_000 }, () => inPages(async (m) => {
    if (!scene.nameless) await m.sync(m.notion);  // what was made in one go has its ids known from now on
    await m.look();
    const [task, left] = m.planTasks.filter((each) => each.week_id === m.weeks[0].id);
    const at = Object.assign(new Scene(m), { task, left });
    if (!scene.unseen) {
      await at.drag();
      await m.sync(m.notion);
    }
    await scene.act(at);
    await m.sync(m.notion);
    const again = await m.sync(m.notion);
    assert.deepEqual([again.state, again.counts.writes, again.counts.received], ['succeeded', 0, 0], JSON.stringify(again));
    const here = scene.planGone ? [] : await m.tasksOf(m.plan);
    await m.lookThere();
    const inBoth = ({ id, title }) => [here.some((each) => each.id === id), m.things.some((each) => each.text.startsWith(title))];
    assert.deepEqual([inBoth(task), inBoth(left)], [scene.dragged, scene.left]);
    assert.equal(m.things.filter((each) => each.text.startsWith(task.title)).length, scene.dragged[1] ? 1 : 0);
  }));
}

test('a row that a person drags out of the table to a page says nothing of its task any more: that stays as it is', { timeout: 120_000 }, () => inPages(async (m) => {
  await m.sync(m.notion);
  await m.look();
  const [task] = m.planTasks;
  await m.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'done', link: 'https://example.org/a' });
  await m.sync(m.notion);
  await m.look();
  const before = m.byId.get(task.id);
  const { id } = m.found.find((each) => each.object === 'page' && each.text === m.plan.title);
  await m.world.simulator.set('POST', 'notion/move', { id: m.thingOf(task).id, parent: id });
  await m.sync(m.notion);
  const now = await m.ok('GET', `/v1/tasks/${task.id}`);
  assert.deepEqual([now.title, now.status, now.link, now.due, now.rev], [before.title, 'done', 'https://example.org/a', before.due, before.rev]);
}, { layout: 'database' }));
