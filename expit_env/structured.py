r"""Finding structured answers: ``Answer: x`` on its line, ``<answer>x</answer>``, ``\boxed{x}``, ``{"answer": x}``."""

from __future__ import annotations

import itertools
import json
import re
from typing import NamedTuple

from expit_env.lexicon import CONDITIONS, HEDGES, NEGATIONS, REFUTATIONS, word_set


class Structured(NamedTuple):
    """The structured answers of a reply.

    Attributes:
        contents: what stands in them, different ones only; None if one is broken.
        after: the text behind the last.
        rule: which form they have.
    """

    contents: list[str] | None
    after: str
    rule: str


_MAX_ANSWERS = 64
_ANSWER_TAG = re.compile(r"<\s{0,2}(/?)\s{0,2}answer\b(\s{0,2}>)?")
_ANSWER_LINE = re.compile(r"\banswers?[\"'*_]{0,4} {0,2}(?:is {0,2})?[:=] ?[\"'*_]{0,4}")
_LABEL_WORDS = word_set("the my our a so thus therefore hence and then here is final correct short right now")
_WORD = re.compile(r"[a-z']+")
_CLAUSE_END = re.compile(r"[.!?,;:\n]")


def find_structured(text: str) -> Structured | None:
    """Return the structured answers in a lower-case text, or None if it has none."""
    if "answer" not in text and "boxed" not in text:
        return None
    for find in (_in_json, _in_tags, _in_boxes, _on_lines):
        found = find(text)
        if found:
            return found
    return None


def _in_json(text: str) -> Structured | None:
    stripped = text.strip().removeprefix("```json").strip("`").strip()
    if not (stripped.startswith("{") and stripped.endswith("}")) or len(stripped) > 4000:
        return None
    try:
        pairs = json.loads(stripped, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    answers = [pair[1] for pair in pairs if isinstance(pair, tuple) and pair[0] in ("answer", "final_answer")]
    simple = [answer for answer in answers if isinstance(answer, str | int | float) and not isinstance(answer, bool)]
    if not answers:
        return None
    return Structured(_different(map(str, simple)) if len(simple) == len(answers) else None, "", "json")


def _in_tags(text: str) -> Structured | None:
    tags = list(itertools.islice(_ANSWER_TAG.finditer(text), 2 * _MAX_ANSWERS + 1))
    if not tags:
        return None
    expected = itertools.cycle(("", "/"))
    whole = all(tag[1] == slash and tag[2] for tag, slash in zip(tags, expected, strict=False))
    if not whole or len(tags) % 2 or len(tags) > 2 * _MAX_ANSWERS or _is_denied(text, tags[0].start()):
        return Structured(None, "", "tag")
    contents = [text[opening.end() : closing.start()] for opening, closing in zip(tags[::2], tags[1::2], strict=True)]
    return Structured(_different(contents), text[tags[-1].end() :], "tag")


def _in_boxes(text: str) -> Structured | None:
    contents, end = [], 0
    while (start := text.find("\\boxed", end)) >= 0:
        end = _closing_brace(text, start + len("\\boxed"))
        if end < 0 or len(contents) == _MAX_ANSWERS or _is_denied(text, start):
            return Structured(None, "", "boxed")
        contents.append(text[start + len("\\boxed{") : end - 1])
    if not contents:
        return None
    return Structured(None if any("\\boxed" in c for c in contents) else _different(contents), text[end:], "boxed")


_BRACES = re.compile(r"[{}]")


def _closing_brace(text: str, start: int) -> int:
    """Return the place behind the brace that closes the one at ``start``, or -1."""
    if text[start : start + 1] != "{":
        return -1
    depth = 0
    for brace in _BRACES.finditer(text, start):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return -1


def _on_lines(text: str) -> Structured | None:
    labels = list(itertools.islice(_ANSWER_LINE.finditer(text), _MAX_ANSWERS + 1))
    if not labels:
        return None
    if len(labels) > _MAX_ANSWERS or any(not _is_label(text, label.start()) for label in labels):
        return Structured(None, "", "answer line")
    contents, end = [], 0
    for label, following in itertools.zip_longest(labels, labels[1:]):
        newline = text.find("\n", label.end())
        end = min(place for place in (newline, following.start() if following else -1, len(text)) if place >= 0)
        contents.append(text[label.end() : end])
    return Structured(_different(contents), text[end:], "answer line")


def _is_label(text: str, start: int) -> bool:
    """Whether nothing but label words stands before an answer line's *answer*: not *the wrong answer: 3*."""
    before = _CLAUSE_END.split(text[max(0, start - 80) : start])[-1]
    return _LABEL_WORDS.issuperset(_WORD.findall(before))


_UNSETTLING = HEDGES | CONDITIONS | NEGATIONS | REFUTATIONS


def _is_denied(text: str, start: int) -> bool:
    words = _WORD.findall(_CLAUSE_END.split(text[max(0, start - 80) : start])[-1])
    return any(word in _UNSETTLING or word.endswith("n't") for word in words)


def _different(contents) -> list[str]:
    return list(dict.fromkeys(content.strip() for content in contents))
