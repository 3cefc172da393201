from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from fakes.desk import Desk, desk
from fakes.papers import (
    NASTY,
    captured,
    full_case,
    has,
    minimal_case,
    pdf_text,
    png,
    run,
    seal,
    squeezed,
)
from holdfast.adapters.render import Writer
from holdfast.adapters.resources import words
from holdfast.core import pack
from holdfast.core.case import Case, Licence, Party
from holdfast.core.document import Issued, Lang, local_time, offset
from holdfast.core.enclosed import judge_enclosed
from holdfast.core.errors import Refused, Tampered
from holdfast.core.evidence import Exhibit
from holdfast.core.job import Job
from holdfast.core.ledger import tree_root
from holdfast.core.notice import Notice, PlatformAnswer, Submission
from holdfast.core.timestamp import Stamp
from holdfast.usecases import document
from holdfast.usecases.cases import case_file
from holdfast.usecases.report import Teller, chinese, name_of, operations, party, show, stamp_status

pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("few_subsets")]

ISSUED = datetime(2026, 11, 21, 2, 20, 33, tzinfo=UTC)


@pytest.fixture(scope="session")
def cache(font_cache: Path) -> Path:
    return font_cache


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path / "data") as made:
        yield made


def issue(
    at: Desk, case: Case, kind: str, cache: Path, lang: Lang = "zh", **more: object
) -> Issued:
    given: dict[str, object] = {"operator": "林某某", "issued": ISSUED, **more}
    return document.issue(
        kind=kind,
        case_id=case.id,
        lang=lang,
        store=at.store,
        vault=at.vault,
        clock=at.clock,
        renderer=Writer(cache),
        words=words(lang),
        job=Job(),
        offset_minutes=480,
        **given,  # type: ignore[arg-type]  # each is given under its own name
    )


def say(lang: Lang = "zh") -> Teller:
    return Teller(words=words(lang), lang=lang, offset_minutes=480)


@pytest.mark.skipif(not has("pdftotext", "qpdf"), reason="poppler-utils or qpdf missing")
class TestReport:
    def test_it_is_kept_and_on_record(self, table: Desk, cache: Path) -> None:
        case = full_case(table)
        lines = len(table.store.entries(case.id))
        made = issue(table, case, "evidence-report", cache)
        assert made.number == f"{case.number}-R1"
        assert made.path == f"documents/{case.number}-R1.pdf"
        entry = table.store.entries(case.id)[-1]
        assert (entry.act, entry.subject) == ("document.issued", made.number)
        (ref,) = entry.refs
        assert (ref.path, ref.sha256, ref.size) == (made.path, made.sha256, made.size)
        assert entry.facts["number"] == made.number
        assert entry.facts["issued"] == made.issued == "2026-11-21T02:20:33.000Z"
        assert entry.facts["lang"] == "zh"
        assert entry.facts["checkpoint"] == made.checkpoint_size == lines
        assert table.store.all(Issued, case.id) == (made,)
        again = issue(table, case, "evidence-report", cache)
        assert again.number == f"{case.number}-R2"
        assert not [one for one in table.vault.abandoned() if one.about.get("document")]

    def test_it_prints_the_root_of_a_head_that_covers_everything(
        self, table: Desk, cache: Path
    ) -> None:
        case = full_case(table)
        made = issue(table, case, "evidence-report", cache)
        leaves = [entry.leaf for entry in table.store.entries(case.id)]
        root = tree_root(leaves[: made.checkpoint_size]).hex()
        at = table.vault.path(made.sha256)
        groups = " ".join(root[at : at + 8] for at in range(0, 32, 8))
        assert groups in pdf_text(at)
        head = next(c for c in table.store.checkpoints(case.id) if c.size == made.checkpoint_size)
        assert head.root.hex() == root
        command = next(
            line for line in pdf_text(at).splitlines() if line.startswith("sed -n 3p data/ledger")
        )
        folder = table.data / "bag"
        place = folder / pack.payload(pack.checkpoint_path(made.checkpoint_size))
        place.parent.mkdir(parents=True)
        place.write_bytes(head.note)
        shell = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=True)
        assert shell.stdout.decode().replace(" ", "").replace("\n", "") == root

    def test_its_commands_are_those_of_a_pack(self, table: Desk, cache: Path) -> None:
        case = full_case(table)
        made = issue(table, case, "evidence-report", cache)
        text = pdf_text(table.vault.path(made.sha256))
        stamps = [
            stamp
            for stamp in table.store.all(Stamp, case.id)
            if (stamp.subject.path, stamp.authority)
            in (("exhibits/E0001/capture.json", "jia"), ("exhibits/E0002/capture.json", ""))
        ]
        place = pack.checkpoint_path(made.checkpoint_size)
        for system in pack.SYSTEMS:
            for command in pack.commands(stamps, place, practice=True, system=system):
                for line in command.lines(document.COMMAND_WIDTH):
                    assert " ".join(line.split()) in " ".join(text.split())

    def test_it_holds_manifests_proofs_and_the_head(self, table: Desk, cache: Path) -> None:
        case = full_case(table)
        made = issue(table, case, "evidence-report", cache)
        first = table.store.exhibit(case.id, "E0001")
        with pikepdf.open(table.vault.path(made.sha256)) as pdf:
            names = sorted(pdf.attachments)
            assert names == [
                "E0001-capture.json",
                "E0001-capture.json.jia.tsr",
                "E0001-capture.json.ots",
                "E0001-inclusion.tlog-proof",
                "E0001-sealed.json",
                "E0002-capture.json",
                "E0002-capture.json.ots",
                "E0002-inclusion.tlog-proof",
                "E0002-sealed.json",
                "E0003-capture.json",
                "E0003-inclusion.tlog-proof",
                "E0003-sealed.json",
                "E0004-capture.json",
                "E0004-capture.json.ots",
                "E0004-inclusion.tlog-proof",
                "E0004-sealed.json",
                f"checkpoint-{made.checkpoint_size}.txt",
                "environment-5.json",
                "environment-6.json",
                "key.txt",
            ]
            inside = {name: pdf.attachments[name].get_file().read_bytes() for name in names}
            # A stranger can follow each manifest to the head that is printed.
            told = judge_enclosed(inside)
            assert [one.outcome for one in told] == ["ok"] * 5
            assert {one.rule for one in told} == {"enclosed_head", "enclosed_sealed"}
            inside = pdf.attachments["E0001-capture.json"].get_file().read_bytes()
        assert inside == table.vault.read(first.digest.sha256)
        assert "No syntax" in run("qpdf", "--check", table.vault.path(made.sha256))

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_hostile_titles_are_printed_and_nothing_else(
        self, table: Desk, cache: Path, lang: Lang
    ) -> None:
        case = full_case(table, title=NASTY)
        made = issue(table, case, "evidence-report", cache, lang)
        at = table.vault.path(made.sha256)
        text = squeezed(pdf_text(at))
        assert "<imgsrc=file:///etc/passwd>{{case.title}}|**x**`y`<br><!--break-->" in text
        assert "\\u{202E}right" in text
        assert "root:" not in text
        with pikepdf.open(at) as pdf:
            assert 12 < len(pdf.pages) < 30
        assert "No syntax" in run("qpdf", "--check", at)

    def test_the_same_record_gives_the_same_bytes(self, table: Desk, cache: Path) -> None:
        case = full_case(table)
        with table.store.custody(case.id) as custody:
            head = custody.head()
        file = case_file(case.id, store=table.store)
        made = [
            Writer(cache).pdf(
                document.compose(
                    "evidence-report",
                    file,
                    head,
                    number="HF-2026-0001-R1",
                    issued="2026-11-21T02:20:33.000Z",
                    say=say(),
                    vault=table.vault,
                    operator="",
                    outside=document.Outside(),
                ),
                Job(),
            )
            for _ in range(2)
        ]
        assert made[0] == made[1]

    def test_a_minimal_case_is_short_and_unmarked(self, table: Desk, cache: Path) -> None:
        made = issue(table, minimal_case(table), "evidence-report", cache, operator="")
        at = table.vault.path(made.sha256)
        text = pdf_text(at)
        assert "演练" not in text
        assert "（未填写）" in text
        with pikepdf.open(at) as pdf:
            assert len(pdf.pages) <= 8

    def test_an_object_that_changed_stops_it(self, table: Desk, cache: Path) -> None:
        case = full_case(table)
        exhibit = table.store.exhibit(case.id, "E0001")
        picture = exhibit.artifacts[0].digest.sha256
        at = table.vault.path(picture)
        at.chmod(0o600)
        at.write_bytes(at.read_bytes()[:-1] + b"x")
        with pytest.raises(Tampered):
            issue(table, case, "evidence-report", cache)
        assert table.store.all(Issued, case.id) == ()


class TestList:
    def test_groups_hold_what_exists(self, table: Desk) -> None:
        case = full_case(table)
        notice = Notice(
            id="n",
            case_id=case.id,
            number="L01",
            document=f"{case.number}-L01",
            regime="r",
            platform="p",
            lang="zh",
            status="sent",
            answers={},
            text="",
            drafted="2026-11-21T02:20:33.000Z",
        )
        table.store.save(notice)
        table.store.save(replace(notice, id="n2", document=f"{case.number}-L02", status="drafted"))
        table.store.save(replace(notice, id="n3", document=f"{case.number}-L03", status="approved"))
        receipt = Submission(
            id="s",
            case_id=case.id,
            notice_id="n",
            channel="email",
            sent="2026-11-21T02:20:33.000Z",
            receipt="E0004",
        )
        table.store.save(receipt)
        answer = PlatformAnswer(
            id="a",
            case_id=case.id,
            notice_id="n",
            kind="refused",
            received="2026-11-21T02:20:33.000Z",
            exhibit="E0001",
        )
        table.store.save(answer)
        table.store.save(Licence(id="l", case_id=case.id, agreed="yes", exhibit="E0002"))
        with table.store.custody(case.id) as custody:
            head = custody.head()
        file = replace(
            case_file(case.id, store=table.store),
            documents=(
                Issued(
                    id="d",
                    case_id=case.id,
                    number=f"{case.number}-R1",
                    kind="evidence-report",
                    lang="zh",
                    issued="2026-11-21T02:20:33.000Z",
                    sha256="0" * 64,
                    size=1,
                    media_type="application/pdf",
                    path="documents/x.pdf",
                    checkpoint_size=1,
                ),
            ),
        )
        order = document.compose(
            "evidence-list",
            file,
            head,
            number="x",
            issued="2026-11-21T02:20:33.000Z",
            say=say(),
            vault=table.vault,
            operator="",
            outside=document.Outside(),
        )
        text = Writer().text(order, Job())
        assert "一、涉嫌侵权事实" in text
        assert f"网络侵权证据保全报告 {case.number}-R1" in text
        assert "二、平台知情与处理" in text
        assert text.index("二、平台知情与处理") < text.index("（E0001）"), "what it answered"
        assert "于 2026-11-12 21:03 +08:00 从网页" in text, "a list explains no times"
        assert f"通知书 {case.number}-L01" in text
        assert "L02" not in text
        assert "提交人定稿，尚未记录发出" in text
        assert "三、授权与解除" in text
        assert "E0003" not in text, "withdrawn"
        assert "3-1 另提供存储视听资料的原始载体" in text
        assert "演练短剧平台（待核对）" in text


class TestReceipt:
    def test_it_is_one_page(self, table: Desk, cache: Path) -> None:
        case = full_case(table, title=NASTY)
        for lang in ("zh", "en"):
            made = issue(table, case, "receipt", cache, lang)  # type: ignore[arg-type]  # one of two
            with pikepdf.open(table.vault.path(made.sha256)) as pdf:
                assert len(pdf.pages) == 1

    @pytest.mark.parametrize("lang", ["zh", "en"])
    def test_an_address_however_long_leaves_it_one_page(
        self, table: Desk, cache: Path, lang: Lang
    ) -> None:
        case = table.store.open_case("案", "practice")
        url = "https://play.yanlian.example/?x=" + "%E4%BD%A0" * 400
        files = {"viewport.png": png(160, 98)}
        seal(table, case, captured(table.data / "source", "page", files, url=url))
        made = issue(table, case, "receipt", cache, lang)
        at = table.vault.path(made.sha256)
        with pikepdf.open(at) as pdf:
            assert len(pdf.pages) == 1
        said = squeezed(pdf_text(at))
        for part in (f"{url[:119]}…", "2026-11-1221:06:31+08:00", "E0001"):
            assert part in said

    def test_the_first_one_says_so(self, table: Desk) -> None:
        case = minimal_case(table)
        with table.store.custody(case.id) as custody:
            head = custody.head()
        order = document.compose(
            "receipt",
            case_file(case.id, store=table.store),
            head,
            number="x",
            issued="2026-11-21T02:20:33.000Z",
            say=say(),
            vault=table.vault,
            operator="",
            outside=document.Outside(),
        )
        text = Writer().text(order, Job())
        assert "您的第一份证据已经保存在这台电脑上" in text
        exhibit = table.store.exhibit(case.id, "E0001")
        assert exhibit.digest.sha256 in text.replace(" ", "")

    def test_when_all_are_withdrawn_the_newest_is_shown(self, table: Desk) -> None:
        case = minimal_case(table)
        exhibit = table.store.exhibit(case.id, "E0001")
        table.store.save(replace(exhibit, withdrawn=True))
        with table.store.custody(case.id) as custody:
            head = custody.head()
        order = document.compose(
            "receipt",
            case_file(case.id, store=table.store),
            head,
            number="x",
            issued="2026-11-21T02:20:33.000Z",
            say=say("en"),
            vault=table.vault,
            operator="",
            outside=document.Outside(),
        )
        assert "E0001" in Writer().text(order, Job())


class TestRefusals:
    def test_an_unknown_kind(self, table: Desk, cache: Path) -> None:
        with pytest.raises(Refused, match="document_unknown"):
            issue(table, minimal_case(table), "summons", cache)

    def test_a_case_without_exhibits(self, table: Desk, cache: Path) -> None:
        case = table.store.open_case("空", "real")
        with pytest.raises(Refused, match="no_exhibits"):
            issue(table, case, "receipt", cache)

    def test_the_words_are_there(self) -> None:
        for lang in ("zh", "en"):
            errors = words(lang).errors
            assert {"document_unknown", "no_exhibits", "image_changed"} <= set(errors)


class TestWords:
    def test_numbers_of_parts(self) -> None:
        numbers = (1, 10, 11, 20, 21, 100, 101, 110, 115, 999)
        assert [chinese(n) for n in numbers] == [
            "一", "十", "十一", "二十", "二十一", "一百", "一百零一", "一百一十", "一百一十五",
            "九百九十九",
        ]  # fmt: skip

    def test_times(self) -> None:
        assert local_time("2026-11-21T02:20:33.000Z", 480) == "2026-11-21 10:20:33 +08:00"
        assert local_time("2026-11-21T02:20:33.000Z", -210) == "2026-11-20 22:50:33 -03:30"
        assert offset(0) == "+00:00"
        assert say().both("2026-11-21T20:20:33.000Z") == (
            "2026-11-22 04:20:33 +08:00（2026-11-21T20:20:33Z）"
        )
        assert say().span("2026-11-21T02:00:00.000Z", "2026-11-21T03:00:00.000Z") == (
            "2026-11-21 10:00:00 至 11:00:00 +08:00（02:00:00Z 至 03:00:00Z）"
        )
        assert say().span("2026-11-21T02:00:00.000Z", "2026-11-22T03:00:00.000Z") == (
            "2026-11-21 10:00:00 +08:00 至 2026-11-22 11:00:00 +08:00（02:00:00Z 至 03:00:00Z）"
        )

    def test_people(self) -> None:
        assert party(None, say()) == {"known": False, "name": "", "identity": ""}
        someone = Party(
            id="p", case_id="c", role="claimant", name="何某", id_number="33010619900101002X"
        )
        assert party(someone, say())["identity"] == "证件 330106********002X"
        assert party(replace(someone, id_number="", legal_name="何甲"), say()) == {
            "known": True,
            "name": "何甲",
            "identity": "",
        }

    def test_an_exhibit_without_a_title_is_called_what_it_is(self, table: Desk) -> None:
        case = minimal_case(table)
        exhibit = replace(table.store.exhibit(case.id, "E0001"), title="")
        assert name_of(exhibit, say("en")) == "Received file"
        assert len(name_of(replace(exhibit, title="长" * 100), say())) == 60

    @pytest.mark.parametrize(
        ("changes", "status", "mark"),
        [
            ({}, "已封存，时间戳待发送", ""),
            ({"attempts": 1}, "时间戳暂未取得", ""),
            (
                {"attempts": 1, "next_try": "2026-11-21T02:00:00.000Z"},
                "时间戳暂未取得（下次 2026-11-21 10:00:00 +08:00）",
                "",
            ),
            ({"status": "pending"}, "已封存，时间戳确认中", "□"),
            ({"status": "confirmed"}, "本机无法核验", ""),
            (
                {"status": "confirmed", "time": "2026-11-21T02:00:00.000Z"},
                "可信时间戳已确认（不晚于 2026-11-21 10:00:00 +08:00）",
                "■",
            ),
            (
                {
                    "status": "confirmed",
                    "time": "2026-11-21T02:00:00.000Z",
                    "kind": "opentimestamps",
                },
                "区块链存证已确认（不晚于 2026-11-21 10:00:00 +08:00）",
                "■",
            ),
            ({"status": "one_source", "time": "2026-11-21T02:00:00.000Z"}, "仅单一来源", "◇"),
            ({"status": "unchecked"}, "本机无法核验", ""),
            ({"status": "broken"}, "与封存记录不符", ""),
        ],
    )
    def test_only_the_agreed_words_for_a_stamp(
        self, table: Desk, changes: dict[str, str], status: str, mark: str
    ) -> None:
        case = full_case(table)
        stamp = next(
            s
            for s in table.store.all(Stamp, case.id)
            if s.kind == "rfc3161" and s.status == "queued" and not s.attempts
        )
        changed = replace(stamp, **changes)  # type: ignore[arg-type]  # fields by their names
        found = stamp_status(changed, say())
        assert (found["status"], found["mark"]) == (status, mark)
        assert found["practice"] == "", "nothing was answered"
        foreign = replace(changed, imported=True, authority="imported-0123456789ab", by="")
        assert stamp_status(foreign, say())["kind"] == "RFC 3161（从别处取得）"
        assert "某机构" in str(stamp_status(replace(foreign, by="某机构"), say())["kind"])
        answered = stamp_status(replace(changed, proof="0" * 64), say())
        assert answered["practice"] in ("〔演练服务〕", "〔演练链〕")

    def test_a_stamped_head_covers_an_exhibit_without_a_stamp_of_its_own(self, table: Desk) -> None:
        case = full_case(table)
        stamps = table.store.all(Stamp, case.id)
        head = next(s for s in stamps if s.subject.kind == "checkpoint" and s.kind == "rfc3161")
        size = pack.read_checkpoint_path(head.subject.path)
        assert size is not None
        done = replace(head, status="confirmed", time="2026-11-21T02:00:00.000Z", proof="0" * 64)
        exhibit = table.store.exhibit(case.id, "E0004")
        found = show(exhibit, (*stamps, done), size - 1, table.vault)
        assert done in found.stamps
        assert done not in show(exhibit, (*stamps, done), size, table.vault).stamps

    def test_every_kind_of_line_is_told(self, table: Desk) -> None:
        case = full_case(table)
        with table.store.custody(case.id) as custody:
            custody.append(
                "timestamp.confirmed",
                "exhibits/E0001/capture.json",
                facts={"time": "2026-11-21T02:00:00.000Z"},
            )
            custody.append("timestamp.requested", "rfc3161:jia", facts={"subjects": ["a", "b"]})
            custody.append("party.changed", "p", facts={"role": "claimant"})
            custody.append("notice.sent", "HF-2026-0001-L01")
        lines = operations(table.store.entries(case.id), say())
        details = [str(line["detail"]) for line in lines if isinstance(line, dict)]
        assert "网页 · 服务器的回答" in details
        with table.store.custody(case.id) as custody:
            for code in ("screen_none", "link_malformed", "made_up"):
                custody.append("capture.failed", "1", facts={"code": code, "source": "screen"})
        rows = operations(table.store.entries(case.id)[-3:], say())
        why = words("zh").errors["screen_none"].what.rstrip("。")
        assert [row["detail"] for row in rows if isinstance(row, dict)] == [
            f"屏幕截图 · {why}",
            "屏幕截图 · 这不像一个网址",
            "屏幕截图 · made_up",
        ]
        assert "rfc3161:jia，2 项" in details
        assert "exhibits/E0001/capture.json · 2026-11-21 10:00:00 +08:00" in details
        assert details[-2:] == ["", "HF-2026-0001-L01"]
        assert all(re.match(r"2026-11-\d\d \d\d:\d\d:\d\d$", str(line["at"])) for line in lines)  # type: ignore[index,call-overload]  # mappings all

    def test_a_manifest_that_changed_is_tampered(self, table: Desk) -> None:
        case = minimal_case(table)
        exhibit = table.store.all(Exhibit, case.id)[0]
        at = table.vault.path(exhibit.digest.sha256)
        at.chmod(0o600)
        at.write_bytes(b"{}")
        with pytest.raises(Tampered):
            show(exhibit, (), 1, table.vault)
