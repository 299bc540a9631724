"""check_layers: a good tree passes, and each mistake alone is found, by file and line."""

import check_layers
from small_tree import TreeTest

LAYERS = '''# folder ring may-include uses
base           bare   -
formats/tlv    bare   base
fleet          pure   base
hlr            pure   base fleet
io/loop        hosted base            fmt
'''

GOOD = {
    'layers.txt': LAYERS,
    'src/base/bytes.h': '#pragma once\n#include <cstdint>\n#include <span>\n',
    'src/formats/tlv/tlv.h': '#pragma once\n#include "base/bytes.h"\n',
    'src/formats/tlv/tlv.cc': '#include "formats/tlv/tlv.h"\n#include <cstring>\n',
    'src/fleet/fleet.h': '#pragma once\n#include <string>\n#include "base/bytes.h"\n',
    'src/fleet/fleet.cc': '#include "fleet/fleet.h"\n#include <functional>\n',
    'src/hlr/hlr.cc': '#include "fleet/fleet.h"\n// time(nullptr), <thread>\n'
                      'auto s = "rand()"; auto t = event.time(); auto r = vector.rand();\n',
    'src/io/loop/loop.cc': '#include <sys/epoll.h>\n#include "base/bytes.h"\n#include <chrono>\n',
    'src/apps/simurghd/main.cc': '#include "io/loop/../loop/loop.cc"\n#include "hlr/hlr.cc"\n',
    'sim/world.cc': '#include "hlr/hlr.cc"\n',
}


class Layers(TreeTest):
    def findings(self, changes=None):
        return check_layers.Checker(self.tree({**GOOD, **(changes or {})})).run()

    def test_a_good_tree_passes(self):
        self.assertEqual(self.findings(), [])

    def test_an_arrow_that_is_not_listed(self):
        self.assert_finds(self.findings({'src/fleet/x.cc': '\n#include "formats/tlv/tlv.h"\n'}),
                          'src/fleet/x.cc:2', 'fleet may not include formats/tlv')

    def test_an_include_downwards(self):
        self.assert_finds(self.findings({'src/base/x.cc': '#include "hlr/hlr.cc"\n'}),
                          'base may not include hlr')

    def test_nobody_includes_a_program(self):
        self.assert_finds(
            self.findings({'src/io/loop/x.cc': '#include "apps/simurghd/main.cc"\n'}),
            'nobody includes apps/')

    def test_a_program_does_not_include_another(self):
        self.assert_finds(
            self.findings({'src/apps/lab/main.cc': '#include "apps/simurghd/main.cc"\n'}),
            'a program does not include another one')

    def test_an_include_that_is_not_rooted_at_src(self):
        self.assert_finds(self.findings({'src/fleet/x.cc': '#include "fleet.h"\n'}),
                          'rooted at src/')

    def test_a_folder_without_a_line(self):
        self.assert_finds(self.findings({'src/billing/x.cc': '\n'}), 'no line in layers.txt')

    def test_bare_code_has_no_heap_containers(self):
        self.assert_finds(self.findings({'src/base/x.cc': '#include <vector>\n'}),
                          'src/base/x.cc:1', 'bare code cannot include <vector>')

    def test_pure_code_has_no_threads_clock_or_io(self):
        for header in ('thread', 'mutex', 'chrono', 'random', 'iostream', 'filesystem', 'ctime'):
            with self.subTest(header):
                self.assert_finds(self.findings({'src/fleet/x.cc': f'#include <{header}>\n'}),
                                  f'pure code cannot include <{header}>')

    def test_slow_headers_stay_out_of_headers(self):
        self.assert_finds(self.findings({'src/fleet/x.h': '#include <functional>\n'}),
                          'not for headers')

    def test_only_io_sees_the_system_and_third_parties(self):
        for header in ('unistd.h', 'sys/socket.h', 'openssl/evp.h', 'fmt/core.h', 'stdint.h'):
            with self.subTest(header):
                self.assert_finds(self.findings({'src/hlr/x.cc': f'#include <{header}>\n'}),
                                  'only io/ and apps/')

    def test_calls_for_time_randomness_and_environment(self):
        for code in ('auto t = time(nullptr);', 'auto t = std::time(0);', 'int r = rand();',
                     'return rand();', 'clock_gettime(CLOCK_REALTIME, &t);',
                     'std::random_device d;',
                     'auto h = getenv("HOME");', 'std::thread t;', 'printf("x");',
                     'system("ls");', 'auto n = std::chrono::steady_clock::now();'):
            with self.subTest(code):
                self.assert_finds(self.findings({'src/hlr/x.cc': f'\nvoid f() {{ {code} }}\n'}),
                                  'src/hlr/x.cc:2', 'only io/ and apps/ may')

    def test_a_schema_may_be_below_its_folder_and_code_may_not(self):
        self.assertEqual(self.findings({
            'src/fleet/schema/v1.sql': '', 'src/fleet/x.cc': '#include "fleet/schema/v1.sql"\n'}),
            [])
        self.assert_finds(self.findings({'src/fleet/schema/x.cc': '\n'}), 'no line in layers.txt')

    def test_names_that_say_nothing(self):
        for name in ('src/common/x.h', 'src/fleet/util.h'):
            with self.subTest(name):
                self.setUp()
                findings = self.findings({name: '\n'})
                self.assertTrue(any('says nothing' in finding for finding in findings), findings)

    def test_the_simulator_does_no_real_io(self):
        self.assert_finds(self.findings({'sim/x.cc': '#include "io/loop/loop.cc"\n'}),
                          'sim/x.cc:1')


class LayersFile(TreeTest):
    def findings(self, line):
        return check_layers.read_layers(LAYERS + line + '\n')[1]

    def test_arrows_point_upwards(self):
        self.assert_finds(check_layers.read_layers('a pure b\nb pure a\n')[1],
                          'layers.txt:1', 'stands below')

    def test_bare_lists_only_bare(self):
        self.assert_finds(self.findings('uicc bare fleet'), 'uicc is bare', 'which is pure')

    def test_pure_lists_no_hosted_folder(self):
        self.assert_finds(self.findings('api pure io/loop'), 'api is pure', 'which is hosted')

    def test_pure_uses_no_package(self):
        self.assert_finds(self.findings('api pure base fmt'), 'cannot use fmt')

    def test_hosted_code_is_in_io(self):
        self.assert_finds(self.findings('api hosted base'), 'hosted code is in io/')

    def test_a_folder_has_one_line(self):
        self.assert_finds(self.findings('fleet pure base'), 'has a line already')

    def test_a_line_has_three_columns(self):
        self.assert_finds(self.findings('fleet pure'), 'a line is')
