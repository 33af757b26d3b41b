// What goes wrong while a history goes on: each trouble is put up before the syncs, and taken away after them.
import { until } from '../host.mjs';
import { answer, strike } from './answers.mjs';
import { goOneWay } from './one_way.mjs';
import { removeAndRestore } from './removed_plan.mjs';

export const failpoints = ['intents_committed', 'replies_received', 'outcomes_committed', 'received', 'pulled'];
const patience = 4_000;  // for runs that wait for a service which goes on failing

/** Fails where the host died of itself. */
function assertAlive({ world }) {
  const { exitCode, signalCode } = world.child;
  if (exitCode !== null || signalCode !== null) throw new Error(`the host died (${signalCode ?? exitCode}): ${world.log.slice(-4000)}`);
}

/** Starts a sync of every connection and follows them as far as the trouble lets them come. */
async function attempt(history) {
  await Promise.all(history.members.flatMap((member) => member.connections.map(async (connection) => {
    try {
      await member.sync(connection, patience);
    } catch {
      // It waits, or the host is dead: that is what the trouble is for.
    }
  })));
}

/** The same, and the host has to live through it. */
async function survive(history) {
  await attempt(history);
  assertAlive(history);
}

async function faults(history, rule, providers = ['google', 'notion']) {
  for (const provider of providers) {
    await history.world.simulator.set('POST', 'faults', { provider, seed: history.dice.below(2 ** 31), ...rule });
  }
  await survive(history);
  await history.world.simulator.set('DELETE', 'faults');
  await history.world.simulator.control('POST', 'holds/release');
}

/** Carries `work` out while listings come in other pages: `largest`, so many things each; `pages`, every other one is empty. */
async function withPages(history, { largest, pages = 'full' }, work) {
  const { simulator } = history.world;
  const set = (google, notion) => Promise.all([simulator.set('POST', 'google/settings', google), simulator.set('PUT', 'limits', { notion_page_rows: notion })]);
  await set({ pages, largest_page: largest ?? 2_500 }, largest ?? 100);
  await work(history);
  await set({ pages: 'full', largest_page: 2_500 }, 100);
}

/** kill -9; fails where the host had died of anything else. */
async function kill({ world }) {
  await world.kill();
  const { code, signal } = await world.ended;
  if (signal !== 'SIGKILL') throw new Error(`the host died (${signal ?? code}): ${world.log.slice(-4000)}`);
}

/** The host starts anew; open runs go on by themselves. */
async function reboot(history, environment) {
  await kill(history);
  await history.world.boot(environment);
}

export const troubles = {
  /** Errors before and after the write, dropped connections, broken bodies, limits. */
  chaos: [4, (history) => faults(history, { kind: 'chaos', probability: 0.3, times: history.dice.between(2, 8), retry_after_s: 1 })],

  /** The write took effect, and its answer is lost. */
  lost_answers: [2, (history) => faults(history, { kind: history.dice.pick(['drop_after', '503_after', 'truncated_json']), write: true, probability: 0.5, times: 4 })],

  /** 410: the cursors are not known any more, at once or at a later page. */
  stale_cursors: [3, async (history) => {
    const later = history.dice.chance(0.5);
    const expire = (member) => history.world.simulator.set('POST', 'google/expire_sync_tokens', { user: member.person, ...(later && { at_page: 2 }) });
    await Promise.all(history.members.filter((each) => each.google).map(expire));
    await withPages(history, later ? { pages: 'empty' } : {}, survive);
  }],

  /** Pages that hold little, or nothing and yet name a next one. */
  short_pages: [2, (history) => withPages(history, history.dice.pick([{ largest: 3 }, { largest: 1 }, { pages: 'empty' }]), survive)],

  /** "Conflict occurred while saving. Please try again." */
  conflicts: [2, (history) => faults(history, { kind: '409', write: true, probability: 0.5, times: 4 }, ['notion'])],

  /** kill -9 between a write and its record, or between reading and noting. */
  kill_at: [3, async (history) => {
    const { world, dice } = history;
    const at = dice.pick(failpoints);
    await reboot(history, { MORTISE_DEBUG_FAILPOINT: `${at}:${dice.between(1, 4)}` });
    await attempt(history);
    const died = await Promise.race([world.ended, new Promise((resolve) => { setTimeout(resolve, 100); })]);
    if (died) history.count(`died at ${at}`);
    await kill(history);
    await world.boot({});
  }],

  /** kill -9 at any moment. */
  kill_anywhere: [2, async (history) => {
    const over = attempt(history);
    await new Promise((resolve) => { setTimeout(resolve, history.dice.below(120)); });
    await reboot(history, {});
    await over;
    assertAlive(history);
  }],

  /** People edit while runs are under way: 412, 409, and rereading. */
  edits_meanwhile: [3, async (history, moreEdits) => {
    const over = attempt(history);
    await moreEdits();
    await over;
    assertAlive(history);
  }],

  /** Messages that nobody at the services sent: of another channel, with another token, with another signature. */
  forgeries: [1, async (history) => {
    if (history.lively) await forge(history.world);
    await survive(history);
  }],

  /** Most of a plan, or all, is gone from one side, and guards ask; now and then across a restart. */
  mishaps: [0, async (history) => {
    await history.all(strike);
    if (history.dice.chance(0.25)) await reboot(history, {});
    await history.all(answer);
  }],

  /** A connection of each account carries changes one way only. */
  one_way: [5, (history) => history.all(goOneWay)],

  /** The plan is removed, at the services too, while nothing else happens, and comes back. */
  removed_plan: [5, (history) => history.all(removeAndRestore)],
};

/** How often nobody edits while it happens. */
export const still = { removed_plan: 1, mishaps: 0.6 };

/** Troubles in which sides see each other's edits before the end. */
export const racing = new Set(['edits_meanwhile']);

async function forge({ simulator, url }) {
  const { channels } = await simulator.set('POST', 'google/channels', {});
  for (const { id } of channels) await simulator.set('POST', 'google/notify', { channel: id, token: 'forged' });
  await simulator.set('POST', 'google/notify', { channel: 'nobodys', address: `${url}/hooks/google_calendar`, token: 'forged' });
  for (const signature of ['wrong', 'none']) {
    await simulator.set('POST', 'notion/forge', { url: `${url}/hooks/notion`, body: '{"type":"page.content_updated"}', signature });
  }
}

/** Notifications that come twice, late, or never. */
export async function spoilNotifications(history) {
  const { world, dice } = history;
  const spoilt = { lose_every: dice.pick([0, 2, 3]), duplicate_every: dice.pick([0, 2]), late_every: dice.pick([0, 3]), late_ms: 50 };
  await world.simulator.set('POST', 'google/delivery_settings', spoilt);
  await world.simulator.set('POST', 'notion/webhook_settings', { ...spoilt, merge_ms: 20 });
}

/** An operator makes Notion's subscription: the key comes to the host, and is brought back by hand. */
export async function subscribeNotion(world) {
  await world.ok('POST', '/v1/connectors/notion/handshake');
  await world.simulator.set('POST', 'notion/subscribe', { url: `${world.url}/hooks/notion` });
  const { token } = await until(async () => {
    const shown = await world.ok('GET', '/v1/connectors/notion/handshake');
    return shown.token && shown;
  }, "Notion's handshake");
  await world.simulator.set('POST', 'notion/confirm', { token });
}
