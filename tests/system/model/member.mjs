// One account with its plan and connections, and what the model knows of it.
import { roadmap, wideBudgets, World } from '../host.mjs';
import { Ledger } from './ledger.mjs';
import { ordersThere } from './places.mjs';
import { Runs } from './runs.mjs';
import { instancesThere, occurrencesHere } from './series.mjs';
import { eventSeen, thingSeen } from './sides.mjs';

export class Member extends Runs {
  constructor(world, account, person, shape, dice) {
    super();
    Object.assign(this, { world, account, person, shape, dice, ledger: new Ledger() });
    this.serial = 0;
    this.log = [];
    this.conflictsSeen = new Set();
    this.told = [];  // conflicts of the epoch
    this.removedBefore = [];  // tasks that earlier epochs removed
    this.strangers = new Set();  // what a person made in Notion
    this.dragged = new Map();  // what a person moved in Notion -> where it stands since
    this.mover = dice?.pick(['person', 'app', 'nobody']);  // who moves what stands on pages
    this.unordered = new Set();  // weeks in which things came back among others that had been numbered anew
    this.unequal = { google: new Set(), notion: new Set() };  // tasks whose state may differ there: the tier says so
  }

  word(side) { return `${side} ${++this.serial}`; }
  note(line) {
    this.log.push(line);
    if (this.log.length > 400) this.log.splice(0, 200);
  }
  get connections() { return [this.google, this.notion].filter(Boolean); }
  get sides() { return ['here', this.google && 'google', this.notion && 'notion'].filter(Boolean); }

  async start() {
    const { world, shape } = this;
    await world.account(this.account, shape.tier);
    if (shape.calendar) this.google = await world.connect('google_calendar', this.account, { user: this.person });
    if (shape.layout) this.notion = await world.connect('notion', this.account, { user: this.person });
    for (const connection of this.connections) {
      const mapping = { conflicts: shape.policy, ...(connection === this.notion && { layout: shape.layout }) };
      await this.ok('PATCH', `/v1/connections/${connection.id}`, { settings: { mapping } });
    }
    this.plan = await world.import(roadmap({ modules: 2, weeks: 2, tasks: 4, title: `Plan of ${this.account}` }), this.account);
    await world.quiet(this.account);
    for (const connection of this.connections) {
      const run = await world.export(this.plan, connection, this.account);
      if (run.state !== 'succeeded') throw new Error(`the first export: ${JSON.stringify(run)}`);
    }
    this.weeks = (await this.ok('GET', `/v1/plans/${this.plan.id}`)).modules.flatMap((module) => module.weeks);
    const { items: plans } = await this.ok('GET', `/v1/accounts/${this.account}/plans`);
    this.calendar = plans.find((each) => each.external_id === 'calendar');
  }

  /** All that there is, on every side. */
  async look() {
    const [here, calendar] = await Promise.all([this.plan, this.calendar].map((plan) => this.tasksOf(plan)));
    this.tasks = [...here, ...calendar];
    this.planTasks = here;
    await this.lookThere();
    const series = this.tasks.filter((task) => task.recurrence?.length);
    this.occurrences = new Map(await Promise.all(series.map(async (task) => [task.id, await occurrencesHere(this, task)])));
    this.orders = this.shape.layout === 'pages' ? await ordersThere(this) : new Map();
    this.instances = this.google && series.length > 0 ? await instancesThere(this) : new Map();
  }

  /** What the services hold. */
  async lookThere() {
    const steps = [];
    if (this.google) steps.push({ provider: 'google', action: 'events', body: { user: this.person } });
    if (this.notion) steps.push({ provider: 'notion', action: 'find', body: { user: this.person, whole: true } });
    const answers = (await this.world.simulator.set('POST', 'batch', { steps })).results.map((each) => each.body);
    if (this.google) this.events = answers.shift().items;
    if (this.notion) this.found = answers.shift().results;
    this.index();
  }

  tasksOf(plan) { return this.listed(`/v1/plans/${plan.id}/tasks`); }

  /** Titles are unique wherever all sides agree: by them an item is found at the services. */
  index() {
    this.byId = new Map(this.tasks.map((task) => [task.id, task]));
    this.eventsByTitle = new Map();
    this.exceptions = [];
    for (const event of this.events ?? []) {
      if (event.recurringEventId) this.exceptions.push(event);
      else this.eventsByTitle.set(eventSeen(event).title, event);
    }
    const layout = this.shape.layout;
    this.things = (this.found ?? []).filter((each) => !this.strangers.has(each.id) && (layout === 'pages'
      ? each.type === 'to_do' : each.object === 'page' && each.parent.type === 'data_source_id'));
    this.thingsByTitle = new Map(this.things.map((each) => [thingSeen(each.shown, layout).title, each]));
    this.sections = (this.found ?? []).filter((each) => each.type === 'heading_2');
    this.table = (this.found ?? []).find((each) => each.object === 'data_source');
  }

  eventOf(task) { return this.eventsByTitle.get(task.title); }
  thingOf(task) { return task.plan_id === this.plan.id ? this.thingsByTitle.get(task.title) : undefined; }

  /** Conflicts that were recorded since the last time. */
  async newConflicts() {
    const fresh = await this.listed(`/v1/accounts/${this.account}/conflicts`, (each) => !this.conflictsSeen.has(each.id));
    for (const each of fresh) this.conflictsSeen.add(each.id);
    return fresh;
  }
}

/** Runs `work(m)` where ana's plan was exported as pages of Notion, nothing syncs by itself and no guard asks; ends everything. */
export async function inPages(work, shape = {}) {
  const world = await World.start({ settings: { ...wideBudgets, 'sync.remove_percent': 100, 'sync.debounce_ms': 3_600_000 } });
  try {
    await world.widenLimits();
    const pages = { calendar: false, layout: 'pages', policy: 'merge', tier: 'pro', guards: { percent: 100, at_least: 10 } };
    const m = new Member(world, 'ana', '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01', { ...pages, ...shape });
    m.keys = [world.key];
    await m.start();
    await work(m);
  } finally {
    await world.end();
  }
}
