"""The questions of a letter, and answers in their one form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from holdfast.core.canonical import one_line, visible
from holdfast.core.errors import Refused
from holdfast.core.notice import Platform, Question, Regime, chosen


def asked(regime: Regime, platform: Platform, answers: Mapping[str, str]) -> tuple[Question, ...]:
    """The questions that apply, in order, as far as the answers go."""
    unknown = set()
    if not platform.listed:
        unknown.add("platform")
    if not platform.operator_known:
        unknown.add("operator")
    if not platform.channel_known:
        unknown.add("channel")
    if not platform.agent:
        unknown.add("agent")
    found = []
    for question in regime.questions:
        kind, _, value = question.when.partition("=")
        if (
            not kind
            or (kind == "unknown" and value in unknown)
            or (kind == "given" and answers.get(value))
            or value in chosen(answers, kind)
        ):
            found.append(question)
    return tuple(found)


def read_answers(regime: Regime, given: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """The answers in their one form: visible text, known options, ISO dates.

    Several options may be given as a sequence or joined by commas.  Raises Refused.
    """
    questions = {question.id: question for question in regime.questions}
    answers = {q.id: q.default for q in regime.questions if q.default}
    for name, value in given.items():
        question = questions.get(name)
        if question is None:
            raise Refused("answer_unknown", question=one_line(name)[:40])
        joined = value if isinstance(value, str) else ",".join(value)
        answers[name] = _read_answer(question, joined)
    return answers


_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def is_address(text: str) -> bool:
    """Whether that can be an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def _read_answer(question: Question, raw: str) -> str:
    text = visible(raw.strip()) if question.kind == "long" else one_line(raw)
    if len(text) > question.limit:
        raise Refused("answer_too_long", question=question.id, limit=question.limit)
    if not text:
        return ""
    match question.kind:
        case "one" | "many":
            ticked = [part.strip() for part in text.split(",")]
            if question.kind == "one" and len(ticked) > 1:
                raise Refused("answer_not_one", question=question.id)
            for option in ticked:
                if option not in question.options:
                    raise Refused("answer_not_offered", question=question.id, option=option[:40])
            text = ",".join(option for option in question.options if option in ticked)
        case "date":
            try:
                text = date.fromisoformat(text).isoformat()
            except ValueError as error:
                raise Refused("answer_not_a_date", question=question.id) from error
        case "email" if not is_address(text):
            raise Refused("answer_not_an_address", question=question.id)
        case _:
            pass
    return text
