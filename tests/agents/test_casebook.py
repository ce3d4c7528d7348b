"""Case memory: what is studied, and which worked examples are shown before a riddle."""

import dataclasses
import functools
from collections import Counter

import gymnasium as gym

from agents import Budget
from agents.base import Metered, spawn_seeds
from agents.casebook import Casebook, study, worked
from agents.trajectory import Completion, pairs_of
from expit_env import verify
from expit_env.riddles import splits

make = functools.partial(gym.make, "Riddle-v0")
STUDIED = study(make(), 2, 0, 1_000)


def test_so_many_pairs_of_each_family_are_played_the_same_for_equal_seeds():
    assert Counter(one.family for one in STUDIED) == dict.fromkeys(make().unwrapped.families, 4)
    for riddle, contrast in pairs_of(STUDIED).values():
        assert (contrast.riddle_id, contrast.contrast_id) == (f"{riddle.riddle_id}/contrast", riddle.riddle_id)
        assert (riddle.text, riddle.solved, riddle.answer) == ("", False, splits.riddle(riddle.riddle_id).answer)
    assert study(make(), 2, 0, 1_000) == STUDIED
    assert study(make(), 2, 1, 1_000) != STUDIED
    assert study(make(), 0, 0, 1_000) == []


def test_no_more_is_studied_than_allowed_and_whole_pairs_are():
    for most in (0, 1, 2, 7, 30):
        env = Metered(make(), Budget(1_000))
        assert study(env, 2, 0, most) == STUDIED[: most // 2 * 2]
        assert (env.spent.episodes, env.spent.tokens) == (most // 2 * 2, 0)


def test_what_is_studied_of_a_family_is_worded_as_differently_as_it_can_be(written):
    wordings = ["How many birds are left on wire {}?", "Which of {} lamps burns?", "{} men cross. Who is wet?"]
    texts = [wordings[max(0, n - 17)].format(n) for n in range(20)]
    rows = [{"question": text, "answer": "I", "split": "train"} for text in texts]
    studied = [one.question for one in study(make(source=written(rows)), 3, 0, 9)]
    assert sorted(text.strip("0123456789")[:5] for text in studied) == [" men ", "How m", "Which"]
    wordless = [{"question": text, "answer": "I", "split": "train"} for text in ("?", "!", "?!")]
    assert len(study(make(source=written(wordless, "signs.jsonl")), 3, 0, 9)) == 3


def test_what_is_studied_is_not_searched():
    env, studied = make(), {one.riddle_id for one in STUDIED}
    searched = [spawn_seeds([0, index], 96) for index in range(6)]
    assert not studied & {env.reset(seed=seed)[1]["riddle_id"] for seeds in searched for seed in seeds}


def test_the_cases_nearest_to_a_riddle_are_whole_and_most_often_of_its_family():
    book, env, hits = Casebook.of(STUDIED, True, 2), make(), 0
    families = {one.question: one.family for one in STUDIED}
    for seed in range(300):
        question, info = env.reset(seed=seed)
        shown = book.nearest(question)
        assert len(shown) == 2 * sum(case[0] in shown and case[1] in shown for case in book.cases) == 4
        hits += info["family"] in {families[example] for example, _ in shown}
    assert hits > 0.9 * 300
    alone = Casebook(book.cases, 1)
    assert all(alone.nearest(f"{question} Say it.") == case for case in book.cases for question, _ in case)
    assert all(not dict(alone.nearest(question)).keys() & dict(case) for case in book.cases for question, _ in case)
    assert Casebook((), 2).nearest("How many?") == []


def test_from_the_second_round_on_the_pairs_that_were_solved_whole_are_cases_too():
    def says(one, text, finished=True, logprob=0.0, reward=1.0):
        said = Completion(text, logprobs=(logprob,), finished=finished)
        return dataclasses.replace(one, completions=(said,), rewards=(reward,))

    first, second, third = list(pairs_of(STUDIED).values())[:3]
    drawn = [
        says(first[0], "a", logprob=-2.0), says(first[0], "b", logprob=-1.0), says(first[1], "c"),
        says(first[1], "wrong", reward=0.0), says(second[0], "d"), says(second[1], "cut off", finished=False),
        says(third[1], "e"), says(third[0], "wrong", reward=0.0),
    ]  # fmt: skip
    book = Casebook.of(STUDIED, True, 2)
    extended = book.extended(drawn)
    assert extended.cases == [*book.cases, [(first[0].question, "b"), (first[1].question, "c")]]
    assert (extended.shown, book.extended([]).cases) == (2, book.cases)


def test_a_guess_behind_the_other_sides_reason_is_no_case():
    riddle, contrast = next(iter(pairs_of(STUDIED).values()))
    why, own = "They all flew off.\nAnswer: ", "Wooden birds stay.\nAnswer: 4"
    drawn = [
        dataclasses.replace(one, completions=(Completion(text),), rewards=(reward,), extracted=text[-1])
        for one, text, reward in (
            (riddle, f"{why}0", 1.0), (contrast, f"{why}0", 0.0), (contrast, f"{why}4", 1.0), (contrast, own, 1.0),
        )
    ]  # fmt: skip
    book = Casebook((), 1)
    assert book.extended(drawn[:3]).cases == []
    assert book.extended(drawn).cases == [[(riddle.question, f"{why}0"), (contrast.question, own)]]


def test_a_worked_example_is_right_and_gives_its_reason_first_if_it_shall():
    bare = [(one.question, one.answer) for one in STUDIED]
    assert Casebook.of(STUDIED, False, 1).examples == bare
    reasoned = [(one.question, f"{one.explanation}\nAnswer: {one.answer}") for one in STUDIED]
    assert Casebook.of(STUDIED, True, 1).examples == reasoned
    assert all(verify(splits.riddle(one.riddle_id), worked(one, True)).correct for one in STUDIED)


def test_a_riddle_without_contrast_and_explanation_is_a_case_of_its_own(written):
    rows = [{"question": f"Who is number {n}?", "answer": "I", "split": "train"} for n in range(5)]
    studied = study(make(source=written(rows)), 3, 0, 4)
    assert Casebook.of(studied, True, 1).nearest(f"{studied[1].question}!") == [(studied[1].question, "I")]
    assert len(studied) == len(pairs_of(studied)) == 3
