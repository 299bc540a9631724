#!/usr/bin/env python3
"""simurgh against a real simurghd: what operator, factory and dealer type, and what they get.

Each class has a server of its own, on ports that the kernel chooses, with files in a temporary
folder. Usage: programs_test.py FOLDER_OF_THE_PROGRAMS [unittest arguments]

Long: one scene of set-up, a server and the tool, that every class shares.
"""

import json
import os
from pathlib import Path
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BIN = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else Path('.')
FIRST_ICCID = '8949170000000000004'
SECOND_ICCID = '8949170000000000012'
FIRST_IMSI = '262170000000000'
VER = '0100000000000001'
OK, LOCAL, USAGE, REFUSED, UNREACHABLE, FORBIDDEN, INTERRUPTED = range(7)


def wait_until(condition, what, seconds=60):
    """The condition's first true value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f'{what} did not happen in {seconds} s')


def luhn(digits):
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


class Server:
    """A simurghd in FOLDER/server."""

    def __init__(self, folder):
        self.data = folder / 'server'
        self.log = folder / 'server.log'
        self.process = None
        subprocess.run([BIN / 'simurghd', 'init', '--data-dir', self.data], check=True,
                       stdout=subprocess.DEVNULL)
        config = self.data / 'simurghd.toml'
        text = config.read_text()
        text = re.sub(r'(?m)^listen = "[^"]*"', 'listen = "127.0.0.1:0"', text)
        text = re.sub(r'(?m)^gsup_listen = "[^"]*"', 'gsup_listen = "127.0.0.1:0"', text)
        config.write_text(text)

    def start(self):
        self.log.write_text('')
        with open(self.log, 'w', encoding='utf-8') as log:
            self.process = subprocess.Popen(
                [BIN / 'simurghd', 'run', '--config', self.data / 'simurghd.toml'],
                stdout=log, stderr=log)
        found = wait_until(lambda: re.search(r' api=(127\.0\.0\.1:\d+)', self.log.read_text()),
                           'the server')
        self.url = 'http://' + found[1]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


class Case(unittest.TestCase):
    """A folder, a server, and the tool with the administrator's token."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix='simurgh-cli-'))
        cls.server = Server(cls.folder)
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.folder)

    def environment(self, token):
        env = {k: v for k, v in os.environ.items() if not k.startswith('SIMURGH_')}
        env['SIMURGH_SERVER'] = self.server.url
        if token:
            env['SIMURGH_TOKEN_FILE'] = str(token)
        return env

    def run_tool(self, *arguments, token='admin', exit_code=OK):
        """The finished process; its exit code is checked."""
        path = self.server.data / 'admin.token' if token == 'admin' else token
        run = subprocess.run([BIN / 'simurgh', *map(str, arguments)], cwd=self.folder,
                             env=self.environment(path), capture_output=True, text=True,
                             check=False, timeout=120)
        self.assertEqual(run.returncode, exit_code, run.stdout + run.stderr)
        if exit_code != OK:
            self.assertRegex(run.stderr, r'(?m)^simurgh: \S')
        return run

    def tool(self, *arguments, token='admin'):
        """The answer of a command that succeeds, as JSON."""
        return json.loads(self.run_tool(*arguments, '--json', token=token).stdout)

    def make_pool(self, home='northern', ranges=True):
        made = self.tool('factory', 'init', '--home', home)
        self.tool('manufacturers', 'add', '--name', home, '--transport-key',
                  made['transport_public_key'])
        if ranges:
            self.tool('profiles', 'add', '--name', 'standard')
            self.tool('ranges', 'add', '--iccid', FIRST_ICCID, '--imsi', FIRST_IMSI,
                      '--count', 1_000_000)

    def allocate(self, count, home='northern', ver=VER):
        return self.tool('allocations', 'create', '--manufacturer', home, '--ver', ver,
                         '--profile', 'standard', '--count', count)

    def restart(self):
        self.server.stop()
        self.server.start()

    def make_token(self, name, roles, *more):
        path = self.folder / f'{name}.token'
        self.tool('tokens', 'add', '--file', self.server.data / 'tokens', '--name', name,
                  '--roles', roles, '--out', path, *more)
        self.restart()
        return path


class CommandLine(Case):
    """What needs nothing but the tool, or a server without content."""

    def test_help_of_every_command(self):
        text = self.run_tool('--help').stdout
        groups = re.findall(r'(?m)^  ([a-z]+)  ', text)
        self.assertGreater(len(groups), 8)
        for group in groups:
            sub = self.run_tool(group, '--help').stdout
            for verb in re.findall(r'(?m)^  ([a-z]+)  ', sub):
                one = self.run_tool(group, verb, '--help').stdout
                self.assertIn('Usage:', one)
        for words in (['dealer', 'signup'], ['factory', 'make'], ['chips', 'list']):
            self.assertIn('Examples:', self.run_tool(*words, '--help').stdout)

    def test_wrong_command_lines_are_usage(self):
        for words in ([], ['frob'], ['chips'], ['chips', 'frob'], ['chips', 'show'],
                      ['chips', 'list', '--rows', 'many'], ['chips', 'list', '--state', 'happy'],
                      ['ranges', 'add', '--iccid', '1']):
            run = self.run_tool(*words, exit_code=USAGE)
            self.assertIn('--help', run.stderr)

    def test_how_often_keys_are_renewed_is_checked(self):
        """D11: the template has both keys; what makes no sense is refused with its place."""
        text = (self.server.data / 'simurghd.toml').read_text()
        config = self.folder / 'other.toml'
        for key, value, words in (
                ('rekey_interval_s', '31536000', None), ('rekey_interval_s', '60', None),
                ('rekey_interval_s', '59', 'expected 0 (off) or at least 60'),
                ('rekey_interval_s', '-1', 'expected a whole number from 0 to'),
                ('rekey_interval_s', '"a year"', 'expected a whole number from 0 to'),
                ('rekeys_per_hour_max', '1', None),
                ('rekeys_per_hour_max', '0', 'expected a whole number from 1 to')):
            config.write_text(re.sub(rf'(?m)^{key} = \d+', f'{key} = {value}', text))
            self.assertIn(f'\n{key} = {value}', config.read_text())
            run = subprocess.run([BIN / 'simurghd', 'check-config', config], capture_output=True,
                                 text=True, check=False, timeout=60)
            self.assertEqual(run.returncode, 1 if words else 0, run)
            self.assertIn(f'security_centre.{key}: {words}' if words else '', run.stderr)

    def test_a_server_that_is_not_there(self):
        run = self.run_tool('--server', 'http://127.0.0.1:1', 'status', exit_code=UNREACHABLE)
        self.assertIn('simurghd', run.stderr)

    def test_a_token_is_never_sent_in_the_clear_to_another_machine(self):
        for server in ('http://192.0.2.1:8430', '192.0.2.1:8430'):
            run = self.run_tool('--server', server, 'status', exit_code=USAGE)
            self.assertIn('tunnel', run.stderr)

    def test_tokens_that_are_missing_unknown_or_too_weak(self):
        self.assertIn('--token-file', self.run_tool('status', token='', exit_code=FORBIDDEN).stderr)
        bad = self.folder / 'bad.token'
        bad.write_text('admin.' + '0' * 64 + '\n')
        self.run_tool('status', token=bad, exit_code=FORBIDDEN)
        bad.write_text('two words')
        self.run_tool('status', token=bad, exit_code=FORBIDDEN)

    def test_refusals_say_what_and_what_to_do(self):
        run = self.run_tool('chips', 'show', '8949170000009999999', exit_code=REFUSED)
        self.assertRegex(run.stderr, r'simurgh: no such chip: \d+\n  \S')

    def test_an_empty_list_and_a_quiet_one(self):
        self.assertEqual(self.tool('chips', 'list'), {'items': []})
        self.assertTrue(self.run_tool('chips', 'list').stdout.startswith('ICCID'))


class Tokens(Case):
    """Tokens made by the tool open what their roles open, after the server has read them."""

    def test_roles(self):
        dealer = self.make_token('desk', 'dealer')
        self.assertEqual(dealer.stat().st_mode & 0o777, 0o600)
        self.run_tool('dealer', 'code', '--order', 'NONE', token=dealer, exit_code=REFUSED)
        self.run_tool('chips', 'list', token=dealer, exit_code=FORBIDDEN)
        self.assertNotIn(dealer.read_text().split('.')[1].strip(),
                         (self.server.data / 'tokens').read_text())
        self.run_tool('tokens', 'add', '--file', self.server.data / 'tokens', '--name', 'desk',
                      '--roles', 'dealer', '--out', self.folder / 'again.token', exit_code=LOCAL)
        self.run_tool('tokens', 'add', '--file', self.server.data / 'tokens', '--name', 'maker',
                      '--roles', 'factory', '--out', self.folder / 'm.token', exit_code=USAGE)
        names = [t['name'] for t in self.tool('tokens', 'list', '--file',
                                              self.server.data / 'tokens')['items']]
        self.assertEqual(names, ['admin', 'desk'])
        self.tool('tokens', 'remove', '--file', self.server.data / 'tokens', '--name', 'desk')
        self.restart()
        self.run_tool('dealer', 'code', '--order', 'NONE', token=dealer, exit_code=FORBIDDEN)


class LifeOfAChip(Case):
    """D1-D5, D10, D12 by hand: made, sold, reset, sold again."""

    def test_life(self):
        self.make_pool()
        allocation = self.allocate(300)
        self.assertEqual(allocation['iccid_first'], FIRST_ICCID)
        made = self.tool('factory', 'make', '--home', 'northern', '--allocation', 1,
                         '--report')
        self.assertEqual((made['made'], made['made_now'], made['reported']), (300, 300, True))
        self.assertEqual(self.tool('allocations', 'list')['items'][0]['delivered'], 300)
        order_file = Path(made['order_file']).read_text()
        self.assertNotIn('k1', order_file.lower())
        pack = made['pack']

        # Sold with a QR code; the code is on the print, in the picture, and nowhere else.
        svg = self.folder / 'c1.svg'
        run = self.run_tool('dealer', 'signup', '--iccid', FIRST_ICCID, '--pack', pack,
                            '--contract', 'C-1', '--msisdn', '491700000001', '--svg', svg)
        code = re.search(r'Activation code: SIMURGH1:([A-Z2-7]{30})', run.stdout)[1]
        self.assertIn('\u2588', run.stdout)
        self.assertIn('<svg', svg.read_text())
        self.assertEqual(svg.stat().st_mode & 0o777, 0o600)
        chip = self.tool('chips', 'show', FIRST_ICCID)
        self.assertEqual((chip['state'], chip['hotline'], chip['life']), ('sold', True, 0))
        order = chip['order']
        self.assertEqual(self.tool('jobs')['items'][0]['iccid'], FIRST_ICCID)

        # A chip is not sold twice, nor one that says something else than it is.
        self.run_tool('dealer', 'signup', '--iccid', FIRST_ICCID, '--pack', pack,
                      '--contract', 'C-2', '--msisdn', '491700000009', exit_code=REFUSED)
        self.run_tool('dealer', 'signup', '--iccid', SECOND_ICCID, '--ver', '00' * 8,
                      '--contract', 'C-2', '--msisdn', '491700000002', exit_code=REFUSED)

        # A short code, and a new one for the first order.
        short = self.tool('dealer', 'signup', '--iccid', SECOND_ICCID, '--ver', VER, '--contract',
                          'C-2', '--msisdn', '491700000002', '--code', 'short', '--digits', 7)
        self.assertRegex(short['code'], r'^\d{7}$')
        renewed = self.tool('dealer', 'code', '--order', order)
        self.assertNotIn(code, renewed['code'])
        self.run_tool('dealer', 'code', '--order', order, '--unfreeze', exit_code=REFUSED)

        # Returned, reset by the dealer's tool, and sold again in its next life.
        back = self.tool('dealer', 'reset', '--pack', pack, '--iccid', FIRST_ICCID)
        self.assertEqual((back['state'], back['life']), ('returned', 1))
        again = self.tool('dealer', 'signup', '--iccid', FIRST_ICCID, '--pack', pack, '--contract',
                          'C-3', '--msisdn', '491700000003', '--code', 'none')
        self.assertNotEqual(again['order'], order)
        self.assertEqual(self.tool('chips', 'show', FIRST_ICCID)['life'], 1)
        self.run_tool('dealer', 'reset', '--pack', pack, '--iccid', '8949170000000000020',
                      exit_code=REFUSED)
        self.run_tool('dealer', 'reset', '--pack', pack, '--iccid', '8949170000999999998',
                      exit_code=LOCAL)

        # I10: neither code is in what the server keeps or says.
        self.server.stop()
        kept = b''.join(path.read_bytes() for path in self.server.data.iterdir())
        said = self.server.log.read_bytes()
        for secret in (code, short['code'], renewed['code'][9:]):
            self.assertNotIn(secret.encode(), kept + said)
        self.server.start()
        self.assertEqual(self.tool('chips', 'show', FIRST_ICCID)['state'], 'sold')


class Factory(Case):
    """Batches that are interrupted, repeated, or not for this factory."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls('make_pool')
        case.make_pool()

    def test_killed_at_any_moment_it_goes_on(self):
        """D1: kill -9 of `factory make`, again and again; in the end every chip is there once."""
        count = 9000
        allocation = self.allocate(count)
        dice = random.Random(1)
        command = [BIN / 'simurgh', 'factory', 'make', '--home', 'northern', '--allocation',
                   str(allocation['id']), '--quiet', '--threads', '2']
        kills = 0
        while kills < 12:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(self.server.data / 'admin.token'),
                stdout=subprocess.DEVNULL)
            try:
                process.wait(dice.uniform(0.02, 0.4))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                continue
            self.assertEqual(process.returncode, OK)
            break
        made = self.tool('factory', 'make', '--home', 'northern', '--allocation',
                         allocation['id'], '--report')
        self.assertEqual(made['made'], count)
        self.assertTrue(made['reported'])  # the server has checked every number
        self.assertGreater(kills, 0)
        status = self.tool('factory', 'status', '--home', 'northern')['items']
        mine = [row for row in status if row['allocation'] == allocation['id']]
        self.assertEqual((mine[0]['made'], mine[0]['state']), (count, 'done'))

    def test_stopped_by_a_signal_it_says_so(self):
        allocation = self.allocate(60_000)
        process = subprocess.Popen(
            [BIN / 'simurgh', 'factory', 'make', '--home', 'northern', '--allocation',
             str(allocation['id'])], cwd=self.folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
            env=self.environment(self.server.data / 'admin.token'))
        pack = self.folder / 'northern' / f'allocation-{allocation["id"]}.pack'
        wait_until(pack.exists, 'the pack')
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertIn('run the same command again', said)

    def test_no_number_is_made_twice(self):
        allocation = self.allocate(10)
        number = allocation['id']
        made = self.tool('factory', 'make', '--home', 'northern', '--allocation', number)
        self.run_tool('factory', 'make', '--home', 'northern', '--allocation', number, '--pack',
                      'other.pack', exit_code=LOCAL)
        os.rename(made['pack'], made['pack'] + '.away')
        run = self.run_tool('factory', 'make', '--home', 'northern', '--allocation', number,
                            exit_code=LOCAL)
        self.assertIn('is gone', run.stderr)
        os.rename(made['pack'] + '.away', made['pack'])
        again = self.tool('factory', 'make', '--home', 'northern', '--allocation', number)
        self.assertEqual((again['made'], again['made_now']), (10, 0))

    def test_an_allocation_from_a_file_and_one_that_was_changed(self):
        allocation = self.allocate(5)
        path = self.folder / 'allocation.json'
        text = self.run_tool('allocations', 'show', allocation['id'], '--json').stdout
        path.write_text(text.replace('"mnc_digits":2', '"mnc_digits":3'))
        run = self.run_tool('factory', 'make', '--home', 'northern', '--allocation-file', path,
                            exit_code=LOCAL)
        self.assertIn('not signed', run.stderr)
        path.write_text(text[:-30])
        self.run_tool('factory', 'make', '--home', 'northern', '--allocation-file', path,
                      exit_code=LOCAL)
        path.write_text(text)
        made = self.tool('factory', 'make', '--home', 'northern', '--allocation-file', path,
                         '--pack', 'five.pack', '--order-file', 'five.json')
        self.assertEqual(made['made'], 5)
        self.assertEqual(json.loads((self.folder / 'five.json').read_text())['count'], 5)

    def test_another_factory_cannot_open_it(self):
        allocation = self.allocate(5)
        self.tool('factory', 'init', '--home', 'stranger')
        run = self.run_tool('factory', 'make', '--home', 'stranger', '--allocation',
                            allocation['id'], exit_code=LOCAL)
        self.assertIn('K1', run.stderr)
        again = self.run_tool('factory', 'init', '--home', 'stranger', exit_code=LOCAL)
        self.assertIn('already', again.stderr)
        self.run_tool('factory', 'status', '--home', 'nowhere', exit_code=LOCAL)

    def test_a_factory_is_alone_in_its_folder(self):
        for name in ('notes.txt', '.hidden'):
            shared = self.folder / f'shared-{name}'
            shared.mkdir()
            (shared / name).write_text('of somebody')
            run = self.run_tool('factory', 'init', '--home', shared, exit_code=LOCAL)
            self.assertIn(name, run.stderr)
            self.assertIn('empty', run.stderr)
            self.assertEqual([path.name for path in shared.iterdir()], [name])
        shared.joinpath(name).unlink()
        self.tool('factory', 'init', '--home', shared)
        run = subprocess.run([BIN / 'simurghd', 'init', '--data-dir', shared], check=False,
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn('holds something already', run.stderr)

    def test_k1_is_never_in_the_clear(self):
        """D2: not in the answer, in the factory's folder, or in the pack."""
        allocation = self.allocate(5)
        self.assertRegex(allocation['k1_sealed'], r'^[0-9a-f]{160}$')
        again = self.tool('allocations', 'show', allocation['id'])
        self.assertNotEqual(again['k1_sealed'], allocation['k1_sealed'])


class RestoredToBeforeARange(Case):
    """D1: a database from before a range was added comes up, and gives no number out twice."""

    def test_restore(self):
        self.server.stop()
        copy = self.folder / 'copy'
        shutil.copytree(self.server.data, copy)
        self.server.start()
        self.make_pool()
        self.allocate(500)
        self.server.stop()
        for path in self.server.data.iterdir():
            if path.name.startswith('keys.'):
                continue  # the journal stays where it is
            path.unlink()
            if (copy / path.name).exists():
                shutil.copy(copy / path.name, path)
        self.server.start()
        self.assertIn('condition=restored', self.server.log.read_text())
        row, = self.tool('ranges', 'list')['items']
        self.assertEqual((row['id'], row['count'], row['allocated']), (1, 500, 500))
        self.assertIn('key journal', row['note'])
        add = ['ranges', 'add', '--iccid', FIRST_ICCID, '--imsi', FIRST_IMSI, '--count', 1_000_000]
        self.assertIn('another range', self.run_tool(*add, exit_code=REFUSED).stderr)
        rest = '894917000000000500'
        rest += luhn(rest)
        self.tool('ranges', 'add', '--iccid', rest, '--imsi', '262170000000500', '--count', 1000)
        self.tool('manufacturers', 'add', '--name', 'northern', '--transport-key',
                  json.loads((self.folder / 'northern' / 'factory.json').read_text())[
                      'transport_public_key'])
        self.tool('profiles', 'add', '--name', 'standard')
        self.assertEqual(self.allocate(10)['iccid_first'], rest)
        self.restart()
        self.assertNotIn('recovered', self.server.log.read_text())


class Fleet(Case):
    """G8: chips made elsewhere, by file."""

    HEADER = ('iccid,msisdn,kic,kid,key_version,psk_identity,psk,counter,last_contact,next_poll\n')

    def write_file(self, name, count, first=0, mistake=None):
        path = self.folder / name
        generator = random.Random(first)
        with open(path, 'w', encoding='ascii') as out:
            out.write(self.HEADER)
            for i in range(first, first + count):
                key = f'{generator.getrandbits(128):032x}'
                kic = key[1:] if i == mistake else key
                out.write(f'89499900000{i:08d},49151{i:08d},{kic},{key[::-1]},1,chip-{i},{key},'
                          f'{i % 7},2026-01-02T03:04:05Z,1790000000\n')
        return path

    def count(self, batch):
        return len(self.tool('fleet', 'query', '--batch', batch, '--rows', 1_000_000)['items'])

    def begin_import(self, path, batch):
        log = open(self.folder / 'import.log', 'w', encoding='utf-8')
        with log:
            return subprocess.Popen(
                [BIN / 'simurgh', 'fleet', 'import', path, '--batch', batch, '--json'],
                cwd=self.folder, env=self.environment(self.server.data / 'admin.token'),
                stdout=log, stderr=log)

    def wait_for_rows(self, batch):
        # An unknown batch is refused until the import has made it.
        def some():
            run = subprocess.run([BIN / 'simurgh', 'fleet', 'query', '--batch', batch, '--rows',
                                  '1', '--json'],
                                 env=self.environment(self.server.data / 'admin.token'),
                                 capture_output=True, text=True, check=False)
            return run.returncode == OK and json.loads(run.stdout)['items']
        wait_until(some, 'the first piece')

    def test_hundred_thousand_rows_with_both_ends_killed(self):
        count = int(os.environ.get('SIMURGH_FLEET_ROWS', 100_000))
        path = self.write_file('large.csv', count)
        client = self.begin_import(path, 'large')
        self.wait_for_rows('large')
        client.kill()
        self.assertEqual(client.wait(), -signal.SIGKILL)
        after_client = self.count('large')
        self.assertLess(after_client, count)
        client = self.begin_import(path, 'large')
        time.sleep(0.5)
        self.server.kill()
        self.server.start()
        if client.poll() is None:
            client.kill()
        client.wait()
        self.assertGreaterEqual(self.count('large'), after_client)
        done = self.tool('fleet', 'import', path, '--batch', 'large')
        self.assertEqual(done['imported'] + done['known'], count)
        self.assertGreaterEqual(done['known'], after_client)
        self.assertEqual(self.count('large'), count)
        again = self.tool('fleet', 'import', path, '--batch', 'large')
        self.assertEqual((again['imported'], again['known']), (0, count))
        print(f'fleet import: {done} {again}', file=sys.stderr)

    def test_show_has_no_key(self):
        path = self.write_file('small.csv', 3, first=50_000_000)
        run = self.run_tool('fleet', 'import', path, '--batch', 'small', '--progress')
        self.assertRegex(run.stderr, r'rows.*100 %')
        iccid = '8949990000050000001'
        shown = self.run_tool('fleet', 'show', iccid, '--json').stdout
        element = json.loads(shown)
        self.assertEqual(element['last_contact'], '2026-01-02T03:04:05.000Z')
        self.assertEqual(element['psk_identity'], 'chip-50000001')
        for cell in path.read_text().split('\n')[2].split(','):
            if len(cell) == 32:
                self.assertNotIn(cell, shown + self.server.log.read_text())
        self.run_tool('fleet', 'show', '8949990000059999999', exit_code=REFUSED)

    def test_a_mistake_is_named_and_nothing_is_imported(self):
        path = self.write_file('wrong.csv', 5000, first=60_000_000, mistake=60_004_000)
        run = self.run_tool('fleet', 'import', path, '--batch', 'wrong', exit_code=LOCAL)
        self.assertIn('line 4002, column "kic"', run.stderr)
        self.assertNotRegex(run.stderr, r'[0-9a-f]{20}')
        self.run_tool('fleet', 'query', '--batch', 'wrong', exit_code=REFUSED)
        # Only the server can know that a number is another chip's.
        path = self.write_file('one.csv', 2500, first=70_000_000)
        self.tool('fleet', 'import', path, '--batch', 'one')
        text = path.read_text().replace('8949990000070002400', '8949990000079999999')
        path.write_text(text)
        run = self.run_tool('fleet', 'import', path, '--batch', 'one', exit_code=REFUSED)
        self.assertIn('line 2402', run.stderr)


if __name__ == '__main__':
    unittest.main()
