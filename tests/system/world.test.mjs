// The tests' own view of the host: a host that crashes, or ends badly, is told from one that was killed on purpose.
import assert from 'node:assert/strict';
import test from 'node:test';
import { World } from './host.mjs';

/** A host that ends as `act` makes it; what is said of that at the end. */
async function complaint(act) {
  const world = await World.start();
  let said = '';
  try {
    await act(world);
  } finally {
    await world.end().catch((problem) => { said = problem.message; });
  }
  return said;
}

test('world: a host that is stopped, or killed, ends as it should', async () => {
  assert.equal(await complaint(() => {}), '');
  assert.equal(await complaint((world) => world.stop()), '');
  assert.equal(await complaint((world) => world.kill()), '');
});

test('world: a host that crashes by itself is no kill', async () => {
  const crash = async (world) => {
    world.child.kill('SIGABRT');
    await world.ended;
  };
  assert.match(await complaint(crash), /ended by itself with SIGABRT/);
  await complaint(async (world) => {
    await crash(world);
    await assert.rejects(world.kill(), /ended by itself with SIGABRT/);
    await assert.rejects(world.stop(), /ended by itself with SIGABRT/);
  });
  await complaint(async (world) => {  // as where the machine has no memory left
    world.child.kill('SIGKILL');
    await world.ended;
    await assert.rejects(world.kill(), /ended by itself with SIGKILL/);
  });
});

test('world: a host that dies of its failpoint does as it should', async () => {
  const dies = async (world) => {
    await world.stop();
    await world.boot({ MORTISE_DEBUG_FAILPOINT: 'pulled:1' });
    await world.account();
    await world.connect('google_calendar').catch(() => {});  // it dies in the first sync
    assert.deepEqual(await world.ended, { code: null, signal: 'SIGKILL' });
  };
  assert.equal(await complaint(dies), '');
});
