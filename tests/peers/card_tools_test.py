#!/usr/bin/env python3
"""Reads the virtual chip with card tools that others wrote: pcsc_scan, scriptor, opensc-tool,
opensc-explorer and a plain PC/SC client, through Debian's pcscd and its virtual reader vpcd.

Usage: card_tools_test.py PATH-OF-simurgh-lab

Runs its own pcscd in a mount namespace of its own, so that none on this machine is disturbed; that
needs root. Exit 77 (skipped) without it.
"""
import ctypes
import functools
import operator
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
INSIDE = "SIMURGH_CARD_TOOLS_INSIDE"
DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"

ICCID = "8988211000000430010"
IMSI = "228062800000208"
# Encodings of these two numbers as tests/vectors' ef_contents.json has them (osmocom/pysim).
EF_ICCID = "988812010000400310F0"
EF_IMSI = "082982608200002080"
USIM_AID = "A0000000871002"

failures = []
started = time.monotonic()


def check(what, condition, detail=""):
    word = "ok    " + what if condition else f"FAIL  {what}: {detail}"
    print(f"{time.monotonic() - started:5.1f} s  {word}")
    if not condition:
        failures.append(what)


def run(*command, **options):
    """What a tool says, both ways."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, **options)
    return done.stdout + done.stderr


def hexadecimal(text):
    return re.sub(r"[^0-9A-F]", "", text.upper())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_atr(atr):
    octets = bytes.fromhex(atr)
    check("ATR begins with 3B and its check octet is right",
          octets[0] == 0x3B and functools.reduce(operator.xor, octets[1:]) == 0,
          atr)
    check("ATR has our name", b"SIMURGH" in octets, atr)


def with_pcsc_scan():
    # It runs for ever; a second shows the card.
    try:
        out = subprocess.run(["pcsc_scan", "-n", "-t", "2"], capture_output=True, text=True,
                             timeout=10).stdout
    except subprocess.TimeoutExpired as late:
        out = (late.stdout or b"").decode()
    out = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", out)
    found = re.search(r"ATR: ([0-9A-F ]+)", out)
    check("pcsc_scan sees the card", found is not None, out[-400:])
    if found:
        check_atr(hexadecimal(found.group(1)))


def with_scriptor():
    script = """reset
00 A4 00 04 02 3F 00
00 A4 08 0C 02 2F E2
00 B0 00 00 0A
00 A4 08 0C 02 2F 00
00 B2 01 04 26
00 A4 04 0C 07 A0 00 00 00 87 10 02
00 20 00 01 08 30 30 30 30 FF FF FF FF
00 B0 87 00 09
00 B0 84 00 11
00 A4 00 0C 02 6F FF
80 12 00 00 10
"""
    out = run("scriptor", input=script)
    found = re.findall(r"^< ([^:\n]*(?:\n[^:<>\n]*)*)", out, re.M)
    answers = [hexadecimal(answer.split(":")[0]) for answer in found]
    answers = answers[1:]  # the ATR
    check("scriptor: every command is answered", len(answers) == 11, out)
    if len(answers) != 11:
        return
    check("SELECT MF answers 61xx, as T=0 has it", answers[0].startswith("61"), answers[0])
    check("EF.ICCID", answers[2] == EF_ICCID + "9000", answers[2])
    named = USIM_AID in answers[4] and answers[4].endswith("9000")
    check("EF.DIR names a USIM", named, answers[4])
    check("ADF.USIM is selected by its AID", answers[5] == "9000", answers[5])
    check("PIN 0000", answers[6] == "9000", answers[6])
    check("EF.IMSI by short identifier", answers[7] == EF_IMSI + "9000", answers[7])
    check("EF.UST by short identifier", answers[8].endswith("9000"), answers[8])
    check("a file that is not there", answers[9] == "6A82", answers[9])
    check("FETCH without a command", answers[10] == "6985", answers[10])


def with_opensc():
    out = run("opensc-tool", "-a")
    found = re.search(r"((?:[0-9a-f]{2}:)+[0-9a-f]{2})", out)
    check("opensc-tool reads the ATR", found is not None, out)
    if found:
        check_atr(hexadecimal(found.group(1)))
    out = run("opensc-tool", "--card-driver", "default", "-s", "00:A4:08:04:02:2F:E2:00",
              "-s", "00:B0:00:00:0A")
    words = re.findall(r"SW1=0x([0-9A-F]{2}), SW2=0x([0-9A-F]{2})", out)
    has_fcp = re.search(r"^62 ", out, re.M) is not None
    check("opensc-tool: SELECT gives an FCP (tag 62)", has_fcp, out)
    check("opensc-tool: EF.ICCID", EF_ICCID in hexadecimal(out) and words[-1] == ("90", "00"), out)
    with tempfile.NamedTemporaryFile("w", suffix=".script") as script:
        script.write("cd 3F00\ninfo 2FE2\ncat 2FE2\ninfo 2F00\ncat 2F00\nquit\n")
        script.flush()
        out = run("opensc-explorer", "-c", "default", script.name)
    check("opensc-explorer: EF.ICCID is a transparent file of 10 octets",
          re.search(r"File size: +10 bytes\nEF structure: +Transparent", out) is not None, out)
    check("opensc-explorer: its content", EF_ICCID in hexadecimal(out), out)
    check("opensc-explorer: EF.DIR is a record file",
          re.search(r"Linear fixed\nNumber of records: +1\n", out) is not None, out)
    check("opensc-explorer: EF.DIR names a USIM", USIM_AID in hexadecimal(out), out)


def with_pcsc_client():
    """A client of libpcsclite itself, without any tool in between."""
    pcsc = ctypes.CDLL("libpcsclite.so.1")
    word = ctypes.c_ulong
    context, card, protocol = ctypes.c_long(), ctypes.c_long(), word()
    pcsc.SCardEstablishContext(2, None, None, ctypes.byref(context))
    size = word(1024)
    names = ctypes.create_string_buffer(1024)
    pcsc.SCardListReaders(context, None, names, ctypes.byref(size))
    reader = names.raw.split(b"\0")[0]
    connected = pcsc.SCardConnect(context, reader, word(2), word(3), ctypes.byref(card),
                                  ctypes.byref(protocol))
    check("libpcsclite: connected", connected == 0, hex(connected & 0xFFFFFFFF))
    if connected != 0:
        return

    class Header(ctypes.Structure):
        _fields_ = [("protocol", word), ("length", word)]

    def transmit(command):
        send = bytes.fromhex(command)
        answer = ctypes.create_string_buffer(300)
        length = word(300)
        header = Header(protocol.value, ctypes.sizeof(Header))
        result = pcsc.SCardTransmit(card, ctypes.byref(header), send, word(len(send)), None, answer,
                                    ctypes.byref(length))
        return answer.raw[:length.value].hex().upper() if result == 0 else "failed"

    check("libpcsclite: SELECT EF.ICCID", transmit("00A4080C022FE2") == "9000")
    answer = transmit("00B000000A")
    check("libpcsclite: EF.ICCID", answer == EF_ICCID + "9000", answer)
    # Each costs 50 ms: vpcd sends length and command apart, and waits for our kernel's delayed ACK.
    same = all(transmit("00B000000A") == EF_ICCID + "9000" for _ in range(40))
    check("libpcsclite: forty commands in a row", same)
    pcsc.SCardDisconnect(card, word(1))
    pcsc.SCardReleaseContext(context)


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def main(lab):
    port = free_port()
    work = tempfile.mkdtemp(prefix="simurgh-card-tools-")
    with open(os.path.join(work, "vpcd"), "w") as config:
        config.write(f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{port:#06x}\n'
                     f"LIBPATH {DRIVER}\nCHANNELID {port:#06x}\n")
    pcscd = subprocess.Popen(["pcscd", "-f", "-e", "-c", work], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    card = None
    try:
        up = wait_for(lambda: os.path.exists("/run/pcscd/pcscd.comm"), 15)
        check("pcscd is up", up and pcscd.poll() is None)
        card = subprocess.Popen([lab, "card", "--vpcd", f"127.0.0.1:{port}", "--iccid", ICCID,
                                 "--imsi", IMSI], stdout=subprocess.PIPE, text=True)
        ready = card.stdout.readline()
        while "waiting" in ready:
            ready = card.stdout.readline()
        check("the chip is in the reader", "in the reader" in ready, ready)
        check("the reader powers it",
              wait_for(lambda: "3b" in run("opensc-tool", "-a").lower(), 15))
        if not failures:
            with_pcsc_scan()
            with_scriptor()
            with_opensc()
            with_pcsc_client()
    finally:
        for process in (card, pcscd):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(10)
        shutil.rmtree(work)
    print(f"{len(failures)} failed" if failures else "all good")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tools = ("pcscd", "pcsc_scan", "scriptor", "opensc-tool", "opensc-explorer")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing or not os.path.exists(DRIVER):
        names = ", ".join(missing or ["vsmartcard-vpcd"])
        sys.exit(f"missing: {names}; run ./dev setup peers")
    if INSIDE not in os.environ:
        if os.geteuid() != 0:
            print("skipped: a pcscd of our own needs root")
            sys.exit(SKIPPED)
        os.makedirs("/run/pcscd", exist_ok=True)
        script = 'mount -t tmpfs none /run/pcscd && exec "$0" "$@"'
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script,
                              sys.executable] + sys.argv)
    sys.exit(main(sys.argv[1]))
