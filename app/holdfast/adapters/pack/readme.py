"""README.html of a pack: Chinese and English, no scripts, nothing fetched, no link into exhibits.

Every text is escaped at the one place where it becomes HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import holdfast
from holdfast.adapters.resources import words
from holdfast.core.canonical import one_line
from holdfast.core.pack import SYSTEMS, Command, Readme, System
from holdfast.core.words import Words

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5a6570; --line: #d9dcd8;
  --paper: #ffffff; --code: #f3f3ef; --mark: #8a6100; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaec; --soft: #9aa4ae; --line: #33383e;
  --paper: #17191c; --code: #1e2125; --mark: #d9b25a; } }
body { margin: 0 auto; max-width: 52rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.65 system-ui, "Noto Sans SC", "PingFang SC",
  "Microsoft YaHei", sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .2rem; }
p, li, td, th { overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.practice { border: 2px solid var(--mark); color: var(--mark); padding: .6rem .9rem;
  font-weight: 600; margin: 0 0 1.5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  padding: .35rem .6rem .35rem 0; }
td:first-child, th { white-space: nowrap; }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .85rem; }
pre { background: var(--code); border: 1px solid var(--line); padding: .6rem .8rem;
  margin: .3rem 0 .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
section + section { border-top: 3px double var(--line); margin-top: 3.5rem; padding-top: 2rem; }
summary { cursor: pointer; }
@media print { body { max-width: none; } details { display: block; } }
"""


def readme(facts: Readme) -> bytes:
    """The page.  The same facts give the same bytes."""
    title = words("zh")("readme_title", case=facts.case_number)
    parts = [_section(facts, words(lang)) for lang in ("zh", "en")]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        "<!doctype html>\n"
        '<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} · Holdfast 留证</title>\n<style>{_STYLE}</style>\n"
        "</head>\n<body>\n" + "\n".join(parts) + "\n</body>\n</html>\n"
    ).encode()


def _text(tag: str, text: str, of: str = "") -> str:
    kind = f' class="{of}"' if of else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"


def _list(items: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(_text("li", item) for item in items) + "\n</ul>"


def _section(facts: Readme, say: Words) -> str:
    parts = [
        _text("p", say("readme_practice"), "practice") if facts.practice else "",
        '<p><a href="#en">English</a></p>' if say.lang == "zh" else "",
        _text("h1", say("readme_title", case=facts.case_number)),
        _text(
            "p",
            say(
                "readme_head",
                case=facts.case_number,
                origin=facts.origin,
                lines=facts.lines,
                made=facts.made,
            ),
            "soft",
        ),
        _text("h2", say("readme_what")),
        _text("p", say("readme_what_text")),
        _text("h2", say("readme_exhibits")),
        _exhibits(facts, say),
        _text("p", say("readme_left_out", exhibits=", ".join(facts.left_out)), "practice")
        if facts.left_out
        else "",
        _text("p", say("readme_without_people"), "practice") if facts.without_people else "",
        _text("h2", say("readme_proves")),
        _list(say(f"readme_proves_{what}") for what in ("unchanged", "time", "record")),
        _text("h2", say("readme_not")),
        _list(say(f"readme_not_{what}") for what in ("origin", "maker", "court")),
        _text("h2", say("readme_where")),
        _list(
            say(f"readme_where_{what}")
            for what in ("exhibits", "ledger", "timestamps", "documents", "case")
            if what != "documents" or facts.documents
        ),
        _text("h2", say("readme_how")),
        _text("p", say("readme_how_page")),
        _text("p", say("readme_how_text")),
        _text("p", say("readme_trust")),
        *(_commands(facts, system, say) for system in SYSTEMS),
        _text("p", say("readme_mismatch")),
        _text("h2", say("readme_fingerprints")),
        _fingerprints(facts, say),
        _text("p", say("readme_made_with", version=holdfast.__version__), "soft"),
    ]
    tag = "zh-CN" if say.lang == "zh" else "en"
    body = "\n".join(part for part in parts if part)
    return f'<section id="{say.lang}" lang="{tag}">\n{body}\n</section>'


def _exhibits(facts: Readme, say: Words) -> str:
    heads = ("number", "exhibit_title", "sealed", "files", "digest")
    rows = ["<tr>" + "".join(_text("th", say(f"readme_{head}")) for head in heads) + "</tr>"]
    for exhibit in facts.exhibits:
        cells = (
            exhibit.number,
            one_line(exhibit.title)[:120],
            exhibit.sealed,
            str(exhibit.files),
        )
        digest = f"<td><code>{escape(exhibit.sha256)}</code></td>"
        rows.append("<tr>" + "".join(_text("td", cell) for cell in cells) + digest + "</tr>")
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _commands(facts: Readme, system: System, say: Words) -> str:
    """The commands of one system; of many time-stamps the first is shown, the rest folded away."""
    parts = [_text("h3", say(f"readme_{system}"))]
    mine = [command for command in facts.commands if command.system == system]
    for checks in dict.fromkeys(command.checks for command in mine):
        of_kind = [command for command in mine if command.checks == checks]
        practice = "_practice" if checks == "opentimestamps" and facts.practice else ""
        parts.append(_text("p", say(f"readme_check_{checks}{practice}")))
        parts.append(_block(of_kind[:1]))
        if more := of_kind[1:]:
            summary = _text("summary", say("readme_more", count=len(more)))
            parts.append(f"<details>{summary}\n{_block(more)}\n</details>")
    return "\n".join(parts)


def _block(commands: Sequence[Command]) -> str:
    """Each command on one line of its own, so that it can be copied as it stands."""
    return "\n".join(
        f'<pre data-system="{command.system}" data-checks="{command.checks}">'
        f"{escape(command.line)}</pre>"
        for command in commands
    )


def _fingerprints(facts: Readme, say: Words) -> str:
    rows = [
        (say("readme_root_record"), facts.root),
        *(
            (say("readme_root_certificate", authority=root.authority), root.sha256)
            for root in facts.roots
        ),
        (say("readme_verifier"), facts.verifier_sha256),
        (say("readme_page"), facts.page_sha256),
    ]
    body = "\n".join(
        f"<tr>{_text('td', name)}<td><code>{escape(value)}</code></td></tr>" for name, value in rows
    )
    return f"<table>\n{body}\n</table>"
