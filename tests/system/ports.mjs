// Ports that programs under test listen on. One that the system hands out is anybody's again until the program has bound
// it, and while it is down; so these lie outside the range that it hands out, and are held all the while by a lock that
// no crash leaves behind: the UDP port of the same number.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

const kFrom = 10_100;  // fetch and browsers refuse 10080
const kTo = 65_535;

/** The first and the last port that the system hands out by itself. */
export async function handedOut() {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '32768 60999');
  return text.trim().split(/\s+/).map(Number);
}

/** A socket at the port; null if there is another. */
async function bound(socket, bind) {
  const up = once(socket, 'listening').then(() => socket, () => null);
  bind(socket);
  return up;
}

/** Takes the lock of a port on which nobody listens; null if that cannot be. */
async function locked(port) {
  const lock = await bound(createSocket('udp4'), (socket) => socket.bind({ port, address: '127.0.0.1', exclusive: true }));
  if (!lock) return null;
  lock.unref();
  const server = await bound(createServer(), (each) => each.listen({ port, host: '127.0.0.1', exclusive: true }));
  if (!server) {
    lock.close();
    return null;
  }
  await new Promise((resolve) => { server.close(resolve); });
  return lock;
}

/** Takes a port that is free, and is free at each of these distances behind it. Answers it, and how to give it back. */
export async function takePort(distances = [0]) {
  const [first, last] = await handedOut();
  const furthest = Math.max(...distances);
  const free = (port) => port < first || port > last;
  const all = Array.from({ length: kTo + 1 - kFrom - furthest }, (_, i) => kFrom + i);
  const apart = all.filter((port) => distances.every((each) => free(port + each)));
  const candidates = apart.length > 0 ? apart : all;  // where the system hands out every one by itself
  const start = randomInt(candidates.length);
  for (let i = 0; i < candidates.length; ++i) {
    const port = candidates[(start + i) % candidates.length];
    const locks = [];
    const release = () => locks.splice(0).forEach((lock) => lock.close());
    for (const each of distances) {
      const lock = await locked(port + each);
      if (!lock) break;
      locks.push(lock);
    }
    if (locks.length === distances.length) return { port, release };
    release();
  }
  throw new Error('no port is free');
}
