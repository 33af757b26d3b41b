// Drives a demo as its first user does, and its end and second start as Ctrl-C and `./dev demo` do.
//
//   node fresh_machine_drive.mjs <words of the command that runs the demo...>
//
// Exit code 0: everything was seen. The command has no terminal and nothing on its standard input, so a
// prompt would end it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { Simulator } from '../simulators/clients/simulator.mjs';
import { assertInStep, forms } from './expect.mjs';
import { until, World } from './host.mjs';

const user = 'ana';
const firstStartMs = 90 * 60_000;  // packages, and a build with an empty cache
const secondStartMs = 30_000;
const endMs = 5_000;
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const say = (text) => console.log(`-- ${text}`);

/** Starts the demo; answers how long it took to print its URL, the URL, and `interrupt`. */
async function start(command, limitMs) {
  const began = performance.now();
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const endAll = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
  };
  process.once('exit', endAll);
  let printed = '';
  const app = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no URL within ${seconds(limitMs)}`)), limitMs);
    child.stdout.on('data', (part) => {
      process.stdout.write(part);
      printed += part;
      const found = /Open +(http:\S+)/.exec(printed);
      if (!found) return;
      clearTimeout(late);
      resolve(found[1]);
    });
    ended.then((how) => reject(new Error(`the demo ended before it printed a URL: ${JSON.stringify(how)}`)));
  });
  const tookMs = performance.now() - began;

  /** Ctrl-C: SIGINT to the whole process group, as a terminal sends it. Answers how long it took. */
  async function interrupt() {
    const from = performance.now();
    process.kill(-child.pid, 'SIGINT');
    const late = setTimeout(endAll, 4 * endMs);
    const how = await ended;
    clearTimeout(late);
    const ms = performance.now() - from;
    assert.deepEqual(how, { code: 0, signal: null });
    assert.ok(ms < endMs, `it took ${seconds(ms)} to end`);
    assert.throws(() => process.kill(-child.pid, 0), 'a process outlived the demo');
    return ms;
  }
  return { app, tookMs, interrupt };
}

/** Signs in as the app's user with the code that a visit gives; answers the world as that user sees it. */
async function signIn(app) {
  const visit = await fetch(app, { redirect: 'manual' });
  assert.equal(visit.status, 303, await visit.text());
  const page = new URL(visit.headers.get('location'));
  const world = new World();
  world.url = page.origin;
  world.returnTo = `${page.origin}/`;
  world.simulator = new Simulator();
  world.simulator.url = Object.assign(new URL(app), { port: Number(new URL(app).port) + 10 }).origin;
  assert.equal((await fetch(page)).status, 200);
  const exchanged = await fetch(`${world.url}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: new URLSearchParams(page.hash.slice(1)).get('code'), as: 'token' }),
  });
  const session = await exchanged.json();
  assert.equal(session.account_id, user, JSON.stringify(session));
  world.key = session.token;
  return world;
}

/** The plan that the demo brings: it is there once. */
async function demoPlan(world) {
  const { items } = await world.ok('GET', `/v1/accounts/${user}/plans?external_id=swift-ios`);
  assert.equal(items.length, 1);
  return items[0];
}

/** What both providers hold is the plan. */
async function assertArrived(world, plan) {
  await assertInStep(world, forms.pages, plan);
  await assertInStep(world, forms.calendar, plan);
}

async function firstVisit(app) {
  const world = await signIn(app);
  const plan = await demoPlan(world);
  for (const form of [forms.pages, forms.calendar]) {
    const connection = await world.connect(form.connector, user);
    const began = performance.now();
    const run = await world.export(plan, connection, user);
    assert.equal(run.state, 'succeeded', JSON.stringify(run));
    say(`exported to ${form.connector} in ${seconds(performance.now() - began)}`);
  }
  await assertArrived(world, plan);
  const tasks = await world.tasks(plan);
  say(`all ${tasks.length} tasks stand in both simulated services, once each`);
  return { plan, tasks };
}

async function secondVisit(app, { plan, tasks }) {
  const world = await signIn(app);
  assert.equal((await demoPlan(world)).id, plan.id);
  assert.deepEqual(await world.tasks(plan), tasks);
  const { items } = await world.ok('GET', `/v1/accounts/${user}/connections`);
  assert.deepEqual(items.map((each) => [each.connector, each.status]).sort(),
    [['google_calendar', 'connected'], ['notion', 'connected']]);
  await assertArrived(world, plan);
  say('plan, connections, and what was exported are there');
  await world.ok('PATCH', `/v1/tasks/${tasks[5].id}`, { title: 'Renamed after the second start' });
  const began = performance.now();
  await until(() => assertArrived(world, plan).then(() => true, () => false), 'the renamed task to arrive at both services');
  say(`a renamed task arrived at both services by itself after ${seconds(performance.now() - began)}`);
}

const command = process.argv.slice(2);
if (command.length === 0) {
  console.error('usage: fresh_machine_drive.mjs <words of the command that runs the demo...>');
  process.exit(2);
}
process.once('SIGINT', () => process.exit(130));  // the demo has a process group of its own: see `endAll`
process.once('SIGTERM', () => process.exit(143));
const first = await start(command, firstStartMs);
say(`first start: ${seconds(first.tookMs)} until the URL`);
const done = await firstVisit(first.app);
say(`SIGINT: ended with 0 after ${seconds(await first.interrupt())}`);
const second = await start(command, secondStartMs);
say(`second start: ${seconds(second.tookMs)} until the URL`);
await secondVisit(second.app, done);
say(`SIGINT: ended with 0 after ${seconds(await second.interrupt())}`);
process.exit(0);
