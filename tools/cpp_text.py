"""Reading C++ text well enough for the checks: comments and literals blanked, lines kept."""

import re
from pathlib import Path
import subprocess

# One alternative each for: comments, raw strings, strings, character literals.
_SKIPPED = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def blank_comments(text, strings=True):
    """Comments (and literals too, unless strings is False) become spaces; newlines stay."""
    def spaces(match):
        if not strings and not match[0].startswith('/'):
            return match[0]
        return re.sub(r'[^\n]', ' ', match[0])
    return _SKIPPED.sub(spaces, text)


def includes(text):
    """(line number, '<' or '"', name) of each #include that is not in a comment."""
    code = blank_comments(text, strings=False)
    return [(code.count('\n', 0, m.start()) + 1, m[1], m[2]) for m in _INCLUDE.finditer(code)]


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def our_files(root, *folders, suffixes=('.cc', '.h')):
    """Files under the folders that git does not ignore, sorted; without git, all of them."""
    root = Path(root)
    listed = subprocess.run(
        ['git', '-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--',
         *folders], capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = [root / name for name in listed.stdout.split('\0') if name]
    else:
        names = [path for folder in folders for path in (root / folder).rglob('*')]
    return sorted(path for path in set(names)
                  if path.is_file() and (not suffixes or path.suffix in suffixes))
