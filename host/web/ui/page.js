// The host's own page for end users: signs in with the one-time code in the address (#code=...),
// shows the account's plans, one plan, and the connections.

import './connections.js';
import './export.js';
import './toasts.js';
import { brandColors } from './brand.js';
import { client } from './client.js';
import { h, render } from './dom.js';
import { complain, toast } from './element.js';
import { live } from './live.js';
import { PlanView } from './plan_view.js';
import { day, language, t, why, whyNotYet } from './texts.js';

const root = document.getElementById('page');
let brand = { name: 'Mortise' };
let failed = null;
let plan = null;
let turn = 0;
/** The address that was opened last. */
let opened = '';
/** The one-time code that brought us here, until it is exchanged. */
let code = takeCode();
let started = false;

/** The built-in plan for appointments shows once it holds one. Null until they are read. */
function shownPlans() {
  return live.account ? live.plans()?.filter((each) => each.external_id !== 'calendar' || each.tasks_rev > 0) : null;
}

function address() {
  return new URL(location.href).searchParams;
}

function here() {
  return location.pathname + location.search;
}

function go(event, search) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, '', `${location.pathname}${search}`);
  open().then((shown) => {
    if (!shown) return;
    scrollTo(0, 0);
    focusTitle();
  });
}

/** Back and forward. A fragment alone opens nothing anew, unless the app sends somebody in once more. */
function moved() {
  if (/^#code=/.test(location.hash)) location.reload();
  else if (here() !== opened) open().then((shown) => shown && focusTitle());
}

function focusTitle() {
  document.getElementById('title')?.focus({ preventScroll: true });
}

/**
 * Shows what the address asks for: ?plan=, ?task= (the link back from a service), or the list; the only plan at once.
 * Answers whether it did: nobody waits any more for what is there after the next one was asked for.
 */
async function open() {
  const mine = ++turn;
  opened = here();
  const [wanted, task] = [address().get('plan'), address().get('task')];
  const plans = shownPlans();
  if (!plans) return false;
  const only = plans.length === 1 ? plans[0].id : null;
  let found = null;
  let problem = null;
  try {
    const id = wanted ?? (task ? (await client.get(`v1/tasks/${encodeURIComponent(task)}`)).plan_id : only);
    if (id) found = live.plan(id) ?? await live.readPlan(id);
  } catch (refused) {
    if (refused.status !== 404) problem = refused;
  }
  if (mine !== turn) return false;
  failed = problem;
  plan = found ? new PlanView(found, task, draw) : null;
  draw();
  return true;
}

/** Draws what is known by now; a plan that is not there any more is left. */
function heard() {
  if (!plan || !live.isGone(plan.plan.id)) {
    draw();
    return;
  }
  toast(t('plan_removed', plan.plan));
  plan = null;
  history.replaceState(null, '', location.pathname);
  open().then((shown) => shown && document.activeElement === document.body && focusTitle());  // what had the focus is gone
}

function draw() {
  document.documentElement.lang ||= language();
  document.title = plan && live.account ? `${plan.plan.title} · ${brand.name}` : brand.name;
  render(root,
    h('a', { class: 'skip', href: '#main' }, t('skip')),
    h('header', { class: 'bar' },
      h('a', { class: 'brand', href: location.pathname, onclick: (event) => go(event, '') },
        h('img', { src: brand.logo_url || new URL('mark.svg', import.meta.url).href, alt: '', width: 28, height: 28 }), brand.name),
      live.account && h('div', { class: 'row' },
        live.usage && h('span', { class: 'soft usage' }, live.usage.limit === null ? t('quota_unlimited') : t('quota_used', live.usage)),
        h('button', { class: 'quiet', onclick: signOut }, t('sign_out')))),
    h('main', { id: 'main', tabindex: -1 }, content()));
}

function content() {
  const out = (failed ?? live.problem)?.status === 401;
  if (failed || out) {
    return h('section', { class: 'empty' },
      h('h1', { id: 'title', tabindex: -1 }, out ? t('sign_in_title') : t('error')),
      h('p', {}, out ? t('sign_in_says', { app: brand.name }) : why(failed)),
      !out && h('button', { onclick: retry }, t('retry')));
  }
  const plans = shownPlans();
  if (!plans) return h('p', { class: 'soft', role: 'status' }, t('loading'));
  return [
    live.problem && h('p', { class: 'banner', role: 'alert' }, whyNotYet(live.problem)),
    plan ? [
      plans.length > 1 && h('nav', {}, h('a', { href: location.pathname, onclick: (event) => go(event, '') }, `← ${t('back_to_plans')}`)),
      plan.view(),
    ] : planList(plans),
    h('section', { 'aria-labelledby': 'connections', key: 'connections' },
      h('h2', { id: 'connections' }, t('connections')),
      h('mortise-connections', {})),
  ];
}

function planList(plans) {
  return [
    h('h1', { id: 'title', tabindex: -1 }, t('your_plans')),
    plans.length === 0 && h('p', { class: 'soft' }, t('no_plans')),
    h('ul', { class: 'plans' }, plans.map((each) => {
      const facts = [
        each.weekly_time_s && t('a_week', { hours: Math.round(each.weekly_time_s / 360) / 10 }),
        each.deadline && t('deadline', { when: day(each.deadline, { day: 'numeric', month: 'long', year: 'numeric' }) }),
      ].filter(Boolean).join(' · ');
      return h('li', { key: each.id },
        h('a', { class: 'plan', href: `?plan=${each.id}`, onclick: (event) => go(event, `?plan=${each.id}`) },
          h('strong', {}, each.title), facts && h('span', { class: 'soft' }, facts)));
    })),
  ];
}

async function signOut() {
  try {
    await client.signOut();
  } catch (problem) {
    if (problem.status !== 401) {
      complain(problem);  // still signed in
      return;
    }
  }
  location.reload();
}

function takeCode() {
  const found = /^#code=([\w-]+)$/.exec(location.hash)?.[1];
  if (found) history.replaceState(null, '', here());
  return found;
}

/** Once more what did not work. */
function retry() {
  failed = null;
  if (started) open();
  else start();
}

async function start() {
  const named = client.get('ui/brand.json').then((answer) => {
    brand = answer;
    if (brand.color) for (const [name, value] of Object.entries(brandColors(brand.color))) document.documentElement.style.setProperty(name, value);
  }).catch(() => {});
  draw();
  try {
    await client.useCookie(code);
    code = '';
    await Promise.all([live.begin(), named]);
    document.documentElement.lang = language(live.profile.locale);
    await live.readPlans();
    live.subscribe(heard);
    started = true;
    await open();
  } catch (problem) {
    await named;
    failed = problem;
    draw();
  }
}

addEventListener('popstate', moved);
start();
