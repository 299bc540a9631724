#!/usr/bin/env python3
"""simurghd, simurgh and simurgh-lab's network as processes, over real SMPP, GSUP, REST and files.

First logons by hand (D5-D9, D11), the profile legacy-1997 behind its switch, and a search for keys
in everything that the programs keep or say (threats row 11).
Usage: network_test.py FOLDER_OF_THE_PROGRAMS [unittest arguments]
"""

import base64
import concurrent.futures
import http.client
import itertools
import json
from pathlib import Path
import random
import re
import socket
import subprocess
import tempfile
import time
import unittest

from programs_test import (BIN, Case, FIRST_ICCID, REFUSED, SECOND_ICCID, Server, VER, luhn,
                           wait_until)

PEER = """
[[hlr.peer]]
name = "VLR-A"
imsi_prefixes = ["26217"]

[security_centre]"""


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Network(Case):
    """A server that knows an SMSC and a visited network, and both of these with phones."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix='simurgh-network-'))
        cls.server = Server(cls.folder)
        cls.smpp = f'127.0.0.1:{free_port()}'
        cls.gsup = f'127.0.0.1:{free_port()}'
        cls.configure((r'connect = ""', f'connect = "{cls.smpp}"'),
                      (r'gsup_listen = "[^"]*"', f'gsup_listen = "{cls.gsup}"'),
                      (r'answer_wait_first_s = 20', 'answer_wait_first_s = 2'),
                      (r'\[security_centre\]', PEER.strip('\n')))
        cls.server.start()
        cls.phones = None
        cls.said = cls.folder / 'network.log'

    @classmethod
    def tearDownClass(cls):
        cls.stop_phones()
        super().tearDownClass()

    @classmethod
    def configure(cls, *changes):
        path = cls.server.data / 'simurghd.toml'
        text = path.read_text()
        for pattern, by in changes:
            text, count = re.subn(pattern, by, text)
            if count == 0:
                raise AssertionError(f'the configuration has no {pattern}')
        path.write_text(text)

    @classmethod
    def stop_phones(cls):
        if cls.phones and cls.phones.poll() is None:
            cls.phones.terminate()
            cls.phones.wait(30)
        cls.phones = None

    def start_phones(self, pack, *arguments):
        """The network in a box; its lines are in self.said."""
        self.stop_phones()
        with open(self.said, 'a', encoding='utf-8') as out:
            type(self).phones = subprocess.Popen(
                [BIN / 'simurgh-lab', 'network', '--pack', pack, '--smpp-listen', self.smpp,
                 '--gsup-connect', self.gsup, '--json', *arguments], stdout=out, stderr=out)

    def wait_for(self, iccid, what, words):
        line = json.dumps({'iccid': iccid, 'what': what, 'words': words}, separators=(',', ':'))
        wait_until(lambda: line in self.said.read_text(), f'{line} among {self.said.read_text()}')

    def audit_rows(self):
        return self.tool('audit', '--rows', 100000)['items']


class Legacy1997(Network):
    """The document's own cryptography: off, refused in words, on, used, and marked everywhere."""

    def profile_is_refused(self, *words):
        run = self.run_tool(*words, exit_code=REFUSED)
        self.assertIn('insecure', run.stderr)
        self.assertIn('allow_legacy_1997 = true', run.stderr)

    def test_switch_use_and_marks(self):
        add = ['profiles', 'add', '--name', 'old', '--legacy-1997']
        # Off, as it is made: refused, and the refusal is audited.
        self.profile_is_refused(*add)
        self.assertEqual(self.audit_rows()[-1]['action'], 'profile.save_refused')
        self.assertEqual(self.tool('profiles', 'list')['items'], [])

        # Not in production, and named by check-config and the log when it is on.
        self.configure(('production = false', 'production = true'),
                       ('allow_legacy_1997 = false', 'allow_legacy_1997 = true'))
        check = [BIN / 'simurghd', 'check-config', self.server.data / 'simurghd.toml']
        run = subprocess.run(check, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn('allow_legacy_1997', run.stderr)
        self.configure(('production = true', 'production = false'))
        run = subprocess.run(check, capture_output=True, text=True, check=True)
        self.assertRegex(run.stdout, r'allow_legacy_1997 = true +INSECURE')
        self.restart()
        self.assertRegex(self.server.log.read_text(), 'legacy-1997 is switched on.*INSECURE')

        # What the profile cannot do is refused by name.
        self.run_tool(*add, '--suites', 'x25519', exit_code=REFUSED)
        self.run_tool(*add, '--algorithm', 'tuak', exit_code=REFUSED)
        self.assertEqual(self.tool(*add)['legacy_1997'], 'INSECURE')
        pack = self.make_old_chips()
        self.sell_and_log_on(pack)
        self.rekey_and_reset(pack)
        self.check_marks()
        self.switch_off_again()

    def make_old_chips(self):
        self.make_pool()
        self.tool('allocations', 'create', '--manufacturer', 'northern', '--ver', VER, '--profile',
                  'old', '--count', 3)
        run = self.run_tool('factory', 'make', '--home', 'northern', '--allocation', 1, '--report')
        self.assertIn('INSECURE', run.stderr)
        made = self.tool('factory', 'status', '--home', 'northern')['items'][0]
        self.assertEqual((made['made'], made['legacy_1997']), (3, 'INSECURE'))
        return made['pack']

    def sell_and_log_on(self, pack):
        sale = ['dealer', 'signup', '--iccid', FIRST_ICCID, '--pack', pack, '--contract', 'C-1',
                '--msisdn', '491700000001']
        run = self.run_tool(*sale, '--code', 'qr', exit_code=REFUSED)
        self.assertIn('legacy-1997', run.stderr)  # a code would prove nothing
        sold = self.tool(*sale, '--code', 'none')
        self.assertEqual(sold['legacy_1997'], 'INSECURE')
        self.start_phones(pack, '--iccid', FIRST_ICCID)
        self.wait_for(FIRST_ICCID, 'display', 'Your card is activated.')
        self.wait_for(FIRST_ICCID, 'state', 'in service')
        chip = self.tool('chips', 'show', FIRST_ICCID)
        self.assertEqual((chip['state'], chip['hotline'], chip['key_epoch'] >= 1,
                          chip['legacy_1997']),
                         ('personalised', False, True, 'INSECURE'))

    def rekey_and_reset(self, pack):
        answer = self.tool('chips', 'rekey', FIRST_ICCID)
        self.assertEqual(answer['legacy_1997'], 'INSECURE')
        wait_until(lambda: self.tool('chips', 'show', FIRST_ICCID)['key_epoch'] >= 2, 'a new key')
        wait_until(lambda: self.tool('jobs')['items'] == [], 'DONE')
        self.stop_phones()
        back = self.tool('dealer', 'reset', '--pack', pack, '--iccid', FIRST_ICCID)
        self.assertEqual((back['state'], back['life'], back['legacy_1997']),
                         ('returned', 1, 'INSECURE'))
        self.tool('dealer', 'signup', '--iccid', FIRST_ICCID, '--pack', pack, '--contract', 'C-2',
                  '--msisdn', '491700000002', '--code', 'none')
        self.start_phones(pack, '--iccid', FIRST_ICCID)
        wait_until(lambda: self.tool('chips', 'show', FIRST_ICCID)['state'] == 'personalised',
                   'the second first logon')

    def check_marks(self):
        order = self.tool('chips', 'show', FIRST_ICCID)['order']
        for words in (['profiles', 'list'], ['allocations', 'list'], ['chips', 'list']):
            rows = self.tool(*words)['items']
            old = [row for row in rows if row.get('name') != 'standard']
            self.assertTrue(old)
            self.assertTrue(all(row['legacy_1997'] == 'INSECURE' for row in old), words)
            self.assertIn('INSECURE', self.run_tool(*words).stdout)
        for words in (['chips', 'show', FIRST_ICCID], ['chips', 'show', SECOND_ICCID],
                      ['allocations', 'show', 1]):
            self.assertIn('INSECURE', self.run_tool(*words).stdout, words)
        rows = [row for row in self.audit_rows()
                if row['subject'] in (FIRST_ICCID, '262170000000000', order)]
        actions = {row['action'] for row in rows}
        for action in ('chip.sell', 'subscriber.create', 'subscriber.keys', 'chip.personalised',
                       'chip.rekeyed', 'chip.reset_confirmed', 'subscriber.hotline_off'):
            self.assertIn(action, actions)
        for row in rows:
            self.assertIn('INSECURE', row['detail'], row)

    def switch_off_again(self):
        self.stop_phones()
        self.configure(('allow_legacy_1997 = true', 'allow_legacy_1997 = false'))
        self.restart()
        self.assertRegex(self.server.log.read_text(), 'card profile legacy-1997.*INSECURE')
        self.profile_is_refused('chips', 'rekey', FIRST_ICCID)
        self.profile_is_refused('dealer', 'signup', '--iccid', SECOND_ICCID, '--ver', VER,
                                '--contract', 'C-3', '--msisdn', '491700000003', '--code', 'none')
        self.profile_is_refused('allocations', 'create', '--manufacturer', 'northern', '--ver',
                                VER, '--profile', 'old', '--count', 1)
        actions = {row['action'] for row in self.audit_rows()}
        for action in ('chip.rekey_refused', 'chip.sell_refused', 'allocation.add_refused'):
            self.assertIn(action, actions)


class Configuration(unittest.TestCase):
    """check-config finds what a start would stumble over, and names the key."""

    def test_check_config(self):
        with tempfile.TemporaryDirectory(prefix='simurgh-config-') as folder:
            run = [BIN / 'simurghd', 'init', '--data-dir', folder + '/s']
            subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
            path = Path(folder) / 's' / 'simurghd.toml'
            text = path.read_text()
            check = [BIN / 'simurghd', 'check-config', path]
            self.assertEqual(subprocess.run(check, check=True, capture_output=True,
                                            text=True).stdout, f'{path}: good\n')
            for before, after, words in (
                    ('log_level = "info"', 'log_level = "loud"', 'log_level'),
                    ('"127.0.0.1:4222"', '"nonsense"', 'hlr.gsup_listen'),
                    ('"127.0.0.1:4222"', '"0.0.0.0:4222"', 'loopback'),
                    ('"127.0.0.1:8430"', '"8430"', 'api.listen'),
                    ('"127.0.0.1:8430"', '"0.0.0.0:8430"', 'api.allow_without_tls = true'),
                    ('"127.0.0.1:8430"', '":8430"', 'api.allow_without_tls = true'),
                    ('"127.0.0.1:8430"', '"192.0.2.1:8430"', 'api.tls_certificate'),
                    ('connect = ""', 'connect = "smsc"', 'smpp.connect'),
                    ('answer_wait_max_s = 600', 'answer_wait_max_s = 1', 'answer_wait_max_s'),
                    ('number = "4915550000"', 'number = "+49"', 'security_centre.number'),
                    ('number = "4915550000"', 'number = ""', 'security_centre.number'),
                    ('mnc_digits = 2', 'mnc_digits = 4', 'cards.mnc_digits'),
                    ('kind = "built-in"', 'kind = "other"', 'hlr.kind'),
                    ('window = 100', 'windows = 100', 'smpp.windows: there is no such key')):
                self.assertIn(before, text)
                path.write_text(text.replace(before, after, 1))
                done = subprocess.run(check, check=False, capture_output=True, text=True)
                self.assertEqual(done.returncode, 1, after)
                self.assertIn(words, done.stderr)
            # Each of what the words say to do is enough.
            for more in ('allow_without_tls = true',
                         'tls_certificate = "c.pem"\ntls_key = "k.pem"'):
                changed = text.replace('"127.0.0.1:8430"', '"0.0.0.0:8430"')
                for line in more.split('\n'):
                    key = line.split(' =')[0]
                    changed = re.sub(rf'(?m)^{key} = \S+', line, changed, count=1)
                path.write_text(changed)
                done = subprocess.run(check, check=True, capture_output=True, text=True)
                self.assertEqual('INSECURE' in done.stdout, 'without' in more)
        for words in ([], ['frob'], ['run'], ['init', '--data-dirs', 'x']):
            done = subprocess.run([BIN / 'simurghd', *words], check=False, capture_output=True)
            self.assertEqual(done.returncode, 2)


class Versions(unittest.TestCase):
    """--version: one version, in CMakeLists.txt's project, that all programs say."""

    def test_version(self):
        top = (Path(__file__).parents[2] / 'CMakeLists.txt').read_text()
        version = re.search(r'project\(simurgh VERSION (\d+\.\d+\.\d+)', top)[1]
        for name in ('simurghd', 'simurgh', 'simurgh-lab'):
            done = subprocess.run([BIN / name, '--version'], check=True, capture_output=True,
                                  text=True)
            self.assertEqual(done.stdout, f'{name} {version}\n')


class Imports(Case):
    """Subscribers of another AuC by the command line: taken, and refused in production."""

    def line(self, number, **changes):
        return json.dumps({'imsi': f'26217000009{number:04}', 'msisdn': f'4917000009{number:04}',
                           'algorithm': 'milenage',
                           'ki': f'5ca1ab1e0ddba11c0ffee0decafb{number:04}',
                           'opc': f'f005ba11deadc0de1badb002cafe{number:04}'} | changes) + '\n'

    def test_import(self):
        path = self.folder / 'others.jsonl'
        run = ['subscribers', 'import', '--file', path]
        path.write_text(self.line(1) + '\n' + self.line(2))
        self.assertEqual(self.tool(*run), {'imported': 2, 'skipped': 0})
        self.assertIn('--skip-existing', self.run_tool(*run, exit_code=REFUSED).stderr)
        path.write_text(self.line(1) + self.line(3))
        self.assertEqual(self.tool(*run, '--skip-existing'), {'imported': 1, 'skipped': 1})
        for bad, words in (('{"imsi":', 'line 1'), (self.line(4, ki='12'), '"ki"'),
                           (self.line(4, algorithm='comp128v1'), '"opc"'), ('[]', 'line 1')):
            path.write_text(bad)
            done = subprocess.run([BIN / 'simurgh', *map(str, run)], capture_output=True, text=True,
                                  check=False, env=self.environment(self.server.data /
                                                                    'admin.token'))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)
        entry = json.loads(self.line(4, algorithm='comp128v1'))
        del entry['opc']
        path.write_text(json.dumps(entry))
        self.assertIn('allow_comp128_import', self.run_tool(*run, exit_code=REFUSED).stderr)
        # A bench takes a published key; production refuses it, and does not start with one.
        test_key = '465b5ce8b199b49faa5f0a2ee238a6bc'
        path.write_text(self.line(5, ki=test_key))
        self.tool(*run)
        self.server.stop()
        config = self.server.data / 'simurghd.toml'
        config.write_text(config.read_text().replace('production = false', 'production = true'))
        start = subprocess.run([BIN / 'simurghd', 'run', '--config', config], capture_output=True,
                               text=True, check=False, timeout=30)
        self.assertEqual(start.returncode, 1)
        self.assertIn('262170000090005', start.stderr)
        config.write_text(config.read_text().replace('production = true', 'production = false'))
        self.server.start()
        self.tool('subscribers', 'remove', '262170000090005')
        self.server.stop()
        config.write_text(config.read_text().replace('production = false', 'production = true'))
        self.server.start()
        self.assertIn('test key', self.run_tool(*run, exit_code=REFUSED).stderr)
        path.write_text(self.line(6, ki=json.loads(self.line(1))['ki']))
        self.assertIn('same Ki', self.run_tool(*run, exit_code=REFUSED).stderr)
        actions = [row['action'] for row in self.tool('audit', '--rows', 1000)['items']]
        self.assertEqual(actions.count('subscriber.import_refused'), 3)


class RacePairs(Case):
    """T-RACE-PAIRS: any two operations on one ICCID at the same moment end as in some order."""

    OPERATIONS = ('sell', 'sell_other', 'rekey', 'renew_code', 'reset', 'confirm', 'contract')

    @staticmethod
    def bcd(digits):
        """The digits as they are in messages: low nibble first."""
        digits += 'f' * (len(digits) % 2)
        return ''.join(digits[i + 1] + digits[i] for i in range(0, len(digits), 2))

    def request(self, operation, iccid, number):
        """Path and body of an operation on the chip at this position of the batch."""
        sale = {'iccid': iccid, 'ver': VER, 'contract': f'C-{number}',
                'msisdn': f'4917{number:08}', 'activation': {'kind': 'none'}}
        coded = self.bcd(iccid)
        challenge = f'd18601{len(coded) // 2:02x}{coded}0404000000000901030d10' + '5a' * 16
        return {
            'sell': ('/v1/signups', sale),
            'sell_other': ('/v1/signups', sale | {'msisdn': f'4918{number:08}'}),
            'rekey': (f'/v1/chips/{iccid}/rekey', {}),
            'renew_code': (f'/v1/orders/{self.orders.get(iccid, "NONE")}/renew-code',
                           {'kind': 'short', 'code': '123455'}),
            'reset': (f'/v1/chips/{iccid}/reset', {'challenge': challenge}),
            'confirm': (f'/v1/chips/{iccid}/reset/confirm', {'receipt': 'd187'}),
            'contract': ('/v1/contracts', {'id': f'C-{number}', 'customer': 'x', 'tariff': 'y',
                                           'ended': True}),
        }[operation]

    def send(self, call):
        path, body = call
        connection = http.client.HTTPConnection(self.server.url[7:], timeout=60)
        connection.request('POST', path, json.dumps(body),
                           {'Content-Type': 'application/json', 'Authorization': self.token})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status == 429:  # a fast machine is over the token's rate
            time.sleep(int(answer.getheader('Retry-After')))
            return self.send(call)
        self.assertLess(answer.status, 500, said)
        self.said = said  # the last answer, for a failure's words
        return answer.status

    def outcome(self, iccid, statuses):
        chip = self.tool('chips', 'show', iccid)
        rows = [row['action'] for row in chip.get('history', [])]
        return (*statuses, chip['state'], chip.get('life'), chip.get('msisdn', '')[:4],
                [order['state'] for order in chip.get('orders', [])], sorted(rows))

    def run_pair(self, pair, sold, how):
        self.position += 1
        body = f'894917000000{self.position:06}'
        iccid = body + luhn(body)
        if sold:
            status = self.send(self.request('sell', iccid, self.position))
            self.assertEqual(status, 201, self.said)
            self.orders[iccid] = self.tool('chips', 'show', iccid)['order']
        calls = [self.request(operation, iccid, self.position) for operation in pair]
        if how == 'together':
            with concurrent.futures.ThreadPoolExecutor(len(calls)) as threads:
                statuses = list(threads.map(self.send, calls))
        else:
            statuses = [0] * len(calls)
            for index in how:
                statuses[index] = self.send(calls[index])
        return self.outcome(iccid, statuses)

    def test_pairs_and_triples(self):
        self.make_pool()
        self.allocate(2000)
        self.token = 'Bearer ' + (self.server.data / 'admin.token').read_text().strip()
        self.orders, self.position = {}, 0
        dice = random.Random(7)
        sets = list(itertools.product(self.OPERATIONS, repeat=2))
        sets += [tuple(dice.choices(self.OPERATIONS, k=3)) for _ in range(12)]
        outcomes = set()
        for sold in (False, True):
            for operations in sets:
                if not sold and 'renew_code' in operations:
                    continue  # there is no order yet
                serial = [self.run_pair(operations, sold, order)
                          for order in itertools.permutations(range(len(operations)))]
                together = self.run_pair(operations, sold, 'together')
                self.assertIn(together, serial, (operations, sold))
                outcomes.add(str(together))
        self.assertGreater(len(outcomes), 10)  # the operations do something


class LyingCentre(Network):
    """T-DLR-LIE: an SMSC that lies, misroutes, loses and doubles; only the chip's MAC counts."""

    def test_first_logon(self):
        self.make_pool()
        self.allocate(2)
        pack = self.tool('factory', 'make', '--home', 'northern', '--allocation', 1)['pack']
        for number, iccid in enumerate((FIRST_ICCID, SECOND_ICCID)):
            self.tool('dealer', 'signup', '--iccid', iccid, '--pack', pack, '--contract', 'C-1',
                      '--msisdn', f'49170000000{number}', '--code', 'none')
        # One phone only: whatever is said of the other chip's messages, it is not activated.
        self.start_phones(pack, '--iccid', FIRST_ICCID, '--faults', 'liar')
        wait_until(lambda: self.tool('chips', 'show', FIRST_ICCID)['state'] == 'personalised',
                   'the first logon', 120)
        wait_until(lambda: FIRST_ICCID not in [row['iccid'] for row in self.tool('jobs')['items']],
                   'DONE', 120)
        self.wait_for(FIRST_ICCID, 'state', 'in service')
        other = self.tool('chips', 'show', SECOND_ICCID)
        self.assertEqual((other['state'], other['hotline'], other['key_epoch']), ('sold', True, 0))


class KeySearch(Network):
    """Looks for a key, whole or in part and however written, in all that is kept or said."""

    def windows(self, digits):
        """Each 8-octet window: as octets, reversed, hexadecimal in both cases, base 64."""
        key = bytes.fromhex(digits)
        for start in range(len(key) - 7):
            window = key[start:start + 8]
            yield window
            yield window[::-1]
            yield window.hex().encode()
            yield window.hex().upper().encode()
            for shift in range(3):  # where in base 64's groups of three it begins
                text = base64.b64encode(bytes(shift) + window)
                yield text[4 if shift else 0:8 + (4 if shift else 0)].rstrip(b'=')[:-1]

    def leaks_in(self, haystack, digits):
        return [window for window in self.windows(digits) if window in haystack]

    def everything(self, said):
        """What was answered, what the programs said, and the data folder but for its keys."""
        parts = [text.encode() for text in said]
        parts += [path.read_bytes() for path in (self.said, self.server.log) if path.exists()]
        parts += [path.read_bytes() for path in self.server.data.iterdir() if path.name != 'keys']
        return b'\n'.join(parts)


class PlantedLeaks(KeySearch):
    """The negative control of T-NO-KI-EGRESS: a key that is somewhere is found there."""

    def test_planted_leaks_are_found(self):
        self.said.touch()
        self.make_pool()
        # What the server itself is made to keep, by somebody who pastes a part of a key into a
        # remark: in its tables, its write-ahead log, its audit rows, its answers.
        number = itertools.count(1)
        for way, write in (('hexadecimal', lambda key: key[3:12].hex()),
                           ('upper case', lambda key: key[3:12].hex().upper()),
                           ('base 64', lambda key: base64.b64encode(key).decode()),
                           ('shifted', lambda key: base64.b64encode(b'k' + key).decode()),
                           ('shifted twice', lambda key: base64.b64encode(b'ki' + key).decode())):
            key = random.randbytes(16)
            self.assertEqual(self.leaks_in(self.everything([]), key.hex()), [], way)
            body = f'8949263{next(number)}0000000000'
            self.tool('ranges', 'add', '--iccid', body + luhn(body), '--imsi',
                      '26263' + body[7:17], '--count', 10, '--note', write(key))
            said = self.run_tool('ranges', 'list', '--json').stdout
            self.assertNotEqual(self.leaks_in(said.encode(), key.hex()), [], way)
            self.assertNotEqual(self.leaks_in(self.everything([]), key.hex()), [], way)
        # Octets as they are, in a file that nobody thought of, in the network's words, in the log.
        for path in (self.server.data / 'core', self.said, self.server.log):
            for octets in (lambda key: key, lambda key: key[::-1], lambda key: key[8:]):
                key = random.randbytes(16)
                self.assertEqual(self.leaks_in(self.everything([]), key.hex()), [], path)
                with open(path, 'ab') as out:
                    out.write(b'x' + octets(key))
                self.assertNotEqual(self.leaks_in(self.everything([]), key.hex()), [], path)


class NoKeyLeaves(KeySearch):
    """T-NO-KI-EGRESS, T-STOLEN-DB, I10: canary keys are nowhere that somebody can read."""

    # Known keys, imported: as canaries they are in the server from its interface inwards.
    KI = '5ca1ab1e0ddba11c0ffee0decafbad00'
    OPC = 'f005ba11deadc0de1badb002cafed00d'

    def test_canaries(self):
        self.make_pool()
        self.allocate(4)
        pack = self.tool('factory', 'make', '--home', 'northern', '--allocation', 1,
                         '--report')['pack']
        body = {'imsi': '262179999999999', 'msisdn': '491709999999', 'algorithm': 'milenage',
                'ki': self.KI, 'opc': self.OPC}
        said = [self.post('/v1/subscribers', body)]
        code = self.tool('dealer', 'signup', '--iccid', FIRST_ICCID, '--pack', pack, '--contract',
                         'C-1', '--msisdn', '491700000001', '--code', 'short')['code']
        self.start_phones(pack, '--iccid', FIRST_ICCID, '--code', f'{FIRST_ICCID}={code}')
        self.wait_for(FIRST_ICCID, 'state', 'in service')
        self.tool('chips', 'rekey', FIRST_ICCID)
        wait_until(lambda: self.tool('chips', 'show', FIRST_ICCID)['key_epoch'] >= 2, 'a new key')
        self.stop_phones()
        for words in (['chips', 'list'], ['chips', 'show', FIRST_ICCID], ['jobs'], ['alarms'],
                      ['audit', '--rows', '100000'], ['status'], ['allocations', 'list'],
                      ['allocations', 'show', '1'], ['profiles', 'list'], ['tokens', 'list',
                      '--file', self.server.data / 'tokens']):
            said.append(self.run_tool(*words, '--json').stdout)
        # A key that is there already is refused, and the refusal does not repeat it.
        said.append(self.post('/v1/subscribers', body))
        said.append(self.post('/v1/subscribers', dict(body, ki=self.KI + '0')))

        self.server.kill()  # as the disk is when it is stolen: write-ahead log and all
        keys = (self.server.data / 'keys').read_bytes()
        haystack = self.everything(said)
        for name, needle in (('Ki', self.KI), ('OPc', self.OPC)):
            self.assertEqual(self.leaks_in(haystack, needle), [], name)
        self.assertNotIn(code.encode(), haystack)
        # Nothing of the key file is outside of it.
        for start in range(64, len(keys) - 16, 16):
            if len(set(keys[start:start + 16])) > 8:
                self.assertNotIn(keys[start:start + 16], haystack)
        self.server.start()

    def post(self, path, body):
        """The answer, whatever it says, with its headers."""
        token = (self.server.data / 'admin.token').read_text().strip()
        run = subprocess.run(
            ['curl', '-sS', '-i', '-H', f'Authorization: Bearer {token}', '-H',
             'Content-Type: application/json', '-d', json.dumps(body), self.server.url + path],
            capture_output=True, text=True, check=True, timeout=60)
        return run.stdout


if __name__ == '__main__':
    unittest.main()
