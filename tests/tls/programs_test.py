#!/usr/bin/env python3
"""The programs over TLS: REST with https, with client certificates, and SMPP to an SMSC over TLS.

Python's ssl module and `openssl s_client` are the other ends. Usage: programs_test.py
FOLDER_OF_THE_PROGRAMS [unittest arguments]
"""

import json
from pathlib import Path
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'cli'))
import programs_test as cli  # noqa: E402  pylint: disable=wrong-import-position

BIND_TRANSCEIVER, BIND_TRANSCEIVER_RESP = 0x00000009, 0x80000009
PAPERS = r'''
set -e
curve="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
for a in ca other; do
  openssl req -x509 $curve -keyout $a.key -out $a.pem -days 30 -subj /CN=$a
done
paper() {
  openssl req $curve -keyout $1.key -out $1.csr -subj /CN=$2
  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out $1.pem \
    -extfile <(echo "subjectAltName=$3")
}
paper server localhost DNS:localhost,IP:127.0.0.1
paper smsc smsc.example DNS:smsc.example
paper operator operator-7 DNS:operator-7
'''


class TlsCase(cli.Case):
    """A server with a changed configuration."""
    changes = {}

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix='simurgh-tls-'))
        subprocess.run(['bash', '-c', PAPERS], cwd=cls.folder, check=True, capture_output=True)
        cls.server = cli.Server(cls.folder)
        cls.prepare()
        cls.start()

    @classmethod
    def prepare(cls):
        """Before the server starts."""

    @classmethod
    def configure(cls, table, **values):
        """Sets keys of one table; the template has all of them."""
        path = cls.server.data / 'simurghd.toml'
        before, head, rest = path.read_text().partition(f'[{table}]\n')
        for key, value in values.items():
            text = json.dumps(value) if not isinstance(value, Path) else json.dumps(str(value))
            rest, count = re.subn(rf'(?m)^{key} = \S+', f'{key} = {text}', rest, count=1)
            assert count == 1, key
        path.write_text(before + head + rest)

    @classmethod
    def start(cls):
        cls.server.start()

    @classmethod
    def file(cls, name):
        return cls.folder / name


class Https(TlsCase):
    @classmethod
    def prepare(cls):
        cls.configure('api', tls_certificate=cls.file('server.pem'), tls_key=cls.file('server.key'))

    def address(self):
        return self.server.url.removeprefix('http://')

    def test_the_tool_over_https(self):
        url = 'https://' + self.address()
        answer = self.run_tool('--server', url, '--ca', self.file('ca.pem'), 'status', '--json')
        self.assertIn('smpp_bound', json.loads(answer.stdout))
        localhost = 'https://localhost:' + self.address().rpartition(':')[2]
        self.run_tool('--server', localhost, '--ca', self.file('ca.pem'), 'status')

    def test_the_tool_believes_no_other_server(self):
        url = 'https://' + self.address()
        run = self.run_tool('--server', url, '--ca', self.file('other.pem'), 'status',
                            exit_code=cli.UNREACHABLE)
        self.assertIn('certificate', run.stderr)
        run = self.run_tool('--server', url, 'status', exit_code=cli.UNREACHABLE)
        self.assertIn('certificate', run.stderr)
        self.run_tool('--server', url, '--ca', '/nowhere.pem', 'status', exit_code=cli.LOCAL)

    def test_what_is_no_tls_gets_no_http(self):
        with socket.create_connection(self.address().split(':'), 5) as plain:
            plain.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
            plain.settimeout(10)
            try:
                self.assertNotIn(b'HTTP', plain.recv(1000))
            except ConnectionResetError:
                pass

    def test_python_and_openssl_as_clients(self):
        context = ssl.create_default_context(cafile=self.file('ca.pem'))
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f'https://{self.address()}/v1/status', context=context)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()
        request = 'GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
        for version in ('-tls1_2', '-tls1_3'):
            run = subprocess.run(['openssl', 's_client', '-quiet', '-verify_return_error',
                                  '-CAfile', self.file('ca.pem'), '-connect', self.address(),
                                  version], input=request, capture_output=True, text=True,
                                 timeout=60, check=False)
            self.assertTrue(run.stdout.startswith('HTTP/1.1 401'), run.stdout + run.stderr)


class ClientCertificates(TlsCase):
    @classmethod
    def prepare(cls):
        cls.configure('api', tls_certificate=cls.file('server.pem'),
                      tls_key=cls.file('server.key'), client_ca=cls.file('ca.pem'))

    def test_a_client_needs_a_certificate_of_the_authority(self):
        url = self.server.url.replace('http://', 'https://')
        base = ('--server', url, '--ca', self.file('ca.pem'))
        own = ('--certificate', self.file('operator.pem'), '--key', self.file('operator.key'))
        self.run_tool(*base, *own, 'status')
        run = self.run_tool(*base, 'status', exit_code=cli.UNREACHABLE)
        self.assertIn('alert', run.stderr)
        self.run_tool(*base, '--certificate', self.file('other.pem'), '--key',
                      self.file('other.key'), 'status', exit_code=cli.UNREACHABLE)


class Smsc:
    """Takes a bind over TLS and then nothing; a thread."""

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.binds = []
        self.failures = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def address(self):
        return f'127.0.0.1:{self.listener.getsockname()[1]}'

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(connection, server_side=True) as link:
                    self.talk(link)
            except (OSError, ValueError):
                self.failures += 1

    def talk(self, link):
        head = link.recv(16)
        length, command, _, sequence = struct.unpack('>4I', head)
        self.binds.append((command, link.recv(length - 16)))
        body = b'smsc\0'
        link.sendall(struct.pack('>4I', 16 + len(body), BIND_TRANSCEIVER_RESP, 0, sequence) + body)
        while link.recv(1000):
            pass


class SmppOverTls(TlsCase):
    @classmethod
    def prepare(cls):
        cls.smsc = Smsc(cls.file('smsc.pem'), cls.file('smsc.key'))
        cls.configure('smpp', connect=cls.smsc.address(), tls=True, tls_ca=cls.file('ca.pem'),
                      tls_name='smsc.example')

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.smsc.listener.close()

    def test_it_binds_and_says_so(self):
        cli.wait_until(lambda: self.tool('status')['smpp_bound'], 'the bind')
        command, body = self.smsc.binds[0]
        self.assertEqual(command, BIND_TRANSCEIVER)
        self.assertTrue(body.startswith(b'simurgh\0'))

    def test_an_smsc_with_another_name_gets_no_password(self):
        self.server.stop()
        before = len(self.smsc.binds)
        self.configure('smpp', tls_name='bank.example')
        self.server.start()
        cli.wait_until(lambda: self.smsc.failures > 0, 'a refused connection')
        time.sleep(0.5)
        self.assertEqual(len(self.smsc.binds), before)
        self.assertFalse(self.tool('status')['smpp_bound'])
        self.assertIn('mismatch', self.server.log.read_text())
        self.server.stop()
        self.configure('smpp', tls_name='smsc.example')
        self.server.start()


class Configuration(unittest.TestCase):
    """What is wrong is said, with its place."""

    def refused(self, table, wanted, **values):
        folder = Path(tempfile.mkdtemp(prefix='simurgh-tls-'))
        self.addCleanup(shutil.rmtree, folder)
        server = cli.Server(folder)

        class Here(TlsCase):
            pass
        Here.server = server
        Here.configure(table, **values)
        run = subprocess.run([cli.BIN / 'simurghd', 'run', '--config',
                              server.data / 'simurghd.toml'], capture_output=True, text=True,
                             timeout=60, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(wanted, run.stderr + run.stdout)

    def test_halves_and_contradictions(self):
        self.refused('api', 'belong together', tls_certificate='x.pem')
        self.refused('api', 'belong together', tls_key='x.key')
        self.refused('api', 'client_ca', client_ca='x.pem')
        self.refused('smpp', 'set tls = true', tls_ca='x.pem')

    def test_files_that_are_not_there(self):
        self.refused('api', '/nowhere.pem: no certificate', tls_certificate='/nowhere.pem',
                     tls_key='/nowhere.key')


if __name__ == '__main__':
    unittest.main()
