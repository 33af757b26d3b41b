// A panel over the page: it is in the document only while it is open, so that what it shows is read
// when somebody wants to see it.

import { h, icon } from './dom.js';
import { t } from './texts.js';

/** `onclose`: forgets that it is open, and draws. */
export function sheet(id, title, onclose, ...children) {
  const close = (event) => event.currentTarget.closest('dialog').close();
  return h('dialog', { class: 'sheet', key: id, 'aria-labelledby': id, onclose },
    h('div', { class: 'row spread head' }, h('h2', { id }, title),
      h('button', { type: 'button', class: 'quiet close', 'aria-label': t('close'), onclick: close }, icon('cross'))),
    children);
}

/** Opens the sheet that the next drawing puts into `root`; closing gives the focus back. */
export async function openSheet(root) {
  await new Promise(requestAnimationFrame);
  const dialog = root.querySelector('dialog');
  if (dialog && !dialog.open) dialog.showModal();
}
