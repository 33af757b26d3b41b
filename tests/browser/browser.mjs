// The system's Chromium on a real host with simulated providers: what a test of the pages needs.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { World } from '../system/host.mjs';

const options = {
  executablePath: process.env.MORTISE_TEST_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
};

export const launch = () => chromium.launch(options);

/** Runs `work({world, page, context})` and ends everything, whatever happened. */
export async function inBrowser({ settings = {}, context: how = {}, account = {} }, work) {
  const plugins = await twoServices();
  const world = await World.start({ settings: { 'plugins.path': plugins, ...settings } });
  const browser = await launch();
  try {
    await world.ok('PUT', '/v1/accounts/ana', { tier: 'free', email: 'ana@example.org', zone: 'Europe/Madrid', ...account });
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, locale: 'en-GB', ...how });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const broken = watch(page);
    await work({ world, browser, context, page });
    assert.deepEqual(broken, [], 'nothing broke in the page');
    assert.deepEqual([world.child.exitCode, world.child.signalCode], [null, null], `the host goes on: ${world.log}`);
  } catch (error) {
    for (const context of browser.contexts()) for (const page of context.pages()) await picture(page, `failed_${Date.now()}`, true).catch(() => {});
    throw error;
  } finally {
    await browser.close();
    await world.end();
    await rm(plugins, { recursive: true });
  }
}

/** A folder with the connectors that users see; the build has more. */
async function twoServices() {
  const folder = await mkdtemp(join(tmpdir(), 'mortise-plugins-'));
  for (const id of ['notion', 'google_calendar']) await symlink(join(process.env.MORTISE_BINARY_DIR, 'plugins', id), join(folder, id));
  return folder;
}

/** What went wrong in scripts, styles and policies of a page. */
export function watch(page) {
  const broken = [];
  page.on('pageerror', (error) => broken.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    // Answers that are no success are part of the tests; anything else on the console is not.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) broken.push(message.text());
  });
  return broken;
}

/** Comes in as a user of the app does. */
export async function signIn(world, page, search = '', account = 'ana') {
  const { code } = await world.ok('POST', `/v1/accounts/${account}/session_codes`);
  await page.goto(`${world.url}/ui/index.html${search}#code=${code}`);
  await page.locator('mortise-connections section').first().waitFor();
  return code;
}

/** On our page that says what will be synced, and on the provider's consent page. */
export async function consent(page, decision = 'Allow') {
  await page.getByRole('button', { name: /^Continue to/ }).click();
  await page.getByRole('button', { name: decision, exact: true }).click();
}

/** Waits until the page has worked off what it was answered before: it asks for something else, and has read that answer. */
export const caughtUp = (page) => page.evaluate(async () => {
  await (await fetch('/v1/health')).text();
  await new Promise((resolve) => { setTimeout(resolve); });
});

/** A door for what a route holds back until `open()`. */
export function gate() {
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  return { opened, open };
}

export const card = (page, connector) => page.locator(`mortise-connections [data-connector=${connector}]`);
export const service = (page, connector) => page.locator(`mortise-export [data-connector=${connector}]`);
export const badges = (page, task, connector) => page.locator(`mortise-sync-badge[task=${task}] [data-state]`, { hasText: connector });

/** A picture for a person to look at, in the build directory. */
export async function picture(page, name, whole = false) {
  const folder = join(process.env.MORTISE_BINARY_DIR, 'pictures');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: whole });
}
