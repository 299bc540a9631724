#!/usr/bin/env python3
"""simurgh campaigns against a real simurghd (G3, G4): what an operator types, from canary to end.

Usage: campaigns_test.py FOLDER_OF_THE_PROGRAMS [unittest arguments]
"""

import json
import os
import pty
import re
import subprocess
import time
import unittest
import zipfile

from programs_test import BIN, Case, FORBIDDEN, LOCAL, OK, REFUSED, USAGE, Server, luhn, wait_until

INCOMPLETE, STOPPED = 7, 8
SECRET = 'c0ffee0123456789abcdefc0ffee'
COMMAND = '00d600000e' + SECRET
CHIPS = 300


def iccid_of(number):
    body = f'894999{number:012}'
    return body + luhn(body)


class Campaigns(Case):
    """A server with a fleet of another's chips; operator and approver beside the admin."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fleet = cls.folder / 'chips.csv'
        now = int(time.time())
        with open(fleet, 'w', encoding='ascii') as out:
            out.write('iccid,kic,kid,key_version,last_contact\n')
            for number in range(CHIPS):
                # The last ten have never reported.
                contact = now - 3600 - 60 * number if number < CHIPS - 10 else ''
                out.write(f'{iccid_of(number)},{number:032x},{number + 5000:032x},3,{contact}\n')
        case = cls('setUp')
        case.tool('fleet', 'import', fleet, '--batch', 'winter-24')
        cls.operator = case.make_token('op', 'operator')
        cls.approver = case.make_token('boss', 'approver')
        (cls.folder / 'patch.apdu').write_text(
            f'# the patch\n00a40004026f38\n{COMMAND[:10]} {COMMAND[10:]}\n'
            'read-back:\n00a40004026f38\n00b000000e -> ' + SECRET + '\n')

    def setUp(self):
        pass

    def create(self, name, *more, token=None):
        return self.tool('campaigns', 'create', '--name', name, '--script', 'patch.apdu', *more,
                         token=token or self.operator)

    def state(self, number):
        return self.tool('campaigns', 'show', number)['state']

    def begin(self, name, *more):
        number = self.create(name, *more, '--no-approval', '--submit', token='admin')['id']
        wait_until(lambda: self.state(number) == 'running', 'the begin')
        return number

    def test_draft_to_running_with_four_eyes(self):
        made = self.create('patch-7', '--batch', 'winter-24', '--canary', '5%', '--soak', 60,
                           '--window', 'sat,sun 09:00-17:00; 22:00-06:00', '--utc-offset', '+01:30',
                           '--rate', 50, '--release-not', '3,4', '--release-after', 4)
        number = made['id']
        terms = made['terms']
        self.assertEqual(made['state'], 'draft')
        self.assertEqual(terms['waves'], [{'permille': 50, 'soak_s': 60}])
        self.assertEqual([w['from'] for w in terms['windows']], ['09:00', '22:00'])
        self.assertEqual(terms['utc_offset_minutes'], 90)
        self.assertEqual(terms['filter'], {'batches': ['winter-24'], 'releases_not': [3, 4]})
        self.assertEqual(terms['triggers']['per_second_max'], 50)
        self.assertEqual((terms['payload']['commands'], terms['payload']['read_back'],
                          terms['payload']['release_after']), (2, True, 4))
        self.assertNotIn(SECRET, json.dumps(made))
        run = self.run_tool('campaigns', 'approve', number, token=self.approver, exit_code=REFUSED)
        self.assertIn('draft', run.stderr)
        self.tool('campaigns', 'submit', number, token=self.operator)
        self.run_tool('campaigns', 'approve', number, token=self.operator, exit_code=FORBIDDEN)
        self.tool('campaigns', 'reject', number, token=self.approver)
        self.tool('campaigns', 'submit', number, token=self.operator)
        self.assertEqual(self.tool('campaigns', 'list', '--state', 'awaiting_approval')['items'][0]
                         ['id'], number)
        self.tool('campaigns', 'approve', number, token=self.approver)
        wait_until(lambda: self.state(number) == 'running', 'the begin')
        # Killed and started again, it goes on.
        self.server.kill()
        self.server.start()
        self.assertEqual(self.state(number), 'running')
        self.tool('campaigns', 'pause', number, token=self.operator)
        self.tool('campaigns', 'resume', number, token=self.operator)
        self.tool('campaigns', 'cancel', number, token=self.operator)
        run = self.run_tool('campaigns', 'resume', number, exit_code=REFUSED)
        self.assertIn('cancelled', run.stderr)
        self.run_tool('campaigns', 'watch', number, exit_code=STOPPED)
        text = self.run_tool('campaigns', 'show', number).stdout
        self.assertRegex(text, r'(?m)^state +cancelled$')
        self.assertNotIn(SECRET, text)

    def test_a_list_loses_nothing(self):
        path = self.folder / 'list.txt'
        lines = [iccid_of(n) for n in range(50)] + ['# remark', '894999999999999999', 'nonsense']
        path.write_text('\n'.join(lines))
        run = self.run_tool('campaigns', 'create', '--name', 'listed', '--script', 'patch.apdu',
                            '--list', path, '--submit', '--progress', exit_code=LOCAL)
        self.assertIn('line 52', run.stderr)
        self.assertIn('line 53', run.stderr)
        self.assertRegex(run.stderr, r'lines +\[#+\] 100 %')
        number = self.tool('campaigns', 'list', '--rows', 1)['items'][0]['id']
        self.assertEqual(self.state(number), 'draft')
        # Sent again it changes nothing, and more can come.
        path.write_text('\n'.join(iccid_of(n) for n in range(49, 60)))
        sent = self.tool('campaigns', 'members', number, path)
        self.assertEqual((sent['added'], sent['unknown']), (11, 0))
        self.run_tool('campaigns', 'members', number, path, token=self.operator, exit_code=REFUSED)
        self.tool('campaigns', 'submit', number)
        self.tool('campaigns', 'approve', number, token=self.approver)
        wait_until(lambda: self.tool('campaigns', 'show', number)['total'] == 60, 'the list')
        self.tool('campaigns', 'cancel', number)

    def test_watch_until_the_end(self):
        # Chips that nobody can reach: at the end of its time each has failed, and is counted.
        terms = self.folder / 'terms.toml'
        terms.write_text('lasts_s = 4\nbegins_at = 2025-01-01T00:00:00Z\nneeds_approval = false\n'
                         'waves = []\n[triggers]\nmax = 0\n[payload]\nkind = "next_poll"\n')
        number = self.tool('campaigns', 'create', '--name', 'short', '--terms', terms,
                           '--submit')['id']
        run = self.run_tool('campaigns', 'watch', number, '--json', exit_code=INCOMPLETE)
        self.assertIn(f'failed at {CHIPS - 10} chips', run.stderr)
        fronts = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertGreater(len(fronts), 2)
        last = fronts[-1]
        self.assertEqual(last['state'], 'done')
        self.assertEqual(last['counters']['failed'], CHIPS - 10)
        self.assertEqual(last['counters']['failed_for'], {'no_contact': CHIPS - 10})
        self.assertEqual(sum(b['members'] for b in last['buckets']), CHIPS - 10)
        # Plain lines where there is no terminal.
        run = self.run_tool('campaigns', 'watch', number, exit_code=INCOMPLETE)
        self.assertRegex(run.stdout, r'^short \(campaign \d+\)  done .* fronts 0 % \| 0 %')
        # Again, and with nobody in it: that is done everywhere.
        self.tool('campaigns', 'retry', number)
        self.tool('campaigns', 'cancel', number)
        number = self.tool('campaigns', 'create', '--name', 'nobody', '--terms', terms,
                           '--contacted-before', '2001-01-01T00:00:00Z', '--contacted-from',
                           '2000-01-01T00:00:00Z', '--submit')['id']
        self.run_tool('campaigns', 'watch', number, exit_code=OK)

    def test_watch_draws_on_a_terminal(self):
        number = self.begin('drawn', '--no-waves')
        main, side = pty.openpty()
        path = self.server.data / 'admin.token'
        watch = subprocess.Popen([BIN / 'simurgh', 'campaigns', 'watch', str(number)], stdout=side,
                                 stderr=side, env=self.environment(path))
        os.close(side)
        said = ''
        while said.count('stop rule') < 6:
            said += os.read(main, 4096).decode()
        self.tool('campaigns', 'cancel', number)
        self.assertEqual(watch.wait(30), STOPPED)
        self.assertIn('oldest contact', said)
        self.assertIn('·' * 20, said)
        self.assertRegex(said, r'\x1b\[\d+A')  # drawn over

    def test_payloads_of_every_kind(self):
        for words, kind in ((['--file', '7fff/6f38@1=9eff,6f07=01'], 'file'),
                            (['--rotate-keys'], 'key_rotation'), (['--next-poll'], 'next_poll'),
                            (['--script', 'patch.apdu', '--os-patch'], 'os_patch'),
                            (['--applet', self.make_cap()], 'applet'),
                            (['--applet', self.make_cap(), '--erase'], 'applet')):
            made = self.tool('campaigns', 'create', '--name', 'kinds', *words, token=self.operator)
            self.assertEqual(made['payload'], kind, words)

    def make_cap(self):
        """A CAP file as a converter writes it: a ZIP archive of components."""
        aid = bytes.fromhex('a000000087100201')

        def component(tag, info):
            return bytes([tag]) + len(info).to_bytes(2, 'big') + info
        header = component(1, bytes.fromhex('decaffed0102040001') + bytes([len(aid)]) + aid)
        applet = component(3, bytes([1, len(aid) + 1]) + aid + b'\x01\x00\x08')
        path = self.folder / 'wallet.cap'
        with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as out:
            for name, content in (('Method', component(7, bytes(400))), ('Applet', applet),
                                  ('Header', header), ('Descriptor', component(11, b'x'))):
                out.writestr(f'com/example/javacard/{name}.cap', content)
        return path

    def test_mistakes_are_named(self):
        for words, code, said in (
                ([], USAGE, '--script'), (['--rotate-keys', '--next-poll'], USAGE, 'one thing'),
                (['--file', '6f07'], USAGE, 'PATH=HEX'),
                (['--next-poll', '--canary', 'some'], USAGE, '--canary'),
                (['--next-poll', '--window', 'night'], USAGE, 'FROM-TO'),
                (['--next-poll', '--utc-offset', '1'], USAGE, '+01:00'),
                (['--next-poll', '--batch', 'none'], REFUSED, 'filter.batches'),
                (['--next-poll', '--contacted-from', 'monday'], REFUSED, 'filter.contacted_from'),
                (['--file', '6f07=0'], REFUSED, 'payload.files[0].octets'),
                (['--next-poll', '--no-approval'], REFUSED, 'second person'),
                (['--next-poll', '--list', 'not-there'], LOCAL, 'not-there'),
                (['--script', 'bad.apdu'], LOCAL, 'bad.apdu, line 2'),
                (['--applet', 'bad.apdu'], LOCAL, 'CAP')):
            (self.folder / 'bad.apdu').write_text('# x\n00d60000ff00\n')
            run = self.run_tool('campaigns', 'create', '--name', 'wrong', *words, exit_code=code,
                                token=self.operator)
            self.assertIn(said, run.stderr, words)
        self.assertNotIn('wrong', [row['name'] for row in self.tool('campaigns', 'list')['items']])
        self.run_tool('campaigns', 'show', 4000, exit_code=REFUSED)

    def test_fleet_query_has_the_words_of_a_filter(self):
        count = lambda *words: len(self.tool('fleet', 'query', *words)['items'])
        self.assertEqual(count('--batch', 'winter-24'), CHIPS)
        self.assertEqual(count('--contacted-from', '2001-01-01T00:00:00Z'), CHIPS - 10)
        self.assertEqual(count('--contacted-before', '2001-01-01T00:00:00Z'), 10)
        self.assertEqual(count('--release', 0), CHIPS)
        self.assertEqual(count('--release-not', 0), 0)
        self.run_tool('fleet', 'query', '--profile', 'none', exit_code=REFUSED)

    def test_help(self):
        verbs = re.findall(r'(?m)^  ([a-z]+)  ', self.run_tool('campaigns', '--help').stdout)
        self.assertEqual(len(verbs), 13)
        for verb in verbs:
            self.assertIn('Examples:', self.run_tool('campaigns', verb, '--help').stdout, verb)


if __name__ == '__main__':
    unittest.main()
