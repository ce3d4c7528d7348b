"""What am I: one of three things, where the tempting one fits every clue but one."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, a, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def _unmask(draw: Draw, things: tuple[str, str, str], why: str, contrast_why: str, hint: str, **facts: str) -> Instance:
    """Ask for one of three things, each with its article: the right one, the tempting one and another."""
    thing, tempting, _ = things
    one, two, three = (things[place] for place in draw.choice(ORDERS))
    options = f"{one}, {two} or {three}"
    return Instance(
        facts={**facts, "options": options, "who": draw.noun(PEOPLE)},
        answer=thing,
        aliases=_named(thing),
        trap=tempting,
        why=why,
        hints=(hint,),
        contrast_answer=tempting,
        contrast_aliases=_named(tempting),
        contrast_why=contrast_why,
    )


def _named(thing: str) -> tuple[str, ...]:
    """Return a thing as it speaks of itself, and ``your name`` also without *your*."""
    return (f"I am {thing}", thing.removeprefix("your ")) if thing.startswith("your ") else (f"I am {thing}",)


IDLERS = word_bank(
    "brick, ribbon, doormat, spoon, cork, lemon, plate, rope, curtain, sponge | pebble, cushion, towel, tile"
)
"""Things without limbs that do nothing and go nowhere."""

PARTS = word_bank(
    "teeth:bite:comb:shark, teeth:chew:saw:wolf, teeth:chew:zip:camel, one eye:see:needle:cyclops,"
    " eyes:see:potato:hawk, four legs:walk:table:horse, four legs:run:chair:fox, four legs:jump:bed:goat,"
    " a neck:swallow:bottle:swan, a neck:swallow:guitar:giraffe, a tongue:taste:shoe:cow, hands:clap:clock:child,"
    " a face:smile:watch:clown, a head:think:hammer:teacher, a head:dream:nail:baby, wings:fly:mansion:eagle,"
    " a tail:wag it:kite:dog, a trunk:trumpet with it:tree:elephant"
    " | teeth:bite:rake:lion, an eye:wink:storm:flirt, three legs:walk:piano:three-legged cat, a "
    "neck:swallow:violin:goose, a tongue:lick:boot:calf, a head:think:cabbage:professor, wings:fly:theatre:sparrow, "
    "a tail:wag it:comet:puppy, arms:hug:river:sailor, four legs:gallop:stool:zebra"
)


def _parts(draw: Draw) -> Instance:
    part, power, thing, owner = draw.noun(PARTS).split(":")
    return _unmask(
        draw, (a(thing), a(owner), a(draw.noun(IDLERS))),
        f"{a(thing)} has {part} in name only.",
        f"Of the three only {a(owner)} has {part} and can {power}.",
        "Not all that has the name of a part of the body is alive.", part=part, power=power,
    )  # fmt: skip


PARTS_WITHOUT_LIFE = Family(
    "parts-without-life",
    _parts,
    kind=Kind.CHOICE,
    wordings=(
        "I have {part}, {but I cannot|and I can} {power}. Am I {options}?",
        "One of three is speaking to {who}: 'I do have {part}, and {yet I can never|sometimes I} {power}.' Is it "
        "{options}?",
        "{options}: which has {part} {but is not|and is} able to {power}?",
    ),
    test_wordings=(
        "Let {who} guess which I am: {options}. There is no denying that I have {part}, {but try as I may, I do "
        "not|and when I like, I do} {power}.",
        "{who} imagines something that has {part}, {although it will never {power}|and it will {power} now and then}. "
        "Is it {options}?",
    ),
)

DEEDS = word_bank(
    "run:legs:river:horse, fly:wings:arrow:eagle, whistle:lips:kettle:shepherd, weep:eyes:cloud:child,"
    " bite:teeth:frost:dog, dance:feet:flame:ballerina, climb:hands:beanstalk:monkey, speak:a tongue:radio:teacher,"
    " travel:feet:letter:pedlar, sting:wings:nettle:bee, rise:legs:cake:sleeper, fly:wings:balloon:swallow,"
    " sing:a mouth:violin:choirboy, run:legs:tap:fox, sleep:eyelids:volcano:cat, strike:fists:clock:boxer"
    " | jump:legs:tennis ball:frog, roar:a throat:waterfall:lion, answer:a mouth:echo:pupil, creep:knees:shadow:baby,"
    " howl:a throat:storm:wolf, fly:wings:rocket:sparrow, knock:knuckles:hailstone:visitor"
)


SAID_OF_IDLERS = {
    "fly": ("cork", "ribbon", "rope", "curtain", "plate", "pebble", "tile"),
    "rise": ("cork", "curtain", "sponge"),
    "dance": ("cork", "ribbon", "curtain"),
    "run": ("rope", "ribbon"),
    "climb": ("rope",),
    "jump": ("pebble",),
    "strike": ("brick",),
    "bite": ("lemon", "rope"),
}
"""Deeds that some of the idlers are said to do too, so that there would be two right answers."""


def _deeds(draw: Draw) -> Instance:
    deed, part, thing, doer = draw.noun(DEEDS).split(":")
    idler = draw.noun(IDLERS)
    while idler in SAID_OF_IDLERS.get(deed, ()):
        idler = draw.noun(IDLERS)
    no_part = part.removeprefix("a ")
    return _unmask(
        draw, (a(thing), a(doer), a(idler)),
        f"{a(thing)} is said to {deed}, without {part}.",
        f"Of the three only {a(doer)} can {deed} and has {part}.",
        "What is said of people and animals is said of things, too.", deed=deed, part=part, no_part=no_part,
    )  # fmt: skip


RUNS_WITHOUT_LEGS = Family(
    "runs-without-legs",
    _deeds,
    kind=Kind.CHOICE,
    wordings=(
        "I {deed}, {but I have no {no_part}|and I do have {part}}. Am I {options}?",
        "{who} thinks of something that can {deed}, {although it has no {no_part}|and that does have {part}}. Is it "
        "{options}?",
        "{options}: which can {deed} {without having|and has} {part}?",
    ),
    test_wordings=(
        "Which of the three did {who} meet, if it can {deed} and {yet has no {no_part}|of course has {part}}: "
        "{options}?",
        "{I have no {no_part}, and still|With {part} of my own,} I {deed}. What does {who} call me: {options}?",
    ),
)

ROUTES = word_bank(
    "go from village to village:road:bus, cross the river:bridge:ferry, run round the garden:fence:dog,"
    " climb the mountain:footpath:mountaineer, go from the cellar to the attic:staircase:cat,"
    " go through the tunnel:railway track:train, wind through the valley:lane:cyclist, run along the coast:dyke:jogger,"
    " go up to the roof:drainpipe:squirrel, run through the wood:trail:deer, go round the farm:hedge:tractor,"
    " cross the desert:pipeline:camel, run down the slope:ski run:skier"
    " | go round the castle:moat:sentry, cross the street:zebra crossing:pedestrian, run under the town:sewer:rat,"
    " go up the hill:flight of steps:goat, cross the moor:stone wall:hiker, go down to the lake:slide:duck"
)
FIXTURES = word_bank("scarecrow, statue, milestone, haystack, tree stump, bench, letter box | boulder, flagpole, well")


def _routes(draw: Draw) -> Instance:
    go, thing, mover = draw.noun(ROUTES).split(":")
    return _unmask(
        draw, (a(thing), a(mover), a(draw.noun(FIXTURES))),
        f"{a(thing)} is said to {go}, and it stays where it is.",
        f"Of the three only {a(mover)} moves.",
        "Not all that goes somewhere sets out.", go=go,
    )  # fmt: skip


GOES_WITHOUT_MOVING = Family(
    "goes-without-moving",
    _routes,
    kind=Kind.CHOICE,
    wordings=(
        "I {go}, and I {never move|move all the way}. Am I {options}?",
        "What can {go} {without ever|only by} leaving its place? {who} may choose: {options}.",
        "{options}: which is said to {go}, {though it does not|and so has to} stir?",
    ),
    test_wordings=(
        "To {go}, I {need not budge an inch|must keep on moving}. What does {who} take me for: {options}?",
        "It is said to {go}, {but|and} whenever {who} looks, it is {exactly where it was|somewhere else}. Is it "
        "{options}?",
    ),
)

SHRINKING = word_bank(
    "candle, pencil, crayon, lollipop, eraser, snowman, lipstick, glue stick, sugar lump, bar of soap"
    " | cough drop, incense stick, notepad, ice cube"
)
GROWING = word_bank("oak, whale, elephant, crocodile, horse, pumpkin, cow | pine tree, bear, giraffe, camel")
LASTING = word_bank("hammer, coin, key, brick, spoon, thimble, anvil | horseshoe, bell, bolt")


def _ages(draw: Draw) -> Instance:
    thing, grower = a(draw.noun(SHRINKING)), a(draw.noun(GROWING))
    return _unmask(
        draw, (thing, grower, a(draw.noun(LASTING))),
        f"As time goes by, {thing} gets smaller and smaller.",
        f"Of the three only {grower} grows.",
        "Not everything grows with age.",
    )  # fmt: skip


BIG_WHEN_YOUNG = Family(
    "big-when-young",
    _ages,
    kind=Kind.CHOICE,
    wordings=(
        "I am {big|small} when I am young and {small|big} when I am old. Am I {options}?",
        "'At first I am {big|small}, and at last I am {small|big},' says one of three to {who}. Is it {options}?",
        "{options}: which is {smaller|bigger} in its last days than in its first?",
    ),
    test_wordings=(
        "Time makes one of three things {smaller|bigger}, {who} says. Which is it: {options}?",
        "In my youth I was {large|little}, and in my old age I am {little|large}. What does {who} call me: {options}?",
    ),
)

ENDS = (
    ("a bucket of water", "campfire", "sunflower"), ("a warm spring day", "snowman", "lizard"),
    ("a cup of hot tea", "sugar lump", "cold guest"), ("a strong wind", "candle flame", "windmill"),
    ("a shower of rain", "sandcastle", "cabbage"), ("a hungry mouse", "piece of cheese", "cat"),
    ("a swarm of hungry moths", "woollen jumper", "bat"), ("a hot oven", "ice cube", "raw pizza"),
    ("the rising tide", "sandcastle", "stranded ship"), ("an hour of sunshine", "icicle", "tomato plant"),
    ("a summer storm", "chalk drawing", "dry meadow"), ("a short swim", "paper hat", "duck"),
    ("a day of heat", "snowball", "palm tree"),
)  # fmt: skip
"""What happens, what it destroys, and who or what benefits from it."""

HARDY = ("pebble", "anvil", "brass bell", "key", "horseshoe", "steel bolt", "thimble", "millstone")


def _ends(draw: Draw) -> Instance:
    cause, thing, friend = draw.choice(ENDS)
    return _unmask(
        draw, (a(thing), a(friend), a(draw.choice(HARDY))),
        f"{cause} destroys {a(thing)}.",
        f"Of the three only {a(friend)} is better off for {cause}.",
        "What is good for one is bad for another.", cause=cause,
    )  # fmt: skip


THE_END_OF_ME = Family(
    "the-end-of-me",
    _ends,
    kind=Kind.CHOICE,
    wordings=(
        "{cause} {is the end of me|does me good}. Am I {options}?",
        "One of three is {afraid|glad} and says to {who}: 'After {cause} I shall be {no more|better off}.' Is it "
        "{options}?",
        "{options}: which is {destroyed|helped} by {cause}?",
        "{who} hears a {cry for help: 'Not|shout of joy: 'At last} {cause}! I shall {not survive|be the better for} "
        "it.' Who is {crying|shouting}: {options}?",
        "{Nothing is left of me after {cause}|I am better off after {cause} than before}, {who} may believe me. What "
        "am I: {options}?",
    ),
    transfer=True,
)

PARADOXES = (
    ("I am thrown out when I am needed", "an anchor", "I am thrown out when I am no longer needed", "a rag", "a key"),
    ("I am of no use until I am broken", "an egg", "I am of no use once I am broken", "a mirror", "a pebble"),
    ("I go up when the rain comes down", "an umbrella", "I go indoors when the rain comes down", "a cat", "a bench"),
    ("I am full of holes, and I hold water", "a sponge", "I am full of holes, and I hold no water", "a sieve", "a jug"),
    ("I travel round the world and stay in my corner", "a stamp", "I travel round the world and leave my corner",
     "a sailor", "a cupboard"),
    ("I am bought for dinner and never eaten", "a plate", "I am bought for dinner and eaten", "a carrot", "a tree"),
    ("I rise when I am filled", "a hot-air balloon", "I get heavier when I am filled", "a bucket", "a stone"),
    ("I take off my coat when winter comes", "an oak", "I put on a thicker coat when winter comes", "a fox", "a spoon"),
    ("I can be caught but not thrown", "a cold", "I can be caught and thrown", "a ball", "a mountain"),
    ("I belong to you, and others use me more than you do", "your name",
     "I belong to you, and you use me more than others do", "your toothbrush", "the moon"),
    ("I go up and never come down", "your age", "I go up and come down again", "a lift", "a cellar"),
    ("I can be given away and still kept", "a promise", "I can be given away and am gone then", "a coin", "the sky"),
    ("I get bigger the more is taken away from me", "a hole", "I get smaller the more is taken away from me",
     "a heap of sand", "a day"),
    ("I have cities and rivers and not a drop of water", "a map", "I have cities and rivers and water in plenty",
     "a country", "a desert"),
    ("I can fill a room and weigh nothing", "a song", "I can fill a room and weigh a lot", "a heap of coal", "a pin"),
    ("The brighter the sun, the darker I am", "a shadow", "The brighter the sun, the warmer I am", "a roof", "a dream"),
)  # fmt: skip
"""What the unlikely thing says, the thing, what the tempting thing says, that thing, and one that can say neither."""


def _paradox(draw: Draw) -> Instance:
    clue, thing, plain, tempting, other = draw.choice(PARADOXES)
    return _unmask(
        draw, (thing, tempting, other),
        f"It is {thing} that can say: '{clue}.'",
        f"It is {tempting} that can say: '{plain}.'",
        "It sounds impossible, but only for the first thing that comes to mind.", clue=clue, plain=plain,
    )  # fmt: skip


UPSIDE_DOWN = Family(
    "upside-down",
    _paradox,
    kind=Kind.CHOICE,
    wordings=(
        "{{clue}|{plain}}. Am I {options}?",
        "'{{clue}|{plain}}.' Which of the three says so to {who}: {options}?",
        "{options}: which of them can say of itself '{{clue}|{plain}}'?",
        "{who} asks each of three to speak about itself, and one of them says: '{{clue}|{plain}}.' Which one is it, "
        "{options}?",
        "'{{clue}|{plain}}': these are the words of one of three. Whose are they, {who} wants to know: {options}?",
    ),
    transfer=True,
)

FAMILIES = (
    PARTS_WITHOUT_LIFE, RUNS_WITHOUT_LEGS, GOES_WITHOUT_MOVING, BIG_WHEN_YOUNG, THE_END_OF_ME, UPSIDE_DOWN,
)  # fmt: skip
