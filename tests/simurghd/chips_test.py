#!/usr/bin/env python3
"""Chips over HTTPS at a real simurghd (G2, G3, I5): sessions with their own keys, campaigns done
once whatever dies, a front end that is full.

Usage: chips_test.py FOLDER_OF_THE_PROGRAMS [unittest arguments]
"""

from pathlib import Path
import re
import subprocess
import tempfile
import time
import unittest

import front
from front import Card, Link, Refused, cli

CARDS = 8
OURS = {'http': {'keeps_response': True, 'says_resume': True, 'understands_retry_after': True},
        'poll_date': 'none'}
METER = '80 32 00 00 01 00\n'  # INCREASE: not to be done twice
COMMAND = bytes.fromhex('803200000100')


class Lost(Exception):
    """The card's power went before it executed anything."""


class Campaigns(front.Case):
    def progress(self, campaign):
        shown = self.show(campaign)
        return shown['state'], shown['counters']['done'], shown['counters']['failed']

    def test_once_at_each_card_whatever_dies(self):
        """kill -9 of the server between script and response, and of the card before and after it
        has executed the script."""
        cards = self.import_cards(CARDS, 'winter', OURS)
        campaign = self.campaign('patch', METER, 'winter')

        def server_dies(_script):
            self.restart()

        def card_dies(_script):
            raise Lost

        cards[0].poll(self.port())
        with self.assertRaises(Refused):
            cards[1].poll(self.port(), server_dies)
        cards[1].poll(self.port())  # posts the response that it has kept
        with self.assertRaises(Lost):
            cards[2].poll(self.port(), card_dies)
        cards[2].poll(self.port())  # gets the same script again
        with self.assertRaises(Lost):
            cards[3].poll(self.port(), card_dies)
        self.restart()
        cards[3].poll(self.port())
        for card in cards[4:]:
            card.poll(self.port())
        for card in cards:
            self.assertEqual(card.executed, [COMMAND], card.identity)
        self.assertEqual(self.progress(campaign)[1:], (CARDS, 0))
        # Who comes again gets nothing, also after another death.
        self.restart()
        for card in cards:
            self.assertEqual(card.poll(self.port())[0], 204)
            self.assertEqual(len(card.executed), 1)

    def test_a_card_that_keeps_nothing_is_not_given_it_twice(self):
        settings = {'http': {'keeps_response': False}, 'poll_date': 'none'}
        cards = self.import_cards(2, 'old', settings)
        campaign = self.campaign('old', METER, 'old')
        with self.assertRaises(Refused):
            cards[0].poll(self.port(), lambda _script: self.restart())
        cards[0].kept = None  # it was executed, and nobody knows
        self.assertEqual(cards[0].poll(self.port())[0], 204)
        cards[1].poll(self.port())
        self.assertEqual([len(card.executed) for card in cards], [1, 1])
        state, done, failed = self.progress(campaign)
        self.assertEqual((done, failed), (1, 0))  # offered is not done
        self.assertEqual(state, 'running')

    def test_who_has_no_key_gets_nothing(self):
        cards = self.import_cards(2, 'keys', OURS)
        refused = self.metric('chip_tls_refused_key_total')
        sessions = self.metric('chip_sessions_total')
        for stranger in Card('nobody', cards[0].psk), Card(cards[0].identity, cards[1].psk):
            with self.assertRaises(Refused):
                stranger.poll(self.port())
        self.assertEqual(self.metric('chip_tls_refused_key_total'), refused + 2)
        self.assertEqual(self.metric('chip_sessions_total'), sessions)
        self.assertEqual(cards[0].poll(self.port())[0], 204)
        self.assertEqual(self.metric('chip_sessions_total'), sessions + 1)
        log = self.server.log.read_text()
        for card in cards:
            self.assertNotIn(card.psk, log)

    def test_curl_as_a_card(self):
        """curl, which has no TLS with PSK of its own, through stunnel, which has: two foreign
        clients, of TLS and of HTTP."""
        card = self.import_cards(1, 'curl', OURS)[0]
        campaign = self.campaign('curl', METER, 'curl')
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / 'psk').write_text(f'{card.identity}:{card.psk}\n')
        (folder / 'psk').chmod(0o600)
        way = folder / 'socket'
        (folder / 'stunnel.conf').write_text(
            f'foreground = yes\npid =\n[card]\nclient = yes\naccept = {way}\n'
            f'connect = 127.0.0.1:{self.port()}\nciphers = {front.SUITE}\n'
            f'sslVersionMax = TLSv1.2\nPSKidentity = {card.identity}\n'
            f'PSKsecrets = {folder}/psk\n')
        with subprocess.Popen(['stunnel4', folder / 'stunnel.conf'],
                              stderr=subprocess.DEVNULL) as stunnel:
            self.addCleanup(stunnel.kill)
            while not way.exists():
                self.assertIsNone(stunnel.poll())
                time.sleep(0.05)
            (folder / 'response').write_bytes(front.response_of([b'\x90\0']))

            def post(uri, *more):
                return subprocess.run(
                    ['curl', '--silent', '--unix-socket', way, '--include', '--request', 'POST',
                     '-H', 'X-Admin-From: //se-id/curl',
                     '-H', 'X-Admin-Protocol: globalplatform-remote-admin/1.0', *more,
                     f'http://ota.example{uri}'], stdout=subprocess.PIPE, check=True,
                    timeout=30).stdout

            script = post('/admin')
            self.assertIn(b'HTTP/1.1 200', script)
            self.assertIn(COMMAND, script)
            # As a card does whose link broke after it had executed the script.
            end = post(front.NEXT.search(script)[1].decode(), '-H', 'X-Admin-Resume: true',
                       '-H', 'X-Admin-Script-Status: ok',
                       '-H', f'Content-Type: {front.RESPONSE_TYPE[b"command-data"]}',
                       '--data-binary', f'@{folder}/response')
            self.assertIn(b'HTTP/1.1 204', end)
            stunnel.kill()
        self.assertEqual(self.progress(campaign)[1:], (1, 0))

    def test_a_contact_is_known_after_a_restart(self):
        cards = self.import_cards(1, 'seen', OURS)
        before = time.time()
        cards[0].poll(self.port())
        self.restart()
        shown = self.tool('fleet', 'show', self.iccid_of('seen', 0))
        self.assertGreaterEqual(shown['last_contact'],
                                time.strftime('%Y-%m-%dT%H:%M', time.gmtime(before)))


class Full(front.Case):
    """A front end of two sessions."""

    def test_the_third_is_told_when_to_come_back(self):
        self.server.stop()
        config = self.server.data / 'simurghd.toml'
        text = re.sub(r'(?m)^(\[chips\](?:.*\n)*?)sessions_max = \d+', r'\1sessions_max = 2',
                      config.read_text())
        config.write_text(text)
        self.server.start()
        cards = self.import_cards(3, 'full', OURS)
        held = [Link(self.port(), card.identity, card.psk) for card in cards[:2]]
        try:
            for link in held:
                status, _, _ = link.post('/admin')
                self.assertEqual(status, 204)
                # It lingers: its place is taken until it closes.
            status, head = cards[2].poll(self.port())
            self.assertEqual(status, 503)
            wait_s = int(re.search(rb'Retry-After: (\d+)', head)[1])
            self.assertTrue(300 <= wait_s <= 1800, wait_s)
        finally:
            for link in held:
                link.close()
        cli.wait_until(lambda: self.metric('chip_connections') == 0, 'the places to be free')
        self.assertEqual(cards[2].poll(self.port())[0], 204)
        self.assertEqual(self.metric('chip_sent_away_total'), 1)


if __name__ == '__main__':
    unittest.main()
