// What of a connection travels by itself: on or off, which way, how often, and which plans.

import { h } from './dom.js';
import { duration, t } from './texts.js';

const intervals = [60, 300, 900, 3600, 21_600, 86_400];

/** `connection`: with the changes that are on their way. `save(patch)` sends a merge patch. */
export function syncSettings(element, connector, connection, save) {
  const { id, auto_sync: isOn, direction } = connection;
  const service = connector.name;
  return [
    h('label', { class: 'switch' },
      h('input', { type: 'checkbox', role: 'switch', checked: isOn, onchange: (event) => save({ auto_sync: event.target.checked }) }),
      h('span', {}, t('auto_sync'), h('small', {}, t('auto_sync_says')))),
    h('div', { class: 'field' },
      h('label', { for: `direction-${id}` }, t('direction')),
      h('select', { id: `direction-${id}`, value: direction, onchange: (event) => save({ direction: event.target.value }) },
        ['both', 'push', 'pull'].map((each) => h('option', { value: each }, t(`direction_${each}`, { service }))))),
    interval(connection, service, save),
    plans(element, connection, save),
  ];
}

function interval({ id, auto_sync: isOn, direction, interval_s: now }, service, save) {
  const choices = intervals.includes(now) || !now ? intervals : [...intervals, now].sort((a, b) => a - b);
  return h('div', { class: 'field' },
    h('label', { for: `interval-${id}` }, t('interval', { service })),
    h('select', { id: `interval-${id}`, value: String(now), disabled: !isOn || direction === 'push', 'aria-describedby': `interval-says-${id}`,
      onchange: (event) => save({ interval_s: Number(event.target.value) }) },
    h('option', { value: '0' }, t('interval_default')),
    choices.map((each) => h('option', { value: String(each), key: each }, t('interval_every', { time: duration(each) })))),
    h('small', { id: `interval-says-${id}` }, t('interval_says')));
}

function plans(element, connection, save) {
  const choose = (plan) => (event) => {
    const others = connection.left_out_plans.filter((each) => each !== plan);
    save({ left_out_plans: event.target.checked ? others : [...others, plan] });
  };
  const list = element.live.plans();
  return h('fieldset', {},
    h('legend', {}, t('what_to_sync')),
    !list && h('p', { class: 'soft', role: 'status' }, t('loading')),
    list?.length === 0 && h('p', { class: 'soft' }, t('no_plans')),
    list?.map((plan) => h('label', { class: 'switch', key: plan.id },
      h('input', { type: 'checkbox', checked: !connection.left_out_plans.includes(plan.id), onchange: choose(plan.id) }),
      h('span', {}, plan.title, plan.external_id === 'calendar' && h('small', {}, t('what_to_sync_calendar'))))),
    h('small', {}, t('what_to_sync_says')));
}
