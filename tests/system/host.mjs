// Boots a real host and the simulated providers for a test, and does what an app and its user do.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decide } from '../simulators/clients/consent.mjs';
import { client, Simulator } from '../simulators/clients/simulator.mjs';
import { dayAfter, today } from './model/times.mjs';
import { takePort } from './ports.mjs';

export { decide };

const binaries = () => {
  const path = process.env.MORTISE_BINARY_DIR;
  if (!path) throw new Error('MORTISE_BINARY_DIR must name the build directory');
  return path;
};
const sources = new URL('../..', import.meta.url).pathname;

const hasEnded = (run) => ['succeeded', 'partial', 'failed', 'cancelled'].includes(run.state);
const kNotNow = 4;  // the exit code of a host that another one is in the way of

/** The body of an answer of the API to `call`, which must have succeeded. */
export function succeeded({ status, body }, call) {
  if (status >= 300) throw new Error(`${call}: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Polls `check` until it answers something; a condition, not a pause. */
export async function until(check, what, timeoutMs = 60_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A small, repeatable generator of numbers in [0, 1) (mulberry32). */
export function dice(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Every Set-Cookie line: Debian 12's own Node has no getSetCookie(). */
function setCookies(headers) {
  return headers.get('set-cookie')?.split(/, *(?=[^;,= ]+=)/) ?? [];
}

export class World {
  /** A simulator, a store of its own, and a host on it. `settings` are further properties; ${url} in them is the host's. */
  static async start(options = {}) {
    const world = new this();
    try {
      await world.begin(options);
    } catch (problem) {
      await world.end().catch(() => {});
      throw problem;
    }
    return world;
  }

  async begin({ settings = {}, environment = {}, simulator = [], furtherKeys = 0 }) {
    this.folder = await mkdtemp(join(tmpdir(), 'mortise-system-'));
    process.env.MORTISE_SIMULATORS ??= join(binaries(), 'bin', 'mortise-simulators');
    this.simulator = await Simulator.start(simulator);
    this.environment = environment;
    await mkdir(join(this.folder, 'config'));
    await this.configure(settings);
    this.env.MORTISE_KEY = randomBytes(32).toString('hex');
    const newKey = () => this.command(['apikey', 'new', '--scopes', 'read,write,admin']).trim();
    this.key = newKey();
    this.furtherKeys = Array.from({ length: furtherKeys }, newKey);  // each may make 100 calls a second
    for (const connector of ['notion', 'google_calendar']) {
      this.command(['secret', 'set', `${connector}.client_id`], client.id);
      this.command(['secret', 'set', `${connector}.client_secret`], client.secret);
    }
    try {
      await this.boot();
    } catch (problem) {
      if (problem.exitCode !== kNotNow) throw problem;
      await this.configure(settings);  // somebody else took the port
      await this.boot();
    }
  }

  /** Takes a port of the host's own, and writes its configuration. */
  async configure(settings) {
    this.releasePort();
    const { port, release } = await takePort();
    Object.assign(this, { port, url: `http://127.0.0.1:${port}`, releasePort: release });
    const origins = ['notion.origin.api', 'google_calendar.origin.api', 'google_calendar.origin.accounts',
      'google_calendar.origin.oauth2', 'google_calendar.origin.openid'];
    const properties = {
      'server.port': this.port,
      'plugins.path': process.env.MORTISE_PLUGINS ?? join(binaries(), 'plugins'),
      'scripts.path': join(sources, 'scripts'),
      'app.return_to': 'http://127.0.0.1:9/back',
      'app.upgrade_url': 'https://app.example/upgrade',
      ...Object.fromEntries(origins.map((name) => [`connector.${name}`, this.simulator.url])),
      ...settings,
    };
    await writeFile(join(this.folder, 'config', 'mortise.properties'),
      Object.entries(properties).map(([key, value]) => `${key} = ${String(value).replace('${url}', this.url)}\n`).join(''));
  }

  releasePort = () => {};
  returnTo = 'http://127.0.0.1:9/back';
  env = { PATH: process.env.PATH, TZ: 'UTC', ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? '' };

  get config() {
    return join(this.folder, 'config', 'mortise.properties');
  }

  /** Runs one command of the program; answers what it printed. */
  command(words, input = '') {
    const done = spawnSync(join(binaries(), 'bin', 'mortise'), [...words, '--config', this.config],
      { env: this.env, input, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`mortise ${words.join(' ')}: ${done.status} ${done.stderr}`);
    return done.stdout;
  }

  /** Starts the host; `environment` adds to its variables, e.g. a failpoint. */
  async boot(environment = {}) {
    this.log ??= '';
    const child = spawn(join(binaries(), 'bin', 'mortise'), ['serve', '--config', this.config],
      { env: { ...this.env, ...this.environment, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (part) => { this.log += part; });
    this.child = child;
    this.mayDie = 'MORTISE_DEBUG_FAILPOINT' in environment;
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    let dead = null;
    this.ended.then((how) => { dead = how; });
    await until(async () => {
      if (dead) return true;
      try {
        return (await fetch(`${this.url}/v1/ready`, { signal: AbortSignal.timeout(10_000) })).ok;
      } catch {
        return false;
      }
    }, 'the host to be ready');
    if (dead && await this.death() === 0) throw new Error(`the host ended at its start: ${this.log.slice(-8_000)}`);
  }

  /** Whether the host is not running any more. */
  get isOver() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Waits for the end of the host; it is an error unless that ended well, or died as it was meant to. Answers the exit code. */
  async death() {
    const { code, signal } = await this.ended;
    if (code !== 0 && !(this.mayDie && signal === 'SIGKILL')) {
      throw Object.assign(new Error(`the host ended by itself with ${signal ?? code}: ${this.log.slice(-8_000)}`), { exitCode: code });
    }
    return code;
  }

  /** kill -9, as a power cut would. One that its failpoint has killed already is as dead. */
  async kill() {
    if (!this.isOver) this.mayDie = true;
    this.child.kill('SIGKILL');
    const code = await this.death();
    if (code === 0) throw new Error(`the host ended before it was killed: ${this.log.slice(-8_000)}`);
  }

  async stop() {
    this.child.kill('SIGINT');
    return this.death();
  }

  /** Ends everything. Complains if the host, or the simulator, did not end well: a crash, a leak that a sanitizer found. */
  async end() {
    let code = 0;
    try {
      if (this.child) await (this.isOver ? this.death() : this.stop());
    } finally {
      code = await this.simulator?.stop();
      this.releasePort();
      await rm(this.folder, { recursive: true, force: true });
    }
    if (code) throw new Error(`the simulator ended with ${code}`);
  }

  /** One call of the API as the app. Answers {status, headers, body}. */
  async api(method, path, body, headers = {}) {
    const answer = await fetch(this.url + path, {
      method,
      signal: AbortSignal.timeout(120_000),
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
  }

  /** The same, and it must succeed; answers the body. */
  async ok(method, path, body, headers) {
    return succeeded(await this.api(method, path, body, headers), `${method} ${path}`);
  }

  async account(id = 'ana', tier = 'pro') {
    await this.ok('PUT', `/v1/accounts/${id}`, { tier, email: `${id}@example.org`, zone: 'Europe/Madrid' });
    return id;
  }

  async import(document, account = 'ana') {
    const report = await this.ok('POST', `/v1/accounts/${account}/plans`, document);
    return report.plan ?? report;
  }

  /** Connects as a browser would: connect URL, our page, the consent form, the callback. */
  async connect(connector, account = 'ana', { user, untick, expect = 'success' } = {}) {
    const session = await this.ok('POST', `/v1/accounts/${account}/connect_sessions`,
      { connector, return_to: this.returnTo });
    const cookies = new Map();
    const browse = async (url, options = {}) => {
      const answer = await fetch(url, {
        redirect: 'manual',
        ...options,
        headers: { ...options.headers, cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; ') },
      });
      for (const line of setCookies(answer.headers)) {
        const [pair] = line.split(';');
        cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      return answer;
    };
    let answer = await browse(session.url);
    if (answer.status === 200) {  // our own page says what will be synced, then goes on
      const page = await answer.text();
      const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1] ?? session.url;
      answer = await browse(new URL(action, session.url), { method: 'POST', headers: { origin: this.url } });
    }
    answer = await decide(answer.headers.get('location'), { user, untick });
    answer = await browse(answer.headers.get('location'));
    const back = new URL(answer.headers.get('location'));
    if (back.searchParams.get('status') !== expect) throw new Error(`came back with ${back}`);
    const { items } = await this.ok('GET', `/v1/accounts/${account}/connections`);
    return items.find((each) => each.connector === connector);
  }

  async startExport(plan, connection, account = 'ana', key = randomUUID()) {
    return this.api('POST', `/v1/accounts/${account}/exports`,
      { plan_id: plan.id, connection_id: connection.id }, { 'idempotency-key': key });
  }

  /** "Sync now" of a connection; answers the run as it begins. */
  startSync(connection) {
    return this.ok('POST', `/v1/connections/${connection.id}/sync`, {}, { 'idempotency-key': randomUUID() });
  }

  async run(id) {
    return this.ok('GET', `/v1/runs/${id}`);
  }

  /** Waits until a run has ended; answers it. */
  async finished(id, timeoutMs = 300_000) {
    return until(async () => {
      const run = await this.run(id);
      return hasEnded(run) && run;
    }, `run ${id}`, timeoutMs);
  }

  /** Waits until a run has ended or asks a person; answers it. */
  async endedOrAsking(id) {
    return until(async () => {
      const run = await this.run(id);
      return (hasEnded(run) || run.waiting_for === 'approval') && run;
    }, `run ${id}`);
  }

  /** "Sync now" of a connection; answers the run when it has ended. */
  async sync(connection) {
    return this.finished((await this.startSync(connection)).id);
  }

  async export(plan, connection, account = 'ana', timeoutMs = 300_000) {
    const started = await this.startExport(plan, connection, account);
    if (started.status !== 202) throw new Error(`export: ${started.status} ${JSON.stringify(started.body)}`);
    return this.finished(started.body.id, timeoutMs);
  }

  async tasks(plan) {
    const all = [];
    let cursor = '';
    do {
      const page = await this.ok('GET', `/v1/plans/${plan.id}/tasks?limit=200${cursor && `&cursor=${cursor}`}`);
      all.push(...page.items);
      cursor = page.next_cursor ?? '';
    } while (cursor);
    return all;
  }

  /** Waits until nothing is queued or under way. */
  async quiet(account = 'ana', timeoutMs = 60_000) {
    let open = [];
    const what = { toString: () => `runs to end: ${JSON.stringify(open)}` };
    return until(async () => {
      const { items } = await this.ok('GET', `/v1/runs?account_id=${account}&limit=50`);
      open = items.filter((run) => !hasEnded(run));
      return open.length === 0;
    }, what, timeoutMs);
  }

  /** Does what sets a run off by itself (a connection is made, or carries other things), and waits until that has come and ended. */
  async quietAfter(act, account = 'ana') {
    const ids = async () => (await this.ok('GET', `/v1/runs?account_id=${account}&limit=200`)).items.map((run) => run.id);
    const known = new Set(await ids());
    const answer = await act();
    await until(async () => (await ids()).some((id) => !known.has(id)), 'the run that follows');
    await this.quiet(account);
    return answer;
  }

  /** Lets the providers take as many requests as come. */
  async widenLimits() {
    const limits = await this.simulator.set('GET', 'limits');
    const wide = (value) => (typeof value === 'number' && value > 0 ? value * 10_000
      : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, each]) =>
        [key, key.includes('window') || key.includes('rows') ? each : wide(each)])) : value);
    const { status, ...rest } = limits;
    await this.simulator.set('PUT', 'limits', wide(rest));
  }

  /** Waits until a saved change of the plan has been pushed: a sync run newer than the save has ended. */
  async quietAfterPush(plan, account = 'ana', timeoutMs = 60_000) {
    const known = new Set(this.pushed ?? []);
    await until(async () => {
      const { items } = await this.ok('GET', `/v1/runs?account_id=${account}&limit=50`);
      const fresh = items.filter((run) => run.kind === 'sync' && run.plan_id === plan.id && !known.has(run.id));
      return fresh.length > 0 && fresh.every((run) => run.finished_at);
    }, 'the push', timeoutMs);
    const { items } = await this.ok('GET', `/v1/runs?account_id=${account}&limit=200`);
    this.pushed = items.map((run) => run.id);
  }

  /** What reached a provider since the counters were reset: {reads, writes, tokens, ...}. */
  async traffic(provider) {
    const counters = await this.simulator.set('GET', 'counters');
    return counters[provider] ?? { reads: 0, writes: 0 };
  }
  async resetTraffic() {
    await this.simulator.set('DELETE', 'counters');
  }
}

/** Budgets that never make a test wait. */
export const wideBudgets = Object.fromEntries(['notion', 'google_calendar'].flatMap((id) =>
  ['connection', 'application'].map((scope) => [`connector.${id}.budget.${scope}`, '1000000/60'])));

/** The day that is `days` from today: the calendar's connector looks from 30 days back to 365 ahead. */
export const dayFromNow = (days) => dayAfter(today, days);

const nextMonday = () => dayFromNow(7 - (new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7);

/** A plan in the roadmap shape, modules x weeks x tasks, that begins next Monday. */
export function roadmap({ modules = 2, weeks = 2, tasks = 3, title = 'Learn' } = {}) {
  const document = { topic: title, external_id: randomUUID(), weekly_time: 18, start: nextMonday(), weeks: [] };
  for (let m = 0; m < modules; ++m) {
    for (let w = 0; w < weeks; ++w) {
      document.weeks.push({
        week: m * weeks + w + 1,
        module: `Module ${m + 1}`,
        milestone: `Milestone ${m + 1}.${w + 1}`,
        tasks: Array.from({ length: tasks }, (_, t) => ({
          day: t + 1, task: `Task ${m + 1}.${w + 1}.${t + 1}`, duration: 0.5, resource: `https://example.org/${m}/${w}/${t}`,
        })),
      });
    }
  }
  return document;
}

/** The real plans, where this checkout has them; null where not. */
export async function sharedPlan(name) {
  const folder = process.env.MORTISE_SHARED ?? join(sources, '..', 'shared');
  try {
    return JSON.parse(await readFile(join(folder, 'data', 'plans', name), 'utf8'));
  } catch {
    return null;
  }
}
