"""Letters from the command line: to whom the list does not know, changed, and discarded."""

from __future__ import annotations

from fakes.inside import Line


def test_a_draft_to_whom_the_list_does_not_know_is_revised_and_discarded(line: Line) -> None:
    case = line.case("face")
    about = ("--case", case, "--regime", "civil-1195", "--platform", "other")
    drafted = line("notice", "draft", *about, "--answer", "used=face", "--json")
    assert "platform_name: What is the platform called?" in drafted.err
    notice = drafted.body["notice"]
    letter = notice["document"]
    assert "[to be confirmed: the platform’s name]" in notice["text"]
    named = ("--answer", "platform_name=Drama Park", "--answer", "operator=Drama Park Ltd.")
    revised = line("notice", "revise", letter, *named, "--json").body["notice"]
    assert "Drama Park, Drama Park Ltd." in revised["text"]
    assert revised["entered"] == ["platform_name", "operator"]
    assert line("notice", "check", letter).code == 1
    assert "not on our list" in line("notice", "check", letter).out
    assert "not known" in line("notice", "form", letter).out
    assert line("notice", "form", letter, "id_number").code == 1
    gone = line("notice", "discard", letter)
    assert (gone.code, letter in gone.out) == (0, True)
    assert line("notice", "discard", letter).code == 1
    shown = line("case", "show", case, "--json").body
    assert shown["notices"] == []
    assert [one["act"] for one in shown["entries"]][-1] == "notice.discarded"


def test_what_is_copied_into_one_field_is_given_whole(line: Line) -> None:
    case = line.case("face")
    about = ("--case", case, "--regime", "civil-1195", "--platform", "weibo")
    answers = ("--answer", "used=face", "--answer", "name=Lin")
    notice = line("notice", "draft", *about, *answers, "--json").body["notice"]
    assert line("notice", "form", notice["document"], "name").out == "Lin\n"
    assert "truth  " in line("notice", "form", notice["document"]).out
