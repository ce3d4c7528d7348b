"""Words and letters: the question is about a word, not about the thing that it names."""

from __future__ import annotations

import functools
import itertools

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, a, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

LONG_WORDS = word_bank(
    "rhinoceros, hippopotamus, encyclopedia, caterpillar, kaleidoscope, grandmother, strawberry, crocodile,"
    " mathematics, orchestra, watermelon, xylophone | refrigerator, ventriloquist, thermometer, blackberry, parliament"
)
SHORT_MENTIONS = ("it", "that", "the word", "that word")


def _mention(draw: Draw) -> Instance:
    word, mention = draw.noun(LONG_WORDS), draw.choice(SHORT_MENTIONS)
    right, literal = str(len(mention.replace(" ", ""))), str(len(word))
    return Instance(
        facts={"word": word, "mention": mention, "who": draw.noun(PEOPLE)},
        answer=right,
        unit="letters",
        aliases=(f"'{mention}' has {right}", f"'{mention}' has {right} letters"),
        trap=literal,
        why=f"The question is not about '{word}' but about '{mention}', as the quotation marks say, and that has "
        f"{right} letters.",
        hints=("What exactly is between the last quotation marks?",),
        contrast_answer=literal,
        contrast_aliases=(f"'{word}' has {literal}", f"'{word}' has {literal} letters",
                          f"there are {literal} letters in '{word}'"),
        contrast_why=f"This time '{word}' itself is meant, and it has {literal} letters.",
    )  # fmt: skip


LETTERS_IN_IT = Family(
    "letters-in-it",
    _mention,
    wordings=(
        "{who} has to write '{word}' on the board. How many letters are there in {'{mention}'|what {who} writes}?",
        "'{word}' is what {who} finds hardest to spell. How many letters does {'{mention}'|that long word} have?",
        "Nobody but {who} can spell '{word}'. How many letters {do|would} the others need to spell "
        "{'{mention}'|it as well}?",
    ),
    test_wordings=(
        "In a contest {who} is given '{word}' to spell. Count the letters of {'{mention}'|the given word}: how many?",
        "A label on {who}'s desk says '{word}'. To spell {'{mention}'|what is on the label}, how many letters does it "
        "take?",
    ),
)

LABELS = word_bank("POST, MAIL, URGENT, LONDON, PARIS, PRIVATE, SECRET, AIRMAIL | EXPRESS, BERLIN, HOME, MADRID, INBOX")
BAGS = word_bank("bag, sack, box, basket, drawer, chest, suitcase | satchel, crate, trunk, folder")


def _bag(draw: Draw) -> Instance:
    label, inside = draw.noun(LABELS), draw.number(9, 20)
    outside, bag = len(label), draw.noun(BAGS)
    return Instance(
        facts={"extra": distractor(draw, 2, 6, f"The {bag} has %d locks."), "n": inside, "label": label, "bag": bag,
               "who": draw.noun(PEOPLE)},
        answer=str(outside),
        unit="letters",
        aliases=(f"the {outside} of '{label}'", f"the {outside} letters of '{label}'", f"'{label}' has {outside}",
                 f"'{label}' has {outside} letters"),
        trap=str(inside),
        why=f"The envelopes are inside; what is outside is the word '{label}', and that has {outside} letters.",
        hints=("There are letters that no postman carries.",),
        contrast_answer=str(inside),
        contrast_unit="letters|envelopes",
        contrast_why=f"This question is about the post, and the {bag} has {inside} letters in it.",
    )  # fmt: skip


LETTERS_ON_THE_BAG = Family(
    "letters-on-the-bag",
    _bag,
    wordings=(
        "A postman carries {n} letters in a {bag} for {who}, and only the word '{label}' is on the {bag}. {extra}How "
        "many letters are {on|in} the {bag}?",
        "{who} keeps {n} letters from a friend in a {bag}, on which the one word '{label}' shines in gold. {extra}How "
        "many letters are {golden|in envelopes}?",
        "Yesterday {who} painted the word '{label}' on a {bag}, and today {n} letters with stamps were put in. "
        "{extra}How many letters {did {who} paint|had a stamp}?",
    ),
    test_wordings=(
        "The {bag} holds {n} letters for {who}, sealed and stamped. On its outside is '{label}' and no other word. "
        "{extra}How many letters does the {outside show|inside hide}?",
        "With needle and thread {who} wrote '{label}' on a {bag} that now has {n} letters from the postman in it. "
        "{extra}How many letters did {{who} sew|the postman bring}?",
    ),
)

BIG_ANIMALS = word_bank(
    "whale, lion, bear, horse, moose, bull, cow, camel, elk, yak, zebra | tiger, hippo, rhino, shark"
)
SMALL_ANIMALS = word_bank(
    "butterfly, caterpillar, grasshopper, dragonfly, silverfish, bumblebee, cockroach, hummingbird, centipede"
    " | salamander, chaffinch, woodlouse, goldfinch"
)


def _bigger(draw: Draw) -> Instance:
    big, small = draw.noun(BIG_ANIMALS), draw.noun(SMALL_ANIMALS)
    first, second = draw.choice(((big, small), (small, big)))
    return Instance(
        facts={"first": first, "second": second, "who": draw.noun(PEOPLE)},
        answer=small,
        aliases=(f"the word {small}", f"{small} is the longer word", f"{small} has more letters", f"{small} is longer",
                 f"the word {small} is longer"),
        trap=big,
        why=f"Only the words count here: '{small}' has {len(small)} letters and '{big}' has {len(big)}.",
        hints=("Is it about animals, or about what they are called?",),
        contrast_answer=big,
        contrast_aliases=(f"the {big} is longer", f"the {big} is bigger", f"the {big} is much bigger"),
        contrast_why=f"{a(big)} is much bigger than {a(small)}.",
    )  # fmt: skip


BIGGER_WORD = Family(
    "bigger-word",
    _bigger,
    kind=Kind.CHOICE,
    wordings=(
        "{who} has read {two words|of two animals}. Which of them is longer, {'{first}' or '{second}'|{a_first} or "
        "{a_second}}?",
        "{who} {writes '{first}' and '{second}' with a pen|paints {a_first} and {a_second} as large as life}. Which of "
        "the two takes more {ink|paint}?",
        "What needs more room in {who}'s {notebook, written out by hand: '{first}' or '{second}'|garden, fully grown "
        "and alive: {a_first} or {a_second}}?",
    ),
    test_wordings=(
        "{who} knits two {names into a scarf, letter by letter: '{first}' and '{second}'|toys in the size of the real "
        "animal: {a_first} and {a_second}}. Which of them uses up more wool?",
        "For a {sign {who} buys metal letters, each|zoo {who} buys food, each kilo} at the same price. Which "
        "{sign is dearer, '{first}' or '{second}'|animal is dearer to feed, {a_first} or {a_second}}?",
    ),
)

WRONG_WAYS = word_bank(
    "wrongly, incorrectly, badly, falsely, poorly, carelessly, terribly, imperfectly"
    " | inaccurately, horribly, awfully, faultily, dreadfully"
)
HARD_WORDS = word_bank(
    "rhythm, necessary, rhinoceros, embarrass, acquaintance, guarantee, pneumonia, zucchini, millennium, bureau"
    " | conscience, parallel, yacht, broccoli, queue, maintenance"
)


def _misspelt(draw: Draw) -> Instance:
    way, hard = draw.noun(WRONG_WAYS), draw.noun(HARD_WORDS)
    return Instance(
        facts={"way": way, "hard": hard, "who": draw.noun(PEOPLE)},
        answer=way,
        aliases=(f"the word {way}", f"the word '{way}' itself", f"the word is spelled {way}",
                 f"{way} is spelled {way}"),
        trap=hard,
        why=f"Spelled {'-'.join(way)}, it is the word '{way}', and that is how everybody spells it.",
        hints=("Read it as if it told you how the word is spelled.", "The word is in the question."),
        contrast_answer=hard,
        contrast_aliases=(f"the word {hard}", f"{hard} is spelled {way}"),
        contrast_why=f"The only mistake is in '{hard}', so that is the word.",
    )  # fmt: skip


SPELLED_WRONGLY = Family(
    "spelled-wrongly",
    _misspelt,
    kind=Kind.PHRASE,
    wordings=(
        "{who}'s dictionary has {no misprint, not even|a single misprint, and that} in '{hard}'. Which word is spelled "
        "{way} in it{|, with a letter missing}?",
        "{who} {wins|loses} every spelling contest and gets {even '{hard}' right|only '{hard}' wrong}. {Still|So}, "
        "which word does {who} always spell {way}{|, with a letter too many}?",
        "Ask {who}, the best of all spellers, for '{hard}', and you get {it without a|{who}'s only} mistake. Which "
        "English word does even {who} spell {way}{|, with two letters swapped}?",
    ),
    test_wordings=(
        "A computer that makes {no mistakes writes '{hard}'|a mistake in '{hard}' and nowhere else writes} for {who}. "
        "Which word does even this computer spell {way}{|, with a letter too few}?",
        "A teacher says to {who}: 'You can spell {{hard} and all other words|all words but {hard}}. {Yet|So} there is "
        "one that you spell {way}, and you {are right to do so|should learn its letters}.' Which one is it?",
    ),
)

RHYMES = word_bank(
    "silk:milk, roast:toast, boast:toast, coast:toast, pork:fork, cork:fork, stork:fork, hop:stop, shop:stop,"
    " drop:stop, folk:yolk, joke:yolk, oak:yolk, money:honey, funny:honey, sunny:honey, tune:moon, noon:moon"
    " | key:tea, pea:tea, knee:tea, men:hen, pen:hen, den:hen, house:mouse, blouse:mouse, bin:tin, chin:tin, skin:tin"
)
ASKED = {
    "milk": ("What do grown cows drink?", "What do grown cows give?", "water"),
    "toast": ("What do you put into a toaster?", "What do you get out of a toaster?", "bread"),
    "fork": ("What do you eat soup with?", "What has prongs and lies beside the knife at dinner?", "a spoon"),
    "stop": ("What do cars do when the light is green?", "What do cars do when the light is red?", "go"),
    "yolk": (
        "What do you call the clear part of a raw egg?",
        "What do you call the yellow part of a raw egg?",
        "egg white",
    ),
    "honey": ("What do bees drink from flowers?", "What do bees store in combs for the winter?", "nectar"),
    "moon": ("What shines brightest in the sky by day?", "What shines brightest in the sky by night?", "the sun"),
    "tea": ("An espresso is a small cup of which hot drink?", "What hot drink is made of dried leaves?", "coffee"),
    "hen": ("Which bird on a farm crows at dawn?", "Which bird on a farm sits on eggs and clucks?", "a rooster"),
    "mouse": ("Which pet do mice fear most?", "Which squeaking animal do cats like to hunt?", "a cat"),
    "tin": ("What metal are most drink cans made of?", "What metal makes bronze out of copper?", "aluminium"),
}
"""For each tempting word: the question to which it is wrong, one to which it is right, and the answer to the first."""
ALSO_RIGHT = {
    "toast": ("slices of bread", "a slice of bread", "sliced bread", "bread slices"),
    "stop": ("drive", "they drive", "they go", "drive on", "move", "keep going", "they drive on", "start"),
    "yolk": ("the white", "albumen"),
    "honey": ("pollen",),
    "hen": ("a cock", "a cockerel", "roosters"),
    "mouse": ("cats",),
    "tin": ("aluminum", "of aluminium", "of aluminum"),
}
PLAIN_ALSO_RIGHT = {
    "toast": ("toasted bread", "toasted slices", "slices of toast"),
    "yolk": ("the egg yolk",),
    "hen": ("a chicken", "chickens"),
    "mouse": ("mice", "a rat"),
}
"""What else is right as an answer to the second question; `ALSO_RIGHT` is for the first."""


def _rhyme(draw: Draw) -> Instance:
    word, trap = draw.noun(RHYMES).split(":")
    ask, plain, answer = ASKED[trap]
    return Instance(
        facts={"word": word, "n": draw.number(3, 12), "who": draw.noun(PEOPLE), "ask": ask, "plain": plain},
        answer=answer,
        aliases=ALSO_RIGHT.get(trap, ()),
        trap=trap,
        why=f"The sound of '{word}' leads to '{trap}', but the right answer is {answer}.",
        hints=("Forget the sound of the word before you answer.",),
        contrast_answer=trap,
        contrast_aliases=(f"they {trap}", f"{trap}s", f"of {trap}", *PLAIN_ALSO_RIGHT.get(trap, ())),
        contrast_why=f"Here what rhymes with '{word}' is right as well: {trap}.",
    )  # fmt: skip


SAY_SILK = Family(
    "say-silk",
    _rhyme,
    kind=Kind.PHRASE,
    wordings=(
        "Say '{word}' {n} times, as fast as you can. {{ask}|{plain}}",
        "{who} makes you repeat '{word}' {n} times and then asks at once: '{{ask}|{plain}}' What do you answer?",
        "Spell '{word}' aloud for {who}, {n} times in a row. Ready? {{ask}|{plain}}",
    ),
    test_wordings=(
        "Together with {who}, shout '{word}' {n} times. Now the question. {{ask}|{plain}}",
        "After {n} rounds of '{word}, {word}!' {who} wants to know from you, quickly: '{{ask}|{plain}}' Your answer?",
    ),
)

ROOMS = word_bank(
    "kitchen, cellar, playroom, bathroom, bedroom, hallway, pantry, garage, library, workshop, corridor, ballroom,"
    " nursery | lounge, larder, laundry, dining room, conservatory, studio, gallery, hall, scullery, parlour,"
    " cloakroom"
)
HOUSEHOLD = word_bank(
    "broom, ladder, lamp, mirror, clock, bucket, chair, carpet, candle | stool, screen, kettle, vase, rug"
)


def _once_twice_never(once: str, twice: str, never: str) -> set[str]:
    """Return the letters that are once in the first word, twice in the second and not in the third."""
    doubled = (letter for letter in set(twice) if twice.count(letter) == 2)
    return {letter for letter in doubled if letter not in never and once.count(letter) == 1}


@functools.cache
def _rooms_and_letters(held_out: bool) -> tuple[tuple[str, ...], ...]:
    """Return all triples of rooms to which only one letter fits, each with that letter."""
    triples = itertools.permutations(ROOMS.test if held_out else ROOMS.train, 3)
    found = ((rooms, _once_twice_never(*rooms)) for rooms in triples)
    # An A could be taken for an article.
    return tuple((*rooms, *letters) for rooms, letters in found if len(letters) == 1 and letters != {"a"})


def _rooms(draw: Draw) -> Instance:
    once, twice, never, letter = draw.choice(_rooms_and_letters(draw.held_out))
    letter, thing = letter.upper(), draw.noun(HOUSEHOLD)
    return Instance(
        facts={"once": once, "twice": twice, "never": never, "thing": thing, "who": draw.noun(PEOPLE)},
        answer=f"the letter {letter}",
        aliases=(letter,),
        trap=a(thing),
        why=f"Not in the rooms but in their names: {letter} is once in '{once}', twice in '{twice}' and not in "
        f"'{never}'.",
        hints=(f"it is not {a(thing)}: there is one in the {never} too.", "Look at the words, not into the rooms."),
        contrast_answer=a(thing),
        contrast_aliases=(f"{thing}s",),
        contrast_why=f"That is what is in the {once} and in the {twice}.",
    )  # fmt: skip


ONCE_IN_A_KITCHEN = Family(
    "once-in-a-kitchen",
    _rooms,
    kind=Kind.LETTER,
    contrast_kind=Kind.PHRASE,
    wordings=(
        "{who} has {a_thing} in the {once}, two in the {twice} and {one|none} in the {never}. What "
        "{is there once in every|does {who} have once in the} {once}, twice in {every|the} {twice}, but never in "
        "{any|the} {never}?",
        "One {thing} stands in the {once} of {who}, two stand in the {twice}, {one|none} in the {never}. "
        "{What does every {once} contain once and every {twice} twice, but no {never} at all|Which thing has {who} put "
        "once in the {once} and twice in the {twice}, but not at all in the {never}}?",
        "{who} bought {thing}s: one for the {once}, two for the {twice}, {one|none} for the {never}. What "
        "{do people find once in any {once}, twice in any|did the shop deliver once to the {once}, twice to the} "
        "{twice} and never {in any {never}, wherever they live|to the {never}}?",
    ),
    test_wordings=(
        "{Every {once} has one, every {twice} has two, no {never} has any, although {who} keeps {a_thing} in each of "
        "the three|The {once} has one, the {twice} has two, the {never} has none, and all come from {who}, who sells "
        "{thing}s and nothing else}. What is it?",
        "What is it that {turns up once in each|a guest can sit on, use or break once in the} {once}, twice in "
        "{each {twice}, but in no {never}, even|the {twice}, but not in the {never},} if {who} puts {a_thing} into "
        "{all three|the first, two into the second and nothing more}?",
    ),
)

CAPITALS = word_bank(
    "France:Paris, Italy:Rome, Spain:Madrid, Germany:Berlin, Greece:Athens, Japan:Tokyo, Egypt:Cairo, Norway:Oslo,"
    " Russia:Moscow, Hungary:Budapest, Cuba:Havana, Kenya:Nairobi, China:Beijing, Poland:Warsaw,"
    " Ireland:Dublin, Denmark:Copenhagen, Lebanon:Beirut, Mongolia:Ulaanbaatar, Thailand:Bangkok, Zambia:Lusaka"
    " | Peru:Lima, Portugal:Lisbon, Sweden:Stockholm, Finland:Helsinki"
)


def _capital(draw: Draw) -> Instance:
    country, city = draw.noun(CAPITALS).split(":")
    letter = country[0]
    return Instance(
        facts={"country": country, "n": draw.number(3, 20), "who": draw.noun(PEOPLE)},
        answer=f"the letter {letter}",
        aliases=(letter, f"capital {letter}", f"the capital letter {letter}", f"{country} begins with {letter}",
                 f"{country} begins with the letter {letter}", f"{country} begins with a capital {letter}"),
        trap=city,
        why=f"The name '{country}' is spelled with one capital letter, {letter}; the city is {city}, but that was "
        f"not asked.",
        hints=("Not every capital is a city.",),
        contrast_answer=city,
        contrast_aliases=(f"the city of {city}",),
        contrast_why=f"The capital of {country} is {city}.",
    )  # fmt: skip


CAPITAL_OF_THE_WORD = Family(
    "capital-of-the-word",
    _capital,
    kind=Kind.LETTER,
    contrast_kind=Kind.PHRASE,
    transfer=True,
    wordings=(
        "{who} knows {n} capitals by heart. Which capital does {'{country}' begin with|{country} have}?",
        "On a map of {n} countries {who} reads '{country}'. What is the one capital {in this name|of this country}?",
        "Question {n} of the quiz, says {who}, needs a {sharp eye|good atlas}: which capital stands at the "
        "{beginning of '{country}'|head of {country}}?",
        "For {n} points, {who}: which capital comes first when you write down the {word '{country}'|cities of "
        "{country}}?",
        "{who} {prints {n} words letter by letter, and one of them is '{country}'|visits {n} countries one by one, and "
        "one of them is {country}}. Which capital does this {word take|country have}?",
    ),
)

COLOURED = word_bank(
    "coal:is:black, soot:is:black, snow:is:white, tomato ketchup:is:red, spinach:is:green, tar:is:black,"
    " egg yolk:is:yellow, milk:is:white, ravens:are:black, buttercups:are:yellow, snowmen:are:white,"
    " whipped cream:is:white, cotton wool:is:white, crows:are:black, emeralds:are:green"
    " | pitch:is:black, snowballs:are:white"
)
COLOURS = ("black", "white", "green", "red", "yellow", "pink", "blue")


def _grammar(draw: Draw) -> Instance:
    thing, verb, true = draw.noun(COLOURED).split(":")
    false = draw.choice(tuple(colour for colour in COLOURS if colour != true))
    first, second = draw.choice((("is", "are"), ("are", "is")))
    return Instance(
        facts={"thing": thing, "false": false, "true": true, "first": first, "second": second, "n": draw.number(3, 12),
               "who": draw.noun(PEOPLE)},
        answer="neither",
        aliases=("neither of them", "neither of the two", "neither one", "both are wrong", "neither is true",
                 "neither of them is true", "neither of them is right", "neither of them is correct",
                 "neither of the two is right", "neither of the two is true", "neither of the two is correct",
                 "neither sentence is true", "both sentences are false", "both sentences are wrong", "both are false",
                 "they are both wrong", "they are both false", "neither is right", "neither is correct",
                 "neither sentence", "neither sentence is right", "neither sentence is correct", true),
        trap=f"{thing} {verb} {false}",
        why=f"It is not the grammar that matters here: {thing} {verb} {true}.",
        hints=("A sentence can be good English and still be false.",),
        contrast_answer=f"{thing} {verb} {true}",
        contrast_aliases=(verb, f"the one with '{verb}'"),
        contrast_why=f"It is true that {thing} {verb} {true}, and the grammar is right.",
    )  # fmt: skip


COAL_ARE_WHITE = Family(
    "coal-are-white",
    _grammar,
    kind=Kind.PHRASE,
    transfer=True,
    wordings=(
        "What is right, asks {who}: '{thing} {first} {{false}|{true}}' or '{thing} {second} {{false}|{true}}'?",
        "{who} has been learning English for {n} months. Is it correct to say that {thing} {first} {{false}|{true}}, "
        "or that {thing} {second} {{false}|{true}}?",
        "Of {n} pupils some write '{thing} {first} {{false}|{true}}', the others '{thing} {second} {{false}|{true}}'. "
        "Which sentence should {who}, their teacher, mark as correct?",
        "Two boys have argued for {n} minutes. One keeps saying '{thing} {first} {{false}|{true}}', the other '{thing} "
        "{second} {{false}|{true}}'. Which sentence does {who} find to be right?",
        "'{thing} {first} {{false}|{true}}' or '{thing} {second} {{false}|{true}}': which of these sentences may {who} "
        "put, as correct, into a school book of {n} pages?",
    ),
)

FAMILIES = (
    LETTERS_IN_IT, LETTERS_ON_THE_BAG, BIGGER_WORD, SPELLED_WRONGLY, SAY_SILK, ONCE_IN_A_KITCHEN, CAPITAL_OF_THE_WORD,
    COAL_ARE_WHITE,
)  # fmt: skip
