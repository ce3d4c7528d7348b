"""Tests of riddles from elsewhere: files, datasets and reasoning-gym behind the same door."""

import json
import os
import pickle
import random
import subprocess
import sys
import types
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

from expit_env import Kind, Outcome, RiddleList, open_source, verify
from expit_env.riddles import splits
from expit_env.sources import reasoning_gym as reasoning
from expit_env.sources.rows import normalise, read_row

THINGS = ("clock", "river", "needle", "bottle", "road", "candle", "mirror", "ladder", "anchor", "window")
ROWS = [
    {"question": f"What number {number} has a {thing} in it?", "answer": f"a {thing}", "trap": "a giraffe"}
    for thing in THINGS
    for number in range(9)
]
CHOICES = {
    "question": "What has hands but cannot clap?",
    "choices": ["a man", "a clock", "an alarm clock", "a shadow"],
    "answer": "a clock",
    "trap": "a man",
}


@pytest.fixture
def written(tmp_path):
    """Write rows to a file and return its path as a string."""

    def write(rows, name="mine.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return str(path)

    return write


def make(source, **kwargs):
    return gym.make("Riddle-v0", source=source, **kwargs)


def read(fields):
    return read_row(fields, 1, "here", "mine").riddle


def test_a_file_is_posed_and_scored(written):
    env = make(written(ROWS))
    question, info = env.reset(seed=3)
    row = ROWS[int(info["riddle_id"].split("/")[2]) - 1]
    assert (question, info["family"], info["level"], info["split"]) == (row["question"], "mine", 1, "train")
    _, reward, _, _, info = env.step(f"It is {row['answer']}.")
    assert (reward, info["answer"]) == (1.0, row["answer"])


def test_the_id_that_was_reported_poses_the_same_again(written):
    env = make(written(ROWS), split="validation")
    for seed in range(5):
        posed = env.reset(seed=seed)
        assert env.reset(options={"riddle_id": posed[1]["riddle_id"]}) == posed
    with pytest.raises(ValueError, match=r"no riddle of .* has the id 'mine/train/1000'; an example of an id is"):
        env.reset(options={"riddle_id": "mine/train/1000"})


def test_no_question_stands_in_two_splits_and_all_rows_are_somewhere(written):
    loaded = open_source(written(ROWS + ROWS))  # each question twice
    by_split = {split: set() for split in splits.SPLITS}
    for riddle in loaded.riddles.values():
        by_split[riddle.split].add(normalise(riddle.question))
    assert len(loaded.riddles) == 2 * len(ROWS)
    assert sum(len(questions) for questions in by_split.values()) == len(ROWS)
    assert 0.6 < len(by_split["train"]) / len(ROWS) < 0.95
    assert all(by_split[split] for split in ("train", "validation", "test"))


def test_rows_without_a_split_are_kept_out_of_the_splits_that_others_name(written):
    rows = [row | {"split": "test"} if "river" in row["answer"] else row for row in ROWS]
    loaded = open_source(written(rows))
    for riddle in loaded.riddles.values():
        assert (riddle.split == "test") == ("river" in riddle.answer)
    assert {riddle.split for riddle in loaded.riddles.values()} == {"train", "validation", "test"}


def test_a_cluster_stays_together(written):
    rows = [row | {"cluster": row["answer"]} for row in ROWS]
    found = {(riddle.answer, riddle.split) for riddle in open_source(written(rows)).riddles.values()}
    assert len(found) == len(THINGS)


def test_families_and_levels_are_chosen(written):
    rows = [row | {"family": row["answer"].split()[-1], "level": 1 + index % 5} for index, row in enumerate(ROWS)]
    source = written(rows)
    env = make(source, families=["clock", "road"], level=2)
    told = [env.reset(seed=seed)[1] for seed in range(30)]
    assert {(info["family"], info["level"]) for info in told} == {("clock", 2), ("road", 2)}
    for kwargs, message in (
        ({"families": "clokc"}, "no family 'clokc'. Did you mean 'clock'"),
        ({"families": []}, "families is empty"),
        ({"families": "clock", "level": 7}, "no riddle of level 7, only of 1, 2, "),
        ({"split": "tset"}, "no split 'tset'"),
        ({"split": "transfer"}, "no riddles in the split 'transfer', only in train, validation, test"),
    ):
        with pytest.raises(ValueError, match=message):
            make(source, **kwargs)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "What?"}, "it has no answer"),
        ({"question": " ", "answer": "9"}, "question must be a non-empty string"),
        ({"question": "What?", "answer": 9.5}, "answer must be a non-empty string, not 9.5"),
        ({"question": "What?", "answer": "9", "alias": ["x"]}, r"no field 'alias'\. Did you mean 'aliases'\?"),
        ({"question": "What?", "answer": "9", "aliases": "nine"}, "aliases must be a list of strings, not 'nine'"),
        ({"question": "What?", "answer": "9", "aliases": [""]}, "aliases must be a non-empty string"),
        ({"question": "What?", "answer": "9", "kind": "numbr"}, "no kind 'numbr'. Did you mean 'number'"),
        ({"question": "What?", "answer": "9", "level": 6}, "no level 6"),
        ({"question": "What?", "answer": "9", "level": True}, "no level True"),
        ({"question": "What?", "answer": "9", "split": "dev"}, "no split 'dev'"),
        ({"question": "What?", "answer": "9", "family": "a/b"}, "a family's name has no '/'"),
        ({"question": "What?", "answer": "9", "trap": "nine"}, "the trap 'nine' is a right answer"),
        ({"question": "Which marks are these?", "answer": "..."}, r"'...' can't be an answer"),
        ({"question": "What?", "answer": "9", "choices": ["8", "7"]}, "'9' is not one of the choices"),
        ({"question": "What?", "answer": "9", "choices": ["9", "9"]}, "choices are 2 to 26 different texts"),
        ({"question": "What?", "answer": "9", "choices": ["9", "8"], "kind": "number"}, "of the kind choice"),
        (["What?", "9"], "a row is an object"),
        ({"question": "What? " * 500_000, "answer": "9"}, "question: a text of 2,999,999 characters is longer"),
        ({"question": "What?", "answer": "nine " * 201}, "answer: a text of 1,004 characters is longer than the 1,000"),
        ({"question": "What?", "answer": 10**1_000}, "answer: a text of 1,001 characters"),
        ({"question": "What?", "answer": "9", "aliases": ["nine " * 201]}, "aliases: a text of 1,004 characters"),
        ({"question": "What?", "answer": "9", "aliases": ["nine"] * 1_001}, "aliases: 1,001 texts are more than"),
    ],
)
def test_a_bad_row_is_refused_with_file_line_and_reason_or_counted(written, row, message):
    source = written([ROWS[0], row, *ROWS[1:]])
    with pytest.raises(ValueError, match=rf"mine.jsonl, line 2: .*{message}"):
        make(source)
    with pytest.warns(UserWarning, match="1 bad rows were left out"):
        loaded = open_source(f"{source}?skip_bad")
    assert len(loaded.skipped) == 1
    assert "line 2: " in loaded.skipped[0]
    assert len(loaded.riddles) == len(ROWS)


def test_what_is_no_json_is_refused_with_its_line(tmp_path):
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"question": "What?", "answer": 9}\r\n\n{"question": "\xff"}\n')
    with pytest.raises(ValueError, match=r"line 3: it is not valid JSON"):
        RiddleList.from_jsonl(path)
    path.write_bytes(path.read_bytes().splitlines()[0])
    assert open_source(str(path)).riddle(next(iter(open_source(str(path)).riddles))).answer == "9"


def test_a_question_in_two_splits_is_refused(written):
    rows = [{"question": "What now?", "answer": "9", "split": "train"}, {"question": "what NOW", "answer": "9"}]
    source = written([rows[0], rows[1] | {"split": "test"}])
    with pytest.raises(ValueError, match=r"line 1: its question would be in train, but is in test \(.*line 2\)"):
        make(source)
    with pytest.warns(UserWarning, match="1 bad rows"):
        assert [riddle.split for riddle in open_source(f"{source}?skip_bad").riddles.values()] == ["test"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("riddles.json", "no source 'riddles.json'"),
        ("nowhere.jsonl", "there is no file nowhere.jsonl"),
        ("hg:INK-USC/riddle_sense", "What exists: a file NAME.jsonl, hf:DATASET"),
    ],
)
def test_a_source_that_is_none_is_refused(source, message):
    with pytest.raises(ValueError, match=message):
        make(source)


def test_an_empty_file_and_a_wrong_option_are_refused(written):
    with pytest.raises(ValueError, match="has no riddles"):
        make(written([]))
    with pytest.raises(ValueError, match=r"no option of a JSONL source 'skip'\. .* What exists: skip_bad"):
        make(written(ROWS) + "?skip")


def test_a_file_is_read_anew_when_it_has_changed(written):
    source = written(ROWS)
    before = open_source(source)
    assert open_source(source) is before
    written(ROWS[:50])
    os.utime(source, ns=(1, 1))
    assert len(open_source(source).riddles) == 50


def test_choices_are_lettered_and_answered_by_letter_or_text():
    riddle = read(CHOICES)
    assert riddle.question.endswith("\nA. a man\nB. a clock\nC. an alarm clock\nD. a shadow")
    assert (riddle.answer, riddle.aliases, riddle.trap, riddle.kind) == ("B", ("a clock",), "A", Kind.CHOICE)
    for right in ("B", "b", "(B)", "a clock", "B. a clock", "The answer is B.", "Answer: B", "Answer: a clock"):
        assert verify(riddle, right).correct, right


@pytest.mark.parametrize(
    "response",
    ["A", "C", "a man", "an alarm clock", "alarm clock", "B. a man", "A. a clock", "a man, a clock, a shadow",
     "B or C", "a clock or a man", "A B C D", "not B", "man clock", "B, an alarm clock", "Answer: a shadow", ""],
)  # fmt: skip
def test_another_option_or_several_do_not_pass(response):
    assert not verify(read(CHOICES), response).correct


def test_an_option_inside_a_longer_one_is_no_second_option():
    riddle = read(CHOICES | {"answer": "an alarm clock"})
    assert verify(riddle, "an alarm clock").correct
    assert not verify(riddle, "a clock").correct


def test_check_env_has_nothing_to_say_of_a_file_in_any_script(written):
    rows = [{"question": f"Was ist größer als {n} – “Öl”? 水", "answer": "nichts"} for n in range(40)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(written(rows), max_attempts=2).unwrapped)
    assert len({normalise(row["question"]) for row in rows}) == 40


def test_the_spec_of_a_string_source_survives_json_and_its_env_pickles(written):
    env = make(written(ROWS), split="validation")
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    copy = pickle.loads(pickle.dumps(env.unwrapped))
    assert data_equivalence(env.reset(seed=5), again.reset(seed=5), exact=True)
    assert copy.reset(seed=5) == env.unwrapped.reset(seed=5)


@pytest.mark.parametrize("kind", [SyncVectorEnv, AsyncVectorEnv])
def test_every_vector_environment_poses_the_same(written, kind):
    source = written(ROWS)
    env = kind([lambda: make(source)] * 3, autoreset_mode="SameStep")
    fast = gym.make_vec("Riddle-v0", num_envs=3, source=source)
    try:
        for told in (env, fast):
            questions, infos = told.reset(seed=7)
            rows = [ROWS[int(name.split("/")[2]) - 1] for name in infos["riddle_id"]]
            assert list(questions) == [row["question"] for row in rows]
            assert told.step([row["answer"] for row in rows])[1].tolist() == [1.0] * 3
        assert data_equivalence(env.reset(seed=8), fast.reset(seed=8), exact=True)
        poser = {"riddle_id": str(fast.reset(seed=9)[1]["riddle_id"][0])}
        assert fast.reset(options=poser)[1]["riddle_id"].tolist() == [poser["riddle_id"]] * 3
    finally:
        env.close()


@pytest.fixture
def saved(tmp_path):
    """Save splits of rows as a dataset of one's own and return its folder as a string."""
    datasets = pytest.importorskip("datasets")

    def save(rows_of):
        folder = str(tmp_path / "someone" / "theirs")
        made = {split: datasets.Dataset.from_list(rows) for split, rows in rows_of.items()}
        datasets.DatasetDict(made).save_to_disk(folder)
        return folder

    return save


def sense(count, key="B"):
    """Rows laid out as RiddleSense is."""
    return [
        {
            "question": f"I am thing {key}{number}. What am I?",
            "choices": {"label": list("ABCDE"), "text": ["fire", "water", "hot water", "stone", f"air {number}"]},
            "answerKey": key,
        }
        for number in range(count)
    ]


def teasers(count):
    """Rows laid out as BRAINTEASER is: each puzzle in three tellings."""
    return [
        {
            "puzzle_id": str(number), "reconstruction": telling, "question": f"How can puzzle {number} be, {telling}?",
            "answer": f"It is made of wool {number}.", "distrator1": "It was dark.", "distrator2": "He is a twin.",
            "unsure": "None of above.",
        }
        for number in range(count) for telling in ("OR", "SR", "CR")
    ]  # fmt: skip


def test_riddle_sense_is_lettered_and_its_own_validation_is_our_test(saved):
    source = "hf:" + saved({"train": sense(60), "validation": sense(20, "C"), "test": sense(5, "")})
    loaded = open_source(source)
    assert len(loaded.riddles) == 80
    for riddle in loaded.riddles.values():
        assert (riddle.split == "test") == (riddle.answer == "C")
        assert (riddle.kind, riddle.family) == (Kind.CHOICE, "theirs")
    assert {riddle.split for riddle in loaded.riddles.values()} == {"train", "validation", "test"}
    env = make(source)
    question, info = env.reset(seed=0)
    assert question.splitlines()[1:4] == ["A. fire", "B. water", "C. hot water"]
    assert env.reset(options={"riddle_id": info["riddle_id"]})[0] == question
    assert env.step("hot water")[1] == 0.0


def test_the_three_tellings_of_a_brainteaser_stay_in_one_split(saved):
    loaded = open_source("hf:" + saved({"sp": teasers(40), "wp": [row | {"puzzle_id": f"w{row['puzzle_id']}",
        "question": row["question"] + " In words?"} for row in teasers(40)]}))  # fmt: skip
    assert {riddle.family for riddle in loaded.riddles.values()} == {"sp", "wp"}
    places = {(riddle.question.split(",")[0], riddle.family, riddle.split) for riddle in loaded.riddles.values()}
    assert len(loaded.riddles) == 240
    assert len(places) == 80
    letters = [riddle.answer for riddle in loaded.riddles.values()]
    assert all(30 < letters.count(letter) < 90 for letter in "ABCD")


def test_columns_of_other_names_are_mapped_and_places_are_told(saved):
    rows = [{"q": row["question"], "a": row["answer"], "other": 1} for row in ROWS]
    folder = saved({"train": rows, "test": [{"q": "What is only here?", "a": "a test", "other": 2}]})
    loaded = open_source(f"hf:{folder}?question=q&answer=a")
    assert [riddle.answer for riddle in loaded.riddles.values() if riddle.split == "test"] == ["a test"]
    with pytest.raises(ValueError, match=r"has the columns a, other, q\. Say which are question and answer"):
        open_source(f"hf:{folder}")
    with pytest.raises(ValueError, match="theirs, train, row 1: it lacks 'answre'"):
        open_source(f"hf:{folder}?question=q&answer=answre")


def test_a_folder_of_files_is_a_dataset(tmp_path):
    pytest.importorskip("datasets")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in sense(30)), encoding="utf-8")
    assert len(open_source(f"hf:{folder}").riddles) == 30


def test_without_the_packages_the_error_says_what_to_install():
    for name, source, message in (
        ("datasets", "hf:INK-USC/riddle_sense", "needs the package datasets"),
        ("reasoning_gym", "reasoning-gym:leg_counting", "pip install -e '.[reasoning-gym]'"),
    ):
        code = f"import sys; sys.modules[{name!r}] = None; import expit_env; expit_env.open_source({source!r})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert message in done.stderr


class FakeDataset:
    """A dataset of reasoning-gym's shape, with few questions and a scorer that gives partial credit."""

    def __init__(self, seed):
        self.number = random.Random(seed).randrange(400)

    def __getitem__(self, index):
        if self.number % 50 == 0:
            raise ZeroDivisionError
        return {"question": f"What is {self.number} backwards?", "answer": str(self.number)[::-1], "metadata": {}}

    def score_answer(self, answer, entry):
        if answer == "crash":
            raise ZeroDivisionError
        return 1.0 if answer == entry["answer"] else 0.9 if answer else 0.0


class ConstantDataset(FakeDataset):
    def __getitem__(self, index):
        return {"question": "What is it?", "answer": "it", "metadata": {}}


@pytest.fixture
def gymnasium_of_reason(monkeypatch):
    """A stand-in for the package reasoning-gym."""
    kinds = {"backwards": FakeDataset, "constant": ConstantDataset, "codeio": FakeDataset}
    factory = types.ModuleType("reasoning_gym.factory")
    factory.DATASETS = kinds
    factory.create_dataset = lambda name, seed, size: kinds[name](seed)
    package = types.ModuleType("reasoning_gym")
    package.factory = factory
    monkeypatch.setitem(sys.modules, "reasoning_gym", package)
    monkeypatch.setitem(sys.modules, "reasoning_gym.factory", factory)
    reasoning._item.cache_clear()
    yield
    reasoning._item.cache_clear()


@pytest.mark.usefixtures("gymnasium_of_reason")
def test_reasoning_gym_is_divided_by_question():
    asked = {}
    for split in ("train", "validation", "test"):
        env = make("reasoning-gym:backwards", split=split)
        posed = [env.reset(seed=seed) for seed in range(150)]
        asked[split] = {question for question, _ in posed}
        for question, info in posed[:5]:
            assert env.reset(options={"riddle_id": info["riddle_id"]}) == (question, info)
            assert info["riddle_id"].startswith(f"backwards/{split}/")
    assert not asked["train"] & (asked["validation"] | asked["test"])
    assert not asked["validation"] & asked["test"]
    assert len(asked["train"]) > 80


@pytest.mark.usefixtures("gymnasium_of_reason")
@pytest.mark.parametrize(
    ("form", "outcome"),
    [
        ("{}", Outcome.CORRECT),
        ("I think: <answer> {} </answer>.", Outcome.CORRECT),
        ("I think: {}", Outcome.WRONG),  # 0.9 is no pass
        ("<answer>{}", Outcome.AMBIGUOUS),
        ("{}</answer>", Outcome.AMBIGUOUS),
        ("<answer>{}</answer><answer>1</answer>", Outcome.AMBIGUOUS),
        ("<answer></answer>", Outcome.NO_ANSWER),
        ("<answer>" * 100_000, Outcome.AMBIGUOUS),
        ("9" * 1_000_000, Outcome.AMBIGUOUS),
    ],
)
def test_reasoning_gym_is_scored_by_its_own_scorer(form, outcome):
    env = make("reasoning-gym:backwards")
    _, info = env.reset(seed=0)
    answer = env.unwrapped._source.riddle(info["riddle_id"]).answer
    _, reward, _, _, info = env.step(form.format(answer))
    assert (info["outcome"], reward) == (outcome, float(outcome is Outcome.CORRECT))
    if outcome in (Outcome.CORRECT, Outcome.WRONG):
        assert info["rule"] == "reasoning-gym"


@pytest.mark.usefixtures("gymnasium_of_reason")
def test_a_scorer_that_fails_stops_the_run():
    env = make("reasoning-gym:backwards")
    env.reset(seed=0)
    with pytest.raises(RuntimeError, match=r"the scorer of backwards/train/.* failed on 'crash': ZeroDivisionError"):
        env.step("crash")


@pytest.mark.usefixtures("gymnasium_of_reason")
def test_what_reasoning_gym_does_not_have_is_refused():
    for source, message in (
        ("backward", "no dataset of reasoning-gym 'backward'. Did you mean 'backwards'"),
        ("codeio", "codeio depends on PYTHONHASHSEED or on global generators"),
    ):
        with pytest.raises(ValueError, match=message):
            make(f"reasoning-gym:{source}")
    for kwargs, message in (
        ({"level": 2}, "no level 2"),
        ({"split": "transfer"}, "no split of reasoning-gym 'transfer'"),
        ({"families": "constant"}, "no family 'constant'"),
    ):
        with pytest.raises(ValueError, match=message):
            make("reasoning-gym:backwards", **kwargs)
    env = make("reasoning-gym:backwards,constant", families="backwards")
    for name in (
        "backwards/train",
        "backwards/dev/1",
        "backwards/train/x",
        "codeio/train/1",
        "backwards/train/1000000",
    ):
        with pytest.raises(ValueError, match="no riddle has the id"):
            env.reset(options={"riddle_id": name})
    other = make("reasoning-gym:constant", split="train")
    with pytest.raises(RuntimeError, match="constant of reasoning-gym has too few different questions"):
        other.reset(seed=0)


def test_the_real_reasoning_gym_is_posed_and_scored():
    pytest.importorskip("reasoning_gym")
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    env = make("reasoning-gym:spell_backward,leg_counting")
    for seed in range(6):
        posed = env.reset(seed=seed)
        assert env.reset(options={"riddle_id": posed[1]["riddle_id"]}) == posed
        answer = env.unwrapped._source.riddle(posed[1]["riddle_id"]).answer
        assert env.step(f"<answer>{answer}</answer>")[1] == 1.0
        env.reset(seed=seed)
        assert env.step("<answer>none</answer>")[1] == 0.0
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states  # noqa: NPY002


def test_a_level_draws_the_nearest_that_there_is(written):
    rows = [row | {"level": 1 + 2 * (index % 2), "family": "mine"} for index, row in enumerate(ROWS)]
    env = make(written(rows))
    with pytest.raises(ValueError, match=r"no family 'mien'\. Did you mean 'mine'\?"):
        env.reset(options={"level": {"mien": 3}})
    for level, nearest in ((1, {1}), (2, {1, 3}), (3, {3}), (5, {3})):
        assert {env.reset(seed=seed, options={"level": level})[1]["level"] for seed in range(20)} <= nearest
