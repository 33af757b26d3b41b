// A day on which nobody edits anything, over HTTP: tokens lapse, channels lapse, polls come, and nothing is written. The
// host's clock cannot be turned while it runs, so each look is a start of the host with a later clock. By default a look
// an hour; MORTISE_TEST_LONG=1 looks every quarter of an hour, as polls come. (Timers on a turned clock: tests/sync.)
import assert from 'node:assert/strict';
import test from 'node:test';
import { connectFor, forms } from './expect.mjs';
import { roadmap, until, wideBudgets, World } from './host.mjs';

const kMinutes = 60_000;
const step = process.env.MORTISE_TEST_LONG ? 15 : 60;
const looks = (24 * 60) / step;
/** Which forms are connected to which account, as whom. */
const connections = [['pages', 'ana'], ['calendar', 'ana'], ['database', 'ben']];
const people = { ana: undefined, ben: '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0b02' };

const runs = async (world) => (await Promise.all(Object.keys(people).map(async (account) =>
  (await world.ok('GET', `/v1/runs?account_id=${account}&limit=200`)).items))).flat();

/** Requests of a provider by route: {"GET /v1/pages/{id}": 3}. */
const routes = (counters) => Object.fromEntries(Object.entries(counters?.routes ?? {}).map(([route, { count }]) => [route, count]));

async function day(t, channelLife) {
  const world = await World.start({ settings: { ...wideBudgets, 'sync.poll_s': 10, 'server.public_url': '${url}' } });
  try {
    await world.widenLimits();
    await world.simulator.set('POST', 'google/settings', { channel_life_s: channelLife });
    for (const provider of ['notion', 'google']) await world.simulator.set('PUT', 'oauth', { provider, access_token_life_s: 3600 });
    const known = [];
    for (const account of Object.keys(people)) await world.account(account);
    for (const [name, account] of connections) {
      const connection = await connectFor(world, forms[name], account, { user: people[account] });
      const plan = await world.import(roadmap({ modules: 3, weeks: 2, tasks: 5 }), account);
      assert.equal((await world.export(plan, connection, account)).state, 'succeeded');
      known.push({ id: connection.id, name, reads: { pages: 3, database: 2, calendar: 1 }[name] });
    }
    await world.simulator.set('PUT', 'clock', { advance_ms: 10 * kMinutes });
    let ahead = 10 * kMinutes;
    const total = { polls: 0, reads: 0, tokens: 0, watches: 0, sweeps: 0 };
    for (let look = -1; look < looks; ++look) {  // the first one reads what was just written
      const before = new Set((await runs(world)).map(({ id }) => id));
      assert.equal(await world.stop(), 0);
      await world.simulator.set('PUT', 'clock', { advance_ms: step * kMinutes });
      ahead += step * kMinutes;
      await world.resetTraffic();
      await world.boot({ MORTISE_DEBUG_NOW: new Date(Date.now() + ahead).toISOString() });
      const fresh = await until(async () => {
        const done = (await runs(world)).filter((run) => !before.has(run.id) && run.finished_at);
        return known.every(({ id }) => done.some((run) => run.connection_id === id)) && done;
      }, 'every connection to be looked at', 120_000);
      if (look < 0) continue;
      const counters = await world.simulator.set('GET', 'counters');
      for (const run of fresh) {
        assert.deepEqual([run.state, run.counts.writes, run.counts.received, run.counts.done], ['succeeded', 0, 0, 0], JSON.stringify(run));
        const { reads, name } = known.find(({ id }) => id === run.connection_id);
        // Every sweep_hours of the manifest (Notion: 6) a listing is complete: more than a look at what changed. The first one
        // lists each page once more: that of the plan and, with 2 weeks in it, each of the 3 modules.
        if (run.counts.reads > reads) ++total.sweeps;
        const again = name === 'pages' ? 1 + 3 * 3 : 0;
        assert.ok(run.counts.reads <= reads + 5 + again, `${name}: ${run.counts.reads} reads`);
        total.reads += run.counts.reads;
      }
      total.polls += fresh.length;
      for (const [route, count] of [...Object.entries(routes(counters.notion)), ...Object.entries(routes(counters.google))]) {
        const upkeep = /token|\/watch|channels\/stop/.test(route);
        assert.ok(upkeep || /^GET |\/query$/.test(route), `${count} x ${route}`);
        if (/token/.test(route)) total.tokens += count;
        if (/\/watch/.test(route)) total.watches += count;
      }
    }
    const channels = (await world.simulator.set('POST', 'google/channels', {})).channels;
    assert.equal(channels.length, 1, 'one channel is open');
    assert.ok(total.sweeps <= 2 * 5, `${total.sweeps} complete listings in a day`);
    assert.ok(total.tokens >= (connections.length * 24) / 2, `${total.tokens} token refreshes`);
    t.diagnostic(`24 h in ${looks} looks, channels live ${channelLife / 60} min: ${JSON.stringify(total)}, 0 writes`);
  } finally {
    await world.end();
  }
}

for (const [name, seconds] of [['7 days', 7 * 86_400], ['1 hour', 3_600], ['45 minutes', 2_700]]) {
  test(`24 hours without an edit are 0 writes (channels live ${name})`, { timeout: 1_800_000 }, async (t) => {
    if (seconds === 3_600 && !process.env.MORTISE_TEST_LONG) return t.skip('MORTISE_TEST_LONG=1 runs it');
    await day(t, seconds);
  });
}
