"""Every zone, every transition of 2024 to 2030 (and of a few years that the zones know only by rule), and the tasks
around it: the host's answers (zone_probe, the only
argument) against Python's zoneinfo on the same tz data. Both shift a time in a gap forward and take the first of two
(fold = 0)."""
import os
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, available_timezones

SPANS = ((2024, 2031), (2037, 2041), (2044, 2045), (2101, 2102))  # the first years, and the year after the last
STEP = timedelta(hours=12)
NOT_ZONES = {"localtime", "Factory"}  # the machine's own, and a mark that none was set


def transitions(zone):
    """Instants (whole seconds) at which the zone's offset changes, and the change."""
    for span in SPANS:
        begin, end = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in span)
        yield from transitions_between(begin, end, zone)


def transitions_between(begin, end, zone):
    at, offset = begin, begin.astimezone(zone).utcoffset()
    while at < end:
        after = at + STEP
        new = after.astimezone(zone).utcoffset()
        if new != offset:
            low, high = 0, int(STEP.total_seconds())
            while high - low > 1:
                middle = (low + high) // 2
                if (at + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            yield at + timedelta(seconds=high), new - offset
        at, offset = after, new


def seconds(wall, zone):
    return int(wall.replace(tzinfo=zone, fold=0).timestamp())


def spell(wall):
    return wall.replace(tzinfo=None).isoformat(timespec="seconds")


def shown(instant, zone):
    return spell(datetime.fromtimestamp(instant, timezone.utc).astimezone(zone))


def questions(name, names, chance):
    """Pairs of a line for the probe and the answer that zoneinfo has."""
    zone = ZoneInfo(name)
    walls = {datetime(2024, 1, 1), datetime(2026, 11, 23, 18), datetime(2030, 12, 31, 23, 59, 59)}
    instants = set()
    days = {datetime(2026, 11, 23)}
    daily = {datetime(2026, 11, 22, 18)}
    for at, change in transitions(zone):
        instant = int(at.timestamp())
        instants |= {instant - 3600, instant - 1, instant, instant + 1, instant + 3600}
        wall = datetime.fromisoformat(shown(instant - 1, zone)) + timedelta(seconds=1)  # by the old offset
        size = abs(change)
        for edge in (wall, wall + change):
            for by in (-size, -size / 2, timedelta(0), size / 2, size):
                for second in (-1, 0, 1):
                    walls.add((edge + by + timedelta(seconds=second)).replace(microsecond=0))
        midnight = wall.replace(hour=0, minute=0, second=0)
        days |= {midnight - timedelta(days=1), midnight, midnight + timedelta(days=1)}
        inside = (wall + min(change, -change) / 2).replace(microsecond=0)
        between = (wall + abs(change) / 2).replace(microsecond=0)
        for time in (wall, inside, between, midnight + timedelta(hours=18)):
            daily.add(time - timedelta(days=2))
    for wall in walls:
        expected = seconds(wall, zone)
        yield f"instant {name} {spell(wall)}", str(expected)
        other = chance.choice(names)
        yield f"move {name} {spell(wall)} {other}", shown(expected, ZoneInfo(other))
    for instant in instants:
        yield f"local {name} {instant}", shown(instant, zone)
    for start in daily:
        starts = [seconds(start + timedelta(days=day), zone) for day in range(4)]
        yield f"daily {name} {spell(start)} 4", " ".join(f"{shown(at, zone)}={at}" for at in starts)
    for day in days:
        ends = (seconds(day, zone), seconds(day + timedelta(days=1), zone))
        yield f"day {name} {day.date()}", f"{ends[0]} {ends[1]}"


def main():
    given = os.environ.get("MORTISE_TEST_SEED")
    seed = int(given) if given else random.SystemRandom().randrange(2**32)
    print(f"MORTISE_TEST_SEED={seed}")
    chance = random.Random(seed)
    names = sorted(available_timezones() - NOT_ZONES)
    asked = [pair for name in names for pair in questions(name, names, chance)]
    text = "".join(line + "\n" for line, _ in asked)
    probe = subprocess.run(sys.argv[1:2], input=text, capture_output=True, text=True, check=True)
    answers = probe.stdout.splitlines()
    assert len(answers) == len(asked), (len(answers), len(asked))
    wrong = [(line, want, got) for (line, want), got in zip(asked, answers) if want != got]
    for line, want, got in wrong[:40]:
        print(f"{line}\n  zoneinfo {want}\n  mortise  {got}")
    print(f"{len(names)} zones, {len(asked)} questions, {len(wrong)} answered differently")
    return 1 if wrong or len(names) < 400 or len(asked) < 50_000 else 0


sys.exit(main())
