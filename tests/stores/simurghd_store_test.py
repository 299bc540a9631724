"""simurghd's --store and its configuration key, with a real PostgreSQL.

Usage: simurghd_store_test.py SIMURGHD ADDRESS     (with_postgres gives the address)
"""

from pathlib import Path
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

SIMURGHD, STORE = sys.argv.pop(1), sys.argv.pop(1)
SECRET = 'Tr0ub4dor'


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def simurghd(*arguments):
    return subprocess.run([SIMURGHD, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False)


class Store(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = Path(self.folder.name, 'data')
        self.addCleanup(self.folder.cleanup)

    def refused(self, *arguments, words):
        done = simurghd(*arguments)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(words, done.stderr)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done.stderr

    def config(self, store, mode=0o600):
        path = Path(self.folder.name, 'some.toml')
        path.write_text(f'data_dir = "/x"\nstore = "{store}"\n'
                        '[security_centre]\nnumber = "4915550000"\n')
        path.chmod(mode)
        return path

    def test_what_is_no_store(self):
        for store in 'mysql://x', 'postgresql', 'postgresql:x', f'postgresql://h/?{SECRET}':
            self.refused('init', '--data-dir', self.data, '--store', store, words='postgresql://')
            self.refused('check-config', self.config(store), words='some.toml:2: store: ')
        self.assertFalse(self.data.exists())

    def test_a_password_is_only_where_nobody_else_reads_it(self):
        store = f'postgresql://ann:{SECRET}@/d?host=/nowhere'
        self.refused('init', '--data-dir', self.data, '--store', store, words='passfile=')
        self.refused('check-config', self.config(store, 0o640), words='mode 0600')
        self.assertEqual(simurghd('check-config', self.config(store)).returncode, 0)
        # … and not in what is said when it does not work.
        path = self.config(store)
        path.write_text(path.read_text().replace('/x', self.folder.name))
        subprocess.run([SIMURGHD, 'init', '--data-dir', self.data], check=True,
                       stdout=subprocess.DEVNULL)
        path.write_text(path.read_text().replace(self.folder.name, str(self.data)))
        self.refused('run', '--config', path, words='cannot connect to postgresql://ann@/d')

    def test_a_life_of_two_servers_and_one_database(self):
        done = simurghd('init', '--data-dir', self.data, '--store', STORE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('database          postgresql://simurgh@', done.stdout)
        config = self.data / 'simurghd.toml'
        text = re.sub(r'127\.0\.0\.1:(8430|4222)', lambda _: f'127.0.0.1:{free_port()}',
                      config.read_text())
        config.write_text(text)
        self.assertIn(f'store = "{STORE}"', text)
        self.assertEqual(simurghd('check-config', config).returncode, 0)

        def start():
            server = subprocess.Popen([SIMURGHD, 'run', '--config', config],
                                      stderr=subprocess.PIPE, text=True)
            self.addCleanup(server.stderr.close)
            self.addCleanup(server.kill)
            for line in server.stderr:
                if 'msg=ready' in line:
                    self.assertIn('store="postgresql://simurgh@', line)
                    return server
            self.fail('the server did not get ready')

        first = start()
        said = self.refused('run', '--config', config, words='in use by another simurghd')
        self.assertIn(f'pid {first.pid}', said)
        first.kill()
        first.wait()
        second = start()  # at once: the dead one's session ends by itself
        second.send_signal(signal.SIGTERM)
        self.assertEqual(second.wait(timeout=30), 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
