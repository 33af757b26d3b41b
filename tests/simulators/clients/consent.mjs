// What people do at the consent pages, by reading them.

/** Reads a provider's consent page and sends its form as a person would; answers the redirect. */
export async function decide(url, { user, untick = [], decision = 'allow' } = {}) {
  const shown = await fetch(url, { redirect: 'manual' });
  if (shown.status !== 200) return shown;
  const html = await shown.text();
  const plain = (text) => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
  const people = [...html.matchAll(/type="radio" name="user" value="([^"]*)"/g)].map(([, value]) => plain(value));
  const form = new URLSearchParams({ user: user ?? people[0], decision });
  for (const [, name, value] of html.matchAll(/type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    form.append(name, plain(value));
  }
  for (const [, name, value] of html.matchAll(/type="checkbox" name="([^"]*)" value="([^"]*)"/g)) {
    if (!untick.includes(plain(value))) form.append(name, plain(value));
  }
  const action = plain(/<form[^>]* action="([^"]*)"/.exec(html)[1]);
  const sent = await fetch(new URL(action, url), { method: 'POST', body: form, redirect: 'manual' });
  if (![302, 303].includes(sent.status)) throw new Error(`consent: ${sent.status} ${await sent.text()}`);
  return sent;
}
