"""Deduction: liars, labels, socks, switches and hats, where one has to think a step further."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, a, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

COLOURS = word_bank(
    "red, blue, green, black, white, grey, brown, yellow | pink, purple, orange, beige, turquoise, violet, silver"
)
SOCKS = word_bank("socks, stockings, knee socks, woollen socks, cotton socks, ski socks | tennis socks, silk socks")
DRAWERS = word_bank("drawer, basket, bag, suitcase, chest, laundry tub | trunk, wardrobe, box, backpack")


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _socks(draw: Draw) -> Instance:
    kinds, each = draw.number(2, 4), draw.number(8, 16)
    colours, socks = draw.nouns(COLOURS, kinds), draw.noun(SOCKS)
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "The power has been off for %d hours."), "colours": _listed(colours),
               "n": each, "c": kinds, "socks": socks, "drawer": draw.noun(DRAWERS),
               "piles": _listed([f"{each} {colour}" for colour in colours]), "who": draw.noun(PEOPLE)},
        answer=str(kinds + 1),
        unit=f"{socks}|socks",
        aliases=(f"at least {kinds + 1}", f"you need {kinds + 1}", f"you need {kinds + 1} socks"),
        trap=str(each + 1),
        why=f"At worst the first {kinds} all differ, and the next one matches one of them: {kinds} + 1 = {kinds + 1}.",
        hints=("The colour of the pair does not matter.", "How many could there be that all differ?"),
        contrast_answer=str(each + 1),
        contrast_aliases=(f"at least {each + 1}", f"you need {each + 1}", f"you need {each + 1} socks"),
        contrast_why=f"At worst the first {each} are all alike, and the next one differs: {each} + 1 = {each + 1}.",
    )  # fmt: skip


SOCKS_IN_THE_DARK = Family(
    "socks-in-the-dark",
    _socks,
    wordings=(
        "{extra}The lamp is broken, and {who}'s {drawer} holds {piles} {socks}. How many {socks} must {who} take out "
        "in the dark to be sure of two of {the same colour|different colours}?",
        "{extra}In a {drawer} there are {n} {socks} of each colour: {colours}. {who} reaches in without looking. What "
        "is the smallest number of {socks} among which two are sure {|not }to match?",
        "{extra}{who} wakes before dawn and needs two {socks} {of one colour, any colour|not of one colour, for fun}, "
        "from a {drawer} with {piles} ones. How many {socks} does {who} have to pull out, at worst, in the pitch dark?",
    ),
    test_wordings=(
        "{extra}{who}, blindfolded, picks {socks} from a {drawer} that has {n} in every one of {c} colours "
        "({colours}). After how many {socks} is it certain that two {|do not }go together?",
        "{extra}{piles} {socks} lie mixed up in a {drawer}. With eyes shut, how many {socks} does {who} have to grab "
        "so that at least one pair in {a single colour|two colours} is guaranteed?",
    ),
)

GUARDS = word_bank("guards, knights, monks, sisters, giants, brothers, wizards | dwarfs, cousins, nuns, fairies")
WAYS = word_bank("door, gate, bridge, tunnel, path, staircase | ladder, road, lift, corridor")


def _right(colour: str, way: str, who: str) -> tuple[str, ...]:
    """Return other answers that name the right way."""
    right = f"the {colour} {way}"
    return (colour, f"the {colour} one", f"take {right}", f"{who} should take {right}",
            f"{right} leads out", f"{right} leads home", f"{right} is safe", f"{right} is right")  # fmt: skip


def _guards(draw: Draw) -> Instance:
    pointed, other = draw.nouns(COLOURS, 2)
    first, second = draw.choice(((pointed, other), (other, pointed)))
    way, who = draw.noun(WAYS), draw.noun(PEOPLE)
    return Instance(
        facts={"guards": draw.noun(GUARDS), "way": way, "pointed": pointed, "first": first, "second": second,
               "who": who},
        answer=f"the {other} {way}",
        aliases=_right(other, way, who),
        trap=f"the {pointed} {way}",
        why=f"Whoever was asked, the reply holds exactly one lie, so what it says is false: it is the {other} {way}.",
        hints=("How many of the two have a hand in the reply?", "What if the liar was asked, what if not?"),
        contrast_answer=f"the {pointed} {way}",
        contrast_aliases=_right(pointed, way, who),
        contrast_why=f"Everybody here is honest, so what the reply says is true: it is the {pointed} {way}.",
    )  # fmt: skip


TWO_GUARDS = Family(
    "two-guards",
    _guards,
    kind=Kind.CHOICE,
    wordings=(
        "Two {guards} know which {way} leads out, {a_first} one or {a_second} one, and they know each other: "
        "{one always lies, one never does|neither ever lies}. {who} asks one of them which {way} the other would call "
        "right, and hears: 'The {pointed} one.' Which {way} leads out, the {first} one or the {second} one?",
        "Of two {guards}, who know the way home and each other, {one is honest and one lies|both are honest} in every "
        "word. 'Which {way} would the other tell me to take?' asks {who}. 'The {pointed} {way}.' Should {who} take the "
        "{first} {way} or the {second} {way}?",
        "Treasure lies beyond {a_first} {way} or {a_second} {way}, and two {guards} know where, and each other. One "
        "{can only|cannot} lie, the other cannot lie{| either}, and {who} does not know who is who. Asked what the "
        "other would say, one of them says: '{pointed}'. Beyond which {way} does the treasure lie?",
    ),
    test_wordings=(
        "{who} may put one question to one of two {guards}, of whom {one always lies and one never does|neither one "
        "nor the other lies}, and chooses: 'What does your partner call the safe {way}?' The reply is '{pointed}'. "
        "Both know the truth and each other. Is the {first} or the {second} {way} safe?",
        "There are {a_first} {way} and {a_second} {way}, and only one of them leads home. The two {guards} who know "
        "it, and each other, are {a total liar and a friend|both friends} of the truth. One says to {who}: 'If you ask "
        "the other one, you will be sent to the {pointed} {way}.' Which {way} leads home?",
    ),
)

GOODS = word_bank(
    "apples, pears, plums, lemons, nuts, carrots, onions, eggs, buttons, candles, coins, pencils"
    " | melons, beans, figs, marbles, nails, stamps, shells"
)
VESSELS = word_bank("crate, bag, tin, jar, basket, drawer, parcel | barrel, sack, chest, carton, bucket")


def _contents(goods: str, box: str, label: str) -> tuple[str, ...]:
    """Return other answers that name what is in a box."""
    return (f"only {goods}", f"just {goods}", f"nothing but {goods}", f"it contains {goods}", f"it holds {goods}",
            f"it is full of {goods}", f"there are {goods} in it", f"the {box} labelled '{label}' contains {goods}",
            f"the {box} labelled '{label}' holds {goods}")  # fmt: skip


def _labels(draw: Draw) -> Instance:
    drawn, other = draw.nouns(GOODS, 2)
    box = draw.noun(VESSELS)
    return Instance(
        facts={"drawn": drawn, "other": other, "one": drawn.removesuffix("s"), "box": box, "who": draw.noun(PEOPLE)},
        answer=other,
        aliases=_contents(other, box, drawn),
        trap=drawn,
        why=f"The {box} that promises a mixture has only {drawn} in it, as its label is wrong. The one that promises "
        f"{other} must then have the mixture, so what is left for this one is {other}.",
        hints=("Begin with the label that promises both.",),
        contrast_answer=drawn,
        contrast_aliases=_contents(drawn, box, drawn),
        contrast_why=f"All three labels tell the truth, and so does this one: it is {drawn}.",
    )  # fmt: skip


WRONG_LABELS = Family(
    "wrong-labels",
    _labels,
    kind=Kind.PHRASE,
    wordings=(
        "Of three {box}s one holds {drawn}, one {other}, one a mixture. The labels say '{drawn}', '{other}' and "
        "'mixed', {but|and} every label is on the {wrong|right} {box}. From the {box} labelled 'mixed' {who} takes "
        "{a_one}. What is in the {box} labelled '{drawn}'?",
        "{who} knows that all three labels in the cellar are {lies|true}. One {box} there is full of {drawn}, one of "
        "{other}, one of both. The {box} labelled 'both' has {a_one} on top. What is the {box} labelled '{drawn}' full "
        "of?",
        "A joker has moved the labels of {who}'s three {box}s{, so that none is right any more| and put them back, so "
        "that all are right}: '{other}', '{drawn}', and '{other} and {drawn}'. Inside are {drawn}, {other}, and some "
        "of each. Out of the last comes {a_one}. What comes out of the one marked '{drawn}'?",
    ),
    test_wordings=(
        "Not one label tells {the truth|a lie} on three {box}s, of which one has {drawn} in it, one {other}, one some "
        "of each. {who} pulls {a_one} out of the {box} marked 'some of each'. What does the {box} marked '{drawn}' "
        "contain?",
        "{who} sold a {box} of {drawn}, a {box} of {other} and one filled half and half, and put {a wrong|the right} "
        "label on each of the three. The buyer looks into 'half and half' and finds {a_one}. What will be found in the "
        "one marked '{drawn}'?",
    ),
)

ROOMS = word_bank("attic, cellar, pantry, tower, garage, barn, workshop | loft, shed, library, laundry")


def _bulb(draw: Draw) -> Instance:
    colours = draw.nouns(COLOURS, 3)
    before, now, never = colours
    first, room = draw.below(3), draw.noun(ROOMS)
    return Instance(
        facts={"extra": distractor(draw, 20, 40, f"From the switches to the {room} it is %d steps."), "before": before,
               "now": now, "never": never, "room": room, "n": draw.number(10, 20),
               "switches": _listed(colours[first:] + colours[:first]), "who": draw.noun(PEOPLE)},
        answer=f"the {before} switch",
        aliases=(before, f"the {before} one", f"the {before} switch works it"),
        trap=f"the {never} switch",
        why="A bulb that is off and still hot was on until just now, and so was its switch: "
        f"it is the {before} switch.",
        hints=("A bulb tells more than whether it shines.",),
        contrast_answer=f"the {never} switch",
        contrast_aliases=(never, f"the {never} one", f"the {never} switch works it"),
        contrast_why="A bulb that is off and cold has not been on, and its switch has not been used: "
        f"it is the {never} switch.",
    )  # fmt: skip


WARM_BULB = Family(
    "warm-bulb",
    _bulb,
    kind=Kind.PHRASE,
    wordings=(
        "{extra}Of three switches, {switches}, one works an old glass bulb in the {room}. {who} leaves the {before} "
        "one on for {n} minutes, turns it off, turns the {now} one on, never touches the {never} one, and goes to look "
        "at once. The bulb is dark {but hot|and cold}. Which switch works it?",
        "{extra}The {never} switch has been off all day. The {before} one was on for {n} minutes, until {who} turned "
        "it off and the {now} one on, just now. In the {room} hangs an old bulb, out {but too hot to touch|and as cold "
        "as ice}. Which switch works the bulb?",
        "{extra}{who} has three switches and one old light bulb in the {room}. {who} turns the {before} switch off, "
        "which was on for {n} minutes, leaves the {never} one off, turns the {now} one on and runs to the {room}. No "
        "light, {but it burns|and it cools} the fingers. Which is the right switch?",
    ),
    test_wordings=(
        "{extra}An old-fashioned bulb in the {room} gives no light, {yet {who} feels|and {who} feels no} heat from it. "
        "A moment ago the {before} switch was turned off, having been on for {n} minutes, and the {now} one on; the "
        "{never} one was not used. Which of the three works the bulb?",
        "{extra}Three switches ({switches}), an old bulb in the {room} and a single look at it: {who} has the {before} "
        "switch on for {n} minutes, then only the {now} one, the {never} one at no time. When {who} arrives, the bulb "
        "is unlit and {nicely warm|quite cold}. Which switch works it?",
    ),
)

CRAFTS = word_bank(
    "barber:haircut:neat:ragged, hairdresser:hairdo:smart:messy, tailor:suit:elegant:shabby,"
    " tattooist:tattoo:fine:blotchy, manicurist:manicure:shiny:chipped"
    " | hatter:hat:splendid:crooked, wigmaker:wig:perfect:patchy, dressmaker:coat:stylish:baggy"
)


def _better(name: str, craft: str, who: str) -> tuple[str, ...]:
    """Return other answers that name the better of two."""
    return (f"{name} is", f"{name} does", f"{name} is better", f"{name} is the better {craft}", f"choose {name}",
            f"{who} should choose {name}", f"{name} does the better work", f"{name} has the greater skill",
            f"from {name}")  # fmt: skip


def _barbers(draw: Draw) -> Instance:
    craft, product, good, bad = draw.noun(CRAFTS).split(":")
    neat, ragged, who = draw.nouns(PEOPLE, 3)
    looks = (
        f"{neat} has {a(good)} {product}, {ragged} {a(bad)} one",
        f"{ragged} has {a(bad)} {product}, {neat} {a(good)} one",
    )
    first, second = draw.choice(((neat, ragged), (ragged, neat)))
    return Instance(
        facts={"craft": craft, "product": product, "good": good, "look": draw.choice(looks), "first": first,
               "second": second, "who": who},
        answer=ragged,
        aliases=_better(ragged, craft, who),
        trap=neat,
        why="Each of them shows the work of the other, and the one who looks worse has done the better work: "
        f"so it is {ragged}.",
        hints=("Whose work does one see on each of them?",),
        contrast_answer=neat,
        contrast_aliases=_better(neat, craft, who),
        contrast_why="Each of them shows their own work, and the one who looks better has done the better work: "
        f"so it is {neat}.",
    )  # fmt: skip


TWO_BARBERS = Family(
    "two-barbers",
    _barbers,
    kind=Kind.CHOICE,
    wordings=(
        "On an island, where nobody comes or goes, there are just two {craft}s, {first} and {second}, "
        "{neither of whom is ever|each of whom is always} their own customer. {look}. Which of them is the better "
        "{craft}?",
        "{who} wants {a_good} {product} and visits the only two {craft}s in the valley. {look}, and each of these is "
        "the {work of the other|owner's own work}. Whom should {who} choose, {first} or {second}?",
        "In a village with two {craft}s {nobody may|everybody has to} see to their own {product}, "
        "{and no stranger does it for them|with no help from others}. {look}; these two are the {craft}s. Who does the "
        "better work?",
    ),
    test_wordings=(
        "'Who gave you that {product}?' asks {who}. The town's two {craft}s, {first} and {second}, point at "
        "{each other|themselves}, and truly so. {look}. Who has the greater skill?",
        "{first} and {second}, {craft}s and friends, have long been {each other's only customer|nobody's customer but "
        "their own}. {look}, both of this week. From whom of the two would {who} get {a_good} {product}?",
    ),
)

WEARERS = word_bank("dancers, pupils, sailors, clowns, cooks, drummers, pirates | jugglers, porters, judges")
HATS = word_bank("hats, caps, bonnets, helmets, berets | hoods, top hats")


def _worn(colour: str, hat: str, who: str) -> tuple[str, ...]:
    """Return other answers that name the colour that somebody wears."""
    return (f"a {colour} one", f"a {colour} {hat}", f"{who} wears {colour}", f"{who} wears a {colour} {hat}",
            f"{who}'s {hat} is {colour}")  # fmt: skip


def _hats(draw: Draw) -> Instance:
    seen, unseen = draw.nouns(COLOURS, 2)
    others, spare, hats = draw.number(2, 6), draw.within(2, 6), draw.noun(HATS)
    hat, who = hats.removesuffix("s"), draw.noun(PEOPLE)
    return Instance(
        facts={"n": others, "people": others + 1, "spare": spare, "all": others + spare, "seen": seen, "unseen": unseen,
               "hats": hats, "hat": hat, "wearers": draw.noun(WEARERS), "who": who},
        answer=unseen,
        aliases=_worn(unseen, hat, who),
        trap=seen,
        why=f"Every {hat} of the colour that {who} sees is on another head, so just the other colour is "
        f"left: it is {unseen}.",
        hints=("Count what is on the heads of the others.",),
        contrast_answer=seen,
        contrast_aliases=_worn(seen, hat, who),
        contrast_why=f"Every {hat} there has the same colour, so this one too is {seen}.",
    )  # fmt: skip


THE_LAST_HAT = Family(
    "the-last-hat",
    _hats,
    kind=Kind.PHRASE,
    transfer=True,
    wordings=(
        "A box holds {{n}|{all}} {seen} {hats} and {{spare}|no} {unseen} ones. In the dark {people} {wearers} put on "
        "one each. When the light goes on, {who}, who is one of them, sees only {seen} {hats} on the others. What "
        "colour is on {who}'s own head?",
        "{people} {wearers} close their eyes and get {hats} out of a bag, which has {{spare} {unseen} and {n}|no "
        "{unseen} but {all}} {seen} ones in it. {who}, one of the {wearers}, is the first to look: {n} {seen} {hats} "
        "all around. What colour does {who} wear?",
        "{who} is one of {people} {wearers} in a ring, and sees every {hat} but one. They were handed out in the dark: "
        "a shop had {{n}|{all}} {seen} {hats} and {{spare}|none} in {unseen}. All that {who} sees is {seen}. What is "
        "the colour of the {hat} that {who} does not see?",
        "There were {{n}|{all}} {seen} {hats} and {{spare}|no} {unseen} ones on a shelf when the lamp failed, and "
        "{people} {wearers} took one each. In the light of a match {who}, one of them, counts {n} {seen} {hats} on the "
        "heads of the rest. What is the colour on the head of {who}?",
        "Blindfolded, {people} {wearers} are given {hats} from a chest with {{spare} in {unseen} and just {n}|none in "
        "{unseen} and as many as {all}} in {seen}. {who}, one of these {wearers}, takes the blindfold off and finds "
        "all the others in {seen}. Which colour must {who} be wearing?",
    ),
)


def _liars(draw: Draw) -> Instance:
    speaker, other, who = draw.nouns(PEOPLE, 3)
    first, second = draw.choice(((speaker, other), (other, speaker)))
    return Instance(
        facts={"speaker": speaker, "other": other, "who": who, "first": first, "second": second},
        answer=other,
        aliases=(f"only {other}", f"{other} is", f"{other} does", f"{other} is honest", f"{other} tells the truth",
                 f"{who} can trust {other}"),
        trap="neither",
        why="Only a liar says such a thing, so it is false that both lie, and the silent one of the two is honest.",
        hints=("Can an honest one say such a thing?",),
        contrast_answer="neither",
        contrast_aliases=("neither of them", "neither of the two", "none", "none of them", "nobody", "no one",
                          "neither one", "both are liars", "both of them are liars", "they are both liars",
                          f"neither {first} nor {second}", f"neither {second} nor {first}"),
        contrast_why="The one who says it never lies, and says it of both.",
    )  # fmt: skip


BOTH_LIARS = Family(
    "both-liars",
    _liars,
    transfer=True,
    wordings=(
        "On an island some people always lie and all others always tell the truth. {first} and {second} live there, "
        "and {{speaker}|an honest judge} says to {who}: '{We|They} are both liars.' Which of the two tells the truth?",
        "{first} and {second} come from a town of perfect liars and perfectly honest people, and of nobody in between. "
        "{{speaker}|The honest mayor} sighs: 'Neither {other} nor {I am|{speaker} is} honest.' Which of them can {who} "
        "trust?",
        "'{other} lies whenever there is something to say, and so {do I,' says {speaker}|does {speaker},' says a "
        "priest} to {who}. {In their|He never lies. In the} village people either never lie or do nothing else. Who is "
        "honest, {first} or {second}?",
        "Everybody in the valley either always lies or never lies. {who} meets {first} and {second} there, and hears "
        "{{speaker}|a judge who never lies} say: 'Both of {us|them} are liars.' Which of the two is honest?",
        "'There is no honest person among {the two of us, {other} and me|those two, {other} and {speaker}},' says "
        "{{speaker}|an abbot who never lies}. {who} knows that {first} and {second} are either perfect liars or "
        "perfectly truthful, each of them. Whose word is worth something, {first}'s or {second}'s?",
    ),
)

FAMILIES = (
    SOCKS_IN_THE_DARK, TWO_GUARDS, WRONG_LABELS, WARM_BULB, TWO_BARBERS, THE_LAST_HAT, BOTH_LIARS,
)  # fmt: skip
