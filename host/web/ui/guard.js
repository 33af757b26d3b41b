// What a run that a guard stopped would remove, and the two answers.

import { h, icon } from './dom.js';
import { t } from './texts.js';

const removesHere = new Set(['mass_removal_here', 'remote_empty', 'container_lost']);
const words = new Set([...removesHere, 'mass_removal', 'plan_emptied']);
const mostTitles = 50;
const deciding = new Set();
const titles = new Map();
const asked = (run) => `${run.id} ${run.guard.removals}`;  // it may look again, and ask about more

/** `element`: the component that shows it. One of several prompts about a run is the alert. */
export function guardView(element, connector, run, role = 'alert') {
  const guard = run.guard ?? {};
  const here = removesHere.has(guard.reason);
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
    guard.plan_id && h('details', { ontoggle: (event) => { if (event.target.open) readTitles(element, run); } },
      h('summary', {}, t('guard_list')), titlesView(run)),
    h('p', { class: 'soft' }, here ? t('guard_kept_here', values) : t('guard_kept_there')),
    h('div', { class: 'row wrap' },
      h('button', { class: 'danger', disabled: deciding.has(run.id), onclick: decide('approve') }, here ? t('approve_here') : t('approve_there')),
      h('button', { disabled: deciding.has(run.id), onclick: decide('discard') }, t('discard'))));
}

/** The preview of the plan says what it is about. */
async function readTitles(element, run) {
  titles.set(asked(run), null);
  const preview = await element.attempt(() => element.live.api.request('POST',
    `v1/accounts/${encodeURIComponent(run.account_id)}/exports/preview`,
    { body: { plan_id: run.guard.plan_id, connection_id: run.connection_id } }));
  const wanted = removesHere.has(run.guard.reason) ? 'take_away' : 'remove';
  if (preview) titles.set(asked(run), preview.items.filter((item) => item.action === wanted).map((item) => item.title));
  else titles.delete(asked(run));
  element.update();
}

function titlesView(run) {
  const list = titles.get(asked(run));
  if (!list) return h('p', { class: 'soft', role: 'status' }, t('loading'));
  return h('ul', {}, list.slice(0, mostTitles).map((title) => h('li', {}, title)),
    list.length > mostTitles && h('li', {}, t('preview_more', { count: list.length - mostTitles })));
}
