// A run that is under way: how far it is, what it waits for, and what it asks.

import { h, icon } from './dom.js';
import { connect } from './element.js';
import { guardView } from './guard.js';
import { asks } from './live.js';
import { t } from './texts.js';

/** `label` names the bar; `role`: of a guard's question. */
export function underWay(element, connector, run, label, role) {
  if (asks(run)) return guardView(element, connector, run, role);
  const { done, total } = run.progress;
  const waiting = run.state === 'waiting' && run.waiting_for;
  const says = run.cancel_requested ? t('cancelling')
    : waiting ? t(`waiting_${run.waiting_for}`, { service: connector.name })
      : run.state === 'queued' ? t('queued') : total ? t('progress', { done, total }) : t('starting');
  const cancel = () => element.attempt(async () => element.live.keep(await element.live.api.act(`v1/runs/${run.id}/cancel`)));
  return h('div', { class: 'run', key: run.id, 'data-state': run.state },
    h('progress', { 'aria-label': label, max: total || undefined, value: total ? String(done) : undefined, key: total ? 'known' : 'unknown' }),
    h('div', { class: 'row spread' },
      h('span', {}, waiting ? icon('pause') : icon('spinner'), says),
      h('span', { class: 'row' },
        waiting === 'reconnect' && h('button', { class: 'main', onclick: () => element.attempt(() => connect(connector.id)) }, t('reconnect', { service: connector.name })),
        h('button', { class: 'quiet', disabled: run.cancel_requested, onclick: cancel }, t('cancel')))));
}
