// What was edited since all sides last agreed, and what must have become of it.
import { dayAfter } from './times.mjs';

/** Edits of one task by side: 'here', 'google', 'notion'. */
class Story {
  edits = [];  // {side, field, value, at, knowing}
  removed = new Map();  // side -> at
  dragged = false;  // in Notion, and nobody has looked since
  mayReturn = false;  // although it was removed: with the page that held it, or since somebody moved it
  /** The last edit of a field by a side. */
  lastly(side, field) { return this.edits.findLast((each) => each.side === side && each.field === field); }
  sidesOf(field) { return [...new Set(this.edits.filter((each) => each.field === field).map((each) => each.side))]; }
  get fields() { return [...new Set(this.edits.map((each) => each.field))]; }
  get sides() { return new Set([...this.edits.map((each) => each.side), ...this.removed.keys()]); }
}

export class Ledger {
  stories = new Map();  // task id -> Story
  wereRemoved = new Set();  // ids of tasks that somebody removed once

  of(task) {
    if (!this.stories.has(task.id)) this.stories.set(task.id, Object.assign(new Story(), { task }));
    return this.stories.get(task.id);
  }
  /**
   * `day`: of a time, how a service says it that knows only the last day; `lasts`: the duration that was said with it.
   * Of an occurrence `which` (its original start) and what it is `said` to be from now on; of "this and following" what
   * it `follows` under.
   */
  edit(task, side, field, value, { day = '', lasts, which, said, follows } = {}) {
    const story = this.of(task);
    // A day and a time move each other: the later word of a side is the one that counts.
    const moving = ['when', 'due'];
    if (moving.includes(field)) story.edits = story.edits.filter((each) => each.side !== side || !moving.includes(each.field));
    story.edits.push({ side, field, value, day, lasts, which, said, follows, at: Date.now() });
  }
  remove(task, side) {
    this.of(task).removed.set(side, Date.now());
    this.wereRemoved.add(task.id);
  }
  isRemoved(task, side) { return this.stories.get(task.id)?.removed.has(side) ?? false; }
  clear() { this.stories.clear(); }
}

/** The fields of items that tell of what has no word of its own: a state, a length, a place, and what was taken away. */
const toldIn = {
  status: ['title', 'checked', 'Status'],
  duration: ['duration', 'start', 'showWithoutTime', 'Duration', 'detail'],
  week_id: [],
  link: ['link', 'Resource Link', 'description'],
  notes: ['description'],
  when: ['start', 'showWithoutTime', 'Due Date', 'detail'],
  due: ['start', 'Due Date', 'detail'],
  reminders: ['alerts'],
};

/** Whether a conflict that was recorded tells of an edit: by its word, a time by its day (all that Notion shows), a state by any. */
function tells(conflicts, { field, value, day }) {
  if (['status', 'duration', 'week_id'].includes(field) || value === '') return conflicts.some((each) => each.fields.some(({ field: name }) => toldIn[field].includes(name)));
  const words = (['when', 'due'].includes(field) ? [value.slice(0, 10), day] : [value]).filter(Boolean);
  const says = (side) => words.some((word) => `${JSON.stringify(side ?? null)} `.split(word).slice(1).some((rest) => !/^\d/.test(rest)));
  // Of several days, Notion shows the last, and a calendar's item the first.
  const lastDay = ({ undo }) => undo?.schedule?.kind === 'all_day' && undo.schedule.end && dayAfter(undo.schedule.end, -1);
  return conflicts.some((each) => words.includes(lastDay(each)) || each.fields.some((of) => says(of.here) || says(of.there)));
}

/**
 * Holds a task, as it is now (undefined: it is gone), against its story. `rules`:
 *   shown(side, edit, task)  whether that side can show the edit
 *   counts(edit)         whether an edit of a side may change the app at all
 *   unheard(edit)        whether it was not listened to: another side's edit of the same may have overwritten it
 *   racing               sides were told of each other's edits in between: a later edit may have meant to overwrite
 *   mayMiss(edit, edits, task)  whether an edit could fall between a reading and a writing that nothing guards
 *   isPart(service, edit, task)  whether the edit is decided about with all others of the item at that service
 *   winner(edits)        who must win where exactly two sides edited one field and nothing else, or null
 *   joins(field)         whether both have won then
 *   isWhole              whether a time and its duration are decided about together
 * Answers what is wrong, or null.
 */
export function verdict(story, now, conflicts, rules) {
  const { task, removed } = story;
  // What somebody changed and changed back is no edit.
  const isNews = ({ side, field }) => !rules.same(field, story.lastly(side, field).value, rules.value(task, field), side) || field === 'occurrences';
  const edits = story.edits.filter((each) => rules.counts(each) && isNews(each));
  const alive = now !== undefined;
  // An edit that the remover's side could see, by another side, outlives the removal.
  const others = edits.filter((each) => !removed.has(each.side) && each === story.lastly(each.side, each.field));
  // (Whether what was done to occurrences came to anything is not known here.)
  // (One that has lost, and is told, is nothing that is left to outlive it.)
  const outlives = others.some((each) => each.field !== 'occurrences' && !rules.unheard(each) && !tells(conflicts, each) &&
    [...removed.keys()].some((side) => side === 'here' || rules.shown(side, each, task)));
  if (removed.size === 0 && !alive) return `nobody removed ${name(task)}, and it is gone`;
  // (An edit that does not count may still bring the task back.)
  // (Two who removed it at different times may each have removed what the other's edit had brought back.)
  const atOnce = (!rules.racing || removed.size === 1) && !story.mayReturn;
  if (removed.size > 0 && atOnce && story.edits.every((each) => removed.has(each.side)) && alive) return `${name(task)} was removed by ${[...removed.keys()]}, and is there`;
  if (removed.size === 1 && outlives && !alive && !rules.racing) return `an edit by ${others.map((each) => each.side)} should have kept ${name(task)}`;
  if (!alive) return null;
  const live = removed.size === 0 ? edits : others;
  for (const field of new Set(live.map((each) => each.field))) {
    const problem = fieldVerdict(story, field, live, now, conflicts, rules);
    if (problem) return problem;
  }
  return wholeVerdict(story, edits, now, rules) ?? timeVerdict(story, now, rules);
}

const name = (task) => `"${task.title}" (${task.id})`;

/** A calendar says in the title, too, whether a task is done: whoever types it anew says both. Days and times move each other. */
const units = { status: 'title', due: 'when', duration: 'when' };
const unit = (field) => units[field] ?? field;
/**
 * What is written there over an edit of a field: its text, too, for a calendar shows a link below it; and a calendar lacks
 * what is cancelled, with all that was edited there; and from the first occurrence on is the series itself.
 */
const writes = (edit, field) => unit(edit.field) === unit(field) || field === 'notes' && edit.field === 'link' || edit.value === 'cancelled' || field === 'title' && edit.follows;

/** Where one side decides about the whole item, of two that edited it one has nothing left of that. */
function wholeVerdict(story, edits, now, rules) {
  const [service, ...more] = [...story.sides].filter((side) => side !== 'here');
  if (!story.sides.has('here') || !service || more.length > 0 || story.removed.size > 0 || story.spreads) return null;
  const inItem = ({ field }) => (field === 'link' ? 'notes' : unit(field));
  const stays = ({ side, field, value }) => rules.same(field, value, rules.value(now, field), side);
  // (A description that holds a new link cannot be taken over with the text alone: nothing is.)
  const tied = (each) => each.field === 'notes' && story.lastly('here', 'link');
  const lasts = edits.filter((each) => each === story.lastly(each.side, each.field) && rules.isPart(service, each, story.task) && !tied(each));
  const [mine, theirs] = [true, false].map((is) => lasts.filter(({ side }) => (side === 'here') === is));
  if (mine.some((each) => theirs.some((other) => inItem(each) === inItem(other)))) return null;
  const both = [mine.find(stays), theirs.find(stays)];
  return both.every(Boolean) ? `one side decides about ${name(story.task)}, and both stayed: ${JSON.stringify(both)}` : null;
}

/** When an event begins and how long it takes is one word of the calendar's: it is heard with both, or with neither. */
function timeVerdict(story, now, rules) {
  const theirs = story.lastly('google', 'when');
  if (!rules.isWhole || !theirs?.lasts || story.sides.has('notion') || story.removed.size > 0 || story.spreads) return null;
  const lasts = rules.value(now, 'duration') || '1800';  // half an hour, if nobody says
  const heard = rules.same('when', theirs.value, rules.value(now, 'when'), 'google');
  const fromHere = [rules.value(story.task, 'duration') || '1800', ...story.edits.filter((each) => each.side === 'here' && each.field === 'duration').map((each) => each.value)];
  if (heard ? lasts === theirs.lasts : lasts !== theirs.lasts || fromHere.includes(lasts)) return null;
  return `${name(story.task)} lasts ${lasts} s, and begins ${rules.value(now, 'when')}: of what google said, ${JSON.stringify(theirs)}, that is one half`;
}

function fieldVerdict(story, field, edits, now, conflicts, rules) {
  const mine = edits.filter((each) => each.field === field);
  const sides = [...new Set(mine.map((each) => each.side))];
  const lasts = sides.map((side) => mine.findLast((each) => each.side === side));
  const final = rules.value(now, field);
  const says = `${field} of ${name(story.task)} is ${JSON.stringify(final)}; edits: ${JSON.stringify(edits.map(({ side, field: of, value }) => [side, of, value]))}`;
  const same = (edit) => rules.same(field, edit.value, final, edit.side);
  const seen = lasts.filter((edit) => !edits.some((each) => unit(each.field) === unit(field) &&
    each.side !== 'here' && each.side !== edit.side && !rules.shown(each.side, edit, story.task)));
  const lone = story.sides.size === 1 && story.removed.size === 0 && !story.spreads && !rules.racing;
  for (const edit of seen) {
    if (same(edit)) continue;
    if (lone && !rules.unheard(edit)) return `${edit.side} alone edited it, and was not heard: ${says}`;
    // (What is not listened to goes with its item, too, although somebody else's edit makes that anew.)
    const gone = story.removed.size > 0;
    const overwritten = rules.unheard(edit) && (gone || story.edits.some((each) => each.side !== edit.side && (edit.side === 'notion' || writes(each, field)))) || rules.racing && (story.edits.some((each) => each.side !== edit.side && unit(each.field) === unit(field) && (field === 'status' || each.at >= edit.at)) || rules.mayMiss(edit, story.edits, story.task));
    if (!overwritten && !tells(conflicts, edit)) return `an edit by ${edit.side} was lost without a conflict: ${says}`;
  }
  if (seen.some((each) => !rules.unheard(each)) && !lasts.some(same) && !rules.racing && !rules.mayMix(field) && conflicts.length === 0) return `nobody said that: ${says}`;
  const alone = story.sides.size === 2 && story.removed.size === 0 && edits.length === mine.length && lasts.length === 2 && mine.length === 2;
  if (alone && !rules.racing && rules.joins(field) && !lasts.every(same)) return `of both, not both are there: ${says}`;
  const winner = alone && !rules.racing ? rules.winner(field, lasts) : null;
  if (winner && !same(winner)) return `${winner.side} should have won: ${says}`;
  return null;
}
