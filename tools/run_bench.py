#!/usr/bin/env python3
"""Runs benches of a build tree and keeps their figures.

A bench is a program bench_<name> in TREE/bin (name with - or _). It may print what it likes; its
last line is one JSON object, which is printed and added to the results file with name, commit and
time.

Usage: run_bench.py --tree DIR --results FILE [NAME…]
"""

import argparse
import datetime
import json
import os
from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).resolve().parent.parent
PREFIX = 'bench_'


def benches_of(tree):
    return sorted(path.name.removeprefix(PREFIX).replace('_', '-')
                  for path in (tree / 'bin').glob(PREFIX + '*') if os.access(path, os.X_OK))


def commit():
    run = subprocess.run(['git', '-C', ROOT, 'describe', '--always', '--dirty'],
                         capture_output=True, text=True, check=False)
    return run.stdout.strip() or 'unknown'


def run_bench(tree, name):
    """(the JSON object, or None, what it said)"""
    program = tree / 'bin' / (PREFIX + name.replace('-', '_'))
    run = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    lines = run.stdout.strip().split('\n')
    try:
        figures = json.loads(lines[-1])
    except ValueError:
        figures = None
    good = run.returncode == 0 and isinstance(figures, dict)
    return (figures if good else None), run.stdout


def main():
    parser = argparse.ArgumentParser(prog='./dev bench', description=__doc__.split('\n')[0])
    parser.add_argument('names', nargs='*')
    parser.add_argument('--tree', type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument('--results', type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument('--list', action='store_true', help='names the benches')
    arguments = parser.parse_intermixed_args()
    available = benches_of(arguments.tree)
    if arguments.list:
        print('\n'.join(available))
        return 0
    names = [name.replace('_', '-') for name in arguments.names] or available
    unknown = set(names) - set(available)
    if unknown or not names:
        print(f'no bench is called {" ".join(sorted(unknown)) or "anything"}; there are: '
              f'{" ".join(available) or "none"}')
        return 1
    failed = 0
    for name in names:
        figures, said = run_bench(arguments.tree, name)
        if figures is None:
            failed += 1
            print(f'{said}\nbench {name} failed')
            continue
        print(json.dumps(figures), flush=True)
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')
        row = {'bench': name, 'commit': commit(), 'time': now, **figures}
        with arguments.results.open('a') as out:
            out.write(json.dumps(row) + '\n')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
