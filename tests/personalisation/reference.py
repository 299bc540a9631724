#!/usr/bin/env python3
"""An independent implementation of the personalisation's arithmetic, written from
docs/protocols/personalisation.md: recomputes each worked transcript from its inputs and compares
every message; and prints the key schedule's values for key_schedule_test.cc (--values).

Needs python3-cryptography and libsodium (for ristretto255). Usage: reference.py [FILE] [--values]
"""

import argparse
import ctypes
import ctypes.util
import hashlib
import hmac
from pathlib import Path
import sys

HERE = Path(__file__).resolve().parent
TRANSCRIPTS = HERE.parent.parent / 'docs/protocols/personalisation-transcripts.txt'
BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
X25519, P256, FFDHE2048, SYMMETRIC = 1, 2, 3, 4
SHARE_OCTETS = {X25519: 32, P256: 65, FFDHE2048: 256, SYMMETRIC: 0}
TYPES = {'INIT': 0x01, 'M2': 0x02, 'COMMIT': 0x03, 'QUERY': 0x04, 'RESET': 0x05, 'M1': 0x82,
         'PREPARED': 0x83, 'DONE': 0x84, 'RESYNC': 0x85, 'RESET_CHALLENGE': 0x86,
         'RESET_DONE': 0x87}
TAGS = dict(iccid=0x01, imsi=0x02, ver=0x03, life=0x04, epoch=0x05, base=0x06, active=0x07,
            attempt=0x08, suites=0x09, suite=0x0a, flags=0x0b, order=0x0c, nonce=0x0d, share=0x0e,
            pake=0x0f, sealed=0x10, reason=0x11, answers=0x12, pending=0x13, epoch_max=0x14,
            signature=0x15, mac=0x16, second_mac=0x17)
NAMES = {number: name for name, number in TAGS.items()}


# --- bytes --------------------------------------------------------------------------------------

def u16(value):
    return value.to_bytes(2, 'big')


def u32(value):
    return value.to_bytes(4, 'big')


def lp(value):
    return u16(len(value)) + value


def parse(message):
    """{field: value} of a message."""
    assert message[0] == 0xd1
    fields, at = {}, 2
    while at < len(message):
        name, length = NAMES[message[at]], message[at + 1]
        at += 2
        if length == 0x81:
            length, at = message[at], at + 1
        elif length == 0x82:
            length, at = int.from_bytes(message[at:at + 2], 'big'), at + 2
        fields[name] = message[at:at + length]
        at += length
    assert at == len(message)
    return fields


def write(kind, fields):
    out = bytes([0xd1, TYPES[kind]])
    for name, value in sorted(fields.items(), key=lambda item: TAGS[item[0]]):
        size = len(value)
        length = bytes([size]) if size < 0x80 else \
            bytes([0x81, size]) if size < 0x100 else b'\x82' + u16(size)
        out += bytes([TAGS[name]]) + length + value
    return out


def bcd(digits):
    padded = digits + 'f' * (len(digits) % 2)
    return bytes.fromhex(''.join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


# --- hashes, derivations ------------------------------------------------------------------------

def sha256(data):
    return hashlib.sha256(data).digest()


def hmac_sha256(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def hkdf(secret, info, octets):
    prk = hmac_sha256(bytes(32), secret)
    out, block, counter = b'', b'', 1
    while len(out) < octets:
        block = hmac_sha256(prk, block + info + bytes([counter]))
        out, counter = out + block, counter + 1
    return out[:octets]


FIELD = dict(iccid=1, imsi=2, version=3, identity=4, counter=5, transcript=7)


def derive(secret, label, octets, *context):
    info = lp(f'simurgh/personalisation/1/{label}'.encode()) + u16(octets)
    for kind, value in context:
        info += bytes([FIELD[kind]]) + lp(value)
    return hkdf(secret, info, octets)


def digits_of(secret, label, count):
    out, chunk = '', 0
    while len(out) < count:
        stream = derive(secret, label, 32, ('counter', u32(chunk)))
        out += ''.join(str(octet % 10) for octet in stream if octet < 250)
        chunk += 1
    return out[:count]


def nonzero_digits(secret, use, count):
    digits = digits_of(secret, f'both/{use}', count)
    return digits if digits.strip('0') else digits_of(secret, f'both/{use} again', count)


def labelled_hash(label, *parts):
    data = lp(f'simurgh/personalisation/1/{label}'.encode())
    for part in parts:
        data += lp(sha256(part))
    return sha256(data)


def make_mac(secret, label, *parts):
    return hmac_sha256(derive(secret, label, 32), labelled_hash('both/hash MAC input', *parts))[:16]


# --- key agreement ------------------------------------------------------------------------------

def ffdhe_prime():
    text = ('FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC93'
            '9DCE249B3EF97D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED085636555'
            '3DED1AF3B557135E7F57C935984F0C70E0E68B77E2A689DAF3EFE8721DF158A136ADE73530ACCA4F483A'
            '797ABC0AB182B324FB61D108A94BB2C8E3FBB96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB19'
            '0B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F619172FE9CE98583FF8E4F1232EEF28183C3FE'
            '3B1B4C6FAD733BB5FCBC2EC22005C58EF1837D1683B2C6F34A26C1B2EFFA886B423861285C97FFFFFFFF'
            'FFFFFFFF')
    return int(text, 16)


P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


def p256_key(seed):
    from cryptography.hazmat.primitives.asymmetric import ec
    return ec.derive_private_key(int.from_bytes(seed, 'big') % P256_ORDER, ec.SECP256R1())


def share_of(suite, seed):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import x25519
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    if suite == X25519:
        return x25519.X25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(*raw)
    if suite == P256:
        return p256_key(seed).public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    if suite == FFDHE2048:
        return pow(2, int.from_bytes(seed, 'big'), ffdhe_prime()).to_bytes(256, 'big')
    return b''


def agree(suite, seed, peer):
    from cryptography.hazmat.primitives.asymmetric import ec, x25519
    if suite == X25519:
        return x25519.X25519PrivateKey.from_private_bytes(seed).exchange(
            x25519.X25519PublicKey.from_public_bytes(peer))
    if suite == P256:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), peer)
        return p256_key(seed).exchange(ec.ECDH(), point)
    if suite == FFDHE2048:
        return pow(int.from_bytes(peer, 'big'), int.from_bytes(seed, 'big'),
                   ffdhe_prime()).to_bytes(256, 'big')
    return b''


def check_signature(suite, server_key, epoch_secret, use, digest, signature):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
    text = f'simurgh/personalisation/1/centre/{use}'.encode()
    signed = text + b'\0' + digest
    if suite == X25519:
        ed25519.Ed25519PublicKey.from_public_bytes(server_key).verify(signature, signed)
    elif suite == P256:
        der = utils.encode_dss_signature(int.from_bytes(signature[:32], 'big'),
                                         int.from_bytes(signature[32:], 'big'))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), server_key)
        point.verify(der, signed, ec.ECDSA(hashes.SHA256()))
    elif suite == FFDHE2048:
        key = rsa.RSAPublicNumbers(65537, int.from_bytes(server_key, 'big')).public_key()
        key.verify(signature, signed, padding.PSS(padding.MGF1(hashes.SHA256()), 32),
                   hashes.SHA256())
    else:
        assert signature == make_mac(epoch_secret, 'centre/MAC for a signature', text, digest)


# --- CPace (draft-irtf-cfrg-cpace), CPACE-RISTR255-SHA512 ---------------------------------------

def sodium():
    library = ctypes.CDLL(ctypes.util.find_library('sodium') or 'libsodium.so.23')
    assert library.sodium_init() >= 0
    return library


def leb128(value):
    out = b''
    while True:
        value, octet = value >> 7, value & 0x7f
        out += bytes([octet | (0x80 if value else 0)])
        if not value:
            return out


def lv(*parts):
    return b''.join(leb128(len(part)) + part for part in parts)


def multiply(scalar_seed, element):
    library, scalar = sodium(), ctypes.create_string_buffer(32)
    out = ctypes.create_string_buffer(32)
    library.crypto_core_ristretto255_scalar_reduce(scalar, scalar_seed)
    assert library.crypto_scalarmult_ristretto255(out, scalar.raw, element) == 0
    return out.raw


def cpace_share(prs, channel, session, seed):
    dsi = b'CPaceRistretto255'
    padding = max(0, 128 - 1 - len(lv(prs)) - len(lv(dsi)))
    text = lv(dsi, prs, bytes(padding), channel, session)
    element = ctypes.create_string_buffer(32)
    sodium().crypto_core_ristretto255_from_hash(element, hashlib.sha512(text).digest())
    return multiply(seed, element.raw)


def cpace_key(session, seed, peer, initiator_share, responder_share):
    product = multiply(seed, peer)
    text = lv(b'CPaceRistretto255_ISK', session, product)
    text += lv(initiator_share, b'') + lv(responder_share, b'')
    return hashlib.sha512(text).digest()


# --- the conversation ---------------------------------------------------------------------------

class Draws:
    """Random numbers as an end drew them."""

    def __init__(self, data):
        self.data = data

    def take(self, octets):
        taken, self.data = self.data[:octets], self.data[octets:]
        assert len(taken) == octets
        return taken


def parse_code(text):
    """(kind, secret octets or digits)"""
    if not text:
        return 0, b''
    if not text.startswith('SIMURGH1:'):
        return 2, text.encode()
    body, check = text[9:35], text[35:]
    bits = ''.join(format(BASE32.index(c), '05b') for c in body)
    assert bits[128:] == '00'
    secret = int(bits[:128], 2).to_bytes(16, 'big')
    hashed = labelled_hash('centre/hash code check', secret)
    bits = ''.join(format(octet, '08b') for octet in hashed[:3])[:20]
    assert check == ''.join(BASE32[int(bits[i:i + 5], 2)] for i in range(0, 20, 5))
    return 1, secret


class Chip:
    """One chip's identity and epochs over the sections that belong to it."""

    def __init__(self, given):
        self.iccid, self.imsi = given['iccid'].encode(), given['imsi'].encode()
        self.ver = bytes.fromhex(given['ver'])
        self.code = given['code']
        self.server_key = bytes.fromhex(given['server_key'])
        self.chip_key = derive(bytes.fromhex(given['k1']), 'both/chip key', 32,
                               ('iccid', self.iccid), ('imsi', self.imsi), ('version', self.ver))
        self.life, self.epoch = 0, 0
        self.secret = self.epoch_0(0)
        self.puk_secret = b''

    def epoch_0(self, life):
        return derive(self.chip_key, 'both/epoch 0', 32, ('counter', u32(life)))

    def identity(self):
        return self.iccid, self.imsi, self.ver

    def mac_confirmation(self, label, epoch, secret):
        return make_mac(secret, label, *self.identity(), u32(self.life), u32(epoch))


def compare(name, expected, given):
    if expected != given:
        raise AssertionError(f'{name}\n  computed {expected.hex()}\n  given    {given.hex()}')


def personalise(chip, given):
    messages = {name: bytes.fromhex(given[name])
                for name in ('INIT', 'M1', 'M2', 'PREPARED', 'COMMIT', 'DONE')}
    centre = Draws(bytes.fromhex(given['centre_random']))
    own = Draws(bytes.fromhex(given['chip_random']))
    init, m1, m2 = (parse(messages[name]) for name in ('INIT', 'M1', 'M2'))
    suite, flags = init['suite'][0], init['flags'][0]
    kind, code = parse_code(chip.code) if flags & 3 else (0, b'')
    assert flags & 3 == kind
    epoch = int.from_bytes(init['epoch'], 'big')
    assert int.from_bytes(init['base'], 'big') == chip.epoch < epoch

    # INIT
    init['nonce'], init['iccid'] = centre.take(16), bcd(chip.iccid.decode())
    init['mac'] = make_mac(chip.secret, 'centre/MAC of INIT',
                           write('INIT', {**init, 'mac': bytes(16)}))
    compare('INIT', write('INIT', init), messages['INIT'])

    # M1
    m1['nonce'], chip_seed = own.take(16), own.take(32)
    m1.update(iccid=bcd(chip.iccid.decode()), imsi=bcd(chip.imsi.decode()), ver=chip.ver,
              life=u32(chip.life))
    if SHARE_OCTETS[suite]:
        m1['share'] = share_of(suite, chip_seed)
    session = init['nonce'] + m1['nonce']
    channel = labelled_hash('both/hash PAKE channel', *chip.identity(), init['order'],
                            u32(chip.life), u32(epoch))
    if kind == 2:
        chip_pake = own.take(64)
        m1['pake'] = cpace_share(code, channel, session, chip_pake)
    m1['mac'] = make_mac(chip.secret, 'chip/MAC of M1', messages['INIT'],
                         write('M1', {**m1, 'mac': bytes(16)}))
    compare('M1', write('M1', m1), messages['M1'])
    assert not own.data

    # M2
    seed = centre.take(32)
    if SHARE_OCTETS[suite]:
        m2['share'] = share_of(suite, seed)
    pake_key = b''
    if kind == 2:
        centre_pake = centre.take(64)
        m2['pake'] = cpace_share(code, channel, session, centre_pake)
        pake_key = cpace_key(session, centre_pake, m1['pake'], m1['pake'], m2['pake'])
        assert pake_key == cpace_key(session, chip_pake, m2['pake'], m1['pake'], m2['pake'])
    dh = agree(suite, seed, m1.get('share'))
    assert dh == agree(suite, chip_seed, m2.get('share'))
    code_key = derive(code, 'both/activation code', 32, ('identity', init['order']),
                      ('iccid', chip.iccid)) if kind == 1 else b''
    renegotiation = derive(chip.secret, 'both/renegotiation', 32)
    t1 = labelled_hash('both/hash INIT M1', chip.server_key, messages['INIT'], messages['M1'])
    t2 = labelled_hash('both/hash M2 shares', t1, m2.get('share', b''),
                       b'\1' + m2['pake'] if kind == 2 else b'\0')
    handshake = derive(lp(dh) + lp(renegotiation) + lp(code_key) + lp(pake_key), 'both/handshake',
                       32, ('transcript', t2))
    made = b''
    if flags & 0x08:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        made = centre.take(32)
        key = derive(handshake, 'centre/sealed secret', 32)
        m2['sealed'] = AESGCM(key).encrypt(bytes(12), made, t2)
    t3 = labelled_hash('both/hash M2 sealed', t2,
                       b'\1' + m2['sealed'] if made else b'\0')
    check_signature(suite, chip.server_key, chip.secret, 'sign M2', t3, m2['signature'])
    t4 = labelled_hash('both/hash M2 signature', t3, m2['signature'])
    m2['mac'] = make_mac(handshake, 'centre/MAC of M2', t4)
    compare('M2', write('M2', m2), messages['M2'])
    assert not centre.data

    secret = derive(lp(handshake) + lp(made), 'both/epoch n', 32, ('transcript', t4))
    for name, label in (('PREPARED', 'chip/MAC of PREPARED'), ('COMMIT', 'centre/MAC of COMMIT'),
                        ('DONE', 'chip/MAC of DONE')):
        fields = {'life': u32(chip.life), 'epoch': u32(epoch),
                  'mac': chip.mac_confirmation(label, epoch, secret)}
        compare(name, write(name, fields), messages[name])
    if flags & 0x10:
        chip.puk_secret = derive(secret, 'both/PUK secret', 32)
    chip.epoch, chip.secret = epoch, secret
    compare('epoch secret', secret, bytes.fromhex(given['epoch_secret']))
    compare('Ki', derive(secret, 'both/Ki', 16), bytes.fromhex(given['ki']))
    assert nonzero_digits(chip.puk_secret, 'PUK', 8) == given['puk']


def query_and_reset(chip, given):
    messages = {name: bytes.fromhex(given[name])
                for name in ('QUERY', 'RESYNC', 'RESET_CHALLENGE', 'RESET', 'RESET_DONE')}
    query, resync, reset, done = (parse(messages[name])
                                  for name in ('QUERY', 'RESYNC', 'RESET', 'RESET_DONE'))
    suite = query['suite']
    digest = labelled_hash('centre/hash QUERY', chip.iccid, suite, query['nonce'])
    check_signature(suite[0], chip.server_key, chip.secret, 'sign QUERY', digest,
                    query['signature'])
    resync.update(answers=sha256(messages['QUERY']), active=u32(chip.epoch))
    resync['mac'] = make_mac(chip.secret, 'chip/MAC of RESYNC, active', *chip.identity(),
                             write('RESYNC', {**resync, 'mac': bytes(16)}))
    compare('RESYNC', write('RESYNC', resync), messages['RESYNC'])

    challenge = {'iccid': bcd(chip.iccid.decode()), 'life': u32(0), 'suites': b'\x01',
                 'nonce': bytes.fromhex(given['chip_random'])}
    compare('RESET_CHALLENGE', write('RESET_CHALLENGE', challenge), messages['RESET_CHALLENGE'])
    digest = labelled_hash('centre/hash RESET', *chip.identity(), u32(0), reset['suite'],
                           reset['order'], challenge['nonce'])
    check_signature(suite[0], chip.server_key, chip.secret, 'sign RESET', digest,
                    reset['signature'])
    compare('nonce', challenge['nonce'], reset['nonce'])
    done.update(iccid=challenge['iccid'], life=u32(1), nonce=challenge['nonce'])
    blank = write('RESET_DONE', {**done, 'mac': bytes(16), 'second_mac': bytes(16)})
    done['mac'] = make_mac(chip.epoch_0(1), 'chip/MAC of RESET_DONE', chip.imsi, chip.ver, blank)
    done['second_mac'] = make_mac(chip.secret, 'chip/MAC of RESET_DONE, ending', chip.imsi,
                                  chip.ver, blank)
    compare('RESET_DONE', write('RESET_DONE', done), messages['RESET_DONE'])


def read(path):
    """[(title, {name: value})] of the transcripts' file."""
    sections, name = [], None
    for line in Path(path).read_text().split('\n'):
        if line.startswith('['):
            sections.append((line[1:-1], {}))
        elif line.startswith('    '):
            sections[-1][1][name] += line.strip()
        elif '=' in line and not line.startswith('#'):
            name, value = (part.strip() for part in line.split('=', 1))
            sections[-1][1][name] = value
    return sections


def check(path):
    sections, chip = read(path), None
    for title, given in sections:
        if 'k1' in given:
            chip = Chip(given)
        (personalise if 'M1' in given else query_and_reset)(chip, given)
        print(f'{title}: as computed')
    assert len(sections) == 6
    return 0


def print_values():
    """The key schedule for secrets of rising octets, as key_schedule_test.cc has them."""
    own = derive(bytes(range(32)), 'both/chip key', 32, ('iccid', b'8949012345678901235'),
                 ('imsi', b'001010123456789'), ('version', b'VER 0007'))
    secret = bytes(range(0x40, 0x60))
    tag_key = derive(secret, 'both/RAND tag', 32)
    rand = bytes(range(12))
    values = {
        'chip_key': own, 'epoch_0': derive(own, 'both/epoch 0', 32, ('counter', u32(1))),
        'ki_16': derive(secret, 'both/Ki', 16), 'ki_32': derive(secret, 'both/Ki', 32),
        'ki_64': derive(secret, 'both/Ki', 64), 'opc': derive(secret, 'both/OPc', 16),
        'topc': derive(secret, 'both/TOPc', 32), 'kic_to': derive(secret, 'centre/OTA KIc', 16),
        'kid_to': derive(secret, 'centre/OTA KID', 16),
        'kic_from': derive(secret, 'chip/OTA KIc', 16),
        'kid_from': derive(secret, 'chip/OTA KID', 16), 'psk': derive(secret, 'both/PSK', 32),
        'psk_identity': derive(secret, 'both/PSK identity', 16),
        'renegotiation': derive(secret, 'both/renegotiation', 32), 'rand_tag_key': tag_key,
        'tagged_rand': rand + hmac_sha256(tag_key, rand)[:4],
        'puk_secret': derive(secret, 'both/PUK secret', 32),
        'puk': nonzero_digits(secret, 'PUK', 8), 'pin': nonzero_digits(secret, 'PIN', 4)}
    for name, value in values.items():
        print(f'{name} {value if isinstance(value, str) else value.hex()}')
    return 0


def missing():
    """What this program needs and does not find, or an empty text."""
    try:
        import cryptography  # noqa: F401
    except ImportError:
        return 'python3-cryptography'
    try:
        sodium()
    except OSError:
        return 'libsodium23'
    return ''


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('file', nargs='?', default=TRANSCRIPTS)
    parser.add_argument('--values', action='store_true')
    arguments = parser.parse_args()
    if not arguments.values and missing():
        print(f'reference: not checked, {missing()} is not installed')
        return 77
    return print_values() if arguments.values else check(arguments.file)


if __name__ == '__main__':
    sys.exit(main())
