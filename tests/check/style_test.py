"""check_style, check_docs and check_secrets: each mistake alone is found."""

import check_docs
import check_secrets
import check_style
from small_tree import TreeTest

KEY = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
HEADER = '// A thing.\n#pragma once\n'


def function(lines):
    return 'int f(int x) {\n' + '  x += 1;\n' * (lines - 2) + '}\n'


class Style(TreeTest):
    def findings(self, files):
        return check_style.check(self.tree(files))

    def test_good_files_pass(self):
        self.assertEqual(self.findings({
            'src/a/a.h': HEADER,
            'src/a/a.cc': function(70) + '// Long: one table of the clause.\n' + function(71),
            'src/a/b.cc': '// Long: generated from the clause\n' + '\n' * 600,
            'tests/a/a_test.cc': function(300)}), [])

    def test_a_long_function(self):
        self.assert_finds(self.findings({'src/a/a.cc': '\n' + function(71)}),
                          'src/a/a.cc:2', 'f has 71 lines')

    def test_a_long_method_in_a_class_in_a_namespace(self):
        text = ('namespace a {\nclass B final : public C<D> {\n public:\n'
                '  B(int x) : x_{x}, y_(x) {}\n  Result<int> go(int x) const override {\n'
                + '    if (x) { x = 1; }\n' * 80 + '  }\n};\n}\n')
        self.assert_finds(self.findings({'src/a/a.cc': text}), 'src/a/a.cc:5', 'go has 82 lines')

    def test_a_long_table_is_no_function(self):
        rows = '    {1, f(2), "three"},\n' * 90
        self.assertEqual(self.findings(
            {'src/a/a.cc': f'const Row rows[] = {{\n{rows}}};\n'}), [])

    def test_a_long_file(self):
        self.assert_finds(self.findings({'src/a/a.cc': '\n' * 501}), '501 lines')

    def test_columns(self):
        self.assert_finds(self.findings({'tools/x.py': '#' * 101 + '\n'}), 'tools/x.py:1',
                          '101 columns')

    def test_a_header_without_its_comment_or_pragma(self):
        self.assert_finds(self.findings({'src/a/a.h': '#pragma once\n'}), 'begins with a comment')
        self.assert_finds(self.findings({'src/a/a.h': '// A thing.\n'}), 'no #pragma once')

    def test_words_that_put_off_work(self):
        for word in ('TO' 'DO', 'for' ' now', 'FIX' 'ME', 'place' 'holder'):
            with self.subTest(word):
                self.assert_finds(self.findings({'src/a/a.cc': f'// {word}: later\n'}),
                                  'src/a/a.cc:1')

    def test_types_that_say_nothing(self):
        self.assert_finds(self.findings({'src/a/a.cc': 'class SessionManager;\n'}),
                          'says nothing')

    def test_licence_lines(self):
        self.assert_finds(self.findings({'src/a/a.cc': '// SPDX-' 'License-Identifier: MIT\n'}),
                          'a licence line')


class Docs(TreeTest):
    def findings(self, text):
        return check_docs.check(self.tree({
            'dev': 'cmd_test() {\n}\n', 'src/base/bytes.h': '', 'docs/glossary.md': '# Words\n',
            'layers.txt': '', 'README.md': text}))

    def test_what_exists_passes(self):
        self.assertEqual(self.findings(
            'See `src/base/`, `base/bytes.h`, `src/{base,base/bytes.h}`, `src/*/bytes.h`, '
            '[words](docs/glossary.md#k), `layers.txt`, `build/log/`, `and/or`, https://a.b/c\n'
            '```\n./dev test -R x\n./dev --help\n```\n'), [])

    def test_a_path_that_is_not_there(self):
        self.assert_finds(self.findings('\nSee `src/base/gone.h`.\n'), 'README.md:2',
                          'src/base/gone.h')
        self.assert_finds(self.findings('See `src/{base,gone}/`.\n'), 'src/gone')
        self.assert_finds(self.findings('See [it](docs/gone.md).\n'), 'docs/gone.md')
        self.assert_finds(self.findings('See `gone.md`.\n'), 'gone.md')

    def test_a_document_that_a_source_names(self):
        self.tree({'src/base/x.cc': '// Layout: docs/gone.md.\n// Words: docs/glossary.md\n'})
        self.assert_finds(self.findings('\n'), 'src/base/x.cc:1', 'docs/gone.md')

    def test_a_command_that_dev_does_not_know(self):
        self.assert_finds(self.findings('```\n./dev fly\n```\n'), 'README.md:2', '"fly"')


class Secrets(TreeTest):
    def findings(self, files):
        return check_secrets.check(self.tree(files), {KEY: 'a book'})

    def test_a_known_key_in_any_dress(self):
        octets = [KEY[n:n + 2] for n in range(0, len(KEY), 2)]
        for text in (KEY, KEY.upper(), ' '.join(octets), ':'.join(octets),
                     '{' + ', '.join('0x' + octet for octet in octets) + '}',
                     '0x' + ',\n  0x'.join(octets), 'Dx4tPEtaaXiHlqW0w9Lh8A=='):
            with self.subTest(text):
                self.assert_finds(self.findings({'packaging/x.conf': f'key = {text}\n'}),
                                  'packaging/x.conf', 'a book')

    def test_tests_may_have_them(self):
        self.assertEqual(self.findings({'tests/a/a_test.cc': KEY, 'fuzz/corpus/a/1': KEY}), [])

    def test_a_private_key(self):
        self.assert_finds(self.findings({'src/a.txt': '-----BEGIN EC ' 'PRIVATE KEY-----\n'}),
                          'private key')

    def test_long_hexadecimal_digits(self):
        digits = '"' + 'a1' * 16 + '"'
        self.assert_finds(self.findings({'src/a.cc': f'\nauto x = {digits};\n'}), 'src/a.cc:2')
        self.assertEqual(self.findings(
            {'src/a.cc': f'// Public constant: RFC 7919 A.1.\nauto x = {digits};\n'}), [])
