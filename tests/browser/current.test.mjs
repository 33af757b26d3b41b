// What the page shows stays true: whatever others change, remove or end, and also where a host answers slowly or not at all.
import assert from 'node:assert/strict';
import test from 'node:test';
import { roadmap, until, wideBudgets } from '../system/host.mjs';
import { googleEvents } from '../system/remote.mjs';
import { badges, card, inBrowser, service, signIn } from './browser.mjs';

/** Reads everything anew, as the page does when its stream is opened. */
const read = (page) => page.evaluate(async () => (await import('/ui/live.js')).live.refresh());
const refusal = (status, detail) => ({ title: 'No', status, detail, reason: 'test', retryable: true });

test('current: what others save and remove shows by itself, with few reads', { timeout: 180_000 }, async (t) => {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 5, title: 'Learn to bake' }));
    const other = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2, title: 'Learn to cook' }));
    const tasks = await world.tasks(plan);
    const rename = (task, title) => world.ok('PATCH', `/v1/tasks/${task.id}`, { title });
    await signIn(world, page, `?plan=${plan.id}`);
    await page.getByRole('heading', { level: 1, name: 'Learn to bake' }).waitFor();
    await page.locator('.task').first().waitFor();
    const banner = page.locator('.banner');

    await t.test('the plan’s own title follows', async () => {
      await world.ok('PATCH', `/v1/plans/${plan.id}`, { title: 'Learn to bake bread' });
      await page.getByRole('heading', { level: 1, name: 'Learn to bake bread' }).waitFor();
      await until(async () => /^Learn to bake bread/.test(await page.title()), 'the title of the page');
    });

    await t.test('a hundred changes are a few reads', async () => {
      await read(page);
      let reads = 0;
      const count = (request) => { reads += request.method() === 'GET' && request.url().includes('/v1/'); };
      page.on('request', count);
      const begin = Date.now();
      for (let i = 0; i < 100; ++i) await rename(tasks[i % tasks.length], `Change ${i}`);
      await page.getByText('Change 99', { exact: true }).waitFor();
      const seconds = (Date.now() - begin) / 1000;
      page.off('request', count);
      // The plan and its tasks once a second; once everything, if the stream was opened anew.
      assert.ok(reads <= 2 * (seconds + 2) + 10, `${reads} reads in ${seconds} s`);
    });

    await t.test('a host that asks to slow down is asked again when it said, and nothing is left of it', async () => {
      const asked = [];
      const list = /\/v1\/plans\/[^/]+\/tasks\?/;
      await page.route(list, (route) => (asked.push(Date.now()) > 2 ? route.continue()
        : route.fulfill({ status: 429, headers: { 'Retry-After': '1' }, json: refusal(429, 'Too many requests; see Retry-After.') })));
      await rename(tasks[0], 'After a while');
      await page.getByText('After a while', { exact: true }).waitFor();
      await page.unroute(list);
      for (const at of [1, 2]) assert.ok(asked[at] - asked[at - 1] >= 1000, `${asked}`);
      assert.equal(await banner.count(), 0);
    });

    await t.test('what cannot be read takes nothing else along', async () => {
      await page.route('**/v1/accounts/ana/usage', (route) => route.fulfill({ status: 500, json: refusal(500, 'The usage is not to be had.') }));
      await world.connect('google_calendar');
      await card(page, 'google_calendar').getByText('Connected', { exact: true }).waitFor();
      await banner.getByText('The usage is not to be had.').waitFor();
      await page.unroute('**/v1/accounts/ana/usage');
      await read(page);
      await banner.waitFor({ state: 'detached' });
      await world.quiet();
    });

    await t.test('of two places that were asked for the later one shows, also if the other one comes last', async () => {
      const [far, near] = [tasks[1], (await world.tasks(other))[0]];
      let letGo;
      const gate = new Promise((resolve) => { letGo = resolve; });
      await page.route(`**/v1/tasks/${far.id}`, async (route) => {
        await gate;
        await route.continue();
      });
      const visit = (task) => page.evaluate((id) => {
        history.pushState(null, '', `?task=${id}`);
        dispatchEvent(new PopStateEvent('popstate'));
      }, task.id);
      await visit(far);
      await visit(near);
      await page.getByRole('heading', { level: 1, name: 'Learn to cook' }).waitFor();
      const answered = page.waitForResponse(`**/v1/tasks/${far.id}`);
      letGo();
      await answered;
      await read(page);
      assert.equal(await page.locator('h1').textContent(), 'Learn to cook');
      await page.unroute(`**/v1/tasks/${far.id}`);
      await visit(tasks[1]);
      await page.getByRole('heading', { level: 1, name: 'Learn to bake bread' }).waitFor();
    });

    await t.test('a plan that is removed elsewhere is left, and not read any more', async () => {
      await world.ok('DELETE', `/v1/plans/${plan.id}?remote=remove`);
      await page.locator('.toast', { hasText: '“Learn to bake bread” is removed.' }).waitFor();
      await page.getByRole('heading', { level: 1, name: 'Learn to cook' }).waitFor();
      const asked = [];
      page.on('request', (request) => asked.push(request.url()));
      await read(page);
      assert.ok(asked.some((url) => url.includes(`/v1/plans/${other.id}/tasks`)));
      assert.deepEqual(asked.filter((url) => url.includes(plan.id)), []);
      assert.equal(await banner.count(), 0);
    });
  });
});

test('current: a run that waits for a service says so without a reload', { timeout: 180_000 }, async () => {
  const settings = { ...wideBudgets, 'connector.google_calendar.budget.connection': '4/10' };
  await inBrowser({ settings, account: { tier: 'pro' } }, async ({ world, page }) => {
    await world.import(roadmap({ modules: 1, weeks: 1, tasks: 6 }));
    await world.connect('google_calendar');
    await world.quiet();
    await signIn(world, page);
    const calendar = service(page, 'google_calendar');
    await calendar.getByRole('button', { name: 'Add to Calendar' }).click();
    await calendar.getByText('Google Calendar asks to slow down. It goes on by itself.').waitFor();
    await calendar.locator('[data-state=succeeded]').waitFor({ timeout: 90_000 });
  });
});

test('current: who is not signed in any more is asked to come in through the app', { timeout: 60_000 }, async (t) => {
  await inBrowser({}, async ({ world, context, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2, title: 'Learn to bake' }));
    const [task] = await world.tasks(plan);

    await t.test('after signing out in another tab', async () => {
      await signIn(world, page);
      await page.locator('.task').first().waitFor();
      const other = await context.newPage();
      await other.goto(`${world.url}/ui/index.html`);
      await other.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
      assert.equal(await page.getByText(task.title).count(), 0);
      assert.equal(await page.title(), 'Mortise');
      await other.close();
    });

    await t.test('after a change that comes too late', async () => {
      const late = await context.newPage();
      await signIn(world, late);
      await late.route(`**/v1/tasks/${task.id}`, (route) => route.fulfill({ status: 401, json: { ...refusal(401, "Send 'Authorization: Bearer <key>'."), retryable: false } }));
      await late.getByRole('checkbox', { name: `Done: ${task.title}` }).click();
      await late.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
      assert.equal(await late.locator('.toast').count(), 0);
      assert.equal(await late.getByText(/Authorization/).count(), 0);
      await late.close();
    });
  });
});

test('current: a plan of which only the services still hold something is removed, too', { timeout: 120_000 }, async () => {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 3, title: 'Learn to bake' }));
    const connection = await world.connect('google_calendar');
    await world.quiet();
    await world.export(plan, connection);
    await world.ok('PATCH', `/v1/connections/${connection.id}`, { auto_sync: false });
    await world.quiet();
    for (const task of await world.tasks(plan)) await world.ok('DELETE', `/v1/tasks/${task.id}`);
    await signIn(world, page);
    await page.getByRole('button', { name: 'Remove this plan…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Remove “Learn to bake”?' });
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    const keep = dialog.getByRole('button', { name: 'Remove, and keep what was exported' });
    await keep.waitFor();
    await until(() => keep.evaluate((button) => button === document.activeElement), 'the focus');
    assert.equal(await dialog.getByRole('alert').count(), 0);
    await keep.click();
    await page.getByText('“Learn to bake” is removed.').waitFor();
    await page.getByText('There is no plan yet.').waitFor();
    await until(() => page.evaluate(() => document.activeElement.id === 'title'), 'the focus on what is there now');
    assert.equal((await googleEvents(world)).length, 3);
  });
});

test('current: a connection that is made, set or ended elsewhere shows at once', { timeout: 120_000 }, async () => {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2 }));
    const [task] = await world.tasks(plan);
    await signIn(world, page);
    await page.locator('.task').first().waitFor();
    const calendar = card(page, 'google_calendar');
    await calendar.getByText('Not connected').waitFor();
    const connection = await world.connect('google_calendar');
    await calendar.getByText('Connected', { exact: true }).waitFor();
    await world.quiet();
    await world.export(plan, connection);
    await badges(page, task.id, 'Google Calendar').waitFor();
    await world.ok('PATCH', `/v1/connections/${connection.id}`, { auto_sync: false });
    await calendar.getByText(/syncs only when you ask$/).waitFor();
    await world.quiet();

    // Found out where no run is at work.
    await world.simulator.set('POST', 'grants/revoke', { provider: 'google' });
    await world.api('POST', `/v1/connections/${connection.id}/check`, {});
    await calendar.getByText('Needs reconnect').waitFor();
    await badges(page, task.id, 'Google Calendar').and(page.locator('[data-state=paused]')).waitFor();
    await world.ok('DELETE', `/v1/connections/${connection.id}`);
    await calendar.getByText('Not connected').waitFor();
    await badges(page, task.id, 'Google Calendar').waitFor({ state: 'detached' });
  });
});

test('current: a badge that is given a task of another plan shows that one', { timeout: 120_000 }, async () => {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, page }) => {
    const plans = [];
    for (const title of ['Learn to bake', 'Learn to cook']) plans.push(await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1, title })));
    const connection = await world.connect('google_calendar');
    await world.quiet();
    for (const plan of plans) await world.export(plan, connection);
    await world.quiet();
    await signIn(world, page);
    await page.evaluate(() => { document.body.appendChild(document.createElement('mortise-sync-badge')).id = 'reused'; });
    await page.route(/\/v1\/tasks\/\w+$/, (route) => route.fulfill({ status: 503, json: refusal(503, 'Not now.') }), { times: 1 });
    for (const plan of plans) {
      const [task] = await world.tasks(plan);
      await page.evaluate((id) => document.getElementById('reused').setAttribute('task', id), task.id);
      await page.locator(`#reused a[href="${task.sync[0].url}"]`).waitFor();  // also if the first answer was none
    }
    assert.equal(await page.locator('.toast').count(), 0);
  });
});

test('current: a list that is read again keeps what was loaded of it, and so does one that cannot be read', { timeout: 60_000 }, async () => {
  await inBrowser({}, async ({ world, page }) => {
    await page.goto(`${world.url}/ui/index.html`);
    await page.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
    assert.deepEqual(await page.evaluate(async () => {
      const { Pages } = await import('/ui/pages.js');
      let all = [...'abcdefghij'];
      let fails = false;
      const get = async ({ searchParams }) => {
        if (fails) throw new Error('Not now');
        const [from, limit] = [searchParams.get('cursor') ?? '', Number(searchParams.get('limit'))];
        const rest = all.filter((each) => each > from);
        return { items: rest.slice(0, limit), next_cursor: rest.length > limit ? rest[limit - 1] : undefined };
      };
      const pages = new Pages({ live: { api: { host: location.href, get } }, update() {} }, 'list', 3);
      const shown = () => pages.view('nothing', (items) => items.join('')).flat(Infinity).filter(Boolean)
        .map((each) => each.props?.key ?? (each.tag ? each.children.join('') : each)).join(' ');
      const press = async (key) => {
        const found = pages.view('', () => '').flat(Infinity).find((each) => each?.props?.key === key);
        await (key === 'more' ? found : found.children[1]).props.onclick();
        return shown();
      };
      const seen = [shown()];
      await pages.again();
      seen.push(shown(), await press('more'));
      all = all.filter((each) => each !== 'b' && each !== 'e');
      await pages.again();
      seen.push(shown());
      fails = true;
      seen.push(await press('more'));
      await pages.again();
      seen.push(shown());
      fails = false;
      seen.push(await press('failed'), await press('more'));
      all = [];
      await pages.again();
      seen.push(shown());
      return seen;
    }), ['Loading…', 'abc more', 'abcdef more', 'acdfgh more', 'failed acdfgh more', 'failed acdfgh more', 'acdfgh more', 'acdfghij', 'nothing']);
  });
});

test('current: of several connections to a service one that works is worked with, and each stays in its place', { timeout: 60_000 }, async () => {
  await inBrowser({}, async ({ world, page }) => {
    await page.goto(`${world.url}/ui/index.html`);
    await page.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
    assert.deepEqual(await page.evaluate(async () => {
      const { Live } = await import('/ui/live.js');
      const live = new Live(new EventTarget());
      live.account = 'ana';
      const made = (id, status, rev = 1) => ({ id, account_id: 'ana', connector: 'notion', status, rev });
      const chosen = (...connections) => {
        live.connections = connections;
        return live.connection('notion')?.id;
      };
      const seen = [chosen(), chosen(made('gone', 'disconnected')), chosen(made('gone', 'disconnected'), made('tired', 'needs_reconnect'))];
      seen.push(chosen(made('tired', 'needs_reconnect'), made('fit', 'connected'), made('other', 'connected')));
      live.keepConnection(made('tired', 'needs_reconnect', 2));
      live.keepConnection(made('new', 'connected'));
      return [seen, live.connections.map((each) => `${each.id} ${each.rev}`)];
    }), [[undefined, undefined, 'tired', 'fit'], ['tired 2', 'fit 1', 'other 1', 'new 1']]);
  });
});

test('current: a page that nobody looks at holds no stream; looked at again, it shows what came meanwhile', { timeout: 120_000 }, async (t) => {
  await inBrowser({}, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1 }));
    const [task] = await world.tasks(plan);
    const streams = [];
    page.on('request', (request) => { if (request.url().endsWith('/events')) streams.push(request); });
    const show = (isShown) => page.evaluate((shown) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => !shown });
      document.dispatchEvent(new Event('visibilitychange'));
    }, isShown);
    await page.clock.install();
    await signIn(world, page);
    await page.locator('.task').first().waitFor();
    await until(() => streams.length === 1, 'the stream');

    await t.test('a short look away changes nothing', async () => {
      await show(false);
      await page.clock.fastForward(25_000);
      await show(true);
      await page.clock.fastForward(10_000);
      await world.ok('PATCH', `/v1/tasks/${task.id}`, { title: 'Heard of' });
      await page.getByText('Heard of', { exact: true }).waitFor();
      assert.equal(streams.length, 1);
    });

    await t.test('a long one ends the stream', async () => {
      await show(false);
      await page.clock.fastForward(31_000);
      await until(() => streams[0].failure(), 'its end');
      await world.ok('PATCH', `/v1/tasks/${task.id}`, { title: 'Meanwhile' });
      await page.clock.fastForward(31_000);
      assert.equal(streams.length, 1);
      await show(true);
      await page.getByText('Meanwhile', { exact: true }).waitFor();
      assert.equal(streams.length, 2);
    });

    await t.test('where the host has no room for one more, it is waited for', async () => {
      await page.route('**/events', (route) => route.fulfill({ status: 429, json: { title: 'Too many requests', status: 429, reason: 'too_many_streams', retryable: true } }));
      await show(false);
      await page.clock.fastForward(31_000);
      await show(true);
      await until(() => streams.length === 3, 'the refused one');
      await page.clock.fastForward(1_000);
      await until(() => streams.length >= 4, 'the next one');
      assert.equal(await page.locator('.banner').count(), 0);
      await page.unroute('**/events');
      await page.clock.fastForward(5_000);
      await world.ok('PATCH', `/v1/tasks/${task.id}`, { title: 'At last' });
      await page.getByText('At last', { exact: true }).waitFor();
    });
  });
});
