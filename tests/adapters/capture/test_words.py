"""Everything that can go wrong has words in every language."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import holdfast
from holdfast.adapters.resources import words
from holdfast.core.completeness import PageSeen, judged
from holdfast.core.errors import Refused

ROOT = Path(holdfast.__file__).parent
MODULES = [
    *sorted((ROOT / "adapters" / "capture").glob("*.py")),
    *(
        ROOT / "adapters" / f"{name}.py"
        for name in ("http", "adb", "browser", "tab", "tiles", "visit", "child", "series")
    ),
]


def raised() -> dict[str, set[str]]:
    """Codes that the capture modules raise, with the facts they give."""
    found: dict[str, set[str]] = {}
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in {
                "Refused",
                "Unavailable",
            }:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant):
                given = {word.arg for word in node.keywords if word.arg}
                code = str(first.value)
                found[code] = found[code] & given if code in found else given
    for kind in ("unsupported", "login", "region", "removed", "protected"):
        found[f"video_{kind}"] = {"host"}
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_code_is_told_with_its_facts(lang: str) -> None:
    codes = raised()
    assert len(codes) > 40
    for code, facts in codes.items():
        told = str(words(lang).trouble(Refused(code, **dict.fromkeys(facts, "7"))))
        assert told
        assert "{" not in told, f"{code} asks for a fact that it is not always given"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_check_of_a_page_has_a_name(lang: str) -> None:
    seen = PageSeen(
        typed="", final_url="", status=None, title="", text="", password_field=False,
        finished=True, answering=True, content_height=0, picture_height=0, steady=True,
        broken="browser_gone",
    )  # fmt: skip
    worst = replace(
        seen, status=404, certificate_error="CERT_DATE_INVALID", title="请先登录 安全验证 已下架",
        finished=False, content_height=9, content_width=9, inner_left=1, covered=99,
        colour="#000000", laid_out=(0, 9), archived=(0, 9), printed=0,
        failed=("a: 404",), refused=("b",), broken="",
    )  # fmt: skip
    middling = replace(
        worst, content_height=0, steady=False, covered=20, text="加载中" + "。" * 2000
    )
    say = words(lang)
    for check in (*judged(seen), *judged(worst), *judged(middling)):
        assert say(f"check.{check.check}")
        if check.outcome in ("warn", "fail"):
            assert say(f"check.{check.check}.{check.outcome}", detail="7")
