#!/usr/bin/env python3
"""T-NO-DEFAULT-KEYS: no key that everybody knows, and no secret, is in a file that is not a test.

Looked at is every file that git does not ignore, but for tests/, fuzz/corpus/ and the list itself.
Found are
  - the keys of known_test_keys.txt as hexadecimal digits (any case; blanks, colons, commas, 0x and
    line ends between octets do not hide them), as octets, and in base64
  - private keys in PEM form
  - a string of 32 hexadecimal digits or more in src/ that no comment within 12 lines above calls a
    "Public constant" (a prime, a curve's parameter): a secret looks just like that

Usage: check_secrets.py [--root DIR]
"""

import argparse
import base64
from pathlib import Path
import re
import sys

import cpp_text

HERE = Path(__file__).resolve().parent
NOT_LOOKED_AT = ('tests/', 'fuzz/corpus/', 'tools/known_test_keys.txt')
PEM = re.compile(r'-----BEGIN (?:\w+ )*PRIVATE' + r' KEY-----')
LONG_HEX = re.compile(r'"(?:[0-9a-fA-F]{2}){16,}"')
OCTETS_MIN = 16


def known_keys(path):
    """{hexadecimal digits: where it is published}"""
    keys = {}
    for line in Path(path).read_text().split('\n'):
        if line.strip() and not line.startswith('#'):
            digits, source = line.split(maxsplit=1)
            keys[digits.lower()] = source.strip()
    return keys


def hex_runs(text):
    """The text's hexadecimal octets with what writes between them taken away."""
    text = re.sub(r'0[xX](?=[0-9a-fA-F]{2}\b)', '', text)
    return re.sub(r'[\s:,"\']+', '', text).lower()


def check_file(shown, data, keys):
    findings = []
    text = data.decode('utf-8', errors='replace')
    squeezed = hex_runs(text)
    for digits, source in keys.items():
        octets = bytes.fromhex(digits)
        # Without the last group, whose characters depend on what follows.
        in_base64 = base64.b64encode(octets)[:len(octets) * 4 // 3 - 2]
        if digits in squeezed or octets in data or in_base64 in data:
            findings.append(f'{shown}: has a key that everybody knows ({source})')
    if PEM.search(text):
        findings.append(f'{shown}: has a private key')
    return findings


def check_long_hex(shown, text):
    lines = text.split('\n')
    findings = []
    for number, line in enumerate(lines, 1):
        if LONG_HEX.search(line):
            above = '\n'.join(lines[max(0, number - 13):number])
            if 'public constant' not in above.lower():
                findings.append(f'{shown}:{number}: a long string of hexadecimal digits; if it is '
                                'no secret, a comment above calls it "Public constant" and says '
                                'whose')
    return findings


def check(root, keys):
    root = Path(root)
    findings = []
    for path in cpp_text.our_files(root, '.', suffixes=()):
        shown = path.relative_to(root)
        if str(shown).startswith(NOT_LOOKED_AT):
            continue
        data = path.read_bytes()
        findings += check_file(shown, data, keys)
        if shown.parts[0] == 'src':
            findings += check_long_hex(shown, data.decode('utf-8', errors='replace'))
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--root', default=HERE.parent)
    findings = check(parser.parse_args().root, known_keys(HERE / 'known_test_keys.txt'))
    for finding in findings:
        print(finding)
    print(f'secrets: {len(findings)} findings')
    return 1 if findings else 0


if __name__ == '__main__':
    sys.exit(main())
