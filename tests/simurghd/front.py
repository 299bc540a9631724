"""A real simurghd with its front end for chips, and cards in Python: openssl s_client with a
pre-shared key carries their octets, in a card's suite."""

import json
from pathlib import Path
import re
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'cli'))
import programs_test as cli  # noqa: E402  pylint: disable=wrong-import-position

SUITE = 'PSK-AES128-CBC-SHA256'
NEXT = re.compile(rb'X-Admin-Next-URI: (\S+)')
LENGTH = re.compile(rb'Content-Length: (\d+)')
RESPONSE_TYPE = {b'command-data': 'application/vnd.etsi.scp.response-data;version=1.0',
                 b'card-content': 'application/vnd.globalplatform.card-content-mgt-response;'
                                  'version=1.0'}


class Refused(Exception):
    """TLS did not come up, or the server closed."""


class Link:
    """One TLS connection of a card."""

    def __init__(self, port, identity, psk):
        self.process = subprocess.Popen(
            ['openssl', 's_client', '-connect', f'127.0.0.1:{port}', '-psk_identity', identity,
             '-psk', psk, '-tls1_2', '-cipher', SUITE, '-quiet'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def post(self, uri, body=None, kind=b'command-data', head=''):
        """(status, head, body) of the answer."""
        lines = [f'POST {uri} HTTP/1.1', 'Host: ota.example', 'X-Admin-From: //se-id/test',
                 'X-Admin-Protocol: globalplatform-remote-admin/1.0']
        if head:
            lines.append(head)
        if body is not None:
            lines += ['X-Admin-Script-Status: ok', f'Content-Type: {RESPONSE_TYPE[kind]}',
                      f'Content-Length: {len(body)}']
        try:
            self.process.stdin.write('\r\n'.join(lines + ['', '']).encode() + (body or b''))
        except BrokenPipeError as error:
            raise Refused from error
        answer = self.read_until(b'\r\n\r\n')
        length = LENGTH.search(answer)
        content = self.read(int(length[1])) if length else b''
        return int(answer.split()[1]), answer, content

    def read_until(self, end):
        got = b''
        while not got.endswith(end):
            got += self.read(1)
        return got

    def read(self, size):
        got = b''
        while len(got) < size:
            piece = self.process.stdout.read(size - len(got))
            if not piece:
                raise Refused
            got += piece
        return got


def apdus_of(script):
    """The C-APDUs of an expanded script (AA, AE 80)."""
    assert script[0] in (0xaa, 0xae), script.hex()
    if script[0] == 0xae:
        inner = script[2:-2]
    else:
        size = 2 if script[1] < 0x80 else 2 + (script[1] & 0x7f)
        inner = script[size:]
    out = []
    while inner:
        tag, length, at = inner[0], inner[1], 2
        if length & 0x80:
            octets = length & 0x7f
            length, at = int.from_bytes(inner[2:2 + octets], 'big'), 2 + octets
        if tag == 0x22:
            out.append(inner[at:at + length])
        inner = inner[at + length:]
    return out


def response_of(answers):
    """A response script with these R-APDUs."""
    items = b''.join(bytes([0x23, len(answer)]) + answer for answer in answers)
    return b'\xaf\x80' + items + b'\0\0'


class Card:
    """Executes scripts and keeps its last response, as a card of ours does."""

    def __init__(self, identity, psk):
        self.identity, self.psk = identity, psk
        self.executed = []  # C-APDUs, in order
        self.kept = None    # (uri, body, kind) of the last response

    def execute(self, script):
        apdus = apdus_of(script)
        self.executed += apdus
        return response_of([b'\x90\0'] * len(apdus))

    def poll(self, port, on_script=None):
        """A session, until the server has no more; the last answer's status and head. `on_script`
        is called with each script before it is executed."""
        with Link(port, self.identity, self.psk) as link:
            if self.kept:
                uri, body, kind = self.kept
                status, head, script = link.post(uri, body, kind, 'X-Admin-Resume: true')
            else:
                status, head, script = link.post('/admin')
            while status == 200:
                if on_script:
                    on_script(script)
                kind = next(key for key in RESPONSE_TYPE if key in head)
                uri = NEXT.search(head)[1].decode()
                if not self.kept or self.kept[0] != uri:
                    self.kept = (uri, self.execute(script), kind)
                status, head, script = link.post(uri, self.kept[1], kind)
            self.kept = None
            return status, head


class Case(cli.Case):
    """A server with chips on a port of the kernel's choice."""

    def port(self):
        return int(re.search(r' chips=127\.0\.0\.1:(\d+)', self.server.log.read_text())[1])

    def restart(self):
        self.server.kill()
        self.server.start()

    def metric(self, name):
        return float(re.search(rf'(?m)^simurgh_{name} (\S+)$', self.rest('/metrics'))[1])

    @staticmethod
    def iccid_of(batch, place):
        body = f'894999{sum(batch.encode()):04}{place:08}'
        return body + cli.luhn(body)

    def campaign(self, name, script, batch, **terms):
        """The id of a campaign that runs."""
        path = self.folder / f'{name}.apdu'
        path.write_text(script)
        words = self.folder / f'{name}.json'
        words.write_text(json.dumps({'waves': [], **terms}))
        made = self.tool('campaigns', 'create', '--name', name, '--script', path, '--terms', words,
                         '--batch', batch, '--no-approval', '--submit')
        cli.wait_until(lambda: self.show(made['id'])['state'] == 'running', 'the begin')
        return made['id']

    def show(self, campaign):
        return self.tool('campaigns', 'show', campaign)

    def rest(self, path, body=None):
        """The answer's text."""
        token = (self.server.data / 'admin.token').read_text().strip()
        request = urllib.request.Request(
            self.server.url + path, headers={'Authorization': f'Bearer {token}',
                                             'Content-Type': 'application/json'},
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def import_cards(self, count, batch, settings):
        """Cards with a PSK, known to the server."""
        self.rest('/v1/batches', {'name': batch, 'settings': settings})
        path = self.folder / f'{batch}.csv'
        cards = []
        with open(path, 'w', encoding='ascii') as out:
            out.write('iccid,psk_identity,psk,last_contact\n')
            for i in range(count):
                card = Card(f'{batch}-{i}', f'{i + 1:032x}')
                out.write(f'{self.iccid_of(batch, i)},'
                          f'{card.identity},{card.psk},2026-01-02T03:04:05Z\n')
                cards.append(card)
        self.run_tool('fleet', 'import', path, '--batch', batch)
        return cards
