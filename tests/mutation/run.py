#!/usr/bin/env python3
"""Proves that the tests of the sync core notice a wrong branch.

    tests/mutation/run.py [--all | --only WORDS ...] [--seed N] [--model]

Each mutant changes one decision of host/core/merge.cpp or host/core/reconcile.cpp in a copy of the sources: it breaks
a promise, or does what an `if` says when it does not hold. It is built there, and a test has to notice: a unit test, else
a sync test. With --model the model test alone (tests/system/sync_model, 20,000 edits on an optimised build) has to
notice. A test has noticed when it says which of its expectations failed, and the first of them is shown. One that crashed,
came to no end, or failed without saying so, has decided nothing: it is run once more. Without --all or --only (those
whose promise or condition has one of these words) five mutants are drawn by the seed, which is printed. Exit code 0:
every mutant was noticed."""
import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import typing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MERGE = "host/core/merge.cpp"
RECONCILE = "host/core/reconcile.cpp"

# (file, what stands there, what the mutant says, which promise it breaks)
PROMISES = [
    (MERGE, "if (there.empty()) continue;", "if (there.empty()) { for (const auto& name : here) take_[name] = value(there_, name); continue; }",
     "our own edit is kept"),
    (MERGE, "{ return value(here_, name) == value(there_, name); }", "{ return value(here_, name) != value(there_, name); }",
     "a real conflict is settled"),
    (MERGE, "if (agreed != theirs) merged_.insist.push_back(name);", "", "our winning value is written there"),
    (MERGE, "merged_.conflicts.push_back(std::move(conflict));", "", "a dropped value is told"),
    (MERGE, "input_.there_ms - input_.here_ms <", "input_.there_ms - input_.here_ms >", "the newer edit wins"),
    (MERGE, "if (!taken.contains(name) && value(here, name) != value(there, name)) {", "if (taken.contains(name)) {",
     "a pending edit stays pending"),
    (MERGE, "for (const std::string& name : merged.insist) remember(name, value(there, name));", "", "an insisted value is written"),
    (MERGE, "input.seen.empty() ? sent_ : object(input.seen)", "sent_", "the service's own form is no edit"),
    (MERGE, "merged_.nothing_new = changed_there_.empty();", "merged_.nothing_new = true;", "an edit there is noticed"),
    (RECONCILE, "if (news != nullptr && news->state != RemoteState::edited) end = news;", "static_cast<void>(news);",
     "a deletion there is noticed"),
    (RECONCILE, "if (!rules_.pull || gone(key)) return nullptr;", "if (rules_.pull || gone(key)) return nullptr;", "an edit there is received"),
    (RECONCILE, "return pair.sent_hash != content_hash(item.fields);", "return pair.sent_hash == content_hash(item.fields);", "an edit here is written"),
    (RECONCILE, "return edited_by_person(item, pair) || moved(item, pair) || needed_", "return moved(item, pair) || needed_",
     "an edit outlives a deletion there"),
    (RECONCILE, "has_news(item, pair) || comes_along(item, pair)", "has_news(item, pair)", "what was dragged into a page that is made anew comes along"),
    (RECONCILE, "lost) {\n        take_away(item, pair);\n", "lost) {\n        ++unchanged_;\n", "a deletion there comes back"),
    (RECONCILE, "} else if (edited(item, pair)) {\n      update(item, pair);", "} else if (edited(item, pair)) {\n      recreate(item, pair);",
     "an edit is an update"),
    (RECONCILE, "if (hidden_ + doubled_ > 0) {", "if (false) {", "a lost container is asked about"),
    (RECONCILE, "if (is_task(item) && is_hidden(pair)) {", "if (false) {", "what may only be hidden is not made a second time unasked"),
    (RECONCILE, "doubled_ += rules_.writes;", "doubled_ += 1;", "where nothing is written, nothing can be there twice"),
    (RECONCILE, "if (emptied && (!told || (taken_away_ > 1 && holds_ours()))) {", "if (emptied && told && taken_away_ < 0) {", "an emptied service is asked about"),
    (RECONCILE, "if (emptied && (count > 1 || (removals > 1 && holds_ours()))) {", "if (false) {", "an emptied plan is asked about"),
    (RECONCILE, "if (emptied && (count > 1 || (removals > 1 && holds_ours()))) {", "if (emptied && count > 1) {", "a plan that is emptied one by one is asked about"),
    (RECONCILE, "removals * 100 > existing() * rules_.remove_percent;", "false;", "a mass removal is asked about"),
    (RECONCILE, "if (reset_by_update(pair)) {", "if (false) {", "what a series' update resets is not removed one by one"),
    (RECONCILE, "return !item.task_id.empty() && item.slot.empty();", "return !item.task_id.empty();", "an occurrence goes with its series"),
    (RECONCILE, "if (!changes.refuse && rules_.writes)", "if (!changes.refuse)", "nobody is asked about what is not done"),
    (MERGE, 'if (name != "start" && value(sent, name) == value(latest, name)) copy_field(name, ours, sent);', "static_cast<void>(name);",
     "what is to be written of a series is to be written of its occurrences"),
    (MERGE, "keep_together(rules_.placing);", "", "others' moves are no part of an edit"),
    (RECONCILE, "if (gone(pair.key) || leaves_with_container(pair)) action.kind = ActionKind::forget;", "",
     "what left with its container is not removed twice"),
    (MERGE, "case MergePolicy::local:\n        return true;", "case MergePolicy::local:\n        return false;", "the app wins where it shall"),
    (MERGE, "case MergePolicy::remote:\n        return false;", "case MergePolicy::remote:\n        return true;", "the service wins where it shall"),
    (MERGE, "rules_.policy != MergePolicy::merge || one_is_called_off()", "one_is_called_off()",
     "but for merge, one side decides about the whole"),
    (MERGE, "rules_.policy != MergePolicy::merge || one_is_called_off()", "rules_.policy != MergePolicy::merge",
     "against what is called off an edit counts as a whole"),
    (MERGE, "if (resolved && *resolved) agreed = Json::parse(**resolved, nullptr, false);", "", "a script has the last word"),
    (MERGE, "for (const std::vector<std::string>& group : rules_.together) keep_together(group);", "", "what belongs together is one"),
    (RECONCILE, "return pair.kind != item.kind || pair.parent_key != item.parent_key;", "return pair.kind != item.kind;",
     "a task moves with its week"),
    (RECONCILE, "if (count == 0 || rules_.plan_removed) return std::nullopt;", "if (count == 0) return std::nullopt;",
     "of a plan that was removed nobody is asked"),
    (RECONCILE, "if (emptied && (!told || (taken_away_ > 1 && holds_ours()))) {", "if (emptied && !told) {",
     "what was emptied item by item is asked about"),
    (RECONCILE, "if (says_something && gone(item->parent_key)) needed_.insert(item->parent_key);", "", "a page that is needed is made anew"),
    (RECONCILE, "replaced_.insert(item.key);", "", "what stood in a page that is made anew is made anew"),
]


class Mutant(typing.NamedTuple):
    file: str
    at: int
    says: str
    instead: str
    promise: str  # that it breaks, or the condition that it flips

    def apply(self, text):
        return text[: self.at] + self.instead + text[self.at + len(self.says) :]


def broken(file, says, instead, promise):
    text = (ROOT / file).read_text()
    if text.count(says) != 1:
        sys.exit(f"{file} has this {text.count(says)} times, not once: {says}")
    return Mutant(file, text.index(says), says, instead, promise)


def start_of_choice(text, at):
    """Where the condition of the `?` at `at` begins."""
    depth = 0
    while True:
        at -= 1
        depth += {")": 1, "(": -1}.get(text[at], 0)
        alone = text[at - 1 : at + 2]  # = and :, not ==, <=, ::
        if depth < 0 or depth == 0 and (text[at] in ",;{}" or re.fullmatch(r"[^=<>!]=[^=]|[^:]:[^:]", alone) or text[:at].endswith("return")):
            return re.compile(r"\s*").match(text, at + 1).end()


def flipped(file, end=None):
    """A mutant for each `if` and each `?:` of a file, up to the text `end`: it holds when it should not. Not for one that
    only asks whether there is something: what it guards cannot be run without."""
    text = (ROOT / file).read_text()
    stop_at = text.index(end) if end else len(text)
    for found in re.finditer(r" \? ", text[:stop_at]):
        begin = start_of_choice(text, found.start())
        condition = text[begin : found.start()]
        if re.search(r"== (nullptr|[\w.]+end\(\))|is_object", condition):
            continue
        line = text.count("\n", 0, begin) + 1
        yield Mutant(file, begin, condition, f"!({condition})", f"{file}:{line}: {' '.join(condition.split())} ?")
    for found in re.finditer(r"\bif \(", text[:stop_at]):
        stop = found.end()
        depth = 1
        while depth > 0:
            depth += {"(": 1, ")": -1}.get(text[stop], 0)
            stop += 1
        condition = text[found.end() : stop - 1].rpartition("; ")[2]
        if not re.match(r"(const )?[\w:]+[*&]* \w+ = ", condition):
            line = text.count("\n", 0, stop) + 1
            yield Mutant(file, stop - 1 - len(condition), condition, f"!({condition})", f"{file}:{line}: {' '.join(condition.split())}")


# (What is alike is no part of reconcile(), and no matter of the model's.)
MUTANTS = [*(broken(*each) for each in PROMISES), *flipped(MERGE), *flipped(RECONCILE, end="link_alike(")]


def copy_sources(to):
    tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, tracked):
        source = ROOT / name
        if source.is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to / name)


def build(folder, preset, targets):
    command = ["cmake", "--build", str(folder / "build" / preset), "--parallel", str(os.cpu_count()), "--target", *targets]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Verdict(typing.NamedTuple):
    word: str  # fine, noticed, undecided
    said: str = ""  # the first expectation that failed, or why nothing is decided


def verdict(judge, code, output):
    """What a test means that ended with this code (None: it came to no end) and this output."""
    if code == 0:
        return Verdict("fine")
    if judge == "model":
        found = re.search(r"\d+ of \d+ histories failed; the first: not as expected: .*", output)
    else:  # Catch2; a crash is a FAILED, too
        found = re.search(r"^.+: FAILED:\n(?!due to a fatal error condition).*", output, re.MULTILINE)
    if code is not None and found:
        return Verdict("noticed", " ".join(found.group().split())[:300])
    last = (output.strip().splitlines() or ["it said nothing"])[-1]
    return Verdict("undecided", f"{'no end' if code is None else f'code {code}'}: {last[:300]}")


def ended(command, folder, limit_s, environment=None):
    """The code with which the command ended, and what it said; None for one that did not in several times its usual
    time. Whatever it started is ended with it."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, env=environment,
                                   start_new_session=True)
        try:
            code = process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            code = None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        said.seek(0)
        return code, said.read().decode(errors="replace")


def judged_by(folder, judge, seed):
    """Builds for this judge and asks it, if it decides nothing once more."""
    targets = {"unit": ["unit_tests"], "sync": ["sync_tests"], "model": ["mortise", "connectors", "mortise-simulators"]}
    preset = "release" if judge == "model" else "dev"
    built = build(folder, preset, targets[judge])
    if built.returncode != 0:
        sys.exit("this does not compile: " + built.stdout.decode()[-2000:])
    environment = None
    if judge == "model":
        command, limit_s = ["node", "--test", str(folder / "tests/system/sync_model.test.mjs")], 900
        environment = {**os.environ, "MORTISE_BINARY_DIR": str(folder / "build/release"),
                       "MORTISE_TEST_SEED": str(seed), "MORTISE_MODEL_OPERATIONS": "20000"}
    else:
        tests = {"unit": "[merge],[reconcile]", "sync": "[inbound],[guard],[convergence]"}[judge]
        command, limit_s = [str(folder / "build/dev/bin" / f"{judge}_tests"), tests], 300
    for _ in range(2):
        says = verdict(judge, *ended(command, folder, limit_s, environment))
        if says.word != "undecided":
            break
    return says


def judged(folder, judges, seed):
    """What the first judge says that notices, and its name; else that nothing is decided, or that all is fine."""
    undecided = None
    for judge in judges:
        says = judged_by(folder, judge, seed)
        if says.word == "noticed":
            return judge, says
        if says.word == "undecided":
            undecided = undecided or (judge, says)
    return undecided or ("", Verdict("fine"))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--all", action="store_true", help="every mutant, not five of them")
    options.add_argument("--only", nargs="+", metavar="WORDS", help="those whose promise has one of these")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    options.add_argument("--model", action="store_true", help="the model test alone judges")
    chosen = options.parse_args()
    if chosen.only:
        mutants = [mutant for mutant in MUTANTS if any(words in mutant.promise for words in chosen.only)]
    else:
        mutants = MUTANTS if chosen.all else random.Random(chosen.seed).sample(MUTANTS, 5)
    judges = ["model"] if chosen.model else ["unit", "sync"]
    print(f"{len(mutants)} of {len(MUTANTS)} mutants, seed {chosen.seed}", flush=True)
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="mortise-mutants-") as name:
        folder = Path(name)
        copy_sources(folder)
        for preset in ["release"] if chosen.model else ["dev"]:
            subprocess.run(["cmake", "--preset", preset, "-DMORTISE_TESTS=ON"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        by, says = judged(folder, judges, chosen.seed)
        if says.word != "fine":
            sys.exit(f"the sources as they are do not pass: {by}: {says.said}")
        for mutant in mutants:
            path = folder / mutant.file
            text = path.read_text()
            path.write_text(mutant.apply(text))
            by, says = judged(folder, judges, chosen.seed)
            path.write_text(text)
            survivors += says.word != "noticed"
            outcome = {"noticed": f"noticed by {by}", "fine": "SURVIVED", "undecided": f"UNDECIDED by {by}"}[says.word]
            print(f"{outcome:20} {mutant.promise}" + (f"\n{'':20} {says.said}" if says.said else ""), flush=True)
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
