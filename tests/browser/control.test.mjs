// The control of two-way sync on the page: what changes at a service is seen, conflicts are undone,
// removals are asked about, and what travels is for the person to say.
import assert from 'node:assert/strict';
import test from 'node:test';
import { dayFromNow, roadmap, until } from '../system/host.mjs';
import { googleEvents } from '../system/remote.mjs';
import { assertAccessible } from './accessible.mjs';
import { badges, card, gate, inBrowser, picture, service, signIn, watch } from './browser.mjs';

/** An exported plan, the page on it, and a person at the calendar. */
async function inStep(how, work) {
  await inBrowser({ account: { tier: 'pro' } }, async ({ world, browser, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, title: 'Learn to bake', ...how }));
    const connection = await world.connect('google_calendar');
    await world.quiet();
    assert.equal((await world.export(plan, connection)).state, 'succeeded');
    await world.quiet();
    const person = (action, body = {}) => world.simulator.set('POST', `google/${action}`, { user: connection.identity.email, ...body });
    const events = new Map((await person('events')).items.map((event) => [event.summary, event.id]));
    await signIn(world, page);
    await page.locator('.task').first().waitFor();
    await work({ world, browser, page, plan, person, events, calendar: card(page, 'google_calendar'),
      tasks: await world.tasks(plan),
      stored: () => world.ok('GET', `/v1/connections/${connection.id}`) });
  });
}

/** "Sync now" on the card, until it has ended. */
async function syncNow(world, calendar) {
  await calendar.getByRole('button', { name: 'Sync now' }).click();
  await world.quiet();
}

async function closed(page, dialog) {
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
}

test('control: what changes there is seen here, with its history; a conflict is undone, a removed task comes back', { timeout: 180_000 }, async (t) => {
  await inStep({ tasks: 5 }, async ({ world, page, person, events, calendar, tasks }) => {
    const [renamed, moved, gone, both] = tasks;
    const badge = (task) => badges(page, task.id, 'Google Calendar');
    const row = (task) => page.locator(`[id=${task.id}]`);

    await t.test('an event that is renamed and one that is moved by hand show on the page', async () => {
      await person('edit_event', { id: events.get(renamed.title), changes: { summary: 'Knead the dough' } });
      const at = (hour) => ({ dateTime: `${dayFromNow(32)}T${hour}:00:00`, timeZone: 'Europe/Madrid' });
      await person('edit_event', { id: events.get(moved.title), changes: { start: at(19), end: at(20) } });
      await world.resetTraffic();
      await syncNow(world, calendar);
      await row(renamed).getByText('Knead the dough').waitFor();
      await badge(renamed).and(page.locator('[data-news=received]')).waitFor();
      await badge(moved).and(page.locator('[data-news=received]')).waitFor();
      assert.match(await badge(renamed).getAttribute('title'), /^Came from Google Calendar /);
      assert.equal((await world.traffic('google')).writes, 0);
      await calendar.getByText(/^Last sync .* · next look in /).waitFor();
    });

    await t.test('its history says why: from where, seen how, by which revisions and run', async () => {
      await page.getByRole('button', { name: 'History of “Knead the dough”' }).click();
      const dialog = page.getByRole('dialog', { name: 'History of “Knead the dough”' });
      const line = dialog.locator('[data-action=receive]');
      await line.getByText('Changed here, as it was in Google Calendar').waitFor();
      await line.getByText('seen at a regular look').waitFor();
      await dialog.locator('[data-action=create]').getByText('because somebody asked for it').waitFor();
      await line.locator('summary').click();
      const { items: [stored, made] } = await world.ok('GET', `/v1/tasks/${renamed.id}/history`);
      const { rev } = await world.ok('GET', `/v1/plans/${renamed.plan_id}`);
      assert.deepEqual([made.action, made.task_rev, made.plan_rev, stored.plan_rev], ['create', renamed.rev, rev, rev]);
      for (const fact of [String(stored.task_rev), String(rev), stored.script_revision, stored.request_id, stored.run_id]) {
        await line.locator('dd', { hasText: fact }).first().waitFor();
      }
      await assertAccessible(page, 3);
      await picture(page, 'history');
      await closed(page, dialog);
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'History of “Knead the dough”');
    });

    await t.test('a task that was removed there is gone, and Restore brings it back on both sides', async () => {
      await person('delete_event', { id: events.get(gone.title) });
      await syncNow(world, calendar);
      await row(gone).waitFor({ state: 'detached' });
      await page.getByText('Removed tasks').click();
      await page.getByRole('button', { name: `Restore: ${gone.title}` }).click();
      await row(gone).waitFor();
      await page.getByText('Nothing was removed.').waitFor();
      await page.route('**/removed?*', (route) => route.abort());
      await world.ok('PATCH', `/v1/tasks/${gone.id}`, { notes: 'Back again' });
      await page.locator('mortise-removed').getByRole('alert').getByText('The host cannot be reached.').waitFor();
      await page.getByText('Nothing was removed.').waitFor();  // what is known stays
      await page.unroute('**/removed?*');
      await page.locator('mortise-removed').getByRole('button', { name: 'Retry' }).click();
      await page.locator('mortise-removed').getByRole('alert').waitFor({ state: 'detached' });
      await until(async () => (await googleEvents(world)).some((event) => event.summary === gone.title), 'the event');
      await world.quiet();
    });

    await t.test('a conflict is shown with both values, and undone', async () => {
      await calendar.getByText('Settings').click();
      const automatic = calendar.getByRole('switch', { name: /^Sync changes by themselves/ });
      await automatic.uncheck();
      await calendar.getByText(/syncs only when you ask$/).waitFor();
      await world.ok('PATCH', `/v1/tasks/${both.id}`, { title: 'Bake at noon' });
      await person('edit_event', { id: events.get(both.title), changes: { summary: 'Bake at night' } });
      await syncNow(world, calendar);
      await badge(both).and(page.locator('[data-news=conflict]')).waitFor();
      const kept = (await world.ok('GET', `/v1/tasks/${both.id}`)).title;
      const other = kept === 'Bake at noon' ? 'Bake at night' : 'Bake at noon';
      await calendar.getByText('One task was changed on both sides.').waitFor();
      await calendar.getByRole('button', { name: 'Look at it' }).click();
      const dialog = page.getByRole('dialog', { name: 'Activity of Google Calendar' });
      const cells = dialog.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Title' }) }).getByRole('cell');
      assert.deepEqual(await cells.evaluateAll((all) => all.map((cell) => cell.firstChild.textContent)),
        [both.title, 'Bake at noon', 'Bake at night']);
      await dialog.getByRole('cell', { name: `${kept} kept` }).waitFor();
      await assertAccessible(page, 6);
      await picture(page, 'activity');
      await dialog.getByRole('button', { name: `Undo: ${kept}` }).click();
      await dialog.getByText('Undone now').or(dialog.getByText(/^Undone .* ago$/)).first().waitFor();
      await closed(page, dialog);
      await row(both).getByText(other).waitFor();
      await calendar.getByText('One task was changed on both sides.').waitFor({ state: 'detached' });
      await world.quiet();
      await syncNow(world, calendar);
      await until(async () => (await googleEvents(world)).some((event) => event.summary === other), 'the undone title');
      await automatic.check();
    });

    await t.test('the runs so far say what became of each item; what could not be read is read again on request', async () => {
      await world.quiet();
      await page.route('**/v1/runs?connection_id=*', (route) => route.abort());
      await calendar.getByRole('button', { name: 'Activity' }).click();
      const dialog = page.getByRole('dialog', { name: 'Activity of Google Calendar' });
      await dialog.getByRole('alert').getByRole('button', { name: 'Retry' }).waitFor();
      await page.unroute('**/v1/runs?connection_id=*');
      await dialog.getByRole('button', { name: 'Retry' }).click();
      const brought = dialog.locator('[data-run]', { hasText: '2 taken over here' });
      await brought.locator('summary').click();
      await brought.locator('[data-action=receive]', { hasText: 'Knead the dough' }).getByText('Changed here, as it was in Google Calendar').waitFor();
      assert.equal(await brought.locator('[data-result]').count(), 2);
      await dialog.getByText('are found at the next look: this host has no public address').waitFor();
      await closed(page, dialog);
    });
  });
});

test('control: what travels, which way and how often is kept', { timeout: 120_000 }, async () => {
  await inStep({ tasks: 2 }, async ({ world, page, plan, person, events, tasks, calendar, stored }) => {
    const [task, second] = tasks;
    await calendar.getByText('Settings').click();
    const direction = () => calendar.getByRole('combobox', { name: 'Which way' });
    const interval = () => calendar.getByRole('combobox', { name: 'Look for changes at Google Calendar' });
    const travels = () => calendar.getByRole('checkbox', { name: 'Learn to bake' });
    await interval().selectOption({ label: 'every 5 min' });
    await until(async () => (await stored()).interval_s === 300, 'the interval');
    // Two while the first is still on its way: neither undoes the other.
    const { opened, open } = gate();
    await page.route('**/v1/connections/*', async (route) => {
      await opened;
      await route.continue();
    });
    await travels().uncheck();
    await calendar.getByRole('checkbox', { name: /^Calendar/ }).uncheck();
    open();
    await until(async () => (await stored()).left_out_plans.length === 2, 'the plans');
    await page.unroute('**/v1/connections/*');
    await calendar.getByRole('checkbox', { name: /^Calendar/ }).check();
    await until(async () => (await stored()).left_out_plans.length === 1, 'the plans');
    await page.reload();
    await calendar.getByText('Settings').click();
    await until(async () => (await interval().inputValue()) === '300', 'the interval after a reload');
    await travels().waitFor();
    assert.equal(await travels().isChecked(), false);

    await world.quiet();
    await world.resetTraffic();
    await person('edit_event', { id: events.get(task.title), changes: { summary: 'Not for here' } });
    await syncNow(world, calendar);
    assert.equal((await world.ok('GET', `/v1/tasks/${task.id}`)).title, task.title, 'a plan that is left out does not travel');
    await travels().check();
    await page.locator(`[id=${task.id}]`).getByText('Not for here').waitFor();

    await direction().selectOption({ label: 'Only from here to Google Calendar' });
    await until(async () => (await stored()).direction === 'push', 'the direction');
    await until(() => interval().isDisabled(), 'nothing to look for');
    await person('edit_event', { id: events.get(second.title), changes: { summary: 'Stays there' } });
    await syncNow(world, calendar);
    assert.equal((await world.ok('GET', `/v1/tasks/${second.id}`)).title, second.title);
    // A look at everything may be long ago then: what went there was a sync, too.
    await page.route(/\/v1\/accounts\/ana\/connections$/, async (route) => {
      const answer = await route.fetch();
      const body = await answer.json();
      for (const each of body.items) each.sync.last_complete_at = '2001-01-01T00:00:00Z';
      await route.fulfill({ response: answer, json: body });
    });
    await page.reload();
    await calendar.getByText(/^Last sync (?!.* days ago)/).waitFor();
    await page.unroute(/\/v1\/accounts\/ana\/connections$/);
    await calendar.getByText('Settings').click();
    await direction().selectOption({ label: 'Both ways' });
    await page.locator(`[id=${second.id}]`).getByText('Stays there').waitFor();
    await page.reload();
    await calendar.getByText('Settings').click();
    assert.equal(await direction().inputValue(), 'both');

    await page.getByRole('button', { name: 'Remove this plan…' }).click();
    await page.getByRole('dialog', { name: 'Remove “Learn to bake”?' }).getByRole('button', { name: 'Remove, and keep what was exported' }).click();
    await page.getByText('“Learn to bake” is removed.').waitFor();
    assert.equal((await world.api('GET', `/v1/plans/${plan.id}`)).status, 404);
    await page.getByText('There is no plan yet.').waitFor();
    await world.quiet();
    assert.equal((await googleEvents(world)).length, 2);
  });
});

test('control: a calendar that is suddenly empty removes nothing without an answer; both answers work', { timeout: 120_000 }, async (t) => {
  await inStep({ tasks: 3 }, async ({ world, browser, page, person, calendar, tasks }) => {
    const ask = async () => {
      await person('empty_calendar', { silently: true });
      await calendar.getByRole('button', { name: 'Sync now' }).click();
      await calendar.getByText('Needs your decision').waitFor();
      return calendar.getByRole('group', { name: 'Please look at this before it goes on' });
    };
    const waiting = badges(page, tasks[0].id, 'Google Calendar').and(page.locator('[data-state=asks]'));

    await t.test('“Keep them” keeps every task, and writes them there again', async () => {
      const prompt = await ask();
      await prompt.getByText('Google Calendar holds nothing of this plan any more. This would remove its 3 tasks here, too.').waitFor();
      await page.route('**/exports/preview', (route) => route.abort());
      await prompt.getByText('What would be removed').click();
      await prompt.getByText('The host cannot be reached.').waitFor();
      await page.unroute('**/exports/preview');
      await prompt.getByRole('button', { name: 'Retry' }).click();
      for (const task of tasks) await prompt.getByRole('listitem').filter({ hasText: task.title }).waitFor();
      await page.evaluate(async () => {  // as the host tells of one that asks something else by now
        const { live } = await import('/ui/live.js');
        const [run] = live.runsOf((each) => each.guard);
        live.keep({ ...run, guard: { ...run.guard, items: run.guard.items + 1 } });
      });
      await prompt.getByRole('listitem').first().waitFor({ state: 'detached' });
      const read = page.waitForRequest('**/exports/preview');
      await prompt.getByText('What would be removed').click();
      await read;
      for (const task of tasks) await prompt.getByRole('listitem').filter({ hasText: task.title }).waitFor();
      await waiting.waitFor();
      await service(page, 'google_calendar').getByRole('alert').getByRole('button', { name: 'Keep them' }).waitFor();
      await assertAccessible(page);
      await picture(page, 'asks', true);
      await prompt.getByRole('button', { name: 'Keep them' }).click();
      await prompt.waitFor({ state: 'detached' });
      await until(async () => (await googleEvents(world)).length === 3, 'the events');
      await world.quiet();
      await waiting.waitFor({ state: 'detached' });
      assert.equal((await world.tasks({ id: tasks[0].plan_id })).length, 3);
    });

    await t.test('“Remove them here” removes them, softly; on a phone and in the dark, too', async () => {
      const context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme: 'dark', locale: 'en-GB', isMobile: true });
      const phone = await context.newPage();
      const broken = watch(phone);
      await page.route(/\/sync$/, async (route) => {  // the run's events overtake the answer
        const answer = await route.fetch();
        await until(async () => (await world.ok('GET', '/v1/runs?account_id=ana&limit=1')).items[0].state === 'waiting', 'the question');
        await calendar.getByText('Needs your decision').waitFor();
        await route.fulfill({ response: answer });
      });
      const answered = page.waitForResponse(/\/sync$/);
      await ask();
      await answered;
      await page.unroute(/\/sync$/);
      await signIn(world, phone);
      const there = card(phone, 'google_calendar');
      await assertAccessible(phone);
      await there.getByRole('button', { name: 'Activity' }).click();
      await phone.getByRole('dialog').locator('[data-run]').first().waitFor();
      await assertAccessible(phone);
      await picture(phone, 'activity_phone_dark');
      await phone.keyboard.press('Escape');
      assert.ok(await calendar.getByText('Needs your decision').isVisible());
      await there.getByRole('button', { name: 'Remove them here' }).click();
      await page.getByText('0 of 0 tasks done').waitFor();
      await page.getByText('Removed tasks').click();
      for (const task of tasks) await page.getByRole('button', { name: `Restore: ${task.title}` }).waitFor();
      assert.deepEqual(broken, []);
      await context.close();
    });
  });
});
