// Whether a grant is good, as the service says it, over HTTP: Notion introspects, Google is asked whose it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forms } from './expect.mjs';
import { wideBudgets, World } from './host.mjs';

const services = {
  notion: { form: forms.database, by: 'introspection', asks: 'POST /v1/oauth/introspect', renews: 'POST /v1/oauth/token' },
  google: { form: forms.calendar, by: 'identity', asks: 'GET /v1/userinfo', renews: 'POST /token' },
};

for (const [provider, { form, by, asks, renews }] of Object.entries(services)) {
  test(`check: ${provider} says whether a grant is good`, { timeout: 300_000 }, async () => {
    const world = await World.start({ settings: { ...wideBudgets, 'log.level': 'trace' } });
    const heard = [];
    const tokens = new Set();
    try {
      const expire = () => world.simulator.set('PUT', 'clock', { advance_ms: 3_601_000 });
      const revoke = () => world.simulator.set('POST', 'grants/revoke', { provider });
      const shown = async () => (await world.ok('GET', '/v1/accounts/ana/connections')).items[0];
      /** Asks; answers what was said and which requests that took. */
      const check = async () => {
        await world.resetTraffic();
        const { status, body } = await world.api('POST', `/v1/connections/${(await shown()).id}/check`);
        const { routes = {} } = await world.traffic(provider);
        heard.push(JSON.stringify(body));
        for (const [token] of JSON.stringify(await world.simulator.set('GET', 'state')).matchAll(/(?:ntn_|nrt_|ya29\.|1\/\/)[\w.~+/-]+/g)) tokens.add(token);
        return { status, body, asked: Object.fromEntries(Object.entries(routes).map(([route, { count }]) => [route, count])) };
      };
      const said = async (active, whom, asked) => {
        const before = Date.now();
        const answer = await check();
        const { checked_at: at, ...body } = answer.body;
        assert.deepEqual({ ...answer, body }, { status: 200, body: { active, by: whom }, asked });
        assert.ok(Date.parse(at) >= before - 1 && Date.parse(at) <= Date.now() + 1, at);
      };

      await world.widenLimits();
      await world.simulator.set('PUT', 'oauth', { provider, access_token_life_s: 3600 });
      await world.account();
      const connect = () => world.quietAfter(() => world.connect(form.connector));
      const { id } = await connect();
      await said(true, by, { [asks]: 1 });

      // An access token that ended is no grant that ended.
      await expire();
      await said(true, by, { [asks]: 2, [renews]: 1 });
      assert.equal((await shown()).state, 'connected');

      // Nobody answers: nothing is known, nothing is changed.
      await expire();
      await world.simulator.set('POST', 'faults', { kind: '503', every: 1, provider, path_prefix: renews.split(' ')[1] });
      const silent = await check();
      assert.deepEqual([silent.status, silent.body.code, silent.body.next_action], [503, 'unavailable', 'retry_later'], JSON.stringify(silent));
      assert.equal((await shown()).state, 'connected');
      await world.simulator.set('DELETE', 'faults');
      await said(true, by, { [asks]: 2, [renews]: 1 });

      // The person takes the access away there.
      await revoke();
      await said(false, 'refresh', { [asks]: 1, [renews]: 1 });
      const dead = await shown();
      assert.deepEqual([dead.state, dead.reason], ['needs_reconnect', 'invalid_grant']);
      const again = await check();
      assert.deepEqual([again.status, again.body.reason, again.body.next_action, again.asked], [409, 'needs_reconnect', 'reconnect', {}]);

      assert.equal((await connect()).id, id);
      await said(true, by, { [asks]: 1 });
      await world.ok('DELETE', `/v1/connections/${id}`);
      const gone = await check();
      assert.deepEqual([gone.status, gone.body.reason, gone.asked], [409, 'not_connected', {}]);

      assert.ok(tokens.size >= 6, `${tokens.size} tokens`);
      for (const token of tokens) assert.ok(![...heard, world.log].some((text) => text.includes(token)), 'no token is told');
    } finally {
      await world.end();
    }
  });
}
