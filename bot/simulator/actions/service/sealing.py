"""Opens what was sealed for the simulator: libsodium's sealed boxes, in which secrets are sent.

The curve and the authenticator are those of `cryptography`; it has no Salsa20, so that is here.
"""

from __future__ import annotations

import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.poly1305 import Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY, NONCE, MAC = 32, 24, 16
CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
MASK = 0xFFFFFFFF
QUARTERS = (
    *((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)),
    *((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)),
)


class NotSealed(ValueError):
    """Bytes that are no box for this key."""


def public_of(private: bytes) -> bytes:
    key = X25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def unseal(box: bytes, private: bytes) -> bytes:
    """Raises NotSealed."""
    if len(box) < KEY + MAC:
        raise NotSealed("too short")
    ephemeral, mac, cipher = box[:KEY], box[KEY : KEY + MAC], box[KEY + MAC :]
    nonce = hashlib.blake2b(ephemeral + public_of(private), digest_size=NONCE).digest()
    own = X25519PrivateKey.from_private_bytes(private)
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(ephemeral))
    except ValueError as error:
        raise NotSealed("a key of low order") from error
    key = _hsalsa(_hsalsa(shared, bytes(16)), nonce[:16])
    stream = _stream(key, nonce[16:], 32 + len(cipher))
    try:
        Poly1305.verify_tag(stream[:32], cipher, mac)
    except InvalidSignature as error:
        raise NotSealed("not for this key") from error
    return bytes(a ^ b for a, b in zip(cipher, stream[32:], strict=True))


def _stream(key: bytes, nonce: bytes, length: int) -> bytes:
    blocks = -(-length // 64)
    return b"".join(_block(key, nonce + struct.pack("<Q", n)) for n in range(blocks))[:length]


def _block(key: bytes, place: bytes) -> bytes:
    start = _words(key, place)
    mixed = _mix(start)
    return struct.pack("<16I", *((a + b) & MASK for a, b in zip(start, mixed, strict=True)))


def _hsalsa(key: bytes, nonce: bytes) -> bytes:
    mixed = _mix(_words(key, nonce))
    return struct.pack("<8I", *(mixed[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def _words(key: bytes, place: bytes) -> list[int]:
    k, n, c = struct.unpack("<8I", key), struct.unpack("<4I", place), CONSTANTS
    return [c[0], *k[:4], c[1], *n, c[2], *k[4:], c[3]]


def _mix(words: list[int]) -> list[int]:
    x = list(words)
    for _ in range(10):
        for a, b, c, d in QUARTERS:
            x[b] ^= _rotated(x[a] + x[d], 7)
            x[c] ^= _rotated(x[b] + x[a], 9)
            x[d] ^= _rotated(x[c] + x[b], 13)
            x[a] ^= _rotated(x[d] + x[c], 18)
    return x


def _rotated(value: int, by: int) -> int:
    value &= MASK
    return ((value << by) | (value >> (32 - by))) & MASK
