"""./dev and what it runs: help for all, one at a time in a tree, failures shown; fuzz and bench."""

import json
import os
from pathlib import Path
import re
import subprocess

from small_tree import TreeTest

ROOT = Path(__file__).resolve().parent.parent.parent

FAKE_CMAKE = '''#!/bin/sh
while [ "$1" != -B ]; do shift; done
mkdir -p "$2" && touch "$2/build.ninja"
'''
FAKE_NINJA = '''#!/bin/sh
echo begin >> "$TRACE"; sleep 0.3; echo end >> "$TRACE"
'''
FAILING_NINJA = '''#!/bin/sh
echo "[1/2] fine"; echo "FAILED: thing.o"; echo "the reason"; exit 1
'''


def run(*command, **environment):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          check=False, env={**os.environ, **environment})


class ToolTest(TreeTest):
    def program(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path


class Dev(ToolTest):
    def environment(self, ninja):
        self.program('bin/cmake', FAKE_CMAKE)
        self.program('bin/ninja', ninja)
        return {'PATH': f'{self.root}/bin:{os.environ["PATH"]}', 'SIMURGH_SETUP': 'skip',
                'BUILD_DIR': str(self.root / 'build'), 'TRACE': str(self.root / 'trace')}

    def test_every_command_has_help_and_is_listed(self):
        commands = re.findall(r'^cmd_(\w+)\(\)', (ROOT / 'dev').read_text(), re.MULTILINE)
        listed = run(ROOT / 'dev', 'help').stdout
        for command in commands:
            with self.subTest(command):
                self.assertRegex(listed, rf'(?m)^  {command} ')
                self.assertIn('./dev', run(ROOT / 'dev', 'help', command).stdout)
                if command not in ('lab', 'sim'):
                    self.assertIn('./dev', run(ROOT / 'dev', command, '--help').stdout)

    def test_an_unknown_command(self):
        outcome = run(ROOT / 'dev', 'fly')
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("no command is called 'fly'", outcome.stderr)

    def test_two_at_once_take_turns_in_a_tree(self):
        environment = {**os.environ, **self.environment(FAKE_NINJA)}
        both = [subprocess.Popen([ROOT / 'dev', 'build'], env=environment,
                                 stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [process.communicate()[1] for process in both]
        self.assertEqual([process.returncode for process in both], [0, 0], said)
        self.assertEqual((self.root / 'trace').read_text().split(), ['begin', 'end'] * 2)

    def test_a_failure_shows_where_and_keeps_the_log(self):
        outcome = run(ROOT / 'dev', 'build', **self.environment(FAILING_NINJA))
        self.assertEqual(outcome.returncode, 1)
        self.assertIn('FAILED: thing.o\nthe reason', outcome.stderr)
        self.assertNotIn('fine', outcome.stderr)
        self.assertIn('fine', (self.root / 'build/log/build-release.log').read_text())

    def test_every_package_has_a_group_and_a_reason(self):
        rows = [line.split(maxsplit=2) for line in (ROOT / 'tools/packages.txt').read_text()
                .split('\n') if line and not line.startswith('#')]
        for row in rows:
            self.assertEqual(len(row), 3, row)
            self.assertIn(row[0], ('build', 'check', 'peers', 'node'))


class Fuzz(ToolTest):
    def fuzz(self, *arguments):
        return run(ROOT / 'tools/run_fuzz.py', '--root', self.root, '--tree', self.root / 'tree',
                   '--seconds', 2, *arguments)

    def test_a_crash_is_kept_and_fails_the_run(self):
        self.program('tree/bin/fuzz_good', '#!/bin/sh\n'
                     'echo "#9 DONE cov: 41"; echo "stat::number_of_executed_units: 9"\n')
        self.program('tree/bin/fuzz_bad', f'#!/bin/sh\n'
                     f'echo "ERROR: libFuzzer: deadly"; touch {self.root}/fuzz/corpus/bad/crash-1\n'
                     'exit 77\n')
        self.assertEqual(self.fuzz('good').returncode, 0)
        outcome = self.fuzz()
        self.assertEqual(outcome.returncode, 1)
        self.assertIn('deadly', outcome.stdout)
        self.assertIn('fuzz/corpus/bad/crash-1', outcome.stdout)
        total = json.loads(outcome.stdout.strip().split('\n')[-1])
        self.assertEqual((total['targets'], total['failed'], total['runs']), (2, 1, 9))

    def test_an_unknown_target(self):
        self.program('tree/bin/fuzz_good', '#!/bin/sh\n')
        self.assertIn('there are: good', self.fuzz('gone').stdout)
        self.assertEqual(self.fuzz('gone').returncode, 1)


class Bench(ToolTest):
    def bench(self, *arguments):
        return run(ROOT / 'tools/run_bench.py', '--tree', self.root / 'tree',
                   '--results', self.root / 'results.jsonl', *arguments)

    def test_figures_are_printed_and_kept(self):
        self.program('tree/bin/bench_secured_packet', '#!/bin/sh\necho hello\n'
                     'echo \'{"packets_per_second": 7}\'\n')
        outcome = self.bench('secured-packet')
        self.assertEqual(outcome.stdout, '{"packets_per_second": 7}\n')
        self.bench()
        rows = [json.loads(line) for line in (self.root / 'results.jsonl').open()]
        self.assertEqual([(row['bench'], row['packets_per_second']) for row in rows],
                         [('secured-packet', 7)] * 2)

    def test_a_bench_that_fails(self):
        self.program('tree/bin/bench_bad', '#!/bin/sh\necho \'{"x": 1}\'; exit 1\n')
        self.program('tree/bin/bench_silent', '#!/bin/sh\necho nothing\n')
        for name in ('bad', 'silent', 'gone'):
            self.assertEqual(self.bench(name).returncode, 1)
        self.assertFalse((self.root / 'results.jsonl').exists())
