#!/usr/bin/env python3
"""Runs the libFuzzer targets of a build tree, sharing a budget of wall time.

Each target starts from fuzz/corpus/<target>/ (kept in git) and from what it found earlier on this
machine, TREE/corpus/<target>/ (not kept). An input that crashes it, leaks, or takes too long goes
to fuzz/corpus/<target>/, where every later run replays it.

Usage: run_fuzz.py --tree DIR [TARGET…] [--seconds N] [--jobs N] [--list]
Prints one line a target, and one line of JSON at the end; 1 when some target failed.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
import json
import os
from pathlib import Path
import re
import subprocess
import sys
import time

ROOT = Path(__file__).resolve().parent.parent
PREFIX = 'fuzz_'
INPUT_SECONDS_MAX = 10
MEMORY_MB_MAX = 2048


def targets_of(tree):
    return sorted(path.name.removeprefix(PREFIX) for path in (tree / 'bin').glob(PREFIX + '*')
                  if os.access(path, os.X_OK))


class Outcome:
    def __init__(self, target, failed, runs, coverage, log, kept):
        self.target = target
        self.failed = failed
        self.runs = runs
        self.coverage = coverage
        self.log = log
        self.kept = kept


def run_target(root, tree, target, seconds):
    """Fuzzes one target for about so many seconds (the replay of its corpus comes first)."""
    seeds = root / 'fuzz' / 'corpus' / target
    found = tree / 'corpus' / target
    log = tree / 'log' / f'{target}.log'
    for folder in (seeds, found, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(seeds.iterdir())
    options = [f'-max_total_time={seconds}', f'-timeout={INPUT_SECONDS_MAX}',
               f'-rss_limit_mb={MEMORY_MB_MAX}', f'-artifact_prefix={seeds}/',
               '-print_final_stats=1', '-use_value_profile=1']
    dictionary = root / 'fuzz' / 'dict' / f'{target}.dict'
    if dictionary.exists():
        options.append(f'-dict={dictionary}')
    with log.open('w') as out:
        run = subprocess.run([tree / 'bin' / (PREFIX + target), *options, found, seeds],
                             stdout=out, stderr=subprocess.STDOUT, check=False)
    text = log.read_text(errors='replace')
    runs = re.search(r'number_of_executed_units:\s*(\d+)', text)
    coverage = re.findall(r'cov: (\d+)', text)
    return Outcome(target, run.returncode != 0, int(runs[1]) if runs else 0,
                   int(coverage[-1]) if coverage else 0, log, sorted(set(seeds.iterdir()) - before))


def report(outcome):
    state = 'FAILED' if outcome.failed else 'ok'
    print(f'{outcome.target:28} {state:6} {outcome.runs:10} runs {outcome.coverage:6} edges',
          flush=True)
    if outcome.failed:
        lines = outcome.log.read_text(errors='replace').split('\n')
        begin = next((n for n, line in enumerate(lines) if 'ERROR' in line
                      or 'runtime error' in line), max(0, len(lines) - 40))
        print('\n'.join(lines[begin:begin + 40]))
        for path in outcome.kept:
            print(f'kept: {path}')


def main():
    parser = argparse.ArgumentParser(prog='./dev fuzz', description=__doc__.split('\n')[0])
    parser.add_argument('targets', nargs='*')
    parser.add_argument('--tree', type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument('--root', type=Path, default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--list', action='store_true', help='names the targets')
    arguments = parser.parse_intermixed_args()
    available = targets_of(arguments.tree)
    if arguments.list:
        print('\n'.join(available))
        return 0
    unknown = set(arguments.targets) - set(available)
    if unknown or not available:
        print(f'no fuzz target is called {" ".join(sorted(unknown)) or "anything"}; there are: '
              f'{" ".join(available) or "none"}')
        return 1
    targets = arguments.targets or available
    jobs = min(arguments.jobs, len(targets))
    share = max(1, arguments.seconds * jobs // len(targets))
    begin = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = []
        for outcome in pool.map(
                lambda target: run_target(arguments.root, arguments.tree, target, share), targets):
            report(outcome)
            outcomes.append(outcome)
    print(json.dumps({
        'targets': len(outcomes), 'failed': sum(outcome.failed for outcome in outcomes),
        'runs': sum(outcome.runs for outcome in outcomes), 'seconds_each': share,
        'seconds': round(time.monotonic() - begin)}))
    return 1 if any(outcome.failed for outcome in outcomes) else 0


if __name__ == '__main__':
    sys.exit(main())
