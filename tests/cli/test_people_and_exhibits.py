"""What only the window could do once: people of a case, and what is said of an exhibit."""

from __future__ import annotations

import pytest

from fakes.inside import Line


def test_somebody_is_written_down_changed_and_taken_out(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = line("case", "new", "A case", "--json").body["case"]["number"]
    assert "Nobody is in this case yet" in line("people", "list", "--case", case).out
    monkeypatch.setattr("typer.prompt", lambda *_, **__: "33010619900101002X")
    asked = ("people", "set", "claimant", "--case", case)
    told = line(*asked, "--name", "Lin", "--email", "a@b.example", "--id-number", "-")
    assert told.code == 0
    assert "Identity number: 330106********002X" in told.out
    assert "19900101" not in told.out
    other = line("people", "set", "infringer", "--case", case, "--name", "Studio", "--json").body
    who = other["person"]["id"]
    assert line("people", "set", who, "--case", case, "--phone", "010 1").code == 0
    both = line("people", "list", "--case", case, "--json").body["people"]
    assert [(one["role"], one["name"], one["phone"]) for one in both] == [
        ("claimant", "Lin", ""),
        ("infringer", "Studio", "010 1"),
    ]
    assert line("people", "remove", both[0]["id"], "--case", case).code == 1
    assert "never whose" in line("people", "remove", who, "--case", case).out
    wrong = line(*asked, "--email", "nowhere")
    assert (wrong.code, "e-mail address" in wrong.err) == (1, True)


def test_an_exhibit_is_shown_described_and_withdrawn(line: Line) -> None:
    case = line.case("one")
    said = ("--caption", "The page", "--purpose", "That it was online")
    assert line("exhibit", "describe", "E0001", "--case", case, *said).code == 0
    shown = line("exhibit", "show", "E0001", "--case", case)
    assert "E0001  The page\n  Purpose: That it was online" in shown.out
    body = line("exhibit", "show", "E0001", "--case", case, "--json").body
    assert (body["exhibit"]["caption"], body["manifest"]["exhibit"]) == ("The page", "E0001")
    assert body["files"][0]["path"] == "files/0.txt"
    assert line("exhibit", "describe", "E0001", "--case", case).code == 2
    assert line("exhibit", "withdraw", "E0002", "--case", case).code == 1
    gone = line("exhibit", "withdraw", "E0001", "--case", case)
    assert (gone.code, "number, files and record stay" in gone.out) == (0, True)
    assert line("exhibit", "show", "E0001", "--case", case, "--json").body["exhibit"]["withdrawn"]


def test_what_is_asked_of_an_empty_case_says_so(line: Line) -> None:
    case = line.case("one")
    assert "Nobody has signed" in line("ledger", "cosignatures", case).out
    assert "No code is waiting" in line("phone", "codes", "--case", case).out
    for option in ("--list", "--about"):
        assert line("environment", *((option,) if option == "--list" else (option, "x"))).code == 2


def test_a_check_of_the_computer_is_explained_later(line: Line) -> None:
    case = line.case("one")
    listed = line("environment", "--case", case, "--list", "--json").body["checks"]
    assert len(listed) == 1, "after a capture this computer is looked at once more"
    item = listed[0]["readings"][0]["item"]
    about = ("environment", "--case", case, "--about")
    assert line(*about, "E0001").code == 2, "nothing was said"
    said = line(*about, listed[0]["id"], "--remark", f"{item}=As it should be")
    assert said.code == 0
    assert "— As it should be" in said.out
    assert "on record" in said.out
    assert line(*about, "E0009", "--remark", f"{item}=x").code == 1
