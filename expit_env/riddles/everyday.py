"""Everyday physics: what really happens to ordinary things, not what the words suggest."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, a, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import BOYS, PEOPLE

LIGHTS = word_bank(
    "candle, oil lamp, stove, lantern, fireplace, pipe | gas lamp, oil heater, wood burner, paraffin lamp"
)
ROOMS = word_bank("cabin, cellar, chapel, cottage, barn, hut, kitchen | tower, garage, bungalow")


def _match(draw: Draw) -> Instance:
    first, second = draw.nouns(LIGHTS, 2)
    who = draw.noun(PEOPLE)
    return Instance(
        facts={"first": a(first), "second": a(second), "room": draw.noun(ROOMS), "who": who},
        answer="the match",
        aliases=("the only match", "the one match", "light the match", "the match first", "the match itself",
                 "the last match", "the single match", "you light the match", "first the match",
                 f"{who} must light the match", f"{who} lights the match"),
        trap=f"the {first}",
        why=f"Without a burning match neither the {first} nor anything else can be lit.",
        hints=("What is needed before anything here can burn?",),
        contrast_answer=f"the {first}",
        contrast_why=f"There is a flame already, and nothing else is to be lit before the {first}.",
    )  # fmt: skip


LIGHT_FIRST = Family(
    "light-first",
    _match,
    kind=Kind.PHRASE,
    wordings=(
        "{who} enters a dark {room} with {one match|a burning match, to light what is nearest}. Nearest is {first}, "
        "farther off {second}. What {must|will} {who} light first?",
        "In a dark {room} there are {first} and {second}, {and {who} has a single match left|to be lit in this order. "
        "The match in the hand of {who} is already burning}. Which thing has to be lit {before all others|next}?",
        "It is cold and dark when {who}{|, a lit match in hand,} comes home to a {room} with {first} "
        "{and {second}, and with just one match in the box|at the door and {second} at the far end}. What "
        "{does {who} set alight|is the first thing that {who} reaches and lights}{ first|}?",
        "What does {who} have to light first in a {room} with {first} and {second}, {if there is only one match|in "
        "this order, with a match that burns already}?",
        "There is no electricity in the {room}, where {who} finds {first}{ and {second}| close by and {second} far "
        "off}. In {who}'s hand is {one match|a burning match for whatever is close by}. What will be lit {first|now}?",
        "{who} wants light in the {room}, and has {first}, {second} and {one match|a match that is aflame, to light "
        "them in this order}. What has to burn {before anything else can|next}?",
    ),
    test_wordings=(
        "{A matchbox holds one last match|The last match is already burning}. {who} wants to light "
        "{first}{ or {second}|, not {second},} in the {room}. {Either way, what will burn first|What will be lit "
        "next}?",
        "It is pitch-dark in the {room} of {who}, where {first} and {|then }{second} wait to be lit{| in turn}. With "
        "{only an unlit match|a match that is burning} to start with, what has to be lit first?",
    ),
)

VESSELS = word_bank("bucket, barrel, sack, crate, basket, box, tub, tank | tin, cask, bin, trough")
FILLINGS = word_bank("sand, flour, gravel, rice, salt, coal, gold, sawdust | clay, sugar, soil, cement")


def _bucket(draw: Draw) -> Instance:
    filling, vessel = draw.noun(FILLINGS), draw.noun(VESSELS)
    return Instance(
        facts={"vessel": vessel, "n": draw.number(3, 12), "who": draw.noun(PEOPLE), "filling": filling,
               "choice": draw.choice((f"a hole or {filling}", f"{filling} or a hole"))},
        answer="a hole",
        aliases=("holes",),
        trap=filling,
        why=f"Every bit of {filling} adds weight, but a hole in the {vessel} takes some away.",
        hints=("Can anything that weighs something make it lighter?",),
        contrast_answer=filling,
        contrast_why=f"The {filling} has a weight of its own, which is added.",
    )  # fmt: skip


HOLE_IN_THE_BUCKET = Family(
    "hole-in-the-bucket",
    _bucket,
    kind=Kind.CHOICE,
    wordings=(
        "An empty {vessel} weighs {n} kg. What can {who} put in it to make it {lighter|heavier}: {choice}?",
        "{who} has {a_vessel} of {n} kg and puts something in, and now it weighs {less|more}. Was it {choice}?",
        "What would bring the weight of {a_vessel} {down|up} from {n} kg, when {who} puts it in: {choice}?",
        "'Guess what I put into my {vessel} of {n} kg: now it is {lighter|heavier},' says {who}. Was it {choice}?",
        "{choice}: which of the two makes {a_vessel} of {n} kg weigh {less|more}, if {who} puts it in?",
        "{who}'s {vessel} is empty and weighs {n} kg. After {who} has put something into it, the scales show "
        "{less|more} than that. What is in it now, {choice}?",
    ),
    test_wordings=(
        "{who} wants {a_vessel} of {n} kg to weigh {less|more}. What should {who} put in it, {choice}?",
        "With this in it, {who}'s {n} kg {vessel} is {not as heavy as|heavier than} without. Which of the two is it, "
        "{choice}?",
    ),
)

GLASSES = word_bank("glass, jug, bowl, mug, bucket, pot, bottle, cup | vase, beaker, basin, pitcher")


def _ice(draw: Draw) -> Instance:
    glass, cubes = draw.noun(GLASSES), draw.number(2, 9)
    return Instance(
        facts={"glass": glass, "n": cubes, "who": draw.noun(PEOPLE)},
        answer="no",
        aliases=("no, it does not", "no, it stays full", "it does not"),
        trap="yes",
        why="Floating ice pushes aside just as much water as it melts into, so the level stays the same.",
        hints=("Ice that floats already takes up room in the water.",),
        contrast_answer="yes",
        contrast_aliases=("yes, it does",),
        contrast_why=f"The {glass} is full, and whatever is added pushes water over the brim: yes, it runs over.",
    )


MELTING_ICE = Family(
    "melting-ice",
    _ice,
    kind=Kind.YES_NO,
    wordings=(
        "{n} ice cubes float in {who}'s {glass}, which is full of water to the very brim. {The ice melts|{n} more are "
        "dropped in}. Does the {glass} run over?",
        "{who} fills {a_glass} to the brim with water in which {n} ice cubes float. Will it overflow when "
        "{the ice melts|more ice is thrown in}?",
        "Water with {n} floating ice cubes stands level with the rim of {a_glass}. Once {all the ice has "
        "melted|another litre is poured in}, does {who} have water on the table?",
        "Will {who}'s table get wet, if {a_glass} on it is full to the brim of water with {n} floating ice cubes and "
        "{they melt|someone adds {n} more}?",
        "{a_glass} is so full of water that not a drop more fits in. {n} pieces of ice float in it. Does it spill over "
        "{while they melt|when {who} drops in another one}?",
        "'My {glass} is full to the rim, and {n} ice cubes float on the water,' says {who}. {An hour later they have "
        "melted|Then {n} others go in as well}. Has water run over the rim?",
    ),
    test_wordings=(
        "Is any water spilled from {who}'s brimful {glass} by {n} ice cubes that {float in it and slowly turn to "
        "water|are thrown into it one by one}?",
        "{who} has not a drop of room left in the {glass}: water and {n} floating ice cubes fill it to the rim. "
        "{The cubes melt in the sun|A big stone is dropped in}. Is the tablecloth getting wet?",
    ),
)

ANIMALS = word_bank("cat, dog, cow, goat, pig, horse, sheep, donkey | calf, pony, goose, hen")
NIGHT_TIMES = {
    "at noon": "at midnight",
    "at ten in the morning": "at ten at night",
    "at three in the afternoon": "at three in the morning",
    "at half past eleven in the morning": "at half past eleven at night",
}


def _lamps(draw: Draw) -> Instance:
    daytime = draw.choice(tuple(NIGHT_TIMES))
    return Instance(
        facts={"day": daytime, "night": NIGHT_TIMES[daytime], "animal": draw.noun(ANIMALS), "driver": draw.noun(PEOPLE),
               "n": draw.number(5, 20)},
        answer="yes",
        aliases=("yes, it is day", "yes, it is light", "yes, it is daytime"),
        trap="no",
        why=f"{daytime} it is light, and nobody needs a lamp to see.",
        hints=("What time is it?",),
        contrast_answer="no",
        contrast_aliases=("no, it is dark", "no, it is too dark"),
        contrast_why=f"{NIGHT_TIMES[daytime]}, without moon or lamps, it is too dark to see anything.",
    )  # fmt: skip


BROKEN_LAMPS = Family(
    "broken-lamps",
    _lamps,
    kind=Kind.YES_NO,
    wordings=(
        "{{day}|{night}} a black {animal} stands on the road in March. The {n} street lamps are broken{ and|,} no car "
        "light works{|, no moon is out}. Can {driver} see the {animal}?",
        "All {n} lamps of a village have failed, there is no moon, and {driver} walks down the street {{day}|{night}}. "
        "Is it possible for {driver} to see a black {animal} ahead?",
        "{driver}'s torch is broken, the moon and the stars are hidden, the {n} lamps in the lane are out. "
        "{{day}|{night}}, can {driver} make out a dark {animal} there?",
        "Can {driver}, on foot and without a torch, see a black {animal} on a road where all {n} lamps are broken and "
        "no moon is up, {{day}|{night}}?",
        "No lamp of the {n} in the street is lit, {driver} has no light, and there is no moon. A black {animal} "
        "crosses the street {{day}|{night}}. Will {driver} see it?",
        "It happens {{day}|{night}}: {driver} meets a dark {animal} in a lane with {n} broken lamps, without a torch "
        "or a moon. Is the {animal} to be seen?",
    ),
    test_wordings=(
        "No moon, no lamps, no headlights: would {driver} notice a pitch-black {animal} {n} metres away on the road "
        "{{day}|{night}} in spring?",
        "A brown {animal} crosses the street {{day}|{night}}. {n} street lamps are off and the moon does not shine. "
        "Does {driver}, looking that way, have enough light to see it?",
    ),
)

SEAS = word_bank("Red, Black | Yellow, White")
THINGS = word_bank("stone, hat, shirt, shoe, ball, bottle, flag, sock, cup, ribbon | scarf, glove, bucket, marble")
TINTS = word_bank("green, blue, pink, orange, brown, purple | grey, violet, silver, gold")


def _sea(draw: Draw) -> Instance:
    sea, thing, tint = draw.noun(SEAS), draw.noun(THINGS), draw.noun(TINTS)
    return Instance(
        facts={"sea": sea, "hue": sea.lower(), "thing": thing, "tint": tint, "who": draw.noun(PEOPLE)},
        answer=tint,
        aliases=(f"still {tint}", f"it stays {tint}", f"it remains {tint}", f"the {thing} is {tint}",
                 f"the {thing} is still {tint}", f"the {thing} stays {tint}", "the same colour as before",
                 "its own colour", f"{tint} and wet", f"wet and {tint}", "the same colour", "the same color"),
        trap=sea.lower(),
        why=f"It is only called the {sea} Sea: its water dyes nothing, so the {thing} is wet and still {tint}.",
        hints=("Is a name the same as a dye?",),
        contrast_answer=sea.lower(),
        contrast_why=f"The paint is {sea.lower()} and covers the {thing}.",
    )  # fmt: skip


RED_SEA = Family(
    "red-sea",
    _sea,
    kind=Kind.PHRASE,
    wordings=(
        "{a_tint} {thing} falls into {the {sea} Sea|thick {hue} paint}. What colour is the {thing} when it is pulled "
        "out?",
        "{who} dips {a_tint} {thing} into {the {sea} Sea|{hue} paint} for a minute. Which colour does the {thing} have "
        "afterwards?",
        "What is the colour of {a_tint} {thing} that {who} has fished out of {the {sea} Sea|a tub of thick {hue} "
        "paint}?",
        "What colour does {a_tint} {thing} have when {who} takes it out of {the {sea} Sea|a bucket of {hue} paint}?",
        "{who} throws {a_tint} {thing} into {the {sea} Sea|thick {hue} paint} and gets it back soaked. What is its "
        "colour now?",
        "The {thing} was {tint} before it sank in {the {sea} Sea|a pot of {hue} paint}. {who} pulls it out. Which "
        "colour is it?",
    ),
    test_wordings=(
        "{In the {sea} Sea {who} washes|With thick {hue} paint {who} covers} {a_tint} {thing}. Name the colour in "
        "which it comes out.",
        "{who} throws {a_tint} {thing} {overboard, into the {sea} Sea, and hauls it in|into a vat full of {hue} paint "
        "and hauls it out} again. What does it look like: what is its colour?",
    ),
)

SELLERS = word_bank(
    "butcher:meat, greengrocer:vegetables, goldsmith:gold, coffee seller:coffee, tea seller:tea, cheesemonger:cheese,"
    " spice seller:spices | fishmonger:fish, fruit seller:fruit, sweet seller:sweets"
)

SWEETS = {"sweets": ("candy", "candies")}


def _seller(draw: Draw) -> Instance:
    seller, goods = draw.noun(SELLERS).split(":")
    kilos, man = draw.number(60, 85), draw.noun(BOYS)
    return Instance(
        facts={"seller": seller, "kilos": kilos, "who": man, "age": draw.number(30, 50)},
        answer=goods,
        aliases=(f"his {goods}", "his goods", f"he weighs {goods}", *SWEETS.get(goods, ())),
        trap=f"{kilos} kg",
        why=f"On the scales of his shop {a(seller)} weighs what he sells: {goods}.",
        hints=("He stands behind the scales, not on them.",),
        contrast_answer=f"{kilos} kg",
        contrast_unit="kg|kilos|kilograms|kilogrammes",
        contrast_aliases=(str(kilos),),
        contrast_why=f"This time it is about the weight of {man} himself, and that is {kilos} kg.",
    )


WHAT_HE_WEIGHS = Family(
    "what-he-weighs",
    _seller,
    kind=Kind.PHRASE,
    contrast_kind=Kind.QUANTITY,
    wordings=(
        "{who} is {a_seller}. His twin, just as heavy, weighs {kilos} kg. What does {who} weigh "
        "{all day for customers|when the doctor asks}?",
        "{who}, {age}{|, {a_seller}}, has a twin of {kilos} kg, with the same build and weight. "
        "{As {a_seller}, what|How much} does {who} weigh in his {shop for a living|socks}?",
        "Most {seller}s of {age} are heavier than {who}, who is {a_seller} too and {{kilos} kg himself|as heavy as a "
        "sack of {kilos} kg}. What does {who} weigh on the scales at {work, to sell it|the doctor's}?",
        "What does {who} the {seller}, who is {age} years old and {kilos} kg in weight, weigh {from morning to evening "
        "in his shop|when he steps on the scales himself}?",
        "Of {who}, {a_seller} of {age}, they say that he is {kilos} kg. What does he weigh {for the people who buy "
        "from him|if they are right}?",
        "{a_seller} of {age}, {who}, has not gained or lost a gram since he was {kilos} kg. What does he weigh "
        "{whenever a customer wants some|whenever he steps on the scales himself}?",
    ),
    test_wordings=(
        "'I am {age} years old and {kilos} kg,' says {who} the {seller} behind his counter. {What|How much} is it that "
        "he weighs{ there when somebody buys|, in body weight}?",
        "In the {shop|flat} of {who}, {a_seller} of {kilos} kg, there are {big|bathroom} scales. What does {who} weigh "
        "there {for every buyer|every morning, with nothing on}?",
    ),
)

DISHES = word_bank("plates, cups, spoons, glasses, pans, bowls, pots, forks, knives, mugs | saucers, jars, trays")


def _towel(draw: Draw) -> Instance:
    dishes = draw.noun(DISHES)
    return Instance(
        facts={"dishes": dishes, "n": draw.number(4, 15), "who": draw.noun(PEOPLE),
               "choice": draw.choice((f"the towel or the {dishes}", f"the {dishes} or the towel"))},
        answer="the towel",
        trap=f"the {dishes}",
        why=f"The towel takes up the water from the {dishes} and gets wetter with each one.",
        hints=("Where does the water go?",),
        contrast_answer=f"the {dishes}",
        contrast_why=f"The water goes from the {dishes} into the towel, so the {dishes} get drier.",
    )  # fmt: skip


WETTER_AS_IT_DRIES = Family(
    "wetter-as-it-dries",
    _towel,
    kind=Kind.CHOICE,
    wordings=(
        "{who} dries {n} wet {dishes} with a towel. What gets {wetter|drier} as {who} does so: {choice}?",
        "A towel and {n} dripping {dishes}: {who} is busy drying. Which grows {wetter|drier} all the while, {choice}?",
        "{who} has dried {n} rinsed {dishes} with one towel. What is {wetter|drier} than it was before, {choice}?",
        "{n} wet {dishes} stand on the rack, and {who} takes a towel and {dries|wipes} them all. Which becomes "
        "{wetter|drier} in the process: {choice}?",
        "With each of {n} rinsed {dishes} that {who} wipes with the towel, something gets a little {wetter|drier} than "
        "it was. What is it, {choice}?",
    ),
    transfer=True,
)

FAMILIES = (
    LIGHT_FIRST, HOLE_IN_THE_BUCKET, MELTING_ICE, BROKEN_LAMPS, RED_SEA, WHAT_HE_WEIGHS, WETTER_AS_IT_DRIES,
)  # fmt: skip
