"""Comparison: the two things look as if one had to win, and neither does."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.family import Draw, Family, Telling, bank, beside
from expit_env.riddles.people import PEOPLE

LIGHT = bank(
    "feathers, cotton wool, straw, popcorn, confetti, sawdust, dry leaves, foam | hay, cork, thistledown, wool"
)
HEAVY = bank("steel, lead, iron, bricks, copper, marble, stone, concrete | brass, granite, gravel, bronze")
WEIGHTS = ("kilograms", "pounds", "tonnes")


def _weights(draw: Draw) -> Telling:
    light, heavy, unit = draw.noun(LIGHT), draw.noun(HEAVY), draw.choice(WEIGHTS)
    first, second = draw.choice(((light, heavy), (heavy, light)))
    same, more = draw.number(2, 9), draw.within(1, 3)
    heavier, extra = draw.choice(((first, (more, 0)), (second, (0, more))))
    return Telling(
        facts={"extra": beside(draw, 30, 60, f"For the {heavy} one has to pay %d euros, for the {light} half as much."),
               "n": same, "p": same + extra[0], "q": same + extra[1], "one": first, "two": second, "unit": unit,
               "name": draw.noun(PEOPLE)},
        answer="they weigh the same",
        aliases=("the same", "equal", "neither", "both weigh the same", "same weight", "the same weight",
                 "they are equal", "they are equally heavy", "equally heavy", "neither is heavier",
                 "they are the same"),
        trap=heavy,
        why=f"The weights are given, and both are {same} {unit}, whatever they are made of.",
        hints=("Compare the numbers and not the materials.",),
        contrast_answer=heavier,
        contrast_aliases=(f"the {heavier}", f"{same + more} {unit} of {heavier}", f"the {heavier} is heavier"),
        contrast_why=f"{same + more} {unit} are more than {same} {unit}, whatever they are made of.",
    )  # fmt: skip


KILO_OF_FEATHERS = Family(
    "kilo-of-feathers",
    _weights,
    kind=Kind.PHRASE,
    contrast_kind=Kind.CHOICE,
    wordings=(
        ("{extra}Which is heavier, {n} {unit} of {one} or {n} {unit} of {two}?",
         "{extra}Which is heavier, {p} {unit} of {one} or {q} {unit} of {two}?"),
        ("{extra}{name} buys {n} {unit} of {one} and {n} {unit} of {two}. Which of the two weighs more?",
         "{extra}{name} buys {p} {unit} of {one} and {q} {unit} of {two}. Which of the two weighs more?"),
        ("{extra}One cart is loaded with {n} {unit} of {one}, another with {n} {unit} of {two}. Which material makes "
         "the heavier load?",
         "{extra}One cart is loaded with {p} {unit} of {one}, another with {q} {unit} of {two}. Which material makes "
         "the heavier load?"),
    ),
    test_wordings=(
        ("{extra}There are {n} {unit} of {one} in the left-hand boat and {n} {unit} of {two} in the right-hand one. "
         "What has the greater weight?",
         "{extra}There are {p} {unit} of {one} in the left-hand boat and {q} {unit} of {two} in the right-hand one. "
         "What has the greater weight?"),
        ("{extra}{name} can carry either {n} {unit} of {one} or {n} {unit} of {two}. What would be heavier to carry?",
         "{extra}{name} can carry either {p} {unit} of {one} or {q} {unit} of {two}. What would be heavier to carry?"),
    ),
)  # fmt: skip

JOURNEYS = bank(
    "bus ride, train journey, boat trip, walk, bicycle ride, drive, horse ride, hike | ferry crossing, march, tram "
    "ride, sledge ride"
)
WAYS = {"there": "the way there", "back": "the way back"}


def _there_and_back(draw: Draw) -> Telling:
    minutes, gap = draw.within(15, 45), draw.choice((-10, -5, 5, 10))
    plain, clock = draw.choice((("there", "back"), ("back", "there")))
    in_minutes, in_hours = f"{60 + minutes} minutes", f"one hour and {minutes} minutes"
    times = {plain: in_minutes, clock: in_hours}
    longer = clock if gap > 0 else plain
    return Telling(
        facts={"out": times["there"], "back": times["back"], "journey": draw.noun(JOURNEYS), "name": draw.noun(PEOPLE),
               "out2": {**times, clock: f"one hour and {minutes + gap} minutes"}["there"],
               "back2": {**times, clock: f"one hour and {minutes + gap} minutes"}["back"]},
        answer="they take the same time",
        aliases=("the same", "equal", "neither", "both take the same time", "same time", "the same time",
                 "they are equal", "they are equally long", "equally long", "neither takes longer",
                 "they are the same", "both are the same", "neither way", "they took the same time",
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
        ("On a {journey}, the way there takes {out} and the way back {back}. Which takes longer?",
         "On a {journey}, the way there takes {out2} and the way back {back2}. Which takes longer?"),
        ("{name} needs {out} for the way there on a {journey} and {back} for the way back. Which way is the slower "
         "one?",
         "{name} needs {out2} for the way there on a {journey} and {back2} for the way back. "
         "Which way is the slower one?"),
        ("The way there was {out}, the way back was {back}. On which way did the {journey} of {name} last longer?",
         "The way there was {out2}, the way back was {back2}. On which way did the {journey} of {name} last longer?"),
    ),
    test_wordings=(
        ("{name} goes on a {journey}: {out} for the way there and {back} for the way back. Which of them costs more "
         "time?",
         "{name} goes on a {journey}: {out2} for the way there and {back2} for the way back. Which of them costs more "
         "time?"),
        ("After a {journey} {name} says: the way there took {out}, the way back took {back}. Where was more time "
         "spent?",
         "After a {journey} {name} says: the way there took {out2}, the way back took {back2}. "
         "Where was more time spent?"),
    ),
)  # fmt: skip

TRAVELLERS = bank(
    "cyclist:walker, car:tractor, horse rider:hiker, motorbike:bus, runner:walker, lorry:donkey cart, van:bicycle"
    " | coach:moped, skater:jogger, sports car:milk float, racing cyclist:postman"
)
LANDMARKS = bank(
    "mill, castle, bridge, chapel, inn, farm, quarry, fountain | lighthouse, station, abbey, tower, windmill, school"
)


def _meeting(draw: Draw) -> Telling:
    fast, slow = draw.noun(TRAVELLERS).split(":")
    start, goal = draw.nouns(LANDMARKS, 2)
    return Telling(
        facts={"fast": fast, "slow": slow, "start": start, "goal": goal, "n": draw.number(10, 40)},
        answer="they are equally near",
        aliases=("neither", "the same", "equal", "same distance", "the same distance", "they are equally far",
                 "equally near", "equally far", "both are equally near", "both are equally far",
                 "both are the same distance away", "they are the same distance away", "they are at the same place",
                 "they are in the same place", "neither is nearer", "neither of them"),
        trap=f"the {slow}",
        why="When they meet they are at the same place, so both are equally far from everything.",
        hints=("Picture the moment at which they meet.", "Where on the road is each of them at that moment?"),
        contrast_answer=f"the {slow}",
        contrast_aliases=(slow,),
        contrast_why=f"Until they meet, the {slow} is on the part of the road on the side of the {goal}.",
    )  # fmt: skip


MEETING_ON_THE_ROAD = Family(
    "meeting-on-the-road",
    _meeting,
    kind=Kind.PHRASE,
    wordings=(
        ("A {fast} leaves the {start} for the {goal}, and a slower {slow} leaves the {goal} for the {start} on the "
         "same road. When they meet, which one is nearer to the {goal}?",
         "A {fast} leaves the {start} for the {goal}, and a slower {slow} leaves the {goal} for the {start} on the "
         "same road. Before they meet, which one is nearer to the {goal}?"),
        ("A straight road of {n} km joins the {goal} to the {start}. A {slow} comes from the {goal}, a fast {fast} "
         "from the {start}. At the moment they meet, which one is closer to the {goal}?",
         "A straight road of {n} km joins the {goal} to the {start}. A {slow} comes from the {goal}, a fast {fast} "
         "from the {start}. A moment before they meet, which one is closer to the {goal}?"),
        ("It is {n} km from the {start} to the {goal}. A {fast} sets out from the {start} and a slow {slow} from the "
         "{goal}, towards each other. Which of the two is closer to the {goal} as they pass each other?",
         "It is {n} km from the {start} to the {goal}. A {fast} sets out from the {start} and a slow {slow} from the "
         "{goal}, towards each other. Which of the two is closer to the {goal} before they pass each other?"),
    ),
    test_wordings=(
        ("Going towards each other between the {goal} and the {start}, {n} km apart, are a slow {slow} coming from the "
         "{goal} and a quick {fast} coming from the {start}. Which of them has less far to the {goal} as they meet?",
         "Going towards each other between the {goal} and the {start}, {n} km apart, are a slow {slow} coming from the "
         "{goal} and a quick {fast} coming from the {start}. Which of them has less far to the {goal} just before "
         "they meet?"),
        ("From the {start} a {fast}, from the {goal} a {slow}: on one and the same straight road they come to meet. "
         "Seen from the {goal}, which is nearer when they meet?",
         "From the {start} a {fast}, from the {goal} a {slow}: on one and the same straight road they come to meet. "
         "Seen from the {goal}, which is nearer before they meet?"),
    ),
)  # fmt: skip

CONTAINERS = bank("basket, bucket, barrel, jar, crate, tub, bag, bowl | chest, bin, pot, cask")
CONTENTS = bank("beans, nuts, berries, cherries, peas, seeds, coins, pebbles | grapes, lentils, olives, beads")


def _half(draw: Draw) -> Telling:
    one, two = draw.nouns(PEOPLE, 2)
    container = draw.noun(CONTAINERS)
    state, richer = draw.choice((("almost empty", one), ("almost full", two)))
    return Telling(
        facts={"one": one, "two": two, "container": container, "contents": draw.noun(CONTENTS), "state": state},
        answer="they have the same",
        aliases=("neither", "the same", "equal", "both have the same", "they hold the same",
                 "both hold the same", "neither of them", "they are equal", "neither has more", "they are the same",
                 "they have equally many", "nobody", "both have equally many", "they have the same number"),
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
        ("{one} has a {container} that is half full of {contents}. {two} has one of the same size that is half empty. "
         "Who has more {contents}?",
         "{one} has a {container} that is half full of {contents}. {two} has one of the same size that is {state}. "
         "Who has more {contents}?"),
        ("Two equal {container}s of {contents} stand side by side. The one of {one} is half full, the one of {two} is "
         "half empty. Whose has more in it?",
         "Two equal {container}s of {contents} stand side by side. The one of {one} is half full, the one of {two} is "
         "{state}. Whose has more in it?"),
        ("{one} and {two} fill {container}s of one size with {contents}. In the end {two} has a half-empty one, {one} "
         "a half-full one. Who has more {contents}?",
         "{one} and {two} fill {container}s of one size with {contents}. In the end {two} has an {state} one, {one} a "
         "half-full one. Who has more {contents}?"),
    ),
    test_wordings=(
        ("Whose {container} holds more {contents}: that of {one}, which is half full, or that of {two}, just as big, "
         "which is half empty?",
         "Whose {container} holds more {contents}: that of {one}, which is half full, or that of {two}, just as big, "
         "which is {state}?"),
        ("A {container} for {one} and a {container} just like it for {two}, both for {contents}: the first is half "
         "full, the second half empty. Who of the two got more?",
         "A {container} for {one} and a {container} just like it for {two}, both for {contents}: the first is half "
         "full, the second {state}. Who of the two got more?"),
    ),
)  # fmt: skip

FAMILIES = (KILO_OF_FEATHERS, THERE_AND_BACK, MEETING_ON_THE_ROAD, HALF_FULL)
