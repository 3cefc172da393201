"""The constants are what the public seed gives, on this machine too."""

from __future__ import annotations

import hashlib

from holdfast.core import practice
from holdfast.core.drand import PRACTICE
from holdfast.practice import beacon, blocks, keys


def test_the_genesis_block_is_the_constant() -> None:
    genesis = blocks.genesis()
    assert genesis.header == practice.GENESIS_HEADER
    assert genesis.hash == practice.GENESIS_HASH
    twice = hashlib.sha256(hashlib.sha256(practice.GENESIS_HEADER).digest()).digest()
    assert twice[::-1].hex() == practice.GENESIS_HASH


def test_the_roots_have_the_constant_fingerprints() -> None:
    found = {keys.fingerprint(witness.root) for witness in keys.witnesses()}
    assert found == practice.ROOT_FINGERPRINTS
    assert len(found) == 2


def test_a_second_derivation_gives_the_same_bytes() -> None:
    keys.witnesses.cache_clear()
    first = [keys.pem(one.root, one.issuer, one.signer) for one in keys.witnesses()]
    keys.witnesses.cache_clear()
    assert [keys.pem(one.root, one.issuer, one.signer) for one in keys.witnesses()] == first
    digest = hashlib.sha256(b"".join(first)).hexdigest()
    assert digest == "fcd9515ee58e171da3f19043f2683ed567711ae105be6e60a6ae44b9e5554d22"


def test_the_practice_beacon_has_the_constant_key_and_name() -> None:
    assert beacon.public_key() == practice.DRAND_KEY
    seed = hashlib.sha256(practice.SEED + b"practice-drand/group").hexdigest()
    assert seed == practice.DRAND_SEED
    assert PRACTICE.hash == practice.DRAND_CHAIN
    assert PRACTICE.holds_together()
