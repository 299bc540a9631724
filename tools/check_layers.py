#!/usr/bin/env python3
"""Holds src/ (and sim/) to layers.txt.

layers.txt has one line a folder: its name, its ring, what it may include, what packages it uses
(see the head of that file). Checked here:
  - every folder of src/ that has sources has a line; arrows point upwards in the file, so that
    they have no cycle; bare folders list bare ones, pure folders bare and pure ones;
  - #include "x/y.h" is rooted at src/, exists, and names the own folder or one that is listed;
    nobody includes apps/; sim/ may include everything but io/ and apps/;
  - bare code includes only the freestanding headers below; pure code no header of I/O, clock,
    threads or randomness; headers of both none that are slow to compile; only io/ and apps/
    include headers of the system or of third parties;
  - outside io/ and apps/ nothing calls the clock, the system's randomness or the environment;
  - no folder or file is called common, util, helper, manager …: a thing without a better name is
    not understood yet.

Usage: check_layers.py [--root DIR]     Prints one line a finding; 1 if there are any.
"""

import argparse
from pathlib import Path
import re
import sys

import cpp_text

RINGS = ('bare', 'pure', 'hosted')

# No heap, no exceptions needed, no I/O; all of them are there for the microcontroller.
BARE_HEADERS = set('''
    algorithm array bit climits compare concepts cstddef cstdint cstring expected initializer_list
    iterator limits new numeric optional span string_view tuple type_traits utility variant
    version
    '''.split())

PURE_BANNED = set('''
    atomic barrier chrono condition_variable csetjmp csignal cstdio ctime filesystem format fstream
    future iomanip ios iosfwd iostream istream latch mutex ostream print random semaphore
    shared_mutex sstream stop_token streambuf strstream syncstream thread
    '''.split())

# Slow to compile, so not in a header that others include.
PURE_HEADER_BANNED = set('functional regex locale ranges'.split())

STANDARD_HEADERS = BARE_HEADERS | PURE_BANNED | PURE_HEADER_BANNED | set('''
    any bitset cassert cctype cerrno cfenv cfloat charconv cinttypes clocale cmath codecvt complex
    coroutine cstdarg cstdlib cuchar cwchar cwctype deque exception execution forward_list
    list map memory memory_resource numbers queue ratio scoped_allocator set source_location
    spanstream stack stacktrace stdexcept stdfloat string system_error typeindex typeinfo
    unordered_map unordered_set valarray vector
    '''.split())

BANNED_NAMES = set('''
    common core helper helpers manager managers misc support util utils utilities
    '''.split())

_EXPRESSION = r'(?:^|[=(,;{}!&|?:+\-*/%<>\[]|\breturn)\s*(?:std::|::)?'
BANNED_CALLS = [
    ('the clock', re.compile(r'(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&\w+)\s*\)')),
    ('the clock', re.compile(
        r'\b(?:clock_gettime|gettimeofday|timespec_get|localtime|gmtime|std::chrono)\b')),
    ('the clock', re.compile(r'\b(?:usleep|nanosleep|clock_nanosleep)\s*\(')),
    ('randomness', re.compile(_EXPRESSION + r'rand\s*\(\s*\)', re.MULTILINE)),
    ('randomness', re.compile(
        r'\b(?:srand|drand48|lrand48|getrandom|getentropy|arc4random\w*)\s*\(|\brandom_device\b')),
    ('the environment', re.compile(r'\b(?:getenv|secure_getenv|setenv|putenv)\s*\(')),
    ('threads', re.compile(r'\bstd::(?:jthread|thread|mutex|async)\b|\bpthread_\w+\s*\(')),
    ('input or output', re.compile(
        r'(?<![\w.>])(?:std::|::)?(?:printf|fprintf|puts|fputs|fopen|fread|fwrite)\s*\(')),
    ('processes', re.compile(r'(?<![\w.>])(?:std::|::)?(?:system|popen|fork|execve?)\s*\(')),
]


class Layer:
    def __init__(self, folder, ring, may_include, uses, line):
        self.folder = folder
        self.ring = ring
        self.may_include = may_include
        self.uses = uses
        self.line = line


def read_layers(text):
    """({folder: Layer}, findings) of the text of layers.txt."""
    rows = [(number, line.split()) for number, line in enumerate(text.split('\n'), 1)
            if line.strip() and not line.startswith('#')]
    folders = {words[0] for _, words in rows}
    layers, findings = {}, []
    for number, words in rows:
        where = f'layers.txt:{number}'
        if len(words) < 3 or words[1] not in RINGS:
            findings.append(f'{where}: a line is "folder ring may-include… [uses…]", ring one of '
                            f'{", ".join(RINGS)}, "-" for nothing')
            continue
        folder, ring, names = words[0], words[1], [w for w in words[2:] if w != '-']
        may_include = [w for w in names if w in folders]
        uses = [w for w in names if w not in folders]
        if folder in layers:
            findings.append(f'{where}: {folder} has a line already')
        for name in may_include:
            if name not in layers:
                findings.append(f'{where}: {folder} may include {name}, which stands below it: '
                                'arrows point upwards, so that there is no cycle')
            elif RINGS.index(layers[name].ring) > RINGS.index(ring):
                findings.append(f'{where}: {folder} is {ring}, so it cannot include {name}, '
                                f'which is {layers[name].ring}')
        if uses and ring != 'hosted':
            findings.append(f'{where}: {folder} is {ring}, so it cannot use {" ".join(uses)}, '
                            'which no line of this file defines')
        if folder.startswith('io/') != (ring == 'hosted'):
            findings.append(f'{where}: hosted code is in io/, and only there')
        layers[folder] = Layer(folder, ring, may_include, uses, number)
    return layers, findings


def folder_of(name, layers):
    """The folder of layers.txt that a path relative to src/ is in, or None.

    Code is in the folder itself; what a file takes in as data (a schema) may be in one below.
    """
    path = Path(name)
    folders = [path.parent] if path.suffix in ('.cc', '.h') else path.parents
    return next((str(folder) for folder in folders if str(folder) in layers), None)


def bad_names(path):
    return [part for part in (*path.parts[:-1], path.stem) if part in BANNED_NAMES]


def check_standard(where, header, ring, is_header):
    """Findings for #include <header> in code of a ring."""
    if ring == 'hosted':
        return []
    if header not in STANDARD_HEADERS:
        return [f'{where}: <{header}> is of the system or a third party; only io/ and apps/ '
                'may include such']
    if ring == 'bare' and header not in BARE_HEADERS:
        return [f'{where}: bare code cannot include <{header}>']
    if header in PURE_BANNED:
        return [f'{where}: {ring} code cannot include <{header}> (I/O, clock, threads or '
                'randomness)']
    if is_header and header in PURE_HEADER_BANNED:
        return [f'{where}: <{header}> is slow to compile and not for headers; take it into the .cc']
    return []


def check_calls(path_shown, text):
    code = cpp_text.blank_comments(text)
    return [f'{path_shown}:{cpp_text.line_of(code, m.end())}: calls {what} ("'
            f'{m[0].strip()}"); only io/ and apps/ may'
            for what, pattern in BANNED_CALLS for m in pattern.finditer(code)]


class Checker:
    def __init__(self, root):
        self.root = Path(root)
        self.src = self.root / 'src'
        self.layers, self.findings = read_layers((self.root / 'layers.txt').read_text())
        self.used = set()  # arrows that some #include goes along

    def run(self):
        for path in cpp_text.our_files(self.root, 'src'):
            self.check_file(path, path.relative_to(self.src))
        for path in cpp_text.our_files(self.root, 'sim'):
            self.check_simulator_file(path)
        return self.findings

    def check_file(self, path, name):
        shown = path.relative_to(self.root)
        for part in bad_names(name):
            self.findings.append(f'{shown}: "{part}" says nothing; name what it is')
        in_apps = name.parts[0] == 'apps'
        folder = 'apps' if in_apps else folder_of(name, self.layers)
        if folder is None:
            self.findings.append(f'{shown}: its folder has no line in layers.txt')
            return
        ring = 'hosted' if in_apps else self.layers[folder].ring
        text = path.read_text()
        for line, kind, header in cpp_text.includes(text):
            where = f'{shown}:{line}'
            if kind == '<':
                self.findings += check_standard(where, header, ring, path.suffix == '.h')
            elif in_apps:
                self.check_app_include(where, name, header)
            else:
                self.check_include(where, folder, header)
        if ring != 'hosted':
            self.findings += check_calls(shown, text)

    def check_app_include(self, where, name, header):
        if not (self.src / header).is_file():
            self.findings.append(f'{where}: no src/{header}; includes are rooted at src/')
        elif header.startswith('apps/') and not header.startswith(f'apps/{name.parts[1]}/'):
            self.findings.append(f'{where}: a program does not include another one')

    def check_include(self, where, folder, header):
        target = folder_of(header, self.layers)
        if not (self.src / header).is_file():
            self.findings.append(f'{where}: no src/{header}; includes are rooted at src/')
        elif header.startswith('apps/'):
            self.findings.append(f'{where}: nobody includes apps/')
        elif target is None:
            self.findings.append(f'{where}: the folder of {header} has no line in layers.txt')
        elif target != folder:
            self.used.add((folder, target))
            if target not in self.layers[folder].may_include:
                self.findings.append(f'{where}: {folder} may not include {target} (layers.txt:'
                                     f'{self.layers[folder].line})')

    def check_simulator_file(self, path):
        shown = path.relative_to(self.root)
        text = path.read_text()
        for line, kind, header in cpp_text.includes(text):
            if kind == '"' and header.startswith(('io/', 'apps/')):
                self.findings.append(f'{shown}:{line}: a simulated world has no {header}: it does '
                                     'no real input or output')

    def unused_arrows(self):
        """Arrows that no #include goes along; only of folders that have sources."""
        alive = {folder for folder in self.layers
                 if any((self.src / folder).glob('*.cc')) or any((self.src / folder).glob('*.h'))}
        return [f'{layer.folder} -> {target}' for layer in self.layers.values()
                for target in layer.may_include
                if {layer.folder, target} <= alive and (layer.folder, target) not in self.used]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=Path(__file__).resolve().parent.parent)
    checker = Checker(parser.parse_args().root)
    findings = checker.run()
    for finding in findings:
        print(finding)
    for arrow in checker.unused_arrows():
        print(f'note: layers.txt allows {arrow}, which no #include uses')
    print(f'layers: {len(checker.layers)} folders, {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
