// The settings of one connection: what travels, where it works, and whatever the mapping and the
// connector describe. Every change is saved at once.

import { h } from './dom.js';
import { syncSettings } from './sync_settings.js';
import { t } from './texts.js';

/** Changes on their way, by connection: {turn, patch}. They show at once. */
const saving = new Map();
/** The places that are being chosen or made ('+'), by connection. */
const choosing = new Map();

/** `element` is the component that shows it; `targets` and `titles` are its memory, by connection. */
export function settingsView(element, connector, saved, targets, titles) {
  const connection = merged(saved, saving.get(saved.id)?.patch ?? {});
  // One after the other, as they were made.
  const save = (patch) => {
    const before = saving.get(saved.id);
    const change = { patch: merged(before?.patch ?? {}, patch) };
    change.turn = Promise.resolve(before?.turn).then(() => element.attempt(async () => {
      element.live.keepConnection(await element.live.api.patch(`v1/connections/${saved.id}`, patch));
      element.toast(t('saved'));
    })).then(() => {
      if (saving.get(saved.id) === change) saving.delete(saved.id);
      element.update();
    });
    saving.set(saved.id, change);
    element.update();
  };
  const open = (event) => {
    if (event.target.open) readTargets(element, connection, targets);
  };
  return h('details', { class: 'settings', ontoggle: open },
    h('summary', {}, t('settings')),
    syncSettings(element, connector, connection, save),
    targetView(element, connection, targets, titles),
    ['mapping', 'connector'].map((part) => connector.settings[part].map((setting) =>
      settingView(`${connection.id}-${part}-${setting.name}`, setting, connection.settings?.[part]?.[setting.name],
        (value) => save({ settings: { [part]: { [setting.name]: value } } })))),
    h('ul', { class: 'soft' }, connector.features.map((feature) => h('li', {}, feature.says))));
}

/** A merge patch (RFC 7396) applied, as far as settings need it. */
function merged(to, patch) {
  const isObject = (value) => value && typeof value === 'object' && !Array.isArray(value);
  const out = { ...to };
  for (const [name, value] of Object.entries(patch)) out[name] = isObject(value) ? merged(to?.[name] ?? {}, value) : value;
  return out;
}

/** What is known shows meanwhile. */
async function readTargets(element, connection, targets) {
  const page = await element.attempt(() => element.live.api.get(`v1/connections/${connection.id}/targets`));
  if (page) targets.set(connection.id, page.items);
  element.update();
}

function targetView(element, connection, targets, titles) {
  const items = targets.get(connection.id);
  const choose = async (body) => {
    if (choosing.has(connection.id)) return;
    choosing.set(connection.id, body.id ?? '+');
    element.update();
    await element.attempt(async () => {
      element.live.keepConnection(await element.live.api.request('PUT', `v1/connections/${connection.id}/target`, { body }));
      element.toast(t('saved'));
      if (body.title) {
        titles.delete(connection.id);
        await readTargets(element, connection, targets);
      }
    });
    choosing.delete(connection.id);
    element.update();
    element.refocus(`#target-${connection.id}`);
  };
  const now = connection.target?.id ?? '';
  const fresh = titles.get(connection.id);
  const chosen = choosing.get(connection.id);
  const select = h('select', { id: `target-${connection.id}`, disabled: !items || chosen !== undefined, value: chosen ?? (fresh === undefined ? now : '+'),
    onchange: (event) => {
      const { value } = event.target;
      if (value === '+') titles.set(connection.id, '');
      else titles.delete(connection.id);
      if (value && value !== '+') choose({ id: value });
      element.update();
    } },
  !now && h('option', { value: '' }, t('target_chosen_later')),
  now && !items?.some((item) => item.id === now) && h('option', { value: now }, connection.target.title),
  (items ?? []).map((item) => h('option', { value: item.id, disabled: item.read_only, key: item.id },
    item.read_only ? `${item.title} (${t('target_read_only')})` : item.title)),
  items && h('option', { value: '+' }, `${t('target_new')}…`));
  return h('div', { class: 'field' },
    h('label', { for: `target-${connection.id}` }, t('target')), select,
    fresh !== undefined && h('form', { class: 'row', onsubmit: (event) => {
      event.preventDefault();
      const title = event.target.elements.title.value.trim();
      if (title) choose({ title });
    } },
    h('input', { name: 'title', required: true, maxlength: 200, 'aria-label': t('target_new_title'), placeholder: t('target_new_title') }),
    h('button', { disabled: chosen !== undefined }, t('target_make'))));
}

function settingView(id, setting, override, save) {
  const value = override ?? setting.default;
  const label = setting.label || setting.name.replaceAll('_', ' ');
  const says = setting.says && h('small', { id: `${id}-says` }, setting.says);
  const common = { id, ...(says && { 'aria-describedby': `${id}-says` }) };
  if (setting.type === 'flag') {
    return h('label', { class: 'switch', key: id },
      h('input', { ...common, type: 'checkbox', role: 'switch', checked: value === true, onchange: (event) => save(event.target.checked) }),
      h('span', { class: 'label' }, label, says));
  }
  const control = setting.type === 'choice'
    ? h('select', { ...common, value: value ?? '', onchange: (event) => save(event.target.value) },
      setting.choices.map((choice) => h('option', { value: choice }, choice)))
    : h('input', { ...common, type: setting.type === 'integer' ? 'number' : setting.type === 'url' ? 'url' : 'text',
      min: setting.least, max: setting.most, value: value ?? '',
      onchange: (event) => { if (event.target.reportValidity()) save(setting.type === 'integer' ? event.target.valueAsNumber : event.target.value); } });
  return h('div', { class: 'field', key: id }, h('label', { for: id, class: 'label' }, label), control, says);
}
