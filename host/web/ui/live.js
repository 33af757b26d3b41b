// What the host knows about the account, kept current by its event stream. Components subscribe and
// read; whatever changes, every one of them is told once.

import { client, Problem } from './client.js';

const finished = new Set(['succeeded', 'partial', 'failed', 'cancelled']);
const longestPauseMs = 30_000;
const tickMs = 60_000;

export const isFinished = (run) => finished.has(run.state);
/** A guard stopped it: a person approves or discards. */
export const asks = (run) => run.state === 'waiting' && run.waiting_for === 'approval';

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
  /** Why nothing could be loaded, or null. */
  problem = null;
  loaded = false;
  /** What the browser brought back from connecting: {status, reason, run, export}, or null. */
  returned = null;

  #subscribers = new Set();
  // By plan: its tasks as the host told of them, as they show, and the number of the read; null until they are read.
  #plans = new Map();
  #reads = 0;
  // By task: the changes that are on their way to the host, in the order in which they were made.
  #changes = new Map();
  #planList = null;
  #begun = null;
  #told = false;

  constructor(api = client) { this.api = api; }

  /** Calls `heard` now and whenever something changed. Answers how to stop. */
  subscribe(heard) {
    this.#subscribers.add(heard);
    this.begin();
    heard();
    return () => this.#subscribers.delete(heard);
  }

  /** Loads everything and goes on listening. */
  begin() {
    this.#begun ??= this.#run();
    return this.#begun;
  }

  async #run() {
    try {
      this.account = await this.api.account();
      this.returned = takeReturned(location);
      await this.reload();
      this.loaded = true;
    } catch (problem) {
      this.problem = problem;
    }
    this.changed();
    setInterval(() => this.changed(), tickMs);  // "2 minutes ago" becomes 3
    if (this.account) this.#watch();
  }

  async #watch() {
    for (let pauseMs = 500; ;) {
      try {
        await this.api.listen(`v1/accounts/${encodeURIComponent(this.account)}/events`, undefined, (name, data) => {
          pauseMs = 500;
          if (name === 'run') this.#heard(data);
          else this.refresh();  // the stream is open: what happened before it is read
        });
      } catch (problem) {
        this.problem = problem;
        this.changed();
        if (problem instanceof Problem && problem.status === 401) return;
      }
      await new Promise((resolve) => { setTimeout(resolve, pauseMs * (0.5 + Math.random())); });
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  async reload() {
    const account = encodeURIComponent(this.account);
    const [profile, connectors, connections, runs, usage, conflicts] = await Promise.all([
      this.api.get(`v1/accounts/${account}`),
      this.api.get('v1/connectors'),
      this.api.get(`v1/accounts/${account}/connections`),
      this.api.get(`v1/runs?account_id=${account}&limit=100`),
      this.api.get(`v1/accounts/${account}/usage`),
      this.#readConflicts(),
    ]);
    // A run may wait for an answer for longer than the list of runs goes back.
    const known = new Set(runs.items.map((run) => run.id));
    const waiting = connections.items.map((each) => each.sync.waiting_run_id).filter((id) => id && !known.has(id));
    runs.items.push(...await Promise.all(waiting.map((id) => this.api.get(`v1/runs/${id}`))));
    this.profile = profile;
    this.connectors = connectors.items;
    this.#takeConnections(connections.items);
    for (const run of runs.items) this.#takeRun(run);
    this.usage = usage;
    this.conflicts = conflicts;
    this.problem = null;
  }

  async #readConflicts() {
    return (await this.api.get(`v1/accounts/${encodeURIComponent(this.account)}/conflicts?limit=200`)).items;
  }

  // Answers and events overtake each other: nothing older takes back what is known to be newer.
  #takeRun(run) {
    const known = this.runs.get(run.id);
    if (known && isFinished(known) && !isFinished(run)) return known;
    this.runs.set(run.id, run);
    return run;
  }

  #takeConnections(list) {
    const known = new Map(this.connections.map((each) => [each.id, each]));
    this.connections = list.map((each) => (known.get(each.id)?.rev > each.rev ? known.get(each.id) : each));
  }

  /** Reads everything again, plans that are shown included. Failures show as `problem`. */
  async refresh() {
    try {
      await this.reload();
      this.loaded = true;
      this.ends += 1;
      await Promise.all([this.#planList && this.readPlans(), ...[...this.#plans.keys()].map((plan) => this.readTasks(plan))]);
    } catch (problem) {
      this.problem = problem;
    }
    this.changed();
  }

  async #heard(event) {
    const run = this.#takeRun(event);
    this.changed();
    if (!isFinished(run) && run.waiting_for !== 'reconnect' && !asks(run)) return;
    await this.#try(async () => {
      const account = encodeURIComponent(this.account);
      const brought = run.counts.received + run.counts.conflicts > 0;
      const [connections, usage, conflicts] = await Promise.all([
        this.api.get(`v1/accounts/${account}/connections`),
        this.api.get(`v1/accounts/${account}/usage`),
        brought ? this.#readConflicts() : this.conflicts,
        brought && this.#planList && this.readPlans(),
        // A run without a plan is about all of them.
        ...[...this.#plans.keys()].filter((plan) => !run.plan_id || plan === run.plan_id).map((plan) => this.readTasks(plan)),
      ]);
      this.#takeConnections(connections.items);
      this.usage = usage;
      this.conflicts = conflicts;
      this.ends += 1;
    });
  }

  async #try(work) {
    try {
      await work();
    } catch (problem) {
      this.problem = problem;
    }
    this.changed();
  }

  /** Takes over a run that an answer brought. */
  keep(run) {
    this.#takeRun(run);
    this.changed();
  }

  keepConnection(connection) {
    const others = this.connections.filter((each) => each.id !== connection.id);
    this.#takeConnections([...others, connection]);
    this.changed();
  }

  keepConflict(conflict) {
    this.conflicts = this.conflicts.map((each) => (each.id === conflict.id ? conflict : each));
    this.changed();
  }

  /** The account's plans, kept current from now on; null until they are read. */
  plans() {
    if (!this.#planList) {
      this.#planList = { items: null };
      this.#try(() => this.readPlans());
    }
    return this.#planList.items;
  }

  async readPlans() {
    const items = await this.api.all(`v1/accounts/${encodeURIComponent(this.account)}/plans`);
    this.#planList = { items };
    return items;
  }

  /** The tasks of a plan, kept current from now on; null until they are read. A change makes a new list. */
  tasks(plan) {
    if (!this.#plans.has(plan)) {
      this.#plans.set(plan, null);
      this.#try(() => this.readTasks(plan));
    }
    return this.#plans.get(plan)?.shown ?? null;
  }

  async readTasks(plan) {
    const read = ++this.#reads;
    const tasks = await this.api.all(`v1/plans/${plan}/tasks`);
    const before = this.#plans.get(plan);
    if (before?.read > read) return;  // a newer one has overtaken it
    const known = new Map((before?.told ?? []).map((task) => [task.id, task]));
    this.#takeTasks(plan, tasks.map((task) => (known.get(task.id)?.rev > task.rev ? known.get(task.id) : task)), read);
  }

  #takeTasks(plan, told, read) {
    const shown = told.map((task) => Object.assign({}, task, ...(this.#changes.get(task.id) ?? []).map((each) => each.change)));
    this.#plans.set(plan, { told, shown, read });
  }

  /** After a change that moved more than one task; nothing if nobody looks at the plan. */
  async readTasksOf(plan) {
    if (this.#plans.has(plan)) await this.readTasks(plan);
    this.changed();
  }

  /**
   * Changes a task: it shows at once, also over what is read before the host has heard of it; then the
   * host's answer counts. One change after the other, as they were made. Throws what the host refuses.
   */
  async changeTask({ id, plan_id: plan }, change) {
    const before = this.#changes.get(id) ?? [];
    const entry = { change };
    entry.sent = Promise.allSettled([before.at(-1)?.sent]).then(() => this.api.patch(`v1/tasks/${id}`, change));
    this.#changes.set(id, [...before, entry]);
    this.#retakeTask(plan);
    let answer = null;
    try {
      answer = await entry.sent;
    } finally {
      const left = this.#changes.get(id).filter((each) => each !== entry);
      if (left.length > 0) this.#changes.set(id, left);
      else this.#changes.delete(id);
      this.#retakeTask(plan, answer);
    }
  }

  /** Shows a plan's tasks anew, with what the host told of one of them if that is news. */
  #retakeTask(plan, told = null) {
    const known = this.#plans.get(plan);
    if (known) this.#takeTasks(plan, known.told.map((task) => (task.id === told?.id && told.rev >= task.rev ? told : task)), known.read);
    this.changed();
  }

  connector(id) { return this.connectors.find((each) => each.id === id); }
  connection(connector) {
    return this.connections.find((each) => each.connector === connector && each.status !== 'disconnected');
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

/** Takes what connecting brought back out of the address, so that a reload says nothing twice. */
function takeReturned(where) {
  const url = new URL(where.href);
  const status = url.searchParams.get('status');
  if (status !== 'success' && status !== 'error') return null;
  const returned = {};
  for (const name of ['status', 'reason', 'run', 'export']) {
    returned[name] = url.searchParams.get(name) ?? '';
    url.searchParams.delete(name);
  }
  history.replaceState(history.state, '', url);
  return returned;
}

export const live = new Live();
