// What a person does stays: typed text, focus and what is open, whatever is read or drawn meanwhile.
import assert from 'node:assert/strict';
import test from 'node:test';
import { roadmap, until } from '../system/host.mjs';
import { caughtUp, inBrowser, signIn } from './browser.mjs';

const patches = /\/v1\/tasks\/[^/]+$/;
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
/** Reads everything anew, as the page does after each run. */
const read = (page) => page.evaluate(async () => (await import('/ui/live.js')).live.refresh());

/** Holds what the page sends to change a task, the first `count` of it; answers how to let it go. */
async function hold(page, count = Infinity) {
  let letGo;
  const gate = new Promise((resolve) => { letGo = resolve; });
  let seen = 0;
  await page.route(patches, async (route) => {
    seen += 1;
    if (seen <= count) await gate;
    await route.continue();
  });
  return letGo;
}

test('pages: what is typed and ticked stays, whatever is read meanwhile', { timeout: 120_000 }, async (t) => {
  await inBrowser({}, async ({ world, page }) => {
    const plan = await world.import(roadmap({ modules: 1, weeks: 1, tasks: 3 }));
    const [first, second, third] = await world.tasks(plan);
    const now = (task) => world.ok('GET', `/v1/tasks/${task.id}`);
    const edit = async (task) => {
      await page.getByRole('button', { name: `Edit the title of “${task.title}”` }).focus();
      await page.keyboard.press('Enter');
    };
    await signIn(world, page);

    await t.test('a tick and a title show over what was read before the host heard of them', async () => {
      const letGo = await hold(page);
      await page.getByRole('checkbox', { name: `Done: ${first.title}` }).focus();
      await page.keyboard.press('Space');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.keyboard.type('By keyboard');
      await page.keyboard.press('Enter');
      await read(page);
      assert.equal((await now(first)).title, first.title, 'the host has not heard of it');
      assert.equal(await focused(page), 'Edit the title of “By keyboard”');
      assert.ok(await page.getByRole('checkbox', { name: 'Done: By keyboard' }).isChecked());
      letGo();
      await until(async () => (await now(first)).title === 'By keyboard', 'the title');
      assert.equal((await now(first)).status, 'done');
      await read(page);
      assert.equal(await focused(page), 'Edit the title of “By keyboard”');
      assert.ok(await page.getByRole('checkbox', { name: 'Done: By keyboard' }).isChecked());
    });

    await t.test('ticked and unticked: the last one counts, however slow the first one was', async () => {
      const letGo = await hold(page, 1);
      const box = page.getByRole('checkbox', { name: `Done: ${third.title}` });
      await box.check();
      await box.uncheck();
      await read(page);
      assert.equal(await box.isChecked(), false);
      letGo();
      await until(async () => (await now(third)).rev === third.rev + 2, 'both changes');
      assert.equal((await now(third)).status, 'todo');
      await read(page);
      assert.equal(await box.isChecked(), false);
    });

    await t.test('the answer to a tick that comes late takes back nothing that was read since', async () => {
      const box = page.getByRole('checkbox', { name: `Done: ${third.title}` });
      let letGo;
      const gate = new Promise((resolve) => { letGo = resolve; });
      await page.route(patches, async (route) => {
        const answer = await route.fetch();
        const body = await answer.json();
        await gate;
        await route.fulfill({ response: answer, json: { ...body, sync: [{ connection_id: 'cnn_1', connector: 'notion', state: 'pending' }] } });
      });
      await box.check();
      await until(async () => (await now(third)).status === 'done', 'the tick');
      await read(page);
      const answered = page.waitForResponse(patches);
      letGo();
      await answered;
      await caughtUp(page);
      assert.ok(await box.isChecked());
      assert.equal(await page.locator('[data-state=pending]').count(), 0);
      await page.unrouteAll({ behavior: 'wait' });
      await box.uncheck();
      await until(async () => (await now(third)).status === 'todo', 'the tick taken back');
    });

    await t.test('half a title stays as the task is renamed elsewhere', async () => {
      await edit(second);
      await page.keyboard.type('Half');
      await world.ok('PATCH', `/v1/tasks/${second.id}`, { title: 'From elsewhere' });
      await read(page);
      await page.keyboard.type(' and whole');
      await page.keyboard.press('Enter');
      await until(async () => (await now(second)).title === 'Half and whole', 'the title');
    });

    await t.test('an editor that nobody typed in takes back nothing', async () => {
      await edit({ title: 'Half and whole' });
      await world.ok('PATCH', `/v1/tasks/${second.id}`, { title: 'From elsewhere' });
      await read(page);
      await page.keyboard.press('Enter');
      await until(async () => (await focused(page)) === 'Edit the title of “From elsewhere”', 'the title of elsewhere');
      assert.equal((await now(second)).title, 'From elsewhere');
    });

    await t.test('“Skip to the content” goes there, and takes nothing else along', async () => {
      await edit({ title: 'From elsewhere' });
      await page.keyboard.type('Half');
      await page.locator('.skip').focus();
      await page.keyboard.press('Enter');
      await until(() => page.evaluate(() => document.activeElement.id === 'main'), 'the focus');
      await read(page);
      assert.equal(await page.getByRole('textbox', { name: 'Title' }).inputValue(), 'Half');
      await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(() => document.querySelector('main').contains(document.activeElement)));
      await page.getByRole('button', { name: 'Cancel', exact: true }).first().click();
    });

    await t.test('back and forward lead to what was shown, and the focus goes to its title', async () => {
      const title = () => page.evaluate(() => document.activeElement.id === 'title' && document.activeElement.textContent);
      await world.import(roadmap({ modules: 1, weeks: 1, tasks: 1, title: 'Learn to cook' }));
      await page.getByRole('link', { name: /All plans/ }).click();
      await until(async () => (await title()) === 'Your plans', 'the list');
      await page.getByRole('link', { name: /^Learn to cook/ }).click();
      await until(async () => (await title()) === 'Learn to cook', 'the plan');
      await page.goBack();
      await until(async () => (await title()) === 'Your plans', 'the list again');
      await page.goForward();
      await until(async () => (await title()) === 'Learn to cook', 'the plan again');
      await page.goto(`${page.url().split('?')[0]}?plan=${plan.id}`);
      await page.locator('.task').first().waitFor();
    });

    await t.test('a title that was refused is there to be sent again', async () => {
      await page.route(patches, (route) => route.fulfill({ status: 503, json: { title: 'Not now', status: 503 } }));
      await edit({ title: 'From elsewhere' });
      await page.keyboard.type('At last');
      await page.keyboard.press('Enter');
      await page.locator('.toast', { hasText: 'Not now' }).waitFor();
      await until(async () => (await focused(page)) === 'Title', 'the editor');
      await page.unroute(patches);
      await page.keyboard.press('Enter');
      await until(async () => (await now(second)).title === 'At last', 'the title');
    });
  });
});

test('pages: drawing leaves the focus, what is typed and what is open', { timeout: 60_000 }, async (t) => {
  await inBrowser({}, async ({ world, page }) => {
    await page.goto(`${world.url}/ui/index.html`);
    await page.getByRole('heading', { name: 'Please come in through your app' }).waitFor();
    /** Runs `work({h, root, draw})` on a place of its own in the page; answers what it answers. */
    const drawn = async (work) => (await page.evaluateHandle(async () => {
      const { h, render } = await import('/ui/dom.js');
      const root = document.body.appendChild(document.createElement('div'));
      return { h, root, draw: (...wanted) => render(root, ...wanted) };
    })).evaluate(work);

    await t.test('a child with the focus keeps it wherever it goes among its siblings', async () => {
      assert.deepEqual(await drawn(({ h, root, draw }) => {
        const show = (names) => draw(h('ul', {}, [...names].map((name) => h('li', { key: name }, h('input', { 'aria-label': name })))));
        const seen = [];
        show('abcd');
        root.querySelector('[aria-label=c]').focus();
        for (const names of ['cabd', 'dbac', 'xcy', 'yxc', 'bcad', 'c']) {
          show(names);
          seen.push([...root.querySelectorAll('input')].map((each) => each.getAttribute('aria-label')).join(''), document.activeElement.getAttribute('aria-label'));
        }
        return seen;
      }), ['cabd', 'c', 'dbac', 'c', 'xcy', 'c', 'yxc', 'c', 'bcad', 'c', 'c', 'c']);
    });

    await t.test('a message that comes or goes closes nothing', async () => {
      assert.deepEqual(await drawn(({ h, root, draw }) => {
        const show = (...messages) => draw(messages.map((each) => h('p', {}, each)), h('div', {}, h('button', {}, 'Sync')), h('details', {}, h('summary', {}, 'Settings')));
        show('one', 'two');
        const [button, details] = [root.querySelector('button'), root.querySelector('details')];
        details.open = true;
        button.focus();
        const seen = [];
        for (const messages of [['two'], [], ['three', 'four', 'five']]) {
          show(...messages);
          seen.push(root.textContent, root.querySelector('details') === details && details.open, document.activeElement === button);
        }
        return seen;
      }), ['twoSyncSettings', true, true, 'SyncSettings', true, true, 'threefourfiveSyncSettings', true, true]);
    });

    await t.test('text that was typed stays, text that was not follows', async () => {
      assert.deepEqual(await drawn(({ h, root, draw }) => {
        const show = (value) => draw(h('input', { value }));
        const field = () => root.querySelector('input');
        show(3);
        show(4);
        const seen = [field().value];
        field().value = '40';
        show(5);
        seen.push(field().value);
        return seen;
      }), ['4', '40']);
    });
  });
});
