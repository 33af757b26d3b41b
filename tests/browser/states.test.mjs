// The states between "exporting" and "done", settings, and everything by keyboard.
import assert from 'node:assert/strict';
import test from 'node:test';
import { roadmap, until } from '../system/host.mjs';
import { googleEvents, notionTasks } from '../system/remote.mjs';
import { badges, card, caughtUp, consent, gate, inBrowser, picture, service, signIn } from './browser.mjs';

async function connect(world, page, connector, name) {
  await card(page, connector).getByRole('button', { name: `Connect ${name}` }).click();
  await consent(page);
  await card(page, connector).getByText('Connected', { exact: true }).waitFor();
}

/** Whether the account's connection syncs changes by itself. */
async function automatic(world, isOn) {
  const [connection] = (await world.ok('GET', '/v1/accounts/ana/connections')).items;
  await world.ok('PATCH', `/v1/connections/${connection.id}`, { auto_sync: isOn });
}

test('pages: progress, cancel, a guard that asks, failures with a retry', { timeout: 180_000 }, async (t) => {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 2, weeks: 2, tasks: 5 }));
    const tasks = await world.tasks(plan);
    await signIn(world, page);
    await connect(world, page, 'google_calendar', 'Google Calendar');
    const calendar = service(page, 'google_calendar');

    await t.test('a run shows how far it is, and the card that it syncs', async () => {
      await world.simulator.set('POST', 'faults', { kind: 'delay_ms', delay_ms: 2000, provider: 'google', write: true, every: 1 });
      await calendar.getByRole('button', { name: 'Add to Calendar' }).click();
      await card(page, 'google_calendar').getByText('Syncing…').waitFor();
      const bar = calendar.getByRole('progressbar', { name: 'Add to Calendar' });
      await until(async () => Number(await bar.getAttribute('max').catch(() => 0)) === 20, 'the total');
      await calendar.getByText(/^\d+ of 20$/).waitFor();
      await picture(page, 'progress');
    });

    await t.test('cancel stops it and says after how much', async () => {
      await calendar.getByRole('button', { name: 'Cancel' }).click();
      await calendar.locator('[data-state=cancelled]', { hasText: /^Stopped after \d+ of 20\./ }).waitFor();
      await world.simulator.set('DELETE', 'faults');
      await world.quiet();
    });

    await t.test('a retry completes it, once, however often it was pressed', async () => {
      const starts = [];
      page.on('request', (request) => { if (request.url().endsWith('/exports')) starts.push(request); });
      const { opened, open } = gate();
      await page.route('**/exports', async (route) => {
        await opened;
        await route.continue();
      });
      const again = calendar.getByRole('button', { name: 'Retry' });
      await again.dblclick();
      assert.ok(await again.isDisabled());
      open();
      await calendar.locator('[data-state=succeeded]').waitFor();
      await page.unrouteAll({ behavior: 'wait' });
      assert.equal(starts.length, 1);
      assert.equal((await googleEvents(world)).length, 20);
    });

    await t.test('a run that would delete much asks first; “Keep them” leaves everything', async () => {
      await automatic(world, false);  // all twelve in one run: fewer than ten at a time would go unasked
      for (const task of tasks.slice(0, 12)) await world.ok('DELETE', `/v1/tasks/${task.id}`);
      await calendar.getByRole('button', { name: 'Sync now' }).click();
      const guard = calendar.getByRole('alert').filter({ hasText: 'Please look at this' });
      await guard.getByText('This would delete 12 of 20 items at Google Calendar.').waitFor();
      await picture(page, 'guard');
      await guard.getByRole('button', { name: 'Keep them' }).click();
      await guard.waitFor({ state: 'hidden' });
      await world.quiet();
      assert.equal((await googleEvents(world)).length, 20);
    });

    await t.test('“Delete them there” does it', async () => {
      await calendar.getByRole('button', { name: 'Sync now' }).click();
      const guard = calendar.getByRole('alert').filter({ hasText: 'Please look at this' });
      await guard.getByRole('button', { name: 'Delete them there' }).click();
      await calendar.locator('[data-state=succeeded]').waitFor();
      await until(async () => (await googleEvents(world)).length === 8, 'the deletions');
      await automatic(world, true);
      await world.quiet();
    });

    await t.test('what a service refuses is shown at the task and in the result, and a retry cures it', async () => {
      const last = tasks[19];
      await world.ok('PATCH', `/v1/tasks/${last.id}`, { title: 'With a guest nobody knows', attendees: [{ email: '@nobody@example.org' }] });
      await calendar.getByRole('button', { name: 'Retry' }).waitFor();
      await page.locator('summary', { hasText: 'Week 4' }).click();
      await badges(page, last.id, 'Google Calendar').and(page.locator('[data-state=failed]')).waitFor();
      await picture(page, 'failed');
      await calendar.getByText('0 done, 1 did not work.').waitFor();
      await calendar.getByText(/Invalid attendee email/).waitFor();
      await until(async () => (await calendar.locator('.preview').count()) === 1, 'what is left to do');
      assert.equal(await calendar.getByText('Everything is up to date.').count(), 0);
      await automatic(world, false);
      await world.ok('PATCH', `/v1/tasks/${last.id}`, { attendees: null });
      await calendar.getByRole('button', { name: 'Retry' }).click();
      await badges(page, last.id, 'Google Calendar').and(page.locator('[data-state=synced]')).waitFor();
      assert.ok((await googleEvents(world)).some((event) => event.summary === 'With a guest nobody knows'));
    });
  });
});

test('pages: settings are saved as they are changed, and everything works by keyboard', { timeout: 180_000 }, async (t) => {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 3 }));
    const [task] = await world.tasks(plan);
    await signIn(world, page);
    await connect(world, page, 'notion', 'Notion');
    const connection = async () => (await world.ok('GET', '/v1/accounts/ana/connections')).items[0];

    await t.test('the layout, described by the mapping', async () => {
      await card(page, 'notion').getByText('Settings').click();
      await card(page, 'notion').getByRole('combobox', { name: 'layout' }).selectOption('database');
      await until(async () => (await connection()).settings.mapping?.layout === 'database', 'the layout');
    });

    await t.test('where it goes: a page of the user’s, or a new one', async () => {
      const place = card(page, 'notion').getByRole('combobox', { name: 'Where it goes' });
      await until(async () => (await place.locator('option').count()) > 1 && place.isEnabled(), 'the pages of the user');
      let puts = 0;
      const { opened, open } = gate();
      await page.route('**/target', async (route) => {
        puts += 1;
        await opened;
        await route.continue();
      });
      await place.selectOption('+');
      await card(page, 'notion').getByRole('textbox', { name: 'Title of the new one' }).fill('Plans');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');  // one page is made, however often it is pressed
      assert.ok(await card(page, 'notion').getByRole('button', { name: 'Make it' }).isDisabled());
      open();
      await until(async () => (await connection()).target?.title === 'Plans', 'the new page');
      await until(() => page.evaluate(() => document.querySelector('mortise-connections').shadowRoot.activeElement?.localName === 'select'), 'the focus');
      assert.equal(puts, 1);
      await picture(page, 'settings', true);

      const made = (await connection()).target.id;
      const other = await place.locator('option:not([disabled])').evaluateAll((all, now) => all.map((each) => each.value).find((id) => id && id !== '+' && id !== now), made);
      await place.selectOption(other);
      assert.equal(await place.inputValue(), other, 'it shows while it is saved');
      assert.ok(await place.isDisabled());
      await until(async () => (await connection()).target?.id === other, 'the other page');
      await place.and(page.locator(':enabled')).waitFor();
      assert.equal(await place.inputValue(), other);
      await page.unrouteAll({ behavior: 'wait' });
      await page.route('**/target', (route) => route.fulfill({ status: 409, json: { title: 'It holds items', status: 409 } }));
      await place.selectOption(made);
      await page.locator('.toast', { hasText: 'It holds items' }).waitFor();
      await until(async () => (await place.inputValue()) === other, 'the place as it is');
      await page.unrouteAll({ behavior: 'wait' });
    });

    await t.test('a page that was made at the service meanwhile is there when the settings are opened again', async () => {
      await page.route('**/targets', async (route) => {
        const answer = await route.fetch();
        const body = await answer.json();
        await route.fulfill({ response: answer, json: { ...body, items: [...body.items, { id: 'new', title: 'Made meanwhile' }] } });
      });
      const summary = card(page, 'notion').getByText('Settings');
      await summary.click();
      await summary.click();
      await card(page, 'notion').getByRole('combobox', { name: 'Where it goes' }).locator('option', { hasText: 'Made meanwhile' }).waitFor({ state: 'attached' });
      await page.unrouteAll({ behavior: 'wait' });
    });

    await t.test('syncing by itself can be switched off: a change then waits for “Sync now”', async () => {
      await service(page, 'notion').getByRole('button', { name: 'Export to Notion' }).click();
      await service(page, 'notion').locator('[data-state=succeeded]').waitFor();
      const automatic = card(page, 'notion').getByRole('switch', { name: /^Sync changes by themselves/ });
      await automatic.uncheck();
      await until(async () => (await connection()).auto_sync === false, 'the switch');
      await page.getByRole('checkbox', { name: `Done: ${task.title}` }).check();
      await badges(page, task.id, 'Notion').and(page.locator('[data-state=pending]')).waitFor();
      await service(page, 'notion').getByRole('button', { name: 'Sync now' }).click();
      await badges(page, task.id, 'Notion').and(page.locator('[data-state=synced]')).waitFor();
      assert.equal((await notionTasks(world)).find((row) => row.title === task.title).done, true);
      await automatic.check();
      await until(async () => (await connection()).auto_sync === true, 'the switch');
    });

    await t.test('what was exported is still known when a hundred newer runs have pushed its export off the list', async () => {
      await world.quiet();
      await page.route(/\/v1\/runs\?/, async (route) => {  // as the host answers then
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...await answer.json(), items: [] } });
      });
      await page.reload();
      const notion = service(page, 'notion');
      await notion.getByRole('button', { name: 'Sync now' }).and(page.locator('.main')).waitFor();
      await notion.getByRole('button', { name: 'Export to Notion' }).and(page.locator(':not(.main)')).waitFor();
      await notion.getByRole('link', { name: /Open in Notion/ }).waitFor();
      await page.unrouteAll({ behavior: 'wait' });
    });

    await t.test('a run that failed as a whole shows on the card, with its message and a retry', async () => {
      await world.quiet();
      const { items: [last] } = await world.ok('GET', '/v1/runs?account_id=ana&limit=1');
      await page.route(/\/v1\/runs\?/, async (route) => {  // as the host tells of such a run
        const answer = await route.fetch();
        const body = await answer.json();
        Object.assign(body.items.find((run) => run.id === last.id), { state: 'failed', error: { code: 'unavailable', reason: '', message: 'Notion was not to be reached.' } });
        await route.fulfill({ response: answer, json: body });
      });
      await page.reload();
      const failed = card(page, 'notion');
      await failed.getByText('Something went wrong').waitFor();
      await failed.getByRole('alert').getByText('Notion was not to be reached.').waitFor();
      await picture(page, 'error', true);
      await failed.getByRole('button', { name: 'Retry' }).click();
      await failed.getByText('Connected', { exact: true }).waitFor();
      await page.unrouteAll({ behavior: 'wait' });
    });

    await t.test('a task is ticked and renamed by keyboard, and the focus stays where it was', async () => {
      await page.getByRole('checkbox', { name: `Done: ${task.title}` }).focus();
      await page.keyboard.press('Space');
      await until(async () => (await world.ok('GET', `/v1/tasks/${task.id}`)).status === 'todo', 'the tick');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.type('By keyboard');
      await page.keyboard.press('Enter');
      await until(async () => (await world.ok('GET', `/v1/tasks/${task.id}`)).title === 'By keyboard', 'the title');
      await world.quiet();
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Edit the title of “By keyboard”');
    });
  });
});

test('pages: the upgrade prompt after connecting shows once', { timeout: 120_000 }, async () => {
  await inBrowser({}, async ({ world, page }) => {
    const plans = [];
    for (const title of ['Learn to bake', 'Learn to cook']) plans.push(await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1, title })));
    const connection = await world.connect('google_calendar');
    await world.quiet();
    for (const plan of plans) await world.export(plan, connection);
    await signIn(world, page, `?plan=${plans[0].id}`);
    await service(page, 'notion').first().getByRole('button', { name: 'Export to Notion' }).click();
    await consent(page);
    const prompts = page.getByRole('dialog', { name: 'No exports left this month' });
    await prompts.waitFor();
    await page.keyboard.press('Escape');
    await prompts.waitFor({ state: 'detached' });
    await page.evaluate((plan) => {
      const second = document.body.appendChild(document.createElement('mortise-export'));
      second.id = 'second';
      second.setAttribute('plan', plan);
    }, plans[1].id);
    await page.locator('#second').getByRole('button', { name: 'Export to Notion' }).waitFor();
    await page.getByRole('link', { name: /All plans/ }).click();
    await page.getByRole('link', { name: /^Learn to cook/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Learn to cook' }).waitFor();
    await service(page, 'notion').first().getByRole('button', { name: 'Export to Notion' }).waitFor();
    await caughtUp(page);
    assert.equal(await prompts.count(), 0);
  });
});

test('pages: what is to change here and what is left out is not called up to date', { timeout: 60_000 }, async () => {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, page }) => {
    await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1 }));
    await world.connect('google_calendar');
    await world.quiet();
    await page.route('**/exports/preview', (route) => route.fulfill({ json: {
      summary: '', create: 0, update: 0, remove: 0, unchanged: 0, receive: 1, parked: 1, cost: { writes: 0, reads: 1, seconds: 1 },
      items: [{ key: 'a', kind: 'event', title: 'Moved there', action: 'receive', before: {}, after: {} }],
      parked_items: [{ key: 'b', title: 'Too long', message: 'the title is too long' }] } }));
    await signIn(world, page);
    const calendar = service(page, 'google_calendar');
    await calendar.getByText('0 to create, 0 to update, 0 to delete: 0 writes, 1 reads, about 1 s · 1 to change here · 1 left out').click();
    await calendar.getByText('change here Moved there').waitFor();
    await calendar.getByText('left out Too long: the title is too long').waitFor();
    assert.equal(await page.getByText('Everything is up to date.').count(), 0);
  });
});

test('pages: after disconnecting it is said what stays at the service, and the focus stays at the card', { timeout: 120_000 }, async (t) => {
  await inBrowser({}, async ({ world, page }) => {
    await world.account('ben');
    for (const account of ['ana', 'ben']) {
      await world.connect('google_calendar', account);
      await world.quiet(account);
    }
    await signIn(world, page);
    const calendar = card(page, 'google_calendar');
    const focused = () => page.evaluate(() => document.querySelector('mortise-connections').shadowRoot.activeElement?.textContent);
    const link = calendar.getByRole('link', { name: 'Open the settings of Google Calendar' });
    const disconnect = async () => {
      await calendar.getByRole('button', { name: 'Disconnect' }).click();
      await until(async () => (await focused()) === 'Keep it', 'the focus on the careful answer');
      await calendar.getByRole('group', { name: 'Disconnect Google Calendar?' }).getByRole('button', { name: 'Disconnect' }).click();
      await calendar.getByText('Not connected').waitFor();
      await until(async () => (await focused()) === 'Connect Google Calendar', 'the focus on the way back');
    };
    const connectAgain = async () => {
      await world.connect('google_calendar');
      await world.quiet();
      await page.reload();
      await calendar.getByText('Connected', { exact: true }).waitFor();
    };

    await t.test('“Keep it” leads back to where it was asked', async () => {
      await calendar.getByRole('button', { name: 'Disconnect' }).click();
      await calendar.getByRole('button', { name: 'Keep it' }).click();
      await until(async () => (await focused()) === 'Disconnect', 'the focus');
    });

    await t.test('where another connection needs the access, nobody is sent to take it away', async () => {
      await disconnect();
      await calendar.getByText('What you agreed to stays at Google Calendar, because the same account there is still connected elsewhere.').waitFor();
      assert.equal(await link.count(), 0);
    });

    await t.test('where the service did not confirm it, the way to do it by hand is shown, also beside another connection', async () => {
      await connectAgain();
      await page.route('**/v1/connections/*', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, json: { ...await answer.json(), revoked: false, manage_url: 'https://example.org/permissions' } });
      });
      await disconnect();
      assert.equal(await link.getAttribute('href'), 'https://example.org/permissions');
      await page.unrouteAll({ behavior: 'wait' });
      await world.connect('google_calendar');
      await page.evaluate(async () => (await import('/ui/live.js')).live.refresh());
      await calendar.getByText('Connected', { exact: true }).waitFor();
      await link.waitFor();
      await world.quiet();
    });

    await t.test('of what is ended there, too, nothing is said', async () => {
      await world.ok('DELETE', `/v1/accounts/ben`);
      await page.reload();
      await disconnect();
      assert.equal(await calendar.getByText(/stays at Google Calendar|did not confirm/).count(), 0);
    });
  });
});
