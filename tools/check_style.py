#!/usr/bin/env python3
"""Checks what clang-format and clang-tidy do not: the house style that a machine can see.

  - 100 columns in every text file of ours
  - a file of src/, sim/ or tests/ has at most 500 lines, a function of src/ or sim/ at most 70;
    a longer one says why in a comment "Long: <why>" (a file in its first 40 lines, a function in
    the 10 lines above it or the 3 below its head)
  - a header begins with a comment that says what it is, and has #pragma once
  - no word that puts off work (the list is below), in src/ and sim/
  - no type called …Manager, …Helper, …Util
  - no licence line in files: LICENSE at the root is for all of them

Usage: check_style.py [--root DIR]
"""

import argparse
from pathlib import Path
import re
import sys

import cpp_text

COLUMNS_MAX = 100
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

REASON = re.compile(r'(?://|/\*|#).*\bLong: \S')
PUT_OFF = re.compile(r'\b(?:todo|fixme|xxx|stub(?:bed)?|not implemented|placeholder|for now|dummy|'
                     r'hard-?coded)\b', re.IGNORECASE)
EMPTY_TYPE = re.compile(r'\b(?:class|struct)\s+\w*(?:Manager|Helper|Utils?)\b')
LICENCE = re.compile(r'SPDX-' + r'License-Identifier|GNU General Public ' + r'License')

TEXT_SUFFIXES = ('.cc', '.h', '.py', '.sh', '.cmake', '.txt', '.json', '')
# Lines that cannot be broken: a long path or address, an #include.
UNBREAKABLE = re.compile(r'^\s*(?:#include\b|//\s*\S+$)|https?://\S{60}')

_TYPE_HEAD = re.compile(r'\b(?:class|struct|union|enum)\b')
_SPACE_HEAD = re.compile(r'^(?:inline\s+)?namespace\b|^extern\s+""?$|^extern\s*$')


def functions(text):
    """(name, first line, last line) of each function with a body, nested functions not counted.

    Walks the braces. What opens one is judged by the statement before it: a namespace, a type, or
    else, outside of functions and with a parameter list, a function.
    """
    code = cpp_text.blank_comments(text)
    code = re.sub(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', lambda m: re.sub(r'[^\n]', ' ', m[0]), code,
                  flags=re.MULTILINE)
    found, scopes, begin = [], [], 0
    for match in re.finditer(r'[{};]', code):
        offset, mark = match.start(), match[0]
        inside_function = any(kind == 'function' for kind, _, _ in scopes)
        head = code[begin:offset].strip()
        if mark == '{':
            first = begin + len(code[begin:offset]) - len(code[begin:offset].lstrip())
            scopes.append((kind_of(head, inside_function), first, head))
        elif mark == '}' and scopes:
            kind, first, its_head = scopes.pop()
            if kind == 'function':
                found.append((name_of(its_head), cpp_text.line_of(code, first),
                              cpp_text.line_of(code, offset)))
            if kind == 'braces':
                continue  # an initialiser: the statement goes on
        begin = offset + 1
    return found


def kind_of(head, inside_function):
    if inside_function:
        return 'block'
    if _SPACE_HEAD.search(head):
        return 'namespace'
    without_template = re.sub(r'^template\s*<[^{}]*?>\s*(?=class|struct|union)', '', head)
    if _TYPE_HEAD.match(without_template) and not re.search(r'\)\s*(?:const|noexcept)?$', head):
        return 'type'
    if '(' not in head or head.endswith('='):
        return 'braces'
    # A member initialised with braces, Thing() : part_{…}, ends in a name that is no qualifier.
    last = re.search(r'[:,]\s*(\w+)$', head)
    return 'braces' if last else 'function'


def name_of(head):
    match = re.search(r'([~\w:]+|operator\s*\S+)\s*\(', head)
    return match[1] if match else head[:40]


def check_lengths(shown, text, with_functions):
    lines = text.split('\n')
    findings = []
    count = len(lines) - (lines[-1] == '')
    if count > FILE_LINES_MAX and not any(REASON.search(line) for line in lines[:40]):
        findings.append(f'{shown}: {count} lines; over {FILE_LINES_MAX} it is split, or its head '
                        'says why in a comment "Long: …"')
    for name, first, last in functions(text) if with_functions else ():
        size = last - first + 1
        near = lines[max(0, first - 11):first + 3]
        if size > FUNCTION_LINES_MAX and not any(REASON.search(line) for line in near):
            findings.append(f'{shown}:{first}: {name} has {size} lines; over '
                            f'{FUNCTION_LINES_MAX} it is split, or a comment above says why '
                            '("Long: …")')
    return findings


def check_columns(shown, text):
    return [f'{shown}:{number}: {len(line)} columns, more than {COLUMNS_MAX}'
            for number, line in enumerate(text.split('\n'), 1)
            if len(line) > COLUMNS_MAX and not UNBREAKABLE.search(line)]


def check_header(shown, text):
    findings = []
    if not text.startswith('//'):
        findings.append(f'{shown}: a header begins with a comment: what it is, what it is not, '
                        'who owns what')
    if '#pragma once' not in text:
        findings.append(f'{shown}: no #pragma once')
    return findings


def check_words(shown, text):
    findings = []
    for number, line in enumerate(text.split('\n'), 1):
        if match := PUT_OFF.search(line):
            findings.append(f'{shown}:{number}: "{match[0]}": finish it, or say what is')
        if match := EMPTY_TYPE.search(line):
            findings.append(f'{shown}:{number}: "{match[0]}" says nothing; name what it is')
    return findings


def check(root):
    root = Path(root)
    findings = []
    everything = cpp_text.our_files(
        root, 'src', 'sim', 'tests', 'fuzz', 'bench', 'tools', 'models', 'dev', '.ci',
        'CMakeLists.txt', 'layers.txt', suffixes=TEXT_SUFFIXES)
    for path in everything:
        shown = path.relative_to(root)
        if shown.parts[:2] == ('fuzz', 'corpus') or 'vectors' in shown.parts:
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # not text
        is_code = path.suffix in ('.cc', '.h')
        product = shown.parts[0] in ('src', 'sim')
        if path.suffix != '.json' and path.name != 'layers.txt':  # layers.txt is a table
            findings += check_columns(shown, text)
        if is_code and (product or shown.parts[0] == 'tests'):
            findings += check_lengths(shown, text, product)
        if is_code and product:
            findings += check_words(shown, text)
        if path.suffix == '.h':
            findings += check_header(shown, text)
        if LICENCE.search(text):
            findings.append(f'{shown}: a licence line; LICENSE at the root is for every file')
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=Path(__file__).resolve().parent.parent)
    findings = check(parser.parse_args().root)
    for finding in findings:
        print(finding)
    print(f'style: {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
