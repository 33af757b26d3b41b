// Providers that fail, hosts that die, grants that are revoked: the export ends complete, nothing twice.
// MORTISE_TEST_LONG=1 runs every failpoint at every passage; a seeded subset runs otherwise.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertInStep, connectFor, forms } from './expect.mjs';
import { roadmap, until, wideBudgets, World } from './host.mjs';

const long = Boolean(process.env.MORTISE_TEST_LONG);
const seed = Number(process.env.MORTISE_TEST_SEED ?? 1);

/** A small, repeatable generator (mulberry32). */
function dice(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

async function started(form, document, options = {}) {
  const world = await World.start({ settings: wideBudgets, ...options });
  await world.widenLimits();
  await world.account();
  const plan = await world.import(document);
  const connection = await connectFor(world, form);
  return { world, plan, connection };
}

for (const [name, form] of Object.entries(forms)) {
  test(`faults: a tenth of all answers of ${name} fails (seed ${seed})`, { timeout: 900_000 }, async (t) => {
    const { world, plan, connection } = await started(form, roadmap({ modules: 3, weeks: 3, tasks: long ? 20 : 5 }));
    try {
      await world.simulator.set('POST', 'faults', { kind: 'chaos', probability: 0.1, seed, provider: form.provider, retry_after_s: 1 });
      const run = await world.export(plan, connection);
      const tasks = await world.tasks(plan);
      await world.ok('PATCH', `/v1/tasks/${tasks[4].id}`, { title: 'Changed in the storm' });
      await world.ok('DELETE', `/v1/tasks/${tasks[7].id}`);
      await world.quietAfterPush(plan);
      await world.simulator.set('DELETE', 'faults');
      const last = await world.export(plan, connection);
      assert.equal(last.state, 'succeeded', JSON.stringify(last));
      await assertInStep(world, form, plan);
      const { faults } = await world.traffic(form.provider);
      assert.ok(faults > 0, 'some answers failed');
      t.diagnostic(`${name}: ${faults} faults; first run ${run.state} after ${run.counts.retries} retries`);
    } finally {
      await world.end();
    }
  });

  test(`faults: a grant of ${name} revoked in mid-run waits for a reconnect, then goes on`, async () => {
    const { world, plan, connection } = await started(form, roadmap({ modules: 3, weeks: 2, tasks: 8 }));
    try {
      await world.simulator.set('POST', 'faults', { kind: 'delay_ms', delay_ms: 150, provider: form.provider, write: true, every: 1 });
      const { body: run } = await world.startExport(plan, connection);
      await until(async () => (await world.traffic(form.provider)).applied_writes >= 2, 'the first writes');
      await world.simulator.set('POST', 'grants/revoke', { provider: form.provider });
      const waiting = await until(async () => {
        const now = await world.run(run.id);
        return now.state === 'waiting' && now.waiting_for === 'reconnect' && now;
      }, 'the run to wait');
      assert.equal(waiting.state, 'waiting');
      const [shown] = (await world.ok('GET', '/v1/accounts/ana/connections')).items;
      assert.equal(shown.state, 'needs_reconnect');
      assert.equal(shown.reason, 'invalid_grant');
      const again = await world.connect(form.connector);
      assert.equal(again.id, connection.id);
      assert.equal((await world.finished(run.id)).state, 'succeeded');
      await assertInStep(world, form, plan);
    } finally {
      await world.end();
    }
  });

  test(`faults: kill -9 at every step of the journal of ${name} (seed ${seed})`, { timeout: 3_600_000 }, async (t) => {
    const roll = dice(seed);
    const points = ['intents_committed', 'replies_received', 'outcomes_committed'];
    const cases = [];
    for (const point of points) {
      for (let passage = 1; passage <= 4; ++passage) cases.push({ point, passage });
    }
    // Half of the deaths come after the provider applied the write and before its answer.
    for (const kind of ['drop_after', 'hold_after']) for (let nth = 1; nth <= 4; ++nth) cases.push({ kind, nth });
    const chosen = long ? cases : cases.filter(() => roll() < 0.3);
    for (const each of chosen) {
      const { world, plan, connection } = await started(form, roadmap({ modules: 2, weeks: 2, tasks: 4 }));
      try {
        const changes = [
          async () => (await world.startExport(plan, connection)).body,
          async () => { const tasks = await world.tasks(plan); return world.ok('PATCH', `/v1/tasks/${tasks[3].id}`, { title: 'Retitled' }); },
          async () => { const tasks = await world.tasks(plan); return world.ok('POST', `/v1/plans/${plan.id}/tasks`, { title: 'Added', after_task_id: tasks[5].id }); },
          async () => { const tasks = await world.tasks(plan); return world.ok('DELETE', `/v1/tasks/${tasks[2].id}`); },
        ];
        for (const change of changes) {
          if (each.point) {
            await world.stop();
            await world.boot({ MORTISE_DEBUG_FAILPOINT: `${each.point}:${each.passage}` });
            await change().catch(() => {});
            // It dies at that step, or has fewer of them and ends the run.
            await Promise.race([world.ended, world.quiet().catch(() => {})]);
          } else {
            await world.simulator.set('POST', 'faults', { kind: each.kind, provider: form.provider, write: true, nth: each.nth, times: 1 });
            const before = (await world.simulator.set('GET', 'faults')).faults?.length;
            await change();
            await Promise.race([
              until(async () => (await world.traffic(form.provider)).faults > 0, 'the fault', 3_000).catch(() => {}),
              world.quiet().catch(() => {})]);
            assert.ok(before !== 0);
          }
          await world.kill().catch(() => {});
          await world.simulator.set('DELETE', 'faults');
          await world.simulator.control('POST', 'holds/release');
          await world.resetTraffic();
          await world.boot();
          await world.quiet();
          const run = await world.export(plan, connection);
          assert.equal(run.state, 'succeeded', JSON.stringify({ each, run }));
          await assertInStep(world, form, plan);
        }
      } finally {
        await world.end();
      }
    }
    t.diagnostic(`${name}: ${chosen.length} of ${cases.length} deaths x 4 kinds of change`);
  });
}

test(`faults: random kills during an export of rows (seed ${seed})`, { timeout: 3_600_000 }, async (t) => {
  const form = forms.database;
  const kills = long ? 30 : 5;
  const roll = dice(seed);
  const { world, plan, connection } = await started(form, roadmap({ modules: 3, weeks: 4, tasks: long ? 40 : 15 }));
  try {
    const { body: run } = await world.startExport(plan, connection);
    for (let i = 0; i < kills; ++i) {
      await new Promise((resolve) => setTimeout(resolve, 50 + roll() * 250));
      await world.kill();
      await world.boot();
    }
    assert.equal((await world.finished(run.id)).state, 'succeeded');
    await assertInStep(world, form, plan);
    t.diagnostic(`${kills} kills`);
  } finally {
    await world.end();
  }
});
