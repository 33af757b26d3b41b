// The tests' own view of the host: a host that crashes, or ends badly, is told from one that was killed on purpose.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'node:test';
import { World } from './host.mjs';
import { handedOut, takePort } from './ports.mjs';

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

test('world: a host that knows no such failpoint does not start', async () => {
  await complaint(async (world) => {
    await world.stop();
    await assert.rejects(world.boot({ MORTISE_DEBUG_FAILPOINT: 'pull:1' }), /pull:1.*: expected one of pulled, /);
  });
});

test('world: a host whose port somebody else took meanwhile gets another', async () => {
  class Robbed extends World {
    async configure(settings) {
      await super.configure(settings);
      if (this.robber) return;
      this.robber = createServer((socket) => socket.destroy());
      this.robber.listen(this.port, '127.0.0.1');
      await once(this.robber, 'listening');
    }
  }
  const world = await Robbed.start();
  try {
    assert.notEqual(world.port, world.robber.address().port);
    await world.account();
  } finally {
    world.robber.close();
    await world.end();
  }
});

test('world: no two hosts have the same port, and the system hands none of them out', async () => {
  const taken = await Promise.all(Array.from({ length: 40 }, () => takePort([0, 10, 20])));
  try {
    const ports = taken.flatMap(({ port }) => [port, port + 10, port + 20]);
    assert.equal(new Set(ports).size, ports.length);
    const [first, last] = await handedOut();
    if (first > 11_000) assert.deepEqual(ports.filter((port) => port >= first && port <= last), []);
  } finally {
    for (const { release } of taken) release();
  }
});
