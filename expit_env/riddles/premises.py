"""Impossible premises: what is asked about does not exist."""

from __future__ import annotations

import itertools

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, a, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import BOYS

DIRECTIONS = ("north", "south", "east", "west")
HEADINGS_AND_WINDS = tuple(itertools.permutations(DIRECTIONS, 2))
VEHICLES = word_bank("train, locomotive, tractor, ferry | boat, tram, lorry")


def _smoke(draw: Draw) -> Instance:
    heading, wind = draw.choice(HEADINGS_AND_WINDS)
    vehicle = draw.noun(VEHICLES)
    return Instance(
        facts={"vehicle": vehicle, "heading": heading, "wind": wind, "n": draw.number(15, 45)},
        answer="there is no smoke",
        aliases=("nowhere", "none", "there is not any smoke", "there is not any", "no direction", "no way",
                 "in no direction", "it makes no smoke", "electric vehicles make no smoke",
                 f"an electric {vehicle} does not smoke", f"an electric {vehicle} makes no smoke",
                 f"an electric {vehicle} has no smoke"),
        trap=wind,
        why=f"An electric {vehicle} burns nothing, so there is no smoke.",
        hints=("Where does smoke come from?", f"What does this {vehicle} run on?"),
        contrast_answer=wind,
        contrast_aliases=(f"to the {wind}", f"towards the {wind}", f"{wind}wards"),
        contrast_why=f"A steam {vehicle} smokes, and the wind carries the smoke with it, to the {wind}.",
    )  # fmt: skip


ELECTRIC_SMOKE = Family(
    "electric-smoke",
    _smoke,
    kind=Kind.PHRASE,
    wordings=(
        "{An electric|A steam} {vehicle} heads {heading} at {n} km/h. The wind blows towards the {wind}. Which way "
        "does the wind carry the smoke?",
        "A wind of {n} km/h blows towards the {wind}, and {an electric|a steam} {vehicle} stands facing {heading}. In "
        "which direction does its smoke drift?",
        "With {n} people on board, {an electric|a steam} {vehicle} waits, facing {heading}, while the wind blows to "
        "the {wind}. Where does the smoke go?",
        "Which way is the smoke going, if {an electric|a steam} {vehicle} goes {heading} at {n} km/h and the wind "
        "blows to the {wind}?",
        "'I drive {an electric|a steam} {vehicle} of {n} tonnes,' says a woman. She is going {heading}, and the wind "
        "is blowing to the {wind}. To which side does her smoke drift?",
        "The weather vane says that the wind goes to the {wind}. {n} minutes ago {an electric|a steam} {vehicle} set "
        "off to the {heading}. To what side does the wind take its smoke?",
    ),
    test_wordings=(
        "The engine of {an electric|a steam} {vehicle} is {n} years old. The {vehicle} faces {heading}, the wind blows "
        "to the {wind}. Where is the smoke blown?",
        "Imagine {an electric|a steam} {vehicle} going {heading} at {n} km/h, in a storm that blows everything to the "
        "{wind}. Which way is the smoke blown?",
    ),
)

MALES_AND_LAYERS = word_bank("rooster:hen, drake:duck, gander:goose | cockerel:hen, peacock:peahen")
ROOFS = word_bank("barn, shed, stable, mill, cottage, church | garage, castle, school")


def _egg(draw: Draw) -> Instance:
    male, layer = draw.noun(MALES_AND_LAYERS).split(":")
    layers = "geese" if layer == "goose" else f"{layer}s"
    roof, slope = draw.noun(ROOFS), draw.choice(DIRECTIONS)
    return Instance(
        facts={"male": a(male), "layer": a(layer), "roof": roof, "slope": slope, "n": draw.within(3, 9)},
        answer=f"{male}s do not lay eggs",
        aliases=(f"{male}s lay no eggs", f"{male}s cannot lay eggs", f"{male}s do not lay any eggs",
                 f"{male}s never lay eggs", "male birds do not lay eggs", "males do not lay eggs",
                 f"only {layers} lay eggs", f"{a(male)} does not lay eggs", f"{a(male)} lays no eggs",
                 f"{a(male)} cannot lay eggs", "nowhere", "neither", "no way", "in no direction", "there is no egg",
                 "it does not roll", "it does not roll anywhere", "there is not any egg", "there is not an egg"),
        trap=slope,
        why=f"Only the female lays eggs, and {a(male)} is male, so there is no egg to roll.",
        hints=("Does every bird do what this one is said to do?", f"Think about what {a(male)} is."),
        contrast_answer=slope,
        contrast_aliases=(f"to the {slope}", f"towards the {slope}", f"down to the {slope}", f"{slope}wards"),
        contrast_why=f"{a(layer)} does lay eggs, and the egg rolls down the slope, to the {slope}.",
    )  # fmt: skip


ROOSTERS_EGG = Family(
    "roosters-egg",
    _egg,
    kind=Kind.PHRASE,
    wordings=(
        "{{male}|{layer}} lays an egg on top of a {roof} roof that slopes down to the {slope}. Which way does the egg "
        "roll?",
        "The roof of a {roof}, {n} metres up, drops to the {slope} only. If {{male}|{layer}} lays its egg there, to "
        "which side does the egg roll?",
        "On a {roof} roof {n} metres high sits {{male}|{layer}} that has just laid an egg. The roof slopes to the "
        "{slope}. In what direction will the egg roll?",
        "Which way does an egg roll that {{male}|{layer}} has laid on the roof of a {roof}, {n} metres above the "
        "ground, if the roof slopes to the {slope}?",
        "The {slope} side of a {roof} is the lower one, and its roof slopes that way only. Up there {{male}|{layer}} "
        "lays an egg, {n} metres above the ground. To what side will it roll?",
        "{{male}|{layer}} gets up to the roof of a {roof}, which is {n} metres high and falls to the {slope}, and lays "
        "an egg. In which direction does the egg go?",
    ),
    test_wordings=(
        "Every roof in the village slopes to the {slope}. {n} days ago {{male}|{layer}} chose the roof of the {roof} "
        "to lay an egg on. Which way did the egg roll?",
        "It is {n} in the morning, and the egg of {{male}|{layer}} lies on a {roof} roof, which is steep and falls "
        "away to the {slope}. Where does the egg roll?",
    ),
)

NEIGHBOURS = word_bank(
    "Spain:Portugal, France:Belgium, Germany:Austria, Italy:Switzerland, Poland:Slovakia, Chile:Argentina,"
    " Egypt:Sudan, Kenya:Uganda, India:Nepal | Norway:Sweden, Brazil:Peru, Romania:Bulgaria, Vietnam:Laos"
)
WRECKS = word_bank("plane, train, bus, coach | helicopter, zeppelin, lorry")


def _burial(draw: Draw) -> Instance:
    one, other = draw.noun(NEIGHBOURS).split(":")
    here, there = draw.choice(((one, other), (other, one)))
    wreck = draw.noun(WRECKS)
    return Instance(
        facts={"extra": distractor(draw, 3, 9, f"The {wreck} was %d years old."), "here": here, "there": there,
               "wreck": wreck, "n": draw.number(5, 30)},
        answer="nowhere",
        aliases=("they are not buried", "they are not buried at all", "survivors are not buried", "neither",
                 "neither country", "in neither country", "in neither", "survivors are alive", "they are alive",
                 "they are still alive", "you do not bury survivors", "in no country"),
        trap=there,
        why="Survivors are alive, and the living are buried nowhere.",
        hints=("Read again who is to be buried.", "How are these people doing after the crash?"),
        contrast_answer=there,
        contrast_aliases=(f"in {there}",),
        contrast_why=f"The dead are buried where the rule says, in {there}.",
    )  # fmt: skip


BURYING_SURVIVORS = Family(
    "burying-survivors",
    _burial,
    kind=Kind.PHRASE,
    wordings=(
        "A {wreck} from {here} crashes on the border with {there}. By treaty, such burials take place in {there}. "
        "{extra}Where are the {n} {survivors|dead} buried?",
        "After a {wreck} crash on the border of {here} and {there}, all burials are held in {there}. {extra}In which "
        "country are the {n} people who {survived|died} buried?",
        "All on board came from {there}, and people are buried where they came from. The {wreck} crashed in {here}. "
        "{extra}Where were the {n} {survivors|dead} buried?",
        "{extra}In which country are the {n} {survivors|dead} buried, when a {wreck} from {here} crashes and the rule "
        "is that its passengers are buried in {there}?",
        "'Bury them in {there},' says the law about the people of this {wreck}, which crashed in {here}. {extra}{n} "
        "people on board {came out of the crash alive|did not come out of the crash alive}. Where are these {n} "
        "buried?",
        "{here} and {there} have agreed that people from the lost {wreck} lie in graves in {there}. {extra}Where are "
        "the graves of the {n} who {lived|died}?",
    ),
    test_wordings=(
        "Halfway between {here} and {there} a {wreck} is wrecked, and {n} people {survive|die in} it. Custom wants "
        "them buried in {there}. {extra}Where do their families bury them the next day?",
        "{extra}Where would you bury the {n} {survivors|dead} of a {wreck} crash in {here}, if all were citizens of "
        "{there} and the law says that citizens are buried at home?",
    ),
)

COLOURS = word_bank("red, blue, green, yellow, pink, white, brown, purple | orange, grey, black, violet")
FURNISHINGS = word_bank(
    "walls, doors, carpets, curtains, chairs, cupboards, lamps | floors, windows, tables, shelves, beds, sofas"
)


def _stairs(draw: Draw) -> Instance:
    colour = draw.noun(COLOURS)
    one, other = draw.nouns(FURNISHINGS, 2)
    return Instance(
        facts={"colour": colour, "one": one, "other": other, "n": draw.number(3, 9)},
        answer="there are no stairs",
        aliases=("none", "no colour", "no color", "it has no stairs", "the house has no stairs", "it has none",
                 "it does not have stairs", "it does not have any stairs", "there are not any",
                 "there are not any stairs", "the house does not have stairs", "there is no staircase",
                 "a bungalow has no stairs", "a one-storey house has no stairs"),
        trap=colour,
        why="Everything is on the ground floor, so the house needs no stairs and has none.",
        hints=("How many storeys are there?", "What would anyone climb up to?"),
        contrast_answer=colour,
        contrast_aliases=(f"{colour} stairs", f"the stairs are {colour}"),
        contrast_why=f"A house of more than one storey has stairs, and like everything in it they are {colour}.",
    )  # fmt: skip


ONE_STOREY_STAIRS = Family(
    "one-storey-stairs",
    _stairs,
    kind=Kind.PHRASE,
    wordings=(
        "In a {one-storey|two-storey} house everything is {colour}: {colour} {one}, {colour} {other}. What colour are "
        "the stairs?",
        "A house with {n} rooms has {only a ground floor|two floors}. The {one} are {colour}, the {other} are "
        "{colour}, all is {colour}. Which colour are its stairs?",
        "The {other} of a {one-storey|three-storey} house are {colour}, and so are the {n} {one} and all else in it. "
        "What is the colour of the stairs?",
        "What colour are the stairs in a house of {one floor|two floors} where the {n} {one} are {colour}, the {other} "
        "are {colour}, and everything else is {colour} as well?",
        "Somebody paints all that is in a {single-storey|two-storey} house {colour}: first the {other}, then {n} "
        "{one}, then the rest. Which colour do the stairs have now?",
        "'I love {colour},' says the owner of a house {on one level|on three levels}. So the {one}, the {n} {other}, "
        "simply everything in it is {colour}. What colour would you see on the stairs?",
    ),
    test_wordings=(
        "{colour} {one}, {colour} {other}: inside the {bungalow, all of it on one floor|tower, eight floors of it}, "
        "everything is {colour}. What colour would you say the stairs are?",
        "{n} painters did a house that is {one storey|two storeys} high, the {one}, the {other}, everything inside, in "
        "{colour}. What colour did they paint the stairs?",
    ),
)

FARMS = word_bank("farm, hillside, estate, ranch, mountain pasture, dairy farm | island, country estate")


def _milk(draw: Draw) -> Instance:
    litres, animals = draw.number(8, 20), draw.within(2, 6)
    return Instance(
        facts={"extra": distractor(draw, 60, 90, "A litre of milk is sold for %d pence."), "litres": litres,
               "n": animals, "farm": draw.noun(FARMS), "man": draw.noun(BOYS)},
        answer="0",
        unit="litres|litres of milk|milk",
        aliases=("bulls give no milk", "bulls do not give milk", "bulls have no milk", "they give no milk",
                 "they give none"),
        trap=str(litres * animals),
        why="Bulls are male and give no milk at all.",
        hints=("Which animals can be milked?",),
        contrast_answer=str(litres * animals),
        contrast_why=f"{animals} cows give {animals} x {litres} = {litres * animals}.",
    )  # fmt: skip


BULLS_MILK = Family(
    "bulls-milk",
    _milk,
    wordings=(
        "{extra}On the {farm} each cow gives {litres} litres of milk a day. How many litres do {n} {bulls|cows} give "
        "there in a day?",
        "{extra}{man} gets {litres} litres of milk daily from each cow. How many litres do his {n} {bulls|cows} give "
        "daily?",
        "{extra}One cow's daily milk is {litres} litres. How many litres of milk does {man} get a day from the {n} "
        "{bulls|cows} of the {farm}?",
        "{extra}Every cow that {man} has gives {litres} litres of milk a day. Today only {the {n} bulls|{n} cows} of "
        "the {farm} are in the barn, and the milkmaid comes. How many litres of milk can she get from them in a day?",
        "{extra}On {man}'s {farm} there are cows that give {litres} litres of milk a day each, and {n} "
        "{bulls|of them are new}. How many litres of milk do the {bulls|new ones} add every day?",
    ),
    transfer=True,
)

HAIR_COLOURS = word_bank("red, black, brown, blond, grey, white | auburn, ginger, silver")
BROTHERS = word_bank("brothers, cousins, uncles, nephews | grandsons, stepbrothers")


def _bald(draw: Draw) -> Instance:
    hair, man = draw.noun(HAIR_COLOURS), draw.noun(BOYS)
    return Instance(
        facts={"hair": hair, "man": man, "brothers": draw.noun(BROTHERS), "n": draw.number(2, 6)},
        answer="he has no hair",
        aliases=("no hair, he is bald", "he does not have any hair", "it has no colour", "no hair", "no colour",
                 "no color", "he is bald", f"{man} is bald", f"{man} has no hair"),
        trap=hair,
        why=f"A bald head has no hair on it, so {man}'s hair has no colour.",
        hints=("Think of what can be seen on top of this head.",),
        contrast_answer=hair,
        contrast_aliases=(f"{hair} hair",),
        contrast_why=f"{man} takes after the others, and their hair is {hair}.",
    )  # fmt: skip


BALD_MANS_HAIR = Family(
    "bald-mans-hair",
    _bald,
    kind=Kind.PHRASE,
    wordings=(
        "{man}'s {n} {brothers} have {hair} hair. {man} himself {is completely bald|looks just the same}. What colour "
        "is the hair on his head?",
        "In a family with {hair} hair, {man} is the one who is as {bald as an egg|thin as a rake}, unlike his {n} "
        "{brothers}. Which colour is the hair on top of {man}'s head?",
        "{Bald as an egg|Happy as a lark}, {man} meets his {n} {brothers}, whose hair is {hair} like "
        "{their father's|his own}. What is the hair colour of {man}?",
        "{man} has not had a single {hair on his head|day in bed} for years. His {n} {brothers} are "
        "{hair}-haired{|, and so is he}. What is the colour of the hair on {man}'s head?",
        "The {top of {man}'s head|sound of {man}'s voice} is as smooth as {a billiard ball, while|velvet, and like} "
        "his {n} {brothers} {have|he has} thick {hair} hair. Which hair colour does {man} have?",
    ),
    transfer=True,
)

FAMILIES = (
    ELECTRIC_SMOKE, ROOSTERS_EGG, BURYING_SURVIVORS, ONE_STOREY_STAIRS, BULLS_MILK, BALD_MANS_HAIR,
)  # fmt: skip
