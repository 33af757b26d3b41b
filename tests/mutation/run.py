#!/usr/bin/env python3
"""Proves that the tests of the sync core notice a wrong branch.

    tests/mutation/run.py [--all] [--seed N]

Each mutant changes one decision of host/core/merge.cpp or host/core/reconcile.cpp in a copy of the sources, builds
the unit and sync tests there and expects one of them to fail. Without --all five mutants are drawn by the seed, which
is printed. Exit code 0: every mutant was noticed."""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MERGE = "host/core/merge.cpp"
RECONCILE = "host/core/reconcile.cpp"

# (file, what stands there, what the mutant says, which promise it breaks)
MUTANTS = [
    (MERGE, "if (there.empty()) continue;", "if (there.empty()) { for (const auto& name : here) take(name, value(there_, name)); continue; }",
     "our own edit is kept"),
    (MERGE, "if (here.empty()) {", "if (!here.empty()) {", "an edit of one side is no conflict"),
    (MERGE, "if (ours == theirs) continue;", "if (ours != theirs) continue;", "a real conflict is settled"),
    (MERGE, "if (agreed != ours) take(name, agreed);", "if (agreed == ours) take(name, agreed);", "the winner's value is taken"),
    (MERGE, "if (agreed != theirs) merged_.insist.push_back(name);", "", "our winning value is written there"),
    (MERGE, "merged_.conflicts.push_back(std::move(conflict));", "", "a dropped value is told"),
    (MERGE, "input_.there_ms - input_.here_ms <", "input_.there_ms - input_.here_ms >", "the newer edit wins"),
    (MERGE, "if (value(here_, name) != theirs) take_[name] = theirs;", "take_[name] = theirs;", "only differences are taken"),
    (MERGE, "if (!taken.contains(name) && value(here, name) != value(there, name)) {", "if (taken.contains(name)) {",
     "a pending edit stays pending"),
    (MERGE, "for (const std::string& name : merged.insist) remember(name, value(there, name));", "", "an insisted value is written"),
    (MERGE, "input.seen.empty() ? sent_ : object(input.seen)", "sent_", "the service's own form is no edit"),
    (MERGE, "merged_.nothing_new = changed_there_.empty();", "merged_.nothing_new = true;", "an edit there is noticed"),
    (RECONCILE, "if (found != news_.end() && found->second.state != RemoteState::edited) return &found->second;",
     "static_cast<void>(found);", "a deletion there is noticed"),
    (RECONCILE, "if (!rules_.pull || gone(key)) return nullptr;", "if (rules_.pull || gone(key)) return nullptr;", "an edit there is received"),
    (RECONCILE, "return pair.sent_hash != content_hash(item.fields);", "return pair.sent_hash == content_hash(item.fields);", "an edit here is written"),
    (RECONCILE, "if (edited(item, pair) || moved(item, pair) || needed_.contains(item.key)) {", "if (moved(item, pair)) {",
     "an edit outlives a deletion there"),
    (RECONCILE, "take_away(item, pair);\n", "++unchanged_;\n", "a deletion there comes back"),
    (RECONCILE, "} else if (edited(item, pair)) {\n      update(item, pair);", "} else if (edited(item, pair)) {\n      recreate(item, pair);",
     "an edit is an update"),
    (RECONCILE, "if (rules_.restorable.contains(pair.key)) {", "if (!rules_.restorable.contains(pair.key)) {", "an edit outlives a deletion here"),
    (RECONCILE, "if (merged.nothing_new) return false;", "if (!merged.nothing_new) return false;", "a deletion here travels"),
    (RECONCILE, "if (container_lost_) {", "if (false) {", "a lost container is asked about"),
    (RECONCILE, "if (absences_ == taken_away_ && taken_away_ == tasks_there()) {", "if (false) {", "an emptied service is asked about"),
    (RECONCILE, "if (emptied && count > 1) {", "if (false) {", "an emptied plan is asked about"),
    (RECONCILE, "removals * 100 > existing() * rules_.remove_percent;", "false;", "a mass removal is asked about"),
    (RECONCILE, "if (gone(pair.key) || leaves_with_container(pair)) action.kind = ActionKind::forget;", "",
     "what left with its container is not removed twice"),
]


def copy_sources(to):
    tracked = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, tracked):
        source = ROOT / name
        if source.is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to / name)


def build(folder, targets):
    command = ["cmake", "--build", str(folder / "build/dev"), "--parallel", str(os.cpu_count()), "--target", *targets]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def noticed(folder):
    """Which test failed; None if all passed."""
    for program, tests in (("unit_tests", "[merge],[reconcile]"), ("sync_tests", "[inbound],[guard],[convergence]")):
        run = subprocess.run([str(folder / "build/dev/bin" / program), tests], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, timeout=600, cwd=folder)
        if run.returncode != 0:
            return program
    return None


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--all", action="store_true", help="every mutant, not five of them")
    options.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    chosen = options.parse_args()
    mutants = MUTANTS if chosen.all else random.Random(chosen.seed).sample(MUTANTS, 5)
    print(f"{len(mutants)} of {len(MUTANTS)} mutants, seed {chosen.seed}", flush=True)
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="mortise-mutants-") as name:
        folder = Path(name)
        copy_sources(folder)
        subprocess.run(["cmake", "--preset", "dev"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        built = build(folder, ["unit_tests", "sync_tests"])
        if built.returncode != 0 or noticed(folder) is not None:
            sys.exit("the sources as they are do not pass: " + built.stderr.decode()[-2000:])
        for file, says, instead, promise in mutants:
            path = folder / file
            text = path.read_text()
            if text.count(says) != 1:
                sys.exit(f"{file} has this {text.count(says)} times, not once: {says}")
            path.write_text(text.replace(says, instead))
            built = build(folder, ["unit_tests", "sync_tests"])
            by = "the compiler" if built.returncode != 0 else noticed(folder)
            path.write_text(text)
            survivors += by is None or by == "the compiler"
            print(f"{'noticed by ' + by if by else 'SURVIVED':28} {promise}", flush=True)
    sys.exit(1 if survivors else 0)


main()
