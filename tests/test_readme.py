"""Every block of Python in the README runs, and does what the text around it says."""

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import gymnasium as gym
import pytest
from support.tiny import load_without_workers, save_tiny, terse_model, tiny_policy
from support.verifiers import even

from agents import Budget, Conditions, LoRA, embedded, registry
from agents.registry import Setting
from expit_env import NoisyVerifier

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
ROWS = re.findall(r'^    (\{"question".*\})$', README, flags=re.MULTILINE)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the README's riddles, and a tiny model where the README has the embedded one."""
    (tmp_path / "riddles.jsonl").write_text("\n".join(ROWS), encoding="utf-8")
    model = save_tiny(tmp_path / "model")
    monkeypatch.setattr(embedded, "embedded_model_path", lambda: model)
    load_without_workers(monkeypatch)
    monkeypatch.chdir(tmp_path)


def test_the_blocks_run_from_top_to_bottom_and_print_what_the_text_says(here, capsys, monkeypatch):
    assert len(BLOCKS) == 5
    assert len(ROWS) == 3
    names: dict[str, object] = {}
    exec(BLOCKS[0], names)
    assert "leave on the clothes line? 1.0 0 correct" in capsys.readouterr().out
    exec(BLOCKS[1], names)
    outcomes = re.findall(r"'(correct|wrong|no_answer)'", capsys.readouterr().out)
    assert outcomes == ["correct", "wrong", "no_answer"] == re.findall(r"  # (\w+)$", BLOCKS[1], flags=re.MULTILINE)
    exec(BLOCKS[2], names)
    question, _ = names["env"].reset(seed=0)
    row = next(row for row in map(json.loads, ROWS) if question.startswith(row["question"]))
    assert names["env"].step(row["answer"])[1] == 1
    # A random model is never right: some of its answers pass, so that it has something to learn.
    monkeypatch.setitem(gym.registry["Riddle-v0"].kwargs, "verifier", NoisyVerifier(false_pass=0.3))
    exec(BLOCKS[3], names)
    history, *answer = capsys.readouterr().out.splitlines()
    assert "'coverage': " in history
    assert names["history"].rounds[0]["rows"] > 0
    assert "".join(answer).strip() != ""


def test_the_agent_that_it_adds_is_one_more_among_the_others(tmp_path, monkeypatch):
    module = ModuleType("agents.first_right")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(BLOCKS[4], vars(module))
    name, place = re.search(r'`"([\w-]+)": "(agents\.[\w.:]+)"`', README).groups()
    monkeypatch.setattr(registry, "TRAINABLE", {**registry.TRAINABLE, name: place})
    monkeypatch.setattr(registry, "AGENTS", (*registry.AGENTS, name))

    setting = Setting(tiny_policy(terse_model()), Conditions(LoRA(rank=2), max_new_tokens=8), 20, tmp_path)
    asked: list[object] = []
    env = gym.make("Riddle-v0", verifier=lambda *what: asked.append(what) or even(*what))
    for _ in range(2):  # the second time nothing is done again
        agent = registry.make_agent(name, setting)
        history = agent.learn(env, Budget(20))
        assert history.spent.episodes == len(asked) == 4 + agent.config.episodes == 20, "with four to study"
        assert history.spent.gradient_tokens > 0
        assert agent.act(["What has keys?"])[0].text
