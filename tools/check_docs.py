#!/usr/bin/env python3
"""Checks that the documents speak of what exists.

  - a path in `back quotes` or a [link](path) in README.md and docs/ exists: from the root, or
    beside the document, or under src/; {a,b} and * are understood
  - each command that begins with ./dev is one that dev knows
  - a docs/….md that a comment in src/ names exists

A word in back quotes counts as a path when it has a slash and begins with a file or folder of the
root, of src/ or of docs/, or when it is a bare file name ending in a suffix below.

Usage: check_docs.py [--root DIR]
"""

import argparse
import itertools
from pathlib import Path
import re
import sys

import cpp_text

CODE_BLOCK = re.compile(r'^```.*?^```', re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r'`([^`\n]+)`')
LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')
DEV = re.compile(r'(?:^|[\s`(])\./dev(?:[ \t]+(-{0,2}[\w-]+))?', re.MULTILINE)
PATH = re.compile(r'[\w.*{},+/-]+')
NAMED_IN_SOURCES = re.compile(r'\bdocs/[\w/.-]+\.md\b')
SUFFIXES = ('.cc', '.h', '.py', '.sh', '.md', '.txt', '.pml', '.json', '.cmake', '.sql')

# Made by running something, or of the shared folder beside the tree.
NOT_IN_THE_TREE = ('build/', '../', 'HOST:')


def alternatives(path):
    """a/{b,c} -> a/b, a/c"""
    parts = [part.strip('{}').split(',') if part.startswith('{') else [part]
             for part in re.findall(r'\{[^}]*\}|[^{}]+', path)]
    return [''.join(choice) for choice in itertools.product(*parts)]


def exists(root, document, path):
    for base in (root, document.parent, root / 'src'):
        clean = path.rstrip('/').removeprefix('./')
        if '*' in clean:
            if any(base.glob(clean)):
                return True
        elif (base / clean).exists():
            return True
    return False


def is_path(root, word):
    if not PATH.fullmatch(word) or word.startswith(NOT_IN_THE_TREE) or word.startswith('/'):
        return False
    if '/' in word:
        first = word.removeprefix('./').split('/')[0]
        return bool(first) and any((base / first).exists() for base in (root, root / 'src',
                                                                          root / 'docs'))
    return word.endswith(SUFFIXES)


def dev_commands(root):
    return set(re.findall(r'^cmd_(\w+)\(\)', (root / 'dev').read_text(), re.MULTILINE))


def check_document(root, document, commands):
    text = document.read_text()
    shown = document.relative_to(root)
    prose = CODE_BLOCK.sub(lambda block: '\n' * block[0].count('\n'), text)
    words = [(m.start(), m[1]) for m in QUOTED.finditer(prose) if is_path(root, m[1])]
    words += [(m.start(), m[1]) for m in LINK.finditer(prose)
              if '://' not in m[1] and not m[1].startswith(NOT_IN_THE_TREE)]
    findings = []
    for offset, word in words:
        for path in alternatives(word):
            if not exists(root, document, path):
                line = prose.count('\n', 0, offset) + 1
                findings.append(f'{shown}:{line}: there is no {path}')
    for match in DEV.finditer(text):
        if match[1] and not match[1].startswith('-') and match[1] not in commands:
            line = text.count('\n', 0, match.end()) + 1
            findings.append(f'{shown}:{line}: dev knows no command "{match[1]}"')
    return findings


def check_comments(root):
    """Documents that sources send their reader to."""
    return [f'{path.relative_to(root)}:{cpp_text.line_of(text, match.start())}: there is no '
            f'{match[0]}'
            for path in cpp_text.our_files(root, 'src')
            for text in [path.read_text()]
            for match in NAMED_IN_SOURCES.finditer(text) if not (root / match[0]).exists()]


def check(root):
    root = Path(root).resolve()
    commands = dev_commands(root)
    documents = [path for path in [root / 'README.md', *sorted((root / 'docs').rglob('*.md'))]
                 if path.is_file()]
    return [finding for document in documents
            for finding in check_document(root, document, commands)] + check_comments(root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=Path(__file__).resolve().parent.parent)
    findings = check(parser.parse_args().root)
    for finding in findings:
        print(finding)
    print(f'docs: {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
