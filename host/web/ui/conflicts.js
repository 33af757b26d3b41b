// What both sides had changed: both values, which one was kept, and the way back.

import { h, icon } from './dom.js';
import { ago, moment, t, why } from './texts.js';
import { valueText } from './values.js';

const busy = new Set();
const problems = new Map();

/** `conflicts`: newest first, as the API tells them. */
export function conflictsView(element, conflicts) {
  return h('ul', { class: 'plain' }, conflicts.map((each) => conflictView(element, each)));
}

function conflictView(element, conflict) {
  const { live } = element;
  const connection = live.connections.find((each) => each.id === conflict.connection_id);
  const service = live.connector(connection?.connector)?.name ?? connection?.connector ?? '';
  const undo = async (event) => {
    event.currentTarget.closest('li').focus();  // the button goes
    busy.add(conflict.id);
    element.update();
    problems.delete(conflict.id);
    try {
      live.keepConflict(await live.api.act(`v1/conflicts/${conflict.id}/undo`));
      await live.readTasksOf(conflict.plan_id);
    } catch (problem) {
      problems.set(conflict.id, why(problem));  // here: behind a panel nobody hears a toast
    }
    busy.delete(conflict.id);
    element.update();
  };
  const canUndo = Object.keys(conflict.undo).length > 0;
  return h('li', { class: 'conflict', key: conflict.id, tabindex: -1, 'data-conflict': conflict.id },
    h('div', { class: 'row spread' }, h('span', {}, h('strong', {}, conflict.title), conflict.slot && h('span', { class: 'soft' }, ' ', valueText(conflict.slot))),
      h('time', { class: 'soft', datetime: conflict.at, title: moment(conflict.at) }, ago(conflict.at))),
    h('table', { 'aria-label': conflict.title },
      h('thead', {}, h('tr', {}, [t('conflict_field'), t('conflict_base'), t('conflict_here'), t('conflict_there', { service })]
        .map((name) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, conflict.fields.map((line) => h('tr', {},
        h('th', { scope: 'row' }, fieldName(line.field)),
        h('td', { class: 'soft' }, shown(line.base)),
        value(line.here, line.kept, 'here'),
        value(line.there, line.kept, 'there'))))),
    h('div', { class: 'row spread' },
      h('span', { class: 'soft' }, t('conflict_by'), ' ', t(`policy_${conflict.policy}`)),
      conflict.undone_at ? h('span', { class: 'soft', role: 'status' }, icon('check'), ' ', t('undone', { when: ago(conflict.undone_at) }))
        : canUndo && h('button', { disabled: busy.has(conflict.id), 'aria-label': t('undo_of', conflict), title: t('undo_says'), onclick: undo }, icon('undo'), t('undo'))),
    problems.has(conflict.id) && h('p', { class: 'message', role: 'alert' }, problems.get(conflict.id)));
}

function value(what, kept, side) {
  const mark = kept === 'both' ? t('conflict_merged') : kept === side ? t('conflict_kept') : '';
  return h('td', { class: mark ? 'kept' : '' }, shown(what), mark && h('span', { class: 'mark' }, icon('check'), mark));
}

function fieldName(field) {
  return t(`field_${field}`) ?? field;
}

function shown(what) {
  return valueText(what) || h('span', { class: 'soft' }, t('no_value'));
}
