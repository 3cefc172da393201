"""The house holds: imports point inwards, every sentence is written, start-up stays light.

What the code raises, reports and steps through is read from its syntax trees, so that a new error,
finding or stage without words fails here before a person meets it.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from fakes.desk import desk
from holdfast.adapters.capture import Means, pieces
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.resources import words
from holdfast.core.ledger import ACTS
from holdfast.core.timestamp import StampStatus
from holdfast.core.verdict import FindingOutcome

pytestmark = [pytest.mark.xdist_group("architecture"), pytest.mark.no_cover]
"""The code is read once."""

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app" / "holdfast"
RESOURCES = ROOT / "resources"
LANGUAGES = ("zh", "en")
TEXT = frozenset(
    (
        "cfg",
        "css",
        "csv",
        "html",
        "in",
        "ini",
        "json",
        "md",
        "pem",
        "py",
        "run",
        "sh",
        "svg",
        "toml",
        "txt",
        "typed",
        "yaml",
        "yml",
    )
)


# --- reading the code ----------------------------------------------------------------------------


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple(
        (path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
        for path in sorted(APP.rglob("*.py"))
    )


@cache
def walked(tree: ast.AST) -> tuple[ast.AST, ...]:
    """As ``ast.walk``, once for each tree, and without the nodes that only say load or store."""
    found, left = [], [tree]
    while left:
        found.append(node := left.pop())
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                left.extend(one for one in value if isinstance(one, ast.AST))
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                left.append(value)
    return tuple(found)


@cache
def nodes() -> tuple[tuple[Path, ast.AST], ...]:
    return tuple((path, node) for path, tree in trees() for node in walked(tree))


@cache
def _calls() -> dict[str, list[tuple[Path, ast.Call]]]:
    found: dict[str, list[tuple[Path, ast.Call]]] = {}
    for path, node in nodes():
        if isinstance(node, ast.Call):
            found.setdefault(_last_name(node.func), []).append((path, node))
    return found


def calls(name: str) -> list[tuple[Path, ast.Call]]:
    """Every call of something of that last name."""
    return _calls().get(name, [])


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def literals(node: ast.expr | None) -> frozenset[str]:
    """The strings that an expression can plainly be; empty when it is computed."""
    match node:
        case ast.Constant(value=str(text)):
            return frozenset({text})
        case ast.IfExp(body=body, orelse=other):
            return literals(body) | literals(other)
        case ast.BoolOp(values=values):
            return frozenset().union(*map(literals, values))
        case ast.Dict(values=values):
            return frozenset().union(*map(literals, values))
        case ast.Subscript(value=ast.Dict() as table):
            return literals(table)
    return frozenset()


def given(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    for pair in call.keywords:
        if pair.arg == keyword:
            return pair.value
    return call.args[position] if len(call.args) > position else None


@cache
def exceptions_with(attribute: str) -> frozenset[str]:
    """Exception classes that keep their first argument under that name."""
    found = set()
    for _, tree in trees():
        for node in walked(tree):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(part, ast.Assign)
                and any(isinstance(t, ast.Attribute) and t.attr == attribute for t in part.targets)
                and isinstance(part.value, ast.Name)
                and part.value.id == attribute
                for part in walked(node)
            ):
                found.add(node.name)
    return frozenset(found)


ERRORS = ("Refused", "Unavailable", "Tampered")
NO_ERROR = "none"
"""What the page of troubles holds before there is any."""


@cache
def raised_codes() -> dict[str, str]:
    """Each error code with one place that raises it."""
    found: dict[str, str] = {}
    for name in ERRORS:
        for path, call in calls(name):
            for code in literals(given(call, 0, "code")) - {NO_ERROR}:
                found.setdefault(code, f"{path.relative_to(ROOT)}:{call.lineno}")
    return found


@cache
def tabled_codes() -> dict[str, str]:
    """Codes that reach an error through a table or a variable in the same module.

    A string counts when the module raises an error with a computed code and the string is already
    an error of the catalogues' form elsewhere in it: a value of a table, or an argument called
    ``code``.
    """
    found: dict[str, str] = {}
    for path, tree in trees():
        computed = any(
            isinstance(node, ast.Call)
            and _last_name(node.func) in ERRORS
            and not literals(given(node, 0, "code"))
            for node in walked(tree)
        )
        if not computed:
            continue
        for function in walked(tree):
            if isinstance(function, ast.FunctionDef):
                for call, text in _passed_as_code(tree, function):
                    found.setdefault(text, f"{path.relative_to(ROOT)}:{call.lineno}")
    return found


def _passed_as_code(tree: ast.Module, function: ast.FunctionDef) -> Iterator[tuple[ast.Call, str]]:
    """Literals that callers in the module hand to ``function`` as its ``code``."""
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    if "code" not in names:
        return
    for node in walked(tree):
        if isinstance(node, ast.Call) and _last_name(node.func) == function.name:
            for text in literals(given(node, names.index("code"), "code")):
                yield node, text


@cache
def found_rules() -> dict[str, str]:
    """Each rule of a finding with one place that says it.

    A rule stands right before its outcome, in a call or in a tuple, or is the first argument of
    an exception that carries it.
    """
    outcomes = frozenset(get_args(FindingOutcome))
    found: dict[str, str] = {}
    carriers = exceptions_with("rule")
    for path, tree in trees():
        if "ui" in path.relative_to(APP).parts:
            continue
        types = {id(node.slice) for node in walked(tree) if isinstance(node, ast.Subscript)}
        for node in walked(tree):
            rules: set[str] = set()
            if isinstance(node, ast.Call):
                if _last_name(node.func) in carriers:
                    rules |= literals(given(node, 0, "rule"))
                if _last_name(node.func) == "Finding":
                    rules |= literals(given(node, 1, "rule"))
                rules |= _before_outcome(node.args, outcomes)
            elif isinstance(node, ast.Tuple) and id(node) not in types:
                rules |= _before_outcome(node.elts, outcomes)
            for rule in rules - outcomes - frozenset(get_args(StampStatus)):
                found.setdefault(rule, f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def _before_outcome(parts: list[ast.expr], outcomes: frozenset[str]) -> set[str]:
    found: set[str] = set()
    for rule, outcome in pairwise(parts):
        said = literals(outcome)
        if said and said <= outcomes:
            found |= {text for text in literals(rule) if re.fullmatch("[a-z][a-z0-9_]*", text)}
    return found


@cache
def anchor_rules() -> frozenset[str]:
    """What core.anchor says of one attestation: ``ots_`` and its status or its reason."""
    statuses: set[str] = set()
    for path, call in calls("Anchor"):
        if path.name != "anchor.py":
            continue
        for status in literals(given(call, 0, "status")):
            named = status in ("unchecked", "broken")
            reasons = literals(given(call, 0, "reason")) if named else frozenset({status})
            statuses |= reasons
    return frozenset(f"ots_{status}" for status in statuses)


@cache
def stages() -> dict[str, str]:
    """Each stage that a job is stepped through."""
    found: dict[str, str] = {}
    for name, position in (("step", 0), ("keep", 2)):
        for path, call in calls(name):
            for stage in literals(given(call, position, "stage")):
                found.setdefault(stage, f"{path.relative_to(ROOT)}:{call.lineno}")
    for path, tree in trees():
        for node in walked(tree):
            match node:
                # A stage that is kept until the next step: `self.stage = "…"`, `stage: str = "…"`.
                case ast.Assign(targets=[ast.Attribute(attr="stage")], value=value):
                    texts = literals(value)
                case ast.AnnAssign(target=ast.Name(id="stage"), value=value):
                    texts = literals(value)
                case ast.Call():
                    texts = frozenset().union(
                        *(literals(k.value) for k in node.keywords if k.arg == "stage")
                    )
                case _:
                    continue
            for stage in texts - {""}:
                found.setdefault(stage, f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


@cache
def spoken_keys() -> dict[str, str]:
    """Each key of the catalogues that is spoken as a literal."""
    found: dict[str, str] = {}
    for name in ("say", "words"):
        for path, call in calls(name):
            for key in literals(given(call, 0, "key")):
                told = "." in key or path.relative_to(APP).parts[0] in ("ui", "usecases")
                if told and re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_-]+)*", key):
                    found.setdefault(key, f"{path.relative_to(ROOT)}:{call.lineno}")
    return found


@cache
def spoken_openings() -> dict[str, str]:
    """How each key begins that is put together when it is spoken, such as ``status.``."""
    found: dict[str, str] = {}
    for name in ("say", "words"):
        for path, call in calls(name):
            match given(call, 0, "key"):
                case ast.JoinedStr(values=[ast.Constant(value=str(opening)), *_]):
                    pass
                case ast.BinOp(left=ast.Constant(value=str(opening)), op=ast.Add()):
                    pass
                case _:
                    continue
            found.setdefault(opening, f"{path.relative_to(ROOT)}:{call.lineno}")
    return found


ROOMS = ("", "ui.", "doc.")
"""Window and documents look under their own names before the shared ones."""


def absent(used: dict[str, str], prefix: str, lang: str) -> dict[str, str]:
    known = words(lang).words
    return {
        name: place
        for name, place in used.items()
        if not any(room + prefix + name in known for room in ROOMS)
    }


# --- imports -------------------------------------------------------------------------------------


def test_every_import_contract_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(no_cache=True)
    told = capsys.readouterr().out
    broken = told.partition("Broken contracts")[2] or told[-3000:]
    assert status == EXIT_STATUS_SUCCESS, broken


HEAVY = (
    "PIL",
    "PySide6",
    "asn1crypto",
    "av",
    "cryptography",
    "cv2",
    "dns",
    "docx",
    "fontTools",
    "httpx",
    "keyring",
    "mss",
    "numpy",
    "opentimestamps",
    "pikepdf",
    "psutil",
    "py_ecc",
    "pyhanko",
    "pypdfium2",
    "reportlab",
    "segno",
    "soundcard",
    "sqlite_utils",
    "typer",
    "uharfbuzz",
    "warcio",
    "websockets",
    "yt_dlp",
)


def loaded_by(statement: str, tmp_path: Path) -> frozenset[str]:
    """The top-level modules that a fresh interpreter has loaded after ``statement``."""
    script = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    return frozenset(ran.stdout.split())


def test_the_check_for_heavy_modules_can_fail(tmp_path: Path) -> None:
    assert "sqlite_utils" in loaded_by("import sqlite_utils", tmp_path)


def test_nothing_heavy_is_imported_by_the_facade_and_the_command_line(tmp_path: Path) -> None:
    loaded = loaded_by("import holdfast.compose, holdfast.cli, holdfast.__main__", tmp_path)
    assert "holdfast" in loaded
    assert loaded & set(HEAVY) <= {"typer"}


def test_nothing_heavy_is_imported_by_opening_a_data_folder(tmp_path: Path) -> None:
    opening = (
        "from pathlib import Path\n"
        "from holdfast.compose import open_holdfast\n"
        f"open_holdfast(Path({str(tmp_path / 'data')!r})).close()"
    )
    assert not loaded_by(opening, tmp_path) & set(HEAVY)


def test_nothing_heavy_is_imported_by_reading_a_data_folder_a_second_time(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with desk(data) as at:
        at.store.open_case("a", "real")
    reading = (
        "from pathlib import Path\n"
        "from holdfast.compose import open_holdfast\n"
        f"app = open_holdfast(Path({str(data)!r}))\n"
        "assert len(app.cases()) == 1\n"
        "app.close()"
    )
    assert not loaded_by(reading, tmp_path) & set(HEAVY)


def test_the_window_stands_before_any_noun_of_evidence_is_built(tmp_path: Path) -> None:
    """Every frozen dataclass costs half a millisecond at start."""
    script = "import holdfast.ui.app, sys; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    loaded = {name for name in ran.stdout.split() if name.startswith("holdfast.core.")}
    light = {"canonical", "errors", "job", "settings", "words"}
    assert loaded <= {f"holdfast.core.{name}" for name in light}


def test_the_window_loads_qt_and_nothing_else_that_is_heavy(tmp_path: Path) -> None:
    loaded = loaded_by("import holdfast.ui.app", tmp_path)
    assert loaded & set(HEAVY) == {"PySide6"}


# --- resources -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", sorted(RESOURCES.rglob("*.toml")), ids=lambda file: str(file.relative_to(RESOURCES))
)
def test_every_table_parses(file: Path) -> None:
    assert tomllib.loads(file.read_text(encoding="utf-8"))


def catalogues(lang: str) -> dict[str, Path]:
    return {file.name: file for file in sorted((RESOURCES / "i18n" / lang).glob("*.toml"))}


def test_every_language_has_the_same_catalogues() -> None:
    first, *others = (set(catalogues(lang)) for lang in LANGUAGES)
    assert first
    assert all(first == other for other in others)


@pytest.mark.parametrize("name", sorted(catalogues("zh")))
def test_a_key_stands_in_the_catalogue_of_the_same_name(name: str) -> None:
    keys = []
    for lang in LANGUAGES:
        content = tomllib.loads(catalogues(lang)[name].read_text(encoding="utf-8"))
        assert not set(content) - {"words", "errors"}
        keys.append((set(content.get("words", {})), set(content.get("errors", {}))))
    assert keys[0] == keys[1]


_FACT = re.compile(r"\{([a-z_]*)\}")


def test_every_sentence_has_the_same_facts_in_both_languages() -> None:
    zh, en = words("zh"), words("en")
    assert set(zh.words) == set(en.words)
    for key, sentence in zh.words.items():
        if key.startswith("ui.date."):  # each language takes what its order of a date needs
            continue
        assert set(_FACT.findall(sentence)) == set(_FACT.findall(en.words[key])), key
        assert bool(sentence.strip()) == bool(en.words[key].strip()), key


def test_every_error_has_three_sentences_with_the_same_facts_in_both_languages() -> None:
    zh, en = words("zh"), words("en")
    assert set(zh.errors) == set(en.errors)
    for code, trouble in zh.errors.items():
        facts = []
        for three in (trouble, en.errors[code]):
            assert three.what.strip(), code
            if code != "cancelled":  # nobody is told; see core.errors
                assert three.why.strip(), code
                assert three.now.strip(), code
            facts.append(set(_FACT.findall(f"{three.what} {three.why} {three.now}")))
        assert facts[0] == facts[1], code


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_that_is_raised_has_words(lang: str) -> None:
    raised = raised_codes() | tabled_codes()
    assert len(raised) > 60
    known = words(lang).errors
    assert {code: place for code, place in raised.items() if code not in known} == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_error_is_given_every_fact_that_its_words_name(lang: str) -> None:
    lacking: dict[str, str] = {}
    for name in ERRORS:
        for path, call in calls(name):
            if any(pair.arg is None for pair in call.keywords):
                continue
            facts = {pair.arg for pair in call.keywords}
            for code in literals(given(call, 0, "code")):
                three = words(lang).errors.get(code)
                if three is None:
                    continue
                wanted = set(_FACT.findall(f"{three.what} {three.why} {three.now}"))
                if wanted - facts:
                    place = f"{path.relative_to(ROOT)}:{call.lineno}"
                    lacking[place] = f"{code} lacks {sorted(wanted - facts)}"
    assert lacking == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_has_words(lang: str) -> None:
    rules = found_rules() | dict.fromkeys(anchor_rules(), "core/anchor.py")
    assert len(rules) > 60
    assert absent(rules, "", lang) == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_act_status_outcome_and_stage_has_words(lang: str) -> None:
    assert absent(dict.fromkeys(ACTS, "ACTS"), "act.", lang) == {}
    assert absent(dict.fromkeys(get_args(StampStatus), "StampStatus"), "status.", lang) == {}
    assert absent(dict.fromkeys(get_args(FindingOutcome), "outcome"), "outcome.", lang) == {}
    assert absent(dict.fromkeys(get_args(FindingOutcome), "verdict"), "verdict.", lang) == {}
    assert len(stages()) > 10
    assert absent(stages(), "stage.", lang) == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_that_is_spoken_has_words(lang: str) -> None:
    spoken = spoken_keys()
    assert len(spoken) > 100
    assert absent(spoken, "", lang) == {}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_that_is_put_together_begins_like_one_that_has_words(lang: str) -> None:
    openings = spoken_openings()
    assert len(openings) > 10
    known = words(lang).words
    missing = {
        opening: place
        for opening, place in openings.items()
        if not any(key.startswith(tuple(room + opening for room in ROOMS)) for key in known)
    }
    assert missing == {}


def test_there_are_ways_of_capturing() -> None:
    found = pieces(Means(clock=SystemClock()))
    assert set(found) >= {"page", "screen", "video", "file"}
    assert all(name == source.id for name, source in found.items())


# --- words that may not be said ------------------------------------------------------------------

PROMISES = re.compile(
    r"tamper[- ]?proof|court[- ]admissible|admissible in court|legally (valid|binding)"
    r"|\bguaranteed?\b|防篡改|不可篡改|法律效力有保证|具有法律效力|法院(一定|必定)?(会)?采信|保证(有效|胜诉|采信)|百分之百",
    re.IGNORECASE,
)
"""What no product can promise (threat-model: *the only words*)."""

WORKPLACE = re.compile(
    "|".join(
        (
            "/wo" + "rk/",
            "/ro" + "ot/",
            "/ho" + "me/[a-z]",
            "/tmp/" + "[a-z]",
            "helper" + " session",
            "sub" + "-?agent",
            "language " + "model",
            "as an " + "AI",
            "--(extra-)?index" + "-url",
            "--trusted" + "-host",
        )
    ),
    re.IGNORECASE,
)
"""Traces of whoever's machine the files were written on."""


def test_the_search_for_promises_can_fail() -> None:
    assert PROMISES.search("本软件防篡改")
    assert PROMISES.search("a Tamper-Proof record")
    assert PROMISES.search("results are guaranteed")


def shipped_text() -> Iterable[Path]:
    for file in sorted(RESOURCES.rglob("*")):
        if file.is_file() and file.suffix.lstrip(".") in TEXT:
            yield file


def test_nothing_is_promised_that_nobody_can_keep() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for file in shipped_text()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if PROMISES.search(line)
    ]
    assert found == []


def committed() -> tuple[Path, ...]:
    """The files under version control; every file where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        kept = (p for p in ROOT.rglob("*") if not any(s.startswith(".") for s in p.parts))
        return tuple(path for path in kept if path.is_file())
    return tuple(ROOT / name for name in listed.stdout.decode().split("\0") if name)


def texts() -> Iterator[tuple[Path, str]]:
    for path in committed():
        if path.exists() and (path.suffix.lstrip(".") in TEXT or not path.suffix):
            yield path, path.read_text(encoding="utf-8")


def test_no_file_names_the_machine_it_was_written_on() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path, text in texts()
        for hit in WORKPLACE.finditer(text)
    ]
    assert found == []


def test_the_lock_names_no_registry_and_hashes_everything() -> None:
    lock = (ROOT / "packaging" / "requirements" / "lock.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^[A-Za-z0-9][A-Za-z0-9._-]*==", lock, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    assert len(pinned) > 40
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)


# --- nothing is left for later -------------------------------------------------------------------


def test_nothing_is_left_unwritten() -> None:
    found = []
    for path, tree in trees():
        for node in walked(tree):
            match node:
                case (
                    ast.Raise(exc=ast.Name(id="NotImplementedError"))
                    | ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")))
                ):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
    for path, _ in trees():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if marks.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_every_exemption_says_why() -> None:
    bare = re.compile(r"#\s*(type: ignore(\[[^\]]*\])?|noqa(: [A-Z0-9, ]+)?)\s*$")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted([*APP.rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert found == []


CATCH_ALL = {"cli/__init__.py", "ui/runner.py", "ui/app.py", "ui/crash.py"}
"""The command line, the bridge to threads and the crash hook: where our own bugs end."""


def test_our_own_bugs_are_caught_in_three_places_only() -> None:
    found = []
    for path, tree in trees():
        for node in walked(tree):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or _last_name(node.type) == "Exception"
            ):
                found.append(str(path.relative_to(APP)))
    assert set(found) <= CATCH_ALL


WINDOW_ONLY = {
    "browser": "which browser was found is a line of Settings; a command uses it",
    "close": "a command closes when it ends, in one place for all",
    "case_of_checkpoint": "the window guesses the case of a file; a command is told it",
    "hidden_from_capture": "only a window can be in the way of a recording",
    "hide_browsers": "quick hide is of windows",
    "hotkeys": "only a window has them",
    "icons": "only a window has them",
    "authorities": "``services`` names them",
    "save_settings": "``choose`` takes one of them by its name",
    "settings_damaged": "a command says nothing of what it does not use",
    "known_series": "``series`` has them",
    "one_series": "``series`` has them",
    "standings": "``series`` has them",
    "origin": "``origin_record`` has it",
    "followable": "``again`` says when it is too early",
    "unanswered": "``due`` has the date that passed",
    "surroundings": "the manifest that ``exhibit show`` gives has them",
}
COMMAND_ONLY = {
    "cosignatures": "the window has the whole record",
    "code_told": "the receipt and the exhibit say what was checked",
    "exhibit": "the window has the whole case",
    "people": "the window has the whole case",
    "expect_page": "a head start for a process that has just begun",
    "inventory_logged_in": "``keep_logged_in`` leads to the same list",
    "origin_record": "``origin`` has it",
    "questions": "the window asks the core the same, at every letter that is typed",
    "series": "``known_series`` and ``one_series`` have it",
    "stamps": "the window has the whole case",
    "serve_practice": "for whoever checks the practice world with tools of their own",
    "services": "``authorities`` has them with their names and addresses",
    "choose": "``save_settings`` takes them all",
}


def verbs_of(room: str) -> frozenset[str]:
    """Verbs of Holdfast that a mouth names."""
    inside = APP / room
    return frozenset(
        node.attr
        for path, node in nodes()
        if isinstance(node, ast.Attribute)
        and _last_name(node.value) == "holdfast"
        and path.is_relative_to(inside)
    )


def test_every_verb_has_two_mouths() -> None:
    """What only one of them can do says why; the list of exceptions holds nothing else."""
    window, line = verbs_of("ui"), verbs_of("cli")
    assert len(window & line) > 50
    assert set(window - line) <= set(WINDOW_ONLY)
    assert set(line - window) <= set(COMMAND_ONLY)
    assert set(WINDOW_ONLY) <= window
    assert set(COMMAND_ONLY) <= line
