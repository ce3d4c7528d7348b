"""Sequences: what comes next, where the obvious rule is the wrong one."""

from __future__ import annotations

import functools
import itertools
import string
from collections.abc import Sequence

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, count, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

NUMBER_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KEYBOARD = ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")


def _next_in_the_alphabet(letter: str) -> str:
    return string.ascii_uppercase[string.ascii_uppercase.index(letter) + 1]


def _row_of_letters(draw: Draw, shown: str, answer: str, why: str, hints: tuple[str, ...], word: str = "") -> Instance:
    """Ask what follows a row of letters; in the contrast it is a piece of the alphabet that ends in the same letter."""
    trap = _next_in_the_alphabet(shown[-1])
    end = string.ascii_uppercase.index(trap)
    run = string.ascii_uppercase[max(0, end - len(shown)) : end]
    return Instance(
        facts={"shown": ", ".join(shown), "run": ", ".join(run), "who": draw.noun(PEOPLE)},
        answer=answer,
        aliases=_spoken(answer) + ((f"{answer} for {word}", f"{answer} as in {word}") if word else ()),
        trap=trap,
        why=why,
        hints=hints,
        contrast_answer=trap,
        contrast_aliases=_spoken(trap),
        contrast_why=f"The letters are in alphabetical order, in which {trap} comes next.",
    )


def _spoken(letter: str) -> tuple[str, ...]:
    return f"the letter {letter}", f"the next letter is {letter}", f"{letter} comes next", f"next comes {letter}"


def _initials(words: Sequence[str]) -> str:
    return "".join(word[0].upper() for word in words)


COUNT = _initials(NUMBER_WORDS[1:]) + "T" * 10
"""The first letters of the numbers from one to thirty."""


def _places_of(row: str, letters: str) -> int:
    """Count where a row of letters occurs in a longer one: if it is twice, two letters could follow."""
    return sum(letters.startswith(row, place) for place in range(len(letters)))


@functools.cache
def _counts(held_out: bool) -> tuple[tuple[str, ...], ...]:
    """Return all rows of successive numbers in which the initials of all but the last decide what follows."""
    starts = [start for start in range(1, 14) if held_out or start % 7]
    rows = (NUMBER_WORDS[start : start + length + 1] for length in (4, 5, 6) for start in starts)
    return tuple(row for row in rows if _places_of(_initials(row[:-1]), COUNT) == 1)


def _counting(draw: Draw) -> Instance:
    words = draw.choice(_counts(draw.held_out))
    return _row_of_letters(
        draw, _initials(words[:-1]), words[-1][0].upper(),
        f"They are the first letters of {', '.join(words[:-1])}, and then comes {words[-1]}, so it is "
        f"{words[-1][0].upper()}.",
        ("Each letter begins a word.", "Count aloud, and listen to how the words begin."), words[-1],
    )  # fmt: skip


LETTERS_THAT_COUNT = Family(
    "letters-that-count",
    _counting,
    kind=Kind.LETTER,
    wordings=(
        "{who} writes down the letters {{shown}|{run}}. Whoever knows the {numbers|alphabet} can go on. Which letter "
        "comes next?",
        "In a lesson on {numbers|the alphabet} {who} sees a row of letters: {{shown}|{run}}. Which letter belongs "
        "next?",
        "These letters are in the order of {counting: {shown}|the alphabet: {run}}. Which letter does {who} add to "
        "them?",
    ),
    test_wordings=(
        "'{{shown}|{run}}, and what then?' {who} asks in the {maths|spelling} lesson. Name the letter.",
        "{who} learned to {count to twenty, one word for each number|say the alphabet, one letter at a time}, and here "
        "is a {letter for each word: {shown}|piece of it: {run}}. What is the next letter?",
    ),
)


def _keyboard(draw: Draw) -> Instance:
    while True:
        row, length = draw.choice(KEYBOARD), draw.choice((3, 4, 5))
        start = draw.below(len(row) - length)
        shown, answer = row[start : start + length], row[start + length]
        if answer != _next_in_the_alphabet(shown[-1]):
            break
    return _row_of_letters(
        draw, shown, answer,
        f"In this order the keys are side by side on an English keyboard, and the next one is {answer}.",
        ("What lies under your fingers when you type?", "It is not the alphabet that puts these letters in a row."),
    )  # fmt: skip


LETTERS_UNDER_THE_FINGERS = Family(
    "letters-under-the-fingers",
    _keyboard,
    kind=Kind.LETTER,
    wordings=(
        "From left to right, {who}'s finger wanders along {an English keyboard: {shown}|the tabs of an English "
        "dictionary: {run}}. Which letter is next?",
        "A {typist, {who} touches key after key on an English typewriter|librarian, {who} touches drawer after drawer "
        "of an English card index}, from left to right: {{shown}|{run}}. Which letter does the next {key|drawer} have?",
        "{who} dusts {an English computer keyboard, one key|the volumes of an English encyclopedia, one letter} after "
        "the other in a row: {{shown}|{run}}. What is on the {key|volume} that follows?",
    ),
    test_wordings=(
        "{who} looks down at an English {laptop and reads, key by key to the right: {shown}|alphabet chart and reads, "
        "square by square to the right: {run}}. Name the letter {on the neighbouring key|in the neighbouring square}.",
        "As the English {keys stand, so {who} presses them|alphabet goes, so {who} says it}, never jumping over "
        "{one: {shown}|a letter: {run}}. Which letter follows?",
    ),
)

CALLS = {
    2: (6, 12),
    -3: (6, 8),
    -5: (9, 11, 13),
    -6: (12, 14),
    -8: (15, 17),
}
"""For each rule, the numbers whose letters it counts by accident: half of the number (2), or so much less (-3)."""

GATES = word_bank("castle, harbour, camp, fort, garden, city, palace, club | tower, stable, abbey, prison")


def _reply(rule: int, number: int) -> int:
    """Return the reply by the tempting rule, or 0 where it has none."""
    if rule == 2:
        return 0 if number % 2 else number // 2
    return max(0, number + rule)


@functools.cache
def _calls(held_out: bool) -> tuple[tuple[int, tuple[tuple[int, ...], ...]], ...]:
    """Return each rule with all its calls: two numbers for which it is right, and two others for which it is wrong."""
    allowed = [n for n in range(2, 21) if held_out or n % 7]
    rules = []
    for rule, right in CALLS.items():
        misled = [n for n in allowed if _reply(rule, n) not in (0, len(NUMBER_WORDS[n]))]
        shown = itertools.permutations([n for n in right if n in allowed], 2)
        calls = tuple((*two, *others) for two in shown for others in itertools.permutations(misled, 2))
        rules += [(rule, calls)] if calls else []
    return tuple(rules)


def _password(draw: Draw) -> Instance:
    rule, calls = draw.choice(_calls(draw.held_out))
    numbers = draw.choice(calls)
    *_, third, asked = numbers
    letters, trap = len(NUMBER_WORDS[asked]), _reply(rule, asked)
    words = dict(zip(("first", "second", "third", "asked"), (NUMBER_WORDS[n] for n in numbers), strict=True))
    by_rule = f"half of {asked} is {trap}" if rule == 2 else f"{asked} - {-rule} = {trap}"
    return Instance(
        facts={**words, "gate": draw.noun(GATES), "who": draw.noun(PEOPLE), "one": NUMBER_WORDS[len(words["first"])],
               "two": NUMBER_WORDS[len(words["second"])], "three": NUMBER_WORDS[len(words["third"])],
               "other": NUMBER_WORDS[_reply(rule, third)]},
        answer=str(letters),
        trap=str(trap),
        why=f"The reply is the number of letters in the word, and '{words['asked']}' has {letters}.",
        hints=("Nothing is added, taken away or divided here.", "Look at how the words are written."),
        contrast_answer=str(trap),
        contrast_why=f"The reply is {'half of the number' if rule == 2 else f'{-rule} less'} each time: {by_rule}.",
    )  # fmt: skip


PASSWORD_AT_THE_GATE = Family(
    "password-at-the-gate",
    _password,
    wordings=(
        "The guard at the {gate} gate calls a {word|number}, and the right reply opens it. For '{first}' the reply is "
        "'{one}', for '{second}' it is '{two}', for '{third}' it is '{{three}|{other}}'. The guard calls '{asked}'. "
        "What must {who} reply?",
        "At a {gate} gate {who} hears how '{first}' is answered by '{one}', '{second}' by '{two}' and '{third}' by "
        "'{{three}|{other}}', and how everyone gets in. What is the right answer to '{asked}'?",
        "To enter the {gate}, say '{one}' when the porter says '{first}', '{two}' when he says '{second}' and "
        "'{{three}|{other}}' when he says '{third}'. What should {who} say when the porter says '{asked}'?",
    ),
    test_wordings=(
        "The {word|number} '{first}' needs the reply '{one}', '{second}' the reply '{two}', and '{third}' the reply "
        "'{{three}|{other}}': so it goes at the door of the {gate}. Which reply does '{asked}' need from {who}?",
        "A sentry before the {gate} let three people pass: one said '{one}' to his '{first}', one '{two}' to his "
        "'{second}', one '{{three}|{other}}' to his '{third}'. Now he says '{asked}' to {who}. What lets {who} pass?",
    ),
)


HALLS = word_bank("hall, kitchen, office, school, library, workshop, waiting room | bakery, museum, station")


def _dial(draw: Draw) -> Instance:
    step = draw.within(2, 5)
    start = draw.choice(tuple(n for n in range(1, 13 - 2 * step) if n + 3 * step > 12 and (draw.held_out or n % 7)))
    shown = [start, start + step, start + 2 * step]
    after = shown[-1] + step
    return Instance(
        facts={"n": step, "shown": ", ".join(map(str, shown)), "who": draw.noun(PEOPLE), "place": draw.noun(HALLS)},
        answer=str(after - 12),
        unit="o'clock",
        trap=str(after),
        why=f"At 12 the hand has gone all the way round, and it begins again: {after} - 12 = {after - 12}.",
        hints=("What follows when the hand has gone all the way round?",),
        contrast_answer=str(after),
        contrast_aliases=(f"{after}:00",),
        contrast_why=f"Such a clock counts on after 12: {shown[-1]} + {step} = {after}.",
    )


HOURS_ON_THE_DIAL = Family(
    "hours-on-the-dial",
    _dial,
    wordings=(
        "Every {n} hours {who} writes down the {number that the hour hand|hour that the 24-hour display} of the "
        "{place} clock {points to|shows}: {shown}. Which number comes next?",
        "The {round clock with hands in the {place}|digital clock in the {place}, which counts from 0 to 23,} said "
        "{shown} when {who} looked, each time {n} hours later. Which hour will it say after {n} more?",
        "{who} visits the {place} every {n} hours. The {short hand|24-hour screen} on the wall stood at {shown}. Where "
        "will it stand on the next visit?",
    ),
    test_wordings=(
        "Looking up every {n} hours at the {twelve figures on the dial in the {place},|display in the {place}, which "
        "goes from 0 to 23,} {who} finds the {small hand|hour} at {shown}. At what figure will it be next time?",
        "Continue the list that {who} keeps in the {place}, of the hour on {an old clock face|a 24-hour clock}, read "
        "every {n} hours: {shown}. What is the next entry?",
    ),
)

BOOKS = word_bank(
    "novel, diary, school book, cookbook, song book, guidebook, storybook | comic book, prayer book, textbook"
)


def _leaf(draw: Draw) -> Instance:
    page = draw.number(3, 60)
    back, facing = (page + 1, page - 1) if page % 2 else (page - 1, page + 1)
    return Instance(
        facts={"page": page, "book": draw.noun(BOOKS), "who": draw.noun(PEOPLE)},
        answer=str(back),
        aliases=(f"page {back}", f"page number {back}"),
        trap=str(facing),
        why=f"Each odd page has the next even page on its back, so pages {min(page, back)} and {max(page, back)} are "
        f"on one leaf, and it is {back}.",
        hints=("What is on the back of page 1?", "A leaf has a front and a back."),
        contrast_answer=str(facing),
        contrast_aliases=(f"page {facing}", f"page number {facing}"),
        contrast_why=f"Odd pages are on the right, so page {page} faces page {facing}, and it is {facing}.",
    )


BACK_OF_THE_LEAF = Family(
    "back-of-the-leaf",
    _leaf,
    wordings=(
        "Page 1 of a {book} is the front of its first leaf. {who} {tears out the leaf with|opens the {book} at} page "
        "{page}. Which other page is {torn out|seen} with it?",
        "The first leaf of a {book} has page 1 on its front. {Ink soaks right through the paper of page {page}, {who} "
        "sees|Wet ink on page {page} stains the page opposite when {who} shuts the {book}}. Which page {does it come "
        "out on|is that}?",
        "{who} {cuts a picture out of page {page} of a {book},|lays down, wide open at page {page}, a {book}} whose "
        "page 1 is on the right, as in any book. Which other page {has a hole|lies open} now?",
    ),
    test_wordings=(
        "A {worm eats straight through one single leaf of a {book}, the one|flower is pressed in a {book},} with page "
        "{page}{| on one side of it}. Page 1 is a right-hand page. Which page, {who} wonders, is on the other side of "
        "the {leaf|flower}?",
        "Holding {one leaf of a {book} up to the light|a {book} open on both knees}, {who} reads page {page} and sees "
        "another page {shine through from behind|beside it}. Odd pages are on the right. Which page is it?",
    ),
)

WEEDS = word_bank(
    "duckweed, pond scum, moss, pondweed, water fern, green slime, water moss | watercress, frogbit, hornwort"
)
WATERS = word_bank("pond, lake, pool, basin, moat, ditch | reservoir, lagoon, canal")


def _pond(draw: Draw) -> Instance:
    half, water = draw.number(3, 20), draw.noun(WATERS)
    full = 2 * half
    return Instance(
        facts={"extra": distractor(draw, 2, 5, f"The {water} is %d metres deep."), "n": full, "weed": draw.noun(WEEDS),
               "water": water, "who": draw.noun(PEOPLE)},
        answer=str(full - 1),
        unit="days",
        aliases=(f"after {full - 1} days",),
        trap=str(half),
        why="It doubles from each day to the next, so just the day before the end it was half as much: "
        f"{full} - 1 = {full - 1}.",
        hints=("How long does it take from half of it to all of it?", "Go backwards from the end."),
        contrast_answer=str(half),
        contrast_aliases=(f"after {half} days",),
        contrast_why=f"It grows by the same piece each day, so half of it takes half of the time: {full} / 2 = {half}.",
    )  # fmt: skip


HALF_THE_POND = Family(
    "half-the-pond",
    _pond,
    wordings=(
        "The {weed} on a {water}{ doubles|, once bare, grows by one and the same area} every day. After {n} days it "
        "covers the whole {water}. {extra}After how many days, {who} asks, did it cover half of the {water}?",
        "Day after day {who} finds that the {weed} on the {water}{ is twice what it was the day before|, at first "
        "bare, has spread by the same area}. The {water} is full of it after {n} days. {extra}How many days did it "
        "take to fill half of the {water}?",
        "{who} watches how {weed}, which {doubles its size from each day to the next|starts from nothing and gains the "
        "same size each day}, fills a {water} in {n} days. {extra}In how many days does it fill the first half?",
    ),
    test_wordings=(
        "{Twice as much {weed} as|One square metre more {weed} than} yesterday: that is how it is every morning on "
        "{who}'s {water}{|, at first bare}, until after {n} days all of it is green. {extra}After how many days was "
        "just half of it green?",
        "It takes {n} days until {weed} that {doubles daily|starts from nothing and spreads evenly} has closed over a "
        "{water}. {extra}After how many days, thinks {who}, is half of the {water} still open?",
    ),
)


def _calendar(draw: Draw) -> Instance:
    words, name = draw.choice(((MONTHS, "months"), (WEEKDAYS, "days of the week")))
    start, length = draw.below(len(words)), draw.choice((4, 5, 6))
    row = [words[(start + place) % len(words)] for place in range(length + 1)]
    return _row_of_letters(
        draw, _initials(row[:-1]), row[-1][0],
        f"They are the first letters of the {name}: {', '.join(row[:-1])}, and then comes {row[-1]}, so it is "
        f"{row[-1][0]}.",
        ("Each of them begins one word.", "Where do such words stand one after the other?"), row[-1],
    )  # fmt: skip


LETTERS_OF_THE_CALENDAR = Family(
    "letters-of-the-calendar",
    _calendar,
    kind=Kind.LETTER,
    wordings=(
        "Turning the leaves of {a calendar|an ABC book}, {who} copies one letter from each: {{shown}|{run}}. What is "
        "on the next leaf?",
        "A row of letters from the {calendar|alphabet} on {who}'s wall begins {{shown}|{run}}. Which letter comes "
        "after them?",
        "As {time goes by|the alphabet goes}, {who} notes one letter after another: {{shown}|{run}}. Which letter does "
        "{who} note then?",
        "In a {diary for the year|dictionary} {who} finds, one after another, {words that begin with {shown}|chapters "
        "that begin with {run}}. With which letter does the next of them begin?",
        "{Time|The alphabet} passes, and {who} puts it down in letters: {{shown}|{run}}. Which letter follows?",
    ),
    transfer=True,
)

CLIMBERS = ("snail", "frog", "caterpillar", "beetle", "lizard", "toad", "slug")


def _well(draw: Draw) -> Instance:
    gain = draw.within(1, 3)
    up = draw.within(2 * gain, 3 * gain + 2)
    days = draw.number(up // gain + 1, 12)
    top = days - up // gain + 1
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "It has not rained for %d weeks."), "deep": days * gain, "up": up,
               "down": up - gain, "climber": draw.choice(CLIMBERS), "who": draw.noun(PEOPLE)},
        answer=str(top),
        unit="days",
        aliases=(f"on {top} days",),
        trap=str(days),
        why=f"By the morning of day {top} it is {count((top - 1) * gain, 'metre')} up, and its climb of {up} metres "
        "that day ends at the top, from where it does not slip back.",
        hints=("Does it slip back when it has come out?", "How high is it on the evening of each day?"),
        contrast_answer=str(days),
        contrast_unit="days|days and nights",
        contrast_aliases=(f"after {days} days",),
        contrast_why=f"It gains {up} - {up - gain} = {count(gain, 'metre')} in a day and a night, so it takes {days} "
        "of them.",
    )  # fmt: skip


OUT_OF_THE_WELL = Family(
    "out-of-the-well",
    _well,
    wordings=(
        "{extra}{who} sees a {climber} at the {bottom of a well, {deep} metres deep|foot of a cliff, a mile high}. By "
        "day it climbs {up} metres, by night it slips back {down}. {On|After} how many days "
        "{does it climb until it is out|and nights is it {deep} metres up}?",
        "{extra}A {climber} climbs {up} metres up {the wall of a well|a mile-high cliff} between morning and evening "
        "and loses {down} of them between evening and morning. {The well is {deep} metres deep. On how many days, "
        "{who} asks, does it climb until it is out|After how many days and nights, {who} asks, will it be {deep} "
        "metres up}?",
        "{extra}{who}'s {climber} wants to get {out of a shaft {deep} metres deep|up a mile-high tower}: each day it "
        "gets {up} metres higher, each night, still {in the shaft|on the wall}, it slides down {down}. "
        "{On how many days does it climb until it is out|After how many days and nights is it {deep} metres up}?",
        "{extra}A {climber} has {fallen into {who}'s well|come to {who}'s tower} and sits at the bottom, "
        "{{deep} metres below the rim|a mile below the top}. Each day it climbs {up} metres, each night "
        "{in the well|on the wall} it slides back {down}. {On|After} how many days {does it climb until it is at the "
        "rim|and nights is it {deep} metres up}?",
        "{extra}'{up} metres up by day, {down} down by night': that is how {who} describes a {climber} that wants to "
        "get {out of a pit {deep} metres deep, and rests in|up a wall a mile high, and rests on} it until it is "
        "{out|up}. {On|After} how many days {does it climb|and nights has it come {deep} metres up}?",
    ),
    transfer=True,
)

FAMILIES = (
    LETTERS_THAT_COUNT, LETTERS_UNDER_THE_FINGERS, PASSWORD_AT_THE_GATE, HOURS_ON_THE_DIAL, BACK_OF_THE_LEAF,
    HALF_THE_POND, LETTERS_OF_THE_CALENDAR, OUT_OF_THE_WELL,
)  # fmt: skip
