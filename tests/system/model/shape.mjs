// How the accounts of a history, and its host, are set up.
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const people = [['ana', '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0a01'], ['ben', '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0b02'], ['chloe', '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0c03']];
const policies = ['merge', 'newest', 'local', 'remote'];
const layouts = ['pages', 'database'];

/** What the tally counts of how accounts are set up: every policy in every tier, with every layout. */
export const combinations = layouts.flatMap((layout) => policies.flatMap((policy) =>
  ['pro', 'starter', 'free'].map((tier) => nameOf({ layout, policy, tier }))));

export function nameOf({ layout, policy, tier }) {
  return `${layout ?? 'calendar alone'}, ${policy}, ${tier}`;
}

/** How the nth history's accounts are set up: the lists go round, so that everything comes up soon. */
export function shapeOf(number, index, dice) {
  const turn = number * people.length + index;
  const layout = layouts[turn % 2];
  const services = dice.weighted({ both: 6, notion: 2, calendar: 2 });
  return {
    layout: services === 'calendar' ? null : layout,
    calendar: services !== 'notion',
    policy: policies[(turn >> 1) % policies.length],
    tier: ['pro', 'starter', 'pro', 'pro', 'free'][turn % 5],
  };
}

const both = 'if (field == "title" or field == "text" or field == "Task") and here ~= none and there ~= none then return here .. " & " .. there end';

/** The scripts with a function that decides about conflicts: where nothing else is said, both texts are kept. */
export async function scriptsThatResolve(body = both) {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-scripts-'));
  await cp(new URL('../../../scripts', import.meta.url).pathname, folder, { recursive: true });
  for (const name of ['notion', 'google_calendar']) {
    const path = join(folder, 'mappings', `${name}.lua`);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('\n  fields = {\n', `
  resolve = function(field, base, here, there)
    ${body}
  end,

  fields = {
`));
  }
  return folder;
}

/** How much may be removed untold: in every third history less than all of it. */
export function guardsOf(number) {
  if (number % 3 !== 1) return { percent: 100, at_least: 10 };
  return { percent: [20, 40, 100][((number - 1) / 3) % 3], at_least: number % 2 ? 10 : 4 };
}
