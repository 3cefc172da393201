"""Settings and contacts from the command line."""

from __future__ import annotations

from fakes.inside import Line


def test_a_setting_is_changed_and_holds(line: Line) -> None:
    body = line("settings", "show", "--json").body
    service = body["services"][0]
    assert line("settings", "set", "offline", "yes").code == 0
    assert line("settings", "set", "disabled", f"{service}, {service}").code == 0
    shown = line("settings", "show").out
    assert "offline: yes" in shown
    assert f"{service}  switched off" in shown
    assert line("settings", "show", "--json").body["settings"]["disabled"] == [service]
    for name, value in (("disabled", "nobody"), ("offline", "maybe"), ("node", "http://x")):
        wrong = line("settings", "set", name, value)
        assert (wrong.code, wrong.out) == (1, "")
        assert wrong.err
    assert line("settings", "set", "disabled", "").code == 0
    assert line("settings", "show", "--json").body["settings"]["disabled"] == []


def test_whoever_can_help_is_named_with_where_that_is_known_from(line: Line) -> None:
    said = line("contacts")
    assert said.code == 0
    assert "checked on" in said.out
    assert all(one["source"] for one in line("contacts", "--json").body["contacts"])
