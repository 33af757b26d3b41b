// What a user does, in a browser: connect, export, look, change, run into the limit, lose access, come back.
import assert from 'node:assert/strict';
import test from 'node:test';
import { roadmap, until } from '../system/host.mjs';
import { googleEvents, notionTasks } from '../system/remote.mjs';
import { badges, card, consent, inBrowser, picture, service, signIn } from './browser.mjs';

const document = roadmap({ modules: 2, weeks: 2, tasks: 4, title: 'Learn to bake' });

/** Waits until the providers were told, and says how often: the change travels by itself. */
async function travelled(world, page, task, change) {
  await world.resetTraffic();
  await change();
  await until(async () => (await world.traffic('notion')).writes > 0 && (await world.traffic('google')).writes > 0, 'the updates');
  await world.quiet();
  for (const name of ['Notion', 'Google Calendar']) await badges(page, task.id, name).and(page.locator('[data-state=synced]')).waitFor();
  const [notion, google] = [await world.traffic('notion'), await world.traffic('google')];
  assert.deepEqual([notion.writes, google.writes], [1, 1], 'exactly one update each');
}

test('pages: connect both services, export, change, run into the limit, lose access and come back', { timeout: 240_000 }, async (t) => {
  await inBrowser({}, async ({ world, context, page }) => {
    const plan = await world.import(document);
    const [first, second] = await world.tasks(plan);

    await t.test('the one-time code signs in once, and leaves the address', async () => {
      const code = await signIn(world, page);
      assert.equal(new URL(page.url()).hash, '');
      const other = await (await context.browser().newContext()).newPage();
      await other.goto(`${world.url}/ui/index.html#code=${code}`);
      await other.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
      await other.context().close();
      await page.reload();
      await page.getByRole('heading', { name: 'Learn to bake' }).waitFor();
    });

    await t.test('both services are shown as not connected', async () => {
      for (const connector of ['notion', 'google_calendar']) await card(page, connector).getByText('Not connected').waitFor();
    });

    await t.test('consent that is not given is told', async () => {
      await card(page, 'notion').getByRole('button', { name: 'Connect Notion' }).click();
      await consent(page, 'Cancel');
      await page.getByText('Not connected: you did not agree.').waitFor();
      assert.equal(new URL(page.url()).searchParams.get('status'), null);
      await card(page, 'notion').getByText('Not connected').waitFor();
    });

    await t.test('an export while not connected asks for consent and goes on by itself', async () => {
      await service(page, 'notion').getByRole('button', { name: 'Export to Notion' }).click();
      await consent(page);
      await page.locator('.toast', { hasText: 'Connected.' }).waitFor();
      await service(page, 'notion').locator('[data-state=succeeded]').waitFor();
      await card(page, 'notion').getByText('Connected', { exact: true }).waitFor();
      await card(page, 'notion').getByText('ana.torres@example.com').waitFor();
      await card(page, 'notion').getByText(/^Last sync/).waitFor();
      assert.equal((await notionTasks(world)).length, 16);
      await page.getByText('1 of 2 exports used this month').waitFor();
    });

    await t.test('the result is a click away', async () => {
      const [there] = await Promise.all([context.waitForEvent('page'),
        service(page, 'notion').getByRole('link', { name: /Open in Notion/ }).click()]);
      await there.getByRole('heading', { name: /Learn to bake/ }).first().waitFor();
      await there.close();
    });

    await t.test('connecting by the card, a preview, and adding to the calendar', async () => {
      await card(page, 'google_calendar').getByRole('button', { name: 'Connect Google Calendar' }).click();
      await consent(page);
      await service(page, 'google_calendar').getByText(/^16 to create, 0 to update, 0 to delete: \d+ writes, \d+ reads, about \d+ s$/).waitFor();
      await service(page, 'google_calendar').getByRole('button', { name: 'Add to Calendar' }).click();
      await service(page, 'google_calendar').locator('[data-state=succeeded]').waitFor();
      assert.equal((await googleEvents(world)).length, 16);
      const badge = badges(page, first.id, 'Google Calendar').and(page.locator('[data-state=synced]'));
      const [there] = await Promise.all([context.waitForEvent('page'), badge.click()]);
      await there.getByRole('heading', { name: first.title }).waitFor();
      await there.close();
      await picture(page, 'plan');
    });

    await t.test('the third export of the free tier shows the upgrade prompt', async () => {
      const again = service(page, 'notion').getByRole('button', { name: 'Export to Notion' });
      await again.click();
      const prompt = page.getByRole('dialog', { name: 'No exports left this month' });
      await prompt.getByText('You have used 2 of 2 exports.').waitFor();
      await prompt.getByText(/^The next ones are there on /).waitFor();
      assert.equal(await prompt.getByRole('link', { name: 'Upgrade' }).getAttribute('href'), 'https://app.example/upgrade');
      await picture(page, 'upgrade');
      await page.keyboard.press('Escape');
      await prompt.waitFor({ state: 'hidden' });
      assert.equal((await notionTasks(world)).length, 16);
    });

    await t.test('a tick travels by itself as exactly one update', async () => {
      await travelled(world, page, first, () => page.getByRole('checkbox', { name: `Done: ${first.title}` }).check());
      assert.equal((await notionTasks(world)).find((task) => task.title === first.title).done, true);
      assert.ok((await googleEvents(world)).some((event) => event.summary === `✓ ${first.title}`));
      await page.getByText('1 of 16 tasks done').waitFor();
    });

    await t.test('a new title travels by itself as exactly one update', async () => {
      await travelled(world, page, second, async () => {
        await page.getByRole('button', { name: `Edit the title of “${second.title}”` }).click();
        await page.getByRole('textbox', { name: 'Title' }).fill('Buy a sourdough starter');
        await page.keyboard.press('Enter');
      });
      assert.ok((await notionTasks(world)).some((task) => task.title === 'Buy a sourdough starter'));
      assert.ok((await googleEvents(world)).some((event) => event.summary === 'Buy a sourdough starter'));
    });

    await t.test('a change from elsewhere shows without a reload', async () => {
      await world.ok('PATCH', `/v1/tasks/${second.id}`, { title: 'Feed the starter' });
      await page.getByText('Feed the starter', { exact: true }).waitFor();
    });

    await t.test('revoked access shows as such, and a reconnect brings what waited', async () => {
      await world.quiet();
      await world.simulator.set('POST', 'grants/revoke', { provider: 'google' });
      await world.ok('PATCH', `/v1/tasks/${second.id}`, { title: 'Feed it again' });
      await card(page, 'google_calendar').getByText('Needs reconnect').waitFor();
      const paused = badges(page, second.id, 'Google Calendar').and(page.locator('[data-state=paused]'));
      await paused.waitFor();
      assert.equal(await paused.getAttribute('title'), 'Google Calendar is paused');
      await picture(page, 'needs_reconnect', true);
      await card(page, 'google_calendar').getByRole('button', { name: 'Reconnect Google Calendar' }).click();
      await consent(page);
      await card(page, 'google_calendar').getByText('Connected', { exact: true }).waitFor();
      await until(async () => (await googleEvents(world)).some((event) => event.summary === 'Feed it again'), 'the waiting change');
      assert.equal((await googleEvents(world)).length, 16);
    });

    await t.test('disconnect and reconnect double nothing', async () => {
      await world.quiet();
      await world.ok('PUT', '/v1/accounts/ana', { tier: 'pro', email: 'ana@example.org', zone: 'Europe/Madrid' });
      for (const [connector, name, there] of [['notion', 'Notion', notionTasks], ['google_calendar', 'Google Calendar', googleEvents]]) {
        await card(page, connector).getByRole('button', { name: 'Disconnect' }).click();
        await card(page, connector).getByRole('group', { name: `Disconnect ${name}?` }).getByRole('button', { name: 'Disconnect' }).click();
        await card(page, connector).getByText('Not connected').waitFor();
        await card(page, connector).getByRole('button', { name: `Connect ${name}` }).click();
        await consent(page);
        await card(page, connector).getByText('Connected', { exact: true }).waitFor();
        await service(page, connector).getByRole('button', { name: connector === 'notion' ? 'Export to Notion' : 'Add to Calendar' }).click();
        await service(page, connector).locator('[data-state=succeeded]').waitFor();
        await world.quiet();
        assert.equal((await there(world)).length, 16, name);
      }
      assert.equal((await world.tasks(plan)).length, 16);
    });

    await t.test('signing out ends the session', async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
    });
  });
});
