// What the host knows about the account, kept current by its event stream. Components subscribe and
// read; whatever changes, every one of them is told once.

import { client } from './client.js';
import { PlanTasks } from './plan_tasks.js';
import { Reading } from './reading.js';

const finished = new Set(['succeeded', 'partial', 'failed', 'cancelled']);
const tickMs = 60_000;
/** A page that is hidden for longer holds no stream. */
const hiddenMs = 30_000;
const basics = ['connectors', 'connections', 'runs'];

export const isFinished = (run) => finished.has(run.state);
/** A guard stopped it: a person approves or discards. */
export const asks = (run) => run.state === 'waiting' && run.waiting_for === 'approval';
/** Runs, also where requests of it wait and go on by themselves. */
const isAtWork = (run) => run.state === 'running' || (run.state === 'waiting' && ['budget', 'retry'].includes(run.waiting_for));

export class Live {
  account = '';
  /** The account's record: its zone and language. */
  profile = {};
  connectors = [];
  connections = [];
  runs = new Map();
  usage = null;
  /** What both sides had changed, the newest ones first. */
  conflicts = [];
  /** Counts the runs that ended or asked while we listened: what was read before may be old. */
  ends = 0;
  /** What the browser brought back from connecting: {status, reason, access, run, export}, or null. Who says a part of it empties that. */
  returned = null;

  #subscribers = new Set();
  #loading = null;
  #told = false;
  // Of the account: its stream, its reads, the parts that were read, its list of plans, tasks by plan, plans by task, and plans that are not there any more.
  #over = new AbortController();
  #reading = this.#newReading();
  #taken = new Set();
  #planList = null;
  #tasks = new Map();
  #plansOf = new Map();
  #gone = new Set();

  constructor(api = client) { this.api = api; }

  /** Whether there is enough to show. */
  get loaded() { return basics.every((part) => this.#taken.has(part)); }

  /** Why nobody is signed in, or what could not be read; or null. */
  get problem() { return this.api.problem ?? [...this.#reading.problems.values()][0] ?? null; }

  /** Calls `heard` now and whenever something changed. Answers how to stop. */
  subscribe(heard) {
    this.#subscribers.add(heard);
    this.begin();
    heard();
    return () => this.#subscribers.delete(heard);
  }

  /** Loads everything of whoever is signed in, now or later, and goes on listening. */
  begin() {
    if (!this.#loading) {
      this.api.addEventListener('session', () => this.#meet());
      setInterval(() => this.changed(), tickMs);  // "2 minutes ago" becomes 3
      this.#meet();
    }
    return this.#loading;
  }

  /** Begins with whoever is signed in now; of anybody else nothing is left. */
  #meet() {
    this.#over.abort();
    this.#over = new AbortController();
    this.#reading = this.#newReading();
    this.#taken = new Set();
    this.#planList = null;
    this.#tasks = new Map();
    this.#plansOf = new Map();
    this.#gone = new Set();
    Object.assign(this, { account: this.api.account, profile: {}, connectors: [], connections: [], runs: new Map(),
      usage: null, conflicts: [], returned: null });
    this.#loading = this.account ? this.#load(this.#over.signal) : Promise.resolve();
    this.changed();
  }

  #newReading() { return new Reading(() => this.changed()); }

  async #load(signal) {
    this.returned = takeReturned(location);
    await this.refresh();
    if (!signal.aborted) this.#watch(signal);
  }

  /** Follows the account's events while somebody may look. A browser has six connections to a host, the host room for so many streams. */
  #watch(over) {
    let stream = null;
    let timer = 0;
    const look = () => {
      clearTimeout(timer);
      if (document.hidden) {
        timer = setTimeout(() => {
          stream?.abort();
          stream = null;
        }, hiddenMs);
      } else if (!stream) {
        stream = new AbortController();
        this.#follow(AbortSignal.any([over, stream.signal]));
      }
    };
    document.addEventListener('visibilitychange', look, { signal: over });
    look();
  }

  #follow(signal) {
    const { problems } = this.#reading;
    this.api.follow(`${this.#path}/events`, signal, (name, data) => {
      problems.delete('events');
      if (name === 'run') this.#heardRun(data);
      else if (name === 'wait') this.#heardWait(data);
      else if (name === 'plan') this.#heardPlan(data.plan_id);
      else if (name === 'connection') this.#heardConnection();
      else if (name === 'ready') this.refresh();  // the stream is open: what happened before it is read
    }, (problem) => {
      if (problem.status !== 429) problems.set('events', problem);
      this.changed();
    });
  }

  get #path() { return `v1/accounts/${encodeURIComponent(this.account)}`; }

  /** Reads a part anew and takes it over, whatever becomes of the others. */
  #read(part, read, take) {
    const reading = this.#reading;
    return reading.again(part, async () => {
      if (reading !== this.#reading) return;  // somebody else is signed in by now
      const answer = await read();
      if (reading !== this.#reading) return;
      take(answer);
      this.#taken.add(part);
    });
  }

  /** The same of a plan's; a plan that is not there any more is forgotten. */
  #readOf(plan, part, read, take) {
    const orNothing = () => read().catch((problem) => {
      if (problem.status !== 404) throw problem;
    });
    return this.#read(`${part} ${plan}`, async () => (this.#gone.has(plan) ? undefined : orNothing()),
      (answer) => (answer ? take(answer) : this.forgetPlan(plan)));
  }

  /** Reads everything again, plans that are shown included. Failures show as `problem`. */
  async refresh() {
    this.ends += 1;
    const connections = this.#readConnections();
    await Promise.allSettled([
      this.#read('profile', () => this.api.get(this.#path), (profile) => { this.profile = profile; }),
      this.#read('connectors', () => this.api.get('v1/connectors'), ({ items }) => { this.connectors = items; }),
      connections,
      this.#readRuns(connections),
      this.#readUsage(),
      this.#readConflicts(),
      this.#planList && this.readPlans(),
      ...[...this.#tasks.keys()].map((plan) => this.readTasks(plan)),
    ]);
  }

  #readConnections() {
    return this.#read('connections', () => this.api.get(`${this.#path}/connections`), ({ items }) => this.#takeConnections(items));
  }

  /** A run may wait for an answer for longer than the list of runs goes back: `connections`, being read, name those. */
  #readRuns(connections) {
    return this.#read('runs', async () => {
      const { items } = await this.api.get(`v1/runs?account_id=${encodeURIComponent(this.account)}&limit=100`);
      await connections.catch(() => {});
      const known = new Set(items.map((run) => run.id));
      const waiting = this.connections.map((each) => each.sync.waiting_run_id).filter((id) => id && !known.has(id));
      return [...items, ...await Promise.all(waiting.map((id) => this.api.get(`v1/runs/${id}`)))];
    }, (runs) => runs.forEach((run) => this.#takeRun(run)));
  }

  #readUsage() {
    return this.#read('usage', () => this.api.get(`${this.#path}/usage`), (usage) => { this.usage = usage; });
  }

  #readConflicts() {
    return this.#read('conflicts', () => this.api.get(`${this.#path}/conflicts?limit=200`), ({ items }) => { this.conflicts = items; });
  }

  // Answers and events overtake each other: nothing older takes back what is known to be newer.
  #takeRun(run) {
    const known = this.runs.get(run.id);
    if (known && isFinished(known) && !isFinished(run)) return known;
    if (known && (isAtWork(known) || (known.started_at && !run.started_at)) && run.state === 'queued') return known;
    this.runs.set(run.id, run);
    return run;
  }

  #takeConnections(list) {
    const known = new Map(this.connections.map((each) => [each.id, each]));
    this.connections = list.map((each) => (known.get(each.id)?.rev > each.rev ? known.get(each.id) : each));
  }

  #heardRun(event) {
    const run = this.#takeRun(event);
    this.changed();
    if (!isFinished(run) && run.waiting_for !== 'reconnect' && !asks(run)) return;
    this.ends += 1;
    const brought = run.counts.received + run.counts.conflicts > 0;
    Promise.allSettled([
      this.#readConnections(),
      this.#readUsage(),
      brought && this.#readConflicts(),
      brought && this.#planList && this.readPlans(),
      // A run without a plan is about all of them.
      ...[...this.#tasks.keys()].filter((plan) => !run.plan_id || plan === run.plan_id).map((plan) => this.readTasks(plan)),
    ]);
  }

  /** Nobody tells that a wait is over: the run's next event does, or its time. */
  #heardWait({ id, waiting_for, until }) {
    const run = this.runs.get(id);
    if (!run || !isAtWork(run)) return;
    const waits = { ...run, state: 'waiting', waiting_for, waiting_until: until };
    this.runs.set(id, waits);
    this.changed();
    setTimeout(() => {
      if (this.runs.get(id) !== waits) return;
      this.runs.set(id, { ...run, state: 'running', waiting_for: undefined, waiting_until: undefined });
      this.changed();
    }, Date.parse(until) - Date.now());
  }

  #heardPlan(plan) {
    const mayBeBack = this.#gone.delete(plan);
    Promise.allSettled([
      this.#planList && (this.#planList.items ? this.readPlan(plan) : this.readPlans()),
      (mayBeBack || this.#tasks.has(plan)) && this.readTasks(plan),
      // Perhaps it was undone on another page.
      this.conflicts.some((each) => each.plan_id === plan && !each.undone_at) && this.#readConflicts(),
    ]);
  }

  /** How tasks stand hangs on it, too. */
  #heardConnection() {
    Promise.allSettled([this.#readConnections(), ...[...this.#tasks.keys()].map((plan) => this.readTasks(plan))]);
  }

  /** Takes over a run that an answer brought. */
  keep(run) {
    if (run.account_id !== this.account) return;
    this.#takeRun(run);
    this.changed();
  }

  keepConnection(connection) {
    if (connection.account_id !== this.account) return;
    const isKnown = this.connections.some((each) => each.id === connection.id);
    this.#takeConnections(isKnown ? this.connections.map((each) => (each.id === connection.id ? connection : each))
      : [...this.connections, connection]);
    this.changed();
  }

  keepConflict(conflict) {
    this.conflicts = this.conflicts.map((each) => (each.id === conflict.id ? conflict : each));
    this.changed();
  }

  /** The account's plans, kept current from now on; null until they are read. */
  plans() {
    if (!this.#planList) this.readPlans().catch(() => {});
    return this.#planList.items;
  }

  /** One of them, if it is there. */
  plan(id) { return this.#planList?.items?.find((each) => each.id === id); }

  readPlans() {
    this.#planList ??= { items: null };
    let before;
    return this.#read('plans', () => {
      before = new Set(this.#gone);
      return this.api.all(`${this.#path}/plans`);
    }, (items) => {
      for (const { id } of items) if (before.has(id)) this.#gone.delete(id);  // it is back; what went meanwhile is not
      this.#planList = { items: items.filter((each) => !this.#gone.has(each.id)).map((each) => newer(this.plan(each.id), each)) };
    });
  }

  /** Reads one of the plans anew. Answers it, or undefined where there is none. */
  async readPlan(id) {
    await this.#readOf(id, 'plan', () => this.api.get(`v1/plans/${encodeURIComponent(id)}`), (plan) => {
      const items = this.#planList?.items;
      if (items) this.#planList = { items: this.plan(id) ? items.map((each) => (each.id === id ? newer(each, plan) : each)) : [...items, plan] };
    });
    return this.plan(id);
  }

  /** It is not there any more. */
  forgetPlan(id) {
    this.#gone.add(id);
    this.#tasks.delete(id);
    if (this.#planList?.items) this.#planList = { items: this.#planList.items.filter((each) => each.id !== id) };
    this.changed();
  }

  isGone(plan) { return this.#gone.has(plan); }

  /** The tasks of a plan, kept current from now on; null until they are read. A change makes a new list. */
  tasks(plan) {
    if (!this.#tasks.has(plan) && !this.#gone.has(plan)) this.readTasks(plan).catch(() => {});
    return this.#tasks.get(plan)?.shown ?? null;
  }

  /** The plan of a task; empty until it is read, and where there is no such task. */
  planOf(task) {
    if (!this.#plansOf.has(task)) {
      this.#plansOf.set(task, '');
      const orNothing = () => this.api.get(`v1/tasks/${encodeURIComponent(task)}`).catch((problem) => {
        if (problem.status !== 404) throw problem;
      });
      this.#read(`task ${task}`, orNothing, (found) => this.#plansOf.set(task, found?.plan_id ?? '')).catch(() => {});
    }
    return this.#plansOf.get(task);
  }

  readTasks(plan) {
    if (!this.#tasks.has(plan)) this.#tasks.set(plan, new PlanTasks());
    return this.#readOf(plan, 'tasks', () => this.api.all(`v1/plans/${plan}/tasks`), (tasks) => this.#tasks.get(plan)?.take(tasks));
  }

  /** After a change that moved more than one task; nothing if nobody looks at the plan. */
  async readTasksOf(plan) {
    if (this.#tasks.has(plan)) await this.readTasks(plan);
  }

  /** Changes a task of a plan that is shown; see PlanTasks. Throws what the host refuses. */
  async changeTask({ id, plan_id: plan }, change) {
    await this.#tasks.get(plan)?.change(id, change, () => this.api.patch(`v1/tasks/${id}`, change), () => this.changed());
  }

  connector(id) { return this.connectors.find((each) => each.id === id); }
  /** The connection to a service that is worked with: of several the first one that works. */
  connection(connector) {
    const alive = this.connections.filter((each) => each.connector === connector && each.status !== 'disconnected');
    return alive.find((each) => each.status === 'connected') ?? alive[0];
  }

  /** Newest first. */
  runsOf(test) {
    return [...this.runs.values()].filter(test).sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** What a provider card shows: not_connected, connected, syncing, asks, needs_reconnect or error. */
  stateOf(connection) {
    if (!connection || connection.status === 'disconnected') return 'not_connected';
    if (connection.status !== 'connected') return connection.status;
    const runs = this.runsOf((run) => run.connection_id === connection.id);
    const [newest] = runs;
    if (newest?.waiting_for === 'reconnect') return 'needs_reconnect';
    if (runs.some(asks)) return 'asks';
    if (newest && !isFinished(newest)) return 'syncing';
    return newest?.state === 'failed' ? 'error' : 'connected';
  }

  changed() {
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      for (const heard of [...this.#subscribers]) heard();
    });
  }
}

const newer = (known, told) => (known?.rev > told.rev ? known : told);

/** Takes what connecting brought back out of the address, so that a reload says nothing twice. */
function takeReturned(where) {
  const url = new URL(where.href);
  const status = url.searchParams.get('status');
  if (status !== 'success' && status !== 'error') return null;
  const returned = {};
  for (const name of ['status', 'reason', 'access', 'run', 'export']) {
    returned[name] = url.searchParams.get(name) ?? '';
    url.searchParams.delete(name);
  }
  history.replaceState(history.state, '', url);
  return returned;
}

export const live = new Live();
