// What a run that a guard stopped would remove, and the two answers.

import { h, icon } from './dom.js';
import { t, why } from './texts.js';

const removesHere = new Set(['mass_removal_here', 'remote_empty', 'container_lost']);
const words = new Set([...removesHere, 'mass_removal', 'plan_emptied']);
const mostTitles = 50;
const deciding = new Set();
/** By question: {titles}, {problem}, or null while it is read. */
const lists = new Map();
const question = (run) => `${run.id} ${JSON.stringify(run.guard)}`;  // it may look again, and ask something else

/** `element`: the component that shows it. One of several prompts about a run is the alert. */
export function guardView(element, connector, run, role = 'alert') {
  const guard = run.guard ?? {};
  const here = removesHere.has(guard.reason);
  const yes = guard.reason === 'container_lost' ? 'approve_lost' : here ? 'approve_here' : 'approve_there';
  const values = { ...guard, service: connector.name };
  const decide = (verb) => async (event) => {
    const place = event.currentTarget.closest('section');  // the question goes
    place.tabIndex = -1;
    place.focus();
    deciding.add(run.id);
    element.update();
    // A yes is to what was shown: if it asks about something else by now, that is shown first.
    const body = verb === 'approve' ? { guard } : {};
    await element.attempt(async () => {
      try {
        element.live.keep(await element.live.api.act(`v1/runs/${run.id}/${verb}`, body));
      } catch (problem) {
        if (problem.reason === 'guard_changed') element.live.keep(await element.live.api.get(`v1/runs/${run.id}`));
        throw problem;
      }
    });
    deciding.delete(run.id);
    element.update();
  };
  const id = `guard-${run.id}`;
  return h('div', { class: 'guard', role, 'aria-labelledby': id, key: run.id },
    h('p', { id }, icon('warning'), h('strong', {}, t('waiting_approval'))),
    h('p', {}, words.has(guard.reason) ? t(`guard_${guard.reason}`, values) : guard.message ?? ''),
    guard.plan_id && h('details', { key: question(run), ontoggle: (event) => { if (event.target.open) readTitles(element, run); } },
      h('summary', {}, t('guard_list')), titlesView(element, run)),
    h('p', { class: 'soft' }, here ? t('guard_kept_here', values) : t('guard_kept_there')),
    h('div', { class: 'row wrap' },
      h('button', { class: 'danger', disabled: deciding.has(run.id), onclick: decide('approve') }, t(yes)),
      h('button', { disabled: deciding.has(run.id), onclick: decide('discard') }, t('discard'))));
}

/** The preview of the plan says what it is about. Several places may show it. */
async function readTitles({ live }, run) {
  const asked = question(run);
  const known = lists.get(asked);
  if (known === null) return;
  if (!known?.titles) lists.set(asked, null);
  live.changed();
  const wanted = removesHere.has(run.guard.reason) ? 'take_away' : 'remove';
  try {
    const preview = await live.api.request('POST', `v1/accounts/${encodeURIComponent(run.account_id)}/exports/preview`,
      { body: { plan_id: run.guard.plan_id, connection_id: run.connection_id } });
    lists.set(asked, { titles: preview.items.filter((item) => item.action === wanted).map((item) => item.title) });
  } catch (problem) {
    lists.set(asked, { problem });
  }
  live.changed();
}

function titlesView(element, run) {
  const list = lists.get(question(run));
  if (list?.problem) {
    return h('div', { class: 'row wrap', role: 'alert' }, h('span', { class: 'message' }, why(list.problem)),
      h('button', { onclick: () => readTitles(element, run) }, t('retry')));
  }
  if (!list) return h('p', { class: 'soft', role: 'status' }, t('loading'));
  const { titles } = list;
  if (titles.length === 0) return h('p', { class: 'soft' }, t('guard_list_none'));
  return h('ul', {}, titles.slice(0, mostTitles).map((title) => h('li', {}, title)),
    titles.length > mostTitles && h('li', {}, t('preview_more', { count: titles.length - mostTitles })));
}
