#!/usr/bin/env python3
"""clang-tidy over the .cc files of src/, a file once for each content.

A file is clean for ever when clang-tidy, .clang-tidy, its compile command, itself and the headers
of ours that it includes (all the way down) are the same; clean results are kept as empty files
named by a hash in BUILD/tidy/.

Usage: check_tidy.py --build DIR [--all] [--jobs N]
Without --all only files that differ from origin/main (or from the commit four hours ago, where
there is no origin) are looked at, directly or in a header that they include; and where CI is set,
only as many as CI_SECONDS_MAX allow, the most recently committed first.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
import functools
import hashlib
import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import time

import cpp_text

TIDY = 'clang-tidy-19'
CI_SECONDS_MAX = 240
HEAD = re.compile(r'\S+:\d+:\d+: (?:error|warning): ')


def git(root, *arguments):
    run = subprocess.run(['git', '-C', root, *arguments], capture_output=True, text=True,
                         check=False)
    return run.stdout.split('\n') if run.returncode == 0 else None


def changed_files(root):
    """Paths that differ from what is published, or None when that cannot be told."""
    base = git(root, 'merge-base', 'HEAD', 'origin/main')
    if not base:
        base = git(root, 'rev-list', '-1', '--before=4 hours ago', 'HEAD')
    if not base or not base[0]:
        return None
    names = (git(root, 'diff', '--name-only', base[0]) or []) + \
        (git(root, 'ls-files', '--others', '--exclude-standard') or [])
    return {Path(root) / name for name in names if name}


def newest_first(root, paths):
    """The paths by their last commit, what is not committed at the very front."""
    ages = {}
    for name in git(root, 'log', '--format=', '--name-only', '--', 'src') or []:
        ages.setdefault(Path(root) / name, len(ages))
    return sorted(paths, key=lambda path: (ages.get(path, -1), path))


class Tidy:
    def __init__(self, root, build):
        self.root = Path(root).resolve()
        self.build = Path(build).resolve()
        self.kept = self.build / 'tidy'
        self.kept.mkdir(exist_ok=True)
        version = subprocess.run([TIDY, '--version'], capture_output=True, text=True, check=True)
        self.end = None  # of the time allowed, on the monotonic clock
        self.not_looked_at = 0
        self.setting = version.stdout + (self.root / '.clang-tidy').read_text()

    @functools.cache
    def closure(self, path):
        """The file and every header of ours that it includes, directly or not."""
        seen, waiting = set(), [path]
        while waiting:
            here = waiting.pop()
            if here in seen or not here.is_file():
                continue
            seen.add(here)
            waiting += [self.root / 'src' / name
                        for _, kind, name in cpp_text.includes(here.read_text()) if kind == '"']
        return seen

    def commands(self):
        """{source: compile command} of src/."""
        entries = json.loads((self.build / 'compile_commands.json').read_text())
        files = {Path(entry['file']): entry['command'] for entry in entries}
        return {path: command for path, command in files.items()
                if path.is_relative_to(self.root / 'src') and path.is_file()}

    def mark(self, path, command):
        """The file that says that this content is clean."""
        digest = hashlib.sha256((self.setting + command).encode())
        for part in sorted(self.closure(path)):
            digest.update(str(part.relative_to(self.root)).encode() + part.read_bytes())
        return self.kept / digest.hexdigest()

    def look_at(self, path, command):
        """What clang-tidy says of a file; nothing when it is clean."""
        mark = self.mark(path, command)
        if mark.exists():
            return ''
        if self.end is not None and time.monotonic() > self.end:
            self.not_looked_at += 1
            return ''
        # The compile command is GCC's, with warnings that clang has not.
        run = subprocess.run([TIDY, '--quiet', '--extra-arg=-Wno-unknown-warning-option', '-p',
                              self.build, path], capture_output=True, text=True, check=False)
        if run.returncode == 0:
            mark.touch()
            return ''
        return run.stdout + run.stderr

    def findings(self, said):
        """Each finding once (a header is looked at with every file), with the line it is about."""
        found = {}
        for path, text in said:
            lines = text.split('\n')
            for number, line in enumerate(lines):
                if HEAD.match(line):
                    ours = line.startswith(str(self.root))
                    seen = () if ours else (f'  (in {path.relative_to(self.root)})',)
                    found.setdefault(line, (*lines[number + 1:number + 3], *seen))
        return [(head, *rest) for head, rest in found.items()]

    def run(self, files, jobs):
        commands = self.commands()
        wanted = [path for path in newest_first(self.root, commands)
                  if files is None or self.closure(path) & files]
        fresh = sum(not self.mark(path, commands[path]).exists() for path in wanted)
        print(f'tidy: {len(wanted)} of {len(commands)} files, {fresh} of them new', flush=True)
        with ThreadPoolExecutor(jobs) as pool:
            said = pool.map(lambda path: self.look_at(path, commands[path]), wanted)
            return [(path, text) for path, text in zip(wanted, said) if text]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=Path(__file__).resolve().parent.parent)
    parser.add_argument('--build', required=True)
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if not shutil.which(TIDY):
        print(f'{TIDY} is not here; ./dev setup check installs it')
        return 1
    everything = arguments.all or os.environ.get('SIMURGH_TIDY') == 'all'
    files = None if everything else changed_files(arguments.root)
    tidy = Tidy(arguments.root, arguments.build)
    if os.environ.get('CI') and not everything:
        tidy.end = time.monotonic() + CI_SECONDS_MAX
    said = tidy.run(files, arguments.jobs)
    findings = tidy.findings(said)
    for finding in findings:
        print('\n'.join(finding))
    if tidy.not_looked_at:
        print(f'tidy: no time for {tidy.not_looked_at} files; ./dev check --all looks at all')
    print(f'tidy: {len(findings)} findings')
    if said and not findings:
        print(*(text for _, text in said), sep='\n')  # it failed in a way that is not known here
    return 1 if said else 0


if __name__ == '__main__':
    sys.exit(main())
