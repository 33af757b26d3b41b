// Random edits in the app, in the simulated Notion and in the simulated calendar, through a real host: all three end
// equal, the next look writes nothing, and nothing is doubled. MORTISE_MODEL_OPERATIONS says how many edits (60),
// MORTISE_TEST_SEED which ones; the seed is printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dice, roadmap, until, wideBudgets, World } from './host.mjs';

const seed = Number(process.env.MORTISE_TEST_SEED ?? Date.now() % 1_000_000);
const operations = Number(process.env.MORTISE_MODEL_OPERATIONS ?? 60);

class Model {
  constructor(world, layout) {
    Object.assign(this, { world, layout, roll: dice(seed), word: 0, log: [] });
  }

  pick(list) { return list[Math.floor(this.roll() * list.length)]; }
  words(side) { return `${side} ${++this.word}`; }
  person(action, body) { return this.world.simulator.set('POST', action, body); }

  async start() {
    const { world } = this;
    await world.widenLimits();
    await world.account();
    this.google = await world.connect('google_calendar');
    this.notion = await world.connect('notion');
    await world.ok('PATCH', `/v1/connections/${this.notion.id}`, { settings: { mapping: { layout: this.layout } } });
    this.plan = await world.import(roadmap({ modules: 2, weeks: 1, tasks: 5 }));
    for (const connection of [this.google, this.notion]) {
      const run = await world.export(this.plan, connection);
      assert.equal(run.state, 'succeeded', JSON.stringify(run));
    }
    await this.converge();
  }

  async events() {
    const { items } = await this.person('google/events', { user: this.google.identity.email });
    return items;
  }

  /** The to-dos or rows that Notion holds: {id, text}. */
  async things() {
    const { results } = await this.person('notion/find', { user: this.notion.identity.email });
    return results.filter((each) => (this.layout === 'pages'
      ? each.type === 'to_do' : each.object === 'page' && each.parent.type === 'data_source_id'));
  }

  async edit() {
    const { world, plan } = this;
    const tasks = await world.tasks(plan);
    const task = this.pick(tasks);
    const of = (list, text) => list.find((each) => text(each).replace(/^✓ /, '').split(' · ')[0] === task.title);
    const event = of(await this.events(), (each) => each.summary);
    const thing = of(await this.things(), (each) => each.text);
    const user = this.google.identity.email;
    const acts = {
      rename_here: () => world.ok('PATCH', `/v1/tasks/${task.id}`, { title: this.words('here') }),
      tick_here: () => world.ok('PATCH', `/v1/tasks/${task.id}`, { status: task.status === 'done' ? 'todo' : 'done' }),
      rename_event: () => event && this.person('google/edit_event',
        { user, id: event.id, changes: { summary: this.words('calendar') } }),
      move_event: () => event?.start.dateTime && this.person('google/move_event', { user, id: event.id, by_ms: 3_600_000 }),
      rename_thing: () => thing && this.person('notion/rename', { id: thing.id, title: this.words('notion') }),
      tick_thing: () => thing && (this.layout === 'pages'
        ? this.person('notion/tick', { id: thing.id, checked: task.status !== 'done' })
        : this.person('notion/set', { id: thing.id, property: 'Status', value: this.pick(['Done', 'Not started', 'In progress']) })),
      remove: () => tasks.length > 6 && this.pick([
        () => world.ok('DELETE', `/v1/tasks/${task.id}`),
        () => event && this.person('google/delete_event', { user, id: event.id }),
        () => thing && this.person('notion/trash', { id: thing.id }),
      ])(),
      add: () => world.ok('POST', `/v1/plans/${plan.id}/tasks`, { title: this.words('added'), week_id: task.week_id }),
    };
    const act = this.pick(Object.keys(acts));
    this.log.push(`${act} "${task.title}"`);
    await acts[act]();
  }

  async sync(connection) {
    const started = await this.world.ok('POST', '/v1/accounts/ana/exports',
      { plan_id: this.plan.id, connection_id: connection.id, kind: 'sync' }, { 'idempotency-key': crypto.randomUUID() });
    const run = await until(async () => {
      const now = await this.world.run(started.id);
      return ['succeeded', 'partial', 'failed', 'cancelled', 'waiting'].includes(now.state) && now;
    }, `the sync after ${this.log.slice(-8).join(', ')}`);
    assert.equal(run.state, 'succeeded', `${JSON.stringify(run)} after ${this.log.slice(-8).join(', ')}`);
    await this.world.quiet();
    return run;
  }

  async converge() {
    for (const connection of [this.google, this.notion, this.google]) await this.sync(connection);
    await this.compare();
    for (const connection of [this.google, this.notion]) {
      const run = await this.sync(connection);
      const story = `${JSON.stringify(run.counts)} after ${this.log.slice(-8).join(', ')}`;
      assert.equal(run.counts.writes, 0, story);
      assert.equal(run.counts.received, 0, story);
    }
  }

  /** All three hold the same tasks, each once. */
  async compare() {
    const tasks = await this.world.tasks(this.plan);
    const story = `after ${this.log.slice(-8).join(', ')}`;
    const here = tasks.map((each) => each.title).sort();
    assert.deepEqual((await this.things()).map((each) => each.text.split(' · ')[0]).sort(), here, `Notion ${story}`);
    const marked = tasks.filter((each) => each.schedule || each.due).map((each) => (each.status === 'done' ? `✓ ${each.title}` : each.title));
    assert.deepEqual((await this.events()).map((each) => each.summary).sort(), marked.sort(), `calendar ${story}`);
    const starts = new Map(tasks.map((each) => [each.title, each.schedule?.start]));
    for (const event of await this.events()) {
      const start = starts.get(event.summary.replace(/^✓ /, ''));
      if (event.start.dateTime) assert.equal(event.start.dateTime.slice(0, 19), start, `${event.summary} ${story}`);
    }
  }
}

for (const layout of ['database', 'pages']) {
  test(`edits in the app, Notion (${layout}) and the calendar end equal (seed ${seed})`, { timeout: 3_000_000 }, async () => {
    const world = await World.start({ settings: { ...wideBudgets, 'sync.remove_percent': 100 } });
    try {
      const model = new Model(world, layout);
      await model.start();
      for (let done = 0; done < operations;) {
        const edits = 1 + Math.floor(model.roll() * 5);
        for (let i = 0; i < edits; ++i, ++done) await model.edit();
        await world.quiet();
        await model.converge();
      }
      console.log(`# seed ${seed}: ${operations} edits, ${layout}`);
    } finally {
      await world.end();
    }
  });
}
