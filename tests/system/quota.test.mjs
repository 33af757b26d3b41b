// The tier's limit holds under 200 parallel exports and across a kill -9; a key gets its first answer.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { roadmap, World } from './host.mjs';

test('quota: one account, two connections, 200 parallel exports at limit 2 give exactly 2', async () => {
  const world = await World.start();
  try {
    await world.account('ana', 'free');
    const plans = []; // the export of one plan, asked for twice, would be one
    for (let i = 0; i < 200; ++i) plans.push(await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2 })));
    const connections = [await world.connect('notion'), await world.connect('google_calendar')];
    const keys = Array.from({ length: 200 }, () => randomUUID());
    const answers = await Promise.all(keys.map((key, i) => world.startExport(plans[i], connections[i % 2], 'ana', key)));
    const accepted = answers.filter((answer) => answer.status === 202);
    const refused = answers.filter((answer) => answer.status === 403);
    assert.equal(accepted.length, 2);
    assert.equal(refused.length, 198);
    const { body } = refused[0];
    assert.equal(body.reason, 'quota_exceeded');
    assert.equal(body.limit, 2);
    assert.equal(body.used, 2);
    assert.equal(body.upgrade_url, 'https://app.example/upgrade');
    assert.ok(body.reset_at);

    await world.kill();
    await world.boot();
    for (const { body: run } of accepted) await world.finished(run.id);
    const { items } = await world.ok('GET', '/v1/runs?account_id=ana&limit=200');
    const committed = items.filter((run) => run.usage === 'committed').length;
    const usage = await world.ok('GET', '/v1/accounts/ana/usage');
    assert.equal(committed, 2);
    assert.equal(usage.used, committed);

    const first = answers.findIndex((answer) => answer.status === 202);
    const again = await world.startExport(plans[first], connections[first % 2], 'ana', keys[first]);
    assert.equal(again.status, 202);
    assert.equal(again.body.id, answers[first].body.id);
    const other = await world.api('POST', '/v1/accounts/ana/exports',
      { plan_id: plans[first].id, connection_id: connections[(first + 1) % 2].id }, { 'idempotency-key': keys[first] });
    assert.equal(other.status, 422);
    assert.equal(await world.stop(), 0);
  } finally {
    await world.end();
  }
});
