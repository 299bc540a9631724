#!/usr/bin/env python3
"""Whole sessions of chips per second of the server's CPU time: a real simurghd and SQLite. A
session is a TLS 1.2 PSK handshake, a script out of a running campaign, its response, 204, and what
came of it committed (write-ahead log, synced). Then the same chips again: polls that find nothing
to do.

The peer is stunnel with PSK in front of nginx: the same handshakes by the same client, and one
static answer to one POST; nothing is kept anywhere. CPU of both its processes counts. In turn,
round after round; of each the best round counts. Goal: ahead of the peer, although twice as much is
done. SIMURGH_SESSIONS is another number of sessions in a round.
"""

import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

BIN = Path(__file__).resolve().parent
ROUNDS = 3
CHIPS = int(os.environ.get('SIMURGH_SESSIONS', 5000))  # of one round
AT_ONCE = 64
KEY = '{:032x}'
COMMAND = '00d600000411223344'  # UPDATE BINARY


def cpu_s(*pids):
    total = 0
    for pid in pids:
        fields = Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf('SC_CLK_TCK')


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise SystemExit(f'{what} did not happen')
        time.sleep(0.02)
    return value


def load(address, first, count=CHIPS):
    run = subprocess.run([BIN / 'chip_load', address, str(first), str(count), str(AT_ONCE),
                          'bench'], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout)


class Simurgh:
    def __init__(self, folder):
        self.data = folder / 'server'
        subprocess.run([BIN / 'simurghd', 'init', '--data-dir', self.data], check=True,
                       stdout=subprocess.DEVNULL)
        config = self.data / 'simurghd.toml'
        text = config.read_text()
        text = re.sub(r'(?m)^((?:gsup_)?listen) = "[^"]*"', r'\1 = "127.0.0.1:0"', text)
        config.write_text(text)
        self.log = folder / 'server.log'
        with self.log.open('w') as log:
            self.process = subprocess.Popen([BIN / 'simurghd', 'run', '--config', config],
                                            stdout=log, stderr=log)
        api = wait_for(lambda: re.search(r' api=(127\.0\.0\.1:\d+)', self.log.read_text()),
                       'the start of simurghd')
        self.url = 'http://' + api[1]
        self.chips = re.search(r' chips=(127\.0\.0\.1:\d+)', self.log.read_text())[1]
        self.token = (self.data / 'admin.token').read_text().strip()

    def import_fleet(self, path, count):
        with path.open('w') as out:
            out.write('iccid,psk_identity,psk,last_contact\n')
            for i in range(count):
                out.write(f'89499900{i:011d},bench-{i},{KEY.format(i + 1)},1790000000\n')
        environment = dict(os.environ, SIMURGH_SERVER=self.url,
                           SIMURGH_TOKEN_FILE=str(self.data / 'admin.token'))
        subprocess.run([BIN / 'simurgh', 'fleet', 'import', path, '--batch', 'bench', '--json'],
                       env=environment, stdout=subprocess.DEVNULL, check=True)

    def call(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers={
            'Authorization': f'Bearer {self.token}', 'Content-Type': 'application/json'})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def begin_campaign(self):
        made = self.call('/v1/campaigns', {
            'name': 'bench', 'needs_approval': False, 'replan_polls': False, 'waves': [],
            'triggers': {'max': 0},
            'payload': {'kind': 'script', 'commands': [COMMAND]}})
        self.id = made['id']
        self.call(f'/v1/campaigns/{self.id}/submit', {})
        wait_for(lambda: self.campaign()['state'] == 'running', 'the campaign')

    def campaign(self):
        return self.call(f'/v1/campaigns/{self.id}')

    def done(self):
        return self.campaign()['counters']['done']

    def measure(self, first, scripts):
        begin = cpu_s(self.process.pid)
        answer = load(self.chips, first)
        rate = CHIPS / (cpu_s(self.process.pid) - begin)
        if answer['scripts'] != scripts:
            raise SystemExit(f'expected {scripts} scripts: {answer}')
        return rate

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Peer:
    """stunnel and nginx."""

    def __init__(self, folder, count):
        folder.mkdir()
        self.port, self.inner = 25443, 25080
        keys = folder / 'keys'
        keys.write_text(''.join(f'bench-{i}:{KEY.format(i + 1)}\n' for i in range(count)))
        keys.chmod(0o600)
        temporary = '\n'.join(f'{name}_temp_path {folder}/{name};' for name in
                              ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        (folder / 'nginx.conf').write_text(f'''
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error crit;
events {{ worker_connections 4000; }}
http {{
  access_log off;
  {temporary}
  server {{
    listen 127.0.0.1:{self.inner} backlog=4096;
    location / {{
      default_type application/vnd.gp.card-content-mgt;
      return 200 "a static answer, as long as a script of one command with what goes around it";
    }}
  }}
}}
''')
        (folder / 'stunnel.conf').write_text(f'''
foreground = yes
pid =
debug = 0
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[psk]
accept = 127.0.0.1:{self.port}
connect = 127.0.0.1:{self.inner}
ciphers = PSK-AES128-CBC-SHA256
PSKsecrets = {keys}
sessionCacheSize = 1
options = NO_TICKET
''')
        with (folder / 'log').open('w') as log:
            self.processes = [
                subprocess.Popen(command, stdout=log, stderr=log)
                for command in (['nginx', '-p', folder, '-c', folder / 'nginx.conf'],
                                ['stunnel4', folder / 'stunnel.conf'])]
        wait_for(self.answers, 'the start of stunnel and nginx: apt-get install '
                 'stunnel4 nginx-light, or ports 25443 and 25080 are taken')

    def answers(self):
        run = subprocess.run([BIN / 'chip_load', f'127.0.0.1:{self.port}', '0', '1', '1', 'bench'],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return run.returncode == 0

    def pids(self):
        workers = subprocess.run(['pgrep', '-P', str(self.processes[0].pid)],
                                 stdout=subprocess.PIPE, text=True, check=False).stdout.split()
        return [process.pid for process in self.processes] + [int(pid) for pid in workers]

    def measure(self, first):
        begin = cpu_s(*self.pids())
        load(f'127.0.0.1:{self.port}', first)
        return CHIPS / (cpu_s(*self.pids()) - begin)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(30)


def main():
    folder = Path(tempfile.mkdtemp(prefix='simurgh-bench-'))
    running = []
    try:
        total = ROUNDS * CHIPS
        simurgh = Simurgh(folder)
        running.append(simurgh)
        simurgh.import_fleet(folder / 'fleet.csv', total)
        simurgh.begin_campaign()
        peer = Peer(folder / 'peer', total)
        running.append(peer)
        best = {'sessions': 0, 'polls': 0, 'peer': 0}
        for number in range(ROUNDS):
            first = number * CHIPS
            now = {'sessions': simurgh.measure(first, CHIPS), 'polls': simurgh.measure(first, 0),
                   'peer': peer.measure(first)}
            best = {name: max(best[name], now[name]) for name in best}
            print(f'round {number + 1}:', {name: round(rate) for name, rate in now.items()},
                  'a CPU second', flush=True)
        wait_for(lambda: simurgh.done() == total, f'{total} done')
        print(json.dumps({
            'sessions_per_cpu_s': round(best['sessions']), 'polls_per_cpu_s': round(best['polls']),
            'stunnel_nginx_per_cpu_s': round(best['peer']),
            'ratio_sessions': round(best['sessions'] / best['peer'], 2),
            'ratio_polls': round(best['polls'] / best['peer'], 2), 'ratio_wanted': 1,
            'at_once': AT_ONCE, 'done': simurgh.done()}))
    finally:
        for each in reversed(running):
            each.stop()
        shutil.rmtree(folder)


if __name__ == '__main__':
    sys.exit(main())
