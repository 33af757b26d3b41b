// kill -9 inside a refresh: no grant is lost except those that the service used up and whose answer
// died with the host; these say so, and a reconnect doubles nothing.
// MORTISE_TEST_LONG=1 kills 200 times a service.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertInStep, connectFor, forms } from './expect.mjs';
import { dice, roadmap, until, wideBudgets, World } from './host.mjs';

const long = Boolean(process.env.MORTISE_TEST_LONG);
const seed = Number(process.env.MORTISE_TEST_SEED ?? 1);

/** The refresh tokens that the services would take now. */
async function accepted(world, provider) {
  const state = await world.simulator.set('GET', 'state');
  return provider === 'notion' ? state.notion.grants.map((grant) => grant.refresh_token).join()
    : JSON.stringify(state.google.oauth.grants.map((grant) => grant.refreshes.map((each) => each.token)));
}

const tokenCalls = async (world, provider) => (await world.traffic(provider)).tokens ?? 0;

/** When the host dies: `rule` is what the token endpoint does, `moment` waits for the instant. */
const deaths = {
  'the answer withheld': {
    rule: { kind: 'hold_after', nth: 1, times: 1 },
    moment: (world) => until(async () => (await world.simulator.set('GET', 'holds')).held > 0, 'the answer to be withheld'),
  },
  'the request refused': {
    rule: { kind: '503', every: 1 },
    moment: (world, provider) => until(async () => await tokenCalls(world, provider) > 0, 'the refusal'),
  },
  'the answer on its way': {
    rule: { kind: 'delay_ms', delay_ms: 40, every: 1 },
    moment: async (world, provider, random) => {
      await until(async () => await tokenCalls(world, provider) > 0, 'the token call');
      await new Promise((resolve) => setTimeout(resolve, random() * 80));
    },
  },
};
const order = ['the answer withheld', 'the request refused', 'the answer withheld', 'the answer on its way'];

/** The connection once an export has ended or the grant is known to be dead. */
async function exported(world, plan, connection) {
  const started = await world.startExport(plan, connection);
  assert.ok(started.status === 202 || started.body.reason === 'needs_reconnect', JSON.stringify(started.body));
  let run = started.body;
  return until(async () => {
    if (started.status === 202) run = await world.run(started.body.id);
    const [shown] = (await world.ok('GET', '/v1/accounts/ana/connections')).items;
    return (run.finished_at || shown.state === 'needs_reconnect') && { run, shown };
  }, 'the export to end or to ask for a reconnect').catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(run)}\n${world.log.slice(-2_000)}`);
  });
}

for (const [name, kills] of [['database', long ? 200 : 16], ['calendar', long ? 200 : 9]]) {
  const form = forms[name];
  const { provider, connector } = form;
  test(`refresh: ${kills} kill -9 inside a refresh at ${provider} (seed ${seed})`, { timeout: 3_600_000 }, async (t) => {
    const random = dice(seed);
    const world = await World.start({ settings: { ...wideBudgets, 'sync.debounce_ms': 1 } });
    const seen = { consumed: 0, lost: 0 };
    try {
      await world.widenLimits();
      await world.simulator.set('PUT', 'oauth', { provider, access_token_life_s: 3600 });
      await world.account();
      const plan = await world.import(roadmap({ modules: 1, weeks: 2, tasks: 3 }));
      const connection = await connectFor(world, form);
      assert.equal((await world.export(plan, connection)).state, 'succeeded');
      const tasks = await world.tasks(plan);

      for (let i = 0; i < kills; ++i) {
        const how = order[i % order.length];
        const before = await accepted(world, provider);
        await world.simulator.set('PUT', 'clock', { advance_ms: 3_601_000 });  // the access token is refused from now on
        await world.simulator.set('POST', 'faults', { provider, path_prefix: provider === 'notion' ? '/v1/oauth/token' : '/token', ...deaths[how].rule });
        await world.resetTraffic();
        await world.ok('PATCH', `/v1/tasks/${tasks[i % tasks.length].id}`, { title: `Title ${i}` });
        await deaths[how].moment(world, provider, random);
        await world.kill();
        const consumed = await accepted(world, provider) !== before;
        await world.simulator.set('DELETE', 'faults');
        await world.simulator.control('POST', 'holds/release');
        await world.boot();

        const { run, shown } = await exported(world, plan, connection);
        seen.consumed += consumed;
        if (shown.state === 'needs_reconnect') {
          ++seen.lost;
          assert.ok(consumed, `${how}: the grant was lost although the service had not used it up`);
          assert.equal(shown.reason, 'refresh_interrupted', how);
          assert.equal((await world.connect(connector)).id, connection.id);
          assert.equal((await world.export(plan, connection)).state, 'succeeded');
        } else {
          assert.equal(run.state, 'succeeded', JSON.stringify({ how, run }));
          // Its answer never came: nobody can have the new tokens.
          assert.ok(provider === 'google' || how !== 'the answer withheld', 'a grant that cannot work');
        }
        await world.quiet();
        await assertInStep(world, form, plan);
      }
      if (provider === 'notion') assert.ok(seen.lost >= kills / 2, 'half of the kills came after the token was used up');
      else assert.equal(seen.lost, 0, 'a token that does not rotate is never lost');
      t.diagnostic(`${provider}: ${kills} kills, ${seen.consumed} tokens used up, ${seen.lost} grants lost and said so`);
    } finally {
      await world.end();
    }
  });
}
