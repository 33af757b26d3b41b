// What the host knows about the account, kept current by its event stream. Components subscribe and
// read; whatever changes, every one of them is told once.

import { client, Problem } from './client.js';

const finished = new Set(['succeeded', 'partial', 'failed', 'cancelled']);
const longestPauseMs = 30_000;

export const isFinished = (run) => finished.has(run.state);

export class Live {
  account = '';
  /** The account's record: its zone and language. */
  profile = {};
  connectors = [];
  connections = [];
  runs = new Map();
  usage = null;
  /** Why nothing could be loaded, or null. */
  problem = null;
  loaded = false;
  /** What the browser brought back from connecting: {status, reason, run, export}, or null. */
  returned = null;

  #subscribers = new Set();
  #plans = new Map();
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
    const [profile, connectors, connections, runs, usage] = await Promise.all([
      this.api.get(`v1/accounts/${account}`),
      this.api.get('v1/connectors'),
      this.api.get(`v1/accounts/${account}/connections`),
      this.api.get(`v1/runs?account_id=${account}&limit=100`),
      this.api.get(`v1/accounts/${account}/usage`),
    ]);
    this.profile = profile;
    this.connectors = connectors.items;
    this.#takeConnections(connections.items);
    for (const run of runs.items) this.#takeRun(run);
    this.usage = usage;
    this.problem = null;
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
      await Promise.all([...this.#plans.keys()].map((plan) => this.readTasks(plan)));
    } catch (problem) {
      this.problem = problem;
    }
    this.changed();
  }

  async #heard(event) {
    const run = this.#takeRun(event);
    this.changed();
    if (isFinished(run) || run.waiting_for === 'reconnect') {
      await this.#try(async () => {
        const account = encodeURIComponent(this.account);
        const [connections, usage] = await Promise.all([
          this.api.get(`v1/accounts/${account}/connections`),
          this.api.get(`v1/accounts/${account}/usage`),
        ]);
        this.#takeConnections(connections.items);
        this.usage = usage;
        if (this.#plans.has(run.plan_id)) await this.readTasks(run.plan_id);
      });
    }
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

  /** The tasks of a plan, kept current from now on; null until they are read. A change makes a new list. */
  tasks(plan) {
    if (!this.#plans.has(plan)) {
      this.#plans.set(plan, null);
      this.#try(() => this.readTasks(plan));
    }
    return this.#plans.get(plan);
  }

  /** An answer that was overtaken by a newer one takes nothing back. */
  async readTasks(plan) {
    const tasks = await this.api.all(`v1/plans/${plan}/tasks`);
    const known = new Map((this.#plans.get(plan) ?? []).map((task) => [task.id, task]));
    this.#plans.set(plan, tasks.map((task) => (known.get(task.id)?.rev > task.rev ? known.get(task.id) : task)));
  }

  keepTask(task) {
    const tasks = this.#plans.get(task.plan_id);
    if (tasks) this.#plans.set(task.plan_id, tasks.map((each) => (each.id === task.id ? task : each)));
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

  /** What a provider card shows: not_connected, connected, syncing, needs_reconnect or error. */
  stateOf(connection) {
    if (!connection || connection.status === 'disconnected') return 'not_connected';
    if (connection.status !== 'connected') return connection.status;
    const [newest] = this.runsOf((run) => run.connection_id === connection.id);
    if (newest?.waiting_for === 'reconnect') return 'needs_reconnect';
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
