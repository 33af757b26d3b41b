// A world of three accounts and its epochs.
import { rm } from 'node:fs/promises';
import { wideBudgets, World } from '../host.mjs';
import { fail, Wrong } from './checks.mjs';
import { Dice } from './dice.mjs';
import { assertQuiet, beginEpoch, edits, settle } from './epoch.mjs';
import { Member } from './member.mjs';
import { guardsOf, nameOf, people, scriptsThatResolve, shapeOf } from './shape.mjs';
import { today } from './times.mjs';
import { racing, spoilNotifications, still, subscribeNotion, troubles } from './trouble.mjs';

/** The task that a failure is about. */
const id_of = (problem) => /tsk_[0-9a-z]+/.exec(problem.message)?.[0];

export class History {
  constructor(number, seed, tally) {
    Object.assign(this, { number, seed, tally, dice: new Dice(seed * 7919 + number), operations: 0 });
  }

  async start() {
    const { number, dice } = this;
    const mixes = number % 5 === 4;
    this.ahead_ms = dice.chance(0.5) ? 600_000 : 0;
    this.lively = number % 3 === 2;
    this.resets = number % 4 < 2;  // whether Google forgets single occurrences with another rule
    this.guarded = number % 3 === 1;
    const guards = guardsOf(number);
    this.scripts = mixes ? await scriptsThatResolve() : null;
    const settings = {
      ...wideBudgets, 'sync.remove_percent': guards.percent, 'sync.remove_at_least': guards.at_least, 'log.level': 'warning',
      'sync.debounce_ms': this.lively ? 20 : 3_600_000,
      ...(this.scripts && { 'scripts.path': this.scripts }),
      ...(this.lively && { 'server.public_url': '${url}' }),
    };
    this.world = await World.start({ settings, furtherKeys: people.length * 2 });
    await this.world.widenLimits();
    if (this.lively) {
      await subscribeNotion(this.world);
      await spoilNotifications(this);
    }
    await this.world.simulator.set('POST', 'google/settings', { rules_reset_exceptions: this.resets });
    if (this.ahead_ms) await this.world.simulator.set('PUT', 'clock', { advance_ms: this.ahead_ms });
    this.members = people.map(([account, person], index) => {
      const shape = { ...shapeOf(number, index, dice), mixes, guards, ahead_ms: this.ahead_ms };
      const member = new Member(this.world, account, person, shape, new Dice(dice.below(2 ** 31)));
      member.lively = this.lively;
      this.count(nameOf(shape));
      member.keys = this.world.furtherKeys.slice(index * 2, index * 2 + 2);
      member.count = (what) => this.count(what);
      return member;
    });
    for (const member of this.members) await member.start();
    await this.all(async (member) => {
      await member.look();
      beginEpoch(member);
      await settle(member, { troubled: true, racing: this.lively });
    });
  }

  count(what, times = 1) { this.tally[what] = (this.tally[what] ?? 0) + times; }

  /** What goes wrong in the next epoch: nothing in two of three. */
  aTrouble() {
    if (this.guarded && this.dice.chance(0.5)) return 'mishaps';
    if (this.dice.chance(2 / 3)) return undefined;
    return this.dice.weighted(Object.fromEntries(Object.entries(troubles).map(([name, [weight]]) => [name, weight])));
  }

  /** One step of every account, side by side; the first failure says whose. */
  async all(step) {
    await Promise.all(this.members.map(async (member) => {
      try {
        await step(member);
      } catch (problem) {
        problem.member ??= member;
        throw problem;
      }
    }));
  }

  /** `name`: what goes wrong in it; undefined: nothing. */
  async epoch(upTo, name) {
    const size = this.dice.chance(still[name] ?? 0) ? 0 : upTo;
    const edit = () => this.all(async (member) => {
      const done = await edits(member, size, member.sides);
      this.operations += done;
    });
    for (const member of this.members) {
      beginEpoch(member);
      member.racing = this.lively || racing.has(name);
      member.note(`-- epoch${name ? ` with ${name}` : ''}`);
    }
    await edit();
    if (name) {
      this.count(name);
      await troubles[name][1](this, edit);
      await this.all((member) => member.quiet());
    }
    const rules = { troubled: Boolean(name) || this.lively, racing: racing.has(name) || this.lively };
    await this.all((member) => settle(member, rules));
    const before = await this.writes();
    await this.all(assertQuiet);
    if (await this.writes() !== before) fail('something was written although all was agreed on');
  }

  async writes() {
    const counters = await this.world.simulator.set('GET', 'counters');
    return ['google', 'notion'].reduce((sum, each) => sum + (counters[each]?.writes ?? 0), 0);
  }

  /** The refusals of the services that the host has to cope with. */
  async countRefusals() {
    for (const [provider, { routes }] of Object.entries(await this.world.simulator.set('GET', 'counters'))) {
      for (const { statuses } of Object.values(routes ?? {})) {
        for (const status of [409, 410, 412]) if (statuses[status]) this.count(`${provider} ${status}`, statuses[status]);
      }
    }
  }

  async end() {
    await this.world?.end();
    if (this.scripts) await rm(this.scripts, { recursive: true, force: true });
  }

  /** What is needed to repeat and to understand a failure. */
  async tell(problem) {
    const member = problem.member;
    const [summary] = problem.message.split('\n');
    const lines = [`${problem instanceof Wrong ? 'not as expected' : 'broken off'}: ${summary.slice(0, 200)}`, `seed ${this.seed}, history ${this.number}, day ${today}, ${this.lively ? 'lively' : 'held'}, rules ${this.resets ? 'reset' : 'keep'} exceptions, services' clock ahead by ${this.ahead_ms} ms`];
    if (id_of(problem)) lines.push(...(member?.told ?? []).filter((each) => each.task_id === id_of(problem)).map((each) => `conflict: ${JSON.stringify(each)}`));
    if (member) lines.push(`account ${member.account} ${JSON.stringify(member.shape)}`, ...member.log.slice(member.log.findLastIndex((line) => line.startsWith('-- epoch'))));
    const id = id_of(problem);
    const about = id ? await member.api('GET', `/v1/tasks/${id}/history?limit=12`).catch(() => null) : null;
    for (const each of about?.body?.items ?? []) lines.push(`history: ${JSON.stringify(each)}`);
    if (!this.world) return [...lines, problem.stack].join('\n');
    const { requests } = await this.world.simulator.set('GET', 'requests').catch(() => ({ requests: [] }));
    if (id) lines.push(...member.log.filter((line) => line.includes(id)).map((line) => `before: ${line}`));
    const known = new Set((about?.body?.items ?? []).flatMap((each) => /[?&]eid=([^&_]+)|([0-9a-f-]{36})$/.exec(each.url ?? '')?.slice(1).filter(Boolean) ?? []));
    const ours = (each) => [...known].some((item) => JSON.stringify(each).includes(item));
    const told = known.size > 0 ? requests.filter(ours).slice(-60) : requests.filter((each) => each.write).slice(-12);
    for (const each of told) {
      lines.push(`${each.provider} ${each.method} ${each.path} -> ${each.status} ${JSON.stringify(each.body ?? each.request ?? '').slice(0, 700)}`);
    }
    lines.push(problem.message, this.world.log?.split('\n').slice(-15).join('\n') ?? '');
    return lines.join('\n');
  }
}
