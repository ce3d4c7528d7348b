"""The baselines that do not read: they are fitted on what they are given, and copy from the right place."""

import runpy
from pathlib import Path
from types import SimpleNamespace

from expit_env import Riddle
from expit_env.audit.audit import Tally

blind = SimpleNamespace(**runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "blind.py")))

BIRDS = Riddle("There are 8 crows on a fence. A hunter shoots 3. How many are left?", "0", trap="5")
SHEEP = Riddle("A farmer has 17 sheep. All but 9 die. How many are left?", "9", trap="8")
GOATS = Riddle("A widow has 20 goats. All but 4 die. How many are left?", "4", trap="16")
TRAIN = [BIRDS, BIRDS, SHEEP]


def test_the_blind_ones_say_what_train_says():
    assert blind.most_frequent(TRAIN)(GOATS) == "0"
    assert {blind.drawn_at_random(TRAIN)(GOATS) for _ in range(1)} <= {"0", "9"}
    assert blind.some_number(TRAIN)(GOATS) in ("20", "4")


def test_the_nearest_question_gives_its_answer_or_the_place_of_it():
    assert blind.nearest(TRAIN)(GOATS) == "9"
    assert blind.nearest(TRAIN, copies=True)(GOATS) == "4"
    assert blind.nearest(TRAIN, copies=True)(BIRDS) == "0"


def test_a_pair_is_right_only_if_both_are():
    scored = blind.score(lambda riddle: "4", [(GOATS, BIRDS), (BIRDS, GOATS), (GOATS, GOATS)])
    assert scored == {"riddles": Tally(3, 2), "contrasts": Tally(3, 2), "pairs": Tally(3, 1)}
