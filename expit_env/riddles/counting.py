"""Counting traps: the sum that the numbers suggest is not the one asked for."""

from __future__ import annotations

from expit_env.riddles.draw import Draw, distractor, in_steps, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

BIRDS = word_bank(
    "crows, sparrows, pigeons, robins, starlings, gulls, blackbirds, doves | ravens, finches, swallows, magpies"
)
PERCHES = word_bank(
    "wire, fence, branch, clothes line, rope, crossbar, telephone line | railing, mast, power line, bough"
)


def _birds(draw: Draw) -> Instance:
    total = draw.number(5, 12)
    shot = draw.within(2, total - 2)
    (birds, others), perch = draw.nouns(BIRDS, 2), draw.noun(PERCHES)
    return Instance(
        facts={"extra": distractor(draw, 4, 9, f"In a field, %d {others} are looking for worms."), "n": total,
               "k": shot, "birds": birds, "perch": perch},
        answer="0",
        unit=f"{birds}|birds",
        trap=str(total - shot),
        why=f"The bang frightens the other {birds}, and they all fly away, so none is left.",
        hints=("A shot is very loud.", f"What do {birds} do when they are frightened?"),
        contrast_answer=str(total - shot),
        contrast_why=f"Wooden {birds} cannot fly away, so {total} - {shot} = {total - shot} are left.",
    )  # fmt: skip


BIRDS_ON_A_WIRE = Family(
    "birds-on-a-wire",
    _birds,
    wordings=(
        "{extra}There are {n} {|wooden }{birds} on a {perch}. A {hunter shoots|boy takes} {k} of them. How many are "
        "left on the {perch}?",
        "{extra}{n} {|wooden }{birds} sit on a {perch}. A farmer {fires his gun and hits|carries off} {k}. How many "
        "{birds} still sit there?",
        "{extra}A {hunter|carver} sees {n} {|wooden }{birds} on a {perch} and {shoots|sells} {k}. How many {birds} "
        "remain on the {perch}?",
        "{extra}On a {perch} somebody counts {n} {|wooden }{birds}. {A shot rings out, and {k} of them fall dead|Then "
        "{k} of them are taken down by hand}. How many are still on the {perch}?",
        "{extra}How many {birds} stay on a {perch} with {n} {|wooden }{birds} when a {huntsman shoots|toymaker "
        "removes} {k}?",
        "{extra}'I {shot|took} {k} of the {n} {|wooden }{birds} that were on the {perch},' says a {hunter|collector}. "
        "How many {birds} did that leave on the {perch}?",
    ),
    test_wordings=(
        "{extra}On a {perch} rest {n} {birds}{| of wood}. Two {loud shots bring|workmen take} down {k} of them. How "
        "many stay on the {perch}?",
        "{extra}{k} out of {n} {|wooden }{birds} on a {perch} are {shot by a hunter|sold by a joiner}. How many are on "
        "the {perch} a minute later?",
    ),
)

ANIMALS = word_bank("cows, goats, horses, ducks, chickens, pigs, donkeys, hens | lambs, geese, ponies, turkeys, calves")
HERDERS = word_bank("farmer, shepherd, widow, miller, baron, peasant | herdsman, landlord, squire, nun")


def _all_but(draw: Draw) -> Instance:
    total = draw.number(9, 20)
    kept = draw.within(2, total - 2, but=total / 2)
    animals, others = draw.nouns(ANIMALS, 2)
    return Instance(
        facts={"extra": distractor(draw, 5, 15, f"A neighbour has %d {others}."), "n": total, "k": kept,
               "animals": animals, "owner": draw.noun(HERDERS)},
        answer=str(kept),
        unit=animals,
        trap=str(total - kept),
        why=f"The exception is {kept} of the {animals}, and the question is about the exception: so it is {kept}.",
        hints=("Is the second number that of the many, or that of the exception?", "Nothing has to be subtracted."),
        contrast_answer=str(total - kept),
        contrast_why=f"The question is about the other {animals}, and they are {total} - {kept} = {total - kept}.",
    )  # fmt: skip


ALL_BUT = Family(
    "all-but",
    _all_but,
    wordings=(
        "{extra}A {owner} has {n} {animals}. {All but|Of these,} {k} die. How many {animals} are left alive?",
        "{extra}Of the {n} {animals} of a {owner}, {all but |}{k} fall ill. How many {animals} stay healthy?",
        "{extra}{n} {animals} were in the stable of a {owner}, and {all except {k}|{k} of them} ran away. How many "
        "{animals} did not run?",
        "{extra}How many {animals} does a {owner} still have, who had {n} and lost {all but |}{k}?",
        "{extra}A {owner} owns {n} {animals} and sells {all but|just} {k}. How many {animals} does the {owner} keep?",
        "{extra}There were {n} {animals}. {Except for {k}, all of them|Only {k} of them} were stolen from a {owner} in "
        "the night. How many {animals} were there in the morning?",
    ),
    test_wordings=(
        "{extra}A {owner} who had {n} {animals} sold {every one of them but {k}|{k} of them}. How many {animals} were "
        "not sold?",
        "{extra}When a storm surprised {n} {animals}, the {owner} brought {all but |}{k} home. How many {animals} got "
        "lost?",
    ),
)

GOODS = word_bank(
    "apples, pears, plums, oranges, lemons, walnuts, biscuits, muffins, marbles | peaches, figs, buttons, chestnuts"
)
VESSELS = word_bank("basket, bowl, box, bag, crate, bucket | tin, sack, jar, chest")


def _take_away(draw: Draw) -> Instance:
    total = draw.number(5, 12)
    taken = draw.within(2, total - 2, but=total / 2)
    goods, others = draw.nouns(GOODS, 2)
    steps, added = in_steps(draw, taken)
    return Instance(
        facts={"extra": distractor(draw, 4, 9, f"On a shelf lie %d {others}, which nobody touches."), "n": total,
               "k": steps, "goods": goods, "vessel": draw.noun(VESSELS)},
        answer=str(taken),
        unit=goods,
        trap=str(total - taken),
        why=f"You have what you took, and that is {added}.",
        hints=("Whose are they afterwards?", "The question is not how many are left behind."),
        contrast_answer=str(total - taken),
        contrast_why=f"Without the {taken} that you took, {total} - {taken} = {total - taken} are left.",
    )  # fmt: skip


TAKE_AWAY = Family(
    "take-away",
    _take_away,
    wordings=(
        "{extra}There are {n} {goods} in a {vessel}, and you take away {k}. How many {goods} "
        "{do you have|are left in it}?",
        "{extra}From a neighbour's {vessel} with {n} {goods} you take {k}. How many {goods} "
        "{do you|does the neighbour} have then?",
        "{extra}A {vessel} in a shop holds {n} {goods}. You take {k} out of it. How many {goods} are "
        "{in your hands|still in the {vessel}}?",
        "{extra}How many {goods} {do you hold|still lie there}, if there were {n} in a {vessel} and you have taken "
        "{k}?",
        "{extra}Your friend shows you a {vessel} of {n} {goods}. You help yourself to {k}. How many {goods} {have you "
        "got|has your friend got}?",
        "{extra}{n} {goods} lie in a {vessel} on the table. You pick out {k}. How many {have you picked|has nobody "
        "picked}?",
    ),
    test_wordings=(
        "{extra}Of the {n} {goods} in a {vessel} you are to take {k}. How many {goods} will "
        "{you be holding|be left behind}?",
        "{extra}Your aunt offers you a {vessel} of {n} {goods}, and you take {k}. How many {goods} did "
        "{you get|she keep}?",
    ),
)

CANDLES = word_bank(
    "candles, tea lights, wax candles, white candles, red candles, thin candles"
    " | tapers, beeswax candles, green candles, altar candles"
)
GUSTS = word_bank(
    "a draught, a gust of wind, a child, a sneeze, the night watchman | a breeze, an old monk, a waiter, a cough"
)


def _candles(draw: Draw) -> Instance:
    total = draw.number(5, 12)
    out = draw.within(2, total - 2, but=total / 2)
    candles, gust = draw.noun(CANDLES), draw.noun(GUSTS)
    steps, added = in_steps(draw, out)
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "It has been snowing for %d hours."), "n": total, "k": steps,
               "candles": candles, "gust": gust},
        answer=str(out),
        unit=f"{candles}|candles",
        aliases=(f"the {out} that went out", f"the {out} that were put out"),
        trap=str(total - out),
        why=f"The {candles} that burn on are used up, so only those that went out are left: {added}.",
        hints=("What becomes of wax that burns all night?", "A flame that is out uses nothing up."),
        contrast_answer=str(total - out),
        contrast_why=f"Of {total} flames {out} have gone out, so {total} - {out} = {total - out} are burning.",
    )  # fmt: skip


CANDLES_LEFT = Family(
    "candles-left",
    _candles,
    wordings=(
        "{extra}{n} {candles} are lit. {gust} puts out {k}, and the rest burn {all the way down|on}. How many "
        "{candles} are {left in the end|burning then}?",
        "{extra}In the evening {n} {candles} are burning, when {gust} puts out {k} of them. The others burn "
        "{until nothing is left|on}. How many {candles} {remain the next day|are alight a minute later}?",
        "{extra}Out of {n} burning {candles}, {gust} puts out {k}, which are never lit again. The rest "
        "{burn up|go on burning}. How many {candles} {can still be found|still give light}?",
        "{extra}How many {candles} {are left the next morning|still burn}, if {n} were lit, {gust} put out {k}, and "
        "the others {burned right down|kept burning}?",
        "{extra}{n} {candles} shine in a window. {k} of them go out because of {gust}; the others {burn until they are "
        "gone|go on shining}. How many {candles} {are there at the end|are shining now}?",
        "{extra}Someone lights {n} {candles}. Soon {gust} has put out {k}. {Nobody lights them again, and the rest "
        "melt away|Nothing happens to the rest}. How many {candles} {remain at last|have a flame}?",
    ),
    test_wordings=(
        "{extra}Someone lights {n} {candles}. Soon {gust} puts out {k}, while the flames of the others "
        "{eat up all their wax|burn brightly}. At {dawn|that moment}, how many {candles} are {there|burning}?",
        "{extra}{gust} puts out {k} of the {n} {candles} that burn in a hall. None of the other flames goes "
        "out{ before its wax is gone|}. How many {candles} are {left over|burning now}?",
    ),
)

UNCLEAN = word_bank(
    "camels, pigs, donkeys, lions, bears, wolves, foxes, horses, elephants, monkeys, snakes, lizards"
    " | leopards, rabbits, tigers, zebras, hyenas, cats, squirrels, rats"
)
PROPHETS = word_bank(
    "Moses, Abraham, Jonah, Samson, Jacob, Solomon, Isaac, Joshua, Esau, Saul, Gideon, Samuel"
    " | Daniel, Elijah, Goliath, Ezekiel, Absalom, King David"
)


def _ark(draw: Draw) -> Instance:
    animals, man = draw.noun(UNCLEAN), draw.noun(PROPHETS)
    return Instance(
        facts={"animals": animals, "man": man},
        answer="0",
        unit=animals,
        aliases=("it was Noah", f"it was Noah, not {man}", f"{man} did not take any"),
        trap="2",
        why=f"It was Noah who filled the ark; {man} was not on board and took no {animals} at all.",
        hints=("Read the name once more.", "Whose ark was it?"),
        contrast_answer="2",
        contrast_aliases=("a pair", "one pair", f"a pair of {animals}", "one male and one female"),
        contrast_why=f"Noah took {animals} as a pair, one male and one female.",
    )  # fmt: skip


WRONG_ARK = Family(
    "whose-ark",
    _ark,
    wordings=(
        "How many {animals} did {{man}|Noah} take with him on the ark in the Bible?",
        "When the great flood came, {animals} were on board the ark. How many had {{man}|Noah} brought there?",
        "To save the {animals} from drowning in the great flood, how many did {{man}|Noah} lead into the ark?",
        "In the story of the flood, how many {animals} came on board the ark because {{man}|Noah} brought them?",
        "It rained for forty days. How many {animals} had {{man}|Noah} put on the ark before that?",
        "The Bible tells of an ark. What number of {animals} did {{man}|Noah} take aboard?",
    ),
    test_wordings=(
        "Before the rain of forty days began, how many {animals} had {{man}|Noah} put on the ark?",
        "In the story of the flood, what number of {animals} did {{man}|Noah} shelter in the ark?",
    ),
)

EARTHS = word_bank("earth, soil, clay, sand, gravel, mud | loam, peat, chalk, turf")


def _hole(draw: Draw) -> Instance:
    long, wide, deep = (draw.number(2, 6) for _ in range(3))
    earth, unit = draw.noun(EARTHS), draw.choice(("metres", "feet"))
    cubic = f"cubic {unit}"
    volume = long * wide * deep
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "It has not rained for %d days."), "long": long, "wide": wide,
               "deep": deep, "earth": earth, "unit": unit},
        answer="0",
        unit=f"{cubic}|{cubic} of {earth}|{earth}",
        aliases=("a hole is empty", "it is empty", f"there is not any {earth}"),
        trap=str(volume),
        why=f"A hole is where the {earth} has been taken out, so there is none in it.",
        hints=("What makes a hole a hole?", f"Where did the {earth} go when someone dug?"),
        contrast_answer=str(volume),
        contrast_why=f"All the room in it is filled with {earth}: {long} x {wide} x {deep} = {volume} {cubic}.",
    )  # fmt: skip


EARTH_IN_A_HOLE = Family(
    "earth-in-a-hole",
    _hole,
    wordings=(
        "{extra}How many cubic {unit} of {earth} are there in a {hole|full box} {long} {unit} long, {wide} {unit} wide "
        "and {deep} {unit} deep?",
        "{extra}A {hole in the|tank full of} {earth} measures {long} by {wide} by {deep} {unit}{| inside}. How many "
        "cubic {unit} of {earth} are in the {hole|tank}?",
        "{extra}Two workers {dig in the {earth} a hole|fill with {earth} a bin} that is {deep} {unit} deep, {wide} "
        "{unit} wide and {long} {unit} long. How many cubic {unit} of {earth} are in the {hole|bin}?",
        "{extra}Somebody has {dug a pit in the|filled a chest with} {earth}, {long} by {wide} by {deep} {unit}. What "
        "volume of {earth}, in cubic {unit}, is in the {pit|chest}?",
        "{extra}What amount of {earth}, in cubic {unit}, is inside {an empty hole|a box full of it}, {long} {unit} "
        "long, {wide} {unit} wide and {deep} {unit} deep?",
        "{extra}The {hole that a digger leaves in the|crate that a builder fills with} {earth} is {wide} {unit} wide, "
        "{long} {unit} long and {deep} {unit} deep. How many cubic {unit} of {earth} are in it?",
    ),
    test_wordings=(
        "{extra}Someone has just {dug a hole in the|filled a crate with} {earth}, {wide} {unit} across, {long} {unit} "
        "long and {deep} {unit} deep. How many cubic {unit} of {earth} does the {finished hole|full crate} contain?",
        "{extra}The {hole|full container} is {deep} {unit} deep, {long} {unit} long and {wide} {unit} wide. Calculate: "
        "how many cubic {unit} of {earth} are inside?",
    ),
)


def _months(draw: Draw) -> Instance:
    year = draw.within(1904, 2024)
    days = 28 if year % 4 else 29
    return Instance(
        facts={"year": year, "days": days, "name": draw.noun(PEOPLE)},
        answer="12",
        unit="months|month",
        aliases=("all 12 months", "all 12", "all", "all of them", "every month", "each of them", "every one",
                 "all the months"),
        trap="1",
        why=f"Every month has {days} days in that year; most have a few more. So all 12 do.",
        hints=("A month with more days than that has that many, too.", f"Is there a month without a {days}th day?"),
        contrast_answer="1",
        contrast_aliases=("only February", "just February", "February"),
        contrast_why=f"Only February had {days} days and no more in {year}.",
    )  # fmt: skip


MONTHS_OF_28_DAYS = Family(
    "months-of-28-days",
    _months,
    wordings=(
        "How many months of the year {year} had {|exactly }{days} days?",
        "{name} was born in {year}. How many months of that year had {days} days{| and no more}?",
        "A calendar for {year} hangs on a wall. How many months on it have {|only }{days} days?",
        "In the year {year}, how many months were there with {|just }{days} days?",
        "'Count the months of {year} that had {|only }{days} days,' says {name}. How many are there?",
        "How many times in {year} did {name} live through a month that had {days} days{| exactly}?",
    ),
    test_wordings=(
        "Think of all the months of {year}. In how many of them were there {|just }{days} days?",
        "{name} leafs through the diary of {year} and counts the months that {have|end after} {days} days. What is the "
        "count?",
    ),
)

TOWNS = word_bank(
    "Dover, Oxford, Bath, York, Chester, Exeter, Derby, Lincoln, Norwich | Kendal, Ripon, Wells, Durham, Truro"
)
STRANGERS = word_bank("farmer, pedlar, teacher, piper, monk, nurse, fiddler, baker | tinker, captain, lady, juggler")
COMPANIONS = word_bank("sons, daughters, pupils, friends, cousins, servants, nephews | nieces, brothers, apprentices")


def _road(draw: Draw) -> Instance:
    others = draw.number(3, 9)
    stranger, companions, town = draw.noun(STRANGERS), draw.noun(COMPANIONS), draw.noun(TOWNS)
    return Instance(
        facts={"extra": distractor(draw, 3, 9, f"{town} has %d churches and one market."), "n": others,
               "stranger": stranger, "companions": companions, "town": town, "m": draw.number(2, 9)},
        answer="1",
        unit="person|people|of us",
        aliases=("only me", "only you", "just me", "just you", "me", "only I", "only myself", "just one person"),
        trap=str(others + 2),
        why=f"The {stranger} and the {companions} came away from {town}, so only the speaker was going there.",
        hints=("Who walks in which direction?", f"Those who come from {town} are not on their way to it."),
        contrast_answer=str(others + 2),
        contrast_why=f"The speaker, the {stranger} and {others} {companions} all go to {town}: "
        f"1 + 1 + {others} = {others + 2}.",
    )  # fmt: skip


ROAD_TO_TOWN = Family(
    "road-to-town",
    _road,
    wordings=(
        "{extra}On my way to {town} I {met|caught up with} a {stranger} who was {coming from|going to} {town} with {n} "
        "{companions}. How many of us were going to {town}?",
        "{extra}I walked the {m} miles to {town}{ alone|}. A {stranger} and {n} {companions}, on the way "
        "{home from {town}, walked past|to {town} like me, walked with} me. How many people is that on the way to "
        "{town}?",
        "{extra}Going to {town} {by myself, I saw a {stranger} leave it|for the day, I was joined by a {stranger}} "
        "with {n} {companions}. Counting us all, how many were headed for {town}?",
        "{extra}How many people were going to {town}, when I, on the road to {town}, {met|walked with} a {stranger} "
        "and {n} {companions}, who were all {on the way back from it|on the way there too}?",
        "{extra}I ride to {town}. {Towards me come|With me ride} a {stranger} and {n} {companions}, {fresh from|bound "
        "for} {town}. How many of us all arrive in {town}?",
        "{extra}A {stranger} with {n} {companions} {leaves|travels to} {town}. I {pass them on my way there|join them "
        "all the way there}. How many of us are heading for {town}?",
    ),
    test_wordings=(
        "{extra}{Out of {town} came|Towards {town} went} a {stranger}, followed by {n} {companions}, when I rode "
        "towards {town} {on my own|behind them}. How many riders or walkers were bound for {town}?",
        "{extra}{m} miles before {town}, where I was going, a {stranger} with {n} {companions} greeted me. They were "
        "on the way {back from there|there, too}. How many of us, counting me, were travelling to {town}?",
    ),
)

FAMILIES = (
    BIRDS_ON_A_WIRE, ALL_BUT, TAKE_AWAY, CANDLES_LEFT, WRONG_ARK, EARTH_IN_A_HOLE, MONTHS_OF_28_DAYS, ROAD_TO_TOWN,
)  # fmt: skip
