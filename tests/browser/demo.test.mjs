// The demo, as ./dev demo starts it: one URL, the whole tour, a clean end, and everything there at the next start.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { until } from '../system/host.mjs';
import { takePort } from '../system/ports.mjs';
import { card, consent, launch, picture, service, watch } from './browser.mjs';

const script = new URL('../simulators/demo/run', import.meta.url).pathname;

/** Runs the script until `work(url)` is done; answers how it ended and how long that took. */
async function demo(folder, port, work) {
  const child = spawn(script, [process.env.MORTISE_BINARY_DIR, folder, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  let printed = '';
  child.stdout.on('data', (part) => { printed += part; });
  try {
    const url = await until(() => child.exitCode !== null || /Open {2}(http:\S+)/.exec(printed)?.[1], 'the URL');
    assert.equal(typeof url, 'string', printed);
    assert.deepEqual(printed.match(/http:\/\/\S+/g), [url], 'one URL');
    await work(url);
  } finally {
    child.kill('SIGINT');
  }
  const begin = Date.now();
  const code = await ended;
  return { code, took: Date.now() - begin };
}

test('demo: the tour, a clean end, and everything there at the next start', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-demo-'));
  const { port, release } = await takePort([0, 10, 20]);  // the app's, the providers', the host's
  const browser = await launch();
  try {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1100, height: 900 } });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const broken = watch(page);
    const first = await demo(folder, port, async (url) => {
      await page.goto(url);
      await page.getByRole('heading', { name: 'Swift for iOS Development' }).waitFor();
      await page.getByText('0 of 100 tasks done').waitFor();
      await service(page, 'notion').getByRole('button', { name: 'Export to Notion' }).click();
      await consent(page);
      await service(page, 'notion').locator('[data-state=succeeded]').waitFor();
      await service(page, 'google_calendar').getByRole('button', { name: 'Add to Calendar' }).click();
      await consent(page);
      await service(page, 'google_calendar').locator('[data-state=succeeded]', { hasText: 'Done: 100 changes.' }).waitFor();
      // The calendar tells the host what a person does there: nobody presses anything.
      const calendar = async (action, body) => {
        const answer = await fetch(`http://127.0.0.1:${port + 10}/control/google/${action}`, { method: 'POST',
          headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'ana.torres@example.com', ...body }) });
        assert.equal(answer.status, 200);
        return answer.json();
      };
      const { items } = await calendar('events', {});
      const { id } = items.find((event) => event.summary === 'Install Xcode and open a playground');
      await calendar('edit_event', { id, changes: { summary: 'Install Xcode' } });
      await page.getByRole('checkbox', { name: 'Done: Install Xcode', exact: true }).check();
      const [there] = await Promise.all([context.waitForEvent('page'),
        service(page, 'notion').getByRole('link', { name: /Open in Notion/ }).click()]);
      await there.getByRole('heading', { name: /Swift for iOS Development/ }).first().waitFor();
      await there.close();
      await service(page, 'notion').getByRole('button', { name: 'Export to Notion' }).click();
      await picture(page, 'demo');
      await page.getByRole('dialog').getByRole('link', { name: 'Upgrade' }).click();
      await page.getByRole('button', { name: 'starter' }).click();
      await page.getByText('2 of 10 exports used this month').waitFor();
    });
    assert.equal(first.code, 0);
    assert.ok(first.took < 60_000, `it hung: ${first.took} ms`);
    const second = await demo(folder, port, async (url) => {
      await page.goto(url);
      await page.getByText('1 of 100 tasks done').waitFor();
      await page.getByText('2 of 10 exports used this month').waitFor();
      for (const connector of ['notion', 'google_calendar']) await card(page, connector).getByText('Connected', { exact: true }).waitFor();
    });
    assert.equal(second.code, 0);
    assert.deepEqual(broken.filter((line) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(line)), []);
  } finally {
    await browser.close();
    release();
    await rm(folder, { recursive: true });
  }
});

test('demo: a folder that holds something else is left as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-demo-'));
  try {
    await writeFile(join(folder, 'store'), 'mine');
    const done = spawnSync(script, [process.env.MORTISE_BINARY_DIR, folder], { encoding: 'utf8' });
    assert.equal(done.status, 2);
    assert.match(done.stderr, /not the demo's/);
    assert.deepEqual(await readdir(folder), ['store']);
    assert.equal(await readFile(join(folder, 'store'), 'utf8'), 'mine');
  } finally {
    await rm(folder, { recursive: true });
  }
});
