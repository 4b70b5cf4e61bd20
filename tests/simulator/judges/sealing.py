"""libsodium's sealed box, as clients make one of a secret; checked against NaCl's own example."""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.poly1305 import Poly1305

SIGMA = b"expand 32-byte k"
COLUMNS = ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11))
ROWS = ((0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14))
TURNS = (7, 9, 13, 18)


def sealed(message: bytes, public_key: bytes) -> bytes:
    """Only the owner of the key can open it, and nobody can tell who made it."""
    once = X25519PrivateKey.generate()
    sender = once.public_key().public_bytes_raw()
    nonce = hashlib.blake2b(sender + public_key, digest_size=24).digest()
    return sender + boxed(message, nonce, public_key, once)


def boxed(message: bytes, nonce: bytes, public_key: bytes, own: X25519PrivateKey) -> bytes:
    """crypto_box: the authenticator, then the encrypted message."""
    shared = own.exchange(X25519PublicKey.from_public_bytes(public_key))
    key = _hashed(_hashed(shared, bytes(16)), nonce[:16])
    stream = itertools.chain.from_iterable(
        _block(key, nonce[16:] + struct.pack("<Q", count)) for count in itertools.count()
    )
    mac_key = bytes(itertools.islice(stream, 32))
    hidden = bytes(a ^ b for a, b in zip(message, stream, strict=False))
    return Poly1305.generate_tag(mac_key, hidden) + hidden


def _hashed(key: bytes, nonce: bytes) -> bytes:
    """HSalsa20."""
    words = _rounds(_state(key, nonce))
    return struct.pack("<8I", *(words[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)))


def _block(key: bytes, nonce: bytes) -> bytes:
    """64 bytes of Salsa20."""
    state = _state(key, nonce)
    sums = (a + b & 0xFFFFFFFF for a, b in zip(state, _rounds(state), strict=True))
    return struct.pack("<16I", *sums)


def _state(key: bytes, nonce: bytes) -> Sequence[int]:
    parts = SIGMA[:4], key[:16], SIGMA[4:8], nonce, SIGMA[8:12], key[16:], SIGMA[12:]
    return struct.unpack("<16I", b"".join(parts))


def _rounds(state: Sequence[int]) -> Sequence[int]:
    words = list(state)
    for lines in (COLUMNS, ROWS) * 10:
        for line in lines:
            for step, turn in enumerate(TURNS):
                at, before, earlier = (line[(step + k) % 4] for k in (1, 0, 3))
                value = words[before] + words[earlier] & 0xFFFFFFFF
                words[at] ^= (value << turn | value >> 32 - turn) & 0xFFFFFFFF
    return words
