// Scripts edited under a running host: a good edit counts, a bad one is reported and never replaces
// the good one, an endless one denies and holds nobody up.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { connectFor, forms } from './expect.mjs';
import { roadmap, until, wideBudgets, World } from './host.mjs';

const tiers = 'policies/tiers.lua';

/** A host on a copy of the shipped scripts, with an account on the free tier that is connected. */
async function onCopy(body) {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-scripts-'));
  await cp(new URL('../../scripts', import.meta.url), folder, { recursive: true });
  const world = await World.start({ settings: { ...wideBudgets, 'scripts.path': folder, 'scripts.poll_ms': 50 } });
  try {
    await world.widenLimits();
    await world.account('ana', 'free');
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2 }));
    const connection = await connectFor(world, forms.database);
    const file = join(folder, tiers);
    await body({
      world, plan, connection, file, folder,
      source: await readFile(file, 'utf8'),
      /** What GET /v1/scripts says of the policy. */
      shown: async () => (await world.ok('GET', '/v1/scripts')).items.find((each) => each.name === tiers),
      started: () => world.startExport(plan, connection),
    });
  } finally {
    await world.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Saves as editors do: the host never reads half a script. */
async function save(file, text) {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** Replaces what must be there. */
function changed(source, ...pairs) {
  for (const [from, to] of pairs) {
    assert.ok(source.includes(from), from);
    source = source.replaceAll(from, to);
  }
  return source;
}

test('scripts: an edited limit counts without a restart; a broken edit is reported and changes nothing', () =>
  onCopy(async ({ world, plan, connection, file, source, shown, started }) => {
    const pid = world.child.pid;
    const first = await shown();
    assert.deepEqual(first.rejected, []);
    for (let i = 0; i < 2; ++i) assert.equal((await world.export(plan, connection)).state, 'succeeded');
    const full = await started();
    assert.deepEqual([full.status, full.body.reason, full.body.limit], [403, 'quota_exceeded', 2]);

    // The limit alone contradicts the script's own example: refused, with its line.
    const five = changed(source, ['exports_per_month = 2, ', 'exports_per_month = 5, ']);
    await save(file, five);
    const contradicted = await until(async () => (await shown()).rejected.length && shown(), 'the refusal');
    assert.equal(contradicted.checksum, first.checksum);
    assert.match(contradicted.rejected[0].message, /^example 2:/);
    assert.equal((await started()).status, 403);

    const good = changed(five, ['exports_this_month = 2 }', 'exports_this_month = 5 }']);
    await save(file, good);
    const second = await until(async () => { const now = await shown(); return now.checksum !== first.checksum && now; }, 'the edit');
    assert.deepEqual(second.rejected, []);
    assert.equal((await world.export(plan, connection)).state, 'succeeded');

    // A misspelt word: file, line and the nearest word; the good one goes on.
    await save(file, changed(good, ['deny("quota', 'denny("quota']));
    const line = good.split('\n').findIndex((each) => each.includes('deny("quota')) + 1;
    const broken = await until(async () => { const now = await shown(); return now.rejected.length && now; }, 'the report');
    assert.equal(broken.checksum, second.checksum);
    assert.equal(broken.rejected[0].file, tiers);
    assert.equal(broken.rejected[0].line, line);
    assert.match(broken.rejected[0].message, /did you mean 'deny'/);
    assert.match(world.log, new RegExp(`event=script_refused file=${tiers} line=${line} `));
    assert.equal((await world.export(plan, connection)).state, 'succeeded');

    await save(file, changed(good, ['exports_per_month = 5, ', 'exports_per_month = 6, '], ['exports_this_month = 5 }', 'exports_this_month = 6 }']));
    await until(async () => { const now = await shown(); return now.checksum !== second.checksum && now.rejected.length === 0; }, 'the cure');
    for (let used = 4; used < 6; ++used) assert.equal((await world.export(plan, connection)).state, 'succeeded');
    const last = await started();
    assert.deepEqual([last.status, last.body.limit, last.body.used], [403, 6, 6]);
    assert.equal(world.child.pid, pid);
    assert.equal(await world.stop(), 0);
  }));

test('scripts: what an edit of a mapping would write is shown before it is written', () =>
  onCopy(async ({ world, plan, connection, folder }) => {
    await world.account('ana', 'pro');
    assert.equal((await world.export(plan, connection)).state, 'succeeded');
    const name = 'mappings/notion.lua';
    const active = await readFile(join(folder, name), 'utf8');
    const source = changed(active, ['{ task = "title",      item = "Task" }', '{ task = "title", item = "Task", to_item = function(title) return title .. "!" end }'],
      ['want = { Task = "Install Xcode"', 'want = { Task = "Install Xcode!"']);
    const before = await world.ok('GET', `/v1/plans/${plan.id}/tasks`);
    const tried = await world.ok('POST', '/v1/scripts/check', { name, source, connection_id: connection.id });
    assert.deepEqual(tried.findings, []);
    const [shown] = tried.preview.plans;
    assert.deepEqual([shown.plan_id, shown.now.update, shown.edited.update, shown.edited.create], [plan.id, 0, 2, 0]);
    assert.deepEqual(shown.items.map((item) => item.after), before.items.map((task) => ({ Task: `${task.title}!` })));
    // Nothing is active, nothing was written, and nothing is left to write.
    assert.equal((await world.ok('GET', '/v1/scripts')).items.find((each) => each.name === name).rejected.length, 0);
    const again = await world.export(plan, connection);
    assert.deepEqual([again.counts.update, again.counts.create], [0, 0]);
    // Saved, it does what was shown.
    const checksum = async () => (await world.ok('GET', '/v1/scripts')).items.find((each) => each.name === name).checksum;
    const old = await checksum();
    await save(join(folder, name), source);
    await until(async () => (await checksum()) !== old, 'the edit');
    const done = await world.export(plan, connection);
    assert.deepEqual([done.counts.update, done.counts.create], [2, 0]);
  }));

test('scripts: an endless policy denies, and others are answered meanwhile', () =>
  onCopy(async ({ world, plan, connection, file, source, shown, started }) => {
    const first = await shown();
    await save(file, changed(source, ['if ask.trigger ~= "user"', 'if ask.account == "ben" then while true do end end\n    if ask.trigger ~= "user"']));
    await until(async () => (await shown()).checksum !== first.checksum, 'the edit');
    await world.account('ben', 'pro');
    const his = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1 }), 'ben');
    const through = await world.connect('notion', 'ben', { user: '6f1c1c52-0d3e-4a53-9a54-5a1f0e7c0b02' });

    let denials = 0;
    let meanwhile = 0;  // of the denials, those during which others asked and were answered
    const took = [];
    await Promise.all([
      (async () => {
        for (; denials < 10; ++denials) {
          const answered = took.length;
          const denied = await world.startExport(his, through, 'ben');
          assert.deepEqual([denied.status, denied.body.reason], [403, 'policy_error'], JSON.stringify(denied.body));
          if (took.length > answered + 1) ++meanwhile;  // the first may have been asked before
        }
      })().finally(() => { denials = 10; }),
      (async () => {
        while (denials < 10) {
          const at = performance.now();
          assert.equal((await fetch(`${world.url}/v1/health`)).status, 200);
          took.push(performance.now() - at);
        }
      })(),
    ]);
    assert.ok(meanwhile > 0, `${took.length} answers, none of them during a denial`);
    assert.ok(Math.max(...took) < 60_000, `an answer hung for ${Math.max(...took)} ms`);
    assert.equal((await started()).status, 202, 'others are decided as before');
    await world.quiet();
    const { items } = await world.ok('GET', '/v1/runs?account_id=ben');
    assert.deepEqual(items.filter((run) => run.kind === 'export'), []);  // looking after connecting is none
  }));
