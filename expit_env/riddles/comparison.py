"""Comparison: one of two things seems to be more, and they are equal."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

LIGHT = word_bank(
    "feathers, cotton wool, straw, popcorn, confetti, sawdust, dry leaves, foam | hay, cork, thistledown, wool"
)
HEAVY = word_bank("steel, lead, iron, bricks, copper, marble, stone, concrete | brass, granite, gravel, bronze")
WEIGHTS = ("kilograms", "pounds", "tonnes")


def _weights(draw: Draw) -> Instance:
    light, heavy, unit = draw.noun(LIGHT), draw.noun(HEAVY), draw.choice(WEIGHTS)
    first, second = draw.choice(((light, heavy), (heavy, light)))
    same, more = draw.number(2, 9), draw.within(1, 3)
    heavier, extra = draw.choice(((first, (more, 0)), (second, (0, more))))
    return Instance(
        facts={"extra": distractor(draw, 30, 60, f"You pay %d euros for the {heavy} and half as much for the {light}."),
               "n": same, "p": same + extra[0], "q": same + extra[1], "one": first, "two": second, "unit": unit,
               "name": draw.noun(PEOPLE)},
        answer="they weigh the same",
        aliases=("the same", "equal", "neither", "both weigh the same", "the same weight", "equally heavy",
                 "neither is heavier"),
        trap=heavy,
        why=f"The weights are given, and both are {same} {unit}, whatever they are made of.",
        hints=("Compare the numbers and not the materials.",),
        contrast_answer=heavier,
        contrast_aliases=(f"{same + more} {unit} of {heavier}", f"the {heavier} is heavier"),
        contrast_why=f"{same + more} {unit} are more than {same} {unit}, whatever they are made of.",
    )  # fmt: skip


KILO_OF_FEATHERS = Family(
    "kilo-of-feathers",
    _weights,
    kind=Kind.PHRASE,
    contrast_kind=Kind.CHOICE,
    wordings=(
        "{extra}Which is heavier, {{n}|{p}} {unit} of {one} or {{n}|{q}} {unit} of {two}?",
        "{extra}{name} buys {{n}|{p}} {unit} of {one} and {{n}|{q}} {unit} of {two}. Which of the two weighs more?",
        "{extra}One cart is loaded with {{n}|{p}} {unit} of {one}, another with {{n}|{q}} {unit} of {two}. Which "
        "material makes the heavier load?",
        "{extra}{name} moves {{n}|{p}} {unit} of {one} in the morning and {{n}|{q}} {unit} of {two} in the afternoon. "
        "Which of the two is heavier?",
        "{extra}On a pair of scales {{n}|{p}} {unit} of {one} lie against {{n}|{q}} {unit} of {two}. Which weighs "
        "more?",
        "{extra}Is it {one} or {two} that weighs more, when there are {{n}|{p}} {unit} of the first and {{n}|{q}} "
        "{unit} of the second?",
    ),
    test_wordings=(
        "{extra}There are {{n}|{p}} {unit} of {one} in the left-hand boat and {{n}|{q}} {unit} of {two} in the "
        "right-hand one. Which is the heavier load?",
        "{extra}{name} can carry either {{n}|{p}} {unit} of {one} or {{n}|{q}} {unit} of {two}. Which would be heavier "
        "to carry?",
    ),
)

JOURNEYS = word_bank(
    "bus ride, train journey, boat trip, walk, bicycle ride, drive, horse ride, hike | ferry crossing, march, tram "
    "ride, sledge ride"
)
WAYS = {"there": "the way there", "back": "the way back"}


def _there_and_back(draw: Draw) -> Instance:
    minutes, gap = draw.within(15, 45), draw.choice((-10, -5, 5, 10))
    plain, clock = draw.choice((("there", "back"), ("back", "there")))
    in_minutes, in_hours = f"{60 + minutes} minutes", f"one hour and {minutes} minutes"
    times = {plain: in_minutes, clock: in_hours}
    other_times = {plain: in_minutes, clock: f"one hour and {minutes + gap} minutes"}
    longer = clock if gap > 0 else plain
    return Instance(
        facts={"out": times["there"], "back": times["back"], "journey": draw.noun(JOURNEYS), "name": draw.noun(PEOPLE),
               "out2": other_times["there"], "back2": other_times["back"]},
        answer="they take the same time",
        aliases=("the same", "equal", "neither", "both take the same time", "the same time", "equally long",
                 "neither takes longer", "both are the same", "neither way", "they took the same time",
                 "both took the same time"),
        trap=WAYS[plain],
        why=f"One hour is 60 minutes, so {in_hours} are {in_minutes}: it is the same time.",
        hints=("Put both into minutes.",),
        contrast_answer=WAYS[longer],
        contrast_aliases=(longer, *(("the return", "the return journey") if longer == "back" else ())),
        contrast_why=f"One hour and {minutes + gap} minutes are {60 + minutes + gap} minutes, and the other way takes "
        f"{60 + minutes}.",
    )  # fmt: skip


THERE_AND_BACK = Family(
    "there-and-back",
    _there_and_back,
    kind=Kind.PHRASE,
    wordings=(
        "On a {journey}, the way there takes {{out}|{out2}} and the way back {{back}|{back2}}. Which takes longer?",
        "{name} takes {{out}|{out2}} to get there on a {journey} and {{back}|{back2}} to get back. Which way is the "
        "slower one?",
        "The way there took {{out}|{out2}}, the way back took {{back}|{back2}}. Which way was the longer one on this "
        "{journey} of {name}'s?",
        "Which took {name} longer on a {journey}, the way there with {{out}|{out2}}, or the way back with "
        "{{back}|{back2}}?",
        "In the notes of {name} a {journey} has {{out}|{out2}} for the way there and {{back}|{back2}} for the way "
        "back. Which way lasted longer?",
        "On a {journey} {{back}|{back2}} go by on the way back and {{out}|{out2}} on the way there. On which of the "
        "two ways does {name} spend more time?",
    ),
    test_wordings=(
        "{name} goes on a {journey}: {{out}|{out2}} for the way there and {{back}|{back2}} for the way back. Which of "
        "them takes more time?",
        "After a {journey} {name} says: 'It was {{out}|{out2}} on the way there and {{back}|{back2}} on the way back.' "
        "On which way was more time spent?",
    ),
)

TRAVELLERS = word_bank(
    "cyclist:walker, car:tractor, horse rider:hiker, motorbike:bus, runner:walker, lorry:donkey cart, van:bicycle"
    " | coach:moped, skater:jogger, sports car:milk float, racing cyclist:postman"
)
LANDMARKS = word_bank(
    "mill, castle, bridge, chapel, inn, farm, quarry, fountain | lighthouse, station, abbey, tower, windmill, school"
)


def _meeting(draw: Draw) -> Instance:
    fast, slow = draw.noun(TRAVELLERS).split(":")
    start, goal = draw.nouns(LANDMARKS, 2)
    return Instance(
        facts={"fast": fast, "slow": slow, "start": start, "goal": goal, "n": draw.number(10, 40)},
        answer="they are equally near",
        aliases=("neither", "the same", "equal", "the same distance", "equally far", "both are equally near",
                 "both are equally far", "both are the same distance away", "they are the same distance away",
                 "they are at the same place", "they are in the same place", "neither is nearer", "neither of them"),
        trap=f"the {slow}",
        why="When they meet they are at the same place, so both are equally far from everything.",
        hints=("Picture the moment at which they meet.", "Where on the road is each of them at that moment?"),
        contrast_answer=f"the {slow}",
        contrast_why=f"Until they meet, the {slow} is on the part of the road on the side of the {goal}.",
    )  # fmt: skip


MEETING_ON_THE_ROAD = Family(
    "meeting-on-the-road",
    _meeting,
    kind=Kind.PHRASE,
    wordings=(
        "A {fast} leaves the {start} for the {goal}, and a slower {slow} leaves the {goal} for the {start} on the same "
        "road. {When|Before} they meet, which one is nearer to the {goal}?",
        "A straight road of {n} km joins the {goal} to the {start}. A {slow} comes from the {goal}, a fast {fast} from "
        "the {start}. {At the moment|A moment before} they meet, which one is closer to the {goal}?",
        "It is {n} km from the {start} to the {goal}. A {fast} sets out from the {start} and a slow {slow} from the "
        "{goal}, towards each other. Which of the two is closer to the {goal} {as|before} they pass each other?",
        "Two travellers are on the {n} km between the {start} and the {goal}: a quick {fast} from the {start}, and a "
        "{slow}, slower, from the {goal}. {Just when|Before} they meet, who is nearer to the {goal}?",
        "Which is closer to the {goal} {when|before} they meet: a {fast} that comes from the {start}, or a slower "
        "{slow} that has left the {goal} to go to the {start}?",
        "A {slow} starts at the {goal} and a much faster {fast} at the {start}, {n} km away. They come towards each "
        "other on one road. Which is at the shorter distance from the {goal} {as|until} they meet?",
    ),
    test_wordings=(
        "Going towards each other between the {goal} and the {start}, {n} km apart, are a slow {slow} coming from the "
        "{goal} and a quick {fast} coming from the {start}. Which of them has less far to go to the {goal} "
        "{as|just before} they meet?",
        "A {fast} from the {start} and a {slow} from the {goal} come towards each other on the same straight road. "
        "Seen from the {goal}, which is nearer {when|before} they meet?",
    ),
)

CONTAINERS = word_bank("basket, bucket, barrel, jar, crate, tub, bag, bowl | chest, bin, pot, cask")
CONTENTS = word_bank("beans, nuts, berries, cherries, peas, seeds, coins, pebbles | grapes, lentils, olives, beads")


def _half(draw: Draw) -> Instance:
    one, two = draw.nouns(PEOPLE, 2)
    container = draw.noun(CONTAINERS)
    state, richer = draw.choice((("almost empty", one), ("almost full", two)))
    return Instance(
        facts={"one": one, "two": two, "container": container, "contents": draw.noun(CONTENTS), "state": state},
        answer="they have the same",
        aliases=("neither", "the same", "equal", "both have the same", "they hold the same", "both hold the same",
                 "neither of them", "neither has more", "they have equally many", "nobody", "both have equally many",
                 "they have the same number"),
        trap=one,
        why=f"A half-empty {container} is half full, so both have the same.",
        hints=("How much is in something that is half empty?",),
        contrast_answer=richer,
        contrast_aliases=(f"{richer}'s", f"{richer}'s {container}", f"{richer} has more"),
        contrast_why=f"One {container} is half full and the other {state}, so {richer} has more.",
    )  # fmt: skip


HALF_FULL = Family(
    "half-full-half-empty",
    _half,
    kind=Kind.PHRASE,
    contrast_kind=Kind.CHOICE,
    wordings=(
        "{one} has a {container} that is half full of {contents}. {two} has one of the same size that is "
        "{half empty|{state}}. Who has more {contents}?",
        "Two equal {container}s of {contents} stand side by side. {one}'s is half full, {two}'s is "
        "{half empty|{state}}. Whose has more in it?",
        "{one} and {two} fill {container}s of one size with {contents}. In the end {two} has {a half-empty|an {state}} "
        "one, {one} a half-full one. Who has more {contents}?",
        "Who has more {contents}: {one}, whose {container} is half full, or {two}, whose {container}, just as large, "
        "is {half empty|{state}}?",
        "'My {container} of {contents} is half full,' says {one}. 'Mine is as big, and {half empty|{state}},' says "
        "{two}. Which of them has more?",
        "The {container}s of {one} and {two} are equally large. There are {contents} in both. The first is half full, "
        "the second {half empty|{state}}. In whose are there more?",
    ),
    test_wordings=(
        "Whose {container} holds more {contents}: that of {one}, which is half full, or that of {two}, just as big, "
        "which is {half empty|{state}}?",
        "A {container} for {one} and a {container} just like it for {two}, both for {contents}: the first is half "
        "full, the second {half empty|{state}}. Which of the two got more?",
    ),
)

FAMILIES = (KILO_OF_FEATHERS, THERE_AND_BACK, MEETING_ON_THE_ROAD, HALF_FULL)
