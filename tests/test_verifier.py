"""The verifier: no false pass, few false fails, total, deterministic, linear."""

import json
import re
import time
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from expit_env import bare
from expit_env.answers import Kind
from expit_env.riddle import Outcome, Riddle, Verdict
from expit_env.riddles import splits
from expit_env.verifier import verify

POSED = tuple(
    splits.riddle(f"{family}/{split}/4{contrast}")
    for split in ("train", "test", "transfer")
    for family in splits.families_of(split)
    for contrast in ("", "/contrast")
)

CASES = [
    json.loads(line)
    for name in ("verifier_cases.jsonl", "verifier_attacks.jsonl", "verifier_replies.jsonl")
    for line in (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
]

BIRDS = Riddle(
    "There are 8 crows on a fence. A hunter shoots 3 of them. How many are left on the fence?",
    "0", ("none", "no crows"), trap="5",
)  # fmt: skip
STONE_BIRDS = Riddle(
    "There are 8 stone crows on a fence. A boy takes 3 of them. How many are left on the fence?", "5", trap="0"
)
GOATS = Riddle(
    "A widow has 23 goats. All but 7 run away. How many goats does she still have?", "7", ("7 goats",), trap="16"
)
EGGS = Riddle("A dozen eggs lie in a box and I take half of them. How many eggs do I have?", "6", ("half a dozen",))
BAKERY = Riddle("What comes after 99 in counting?", "100")
DIVE = Riddle("The water is 2 metres high and sinks by 7 metres. How high is it, in metres, on the scale?", "-5")
BREAD = Riddle(
    "It takes 4 hours to bake 2 loaves. How long does it take to bake 8 loaves at the same time?",
    "4 hours", ("4",), trap="16 hours",
)  # fmt: skip
RACE = Riddle(
    "In a race you overtake the runner in third place. What place are you in now?",
    "third", ("third place", "3rd"), trap="second",
)  # fmt: skip
CAKE = Riddle("Anna eats a quarter of a cake. What fraction is left?", "3/4", ("three quarters",), trap="1/4")
SISTERS = Riddle("April's mother has three children: May, June and who else?", "April", trap="July")
RIVER = Riddle("What has a mouth but never eats?", "a river", ("river", "a jar"), trap="a bird")
SIGN = Riddle(
    "Otto told this riddle to 11 visitors at the bakery. For a sign Stefan buys metal letters, each at the same price."
    " Which sign is dearer, 'woodlouse' or 'tiger'?",
    "woodlouse",
    trap="tiger",
)
WEIGHT = Riddle(
    "Which is heavier, a pound of iron or a pound of wool?",
    "they weigh the same", ("neither", "the same", "equal"), trap="iron",
)  # fmt: skip
TWO_POUNDS = Riddle(
    "Which is heavier, a pound of iron or two pounds of wool?", "wool", ("the wool", "two pounds of wool"), trap="iron"
)
WIDOW = Riddle("Is it legal for a man to marry the sister of his widow?", "no", ("no, he is dead",), trap="yes")
WHALE = Riddle("Is a whale a mammal?", "yes", trap="no")
LETTER = Riddle("What letter is in the middle of the word 'water'?", "T", ("the letter t",))
MONTHS = Riddle("How many months have at least 30 days?", "11", ("all but February",), trap="4")
ROOSTER = Riddle(
    "A cock lays an egg on a barn. To which side does it fall?",
    "cocks do not lay eggs", ("nowhere", "neither", "cocks don't lay eggs"), trap="left",
)  # fmt: skip
PRICE = Riddle(
    "A bat and a ball cost $1.10. The bat costs $1 more. How much does the ball cost?", "$0.05", ("5 cents",)
)
MATCH = Riddle("You enter a cold cabin with a match. There is a lamp and a stove. What do you light first?",
               "the match", ("match", "a match"), trap="the lamp")  # fmt: skip
POUNDS = Riddle(
    "Ida buys a pound of iron and a pound of wool. Which of the two weighs more?",
    "they weigh the same", ("the same", "equal", "neither"), trap="iron",
)  # fmt: skip
BIRTHDAY = Riddle(
    "'Two days ago I was 8, and next year I shall be 11,' says Tom on the first of January. What is his birthday?",
    "31 December", ("the 31st of December", "on 31 December"), trap="the first of January",
)  # fmt: skip
DIARY = Riddle(
    "Stefan reads the diary of 1974 and counts the months that have 28 days. What is the count?", "12", ("all",),
    trap="1",
)  # fmt: skip
HAIR = Riddle("Bald as an egg, Tom meets 5 uncles with brown hair. What colour is his hair?", "he has no hair",
              ("no hair",), trap="brown")  # fmt: skip
ROOSTER_ROLLS = Riddle("A gander lays an egg on a roof. Where does it roll?", "it does not roll", (), trap="west")
STOPPED_CLOCK = Riddle("A clock stopped years ago at 2. How often a day is it right?", "2", ("twice a day",), trap="0")
SLOW_CLOCK = Riddle(
    "A clock has been 25 minutes slow for weeks. How often a day is it right?", "0", ("never",), trap="2"
)
RUNGS = Riddle(
    "6 rungs of a boat's ladder are wet. The water rises by 2 rungs. How many rungs are in the water then?", "6",
    ("6 rungs",), trap="8",
)  # fmt: skip
ROPE = Riddle(
    "A cow on a rope of 5 metres eats grass 9 metres away. How can that be?",
    "the rope is not tied to anything", ("the rope is loose",), trap="the grass bends",
)  # fmt: skip

GOOD = [
    (BIRDS, ["0", " 0. ", "ZERO", "None!", "none", "no crows", "No crows.", "*none*", "**0**", "`0`", "```\n0\n```"]),
    (BIRDS, ["There are no crows left.", "There are no crows left on the fence.", "0 crows", "Zero crows remain."]),
    (BIRDS, ["No crows are left on the fence.", "There aren't any crows left.", "There are not any left.", "nobody"]),
    (BIRDS, ["The answer is 0.", "The answer is zero", "The final answer is 0.", "I think it is 0."]),
    (BIRDS, ["Probably none."]),
    (BIRDS, ["None, because the shot scared the other 5 away.", "None. The others flew away."]),
    (BIRDS, ["None - they all fled."]),
    (BIRDS, ["None are left, since the noise frightened the rest.", "There are none left as they flew away."]),
    (BIRDS, ["The shot scares the rest away, so there are none left.", "The others fly away, so 0."]),
    (BIRDS, ["Not 5, but 0."]),
    (BIRDS, ["All the crows flew away. None are left.", "5 of them flew away, so none are left.", "0, not 5."]),
    (BIRDS, ["Answer: 0", "Final answer: none", "**Answer:** 0", "answer: no crows", "The answer: 0", "Answer = 0"]),
    (BIRDS, ["<answer>0</answer>", "<ANSWER>None</ANSWER>", r"\boxed{0}", r"$\boxed{0}$", r"\boxed{\text{none}}"]),
    (BIRDS, ["8 - 3 = 5 would stay, so 5?\nBut a shot is loud.\nAnswer: 0", '{"answer": 0}', '{"answer": "none"}']),
    (BIRDS, ["There are 8 crows.\nAnswer: 0\nThe others flew away.", "Answer: 0\nAnswer: none", "0\u200b", "\uff10"]),
    (BIRDS, ["How many are left? None.", "Well, none.", "Sure! None.", "Trick question! None are left.", "Nothing."]),
    (BIRDS, ["Therefore the answer is 0.", "They fly away, therefore there are 0 crows left on the fence."]),
    (BIRDS, ["0 \U0001f426"]),
    (BIRDS, ["There would be no crows left.", "There will be 0 crows left.", "None of them are left."]),
    (BIRDS, ["None remain."]),
    (BIRDS, ["None of the 8 crows are left.", "Out of the 8 crows, none are left.", "Not a single crow is left."]),
    (STONE_BIRDS, ["5", "five", "There are 5 crows left.", "5 stone crows", "8 - 3 = 5", "8 - 3 = 5."]),
    (STONE_BIRDS, ["8 minus 3 is 5"]),
    (STONE_BIRDS, ["There are 5 left, because 8 - 3 = 5.", "Stone crows cannot fly, so 5 are left.", "5 are left."]),
    (GOATS, ["7", "Seven", "7 goats", "She has 7 goats.", "Seven goats are left.", "7, because all but 7 run away."]),
    (GOATS, ["She still has 7 goats.", "The widow has seven goats left.", "All but 7 run away, so she has 7."]),
    (GOATS, ["7.0"]),
    (EGGS, ["6", "six eggs", "Half a dozen", "You have 6 eggs.", "12 / 2 = 6", "Half of 12 is 6, so I have 6 eggs."]),
    (BAKERY, ["100", "one hundred", "a hundred", "The answer is one hundred.", "One hundred."]),
    (DIVE, ["-5", "\u22125", "minus five", "negative 5", "-5 metres", "It is -5.", "-5 m"]),
    (BREAD, ["4 hours", "4", "four hours", "It takes 4 hours.", "4 hrs", "It still takes 4 hours to bake 8 loaves."]),
    (BREAD, ["4 hours, because the loaves bake at the same time.", "It would take four hours."]),
    (RACE, ["third", "3rd", "Third place", "You are in third place.", "You are now third.", "In third place."]),
    (RACE, ["You take the place of that runner, so you are third.", "the third place"]),
    (CAKE, ["3/4", "three quarters", "3/4 of the cake", "Three fourths", "0.75", "\u00be", "3/4 is left."]),
    (CAKE, [r"\frac{3}{4}"]),
    (SISTERS, ["April", "april.", "April!", "It is April.", "Her name is April."]),
    (RIVER, ["a river", "River", "It is a river.", "A river has a mouth but never eats.", "The answer is a river."]),
    (RIVER, ["A river: it has a mouth.", "a river, because it has a mouth", "I think it's a river.", "A RIVER!!!"]),
    (SIGN, ["woodlouse", "Woodlouse, it has 9 letters.", "'woodlouse', since it has more letters"]),
    (WEIGHT, ["They weigh the same.", "the same", "Neither", "Equal.", "They weigh the same, both weigh a pound."]),
    (WEIGHT, ["Neither, because both are a pound.", "Iron and wool weigh the same.", "Neither is heavier."]),
    (TWO_POUNDS, ["wool", "The wool.", "Two pounds of wool.", "The wool is heavier.", "Wool is heavier than iron."]),
    (WIDOW, ["No", "no.", "No, he is dead.", "No, because he is dead.", "No, it is not.", "The answer is no."]),
    (WIDOW, ["It is not legal.", "No, since a man with a widow is dead.", "Nope."]),
    (WHALE, ["Yes", "yes.", "Yes, it is.", "Yes, a whale is a mammal.", "A whale is a mammal.", "Yeah!", "It is."]),
    (LETTER, ["T", "t", "The letter T.", "It is T.", "The letter is 't'.", "**T**", "T is in the middle."]),
    (MONTHS, ["11", "eleven", "11 months", "Eleven months have at least 30 days.", "All but February"]),
    (ROOSTER, ["Cocks do not lay eggs.", "A cock does not lay eggs.", "Nowhere, cocks don't lay eggs."]),
    (ROOSTER, ["Neither side."]),
    (PRICE, ["$0.05", "5 cents", "0.05", "The ball costs $0.05.", "It costs 5 cents."]),
    (MATCH, ["the match", "Match", "The match.", "You light the match first.", "First, the match."]),
]  # fmt: skip

BAD = [
    (BIRDS, ["5", "five", "There are 5 left.", "8", "3", "00", "0.5", "-1", "10", "0/3", "0 1 2 3 4 5 6 7 8"]),
    (BIRDS, ["zeros 5"]),
    (BIRDS, ["", " ", ".", "?", "...", "\n", "I don't know.", "no", "No.", "nope", "no idea", "It depends."]),
    (BIRDS, ["None or 5", "0 or 5", "none, or 5", "either 0 or 5", "0/5", "0, 5", "0 and 5", "5 and 0", "0 (or 5)"]),
    (BIRDS, ["0 (5)"]),
    (BIRDS, ["0?", "None?", "Is it 0?", "Maybe 0, maybe 5.", "5 or maybe 0", "Could be 0.", "It might be none."]),
    (BIRDS, ["It is not zero.", "It is not 0", "It isn't 0.", "Not none.", "Not 0.", "Never 0."]),
    (BIRDS, ["There are not 0 left."]),
    (BIRDS, ["0. No wait, 5.", "0... actually 5", "None. Wait, 5.", "0, I mean 5", "0. Sorry, 5.", "0, or rather 5"]),
    (BIRDS, ["None. But 5 are left.", "None, however 5 stay.", "0. That is wrong.", "0. Just kidding."]),
    (BIRDS, ["0 is wrong.", "0, no: 5"]),
    (BIRDS, ["None are left. There are 5 left.", "There are 5 left. None are left.", "5. None of them flew away."]),
    (BIRDS, ["5, none fled"]),
    (BIRDS, ["None flew away, so there are 5.", "None flew away.", "None of them were shot.", "No crows were shot."]),
    (BIRDS, ["No hunters."]),
    (BIRDS, ["No crow flew away.", "No hunters are left.", "None but 5.", "none except 5", "nothing but 5 crows"]),
    (BIRDS, ["no fewer than 0"]),
    (BIRDS, ["about 0", "almost none", "nearly none are left", "at least 0", "more than 0", "less than 1"]),
    (BIRDS, ["0 or more", "0-5", "0+"]),
    (BIRDS, ["between 0 and 5", "0 to 5", "0%", "0 hunters", "zeroth", "0th", "o", "\u041e", "n\u043ene", "0\u0338"]),
    (BIRDS, ["\u0660"]),
    (BIRDS, ["If they do not fly away, 5; else 0", "0 if they fly away", "None, if they are scared."]),
    (BIRDS, ["0 unless they are deaf"]),
    (BIRDS, ["Answer: 5\nNone flew away", "Answer: 0 or 5", "Answer:", "Answer: \nnone", "Answer: 0\nAnswer: 5"]),
    (BIRDS, ["Answers: 0, 5"]),
    (BIRDS, ["<answer>0", "0</answer>", "<answer>0</answer><answer>5</answer>", "<answer></answer> 0"]),
    (BIRDS, ["<answer>0<answer>"]),
    (BIRDS, ["</answer>0<answer>", "<answer>5</answer> 0", "<answer>0 or 5</answer>", "Not <answer>0</answer>"]),
    (BIRDS, ["<answer 0"]),
    (BIRDS, [r"\boxed{0", r"\boxed{5} 0", r"\boxed{0}\boxed{5}", r"\boxed 0", r"\boxed{}0", r"It is not \boxed{0}"]),
    (BIRDS, [r"\boxed{\boxed{0}}"]),
    (BIRDS, ["The wrong answer: 0", "Answer: 0. No, 5.", "Answer: 0\nNo wait, 5", "<answer>0</answer> or 5"]),
    (BIRDS, ["Answer: 0\nOr 5."]),
    (BIRDS, ['{"answer": 5}', '{"answer": 0, "answer": 5}', '{"answer": [0, 5]}', '{"answer": null}']),
    (BIRDS, ['{"answer": "0 or 5"}']),
    (BIRDS, ["There are 8 crows on a fence. A hunter shoots 3 of them. How many are left on the fence?", "8 crows"]),
    (BIRDS, ["3 of them"]),
    (BIRDS, ["Some people say 0.", "He said none.", "A fool would say 0.", "You might think 0."]),
    (BIRDS, ["0 is what a fool says.", "Why not 0"]),
    (BIRDS, ["The answer is not 0.", "I doubt it is 0.", "The opposite of 0", "anything but 0", "0 is too low"]),
    (BIRDS, ["the answer is 0 less than 5"]),
    (BIRDS, ["~~0~~", "<s>0</s>", "<del>none</del>", "\u274c 0", "0 \u274c", "1e0", "0x5", "0b1", "0:05", "x0"]),
    (BIRDS, ["0 0 7", "a\x000"]),
    (BIRDS, ["0 crows flew away.", "None of the crows left.", "zero crows were killed", "none stay dead"]),
    (BIRDS, ["None. 5 crows sit there still."]),
    (BIRDS, ["keine", "aucun", "\u96f6", "cero", "1. None\n2. 5", "- 0\n- 5", "a) 0 b) 5", "none none 5"]),
    (BIRDS, ["Options: 0, 5"]),
    (STONE_BIRDS, ["0", "None", "None are left.", "3", "8", "-5", "15", "5.5", "5th", "fifth", "5%", "$5", "50"]),
    (STONE_BIRDS, ["about 5", "5 hunters"]),
    (STONE_BIRDS, ["5 minutes", "5 metres", "not 5", "5 or 0", "4 or 5", "5 fell off and 3 stay", "8 - 5 = 3"]),
    (STONE_BIRDS, ["5 - 8", "5 + 3 = 8"]),
    (GOATS, ["16", "23", "All but 7", "All but 7 run away.", "7 run away.", "7 ran away, so 16 are left."]),
    (GOATS, ["23 - 7 = 16", "17", "70"]),
    (GOATS, ["0.7", "-7", "7.5", "7th", "seventh", "7 wolves", "7 or 16", "at most 7", "over 7", "7 dead goats"]),
    (GOATS, ["7 goats died", "7 goats run away"]),
    (GOATS, ["16. All but 7 run away.", "She lost 7.", "not 7", "7 % of the goats", "1/7", "7/1", "07", "7:00"]),
    (GOATS, ["7-8", "7 x 2", "7 more than 16"]),
    (EGGS, ["12", "half", "a dozen", "60", "6.5", "1/2", "six dozen", "sixth", "6 boxes", "six or seven", "12 - 6"]),
    (EGGS, ["6, 7"]),
    (BAKERY, ["101", "10", "1000", "1,00", "100%", "hundredth", "100th", "one hundred and one", "1e2", "99"]),
    (BAKERY, ["100.5", "a hundred thousand"]),
    (DIVE, ["5", "five", "5 metres", "+5", "-50", "- 5 or 5", "-0.5", "-5 feet", "--5", "5-", "2-7", "minus"]),
    (BREAD, ["16 hours", "16", "4 minutes", "4 loaves", "4 days", "240", "14 hours", "4.5 hours", "4 to 5 hours"]),
    (BREAD, ["4th hour", "hours", "8 hours"]),
    (RACE, ["second", "2nd", "fourth", "first", "3", "three", "a third", "one third", "second or third"]),
    (RACE, ["not third", "33rd", "thirdly"]),
    (RACE, ["You overtake the runner in third place.", "You are second, the runner is third.", "third to last"]),
    (RACE, ["third from the end"]),
    (CAKE, ["1/4", "a quarter", "3", "4", "34", "4/3", "3/4/5", "0.7", "75", "1/3", "3 quarters or 1/4", "not 3/4"]),
    (CAKE, ["a quarter is left"]),
    (SISTERS, ["July", "May", "June", "April's mother", "May, June, April", "July, not April.", "not April"]),
    (SISTERS, ["April or July", "Apri", "Aprils mother"]),
    (SISTERS, ["April's mother has three children", "May and April", "The mother of April.", "April May", "Avril"]),
    (RIVER, ["a bird", "bird", "a map", "mouth", "river bank", "a river bed", "in a river", "not a river"]),
    (RIVER, ["a river or a bird", "no river", "rivers and maps"]),
    (RIVER, ["a bird, a map, a cave, a river", "A river, a map, a cave", "river map cave", "A river. A map."]),
    (RIVER, ["It is a map. It is a river.", "river?"]),
    (RIVER, ["Anything but a river.", "It could be a river.", "A river is wrong.", "a drive", "the river's mouth"]),
    (RIVER, ["arriver", "What has a mouth but never eats?"]),
    (SIGN, ["woodlouse, 9", "9 and woodlouse", "woodlouse 11", "woodlouse, Otto", "woodlouse (they are equally near)"]),
    (SIGN, ["woodlouse, there are no stairs", "woodlouse; he has no hair", "woodlouse\ndrakes do not lay eggs"]),
    (SIGN, ["tiger, not woodlouse", "woodlouse (it is impossible)", "woodlouse\na bakery"]),
    (WEIGHT, ["iron", "wool", "The iron is heavier.", "They do not weigh the same."]),
    (WEIGHT, ["They don't weigh the same, iron does.", "not equal", "unequal"]),
    (WEIGHT, ["Neither of them is right, it is iron.", "not at the same time", "the same or iron"]),
    (WEIGHT, ["Iron, they are not equal.", "almost the same", "neither... iron"]),
    (WEIGHT, ["It is the same question again: iron.", "Iron weighs the same as lead.", "never the same"]),
    (WEIGHT, ["a pound of iron or a pound of wool"]),
    (TWO_POUNDS, ["iron", "Iron is heavier than wool.", "neither", "the same", "not wool", "wool or iron"]),
    (TWO_POUNDS, ["Wool is lighter.", "The iron, not the wool."]),
    (WIDOW, ["Yes", "yes, it is", "Yes, no doubt.", "yes and no", "no and yes", "maybe", "No, yes.", "not sure"]),
    (WIDOW, ["no idea", "Nobody knows.", "no?"]),
    (WIDOW, ["It is legal.", "Yes or no", "No doubt about it.", "No problem", "know", "not no", "No, it is legal."]),
    (WIDOW, ["No wait, yes.", "Noon", "no one"]),
    (WHALE, ["No", "no, it is a fish", "yes and no", "Yes? No.", "not yes", "A whale is not a mammal."]),
    (WHALE, ["Yes, it is not.", "eyes", "yesterday", "yes or no"]),
    (LETTER, ["S", "W", "TT", "T T", "W, A, T, E, R", "water", "a T-shirt", "T or A", "not T", "A", "I", "tea"]),
    (LETTER, ["\u0422", "the word", "t e"]),
    (MONTHS, ["4", "12", "30", "all", "30 days", "11 days", "11th", "eleventh", "1 1", "111", "All but one"]),
    (MONTHS, ["not 11"]),
    (ROOSTER, ["left", "right", "to the left", "Cocks lay eggs.", "The cock lays an egg on a barn.", "It falls."]),
    (ROOSTER, ["nowhere or left", "not nowhere"]),
    (PRICE, ["$0.10", "10 cents", "5", "$5", "0.5", "0.05%", "50 cents", "$1.05", "5 or 10 cents", "\u20ac0.05"]),
    (MATCH, ["the lamp", "the stove", "lamp", "match or lamp", "not the match", "a match box"]),
    (MATCH, ["the match, the lamp, the stove", "with the match, the lamp"]),
]  # fmt: skip

GOOD += [
    (BIRDS, ["0, they flew away", "None, all of them flew off.", "0 crows, because of the noise", "None, scared away"]),
    (BIRDS, ["0, obviously", "0 - the noise scared them", "Crows left: 0", "Number of crows: 0", "None, sir."]),
    (BIRDS, ["Haha, none!", "Zero. Bang!", "0 of them, alive and well", "None.\n\nExplanation: the shot scared them."]),
    (GOATS, ["7 goats, alive and well", "The wolves sleep, so she has 7.", "7: the others ran away"]),
    (WIDOW, ["No, it is not.", "No, sir.", "No, a dead man cannot marry."]),
    (RIVER, ["People have teeth, birds sing. So the answer is a river.", "The final answer is **a river**."]),
    (RIVER, ["Somebody else would eat. So the answer is a river."]),
    (RIVER, ["A river eats without teeth. So the answer is a river."]),
    (
        POUNDS,
        ["Iron and wool weigh the same.", "The iron weighs the same as the wool.", "Neither, both weigh a pound."],
    ),
    (BIRTHDAY, ["31 December", "The 31st of December.", "It is on December 31."]),
    (BIRDS, ["0 birds", "There are no birds left.", "None of the birds are left."]),
    (DIARY, ["12 months", "All 12 months have 28 days."]),
    (WIDOW, ["### Answer\n\n**No**", "No.\n\nHope this helps!", "My guess: no", "Let's think step by step. No."]),
    (LETTER, ["### Answer\nthe letter T", "The letter T.\n\nHope this helps!", "Great question! The letter T."]),
    (MATCH, ["My guess: the match", "The match.\n\nHope this helps!", "Let's think step by step. The match."]),
    (HAIR, ["He has none.", "He has no hair."]),
    (ROOSTER_ROLLS, ["It doesn't roll anywhere.", "It does not roll at all."]),
    (SLOW_CLOCK, ["0 times a day", "0 times", "Zero times."]),
    (RUNGS, ["6 rungs are under water", "6 rungs are in the water."]),
    (WEIGHT, ["They weigh the same amount.", "Both have the same weight.", "They are tied."]),
]

BAD += [
    (BIRDS, ["the match, 0, a hole, steel", "Peter\nnone\nsteel", "Answer: the match, 0, a hole", "0 and steel"]),
    (BIRDS, ["<answer>the match, 0, a hole</answer>", r"\boxed{the match, 0}", "- the match\n- 0\n- a hole"]),
    (BIRDS, ["* steel\n* none", "0; a hole", "0/steel", "0 (a hole)", "0, the hunters", "a hole: 0: steel", "yes, 0"]),
    (
        BIRDS,
        [
            "1. steel\n2. 0",
            "The answer is steel. The answer is 0.",
            "It is a hole. It is 0.",
            "0 | steel",
            "0\n\na towel",
        ],
    ),
    (GOATS, ["a hole, 7, steel", "7\nPeter"]),
    (RACE, ["steel, third", "third\nthe match"]),
    (WIDOW, ["No, steel, a hole", "steel\nno", "no a hole", "The answer is steel. The answer is no."]),
    (LETTER, ["T, steel", "the match\nT", "T, 0"]),
    (WEIGHT, ["the same and steel", "they weigh the same steel", "the same, a wet towel on the floor"]),
    (
        RIVER,
        ["anything without a river", "without a river", "a river without water", "A map. So the answer is a river."],
    ),
    (RIVER, ["a river, a wet towel on the floor", "a river and steel"]),
    (RIVER, ["a river (a wheelbarrow", "a river (a wheelbarrow)", "a river (a map)"]),
    (POUNDS, ["they weigh the same and iron", "iron they weigh the same", "the same iron", "iron (the same)"]),
    (TWO_POUNDS, ["wool iron", "the wool the iron"]),
    (BIRDS, ["0 fish", "0 robbers", "5 birds", "0. NOT!", "0... not", "0. Strike that.", "0. I take that back."]),
    (BIRDS, ["0. Ignore that.", "0. Never mind.", "0, said nobody", "0, possibly", "0, allegedly", "So-called 0"]),
    (BIRDS, ["Is it 0", "Would 0 do", "Instead of 0", "!0", "False: 0", "Answer (wrong): 0"]),
    (BIRDS, ["<answer>0</answer>\nOn reflection it is 5.", "Answer: 0\nOn second thought, 5."]),
    (RIVER, ["A river. Strike that.", "Instead of a river", "So-called river", "Is it a river", "a river, possibly"]),
    (
        RIVER,
        ["False: a river", "Answer: a river\nOn second thought, a bird.", "<answer>a river</answer> It is a bird."],
    ),
    (BIRDS, ["0, they claim", "0, lol no", "0. I changed my mind.", "0. Let me rethink.", "0. That can't be right."]),
    (BIRDS, ["0. Delete that.", "0. Do not count that.", "0. Who knows.", "0. I am not certain.", "0. I am unsure."]),
    (BIRDS, ["0. Just guessing.", "0. The reverse is true.", "0. No idea really.", "?0", "answer != 0"]),
    (
        RIVER,
        ["A river. I changed my mind.", "A river. Let me correct that.", "a river and so on", "A river. Who knows."],
    ),
    (WIDOW, ["non't", "no, supposedly"]),
    (WHALE, ["yesn't", "Yes. Not!"]),
    (GOATS, ["7 birds"]),
    (DIARY, ["12 days", "12 diaries"]),
    (HAIR, ["none", "They have none.", "He has one."]),
    (ROOSTER_ROLLS, ["It rolls anywhere.", "Not anywhere."]),
    (SLOW_CLOCK, ["0 times a week", "0 hours", "0 times an hour"]),
    (STOPPED_CLOCK, ["2 times a year", "2 times an hour", "twice a week", "2 times per hour"]),
    (RUNGS, ["6 rungs are above water", "6 rungs are under 8", "8 rungs are under water"]),
    (BIRTHDAY, ["31 December, the first of January", "31 December and the first of January", "31 December\nsteel"]),
    (ROPE, ["neither", "the same", "equal", "tied"]),
]


def cases(table: list[tuple[Riddle, list[str]]]) -> list[tuple[Riddle, str]]:
    return [(riddle, response) for riddle, responses in table for response in responses]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['answer']}<-{case['response']}"[:60])
def test_cases(case: dict) -> None:
    riddle = Riddle(question=case["question"], answer=case["answer"], aliases=case["aliases"], trap=case["trap"])
    verdict = verify(riddle, case["response"])
    assert verdict.correct == case["correct"], verdict


@pytest.mark.parametrize(("riddle", "response"), cases(GOOD))
def test_a_good_answer_passes(riddle: Riddle, response: str) -> None:
    assert verify(riddle, response).correct, verify(riddle, response)


@pytest.mark.parametrize(("riddle", "response"), cases(BAD))
def test_an_attack_does_not_pass(riddle: Riddle, response: str) -> None:
    assert not verify(riddle, response).correct, verify(riddle, response)


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        ("None.", Verdict(Outcome.CORRECT, "0", "bare")),
        ("five", Verdict(Outcome.WRONG, "5", "claim")),
        ("There are 6 crows left.", Verdict(Outcome.WRONG, "6", "claim")),
        ("", Verdict(Outcome.NO_ANSWER, None, "empty")),
        ("Answer:", Verdict(Outcome.NO_ANSWER, None, "answer line: empty")),
        ("0 or 5", Verdict(Outcome.AMBIGUOUS, None, "hedge")),
        ("0. Wait, 5.", Verdict(Outcome.AMBIGUOUS, None, "retraction")),
        ("It is not 0.", Verdict(Outcome.AMBIGUOUS, None, "denial")),
        ("0. 5.", Verdict(Outcome.AMBIGUOUS, None, "contradiction")),
        ("<answer>0", Verdict(Outcome.AMBIGUOUS, None, "broken tag")),
        ("What a nice day it is.", Verdict(Outcome.NO_ANSWER, None, "no claim")),
    ],
)
def test_the_verdict_says_what_and_why(response: str, verdict: Verdict) -> None:
    assert verify(BIRDS, response) == verdict


def test_the_reward_is_one_or_nothing() -> None:
    assert [verify(BIRDS, text).reward for text in ("0", "5", "", "0 or 5")] == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "changes", [{"question": " "}, {"answer": ""}, {"answer": None}, {"aliases": "none"}, {"kind": "x"}]
)
def test_a_bad_riddle_is_refused(changes: dict) -> None:
    with pytest.raises(ValueError, match=r"riddle|not a valid Kind"):
        Riddle(**{"question": "How many?", "answer": "3"} | changes)


def test_the_kind_may_be_given() -> None:
    riddle = Riddle("What comes next: B?", "C", kind=Kind.PHRASE)
    assert riddle.kind is Kind.PHRASE
    assert verify(riddle, "c").correct


ALL = (BIRDS, BREAD, RACE, CAKE, RIVER, WEIGHT, WIDOW, LETTER)
FRAGMENTS = """
0 5 8 none no not or so because but if river wool iron yes t third hours 4 3/4 the a is are left . , ? ! : ( ) - = / ' "
answer: <answer> </answer> \\boxed{ } don't all and 's ** $ &nbsp;
"""
WORDS = st.sampled_from([*FRAGMENTS.split(), "\n", "\u00bd", "\u200b", "\ud800", "\x00"])


@hypothesis.settings(deadline=None)
@hypothesis.given(st.one_of(st.text(), st.lists(WORDS).map(" ".join), st.lists(WORDS).map("".join)))
def test_any_text_is_judged_and_twice_the_same(text: str) -> None:
    for riddle in ALL:
        verdict = verify(riddle, text)
        assert verdict == verify(riddle, text)
        assert verdict.correct == (verdict.outcome is Outcome.CORRECT)


@hypothesis.settings(deadline=None)
@hypothesis.given(st.text(min_size=1), st.text(min_size=1), st.text())
def test_any_riddle_accepts_its_own_answer(question: str, answer: str, response: str) -> None:
    hypothesis.assume(question.strip() and answer.strip().strip(" .!"))
    riddle = Riddle(question, answer, (response,))
    verify(riddle, response)
    assert verify(riddle, answer).correct


SHAPES = [
    "a", "0 ", "**0** ", "** ", "(", "{", "<", "< ", "<answer>", "<answer>0</answer>", "\\boxed{", "\\boxed{0}",
    "answer:", "answer: 0\n", "answer ", "\n", "  ", "\u00e9", "\u0301\u0327", "\U0001f426", "\ud800", "\x00", "no ",
    "not a ", "1/", "1 1/2 ", "-", "9,", "9.", "one hundred and ", "3 = ", "if ", "or ", "none. ", "\u200b", "_*_",
    "`", "<b>", "$a", "\\text{", "'", "a'b", "\u0130", "\ufdfa", '{"answer":', "[", "has a mouth but never eats ",
    "a river, ",
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_megabyte_is_judged_in_linear_time(shape: str) -> None:
    """The bound is ten times what is promised of a quiet machine, so that a busy one does not fail it."""
    for size in (3_990, 1_000_000):
        text = shape * (size // len(shape))
        for response in (text, text + "\nAnswer: 0"):
            for riddle in (BIRDS, RIVER):
                start = time.process_time()
                verify(riddle, response)
                assert time.process_time() - start < 1.0


def test_a_structured_answer_behind_a_long_text_counts() -> None:
    thought = "They would all fly away, I should think. " * 25_000
    assert verify(BIRDS, thought + "\nAnswer: 0").correct
    assert verify(BIRDS, thought + "<answer>none</answer>").correct
    assert verify(BIRDS, thought + r"\boxed{0}").correct
    assert not verify(BIRDS, thought + "\nAnswer: 5").correct
    assert verify(BIRDS, thought + "0").outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize("riddle", POSED, ids=[riddle.riddle_id for riddle in POSED])
def test_what_is_judged_without_the_question_is_judged_as_with_it(riddle, monkeypatch):
    told = {int(number) for number in re.findall(r"\d+", f"{riddle.question} {riddle.answer}")}
    numbers = {0, 1, 2, 7, 12, 20, 100} | told | {sign * number + 1 for number in told for sign in (1, -1)}
    times = [f"{number} {unit}" for number in sorted(numbers)[:4] for unit in ("minutes", "hour")]
    words = [form for other in POSED[::5] for form in (other.answer, *other.aliases)]
    for frame in ("{}", "The answer is {}.", "it's {}", "Answer: {}", "<answer>{}</answer>"):
        for reply in map(frame.format, (*numbers, *times, *words)):
            fast = verify(riddle, reply)
            with monkeypatch.context() as patch:
                for rule in ("_judge_number", "_judge_strange"):
                    patch.setattr(bare, rule, lambda *_: None)
                slow = verify(riddle, reply)
            assert (fast.outcome, fast.extracted) == (slow.outcome, slow.extracted), reply


@pytest.mark.parametrize(
    ("answer", "figures"),
    [("half a dozen", "6"), ("two dozen", "24"), ("two halves", "1"), ("a hundred", "100"), ("\uff19", "9"),
     ("1,000", "1000"), ("forty-two", "42"), ("no eggs", "0"), ("5.0", "5")],
)  # fmt: skip
def test_figures_pass_however_the_answer_is_written(answer, figures):
    riddle = Riddle("How many eggs are in the box?", answer, trap="7", kind=Kind.NUMBER)
    for reply in (figures, f"The answer is {figures}.", f"<answer>{figures}</answer>"):
        assert verify(riddle, reply).correct
    assert not verify(riddle, "8").correct


HATS = Riddle(
    "Both sisters tell the truth and know the way. Asked what the other would say, one of them says: 'red'. Which path"
    " leads home, the red path or the black path?", "the red path", trap="the black path",
)  # fmt: skip
MELTING = Riddle("Is any water spilled from a brimful vase by 7 ice cubes that slowly turn to water?", "yes", trap="no")
PIES = Riddle(
    "One pie bakes for 10 minutes. How much time do 6 pies take, one at a time?", "60 minutes", trap="10 minutes"
)


@pytest.mark.parametrize(
    ("riddle", "response", "right"),
    [
        (HATS, "Both tell the truth, so it's the red path.", True),
        (HATS, "Both lie, but I am not sure, so it's the red path or the black one.", False),
        (HATS, "It's the black path, so it's the red path.", False),
        (HATS, "If both lie, it would be black, so it's the red path.", False),
        (HATS, "It isn't the red path, so it's the red path.", False),
        (PIES, "One hour.", True),
        (PIES, "2 hours", False),
        (PIES, "60 hours", False),
        (PIES, "1", False),
        (PIES, "1 minute", False),
        (GOATS, "First 23 - 7 = 16, then 16 - 9 = 7. Seven goats are left.", True),
        (GOATS, "She has 7 goats. 23 - 7 = 16.", False),
        (GOATS, "Seven: the ones that did not run, the lucky few.", True),
        (GOATS, "Seven, a hole, the match.", False),
        (GOATS, "Seven: sixteen.", False),
        (GOATS, "She still has the full seven goats.", True),
        (GOATS, "Seven. If nobody lied.", False),
        (GOATS, "Seven. Was the number of goats.", False),
        (GOATS, "Seven. I doubt it.", False),
        (GOATS, "Seven. That is what she said.", False),
        (HATS, "You should go for the red path.", True),
        (HATS, "You should not go for the red path.", False),
        (HATS, "Both sisters tell the truth: the red path.", True),
        (MELTING, "It's 7.", False),
    ],
)
def test_an_answer_that_is_led_to_passes_and_one_among_others_does_not(riddle, response, right):
    assert verify(riddle, response).correct is right


def test_a_reply_of_strange_words_is_judged_without_the_question():
    assert bare.judge_bare(RIVER, "the harbour") == Verdict(Outcome.WRONG, "harbour", "claim")
    assert bare.judge_bare(GOATS, "the harbour") == Verdict(Outcome.NO_ANSWER, None, "no claim")
    for reply in ("rivers", "a mouth", "nothing", "it eats", "sisters and brothers", "two jars"):
        assert bare.judge_bare(RIVER, reply) is None


SINK = Riddle("I get smaller the more is taken away from me. Am I a hole, a heap of sand or a day?", "a heap of sand",
              ("heap of sand", "the heap of sand"), trap="a hole")  # fmt: skip
JUG = Riddle("From a jug with 8 glasses of milk you take 3. How many glasses are in the jug then?", "5", trap="3")


@pytest.mark.parametrize(
    ("riddle", "response", "right"),
    [
        (
            SINK,
            "Digging makes a hole bigger and nobody shortens a day, so what shrinks must be **a heap of sand**.",
            True,
        ),
        (SINK, "Digging makes a hole bigger and nobody shortens a day. Only **a heap of sand** shrinks by it.", True),
        (SINK, "**a heap of sand** is what a child would name, who digs in it. The riddle has a hole in mind.", False),
        (SINK, "Digging in the garden makes one and the same thing bigger, so it isn't **a heap of sand**.", False),
        (SINK, "The **more** you dig, the smaller it gets, so what shrinks must be **a heap of sand**.", False),
        (SINK, "A hole. Whoever digs in the garden long enough ends up with **a heap of sand**.", False),
        (SINK, "What shrinks when somebody digs in it is **a heap of sand**, but a hole is the answer.", False),
        (SINK, "What shrinks when somebody digs in it is **a heap of sand**?", False),
        (JUG, "Eight were there at first and three of these are gone: 8 - 3 = **5**.", True),
        (JUG, "Eight were there at first and three of these are gone. An answer is **5**.", False),
        (JUG, "Eight were there at first and of these **5** ran out, which is more than half.", False),
    ],
)
def test_a_bold_answer_at_the_end_of_an_explanation_passes_if_it_is_stated(riddle, response, right):
    assert verify(riddle, response).correct is right


def test_an_answer_line_counts_whatever_explanation_stands_above():
    path = Path(__file__).parents[1] / "benchmarks" / "replies.jsonl"
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        _, right, replies = row.pop("set"), row.pop("right"), row.pop("replies")
        riddle = Riddle(**row)
        for reply in replies:
            if "answer:" not in reply.lower():  # it has no such line of its own
                line = f"Answer: {riddle.answer if right else riddle.trap}"
                assert verify(riddle, f"{reply}\n{line}").correct is right, reply


@pytest.mark.parametrize("riddle", POSED, ids=[riddle.riddle_id for riddle in POSED])
def test_an_accepted_form_passes_behind_the_answer_is_and_the_trap_does_not(riddle):
    for frame in ("The answer is {}.", "It is {}!", "answer: {}"):
        for form in (riddle.answer, *riddle.aliases):
            assert verify(riddle, frame.format(form)).extracted == riddle.answer
        assert not verify(riddle, frame.format(riddle.trap)).correct
        assert not verify(riddle, f"{frame.format(riddle.answer)} Or {riddle.trap}").correct


@pytest.mark.parametrize("frame", ["<answer>{}</answer>", "\\boxed{{{}}}", "Let me think.\nAnswer: {}."])
def test_a_structured_answer_is_judged_as_it_is_alone(frame):
    families = splits.families_of("validation")
    riddles = [splits.riddle_at(family, "validation", index) for family in families for index in range(3)]
    for riddle, other in zip(riddles, riddles[1:] + riddles[:1], strict=True):
        for said in (riddle.answer, *riddle.aliases, riddle.trap or "no", other.answer):
            alone, framed = verify(riddle, said), verify(riddle, frame.format(said))
            assert (framed.outcome, framed.extracted) == (alone.outcome, alone.extracted), (riddle, said, framed)
