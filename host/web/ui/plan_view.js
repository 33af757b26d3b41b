// One plan: completion, export buttons, and its tasks by module and week, to tick and to rename.

import './badge.js';
import './history.js';
import './removed.js';
import { h, icon } from './dom.js';
import { complain } from './element.js';
import { live } from './live.js';
import { PlanRemoval } from './plan_removal.js';
import { openSheet, sheet } from './sheet.js';
import { day, duration, t } from './texts.js';

export class PlanView {
  #open = new Map();
  /** The title that is being edited, or null: whose, what it was, and what is typed so far. */
  #editing = null;
  #history = null;
  #plan;
  #removal;
  #draw;
  #focus;

  /** `task`: the id of the task to show first, or null. */
  constructor(plan, task, draw) {
    this.#plan = plan;
    this.#draw = draw;
    this.#focus = task;
    this.#removal = new PlanRemoval(draw);
  }

  /** As it is by now, or as it was at last. */
  get plan() {
    this.#plan = live.plan(this.#plan.id) ?? this.#plan;
    return this.#plan;
  }

  view() {
    const tasks = live.tasks(this.plan.id);
    return h('article', { key: this.plan.id },
      h('h1', { id: 'title', tabindex: -1 }, this.plan.title),
      this.#facts(),
      tasks && progressBar(tasks, true),
      h('section', { class: 'panel', 'aria-labelledby': 'export' },
        h('h2', { id: 'export' }, t('export_plan')),
        h('mortise-export', { plan: this.plan.id })),
      tasks ? this.#modules(tasks) : h('p', { class: 'soft', role: 'status' }, t('loading')),
      h('div', { class: 'end', key: 'end' },
        h('mortise-removed', { plan: this.plan.id }),
        this.plan.external_id !== 'calendar' && this.#removal.view(this.plan, tasks)),
      this.#history && sheet('history', t('history_of', this.#history), () => this.#openHistory(null),
        h('mortise-history', { task: this.#history.id })));
  }

  #facts() {
    const { skill_level: level, weekly_time_s: weekly, deadline } = this.plan;
    const facts = [
      level,
      weekly && t('a_week', { hours: Math.round(weekly / 360) / 10 }),
      deadline && t('deadline', { when: day(deadline, { day: 'numeric', month: 'long', year: 'numeric' }) }),
    ].filter(Boolean);
    return facts.length > 0 && h('p', { class: 'soft' }, facts.join(' · '));
  }

  #modules(tasks) {
    const byWeek = grouped(tasks);
    this.#unfold(tasks);
    const known = new Set(this.plan.modules.flatMap((module) => module.weeks.map((week) => week.id)));
    const others = [...byWeek].filter(([week]) => !known.has(week)).flatMap(([, list]) => list);
    return [
      this.plan.modules.map((module) => {
        const all = module.weeks.flatMap((week) => byWeek.get(week.id) ?? []);
        return h('section', { class: 'module', key: module.id, 'aria-labelledby': module.id },
          h('div', { class: 'row spread' }, h('h2', { id: module.id }, module.title), progressBar(all, false)),
          module.weeks.map((week) => this.#week(week.id, t('week', week), week.milestone, byWeek.get(week.id) ?? [])));
      }),
      others.length > 0 && h('section', { class: 'module', key: 'others' }, this.#week('', t('other_tasks'), '', others)),
    ];
  }

  /** At first, the week with the task that is looked for, or the first that is not done, is open. */
  #unfold(tasks) {
    if (this.#open.size > 0 || tasks.length === 0) return;
    const first = tasks.find((task) => task.id === this.#focus) ?? tasks.find((task) => task.status !== 'done') ?? tasks[0];
    this.#open.set(first.week_id ?? '', true);
    if (this.#focus) requestAnimationFrame(() => {
      const row = document.getElementById(this.#focus);
      row?.scrollIntoView({ block: 'center' });
      row?.querySelector('input')?.focus();
    });
  }

  #week(id, name, milestone, tasks) {
    const isOpen = this.#open.get(id) ?? false;
    const done = tasks.filter((task) => task.status === 'done').length;
    return h('details', { class: 'week', key: id, open: isOpen, ontoggle: (event) => {
      if ((this.#open.get(id) ?? false) === event.target.open) return;
      this.#open.set(id, event.target.open);
      this.#draw();
    } },
    h('summary', {},
      h('span', { class: 'grow' }, h('strong', {}, name), milestone ? ` ${milestone}` : ''),
      h('span', { class: 'soft count' }, `${done}/${tasks.length}`)),
    isOpen && h('ul', { class: 'tasks' }, tasks.map((task) => this.#task(task))));
  }

  #task(task) {
    const facts = [
      task.duration_s && duration(task.duration_s),
      task.due && t('due', { when: day(task.due) }),
      task.recurrence?.length > 0 && t('repeats'),
    ].filter(Boolean).join(' · ');
    return h('li', { class: `task ${task.status}`, key: task.id, id: task.id },
      h('input', { type: 'checkbox', checked: task.status === 'done', 'aria-label': t('mark_done', { title: task.title }),
        onchange: (event) => this.#change(task, { status: event.target.checked ? 'done' : 'todo' }) }),
      h('div', { class: 'grow' },
        this.#editing?.task === task.id ? this.#editor(task) : h('span', { class: 'title' }, task.title,
          h('button', { class: 'quiet edit', 'aria-label': t('edit_title', task), title: t('edit_title', task), onclick: () => this.#edit(task) }, icon('edit')),
          h('button', { class: 'quiet edit', 'aria-label': t('history_of', task), title: t('history_of', task), 'aria-haspopup': 'dialog', onclick: () => this.#openHistory(task) }, icon('clock'))),
        h('div', { class: 'soft facts' }, facts,
          task.link && h('a', { href: safeLink(task.link), target: '_blank', rel: 'noopener noreferrer' }, t('resource'), icon('out')))),
      h('mortise-sync-badge', { task: task.id, sync: task.sync }));
  }

  #editor(task) {
    const editing = this.#editing;
    return h('form', { class: 'row', onsubmit: (event) => {
      event.preventDefault();
      const title = editing.typed.trim();
      if (title && title !== editing.was) this.#change(task, { title });
      this.#endEdit();
    } },
    h('input', { name: 'title', value: editing.typed, required: true, maxlength: 2000, 'aria-label': t('title_of_task'),
      oninput: (event) => { editing.typed = event.target.value; },
      onkeydown: (event) => { if (event.key === 'Escape') this.#endEdit(); } }),
    h('button', { class: 'main' }, t('save')),
    h('button', { type: 'button', class: 'quiet', onclick: () => this.#endEdit() }, t('cancel')));
  }

  #openHistory(task) {
    this.#history = task;
    this.#draw();
    if (task) openSheet(document.querySelector('article'));
  }

  #edit(task) {
    this.#editing = { task: task.id, was: task.title, typed: task.title };
    this.#draw();
    const field = titleField(task);
    field?.focus();
    field?.select();
  }

  /** Closes the editor and gives the focus back to where it came from. */
  #endEdit() {
    const { task } = this.#editing;
    this.#editing = null;
    this.#draw();
    document.getElementById(task)?.querySelector('button.edit')?.focus();
  }

  async #change(task, change) {
    try {
      await live.changeTask(task, change);
    } catch (problem) {
      complain(problem);
      if (change.title && !this.#editing) this.#editAgain(task, change.title);
    }
  }

  /** A title that was refused is not lost; the focus only comes along if it stayed at the task. */
  #editAgain(task, typed) {
    const isHere = document.getElementById(task.id)?.contains(document.activeElement);
    this.#editing = { task: task.id, was: task.title, typed };
    this.#draw();
    if (isHere) titleField(task)?.focus();
  }
}

function titleField(task) {
  return document.getElementById(task.id)?.querySelector('input[name=title]');
}

/** Tasks by week. */
function grouped(tasks) {
  const groups = new Map();
  for (const task of tasks) {
    const week = task.week_id ?? '';
    if (!groups.has(week)) groups.set(week, []);
    groups.get(week).push(task);
  }
  return groups;
}

function progressBar(tasks, wide) {
  const total = tasks.filter((task) => task.status !== 'cancelled').length;
  const done = tasks.filter((task) => task.status === 'done').length;
  const percent = total ? Math.floor((100 * done) / total) : 0;
  const says = t('complete', { percent });
  return h('div', { class: wide ? 'completion wide' : 'completion' },
    h('progress', { max: total || 1, value: String(done), 'aria-label': says }),
    h('span', { class: 'soft' }, wide ? `${says} · ${t('tasks_done', { done, total })}` : says));
}

/** Links come from whoever wrote the plan: only ones that open a page. */
function safeLink(link) {
  return /^https?:\/\//i.test(link) ? link : undefined;
}
