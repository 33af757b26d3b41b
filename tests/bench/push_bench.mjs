// How fast a notification is answered, and how fast it becomes a change here: the real host over
// HTTP, the simulated Google and Notion, an optimised build. `node push_bench.mjs [connections]
// [seconds]`. Fails if a promise of the documentation is broken.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { roadmap, until, wideBudgets, World } from '../system/host.mjs';
import { subscribeNotion } from '../system/model/trouble.mjs';

const [connections, seconds] = [Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 30)];
const perSecond = 20;
const people = ['a01', 'b02', 'c03'].map((end) => `6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0${end}`);  // all that the simulated Notion knows
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** One POST; answers how long it took, in ms. */
function post(port, path, headers) {
  return new Promise((resolve, reject) => {
    const begin = process.hrtime.bigint();
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers: { ...headers, 'content-length': 0 }, agent }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ status: answer.statusCode, ms: Number(process.hrtime.bigint() - begin) / 1e6 }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

function told(what, times) {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  const line = { count: times.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), worst: times.at(-1) };
  console.log(`${what}: ${Object.entries(line).map(([name, value]) => `${name} ${name === 'count' ? value : `${value.toFixed(1)} ms`}`).join(', ')}`);
  return line;
}

/** Calls `act(i)` `rate` times a second, on time whatever it takes. */
async function paced(count, rate, act) {
  const begin = Date.now();
  const all = [];
  for (let i = 0; i < count; i += 1) {
    const wait = begin + (i * 1000) / rate - Date.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    all.push(act(i));
  }
  return Promise.all(all);
}

/** The first moment at which `check` holds, asked every 5 ms. */
async function seen(check, what) {
  const end = Date.now() + 60_000;
  while (!await check()) {
    if (Date.now() > end) throw new Error(`timed out waiting for ${what}`);
    await pause(5);
  }
}

const world = await World.start({
  settings: { ...wideBudgets, 'connector.notion.budget.connection': '180/60', 'server.public_url': '${url}', 'sync.poll_s': 86_400 },
});
try {
  // One key asks at most 100 times a second; a watcher of this many accounts is several apps.
  await world.widenLimits();
  await world.stop();
  const keys = Array.from({ length: 20 }, () => world.command(['apikey', 'new', '--scopes', 'read']).trim());
  await world.boot();
  const get = (i, path) => world.ok('GET', path, undefined, { authorization: `Bearer ${keys[i % keys.length]}` });
  const open = [];
  for (let i = 0; i < connections; i += 1) {
    const account = await world.account(`account-${i}`);
    const connection = await world.connect('google_calendar', account);
    await world.ok('PUT', `/v1/connections/${connection.id}/target`, { title: `Calendar ${i}` });
    open.push({ account, connection: await world.ok('GET', `/v1/connections/${connection.id}`) });
  }
  const channels = await until(async () => {
    const list = (await world.simulator.set('POST', 'google/channels', {})).channels;
    const wanted = new Set(open.map((each) => each.connection.target.id));
    return list.filter((each) => wanted.has(each.calendar)).length === connections && list;
  }, 'a channel for every calendar', 120_000);
  const channelOf = (each) => channels.find((channel) => channel.calendar === each.connection.target.id);

  // 1. Answers, while another connection holds the store's write transaction for 500 ms at a time.
  await world.simulator.set('POST', 'google/delivery_settings', { paused: true });
  const holder = spawn(join(process.env.MORTISE_BINARY_DIR, 'bin', 'hold_store'), [join(world.folder, 'data', 'mortise.db')],
    { env: world.env, stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  const answers = await paced(seconds * perSecond, perSecond, (i) => {
    const channel = channelOf(open[i % open.length]);
    return post(world.port, new URL(channel.address).pathname, {
      'x-goog-channel-id': channel.id, 'x-goog-channel-token': channel.token, 'x-goog-resource-state': 'exists',
      'x-goog-resource-id': channel.resource_id, 'x-goog-message-number': String(1_000_000 + i),
    });
  });
  holder.stdin.end();
  const [held] = await once(holder.stdout, 'data');
  console.log(`the store was ${String(held).trim()}`);
  assert.ok(answers.every((each) => each.status === 200));
  const answered = told(`answers to ${perSecond} notifications/s, store held 500 ms at a time`, answers.map((each) => each.ms));

  // 2. From the change at the service to the change seen through our API.
  for (const [i, each] of open.entries()) {
    await until(async () => {
      const { items } = await get(i, `/v1/runs?account_id=${each.account}&limit=5`);
      return items.every((run) => run.finished_at);
    }, 'everything to be quiet', 300_000);
  }
  await world.simulator.set('POST', 'google/delivery_settings', { paused: false });
  await world.simulator.set('POST', 'google/flush_deliveries', {});
  const [user] = (await world.simulator.set('POST', 'google/users', {})).users;
  const plans = new Map();
  const arrived = async (i, each, title) => {
    if (!plans.has(each.account)) {
      const { items } = await get(i, `/v1/accounts/${each.account}/plans`);
      if (items.length === 0) return false;
      plans.set(each.account, items.find((plan) => plan.external_id === 'calendar') ?? items[0]);
    }
    const { items } = await get(i, `/v1/plans/${plans.get(each.account).id}/tasks?limit=200`);
    return items.some((task) => task.title === title);
  };
  const times = await paced(seconds * perSecond, perSecond, async (i) => {
    const each = open[i % open.length];
    const title = `Change ${i}`;
    const start = new Date(Date.now() + (i + 1) * 3_600_000).toISOString();
    const begin = process.hrtime.bigint();
    await world.simulator.set('POST', 'google/create_event', {
      user: user.email, calendar: each.connection.target.id,
      event: { summary: title, start: { dateTime: start }, end: { dateTime: new Date(Date.parse(start) + 1_800_000).toISOString() } },
    });
    await seen(() => arrived(i, each, title), `${title} to arrive`);
    return Number(process.hrtime.bigint() - begin) / 1e6;
  });
  const changed = told(`from a change there to a change here, ${perSecond}/s over ${connections} connections`, times);

  // 3. The same for Notion, at its own rate of 3 requests/s a connection. What it tells goes to all connections of a workspace,
  // and the simulated one has three.
  await subscribeNotion(world);
  await world.simulator.set('POST', 'notion/webhook_settings', { merge_ms: 0 });
  const each = Math.floor(seconds / 2);
  const members = await Promise.all(people.map(async (user) => {
    const account = await world.account(`notion-${user}`);
    const connection = await world.connect('notion', account, { user });
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: each }), account);
    assert.equal((await world.export(plan, connection, account)).state, 'succeeded');
    await world.quiet(account);
    const { results } = await world.simulator.set('POST', 'notion/find', { user });
    return { plan, to_dos: results.filter((thing) => thing.type === 'to_do') };
  }));
  await world.resetTraffic();
  const renames = await paced(each * members.length, members.length / 2, async (i) => {
    const { plan, to_dos } = members[i % members.length];
    const title = `Change ${i}`;
    const begin = process.hrtime.bigint();
    await world.simulator.set('POST', 'notion/rename', { id: to_dos[Math.floor(i / members.length)].id, title });
    await seen(async () => (await get(i, `/v1/plans/${plan.id}/tasks?limit=200`)).items.some((task) => task.title === title), `${title} to arrive`);
    return Number(process.hrtime.bigint() - begin) / 1e6;
  });
  const { reads } = await world.traffic('notion');
  const renamed = told(`the same in Notion, one every 2 s over each of ${members.length} connections, ${(reads / renames.length).toFixed(1)} reads each`, renames);
  assert.ok(Number(/held (\d+) times/.exec(held)?.[1]) >= seconds, 'the store was held, half of the time at least');
  assert.ok(answered.p99 < 20, 'answers: p99 under 20 ms');
  for (const line of [changed, renamed]) {
    assert.ok(line.p50 < 100, 'changes: p50 under 100 ms');
    assert.ok(line.p99 < 1000, 'changes: p99 under 1 s');
  }
} finally {
  agent.destroy();
  await world.end();
}
