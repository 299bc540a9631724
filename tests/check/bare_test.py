"""check_bare: what a board cannot give is found, by the symbol that asks for it."""

import shutil
import unittest

import check_bare
from small_tree import TreeTest

LAYERS = 'base bare -\nfleet pure base\n'
GOOD = '''#include <cstring>
namespace simurgh {
[[noreturn]] void check_failed(const char*, const char*, int);
void copy(char* a, const char* b, unsigned n) {
  if (n == 0) check_failed("", "", 1);
  memcpy(a, b, n);
}
}
'''


@unittest.skipUnless(shutil.which('arm-none-eabi-g++'), './dev setup check installs the compiler')
class Bare(TreeTest):
    def findings(self, files):
        root = self.tree({'layers.txt': LAYERS, **files})
        work = root / 'work'
        work.mkdir(exist_ok=True)
        return check_bare.Bare(root, work).run(1)

    def test_good_code_passes_and_pure_code_is_not_looked_at(self):
        self.assertEqual(self.findings({
            'src/base/good.cc': GOOD, 'src/base/good.h': '#pragma once\n',
            'src/fleet/heap.cc': '#include <vector>\nstd::vector<int> v;\n'}), [])

    def test_what_a_board_has_not(self):
        for what, code in {
                'the heap': 'int* f() { return new int; }',
                'exceptions': '#include <string_view>\n'
                              'char f(std::string_view s) { return s.at(3); }',
                'a lock': 'struct S { S(); int x; }; S& f() { static S s; return s; }',
                'input or output': '#include <cstdio>\nvoid f(int x) { printf("%d", x); }',
                'something unknown': 'int sine(int); int f(int x) { return sine(x); }'}.items():
            with self.subTest(what):
                findings = self.findings({'src/base/bad.cc': code + '\n'})
                self.assertTrue(any(what in finding for finding in findings), findings)

    def test_a_header_that_needs_another_one_first(self):
        self.assert_finds(self.findings({'src/base/alone.h': 'inline uint8_t f() { return 1; }\n'}),
                          'src/base/alone.h does not compile')

    def test_throw_does_not_compile(self):
        self.assert_finds(self.findings({'src/base/bad.cc': 'void f() { throw 1; }\n'}),
                          'src/base/bad.cc does not compile')
