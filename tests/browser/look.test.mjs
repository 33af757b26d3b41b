// The pages for every eye: accessible in light and dark, on a desk and on a phone, in Spanish, and as
// components on somebody else's page. The pictures are in <build>/pictures.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import test from 'node:test';
import { roadmap, until } from '../system/host.mjs';
import { assertAccessible, assertContrast, assertFocusOrder } from './accessible.mjs';
import { badges, card, consent, inBrowser, picture, service, signIn, watch } from './browser.mjs';

const packages = createRequire(new URL('../simulators/clients/package.json', import.meta.url));
const demo = JSON.parse(await readFile(new URL('../simulators/demo/plan.json', import.meta.url), 'utf8'));

const eyes = {
  light: {},
  dark: { colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  phone_dark: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, colorScheme: 'dark', isMobile: true },
};

test('pages: accessible in light and dark, on a desk and on a phone', { timeout: 240_000 }, async (t) => {
  await inBrowser({}, async ({ world, browser, page }) => {
    const plan = await world.import(demo);
    const tasks = await world.tasks(plan);
    for (const task of tasks.slice(0, 3)) await world.ok('PATCH', `/v1/tasks/${task.id}`, { status: 'done' });
    await signIn(world, page);
    await service(page, 'notion').getByRole('button', { name: 'Export to Notion' }).click();
    await consent(page);
    await service(page, 'notion').locator('[data-state=succeeded]').waitFor();
    await badges(page, tasks[0].id, 'Notion').and(page.locator('[data-state=synced]')).waitFor();

    for (const [name, how] of Object.entries(eyes)) {
      await t.test(name, async () => {
        const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, locale: 'en-GB', ...how });
        const other = await context.newPage();
        const broken = watch(other);
        await signIn(world, other);
        await other.locator('.task').first().waitFor();
        await service(other, 'notion').locator('[data-state=succeeded]').waitFor();
        await assertAccessible(other);
        await card(other, 'notion').getByText('Settings').click();
        await card(other, 'notion').getByRole('combobox', { name: 'Where it goes' }).locator('option').nth(1).waitFor({ state: 'attached' });
        await assertAccessible(other);
        if (name === 'light') {
          const stops = await assertFocusOrder(other);
          assert.equal(stops[0], 'Skip to the content');
        }
        await other.evaluate(() => scrollTo(0, 0));
        await picture(other, name);
        await picture(other, `${name}_whole`, true);
        assert.deepEqual(broken, []);
        await context.close();
      });
    }

    await t.test('signed out', async () => {
      const context = await browser.newContext({ locale: 'en-GB' });
      const other = await context.newPage();
      await other.goto(`${world.url}/ui/index.html`);
      await other.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
      await picture(other, 'signed_out');
      await context.close();
    });
  });
});

test('pages: speak the account’s language', { timeout: 120_000 }, async () => {
  await inBrowser({ account: { locale: 'es-ES' } }, async ({ world, page }) => {
    await world.import(demo);
    await signIn(world, page);
    await card(page, 'notion').getByText('Sin conectar').waitFor();
    await page.getByText('0 de 2 exportaciones usadas este mes').waitFor();
    await page.getByText('0 de 100 tareas hechas').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'es');
    assert.deepEqual(await page.evaluate(async () => {
      const [{ valueText }, { ago }] = await Promise.all(['values', 'texts'].map((name) => import(`/ui/${name}.js`)));
      const before = (hours) => ago(new Date(Date.now() - hours * 3_600_000).toISOString());
      return [...['P1D', 'P2D', 'PT1H36M', 'PT30S', 'PT0S', 'P', 'PT', 'Party'].map(valueText), before(0), before(1.5), before(47), before(49)];
    }), ['1 día', '2 días', '1 h 36 min', '30 s', '0 s', 'P', 'PT', 'Party', 'ahora', 'hace 1 hora', 'hace 1 día', 'hace 2 días']);
    await assertAccessible(page);
    await picture(page, 'spanish');
  });
});

test('pages: say which language they speak, not which one the account would like', { timeout: 60_000 }, async () => {
  await inBrowser({ account: { locale: 'fr-FR' } }, async ({ world, page }) => {
    await signIn(world, page);
    await page.getByText('There is no plan yet.').waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  });
});

const ui = (file, encoding) => readFile(new URL(`../../host/web/ui/${file}`, import.meta.url), encoding);
/** Read, not imported by name: Debian 12's own Node takes a .js without a package.json for CommonJS. */
const module = async (file) => import(`data:text/javascript;base64,${await ui(file, 'base64')}`);

test('pages: any colour of an app can be read, and be written on', async () => {
  const { brandColors } = await module('brand.js');
  const rgb = (color) => (color.length === 4 ? [...color.slice(1)].map((digit) => digit + digit) : color.slice(1).match(/../g)).map((digits) => parseInt(digits, 16) / 255);
  const luminance = (color) => {
    const [r, g, b] = rgb(color).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => (Math.max(luminance(one), luminance(other)) + 0.05) / (Math.min(luminance(one), luminance(other)) + 0.05);
  const backs = [...(await ui('mortise.css', 'utf8')).matchAll(/--(?:back|card|sunk): light-dark\((#\w+), (#\w+)\)/g)].map(([, light, dark]) => [light, dark]);
  assert.equal(backs.length, 3);
  const steps = ['00', '33', '66', '80', '99', 'cc', 'ff'];
  const colors = ['#2456c7', '#FFCC00', '#fc0', '#000', '#fff', '#777', '#757575', '#8a1c5b',
    ...steps.flatMap((r) => steps.flatMap((g) => steps.map((b) => `#${r}${g}${b}`)))];
  for (const color of colors) {
    const made = brandColors(color);
    assert.equal(made['--mortise-brand'], color);
    assert.ok(contrast(made['--mortise-on-brand'], color) >= 4.5, `on ${color}`);
    const [, ...text] = /^light-dark\((#\w+), (#\w+)\)$/.exec(made['--mortise-brand-text']);
    for (const pair of backs) pair.forEach((back, at) => assert.ok(contrast(text[at], back) >= 4.5, `${color} as ${text[at]} on ${back}`));
  }
  // What can be read as it is stays as it is.
  assert.equal(brandColors('#2456c7')['--mortise-brand-text'].slice(0, 19), 'light-dark(#2456c7,');
  assert.match(brandColors('#ffcc00')['--mortise-brand-text'], /, #ffcc00\)$/);
});

for (const [color, colorScheme] of [['#2456c7', 'dark'], ['#ffcc00', 'light']]) {
  test(`pages: in an app’s colour, ${color}, everything can be read (${colorScheme})`, { timeout: 60_000 }, async () => {
    await inBrowser({ settings: { 'app.color': color }, context: { colorScheme } }, async ({ world, page }) => {
      await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2 }));
      await signIn(world, page);
      await page.getByRole('link', { name: 'Resource' }).first().waitFor();
      await service(page, 'notion').getByRole('button', { name: 'Export to Notion' }).waitFor();
      await assertContrast(page);
      await picture(page, `brand_${colorScheme}`);
    });
  });
}

/** The texts of all languages. */
async function allTexts() {
  return Object.assign({}, ...await Promise.all(['en', 'es'].map((language) => module(`texts_${language}.js`))));
}

test('pages: the texts of both languages are the same ones', async () => {
  const texts = await allTexts();
  assert.deepEqual(Object.keys(texts.es), Object.keys(texts.en));
  for (const name of Object.keys(texts.en)) assert.equal(typeof texts.es[name], typeof texts.en[name], name);
});

test('pages: have a text for every word that the API says', async () => {
  const { en } = await allTexts();
  const { schemas } = packages('yaml').parse(await readFile(new URL('../../docs/openapi.yaml', import.meta.url), 'utf8')).components;
  const { push } = schemas.ConnectionSync.properties;
  const words = {
    direction_: schemas.Direction.enum,
    status_: schemas.ConnectionSync.properties.state.enum,
    push_: [...push.properties.reason.enum, ...push.properties.state.enum],
    policy_: schemas.Conflict.properties.policy.enum,
    trigger_: schemas.Run.properties.trigger.enum,
    run_: schemas.Run.properties.kind.enum,
    waiting_: schemas.Run.properties.waiting_for.enum,
    result_: schemas.RunItem.properties.result.enum,
    did_: schemas.RunItem.properties.action.enum,
    badge_: schemas.TaskSync.properties.state.enum,
  };
  const missing = Object.entries(words).flatMap(([prefix, list]) => list.filter((word) => !(prefix + word in en)).map((word) => prefix + word));
  assert.deepEqual(missing, ['push_not_wanted']);  // two texts: push_stay, push_on_request
});

test('pages: have a text for every reason that connecting brings back', async () => {
  const { en } = await allTexts();
  const table = (await readFile(new URL('../../docs/connecting.md', import.meta.url), 'utf8')).split('| `reason` |')[1].split('\n\n')[0];
  const reasons = table.split('\n').slice(2).flatMap((line) => [...line.split('|')[1].matchAll(/`(\w+)`/g)].map(([, reason]) => reason));
  assert.ok(reasons.length > 8, `${reasons}`);
  const known = Object.keys(en).filter((name) => name.startsWith('reason_') && name !== 'reason_other').map((name) => name.slice(7));
  assert.deepEqual(known.sort(), reasons.sort());
});

/** An app of somebody else's, as docs/embedding.md says: its server mints codes, its page holds components. */
async function somebodysApp(work) {
  const app = { host: '', code: async () => '', plan: '', task: '', toasts: '<mortise-toasts></mortise-toasts>' };
  const server = createServer(async (request, response) => {
    if (request.url === '/mortise-code') {
      response.end(await app.code());
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><html lang="en"><title>My app</title><h1>My app</h1><h2>Services</h2>
      <style>:root { --mortise-brand: #8a1c5b; }</style>
      <mortise-connections></mortise-connections><mortise-export plan="${app.plan}"></mortise-export>
      <h2>History</h2><mortise-history task="${app.task}"></mortise-history><mortise-removed plan="${app.plan}"></mortise-removed>
      <p>First task <mortise-sync-badge task="${app.task}"></mortise-sync-badge></p>${app.toasts}
      <script type="module">
        import * as mortise from '${app.host}/ui/mortise.js';
        window.app = { ...mortise, signIn: () => mortise.signIn(() => fetch('/mortise-code', { method: 'POST' }).then((answer) => answer.text())) };
        app.signIn().catch(() => {});
      </script></html>`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  app.url = `http://127.0.0.1:${server.address().port}`;
  try {
    await work(app);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('pages: components work on an app’s own page, with a token and without cookies', { timeout: 120_000 }, async () => {
  await somebodysApp(async (app) => {
    await inBrowser({ settings: { 'server.cors_origins': app.url, 'app.return_to': app.url } }, async ({ world, context, page }) => {
      const plan = await world.import({ ...demo, weeks: demo.weeks.slice(0, 1) });
      const [task] = await world.tasks(plan);
      Object.assign(app, { host: world.url, plan: plan.id, task: task.id,
        code: async () => (await world.ok('POST', '/v1/accounts/ana/session_codes')).code });
      await page.goto(app.url);
      await service(page, 'notion').getByRole('button', { name: 'Export to Notion' }).click();
      await consent(page);
      await service(page, 'notion').locator('[data-state=succeeded]').waitFor();
      assert.equal(new URL(page.url()).origin, app.url, 'back on the app’s page');
      await page.getByText('Connected.').waitFor();
      await badges(page, task.id, 'Notion').and(page.locator('[data-state=synced]')).waitFor();
      await page.locator('mortise-history [data-action=create]').getByText('Made in Notion').waitFor();
      await page.locator('mortise-history summary').click();
      await page.locator('mortise-history dd', { hasText: /^[0-9a-f-]{36}$/ }).waitFor();
      await page.locator('mortise-removed').getByText('Removed tasks').click();
      await page.getByText('Nothing was removed.').waitFor();
      await card(page, 'notion').getByRole('button', { name: 'Activity' }).click();
      await page.getByRole('dialog').getByText(/written there/).first().waitFor();
      await page.keyboard.press('Escape');
      await assertAccessible(page);
      const brand = await card(page, 'google_calendar').getByRole('button', { name: 'Connect Google Calendar' })
        .evaluate((button) => getComputedStyle(button).backgroundColor);
      assert.equal(brand, 'rgb(138, 28, 91)');
      assert.deepEqual((await context.cookies()).filter((cookie) => cookie.name.includes('session')), []);
      await picture(page, 'embedded');

      // Without a place for messages they are told all the same, each once.
      app.toasts = '';
      await page.goto(`${app.url}?status=error&reason=missing_scope&access=left`);
      await page.locator('.toast.error', { hasText: /^Not connected: something that is needed was left unticked.*take it away there\.$/ }).waitFor();
      await page.route('**/sync', (route) => route.abort());
      await card(page, 'notion').getByRole('button', { name: 'Sync now' }).click();
      await page.locator('.toast.error', { hasText: /^The host cannot be reached\.$/ }).waitFor();
      await page.evaluate(() => document.body.append(document.createElement('mortise-toasts')));
      await card(page, 'notion').getByRole('button', { name: 'Sync now' }).click();
      await until(async () => (await page.locator('.toast').count()) === 3, 'the third message, once');
    });
  });
});

test('pages: components get over a sign-in that failed, and nothing stays of a user who is not there any more', { timeout: 120_000 }, async (t) => {
  await somebodysApp(async (app) => {
    await inBrowser({ settings: { 'server.cors_origins': app.url, 'app.return_to': `${app.url},http://127.0.0.1:9/back` } }, async ({ world, page }) => {
      const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 2 }));
      const [task] = await world.tasks(plan);
      await world.account('ben');
      await world.connect('google_calendar');
      await world.quiet();
      const codes = (account) => async () => (await world.ok('POST', `/v1/accounts/${account}/session_codes`)).code;
      Object.assign(app, { host: world.url, plan: plan.id, task: task.id, code: async () => 'mc_of_nobody' });
      const connections = page.locator('mortise-connections');
      const calendar = card(page, 'google_calendar');
      const streams = new Set();
      page.on('request', (request) => { if (request.url().endsWith('/events')) streams.add(request); });
      for (const end of ['requestfailed', 'requestfinished']) page.on(end, (request) => streams.delete(request));
      const listensTo = (account) => until(() => [...streams].map((each) => new URL(each.url()).pathname).join()
        === (account && `/v1/accounts/${account}/events`), `the streams of ${account || 'nobody'}`, 10_000);

      await t.test('a code that was refused; then it works, by itself where the host could not be reached', async () => {
        await page.goto(app.url);
        await connections.getByText('Please come in through your app').waitFor();
        app.code = codes('ana');
        await page.route('**/v1/session', (route) => route.abort());
        await page.evaluate(() => { window.signedIn = window.app.signIn(); });
        await connections.getByText('The host cannot be reached. Trying again by itself.').waitFor();
        await page.unroute('**/v1/session');
        await page.evaluate(() => window.signedIn);
        await calendar.getByText('Connected', { exact: true }).waitFor();
        await listensTo('ana');
      });

      await t.test('nobody’s code is tried again once somebody else is on the way', async () => {
        await page.route('**/v1/session', (route) => route.fulfill({ status: 503, json: { title: 'Not now', status: 503 } }));
        await page.evaluate(() => { window.signedIn = window.app.signIn().catch((problem) => problem.status); });
        await connections.getByText('Not now').waitFor();
        await page.unroute('**/v1/session');
        app.code = async () => assert.fail('nobody asks for it');
        await page.evaluate(() => window.app.signOut());
        assert.equal(await page.evaluate(() => window.signedIn), 503);
        await connections.getByText('Please come in through your app').waitFor();
      });

      await t.test('another user', async () => {
        app.code = codes('ben');
        await page.evaluate(() => window.app.signIn());
        await calendar.getByText('Not connected').waitFor();
        await listensTo('ben');
        assert.deepEqual(await page.evaluate(async (host) => {
          const { live } = await import(`${host}/ui/live.js`);
          return [live.account, live.profile.id, live.connections.length, live.runs.size, live.tasks(document.querySelector('mortise-export').plan)];
        }, world.url), ['ben', 'ben', 0, 0, null]);
      });

      await t.test('nobody', async () => {
        await page.evaluate(() => window.app.signOut());
        await connections.getByText('Please come in through your app').waitFor();
        assert.equal(await connections.locator('section').count(), 0);
        await listensTo('');
      });
    });
  });
});
