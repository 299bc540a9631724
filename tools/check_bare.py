#!/usr/bin/env python3
"""Compiles all bare code (ring "bare" of layers.txt) for a Cortex-M4 and looks at what it asks for.

Every .cc of a bare folder is compiled, and every header by itself. The objects together must need
nothing but what a board has without heap, exceptions and I/O: the compiler's run-time functions,
mem* and strlen, and the functions that simurgh itself declares for the platform to define. So no
malloc, no operator new, no exception, no printf, no lock around a static variable.

Prints the text size of each folder. Usage: check_bare.py [--root DIR] [--jobs N]
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile

import check_layers
import cpp_text

PREFIX = 'arm-none-eabi-'
FLAGS = ('-std=gnu++23 -mcpu=cortex-m4 -mthumb -Os -fno-exceptions -fno-rtti '
         '-Wall -Wextra -Wno-maybe-uninitialized -Werror').split()

ERROR_LINES_MAX = 12  # of a file that does not compile; the rest follows from the first

# What the objects may leave undefined (names as the linker sees them).
ALLOWED = [re.compile(pattern + '$') for pattern in (
    r'__aeabi_\w+', r'__gnu_\w+', r'__(?:clz|ctz|ffs|popcount|parity|bswap)[sdt]i2',
    r'mem(?:cpy|move|set|cmp|chr)', r'str(?:len|cmp|ncmp)',
    # A virtual destructor has a deleting form, which names operator delete. Nothing bare calls
    # it; a board defines it as a trap.
    r'_ZdlPv[jm]?', r'__cxa_pure_virtual',
    # Where the library would throw (variant and optional without a value), it aborts.
    r'abort',
    # crypto/ declares, the platform chooses the definition when it links (docs/decisions/).
    r'_ZNK?7simurgh6crypto.*',
    # base/check.h: the platform says what a failed assertion does.
    r'_ZN7simurgh12check_failedEPKcS1_i',
)]

WHY = [
    (re.compile(r'_Zn[wa]|malloc|calloc|realloc|free$'), 'the heap'),
    (re.compile(r'__cxa_(?:throw|allocate|begin|end|rethrow)|_ZSt\d+__throw|__gxx|_Unwind'),
     'exceptions'),
    (re.compile(r'__cxa_guard'), 'a lock around a static variable'),
    (re.compile(r'__cxa_atexit|__dso_handle'), 'a destructor of a static variable'),
    (re.compile(r'v?s?n?printf|puts|fopen|_impure_ptr'), 'input or output'),
    (re.compile(r'_ZTI|__dynamic_cast'), 'run-time types'),
]


def why(symbol):
    return next((reason for pattern, reason in WHY if pattern.match(symbol)), 'something unknown')


def compile_one(root, source, header, out):
    """Compiles a source, or a header by itself; the finding, or None."""
    compiler = [PREFIX + 'g++']
    if shutil.which('ccache'):
        compiler.insert(0, 'ccache')
    if header:
        unit = out.with_suffix('.cc')
        unit.write_text(f'#include "{source.relative_to(root / "src")}"\n')
        source = unit
    run = subprocess.run([*compiler, *FLAGS, f'-I{root / "src"}', '-c', source, '-o', out],
                         capture_output=True, text=True, check=False)
    return '\n'.join(run.stderr.split('\n')[:ERROR_LINES_MAX]) if run.returncode else None


def symbols(objects):
    """(defined names, {undefined name: first object that asks}) of the objects."""
    defined, undefined = set(), {}
    for path in objects:
        run = subprocess.run([PREFIX + 'nm', path], capture_output=True, text=True, check=True)
        for line in run.stdout.splitlines():
            kind, name = line.split()[-2:]
            if kind in 'Uvw':
                undefined.setdefault(name, path)
            else:
                defined.add(name)
    return defined, {name: path for name, path in undefined.items() if name not in defined}


def text_octets(objects):
    if not objects:
        return 0
    run = subprocess.run([PREFIX + 'size', *objects], capture_output=True, text=True, check=True)
    return sum(int(line.split()[0]) for line in run.stdout.splitlines()[1:])


class Bare:
    def __init__(self, root, work):
        self.root = Path(root).resolve()
        self.work = Path(work)
        layers, _ = check_layers.read_layers((self.root / 'layers.txt').read_text())
        self.sizes = {}  # octets of code and constants, by folder
        self.folders = [layer.folder for layer in layers.values() if layer.ring == 'bare']

    def units(self):
        """(folder, source, is it a header, object) of all that is compiled."""
        for folder in self.folders:
            for path in cpp_text.our_files(self.root, f'src/{folder}'):
                if path.parent == self.root / 'src' / folder:
                    name = f'{folder.replace("/", "_")}_{path.name.replace(".", "_")}.o'
                    yield folder, path, path.suffix == '.h', self.work / name

    def run(self, jobs):
        units = list(self.units())
        with ThreadPoolExecutor(jobs) as pool:
            errors = list(pool.map(
                lambda unit: compile_one(self.root, unit[1], unit[2], unit[3]), units))
        findings = [f'{path.relative_to(self.root)} does not compile as bare code:\n{error}'
                    for (_, path, _, _), error in zip(units, errors) if error]
        built = [unit for unit, error in zip(units, errors) if not error]
        sources = [(folder, out) for folder, _, header, out in built if not header]
        _, undefined = symbols([out for _, out in sources])
        for name, path in sorted(undefined.items()):
            if not any(pattern.match(name) for pattern in ALLOWED):
                findings.append(f'{path.stem} needs {name}: {why(name)}, which bare code has not')
        for folder in [*self.folders, 'together']:
            self.sizes[folder] = text_octets(
                [out for owner, out in sources if folder in (owner, 'together')])
        return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=Path(__file__).resolve().parent.parent)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if not shutil.which(PREFIX + 'g++'):
        print(f'{PREFIX}g++ is not here; ./dev setup check installs it')
        return 1
    with tempfile.TemporaryDirectory() as work:
        bare = Bare(arguments.root, work)
        findings = bare.run(arguments.jobs)
    for folder, octets in bare.sizes.items():
        print(f'{folder:32} {octets:7} octets of code and constants')
    for finding in findings:
        print(finding)
    print(f'bare: {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
