"""Measure and parallel work: what happens at the same time takes no longer, however much of it there is."""

from __future__ import annotations

from expit_env.riddle import Kind
from expit_env.riddles.draw import Draw, count, distractor, word_bank
from expit_env.riddles.family import Family, Instance
from expit_env.riddles.people import PEOPLE

LAUNDRY = word_bank(
    "shirts, towels, socks, sheets, jackets, blankets, skirts, T-shirts | scarves, curtains, dresses, coats"
)


def _laundry(draw: Draw) -> Instance:
    few, times, hours = draw.within(2, 6), draw.within(2, 4), draw.number(2, 6)
    laundry = draw.noun(LAUNDRY)
    return Instance(
        facts={"extra": distractor(draw, 18, 30, "It is %d degrees in the shade."), "few": few, "many": few * times,
               "hours": hours, "laundry": laundry},
        answer=f"{hours} hours",
        unit="hours",
        aliases=(str(hours),),
        trap=f"{hours * times} hours",
        why=f"The sun dries all of them side by side, so it takes {hours} hours again.",
        hints=("Do they have to wait for each other?",),
        contrast_answer=f"{hours * times} hours",
        contrast_aliases=(str(hours * times),),
        contrast_why=f"{few * times} is {times} times {few}, one after another: {times} x {hours} = {hours * times}.",
    )  # fmt: skip


DRYING_LAUNDRY = Family(
    "drying-laundry",
    _laundry,
    kind=Kind.QUANTITY,
    wordings=(
        "{extra}{few} {laundry} {laid out in the sun together dry in|washed by hand one by one take} {hours} hours. "
        "How many hours do {many} {laundry} {laid out together|washed one by one} take?",
        "{extra}It takes {hours} hours {for {few} {laundry} to dry side by side on the lawn|to sew {few} {laundry} one "
        "after another}. How long does it take {for {many} {laundry}, if there is room for all|to sew {many} {laundry} "
        "in the same way}?",
        "{extra}{On a long line {few} wet {laundry} were dry|With one iron {few} {laundry} were ironed} after {hours} "
        "hours. On such a day {many} {wet {laundry} are hung up at once|{laundry} are ironed in turn}. After how many "
        "hours are they {dry|done}?",
        "{extra}How many hours do {many} {laundry} need {to dry in the same sun, all at once|to be mended one by one}, "
        "if {few} {dried there|were mended} in {hours} hours?",
        "{extra}{hours} hours are enough {for {few} {laundry} to dry on a sunny balcony|to knit {few} {laundry}, one "
        "after another}. How many hours are enough for {many} {laundry}{ on the same balcony, which is large|, knitted "
        "in the same way}?",
        "{extra}Yesterday {few} {laundry} {hung in the wind and were dry|were washed singly, and it was done} after "
        "{hours} hours. Today it is {many} {laundry}, {hanging there together|again washed singly}. After how many "
        "hours will they be {dry|done}?",
    ),
    test_wordings=(
        "{extra}The {wind|tailor} needs {hours} hours to {dry|mend} {few} {laundry}. {In the same wind|At the same "
        "speed}, how much time {do {many} {laundry} need, all pegged out at the same moment|does he need for {many} "
        "{laundry}, mended singly}?",
        "{extra}{laundry} {dry in a garden with plenty of room|are folded by a slow machine, never two at once}. If "
        "{few} of them are {dry|folded} in {hours} hours, how many hours pass before {many} "
        "are{, put out all at once|}?",
    ),
)

FOODS = word_bank(
    "boil:egg:pot, boil:potato:pan, bake:cake:oven, bake:loaf:oven, fry:sausage:pan, roast:apple:oven, "
    "steam:dumpling:pot | bake:pie:oven, fry:fish:pan, cook:carrot:pot, bake:bun:oven"
)
PLURALS = {"potato": "potatoes", "loaf": "loaves", "fish": "fish"}


def _food(draw: Draw) -> Instance:
    minutes, pieces = draw.number(3, 12), draw.within(2, 6)
    verb, food, pot = draw.noun(FOODS).split(":")
    foods = PLURALS.get(food, food + "s")
    return Instance(
        facts={"extra": distractor(draw, 3, 9, "Dinner is in %d hours."), "minutes": minutes, "n": pieces, "verb": verb,
               "food": food, "foods": foods, "pot": pot, "cook": draw.noun(PEOPLE)},
        answer=f"{minutes} minutes",
        unit="minutes",
        aliases=(str(minutes),),
        trap=f"{minutes * pieces} minutes",
        why=f"They are all done at the same time, after {minutes} minutes.",
        hints=(f"Are the {foods} waiting in a queue?",),
        contrast_answer=f"{minutes * pieces} minutes",
        contrast_aliases=(str(minutes * pieces),),
        contrast_why=f"One after another they take {pieces} x {minutes} = {minutes * pieces} minutes.",
    )  # fmt: skip


BOILING_EGGS = Family(
    "boiling-eggs",
    _food,
    kind=Kind.QUANTITY,
    wordings=(
        "{extra}It takes {minutes} minutes to {verb} {a_food}. How many minutes does it take to {verb} {n} {foods} "
        "{together in a big {pot}|one after another}?",
        "{extra}{cook} needs {minutes} minutes to {verb} one {food}. How long does {cook} need for {n} {foods}, "
        "{all in the same {pot} at once|if the {pot} has only room for one}?",
        "{extra}In {cook}'s {pot} one {food} is ready after {minutes} minutes. {n} {foods} are put "
        "in{ side by side|, each when the one before is ready}. After how many minutes are all of them ready?",
        "{extra}How many minutes pass until {n} {foods} are ready, if it takes {minutes} minutes to {verb} one and "
        "{cook} puts {all of them into the {pot} at the same time|the next one into the {pot} only when one is ready}?",
        "{extra}'{minutes} minutes for {a_food},' says the cookbook. {cook} has to {verb} {n} {foods} and does it {in "
        "one go, in a large {pot}|singly, in a tiny {pot}}. How many minutes does that take?",
        "{extra}One {food} in the {pot} needs {minutes} minutes. Today {n} guests want {a_food} each, and {cook} makes "
        "them {all together|one by one}. After how many minutes have all been made?",
    ),
    test_wordings=(
        "{extra}One {food} has to stay in the {pot} for {minutes} minutes. {cook} puts in {n} "
        "{foods}{ at the same moment|, always one alone}. When, in minutes, can all be served?",
        "{extra}If you {verb} one {food} for {minutes} minutes, it is done. How much time do {n} {foods} "
        "{in one large {pot} take|take, one at a time}, {cook} wonders?",
    ),
)

PLAYERS = word_bank("orchestra, brass band, choir, string band, jazz band | ensemble, big band, chapel choir")
PIECES = word_bank("song, march, waltz, hymn, lullaby, ballad | serenade, anthem, carol")


def _music(draw: Draw) -> Instance:
    half, people = draw.number(3, 12), draw.number(10, 30)
    band, piece = draw.noun(PLAYERS), draw.noun(PIECES)
    return Instance(
        facts={"extra": distractor(draw, 40, 90, "The hall has %d seats."), "minutes": 2 * half, "n": people,
               "twice": 2 * people, "band": band, "piece": piece},
        answer=f"{2 * half} minutes",
        unit="minutes",
        aliases=(str(2 * half),),
        trap=f"{half} minutes",
        why=f"More people make the music louder, not shorter: it takes {2 * half} minutes again.",
        hints=("Would the music be played any faster?",),
        contrast_answer=f"{half} minutes",
        contrast_aliases=(str(half),),
        contrast_why=f"Twice as many hands do the work in half the time, {half} minutes.",
    )  # fmt: skip


TWICE_THE_MUSICIANS = Family(
    "twice-the-musicians",
    _music,
    kind=Kind.QUANTITY,
    wordings=(
        "{extra}{a_band} of {n} {performs {a_piece}|sets out chairs} in {minutes} minutes. How many minutes does "
        "{a_band} of {twice} take for the same {{piece}|chairs, if all work equally fast}?",
        "{extra}It takes {minutes} minutes when the {n} people of {a_band} {perform {a_piece}|clean the hall}. How "
        "long does it take when the {band} has {twice} people{| who clean it just as eagerly}?",
        "{extra}{{a_piece}|Packing the van} takes {minutes} minutes with {a_band} of {n}. How long does it take with "
        "{twice} people {instead|who pack just as fast}?",
        "{extra}How many minutes do {twice} people need {to perform {a_piece}|to carry out the chairs}, if {a_band} of "
        "{n} needs {minutes} minutes for {the same {piece}|the same chairs, at the same speed}?",
        "{extra}{a_band} has grown from {n} to {twice} people. With {n}, {its {piece} lasted|stacking the chairs took} "
        "{minutes} minutes. How many minutes {does the {piece} last now|does the stacking take now, if all are as "
        "quick as before}?",
        "{extra}'{The {piece}|Loading our bus} takes the {n} of us {minutes} minutes,' say the people of {a_band}. How "
        "many minutes would it take{|, with everyone as busy,} if they were {twice}?",
    ),
    test_wordings=(
        "{extra}Last year the {band} had {n} members and {its {piece}|cleaning up} took {minutes} minutes. Now it has "
        "{twice} members{|, all as quick}. How much time will the same {{piece}|cleaning} take?",
        "{extra}{n} people, members of {a_band}, get through {{a_piece}|a stack of letters} in {minutes} minutes. In "
        "how many minutes do {twice}{|, equally fast,} get through it together?",
    ),
)

WOODS = word_bank("forest, wood, jungle, desert, cornfield, bamboo grove | heath, swamp, marsh")
RUNNERS = word_bank("dog, fox, horse, hare, wolf, camel, boar, deer | stag, donkey, pony")


def _forest(draw: Draw) -> Instance:
    half = draw.number(1, 12)
    runner, wood = draw.noun(RUNNERS), draw.noun(WOODS)
    return Instance(
        facts={"extra": distractor(draw, 18, 30, "It is %d degrees in the shade."), "width": 2 * half, "runner": runner,
               "wood": wood},
        answer="halfway",
        aliases=("half way", "half", "to the middle", "only to the middle", "to the centre", "to the center",
                 "half way through", "halfway through", "halfway in", "half way in", "halfway into it",
                 "up to the middle", "the middle", "to the halfway point", "until the middle", "up to the centre",
                 "up to the center", "half of it", f"{half} km", count(half, "kilometre"), count(half, "kilometer")),
        trap=f"{2 * half} km",
        why=f"Halfway through, after {half} km, the {runner} begins to run out of the {wood} again.",
        hints=(f"From where on does the {runner} run out of the {wood}?",),
        contrast_answer=f"{2 * half} km",
        contrast_unit="km|kilometres|kilometers",
        contrast_why=f"From one edge to the other it is the whole width, {2 * half} km.",
    )  # fmt: skip


INTO_THE_FOREST = Family(
    "into-the-forest",
    _forest,
    kind=Kind.PHRASE,
    contrast_kind=Kind.QUANTITY,
    wordings=(
        "{extra}{a_wood} is {width} km wide. How far {can {a_runner} run into it before it is running out again|must "
        "{a_runner} run to cross it from edge to edge}?",
        "{extra}{a_runner} runs straight across {a_wood}, {width} km from edge to edge. {Up to what point does it run "
        "into the {wood}, and not out of it|How far does it run through the {wood} in all}?",
        "{extra}There are {width} km between the two edges of {a_wood}. {What is the farthest that {a_runner} can go "
        "into the {wood} before it is on its way out|How far does {a_runner} have to go through the {wood}, from one "
        "edge to the other}?",
        "{extra}{a_runner} runs into {a_wood} that is {width} km across. How far does it run {in, before it begins to "
        "run out|until it has crossed it}?",
        "{extra}{a_wood} measures {width} km from one edge to the other. {a_runner} runs straight on. {When does it "
        "stop running into the {wood} and start running out|What distance does it run from edge to edge}?",
        "{extra}'Our {wood} is {width} km wide,' says a ranger. How far {into it can {a_runner} run, until it runs out "
        "again|is it for {a_runner} from one edge to the other}?",
    ),
    test_wordings=(
        "{extra}{a_runner} crosses {a_wood} {width} km wide. {Up to which point is the {runner} going in, and not "
        "out|What distance does the {runner} cover there in all}?",
        "{extra}How {deep into {a_wood} can {a_runner} get|far does {a_runner} go right across {a_wood}}, if the "
        "{wood} measures {width} km from one side to the other?",
    ),
)

HUNTERS = word_bank(
    "cat:cats:catch:catches:mice, hen:hens:lay:lays:eggs, robot:robots:build:builds:toys, "
    "baker:bakers:bake:bakes:cakes, painter:painters:paint:paints:doors, frog:frogs:catch:catches:flies | "
    "spider:spiders:catch:catches:moths, printer:printers:print:prints:books"
)


def _cats(draw: Draw) -> Instance:
    few = draw.number(2, 6)
    many = few * draw.within(2, 10)
    unit = draw.choice(("minutes", "hours", "days"))
    cat, cats, catch, catches, mice = draw.noun(HUNTERS).split(":")
    return Instance(
        facts={"few": few, "many": many, "cat": cat, "cats": cats, "catch": catch, "catches": catches, "mice": mice,
               "unit": unit},
        answer=f"{few} {unit}",
        unit=unit,
        aliases=(str(few),),
        trap=f"{many} {unit}",
        why=f"Every {cat} needs {few} {unit} for one of the {mice}, so {many} {cats} are done in {few} {unit}.",
        hints=(f"How long does one {cat} take?",),
        contrast_answer=f"{many} {unit}",
        contrast_aliases=(str(many),),
        contrast_why=f"The {cat} needs one {unit.removesuffix('s')} for each, so {many} {mice} take {many} {unit}.",
    )  # fmt: skip


CATS_AND_MICE = Family(
    "cats-and-mice",
    _cats,
    kind=Kind.QUANTITY,
    wordings=(
        "{{few} {cats} {catch}|1 {cat} {catches}} {few} {mice} in {few} {unit}. How many {unit} "
        "{do {many} {cats}|does the {cat}} need to {catch} {many} {mice}?",
        "If {{few} {cats} take|one {cat} takes} {few} {unit} to {catch} {few} {mice}, how long "
        "{do {many} {cats}|does the same {cat}} take to {catch} {many} {mice}?",
        "In {few} {unit} {{few} {cats} {catch}|one {cat} {catches}} {few} {mice}. In how many {unit} will "
        "{{many} such {cats}|this {cat}} {catch} {many} {mice}?",
        "{{few} {cats} need|One {cat} needs} {few} {unit} to {catch} {few} {mice}. After how many {unit} "
        "{do {many} {cats}, starting at the same time|does this {cat}, going on alone}, {catch} the last of {many} "
        "{mice}?",
        "'My {{few} {cats} {catch}|one {cat} {catches}} {few} {mice} in {few} {unit},' says one neighbour. 'I have "
        "{{many}|one} of the same kind for {many} {mice},' says the other. How many {unit} will that take?",
    ),
    transfer=True,
)

GOALS = word_bank("station, lake, school, market, castle, harbour, museum, lighthouse | stadium, windmill")


def _walk(draw: Draw) -> Instance:
    minutes, friends = draw.number(8, 20), draw.within(4, 6)
    walker, other = draw.nouns(PEOPLE, 2)
    goal = draw.noun(GOALS)
    return Instance(
        facts={"extra": distractor(draw, 3, 9, f"On the way to the {goal} there are %d benches."), "minutes": minutes,
               "n": friends, "goal": goal, "walker": walker, "other": other},
        answer=f"{minutes} minutes",
        unit="minutes",
        aliases=(str(minutes),),
        trap=f"{minutes * friends} minutes",
        why=f"They walk at the same time, so all of them take {minutes} minutes together.",
        hints=("Do they walk one after another?",),
        contrast_answer=f"{minutes * friends} minutes",
        contrast_aliases=(str(minutes * friends),),
        contrast_why=f"One after another they take {friends} x {minutes} = {minutes * friends} minutes.",
    )  # fmt: skip


WALKING_TOGETHER = Family(
    "walking-together",
    _walk,
    kind=Kind.QUANTITY,
    wordings=(
        "{extra}{walker} walks to the {goal} in {minutes} minutes. How many minutes do {n} friends take "
        "{who walk there together, just as fast|in all who walk there in turn, each when the one before has arrived}?",
        "{extra}The way to the {goal} takes one person {minutes} minutes on foot. How long "
        "{does it take {walker}, {other} and their friends, {n} people in a group|do {n} people take who go one after "
        "another, {walker} waiting until {other} is there, and so on}?",
        "{extra}Alone, {walker} needs {minutes} minutes to reach the {goal}. With {other} and others, {n} walkers "
        "{side by side at the same pace|who each wait until the one before has arrived}, how many minutes will it be?",
        "{extra}From {walker}'s house it is {minutes} minutes on foot to the {goal}. {n} people, among them {other}, "
        "set out {together and stay together|singly, each only when the one before is there}. After how many minutes "
        "have all of them arrived?",
        "{extra}A single hiker takes {minutes} minutes to the {goal}. How many minutes does it take a party of {n}, "
        "{walker} and {other} in the middle, to hike there {in step, at the same speed|one by one, none leaving before "
        "the last has arrived}?",
    ),
    transfer=True,
)

FAMILIES = (
    DRYING_LAUNDRY, BOILING_EGGS, TWICE_THE_MUSICIANS, INTO_THE_FOREST, CATS_AND_MICE, WALKING_TOGETHER,
)  # fmt: skip
