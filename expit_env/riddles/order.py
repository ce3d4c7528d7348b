"""Order and position: what place it is, what is counted twice, and what does not move after all."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

ORDINALS = (
    "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
)  # fmt: skip
RACES = word_bank(
    "a running race, a bicycle race, a ski race, a swimming race, a sack race, a rowing race, a horse race, a marathon"
    " | a skating race, a sledge race, a sailing race, a relay race"
)


def _in_figures(place: int) -> str:
    """Write a place as ``2nd`` or ``12th``."""
    teens = place % 100 in (11, 12, 13)
    return f"{place}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th')}"


def _places(place: int) -> tuple[str, ...]:
    """Return other ways to name a place in a race."""
    figures = _in_figures(place)
    in_words = tuple(f"{word} place" for word in ORDINALS[place : place + 1])
    return *in_words, figures, f"{figures} place", str(place), f"place {place}"


def _overtaking(draw: Draw) -> Instance:
    place = draw.number(2, 6)
    return Instance(
        facts={"extra": distractor(draw, 8, 12, "It is a hot day, and %d competitors have given up already."),
               "place": ORDINALS[place], "k": place, "race": draw.noun(RACES), "name": draw.noun(PEOPLE)},
        answer=ORDINALS[place],
        aliases=_places(place),
        trap=ORDINALS[place - 1],
        why=f"Whoever passes the one in {ORDINALS[place]} place takes over that very place.",
        hints=("Whose place is taken?", "Those who were ahead of that competitor are still ahead."),
        contrast_answer=ORDINALS[place - 1],
        contrast_aliases=_places(place - 1),
        contrast_why=f"The one right in front of the {ORDINALS[place]} is {ORDINALS[place - 1]}, and that place is "
        f"won.",
    )  # fmt: skip


OVERTAKING = Family(
    "overtaking",
    _overtaking,
    kind=Kind.ORDINAL,
    wordings=(
        "{extra}In {race} you {|are in {place} place and }pass the person {in {place} place|right in front of you}. "
        "What place are you in now?",
        "{extra}{name} {takes part|is {place}} in {race} and overtakes whoever is {{place}|right in front}. In which "
        "place is {name} then?",
        "{extra}Near the end of {race}, {name}{ gets past the one who was {place}|, who was {place}, gets past just "
        "one other}. No one else passes anyone. In what place does {name} finish?",
        "{extra}'I have just passed {the one in {place} place|one rival, and I was in {place} place},' calls {name} "
        "during {race}. In what place is {name} now?",
        "{extra}During {race} the one in {place} place is {overtaken by {name}|{name}, who overtakes one rival}. What "
        "place does {name} hold after that?",
        "{extra}What is your place in {race} if you {have overtaken whoever was {place}|were {place} and have "
        "overtaken one other}?",
    ),
    test_wordings=(
        "{extra}Just before the finish of {race} you {|are lying {place}, }slip ahead of {the competitor lying "
        "{place}|one competitor}, and nobody comes past you. What is your final place?",
        "{extra}{name} {catches and passes the one who holds position number {k} in {race}|holds position number {k} "
        "in {race}, then catches and passes the next one ahead}. What position does {name} hold after that?",
    ),
)

QUEUES = word_bank(
    "for a bus, for ice cream, for tickets, for bread, for a taxi, for coffee, for apples, for a haircut"
    " | for soup, for stamps, for a boat trip, for pancakes"
)


def _queue(draw: Draw) -> Instance:
    front, back = draw.number(2, 6), draw.number(2, 6)
    name = draw.noun(PEOPLE)
    people = front + back - 1
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "It has been raining for %d minutes."), "front": ORDINALS[front],
               "back": ORDINALS[back], "i": front, "j": back, "name": name, "queue": draw.noun(QUEUES)},
        answer=str(people),
        unit="people",
        trap=str(front + back),
        why=f"{front} and {back} both count {name}, who is one person: {front} + {back} - 1 = {people}.",
        hints=(f"How often is {name} counted?", "Draw the people in a row."),
        contrast_answer=str(front + back),
        contrast_why=f"{front} in front and {back} behind are {front + back}, and {name} is not to be counted.",
    )  # fmt: skip


PLACE_IN_THE_QUEUE = Family(
    "place-in-the-queue",
    _queue,
    wordings=(
        "{extra}In a queue {queue}, {{name} is {front} from the front and {back} from the back|{i} people are in front "
        "of {name} and {j} are behind}. How many people {|besides {name} }are in the queue?",
        "{extra}{name} waits in a single line {queue}. {Counted from the front, {name} is number {i}; counted from the "
        "end, number|Towards the front stand {i} people, towards the end stand} {j}. How many {people are in the "
        "line|others is {name} waiting with}?",
        "{extra}People line up {queue}. {name} {is the {front} from one end and the {back} from|sees {i} towards one "
        "end and {j} towards} the other. How many {|others }have lined up?",
        "{extra}How many {people are waiting|others are waiting with {name}} {queue}, if {name} is {number {i} from "
        "the front and number {j} from the back|behind {i} people and in front of {j}}?",
        "{extra}'{I am the {front} from the front and the {back} from the end|There are {i} people before me and {j} "
        "after me},' says {name} in the only queue {queue}. How many people stand in it{|, without {name}}?",
        "{extra}{name} stands in line {queue}. {From the head of the line {name} is the {front}, from its tail the "
        "{back}|Ahead of {name} in the line are {i} people, behind {name} {j}}. How many people make up the line{|, "
        "without {name}}?",
    ),
    test_wordings=(
        "{extra}{name} queues {queue}, {as the {front} in the row if you start at its head and the {back} if you start "
        "at|with {i} people on the side of the row's head and {j} on the side of} its tail. How many people {make up "
        "the row|does {name} share the row with}?",
        "{extra}{Number {i} from the left and number {j} from|With {i} people on the left and {j} on} the right in a "
        "row of people queueing {queue}: that is {name}. How many people are in this row{|, leaving out {name}}?",
    ),
)

SHIPS = word_bank(
    "ship, boat, yacht, sailing boat, tanker, steamer, fishing boat | barge, trawler, schooner, houseboat"
)


def _ladder(draw: Draw) -> Instance:
    wet, rise = draw.number(2, 6), draw.number(2, 5)
    rungs = wet + rise + draw.within(3, 9)
    ship = draw.noun(SHIPS)
    return Instance(
        facts={"extra": distractor(draw, 20, 35, "The rungs are %d centimetres apart."), "n": rungs, "k": wet,
               "r": rise, "ship": ship},
        answer=str(wet),
        unit="rungs",
        aliases=(f"still {wet}", f"still {wet} rungs", f"the same {wet}", f"the same {wet} rungs", f"{wet}, as before",
                 f"{wet}, because the {ship} rises", f"{wet}, the {ship} floats", "the same number",
                 "as many as before"),
        trap=str(wet + rise),
        why=f"The {ship} floats and rises with the water, ladder and all, so there are still {wet} under water.",
        hints=(f"What does the {ship} do when the water rises?",),
        contrast_answer=str(wet + rise),
        contrast_why=f"This ladder does not rise with the water, so there are {wet} + {rise} = {wet + rise} rungs "
        f"under water.",
    )  # fmt: skip


LADDER_AND_TIDE = Family(
    "ladder-and-tide",
    _ladder,
    wordings=(
        "A ladder of {n} rungs hangs from a {floating {ship}|harbour wall}, with {k} rungs under water. The tide lifts "
        "the water by the height of {r} rungs. {extra}How many rungs are under water now?",
        "The sea covers the lowest {k} of the {n} rungs on the ladder of a {{ship} afloat|stone tower on a rock} in a "
        "bay. Then the sea rises by {r} rungs. {extra}How many rungs does it cover?",
        "At low tide {k} rungs of the {rope ladder on a floating {ship}|iron ladder on a concrete pier} are wet. By "
        "high tide the water has risen as far as {r} rungs reach. {extra}How many of the {n} rungs are in the water "
        "then?",
        "A ladder with {n} rungs {hangs over the side of a {ship} in the water|is bolted to the wall of a dock}. "
        "{extra}{k} rungs are wet. How many are wet when the tide comes in, {r} rungs high?",
        "{extra}How many rungs are under water after the tide has risen by {r} rungs, if {k} of {n} were before and "
        "the ladder {is tied to a floating {ship}|stands on the bottom of the harbour}?",
        "'{k} of the {n} rungs are in the water,' says a child about the ladder {of a {ship} at anchor|on a lighthouse "
        "rock}. {extra}Later the water is {r} rungs higher. How many rungs are in the water then?",
    ),
    test_wordings=(
        "Someone on a {floating {ship}|stone pier} lets down a rope ladder with {n} rungs until {k} of them are in the "
        "sea. Hours later the water is {r} rungs higher. {extra}How many rungs are in the sea then?",
        "There are {n} rungs on the side of a {{ship} riding at anchor|quay of solid rock}, and the water hides {k}. "
        "{extra}When the tide has come in by another {r} rungs, how many does the water hide?",
    ),
)

COURSES = word_bank(
    "to the old oak, to the lake, down the hill, to the bridge, to the church, across the field, to the village, home"
    " | to the lighthouse, up the mountain, to the station, through the tunnel"
)
RUNNERS = word_bank("children, scouts, runners, cyclists, soldiers, teachers | students, firefighters, waiters")
LAST_BUT_ONE = ("second to last", "next to last", "second last", "second-last", "penultimate")


def _passing_the_last(draw: Draw) -> Instance:
    people = draw.number(8, 20)
    return Instance(
        facts={"extra": distractor(draw, 8, 20, "It is a hot day, and the finish is %d minutes away."), "n": people,
               "runners": draw.noun(RUNNERS), "course": draw.noun(COURSES), "name": draw.noun(PEOPLE)},
        answer="it is impossible",
        aliases=("that is impossible", "nobody can pass the last", "no one can pass the last", "no place",
                 "you cannot pass the last", "you cannot overtake the last", "nobody can overtake the last",
                 "no one can overtake the last", "you cannot overtake the last one", "it is not possible",
                 "that is not possible", "that cannot happen", "it cannot happen", "it cannot be done",
                 "that cannot be done", "nowhere"),
        trap="last but one",
        why="There is nobody behind the last one, so nobody is there to do the passing.",
        hints=("Where would one have to be just before passing?", "Who runs behind that competitor?"),
        contrast_answer="last but one",
        contrast_aliases=(*LAST_BUT_ONE, *ORDINALS[people - 1 : people], *_places(people - 1)),
        contrast_why="One competitor is now behind, and all the others are still ahead: that is last but one.",
    )  # fmt: skip


PASSING_THE_LAST = Family(
    "passing-the-last",
    _passing_the_last,
    kind=Kind.PHRASE,
    wordings=(
        "{extra}{name}, {one|last} of {n} {runners} in a race {course}, overtakes the one {who is last|right in "
        "front}. What place does {name} take?",
        "{extra}You are one of {n} {runners} who race {course}. If you {come from behind|are last of all} and pass the "
        "one {who is last of all|right ahead}, what is your position?",
        "{extra}A race {course} is on. {name}, {one|last} of the {n} {runners}, sees that the "
        "{last of all|one right ahead} is tired and gets past this one from behind. Where in the order is {name} then?",
        "{extra}What place has {name}, one of the {n} {runners} in a race {course}, after {passing the last of them "
        "all from behind|being the last of them all and passing the one ahead}?",
        "{extra}{name} is among the {n} {runners} who race {course}. The one {who is last|before the last} is "
        "overtaken by {name}{|, who was last}. Which place is {name} in?",
        "{extra}You are one of the {n} {runners} in a race {course}. You {see the very last one|are the very last one, "
        "see another} in front of you and overtake. In what place are you then?",
    ),
    test_wordings=(
        "{extra}Suppose that {name}, {one|the very last} of {n} {runners} in a race {course}, catches up with "
        "{the very last one, behind whom there is no one,|one other} and overtakes. Which place is {name} in now?",
        "{extra}You {take part in|are at the tail end of} a race of {n} {runners} {course} and pass "
        "{the one at the tail end|just one of them}. Which place are you in after that?",
    ),
)

CUTTABLES = word_bank("rope, wire, ribbon, cord, string, hose, belt, thread | cable, strap, garland, tube")


def _cuts(draw: Draw) -> Instance:
    pieces = draw.number(3, 9)
    thing = draw.noun(CUTTABLES)
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "Each cut takes %d seconds."), "n": pieces, "thing": thing,
               "name": draw.noun(PEOPLE), "length": draw.number(2, 12)},
        answer=str(pieces - 1),
        unit="cuts|times|snips",
        trap=str(pieces),
        why=f"The first cut makes two pieces and every further cut one more, so {pieces - 1} cuts make {pieces} "
        f"pieces.",
        hints=("How many pieces are there after the first cut?", "The last piece needs no cut of its own."),
        contrast_answer=str(pieces),
        contrast_why="The first cut only opens the ring, and each further cut makes one more piece, "
        f"so {pieces} cuts make {pieces} pieces.",
    )  # fmt: skip


CUTS_AND_PIECES = Family(
    "cuts-and-pieces",
    _cuts,
    wordings=(
        "A {straight |}{thing} of {length} metres{|, joined into a closed ring,} is cut into {n} pieces, one cut at a "
        "time. {extra}How many cuts does that take?",
        "{name} {stretches out|joins the ends of} a {thing}, {length} metres long, {|into a loop }and cuts right "
        "across it until there are {n} pieces. {extra}How many times does {name} cut?",
        "{extra}How many cuts turn a {straight |}{thing}, {length} metres long{|, with its ends joined in a ring}, "
        "into {n} pieces, if each cut goes through one spot only?",
        "{extra}{name} needs {n} pieces of a {thing}, {length} metres long, {that lies there stretched out|whose two "
        "ends are joined}. How many cuts does {name} have to make, each through one spot?",
        "{extra}How many times must {name} cut a {thing} of {length} metres, {straight as it is|with its two ends "
        "joined}, at one spot each time, to have {n} pieces?",
        "The {thing} is {length} metres long{| and has no ends, since they are joined}. With one cut at a time it "
        "becomes {n} pieces. {extra}How many cuts are needed?",
    ),
    test_wordings=(
        "{name} lays {length} metres of {thing} in a {line|ring, end joined to end,} and needs {n} pieces. {extra}How "
        "many snips with the scissors does that take?",
        "A {thing} {length} metres {long has two loose ends|round has no ends, since it is a closed loop}. {extra}To "
        "get {n} parts of it without ever cutting through two layers, how often must one cut?",
    ),
)

FAMILIES = (OVERTAKING, PASSING_THE_LAST, PLACE_IN_THE_QUEUE, LADDER_AND_TIDE, CUTS_AND_PIECES)
