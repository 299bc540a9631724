#!/usr/bin/env python3
"""Bringing in a fleet by file: a real simurghd, the real `simurgh fleet import`, a million rows
into each store. Prints rows a second, the most that either process held in memory, and what
the same costs again, when every row is known.

SIMURGH_FLEET_ROWS is another number of rows; SIMURGH_FLEET_STORES names the stores ("sqlite
postgresql"). SIMURGH_FLEET_SCATTERED=1: MSISDNs in no order. PostgreSQL's cluster is its own,
in memory where there is room.
"""

import json
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

BIN = Path(__file__).resolve().parent
ROWS = int(os.environ.get('SIMURGH_FLEET_ROWS', 1_000_000))
ORDER = ['scattered'] if os.environ.get('SIMURGH_FLEET_SCATTERED') else []
STORES = os.environ.get('SIMURGH_FLEET_STORES', 'sqlite postgresql').split()
SAMPLE_WAIT_S = 0.1


def peak_memory_mb(pid):
    """None once it has ended."""
    try:
        found = re.search(r'VmHWM:\s+(\d+) kB', Path(f'/proc/{pid}/status').read_text())
    except OSError:
        return None
    return int(found[1]) / 1000 if found else None


def cpu_s(pid):
    fields = Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Server:
    def __init__(self, folder, store):
        self.data = folder / 'server'
        subprocess.run([BIN / 'simurghd', 'init', '--data-dir', self.data], check=True,
                       stdout=subprocess.DEVNULL)
        config = self.data / 'simurghd.toml'
        text = config.read_text()
        text = re.sub(r'(?m)^((?:gsup_)?listen) = "[^"]*"', r'\1 = "127.0.0.1:0"', text)
        if store != 'sqlite':
            text = re.sub(r'(?m)^store = "[^"]*"', f'store = "{store}"', text)
        config.write_text(text)
        self.log = folder / 'server.log'
        with self.log.open('w') as log:
            self.process = subprocess.Popen([BIN / 'simurghd', 'run', '--config', config],
                                            stdout=log, stderr=log)
        end = time.monotonic() + 30
        while not (found := re.search(r' api=(127\.0\.0\.1:\d+)', self.log.read_text())):
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit('simurghd does not start:\n' + self.log.read_text())
            time.sleep(0.02)
        self.url = 'http://' + found[1]

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def run_import(server, path):
    """(what it answered, the tool's peak memory)"""
    environment = dict(os.environ, SIMURGH_SERVER=server.url,
                       SIMURGH_TOKEN_FILE=str(server.data / 'admin.token'))
    tool = subprocess.Popen([BIN / 'simurgh', 'fleet', 'import', path, '--batch', 'bench',
                             '--json'], env=environment, stdout=subprocess.PIPE, text=True)
    peak = [0.0]

    def watch():
        while (now := peak_memory_mb(tool.pid)) is not None:
            peak[0] = now
            time.sleep(SAMPLE_WAIT_S)

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer, _ = tool.communicate()
    watcher.join()
    if tool.returncode != 0:
        raise SystemExit(f'the import ended with {tool.returncode}')
    return json.loads(answer), peak[0]


def measure(store, uri):
    folder = Path(tempfile.mkdtemp(prefix='simurgh-bench-'))
    server = None
    try:
        path = folder / 'fleet.csv'
        subprocess.run([BIN / 'make_fleet_file', str(ROWS), path, *ORDER], check=True)
        server = Server(folder, uri)
        first, tool_mb = run_import(server, path)
        if first['imported'] != ROWS:
            raise SystemExit(f'not all rows came in: {first}')
        server_cpu_s = cpu_s(server.process.pid)
        again, _ = run_import(server, path)
        if again['known'] != ROWS or again['imported'] != 0:
            raise SystemExit(f'rows were doubled: {again}')
        figures = {'rows': ROWS, 'scattered': bool(ORDER), 'rows_per_s': first['rows_per_second'],
                   'seconds': round(first['milliseconds'] / 1000, 1),
                   'server_cpu_s': round(server_cpu_s, 1),
                   'rows_per_s_again': again['rows_per_second'],
                   'tool_peak_mb': round(tool_mb),
                   'server_peak_mb': round(peak_memory_mb(server.process.pid) or 0)}
        print(store, figures, flush=True)
        return figures
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder)


def measure_postgresql():
    run = subprocess.run([BIN / 'with_postgres', sys.executable, __file__, '{store}'],
                         stdout=subprocess.PIPE, text=True, check=True)
    print(run.stdout, end='')
    return json.loads(run.stdout.strip().split('\n')[-1])


def main():
    if len(sys.argv) == 2:
        print(json.dumps(measure('postgresql', sys.argv[1])))
        return
    figures = {}
    for store in STORES:
        figures[store] = measure('sqlite', 'sqlite') if store == 'sqlite' else measure_postgresql()
    print(json.dumps(figures))


if __name__ == '__main__':
    main()
