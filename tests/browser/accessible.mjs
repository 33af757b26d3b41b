// What can be checked by machine of a page's accessibility: names, order, headings, contrast, focus,
// sizes. What is asked of Chromium is its own accessibility tree, the one that screen readers get.
import assert from 'node:assert/strict';

const named = new Set(['button', 'link', 'checkbox', 'switch', 'combobox', 'textbox', 'spinbutton', 'progressbar', 'dialog',
  'heading', 'img', 'option', 'DisclosureTriangle', 'table']);

/** Everything that needs a name has one. `least`: how much there is to look at (of a panel over the page: what is in it). */
export async function assertNamed(page, least = 6) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const seen = nodes.filter((node) => !node.ignored && named.has(node.role?.value));
  assert.ok(seen.length >= least, `there is something to look at: ${seen.length}`);
  assert.deepEqual(seen.filter((node) => !node.name?.value?.trim()).map((node) => node.role.value), []);
}

/** One h1, no level left out, a language, ids unique in their root. */
export async function assertStructure(page) {
  const found = await page.evaluate(() => {
    const roots = (root) => [root, ...[...root.querySelectorAll('*')].filter((each) => each.shadowRoot).flatMap((each) => roots(each.shadowRoot))];
    const inOrder = (node) => [...node.childNodes].flatMap((child) => (child.nodeType === 1
      ? [...(/^H[1-6]$/.test(child.tagName) ? [Number(child.tagName[1])] : []), ...inOrder(child.shadowRoot ?? child)] : []));
    return {
      language: document.documentElement.lang,
      headings: inOrder(document.body),
      twice: roots(document).flatMap((root) => {
        const ids = [...root.querySelectorAll('[id]')].map((each) => each.id);
        return ids.filter((id, at) => ids.indexOf(id) !== at);
      }),
    };
  });
  assert.match(found.language, /^[a-z]{2}/);
  assert.equal(found.headings.filter((level) => level === 1).length, 1, 'one h1');
  found.headings.forEach((level, at) => assert.ok(level <= (found.headings[at - 1] ?? 0) + 1, `headings ${found.headings}`));
  assert.deepEqual(found.twice, []);
}

/** Text stands out from what is behind it: WCAG 2.2, 1.4.3 (4.5, large text 3); so do the edges of fields: 1.4.11 (3). */
export async function assertContrast(page) {
  const weak = await page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
      for (let each = element; each; each = each.parentElement ?? each.getRootNode().host) {
        const color = rgba(getComputedStyle(each).backgroundColor);
        if (color[3] === 255) return color;
      }
      return [255, 255, 255, 255];
    };
    const contrast = (one, other) => {
      const [a, b] = [luminance(one), luminance(other)];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    };
    const out = [];
    const walk = (root) => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) walk(element.shadowRoot);
        if (element.matches('select:enabled, input:enabled:not([type=checkbox])') && element.checkVisibility({ visibilityProperty: true })) {
          const ratio = contrast(rgba(getComputedStyle(element).borderTopColor), behind(element.parentElement));
          if (ratio < 3) out.push(`the edge of ${element.id || element.name}: ${ratio.toFixed(2)}`);
        }
        const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (!says || !element.checkVisibility({ visibilityProperty: true }) || element.closest(':disabled, option')) continue;
        const box = element.getBoundingClientRect();
        if (box.width <= 1 || box.right < 0) continue;  // for screen readers, or off the page until it has the focus
        const style = getComputedStyle(element);
        const ratio = contrast(rgba(style.color), behind(element));
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (large ? 3 : 4.5)) out.push(`${element.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
      }
    };
    walk(document);
    return out;
  });
  assert.deepEqual(weak, []);
}

/** Nothing to press is smaller than 24 by 24 (WCAG 2.2, 2.5.8; links within text are excepted), and nothing scrolls sideways. */
export async function assertSizes(page) {
  const found = await page.evaluate(() => {
    const small = [];
    const walk = (root) => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) walk(element.shadowRoot);
        if (!element.matches('button, summary, select, input:not([type=checkbox])') || !element.checkVisibility()) continue;
        const box = element.getBoundingClientRect();
        if (box.width < 24 || box.height < 24) small.push(`${element.tagName} ${element.textContent.trim()} ${box.width}x${box.height}`);
      }
    };
    walk(document);
    return { small, wide: document.documentElement.scrollWidth - document.documentElement.clientWidth };
  });
  assert.deepEqual(found.small, []);
  assert.ok(found.wide <= 0, `${found.wide} px too wide`);
}

/** Tabs through the page: every stop is visible, marked, and comes after the one before. Answers the names of the stops. */
export async function assertFocusOrder(page, most = 200) {
  await page.evaluate(() => {  // from the very beginning
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  const stops = [];
  for (let i = 0; i < most; ++i) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      if (!element || element === document.body) return null;
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      // Where it stands in the page, shadow roots unfolded.
      const path = [];
      for (let each = element; each; each = each.parentNode ?? each.host) {
        const parent = each.parentNode ?? each.host;
        if (parent?.childNodes && each.parentNode) path.unshift([...parent.childNodes].indexOf(each));
      }
      return { name: element.getAttribute('aria-label') ?? element.textContent.trim(), path, width: box.width, height: box.height, outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
    });
    if (!stop) break;
    stops.push(stop);
  }
  assert.ok(stops.length > 4 && stops.length < most, `${stops.length} stops`);
  const before = (a, b) => {
    for (let i = 0; i < Math.max(a.length, b.length); ++i) {
      if ((a[i] ?? -1) !== (b[i] ?? -1)) return (a[i] ?? -1) < (b[i] ?? -1);
    }
    return false;
  };
  stops.forEach((stop, at) => {
    assert.ok(stop.width > 0 && stop.height > 0, `${stop.name} is visible`);
    assert.ok(stop.outline, `${stop.name} shows its focus`);
    if (at > 0) assert.ok(before(stops[at - 1].path, stop.path), `${stops[at - 1].name} comes before ${stop.name}`);
  });
  return stops.map((stop) => stop.name);
}

export async function assertAccessible(page, least) {
  await assertNamed(page, least);
  await assertStructure(page);
  await assertContrast(page);
  await assertSizes(page);
}
