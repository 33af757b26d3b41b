// Random histories of edits in the app, in the simulated Notion and in the simulated calendar, through a real host over
// HTTP: all sides end equal, the next look writes nothing, and no edit is lost untold. tests/system/model holds the parts.
// MORTISE_MODEL_OPERATIONS says how many edits (200), MORTISE_TEST_SEED which ones (1). It stops at the first history
// that fails; MORTISE_MODEL_FAILURES=N goes on with others until N have. MORTISE_MODEL_HISTORY=N begins with the Nth.
// MORTISE_MODEL_DAY=2026-11-22 says what was today, where a failure of another day is repeated.
// All sides have to be equal after one look at each service (at the calendar once more, for what Notion brought, where there
// are two), and after two where something had gone wrong.
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { everyAct } from './model/epoch.mjs';
import { History } from './model/history.mjs';
import { today } from './model/times.mjs';
import { combinations } from './model/shape.mjs';
import { failpoints, troubles } from './model/trouble.mjs';

const seed = Number(process.env.MORTISE_TEST_SEED ?? 1);
const operations = Number(process.env.MORTISE_MODEL_OPERATIONS ?? 200);
const only = process.env.MORTISE_MODEL_HISTORY;
const perHistory = Number(process.env.MORTISE_MODEL_LENGTH ?? 1500);
const enough = Number(process.env.MORTISE_MODEL_FAILURES ?? 1);
const atOnce = Number(process.env.MORTISE_MODEL_PARALLEL ?? (only === undefined ? 4 : 1));
/** What so many edits must have met to say anything. */
const inLongHistories = [...everyAct, ...Object.keys(troubles), ...combinations, ...failpoints.map((each) => `died at ${each}`),
  'answer: approve', 'answer: discard', 'answer: undo', 'run: change', 'run: notification', 'google 410', 'google 412', 'notion 409'];
if (existsSync('/dev/shm')) process.env.TMPDIR ??= '/dev/shm';

test(`sync model: ${operations} edits end equal (seed ${seed})`, { timeout: 36_000_000 }, async () => {
  const tally = {};
  let done = 0;
  let next = Number(only ?? 0);
  const failures = [];
  const begun = Date.now();
  let last = begun;
  const work = async () => {
    while (done < operations) {
      const history = new History(next++, seed, tally);
      try {
        await history.start();
        for (let made = 0; made < perHistory && done < operations;) {
          const before = history.operations;
          await history.epoch(history.dice.between(3, 25), history.aTrouble());
          made += history.operations - before;
          done += history.operations - before;
          if (Date.now() - last > 10_000) {
            last = Date.now();
            console.log(`# ${done} edits, ${Math.round(done * 1000 / (last - begun))} a second`);
          }
        }
        await history.countRefusals();
      } catch (problem) {
        failures.push(await history.tell(problem));
        console.log(failures.at(-1));
        if (failures.length >= enough) done = operations;
      } finally {
        await history.end().catch((problem) => failures.push(`history ${history.number} did not end well: ${problem.message}`));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = (Date.now() - begun) / 1000;
  console.log(`# seed ${seed}, day ${today}: ${done} edits in ${seconds.toFixed(0)} s; ${JSON.stringify(tally)}`);
  const unmet = operations < 100_000 ? [] : inLongHistories.filter((what) => !tally[what]);
  if (failures.length > 0) throw new Error(`${failures.length} of ${next} histories failed; the first: ${failures[0]}`);
  if (unmet.length > 0) throw new Error(`in ${done} edits there was no ${unmet.join(', ')}`);
});
