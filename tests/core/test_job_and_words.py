from __future__ import annotations

from pathlib import Path

import pytest

import holdfast
from holdfast.adapters.resources import words
from holdfast.core.errors import Cancelled, Refused
from holdfast.core.job import Job, Progress
from holdfast.core.verdict import worst
from holdfast.core.words import Trouble, Words

APP = Path(holdfast.__file__).parent


def test_a_job_reports_each_step() -> None:
    seen: list[Progress] = []
    Job(seen.append).step("sealing", 3, 9, "x")
    assert seen == [Progress(stage="sealing", done=3, total=9, detail="x")]
    Job().step("sealing")


def test_a_cancelled_job_stops_at_its_next_step() -> None:
    job = Job()
    assert not job.cancelled
    job.cancel()
    assert job.cancelled
    with pytest.raises(Cancelled):
        job.step("sealing")


def test_an_error_carries_its_code_and_facts() -> None:
    assert str(Refused("disk_full", name="a")) == "disk_full (name='a')"
    assert str(Cancelled()) == "cancelled"


def test_words_fill_their_facts_and_nothing_else() -> None:
    words = Words(
        "en",
        {"hello": "Hello {name}, {other}"},
        {"disk_full": Trouble(what="Full: {name}.", why="", now="Tidy up.")},
    )
    assert words("hello", name="{other}") == "Hello {other}, {other}"
    assert str(words.trouble(Refused("disk_full", name="a"))) == "Full: a. Tidy up."
    with pytest.raises(KeyError):
        words("nothing")


def test_a_fact_of_an_error_is_one_visible_line() -> None:
    """A file may be named so that its name clears a screen and says that all is well."""
    words = Words("en", {}, {"x": Trouble(what="“{name}” is none.", why="", now="")})
    told = words.trouble(Refused("x", name="a\x1b[2J\n\u202eIntact."))
    assert str(told) == "“a\\u{001B}[2J \\u{202E}Intact.” is none."


def test_the_worst_of_several_targets_counts() -> None:
    assert worst([]) == "ok"
    assert worst(["ok", "weak"]) == "weak"
    assert worst(["weak", "unchecked"]) == "unchecked"
    assert worst(["broken", "unchecked"]) == "broken"


def test_work_beside_reports_nothing_and_ends_with_it() -> None:
    told: list[Progress] = []
    job = Job(told.append)
    beside = job.beside()
    beside.step("saving")
    assert told == []
    job.cancel()
    with pytest.raises(Cancelled):
        beside.step("saving")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_why_something_cannot_be_read_is_said_in_the_language_that_is_spoken(lang: str) -> None:
    say = words(lang)
    for key in say.words:
        if key.startswith("reason."):
            assert say.fact(key.removeprefix("reason.")) == say.words[key]
    error = Refused("checkpoint_unreadable", name="x", reason="malformed Base64")
    assert say.fact("malformed Base64") in say.trouble(error).why
    # What is not foreseen is said as it is.
    assert say.fact("something new") == "something new"


def test_every_reason_is_one_that_the_code_gives() -> None:
    code = "".join(path.read_text("utf-8") for path in APP.rglob("*.py"))
    keys = [key for key in words("zh").words if key.startswith("reason.")]
    assert len(keys) > 20
    assert [key for key in keys if f'"{key.removeprefix("reason.")}"' not in code] == []
