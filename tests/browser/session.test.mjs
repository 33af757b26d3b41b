// Who is signed in on the host's own page: in several tabs, for the same person and for another, and where the host fails.
import assert from 'node:assert/strict';
import test from 'node:test';
import { roadmap, until } from '../system/host.mjs';
import { inBrowser, signIn, watch } from './browser.mjs';

const out = (page) => page.getByRole('heading', { name: 'Please come in through your app' });
/** Reads everything anew, as the page does when its stream is opened. */
const read = (page) => page.evaluate(async () => (await import('/ui/live.js')).live.refresh());
const refusal = (status) => ({ status, json: { title: 'Not now', status, reason: 'test', retryable: status >= 500 } });

test('session: the page opened twice from the app works in both tabs; another person’s is not mixed up with it', { timeout: 120_000 }, async (t) => {
  await inBrowser({}, async ({ world, context, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 3, title: 'Learn to bake' }));
    const [first, second, third] = await world.tasks(plan);
    await world.account('ben');
    await signIn(world, page);
    await page.getByRole('checkbox', { name: `Done: ${first.title}` }).waitFor();

    await t.test('a tick in the first tab counts, and so does signing out there', async () => {
      const again = await context.newPage();
      const broken = watch(again);
      await signIn(world, again);
      await page.getByRole('checkbox', { name: `Done: ${first.title}` }).check();
      await until(async () => (await world.ok('GET', `/v1/tasks/${first.id}`)).status === 'done', 'the tick');
      await again.getByRole('checkbox', { name: `Done: ${second.title}` }).check();
      await until(async () => (await world.ok('GET', `/v1/tasks/${second.id}`)).status === 'done', 'the other tick');
      await page.getByText('2 of 3 tasks done').waitFor();
      assert.equal(await page.locator('.toast').count(), 0);
      await signIn(world, page);
      await again.getByRole('button', { name: 'Sign out' }).click();
      await out(again).waitFor();
      assert.deepEqual(broken, []);
      await again.close();
      await out(page).waitFor();
    });

    await t.test('where another person is signed in by now, the first one’s plans are not taken for removed', async () => {
      await signIn(world, page);
      await page.getByRole('checkbox', { name: `Done: ${third.title}` }).waitFor();
      const other = await context.newPage();
      await signIn(world, other, '', 'ben');
      await other.getByText('There is no plan yet.').waitFor();
      const seen = [];
      await page.exposeFunction('toasted', (text) => seen.push(text));
      await page.evaluate(() => document.addEventListener('mortise-toast', (event) => window.toasted(event.detail.text)));
      await world.ok('PATCH', `/v1/tasks/${third.id}`, { title: 'From elsewhere' });
      await out(page).waitFor();
      assert.deepEqual(seen, []);
      assert.equal(await page.getByText('Learn to bake').count(), 0);
      await other.close();
    });

    await t.test('nor is anything written as the other one', async () => {
      const heard = page.waitForResponse('**/events');
      await signIn(world, page);
      const box = page.getByRole('checkbox', { name: 'Done: From elsewhere' });
      await box.waitFor();
      await heard;
      for (let i = 0; i < 2; ++i) await read(page);  // what follows is not noticed by a read
      const other = await context.newPage();
      await signIn(world, other, '', 'ben');
      await box.click();
      await out(page).waitFor();
      assert.equal((await world.ok('GET', `/v1/tasks/${third.id}`)).status, 'todo');
      await other.close();
    });
  });
});

test('session: who could not be signed out is told so, and is still signed in', { timeout: 60_000 }, async () => {
  await inBrowser({}, async ({ world, page }) => {
    await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1, title: 'Learn to bake' }));
    await signIn(world, page);
    await page.getByRole('heading', { name: 'Learn to bake' }).waitFor();
    await page.route('**/v1/session', (route) => route.fulfill(refusal(503)));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('.toast.error', { hasText: 'Not now' }).waitFor();
    assert.ok(await page.getByRole('heading', { name: 'Learn to bake' }).isVisible());
    await page.unroute('**/v1/session');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await out(page).waitFor();
  });
});

test('session: a code that did not get through is tried again, and is the person’s who brought it', { timeout: 60_000 }, async () => {
  await inBrowser({}, async ({ world, page }) => {
    await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1, title: 'Learn to bake' }));
    await world.account('ben');
    await signIn(world, page, '', 'ben');  // whose cookie is there
    const { code } = await world.ok('POST', '/v1/accounts/ana/session_codes');
    await page.goto('about:blank');
    await page.route('**/v1/session', (route) => route.abort());
    await page.goto(`${world.url}/ui/index.html#code=${code}`);
    await page.getByText('The host cannot be reached.', { exact: true }).waitFor();
    await page.unroute('**/v1/session');
    await page.route('**/v1/accounts/ana/plans?*', (route) => route.fulfill(refusal(400)));
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByText('Not now').waitFor();
    await page.unroute('**/v1/accounts/ana/plans?*');
    await page.getByRole('button', { name: 'Retry' }).click();
    await page.getByRole('heading', { name: 'Learn to bake' }).waitFor();
  });
});

test('session: a host that falls silent is noticed, on the stream and by a read', { timeout: 120_000 }, async (t) => {
  await inBrowser({}, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1 }));
    const [task] = await world.tasks(plan);
    const streams = [];
    page.on('request', (request) => { if (request.url().endsWith('/events')) streams.push(request); });
    const asked = async (title) => {
      const request = page.waitForRequest(/\/tasks\?/);
      await world.ok('PATCH', `/v1/tasks/${task.id}`, { title });
      return request;
    };
    await page.clock.install();
    await signIn(world, page);
    await page.locator('.task').first().waitFor();
    await until(() => streams.length === 1, 'the stream');

    await t.test('a stream on which nothing came for three heartbeats is opened anew', async () => {
      await page.clock.fastForward(30_000);
      await asked('One sign of life');
      await page.getByText('One sign of life', { exact: true }).waitFor();
      await page.clock.fastForward(30_000);
      await asked('And another');
      await page.getByText('And another', { exact: true }).waitFor();
      assert.equal(streams.length, 1);
      await page.clock.fastForward(46_000);
      await until(() => streams[0].failure(), 'the end of the first');
      await page.clock.fastForward(1_000);
      await until(() => streams.length === 2, 'the second');
    });

    await t.test('a read that nobody answers is given up, and tried again', async () => {
      await page.route(/\/tasks\?/, () => {});
      await asked('At last');
      await page.clock.fastForward(61_000);
      await page.locator('.banner', { hasText: 'The host cannot be reached. Trying again by itself.' }).waitFor();
      await page.unroute(/\/tasks\?/);
      await page.clock.fastForward(11_000);
      await page.getByText('At last', { exact: true }).waitFor();
      await page.locator('.banner').waitFor({ state: 'detached' });
    });
  });
});
