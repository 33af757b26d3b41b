// A page as a function of state: h() describes elements, render() makes the document so with the
// fewest changes, so that focus, scrolling and half-typed text survive an update. Text is only ever
// text: nothing here reads HTML.

const svgNamespace = 'http://www.w3.org/2000/svg';
const svgTags = new Set(['svg', 'path', 'circle']);
const asProperty = new Set(['value', 'checked', 'disabled', 'hidden', 'open', 'selected', 'sync', 'indeterminate']);

/** An element to be. `props`: attributes, properties, on... handlers, and `key` (who it is among its siblings). */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: present(children) };
}

/** Makes `root` hold exactly `wanted`. */
export function render(root, ...wanted) {
  patchChildren(root, present(wanted));
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== '');
}

/** What a child and a wanted one have in common if they are the same; several of a kind are told apart by their order. */
function kindOf(child) {
  const [tag, props] = child instanceof Node ? [child.localName, child.mortise] : [child.tag, child.props];
  return tag ? `${tag} ${props?.key}` : '';
}

function patchChildren(parent, wanted) {
  const kept = keptChildren(parent, wanted);
  const focused = parent.getRootNode().activeElement;
  let node = parent.firstChild;
  for (const each of wanted) {
    const same = kept.get(kindOf(each))?.shift();
    if (!same) {
      parent.insertBefore(create(each), node);
      continue;
    }
    // What is moved loses the focus: the one that has it stays, and the others move around it.
    if (same !== node && same.contains(focused)) moveBehind(same, node);
    else if (same !== node) parent.insertBefore(same, node);
    patch(same, each);
    node = same.nextSibling;
  }
}

/** The children that stay, by kind. The others go first: so the siblings stay where they are, and with them what is open in them. */
function keptChildren(parent, wanted) {
  const room = new Map();
  for (const each of wanted) room.set(kindOf(each), (room.get(kindOf(each)) ?? 0) + 1);
  const kept = new Map([...room.keys()].map((kind) => [kind, []]));
  for (const child of [...parent.childNodes]) {
    const list = kept.get(kindOf(child));
    if (list?.length < room.get(kindOf(child))) list.push(child);
    else child.remove();
  }
  return kept;
}

/** Moves `first` and what follows it up to `node` behind `node`. */
function moveBehind(node, first) {
  for (let last = node; first !== node;) {
    const next = first.nextSibling;
    last.after(first);
    last = first;
    first = next;
  }
}

function create(wanted) {
  if (typeof wanted !== 'object') return document.createTextNode(String(wanted));
  const node = svgTags.has(wanted.tag) ? document.createElementNS(svgNamespace, wanted.tag) : document.createElement(wanted.tag);
  node.mortise = {};
  patch(node, wanted);
  return node;
}

function patch(node, wanted) {
  if (typeof wanted !== 'object') {
    const text = String(wanted);
    if (node.data !== text) node.data = text;
    return;
  }
  const before = node.mortise;
  // Children first: a select takes its value only from options that are there.
  patchChildren(node, wanted.children);
  for (const name of Object.keys(before)) if (!(name in wanted.props)) set(node, name, undefined);
  for (const [name, value] of Object.entries(wanted.props)) {
    if ((before[name] !== value && !typed(node, name, before)) || moved(node, name, value)) set(node, name, value);
  }
  node.mortise = wanted.props;
}

/** Text that a person typed since it was drawn stays. */
function typed(node, name, before) {
  return name === 'value' && node.localName === 'input' && node.value !== String(before.value ?? '');
}

/** What a person or the browser changes by itself. */
function moved(node, name, value) {
  return (name === 'checked' || (name === 'value' && node.localName === 'select')) && node[name] !== value;
}

function set(node, name, value) {
  if (name === 'key') return;
  if (name.startsWith('on') || asProperty.has(name)) {
    node[name] = value ?? (name.startsWith('on') ? null : name === 'value' ? '' : false);
  } else if (value === undefined || value === null || value === false) {
    node.removeAttribute(name);
  } else {
    node.setAttribute(name, value === true ? '' : String(value));
  }
}

const shapes = {
  check: 'M5 12.5l4.5 4.5L19 7.5',
  cross: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  warning: 'M12 4L2.8 20h18.4zM12 10v4.5M12 17.2v.4',
  sync: 'M20 5v5h-5M4 19v-5h5M19.3 10A8 8 0 0 0 5.5 7.2M4.7 14a8 8 0 0 0 13.8 2.8',
  minus: 'M6 12h12',
  pause: 'M9 6v12M15 6v12',
  out: 'M9 6h9v9M18 6L7 17',
  in: 'M15 18H6V9M7 17L18 6',
  undo: 'M9 7L4 12l5 5M4 12h10a5 5 0 0 1 0 10h-2',
  clock: 'M12 7v5l3.5 2M12 3a9 9 0 1 0 .01 0z',
  edit: 'M5 19l1-4L16 5l3 3L9 18z',
};

/** A picture beside a text; the text says it all, so it is hidden from screen readers. */
export function icon(name, extra = '') {
  return h('svg', { class: `icon ${name} ${extra}`.trim(), viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    name === 'spinner' ? h('circle', { cx: 12, cy: 12, r: 8 }) : h('path', { d: shapes[name] }));
}
