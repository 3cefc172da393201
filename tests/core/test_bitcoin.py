"""Headers, work, checkpoints: against the genuine chain, and against one mined for the purpose."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import miner
from holdfast.adapters.resources import resource
from holdfast.core import bitcoin, practice
from holdfast.core.bitcoin import (
    BITS_LIMIT,
    PERIOD,
    BadHeader,
    CheckpointTable,
    bits_of,
    display,
    double_sha256,
    extended,
    link,
    objection,
    parse_header,
    parse_headers,
    practice_objection,
    retarget,
    shared_run,
    shortest_run,
    target_of,
)
from holdfast.core.witness import MAX_RUNS

CHAIN = Path(__file__).parents[2].parent / "shared" / "vectors" / "ots" / "chain"
needs_chain = pytest.mark.skipif(
    not CHAIN.is_dir(), reason="the chain vectors are not beside the repository"
)

# The first block of Bitcoin.
GENESIS = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b2"
    "7ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
)


@pytest.fixture(scope="module")
def shipped() -> CheckpointTable:
    return CheckpointTable.parse(resource("authorities", "bitcoin-checkpoints.json").read_bytes())


@pytest.fixture(scope="module")
def headers() -> list[bytes]:
    """Two periods and a bit, each faster than the chain means, so that it grows harder."""
    return miner.chain(
        2 * PERIOD + 40,
        spacing=400,
        root_at=lambda height: height.to_bytes(32, "big"),
    )


@pytest.fixture(scope="module")
def table(headers: list[bytes]) -> CheckpointTable:
    return miner.table(headers, 1)


def genuine() -> list[tuple[int, bytes]]:
    records = []
    for line in (CHAIN / "bitcoinj-mainnet-checkpoints.txt").read_text().split()[-436:]:
        raw = base64.b64decode(line + "=" * (-len(line) % 4))
        records.append((int.from_bytes(raw[-84:-80], "big"), raw[-80:]))
    return records


@needs_chain
def test_the_shipped_table_is_what_genuine_headers_say(shipped: CheckpointTable) -> None:
    found = genuine()
    assert len(found) == 436
    for height, raw in found:
        header = parse_header(raw)
        assert header.has_work
        assert header.bits == shipped.bits_at(height)
        assert header.previous == shipped.hash_at(height - 1)
        assert objection(height, header, shipped) == ""


@needs_chain
def test_the_shipped_table_is_what_the_other_source_says(shipped: CheckpointTable) -> None:
    rows = json.loads((CHAIN / "electrum-mainnet-checkpoints.json").read_bytes())
    assert shipped.height == 953567 == PERIOD * len(rows) - 1
    assert [display(hash_) for hash_ in shipped.hashes] == [hash_ for hash_, _ in rows]
    assert [target_of(bits) for bits in shipped.bits[1:]] == [target for _, target in rows]


@needs_chain
def test_the_true_header_of_a_proof_s_block_holds(shipped: CheckpointTable) -> None:
    known = json.loads((CHAIN / "block-358391-header.json").read_bytes())
    header = parse_header(bytes.fromhex(known["header_hex"]))
    assert display(header.hash) == known["hash"]
    assert display(header.merkle_root) == known["merkle_root"]
    assert display(header.previous) == known["previousblockhash"]
    assert (header.time, header.nonce, header.version) == (1432827678, known["nonce"], 2)
    assert objection(358391, header, shipped) == ""
    assert objection(953567 + 1, header, shipped) == "target_too_easy"


def test_the_first_block_of_bitcoin(shipped: CheckpointTable) -> None:
    header = parse_header(GENESIS)
    assert display(header.hash) == bitcoin.GENESIS_HASH
    assert objection(0, header, shipped) == ""
    assert link(0, GENESIS, shipped) is not None
    # The same work elsewhere in the first period is another block's place.
    assert objection(PERIOD - 1, header, shipped) == "not_in_chain"
    broken = GENESIS[:-1] + b"\x00"
    assert objection(0, parse_header(broken), shipped) == "no_work"


def test_a_header_has_eighty_bytes() -> None:
    for size in (0, 79, 81):
        with pytest.raises(BadHeader):
            parse_header(bytes(size))


@pytest.mark.parametrize(
    ("bits", "target"),
    [
        (0x1D00FFFF, 0xFFFF << 208),
        (0x207FFFFF, 0x7FFFFF << 232),
        (0x03123456, 0x123456),
        (0x02123456, 0x1234),
        (0x01123456, 0x12),
        (0x00123456, None),
        (0x1D800001, None),
        (0x1D000000, None),
        (0x217FFFFF, None),
        (0xFF7FFFFF, None),
    ],
)
def test_targets_in_compact_form(bits: int, target: int | None) -> None:
    assert target_of(bits) == target


@given(st.integers(1, (1 << 255) - 1))
def test_compact_form_keeps_the_high_digits(target: int) -> None:
    back = target_of(bits_of(target))
    assert back is not None
    assert back <= target
    assert bits_of(back) == bits_of(target)
    assert target - back < max(1, target >> 15)


def test_the_first_change_of_difficulty_in_bitcoin(shipped: CheckpointTable) -> None:
    # Blocks 30240 and 32255 (December 2009), as the chain itself holds them.
    assert retarget(0x1D00FFFF, 1261130161, 1262152739) == 0x1D00D86A == shipped.bits_at(32256)


def test_difficulty_moves_at_most_four_times_and_never_below_the_limit() -> None:
    hard = target_of(0x1B0404CB) or 0
    assert target_of(retarget(0x1B0404CB, 0, 1)) == target_of(bits_of(hard // 4))
    assert target_of(retarget(0x1B0404CB, 0, 10**9)) == target_of(bits_of(hard * 4))
    assert retarget(BITS_LIMIT, 0, 10**9) == BITS_LIMIT


# --- the table -----------------------------------------------------------------------------------


def test_the_shipped_table_says_where_it_comes_from(shipped: CheckpointTable) -> None:
    assert shipped.as_of == "2026-11-21"
    assert len(shipped.sources) == 2
    assert shipped.hash_at(0) == double_sha256(GENESIS)
    assert shipped.hash_at(1) is None
    assert shipped.hash_at(shipped.height + PERIOD) is None
    assert shipped.bits_at(shipped.height + 1) is not None
    assert shipped.bits_at(shipped.height + 1 + PERIOD) is None
    assert shipped.bits_at(-1) is None


@needs_chain
def test_the_targets_of_the_shipped_table_follow_from_the_times_that_are_known(
    shipped: CheckpointTable,
) -> None:
    """The first block of a period is a genuine header; the last one's time is bounded by it.

    A period's last block came before the next one's first and at most two hours after what the
    median of its neighbours allows, so its target lies between two computed ones.
    """
    firsts = {height // PERIOD: parse_header(raw) for height, raw in genuine()}
    checked = exact = 0
    for period, begin in firsts.items():
        following = firsts.get(period + 1)
        if following is None:
            continue
        want = target_of(shipped.bits[period + 1]) or 0
        # The last block is one spacing before the next first, give or take some hours.
        low = target_of(retarget(begin.bits, begin.time, following.time - 4 * 3600)) or 0
        high = target_of(retarget(begin.bits, begin.time, following.time + 2 * 3600)) or 0
        assert low <= want <= high
        checked += 1
        exact += following.bits == shipped.bits[period + 1]
    assert checked == exact == 435


def test_the_shipped_table_keeps_the_rules_between_its_rows(shipped: CheckpointTable) -> None:
    assert shipped.height == 953567 == len(shipped.hashes) * PERIOD - 1
    assert len(shipped.bits) == len(shipped.hashes) + 1
    assert len(set(shipped.hashes)) == len(shipped.hashes)
    targets = [target_of(bits) or 0 for bits in shipped.bits]
    floor = target_of(BITS_LIMIT) or 0
    for period, (before, after) in enumerate(itertools.pairwise(targets)):
        # At most four times harder or easier, never easier than the limit, each in its one form.
        assert before // 4 - (before >> 20) <= after <= min(before * 4, floor)
        assert bits_of(after) == shipped.bits[period + 1]
        # And the last block of each period has the work that its period demands.
        assert int.from_bytes(shipped.hashes[period], "little") <= before


def test_a_table_grows_by_whole_periods_and_everything_is_recomputed(
    headers: list[bytes], table: CheckpointTable
) -> None:
    grown = extended(table, miner.joined(headers[PERIOD : 2 * PERIOD]), as_of="today")
    whole = miner.table(headers, 2)
    assert (grown.hashes, grown.bits) == (whole.hashes, whole.bits)
    assert (grown.as_of, grown.sources, grown.limit) == ("today", table.sources, table.limit)
    # What begins another period is left for later.
    more = extended(table, miner.joined(headers[PERIOD:]), sources=("A",))
    assert (more.hashes, more.as_of, more.sources) == (whole.hashes, table.as_of, ("A",))
    assert link(2 * PERIOD, miner.joined(headers[2 * PERIOD :]), more) is not None


def test_a_table_grows_by_nothing_that_does_not_link(
    headers: list[bytes], table: CheckpointTable
) -> None:
    whole = miner.joined(headers[PERIOD : 2 * PERIOD])
    for raw in (b"", whole[:-80], miner.joined(headers[:PERIOD]), whole[80:] + headers[2 * PERIOD]):
        with pytest.raises(BadHeader):
            extended(table, raw)
    changed = bytearray(whole)
    changed[1000 * 80 + 40] ^= 1
    with pytest.raises(BadHeader):
        extended(table, bytes(changed))


def test_single_headers_of_the_practice_chain() -> None:
    first, second = practice_chain(2)
    assert practice_objection(0, parse_header(first)) == ""
    assert practice_objection(1, parse_header(second)) == ""
    assert practice_objection(0, parse_header(second)) == "not_in_chain"
    assert practice_objection(1, parse_header(GENESIS)) == "no_work"
    lazy = miner.mine(bytes(32), 1, practice.CHAIN_BITS, work=False)
    assert practice_objection(1, parse_header(lazy)) == "no_work"


def test_a_shared_run_lies_between_two_checkpoints_where_there_are_two() -> None:
    table = CheckpointTable(hashes=(bytes(32),) * 3, bits=(BITS_LIMIT,) * 4)
    assert shared_run([PERIOD + 10], table) == (PERIOD, 2 * PERIOD - 1)
    assert shared_run([2 * PERIOD - 10, PERIOD], table) == (PERIOD, 2 * PERIOD - 1)
    assert shared_run([PERIOD - 1], table) == (0, PERIOD - 1)
    assert shared_run([9 * PERIOD, 5 * PERIOD], table) == (3 * PERIOD, 9 * PERIOD)
    with pytest.raises(ValueError):
        shared_run([], table)


ROW = ["00" * 32, "1d00ffff"]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "holdfast-bitcoin-checkpoints/2"},
        {"rows": []},
        {"rows": [["00" * 31, "1d00ffff"]]},
        {"rows": [["zz" * 32, "1d00ffff"]]},
        {"rows": [["00" * 32]]},
        {"rows": 5},
        {"first_bits": None},
        {"first_bits": "01" * 9},  # a shift that no memory holds; found by the fuzzer
        {"rows": [["00" * 32, "207fffff0"]]},
        {"rows": [["00" * 32, "-1d00fff"]]},
    ],
)
def test_a_damaged_table_is_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {
        "format": "holdfast-bitcoin-checkpoints/1",
        "as_of": "2026-11-21",
        "source": [],
        "first_bits": "1d00ffff",
        "rows": [ROW],
    }
    assert CheckpointTable.parse(json.dumps(good).encode()).height == PERIOD - 1
    with pytest.raises(BadHeader):
        CheckpointTable.parse(json.dumps(good | change).encode())
    with pytest.raises(BadHeader):
        CheckpointTable.parse(b"[" * 100_000)


def test_beyond_the_table_a_target_may_be_four_times_easier(shipped: CheckpointTable) -> None:
    far = shipped.height + 1 + PERIOD
    last = target_of(shipped.bits[-1]) or 0
    assert shipped.allows(far, bits_of(last))
    assert shipped.allows(far, bits_of(last // 100))
    assert shipped.allows(far, bits_of(last * 4))
    assert not shipped.allows(far, bits_of(last * 4 + (last >> 10)))
    assert not shipped.allows(far, practice.CHAIN_BITS)
    assert not shipped.allows(far, 0x1D800001)


def test_within_the_table_there_is_one_right_target(shipped: CheckpointTable) -> None:
    known = shipped.bits_at(358391)
    assert known is not None
    assert shipped.allows(358391, known)
    assert not shipped.allows(358391, known - 1)
    assert not shipped.allows(358391, known + 1)


def test_beyond_an_easy_table_the_chain_s_limit_holds() -> None:
    easy = CheckpointTable(hashes=(bytes(32),), bits=(BITS_LIMIT, BITS_LIMIT))
    assert easy.allows(3 * PERIOD, BITS_LIMIT)
    assert not easy.allows(3 * PERIOD, bits_of((target_of(BITS_LIMIT) or 0) * 2))


# --- runs ----------------------------------------------------------------------------------------


def test_a_run_back_to_a_checkpoint_links(headers: list[bytes], table: CheckpointTable) -> None:
    run = link(100, miner.joined(headers[100:PERIOD]), table)
    assert run is not None
    assert run.network == "bitcoin"
    for height in (100, PERIOD - 1):
        header = run.header(height)
        assert header is not None
        assert header.merkle_root == height.to_bytes(32, "big")
    assert run.header(99) is None
    assert run.header(PERIOD) is None


def test_a_run_forward_from_a_checkpoint_links_over_a_retarget(
    headers: list[bytes], table: CheckpointTable
) -> None:
    assert miner.bits_of(headers[2 * PERIOD]) != miner.bits_of(headers[PERIOD])
    run = link(PERIOD, miner.joined(headers[PERIOD:]), table)
    assert run is not None
    assert run.header(2 * PERIOD + 39) is not None
    whole = link(0, miner.joined(headers), table)
    assert whole is not None


def test_a_run_that_touches_no_checkpoint_proves_nothing(
    headers: list[bytes], table: CheckpointTable
) -> None:
    assert link(100, miner.joined(headers[100:200]), table) is None
    assert link(PERIOD + 5, miner.joined(headers[PERIOD + 5 :]), table) is None


def rebuilt(headers: list[bytes], at: int, **change: int) -> list[bytes]:
    """The chain from ``at`` on mined anew with another time or other bits, the old links kept."""
    made = list(headers[:at])
    for height in range(at, len(headers)):
        old = headers[height]
        fits = height == at
        made.append(
            miner.mine(
                double_sha256(made[-1]),
                change.get("time", miner.time_of(old)) if fits else miner.time_of(old),
                change.get("bits", miner.bits_of(old)) if fits else miner.bits_of(old),
                old[36:68],
            )
        )
    return made


def test_a_run_must_hold_together(headers: list[bytes], table: CheckpointTable) -> None:
    gap = headers[PERIOD : PERIOD + 10] + headers[PERIOD + 11 : PERIOD + 20]
    with pytest.raises(BadHeader, match=f"block {PERIOD + 10} does not follow"):
        link(PERIOD, miner.joined(gap), table)
    lazy = [
        *headers[PERIOD : PERIOD + 5],
        miner.mine(
            double_sha256(headers[PERIOD + 4]),
            miner.START,
            miner.bits_of(headers[PERIOD]),
            work=False,
        ),
    ]
    with pytest.raises(BadHeader, match="no proof of work"):
        link(PERIOD, miner.joined(lazy), table)
    for raw in (b"", bytes(79), bytes(81)):
        with pytest.raises(BadHeader):
            link(0, raw, table)
    with pytest.raises(BadHeader):
        link(-1, bytes(80), table)


def test_a_block_is_not_dated_before_its_chain_was_there(
    headers: list[bytes], table: CheckpointTable
) -> None:
    """Whoever has the work of one block could date it anything, on the newest checkpoint too."""
    since, bits = table.earliest_time(PERIOD), miner.bits_of(headers[PERIOD])
    assert bitcoin.GENESIS_TIME < since <= miner.time_of(headers[PERIOD])
    before = double_sha256(headers[PERIOD - 1])
    for time, reason in ((since, ""), (since - 1, "too_early"), (1, "too_early")):
        raw = miner.mine(before, time, bits)
        assert objection(PERIOD, parse_header(raw), table) == reason
        if reason:
            with pytest.raises(BadHeader, match=f"block {PERIOD} is dated before"):
                link(PERIOD, raw, table)
        else:
            assert link(PERIOD, raw, table) is not None


def test_when_the_chain_was_where_follows_from_its_targets(shipped: CheckpointTable) -> None:
    """Months short of the truth, as for the block whose header is known, and never beyond it."""
    known = 1432827678
    assert 0 < known - shipped.earliest_time(358391) < 180 * 24 * 3600
    last = shipped.earliest_time(shipped.height + 1)
    assert shipped.earliest_time(10**8) == last
    starts = [shipped.earliest_time(height) for height in range(0, shipped.height, PERIOD)]
    assert starts == sorted(starts)
    assert shipped.as_of[:4] == "2026"
    assert last > 1767225600  # 2026-01-01
    # A period that took no time at all says nothing of how little it took.
    hard = bits_of((target_of(BITS_LIMIT) or 0) // 4)
    swift = CheckpointTable(hashes=(bytes(32),), bits=(BITS_LIMIT, hard))
    assert swift.earliest_time(PERIOD) == bitcoin.GENESIS_TIME


def test_a_run_may_not_choose_its_target(headers: list[bytes], table: CheckpointTable) -> None:
    easier = rebuilt(headers[: PERIOD + 8], PERIOD + 4, bits=miner.EASY)
    with pytest.raises(BadHeader, match="another target"):
        link(PERIOD, miner.joined(easier[PERIOD:]), table)
    # Beyond the table the target follows from the period before, and only from it.
    after = rebuilt(headers[: 2 * PERIOD + 3], 2 * PERIOD, bits=miner.bits_of(headers[PERIOD]))
    with pytest.raises(BadHeader, match=f"block {2 * PERIOD} has another target"):
        link(PERIOD, miner.joined(after[PERIOD:]), table)


def aged(headers: list[bytes], *, harder: int) -> CheckpointTable:
    """The table some periods later, when work had become ``harder`` than in the second period."""
    later = bits_of((target_of(miner.EASY) or 0) // harder)
    return CheckpointTable(
        hashes=(double_sha256(headers[PERIOD - 1]), bytes(32), bytes(31) + b"\1"),
        bits=(miner.EASY, miner.EASY, miner.EASY, later),
        genesis=double_sha256(headers[0]),
        limit=miner.EASY,
    )


def test_a_block_made_today_on_an_old_checkpoint_proves_nothing(headers: list[bytes]) -> None:
    """What once took everybody ten minutes takes one machine of today no time at all."""
    forged = miner.mine(double_sha256(headers[PERIOD - 1]), miner.START, miner.EASY, b"\7" * 32)
    assert link(PERIOD, forged, aged(headers, harder=100)) is None
    assert link(PERIOD, forged, aged(headers, harder=10)) is not None
    first = miner.mine(double_sha256(headers[0]), miner.START, miner.EASY, b"\7" * 32)
    assert link(1, first, aged(headers, harder=100)) is None
    # What stands before the last checkpoint that the run meets is the chain's all the same.
    run = link(100, miner.joined([*headers[100:PERIOD], forged]), aged(headers, harder=100))
    assert run is not None
    assert run.last == PERIOD - 1
    assert run.header(PERIOD - 1) is not None
    assert run.header(PERIOD) is None
    genesis = link(0, miner.joined([headers[0], first]), aged(headers, harder=100))
    assert genesis is not None
    assert genesis.last == 0


def test_a_run_may_not_leave_the_checkpoints(headers: list[bytes], table: CheckpointTable) -> None:
    other = rebuilt(headers[:PERIOD], PERIOD - 3, time=miner.START)
    with pytest.raises(BadHeader, match=f"leaves the chain at block {PERIOD - 1}"):
        link(100, miner.joined(other[100:]), table)


def test_a_table_with_an_impossible_target_links_nothing(headers: list[bytes]) -> None:
    broken = CheckpointTable(
        hashes=(double_sha256(headers[PERIOD - 1]),),
        bits=(miner.EASY, 0x1D800001),
        limit=miner.EASY,
    )
    raw = miner.mine(double_sha256(headers[PERIOD - 1]), miner.START)
    raw = raw[:72] + (0x1D800001).to_bytes(4, "little") + raw[76:]
    with pytest.raises(BadHeader, match="no proof of work"):
        link(PERIOD, raw, broken)


def practice_chain(length: int) -> list[bytes]:
    made = [practice.GENESIS_HEADER]
    for height in range(1, length):
        made.append(miner.mine(double_sha256(made[-1]), miner.START + height))
    return made


def test_every_run_of_a_pack_is_walked_through_once(shipped: CheckpointTable) -> None:
    """Else a proof of 76 bytes costs as much as all the headers that a pack brings."""
    made = practice_chain(3)
    runs = [
        miner.joined([*made, miner.mine(double_sha256(made[-1]), miner.START + 100 + at)])
        for at in range(MAX_RUNS + 1)
    ]
    bitcoin._link.cache_clear()
    for _proof in range(3):
        assert all(link(0, raw, shipped) for raw in runs)
    assert bitcoin._link.cache_info().misses == len(runs)


def test_the_practice_chain_is_known_by_its_genesis(shipped: CheckpointTable) -> None:
    assert display(double_sha256(practice.GENESIS_HEADER)) == practice.GENESIS_HASH
    made = practice_chain(6)
    for first in (0, 1):
        run = link(first, miner.joined(made[first:]), shipped)
        assert run is not None
        assert run.network == "practice"
    with pytest.raises(BadHeader):
        link(2, miner.joined(made[2:]), shipped)
    with pytest.raises(BadHeader):
        link(PERIOD, miner.joined(made), shipped)
    harder = [*made, miner.mine(double_sha256(made[-1]), 1, 0x1F7FFFFF)]
    with pytest.raises(BadHeader, match="another target"):
        link(0, miner.joined(harder), shipped)


def test_the_shortest_run_to_a_checkpoint() -> None:
    table = CheckpointTable(hashes=(bytes(32),) * 3, bits=(BITS_LIMIT,) * 4)
    assert shortest_run([PERIOD + 10], table) == (PERIOD + 10, 2 * PERIOD - 1)
    assert shortest_run([2 * PERIOD - 10], table) == (2 * PERIOD - 10, 2 * PERIOD - 1)
    assert shortest_run([5 * PERIOD], table) == (3 * PERIOD, 5 * PERIOD)
    assert shortest_run([5, PERIOD + 5, 40], table) == (5, 2 * PERIOD - 1)
    assert shortest_run([PERIOD - 5, PERIOD + PERIOD - 2], table) == (PERIOD - 5, 2 * PERIOD - 1)
    with pytest.raises(ValueError):
        shortest_run([], table)


# --- header files --------------------------------------------------------------------------------


def test_lines_of_height_and_header(headers: list[bytes], table: CheckpointTable) -> None:
    text = f"7 {headers[7].hex()}\r\n\n 6\t{headers[6].hex().upper()} \n"
    found = parse_headers(text.encode(), table)
    assert found.headers == ((6, headers[6]), (7, headers[7]))
    assert found.run == (6, headers[6] + headers[7])
    apart = parse_headers(f"6 {headers[6].hex()}\n9 {headers[9].hex()}".encode(), table)
    assert apart.run is None
    assert len(apart.headers) == 2


@pytest.mark.parametrize("second", ["7 zz", "7", "nonsense", "1234567890 " + "00" * 80])
def test_other_lines_are_refused(second: str, table: CheckpointTable) -> None:
    with pytest.raises(BadHeader, match="a line is not"):
        parse_headers(f"6 {'00' * 80}\n{second}\n".encode(), table)


def test_one_height_has_one_header(table: CheckpointTable) -> None:
    with pytest.raises(BadHeader, match="stands twice"):
        parse_headers(f"6 {'00' * 80}\n6 {'11' * 80}\n".encode(), table)


def test_raw_records_find_their_heights(headers: list[bytes], table: CheckpointTable) -> None:
    for first, last in ((0, 40), (1, 40), (300, PERIOD), (PERIOD, PERIOD + 9)):
        raw = miner.joined(headers[first:last])
        assert parse_headers(raw, table).run == (first, raw)
    made = practice_chain(3)
    for first in (0, 1):
        raw = miner.joined(made[first:])
        assert parse_headers(raw, table).run == (first, raw)


def test_raw_records_of_no_known_chain_are_refused(
    headers: list[bytes], table: CheckpointTable
) -> None:
    with pytest.raises(BadHeader, match="touch no checkpoint"):
        parse_headers(miner.joined(headers[5:60]), table)
    # The genesis block cannot stand in the middle.
    with pytest.raises(BadHeader, match="touch no checkpoint"):
        parse_headers(miner.joined([headers[5], headers[0]]), table)
    for raw in (b"", b"hello", bytes(81)):
        with pytest.raises(BadHeader, match="neither"):
            parse_headers(raw, table)


def test_a_header_file_has_a_size(table: CheckpointTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitcoin, "MAX_HEADERS_FILE", 160)
    with pytest.raises(BadHeader, match="longer"):
        parse_headers(bytes(240), table)
