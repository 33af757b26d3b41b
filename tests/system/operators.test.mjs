// What an operator does and sees while the host runs: keys, secrets, what a run exchanged, budgets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { roadmap, World } from './host.mjs';

let world;
let connection;
let run;
before(async () => {
  world = await World.start();
  await world.account();
  connection = await world.connect('notion');
  const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2 }));
  run = await world.finished((await world.startExport(plan, connection)).body.id);
});
after(() => world?.end());

test('a run tells what it sent, and nothing of what was in it', async () => {
  const { items } = await world.ok('GET', `/v1/runs/${run.id}/exchanges`);
  assert.ok(items.length > 0);
  for (const each of items) {
    assert.equal(each.origin, 'api');
    assert.ok(each.status >= 200 && each.target.startsWith('/v1/') && !each.target.includes('='));
  }
  assert.ok(items.every((each) => each.request), "Notion's own name of each request");
  assert.ok(!JSON.stringify(items).includes('Bearer'));
});

test("what is used of a connection's budgets is told", async () => {
  const { items } = await world.ok('GET', `/v1/connections/${connection.id}/budgets`);
  assert.ok(items.length > 0);
  for (const budget of items) assert.ok(budget.used >= 0 && budget.used <= budget.limit && budget.window_s > 0);
});

test('a key is made and revoked without a stop', async () => {
  const made = await world.ok('POST', '/v1/api_keys', { name: 'second', scopes: ['read'] });
  const second = { authorization: `Bearer ${made.key}` };
  await world.ok('GET', `/v1/runs/${run.id}`, undefined, second);
  assert.equal((await world.api('DELETE', `/v1/api_keys/${made.id}`)).status, 204);
  assert.equal((await world.api('GET', `/v1/runs/${run.id}`, undefined, second)).status, 401);
  assert.ok(!world.log.includes(made.key));
});

test('a secret counts from the moment it is set', async () => {
  const { items } = await world.ok('GET', '/v1/secrets');
  assert.ok(items.every(({ name }) => !name.startsWith('host.')));
  const path = '/v1/secrets/notion.webhook_secret';
  assert.equal((await world.api('PUT', path, { value: 'canary-of-a-secret' })).status, 204);
  assert.ok((await world.ok('GET', '/v1/secrets')).items.some(({ name }) => name === 'notion.webhook_secret'));
  assert.equal((await world.api('DELETE', path)).status, 204);
  assert.equal((await world.api('DELETE', path)).status, 404);
  const misspelt = await world.api('PUT', '/v1/secrets/notion.client_secrt', { value: 'x' });
  assert.equal(misspelt.status, 400);
  assert.match(misspelt.body.detail, /did you mean "client_secret"\?/);
  assert.ok(!world.log.includes('canary-of-a-secret'));
});
