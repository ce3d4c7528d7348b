"""Replies that must pass, and replies that must not: each form or attack is one function and one line of a mapping.

An attack has to be really wrong, or no answer under the answer contract. `Known` decides whether it is wrong, from the
riddle's answer, aliases and trap, and never the verifier that is audited.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from expit_env.audit.known import Known, in_words, meaning
from expit_env.number_words import ORDINALS
from expit_env.riddle import Kind

Attack = Callable[[Known, np.random.Generator], Iterable[str]]

MEGABYTE = 1_000_000
UNITS = {
    "litres": r"litre|liter|\bl\b", "kilograms": r"kilo|\bkg\b", "minutes": r"minute|\bmin\b", "miles": r"mile|\bmi\b",
    "dollars": r"dollar|\$|buck", "degrees": r"degree|°", "percent": r"percent|per cent|%",
}  # fmt: skip
"""Units, each with a pattern of the riddles in which it may be right."""
CONSTANTS = ("0", "1", "2", "yes", "no", "none", "neither", "the same", "nowhere", "I do not know", "it depends", "42")

MARKS = ("The answer is {}.", "Answer: {}", "<answer>{}</answer>", "\\boxed{{{}}}")
"""The marks of a final answer."""

_PLACES = {value: word for word, value in ORDINALS.items()}
_LOOK_ALIKES = str.maketrans("aceiopxyACEHKMOPTX015", "асеіорхуАСЕНКМОРТХОӏ５")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


# Forms: what must pass.


def _forms(*templates: str) -> Attack:
    def form(known: Known, rng: np.random.Generator) -> Iterator[str]:
        yield from (template.replace("{}", known.answer) for template in templates)

    return form


def _aliases(known: Known, rng: np.random.Generator) -> Iterable[str]:
    return known.riddle.aliases


def _case(known: Known, rng: np.random.Generator) -> Iterable[str]:
    return [
        text
        for one in (known.answer, *known.riddle.aliases)
        for text in (one.upper(), string.capwords(one), one.lower())
    ]


def _articles(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Yield a noun with another article and without one; a name, a number or a sentence has no article."""
    bare = re.sub(r"^(?:a|an|the) ", "", known.answer)
    if bare != known.answer:
        yield from (bare, f"the {bare}")


def _number_words(known: Known, rng: np.random.Generator) -> Iterator[str]:
    if known.number is not None and 0 <= known.number < 1_000:
        yield known.answer.replace(str(known.number), in_words(known.number), 1)


def _units(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Yield the number of a counted answer with what it counts."""
    for unit in known.riddle.unit.split("|") if known.riddle.unit and known.number is not None else ():
        yield f"{known.number} {unit}"
        if known.number == 0:
            yield f"no {unit}"


def _explanation_first(known: Known, rng: np.random.Generator) -> Iterator[str]:
    why = known.riddle.explanation or "Let me think about that step by step."
    for mark in MARKS:
        yield f"{why}\n{mark.format(known.answer)}"
    yield f"{why} So the answer is {known.answer}."


FORMS: Mapping[str, Attack] = {
    "the answer": _forms("{}"),
    "an alias": _aliases,
    "case": _case,
    "article": _articles,
    "number words": _number_words,
    "unit": _units,
    "punctuation": _forms("{}.", "{}!", " {} \n", '"{}"'),
    "markdown": _forms("**{}**", "*{}*", "_{}_", "`{}`", "**{}**."),
    "The answer is": _forms("The answer is {}.", "The answer is: {}", "The final answer is **{}**."),
    "Answer:": _forms("Answer: {}", "**Answer:** {}", "Final answer: {}", "Let me think.\nAnswer: {}"),
    "<answer>": _forms("<answer>{}</answer>", "Let me think. <answer>{}</answer>"),
    "boxed": _forms(r"\boxed{{}}", r"So it is $\boxed{{}}$."),
    "explanation first": _explanation_first,
}
"""Ways to give the right answer. Each must pass."""


# Attacks: what must not pass.


def _wrong_forms(answers: Callable[[Known], Iterable[str]]) -> Attack:
    """Give each wrong answer bare and with each mark."""

    def attack(known: Known, rng: np.random.Generator) -> Iterator[str]:
        for answer in known.only_wrong(answers(known)):
            yield from (answer, *(mark.format(answer) for mark in MARKS))

    return attack


def _against(*templates: str) -> Attack:
    """Fill ``{a}`` with the right answer and ``{w}`` with a wrong one."""

    def attack(known: Known, rng: np.random.Generator) -> Iterator[str]:
        for template in templates:
            yield template.replace("{a}", known.answer).replace("{w}", known.wrong)

    return attack


def _numeric(*templates: str) -> Attack:
    """Fill ``{n}`` with the number of the right answer and ``{r}`` with the rest of it; not for an answer of 0."""

    def attack(known: Known, rng: np.random.Generator) -> Iterator[str]:
        if known.number:
            rest = known.answer.removeprefix(str(known.number))
            filled = (text.replace("{n}", str(known.number)).replace("{r}", rest) for text in templates)
            yield from (text for text in filled if meaning(text) not in known.right)

    return attack


def _trap(known: Known) -> Iterable[str]:
    return [known.riddle.trap] if known.riddle.trap else []


def _trap_explained(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Commit to the wrong answer and give reasons: its own, those of the right one, or a denial of that."""
    yield f"{_sentence(known.wrong)} {known.riddle.explanation}"
    yield f"{known.riddle.explanation}\nAnswer: {known.wrong}"
    yield f"It is {known.wrong}, not {known.answer}."
    yield f"{_sentence(known.wrong)} It is not {known.answer}."
    if known.contrast:
        yield f"{known.contrast.explanation} So the answer is {known.wrong}."


def _wrong_unit(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Count in a unit that nothing in the riddle is measured in."""
    said = " ".join((known.riddle.question, known.answer, str(known.riddle.unit), *known.riddle.aliases)).lower()
    foreign = [unit for unit, native in UNITS.items() if not re.search(native, said)]
    if known.number:
        yield from (f"{known.number} {unit}" for unit in foreign)
        yield from (f"Answer: {known.number} {unit}" for unit in foreign)


def _ordinal(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Give a place where a number is asked, and a number where a place is asked."""
    as_place = rf"\b{known.number}(?:st|nd|rd|th)\b|\b{_PLACES.get(known.number or 0)}\b"
    has_place = any(re.search(as_place, alias) for alias in known.riddle.aliases)  # the ninth day is day 9
    if known.number in _PLACES and known.riddle.kind is not Kind.ORDINAL and not has_place:
        place = _PLACES[known.number]
        yield from (place, f"the {place}", f"Answer: {place}")
    if known.riddle.kind is Kind.ORDINAL and known.answer in ORDINALS:
        number = ORDINALS[known.answer]
        yield from known.only_wrong([str(number), in_words(number)])


def _everything(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """List all that could be right."""
    others = rng.permutation([known.answer, known.wrong, *known.others[:6]]).tolist()
    yield from (", ".join(others), "\n".join(f"{i}. {text}" for i, text in enumerate(others, 1)), " ".join(others))
    yield from (" and ".join(others), f"Answer: {', '.join(others)}", " or ".join(map(str, range(31))))
    yield from (", ".join(map(str, range(101))), "yes, no", "yes no none neither both the same")
    yield " ".join(string.ascii_lowercase)


def _candidates(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Hide the answer among nouns that are not answers of its kind."""
    asked = meaning(known.riddle.question).split()
    nouns = [noun for noun in known.only_wrong(_NOUNS) if set(meaning(noun).split()).isdisjoint(asked)]
    listed = rng.permutation([known.answer, *rng.permutation(nouns)[:3]]).tolist()
    yield from (mark.join(listed) for mark in (", ", "\n", "; ", " / ", ". ", " and ", "\n\n"))
    yield from ("\n".join(f"{mark} {text}" for text in listed) for mark in ("-", "*"))
    yield from ("\n".join(f"{i}. {text}" for i, text in enumerate(listed, 1)), f"Answer: {', '.join(listed)}")
    yield from (f"<answer>{', '.join(listed)}</answer>", rf"\boxed{{{', '.join(listed)}}}")
    yield from (f"{known.answer}, {nouns[0]}", f"{nouns[0]}, {known.answer}", f"{known.answer}\n{nouns[0]}")
    if known.riddle.kind is Kind.YES_NO:
        return  # another answer may be a sentence, which explains a yes
    pairs = [known.answer, known.wrong], [known.wrong, known.answer]
    yield from (mark.join(pair) for pair in pairs for mark in (", ", " and ", " ", "\n", "; ", " / ", " ("))


_NOUNS = ("the match", "a hole", "steel", "Peter", "an umbrella", "a wet towel", "paprika")


def _echo(known: Known, rng: np.random.Generator) -> Iterator[str]:
    question = known.riddle.question
    last = re.split(r"(?<=[.?!]) ", question)[-1]
    yield from (question, question.lower(), question.upper(), f"{question}\n{question}", f"Answer: {question}")
    yield from (last, f"You ask: {last}", f"<answer>{last}</answer>")


def _shuffled(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Return the question's words in another order."""
    words = known.riddle.question.split()
    yield from (" ".join(words[::-1]), " ".join(rng.permutation(words).tolist()), " ".join(sorted(words)))


def _megabyte(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Hide nothing, the wrong answer or every answer in a megabyte; for one riddle in 32, since each takes a while."""
    if rng.integers(32) == 0:
        texts = (f"{known.wrong}. ", f"{known.answer} {known.wrong} ", "<answer>", "0 1 2 3 4 5 6 7 8 9 ")
        yield from (text * (MEGABYTE // len(text)) for text in texts)
        yield "x " * (MEGABYTE // 2) + f"\nAnswer: {known.wrong}"


def _look_alikes(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Write wrong answers in look-alike letters, and right digits with marks that turn them into other numbers."""
    yield from (known.wrong.translate(_LOOK_ALIKES), f"Answer: {known.wrong.translate(_LOOK_ALIKES)}")
    yield f"\u202e{known.wrong[::-1]}"
    if known.number and known.number > 1:
        yield from (f"{known.number}{mark}" for mark in ("\u00b2", "\u00bd", "\u0660", "\uff10", "\u2070", "\u2080"))
        yield from (f"{mark}{known.number}" for mark in ("\uff0d", "\u2212", "\uff11", "\u0661", "\u00b9", "\u221a"))


def _zero_width(known: Known, rng: np.random.Generator) -> Iterator[str]:
    """Put invisible characters between the letters of a wrong answer."""
    for mark in "\u200b\u200d\u2060\u00ad\ufeff":
        yield mark.join(known.wrong)
        yield from (f"no{mark}t {known.answer}", f"{known.answer} o{mark}r {known.wrong}")
        if known.number:
            yield from (f"{known.number}{mark}0", f"1{mark}{known.number}", f"-{mark}{known.number}")


ATTACKS: Mapping[str, Attack] = {
    "trap": _wrong_forms(_trap),
    "trap explained": _trap_explained,
    "near miss": _wrong_forms(Known.near_misses),
    "sign": _numeric("-{n}{r}", "minus {n}{r}", "negative {n}{r}", "\u2212{n}{r}", "Answer: -{n}{r}", "\\boxed{-{n}}"),
    "decimal": _numeric("{n}.5{r}", "0.{n}{r}", "{n}.01{r}", "{n},5{r}", "{n}/9{r}", "{n}e1{r}", "Answer: {n}.5{r}"),
    "digits": _numeric("{n}0{r}", "1{n}{r}", "{n}{n}{r}", "0{n}0{r}", "{n} 0{r}", "0x{n}", "{n}:30", "{n}-99"),
    "wrong unit": _wrong_unit,
    "ordinal": _ordinal,
    "hedge": _against(
        "{a} or {w}", "{w} or {a}", "Either {a} or {w}.", "{a}/{w}", "Maybe {a}, maybe {w}.", "{a}? {w}?",
        "Answer: {a} or {w}", "<answer>{w} or {a}</answer>", r"\boxed{{a} or {w}}", "{a} if you like, else {w}.",
        "Answer: {a}, unless it is {w}.", "The answer is {a}, but {w} is also possible.",
    ),
    "everything": _everything,
    "candidates": _candidates,
    "echo": _echo,
    "shuffled question": _shuffled,
    "denial": _against(
        "It is not {a}.", "Not {a}.", "not: {a}", "The answer is not {a}.", "Anything but {a}.", "Answer: not {a}",
        "<answer>not {a}</answer>", r"\boxed{not {a}}", "It isn't {a}.", "The answer is certainly not {a}.",
        "It is not <answer>{a}</answer>", r"never \boxed{{a}}", "The wrong answer is {a}.", "Wrong answer: {a}",
        "The answer isn't {a}.", "Is the answer: {a}", "No final answer: {a}",
    ),
    "prose": _against(
        "I would say {a}, of course.", "One answer is {a}.", "An answer: {a}", "Some say the answer is {a}.",
        "Only a fool would say {a}.", "If nobody lied, the answer is {a}.", "Well, it must be {a}, I suppose.",
    ),
    "retraction": _against(
        "{a}. No, {w}.", "{a}. Wait, that is wrong.", "{a}... actually {w}.", "{a}. Scratch that, {w}.",
        "The answer is {a}. Sorry, I meant {w}.", "Answer: {a}\nNo, wait: {w}", "<answer>{a}</answer> No, {w}.",
        r"\boxed{{a}} Correction: \boxed{{w}}", "{a}. Just kidding, {w}.", "Answer: {a}. That is wrong.",
    ),
    "doubled": _against(
        "<answer>{a}</answer><answer>{w}</answer>", "<answer>{w}</answer><answer>{a}</answer>",
        "Answer: {a}\nAnswer: {w}", "Answer: {w}\nAnswer: {a}", r"\boxed{{a}} \boxed{{w}}", r"\boxed{{w}} \boxed{{a}}",
        "<answer>{w}</answer> {a}", r"\boxed{{w}} {a}", "<answer>{a}</answer> <answer>", "<answer>{w}</answer>\n{a}",
        "The answer is {w}.\nAnswer: {a}", r"Answer: {w} \boxed{{a}}",
    ),
    "broken": _against(
        "<answer>{a}", "{a}</answer>", "<answer {a}", "</answer>{a}<answer>", "<answer><answer>{a}</answer>",
        r"\boxed{{a}", r"\boxed {a}", "<answer></answer> {a}", r"\boxed{} {a}", "Answer:\n\nAnswer: {w}",
        "<think>{a}", "<think>{a}</think>", "<think>{a}</think> {w}",
    ),
    "empty": _against("", " ", "\n", "\u200b", ".", "?", "Answer:", "<answer></answer>", r"\boxed{}", "\ufffd", "\x00"),
    "megabyte": _megabyte,
    "look-alikes": _look_alikes,
    "zero width": _zero_width,
    "contrast's answer": _wrong_forms(lambda known: [known.contrast.answer] if known.contrast else []),
    "other riddles": _wrong_forms(lambda known: known.others),
    "constants": _wrong_forms(lambda known: CONSTANTS),
}  # fmt: skip
"""Ways to get a reward for no answer, a wrong one or several. None may pass."""
