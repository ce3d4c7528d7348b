"""What a family of riddles is: wordings, words to fill them with, and a rule that computes answer and trap.

A wording is one template for a riddle and its contrast, the same surface with the trick taken out. Where the two differ
it has a twist, with the riddle's text on the left of the bar and the contrast's on the right:

    "{n} {|wooden }{birds} sit on a {perch}. A {hunter shoots|boy takes} {k} of them. How many are left?"
"""

from __future__ import annotations

import functools
import random
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from expit_env.riddle import Kind, Riddle, normalise
from expit_env.riddles.draw import Draw, a, capitalise, word_bank

_MAX_DRAWS = 1_000
"""The most instances to draw until one is on the requested side."""

_TWIST = re.compile(r"\{((?:[^{}|]|\{\w+\})*)\|((?:[^{}|]|\{\w+\})*)\}")

NAMES = word_bank(
    "Anna, Ben, Carla, David, Elena, Felix, Grace, Henry, Isabel, Jack, Karen, Leo, Maria, Nina, Olivia, Paul,"
    " Rosa, Sam, Tina, Victor | Amir, Bianca, Chen, Dora, Emil, Farah, Goran, Hana, Ivan, Julia, Kofi, Lena, Marek,"
    " Nadia, Otto, Petra, Rania, Sonja, Uma, Yusuf"
)
PLACES = word_bank(
    "in the library, in the kitchen, on the bus, at the market, at the train station, in the garden, at the museum,"
    " at the cinema, on the beach, at the office | at the harbour, at the bakery, in the playground, at the airport,"
    " at the theatre, in the attic, on the ferry, at the zoo, in the canteen, at the town hall"
)
LISTENERS = word_bank("friends, cousins, classmates, neighbours, children, guests | colleagues, visitors, pupils")


@dataclass(slots=True)
class Instance:
    """A drawn instance of a family, before it is put into a wording.

    Attributes:
        facts: what fills the slots of the wordings.
        answer, aliases, trap, why, unit: of the riddle; ``why`` is one or two sentences that lead to the answer.
        contrast_answer, contrast_aliases, contrast_trap, contrast_why, contrast_unit: of its contrast. By default its
            trap is the riddle's answer, which an agent gives if it learned the answer and not the trick, and its unit
            is the riddle's.
        hints: up to two for the riddle, none of which contains the answer.
    """

    facts: Mapping[str, object]
    answer: str
    trap: str
    why: str
    contrast_answer: str
    contrast_why: str
    aliases: tuple[str, ...] = ()
    contrast_aliases: tuple[str, ...] = ()
    contrast_trap: str | None = None
    hints: tuple[str, ...] = ()
    unit: str | None = None
    contrast_unit: str | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A family of riddles.

    Attributes:
        name: its name in riddle ids, in words joined by hyphens.
        draw_instance: draws the numbers and words of one riddle and its contrast, and works out their answers.
        wordings: templates for train and validation; slots are filled from the facts.
        test_wordings: templates that only test uses (a transfer family leaves them empty).
        kind, contrast_kind: the kind of an answer, if it cannot be inferred from the answer.
        transfer: whether the whole family is kept out of train, validation and test.
        group: the group that it is listed in.
    """

    name: str
    draw_instance: Callable[[Draw], Instance]
    wordings: tuple[str, ...]
    test_wordings: tuple[str, ...] = ()
    kind: Kind | None = None
    contrast_kind: Kind | None = None
    transfer: bool = False
    group: str = field(default="", kw_only=True)

    def generate(
        self, rng: random.Random, level: int, split: str = "train",
        *, side: int | None = None, riddle_id: str | None = None, bare: bool = False,
    ) -> tuple[Riddle, Riddle]:  # fmt: skip
        """Draw a riddle and its contrast.

        Args:
            rng: the only source of randomness.
            level: 1 to 5: from 2 the riddle has an irrelevant opening, from 3 larger numbers, from 4 an irrelevant
                number in the opening and, in many families, in the riddle itself (the slot ``{extra}``, else empty),
                at 5 two openings.
            split: whose words and wordings may be used.
            side: 0 or 1, to draw until `side_of` gives it; None for any.
            riddle_id: the id of the riddle, if it has one.
            bare: whether to leave out the opening.

        Raises:
            RuntimeError: if no instance on that side is found.
        """
        draw = Draw(rng, split, level)
        wordings = self.test_wordings if draw.held_out else self.wordings
        for _ in range(_MAX_DRAWS):
            drawn, wording = self.draw_instance(draw), draw.choice(wordings)
            if side is None or side_of(wording, drawn.facts) == side:
                break
        else:
            raise RuntimeError(f"the family {self.name} has no riddle for {split} at level {level}: give it more words")
        opening = "" if bare else _opening(draw)
        contrast_id = riddle_id and f"{riddle_id}/contrast"
        riddle = Riddle(
            opening + fill(wording, drawn.facts), drawn.answer, drawn.aliases, drawn.trap, self.kind, riddle_id,
            self.name, level, split, capitalise(drawn.why), tuple(map(capitalise, drawn.hints)), contrast_id,
            drawn.unit,
        )  # fmt: skip
        contrast = Riddle(
            opening + fill(wording, drawn.facts, contrast=True), drawn.contrast_answer, drawn.contrast_aliases,
            drawn.contrast_trap or drawn.answer, self.contrast_kind or self.kind, contrast_id,
            self.name, level, split, capitalise(drawn.contrast_why), (), riddle_id, drawn.contrast_unit or drawn.unit,
        )  # fmt: skip
        return riddle, contrast


def fill(wording: str, facts: Mapping[str, object], contrast: bool = False) -> str:
    """Write the question of a riddle, or of its contrast: one side of each twist, and a fact in each slot.

    The slot ``{a_bird}`` takes the fact ``bird`` with the indefinite article.
    """
    return capitalise(_templates(wording)[contrast].format_map(_Facts(facts)))


def side_of(wording: str, facts: Mapping[str, object]) -> int:
    """Return 0 or 1: the half of a family's questions that a riddle and its contrast belong to.

    It depends only on what the two have in common, so a riddle is on the same side as any contrast with the same text.
    """
    return zlib.crc32(normalise(_templates(wording)[2].format_map(_Facts(facts))).encode()) & 1


@functools.cache
def _templates(wording: str) -> tuple[str, str, str]:
    """Return the templates of the riddle, of its contrast, and of what they have in common."""
    return _TWIST.sub(r"\1", wording), _TWIST.sub(r"\2", wording), _TWIST.sub(" ", wording)


class _Facts(dict[str, object]):
    """Facts in which ``{a_bird}`` gives the fact ``bird`` with the indefinite article."""

    def __missing__(self, slot: str) -> str:
        if not slot.startswith("a_"):
            raise KeyError(slot)
        return a(str(self[slot[2:]]))


def _opening(draw: Draw) -> str:
    """Write the irrelevant sentences before a riddle of the level, followed by a space, or nothing."""
    if draw.level == 1:
        return ""
    person, other = draw.nouns(NAMES, 2)
    place = draw.noun(PLACES)
    if draw.level <= 3:
        return f"{person} was asked this riddle {place}. "
    opening = f"{person} asked {draw.number(3, 9)} {draw.noun(LISTENERS)} this riddle {place}. "
    return opening if draw.level == 4 else f"{opening}Only {other} got it right. "
