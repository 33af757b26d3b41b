// Hosts that die with kill -9, at every step of the journal and around answers that never come: after
// a restart everything is there once. MORTISE_TEST_LONG=1 runs every death, on the real plan, too; a
// seeded subset runs otherwise.
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertInStep, connected, forms } from './expect.mjs';
import { dice, roadmap, sharedPlan, until } from './host.mjs';

const long = Boolean(process.env.MORTISE_TEST_LONG);
const seed = Number(process.env.MORTISE_TEST_SEED ?? 1);
const recoveryMs = 900_000;  // of the real plan, on a machine that is busy

/** What it dies of. Of an answer: the write took effect, and its answer is lost or never comes. */
const deaths = [
  { point: 'intents_committed' }, { point: 'replies_received' }, { point: 'outcomes_committed' },
  { answer: 'drop_after' }, { answer: 'hold_after' },
];

/** Small changes, each a single write, of the nth task. */
const changes = {
  retitle: (world, plan, task) => world.ok('PATCH', `/v1/tasks/${task.id}`, { title: `${task.title} again` }),
  add: (world, plan, task) => world.ok('POST', `/v1/plans/${plan.id}/tasks`, { title: `After ${task.title}`, after_task_id: task.id }),
  remove: (world, plan, task) => world.ok('DELETE', `/v1/tasks/${task.id}`),
};

/** Does `change` on a host that dies at the nth such moment, if there are so many; answers whether. */
async function dieAt(world, form, { point, answer }, nth, change, isOver) {
  if (point) {
    await world.stop();
    await world.boot({ MORTISE_DEBUG_FAILPOINT: `${point}:${nth}` });
  } else {
    await world.simulator.set('POST', 'faults', { kind: answer, provider: form.provider, write: true, nth, times: 1 });
  }
  await world.resetTraffic();
  let dead = false;
  world.ended.then(() => { dead = true; });  // of the failpoint: kill() below takes no other death for it
  let made = null;
  try {
    made = await change();
  } catch (problem) {
    if (!dead) await until(() => dead, `the host to die: ${problem}`, 5_000);  // or the change is refused
  }
  const struck = await until(async () => {
    if (dead) return 'yes';
    if (!point && (await world.traffic(form.provider)).faults > 0) return 'yes';
    return !dead && isOver && await isOver(made).catch(() => false) ? 'no' : null;
  }, `${point ?? answer} ${nth}`, 120_000);
  await world.kill();
  await world.simulator.set('DELETE', 'faults');
  await world.simulator.control('POST', 'holds/release');
  return struck === 'yes';
}

/** After a restart the work is finished by itself, and an export finds nothing left to do. */
async function assertRecovers(world, form, plan, connection) {
  await world.boot();
  await world.quiet('ana', recoveryMs);
  const run = await world.export(plan, connection, 'ana', recoveryMs);
  assert.equal(run.state, 'succeeded', JSON.stringify(run));
  await assertInStep(world, form, plan);
}

/** Every death at the nth passage of an export, and at the one write of a small change. */
async function killMatrix(form, document, { passages, share }, t) {
  const roll = dice(seed);
  const isChosen = () => roll() < share;
  const count = { died: 0, ended: 0 };
  for (const death of deaths) {
    for (const nth of passages.filter(isChosen)) {
      await t.test(`${t.name}: export, ${death.point ?? death.answer} ${nth}`, async () => {
        const { world, plan, connection } = await connected(form, document);
        try {
          const died = await dieAt(world, form, death, nth, () => world.startExport(plan, connection),
            async (made) => (await world.run(made.body.id)).finished_at);
          assert.ok(died || nth > 1, 'an export passes every step once');
          ++count[died ? 'died' : 'ended'];
          await assertRecovers(world, form, plan, connection);
        } finally {
          await world.end();
        }
      });
    }
  }
  const { world, plan, connection } = await connected(form, document);
  try {
    assert.equal((await world.export(plan, connection)).state, 'succeeded');
    for (const death of deaths) {
      for (const name of Object.keys(changes).filter(isChosen)) {
        await t.test(`${t.name}: ${name}, ${death.point ?? death.answer}`, async () => {
          const tasks = await world.tasks(plan);
          const task = tasks[Math.floor(roll() * tasks.length)];
          await dieAt(world, form, death, 1, () => changes[name](world, plan, task));
          ++count.died;
          await assertRecovers(world, form, plan, connection);
        });
      }
    }
  } finally {
    await world.end();
  }
  t.diagnostic(`${count.died} deaths; ${count.ended} exports had fewer steps and ended`);
}

/** Deaths at any moment while an export is under way; every write takes `delay_ms`, so that it is not over before. */
async function randomKills(form, document, kills, delay_ms, t) {
  const roll = dice(seed);
  const { world, plan, connection } = await connected(form, document);
  try {
    if (delay_ms) await world.simulator.set('POST', 'faults', { kind: 'delay_ms', delay_ms, provider: form.provider, write: true, every: 1 });
    const { body: run } = await world.startExport(plan, connection);
    let underWay = 0;
    for (let i = 0; i < kills; ++i) {
      await new Promise((resolve) => { setTimeout(resolve, 50 + roll() * 250); });
      if (!(await world.run(run.id)).finished_at) ++underWay;
      await world.kill();
      await world.boot();
    }
    assert.equal((await world.finished(run.id, 900_000)).state, 'succeeded');
    await assertInStep(world, form, plan);
    assert.ok(underWay > 0);
    t.diagnostic(`${kills} kills, ${underWay} of them while the export was under way`);
  } finally {
    await world.end();
  }
}

const realPlan = async (t) => {
  if (!long) return t.skip('MORTISE_TEST_LONG=1 runs it');
  return await sharedPlan('ossu-computer-science.json') ?? t.skip('../shared/data is not here');
};

for (const [name, form] of Object.entries(forms)) {
  test(`kills: kill -9 at every step of ${name} (seed ${seed})`, { timeout: 3_600_000 }, (t) =>
    killMatrix(form, roadmap({ modules: 2, weeks: 2, tasks: 4 }), { passages: [1, 2, 3, 4], share: long ? 1 : 0.3 }, t));

  test(`kills: kill -9 at every step of ${name} of the OSSU curriculum (seed ${seed})`, { timeout: 7_200_000 }, async (t) => {
    const document = await realPlan(t);
    if (document) await killMatrix(form, document, { passages: name === 'pages' ? [1, 2, 4, 8] : [1, 3, 40, 200], share: 1 }, t);
  });

  test(`kills: 30 random kills during an export of the OSSU curriculum as ${name} (seed ${seed})`, { timeout: 3_600_000 }, async (t) => {
    const document = await realPlan(t);
    if (document) await randomKills(form, document, 30, form.layout === 'pages' ? 400 : 0, t);
  });
}

test(`kills: random kills during an export of rows (seed ${seed})`, { timeout: 3_600_000 }, (t) =>
  randomKills(forms.database, roadmap({ modules: 3, weeks: 4, tasks: 15 }), 5, 20, t));
