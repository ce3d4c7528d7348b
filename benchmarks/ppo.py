"""PPO on RiddleChoice-v0 in one file, in the style of CleanRL: what an agent learns from hashed words alone.

python -m benchmarks.ppo [--total-timesteps 50000] [--blind]

Proximal policy optimisation (Schulman et al. 2017, https://arxiv.org/abs/1707.06347). An episode is one choice, so its
return is its reward and there is nothing to discount. With --blind the agent sees the options but not the question: its
score shows what is possible without reading.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import cast

import gymnasium as gym
import numpy as np
import torch
import tyro
from torch import nn
from torch.distributions import Categorical

import expit_env  # noqa: F401 (registers the environments)


@dataclass(frozen=True)
class Args:
    """The settings."""

    seed: int = 0
    """seed of the riddles, the weights and the choices"""
    families: str = "all"
    """all, or the name of a family or a group"""
    side: str = "both"
    """both, riddle or contrast: what is asked of a pair"""
    level: int | None = None
    """the level of the riddles; by default all"""
    blind: bool = False
    """whether to hide the question from the agent"""
    total_timesteps: int = 50_000
    """number of riddles in training"""
    num_envs: int = 64
    """number of parallel environments"""
    num_steps: int = 16
    """riddles of each environment per update"""
    num_options: int = 4
    """number of answers to choose from"""
    features: int = 256
    """length of a text's vector"""
    hidden: int = 256
    """width of the network"""
    learning_rate: float = 1e-3
    """of Adam, falling to zero"""
    update_epochs: int = 4
    """passes over the riddles of an update"""
    minibatch_size: int = 256
    """riddles per step of Adam"""
    clip: float = 0.2
    """clipping range of the ratio of probabilities around 1"""
    entropy: float = 0.01
    """weight of the policy's entropy"""
    evaluation: int = 512
    """riddles of each split per evaluation"""
    evaluations: int = 5
    """number of evaluations"""


class Network(nn.Module):
    """Scores each option with the question, with shared weights, and values the riddle by its highest features."""

    def __init__(self, args: Args) -> None:
        super().__init__()
        self.blind, self.shape = args.blind, (1 + args.num_options, args.features)
        self.score = nn.Sequential(
            nn.Linear(3 * args.features, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU()
        )
        self.actor, self.critic = nn.Linear(args.hidden, 1), nn.Linear(args.hidden, 1)

    def forward(self, observations: torch.Tensor) -> tuple[Categorical, torch.Tensor]:
        """Return the policy and the values for observations of shape (batch, (1 + options) * features)."""
        texts = observations.view(-1, *self.shape)
        question, options = texts[:, :1].expand_as(texts[:, 1:]), texts[:, 1:]
        if self.blind:
            question = torch.zeros_like(question)
        hidden = self.score(torch.cat([question, options, question * options], dim=-1))  # (batch, options, hidden)
        missing = ~options.any(dim=-1)  # (batch, options): the empty ones
        logits = self.actor(hidden).squeeze(-1).masked_fill(missing, -1e9)
        return Categorical(logits=logits), self.critic(hidden.amax(dim=1)).squeeze(-1)


def make_env(args: Args, split: str, num_envs: int) -> gym.vector.VectorEnv:
    """Make parallel environments of a split."""
    same_step = {"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}
    kwargs = {"side": args.side, "num_options": args.num_options, "features": args.features, "flat": True}
    return gym.make_vec(
        "RiddleChoice-v0", num_envs, vectorization_mode="sync", vector_kwargs=same_step,
        split=split, families="all" if split == "transfer" else args.families, level=args.level, **kwargs,
    )  # fmt: skip


@torch.no_grad()
def evaluate(args: Args, network: Network, split: str) -> float:
    """Return the share of riddles of a split, always the same ones, for which the most likely choice is right."""
    env, rewards = make_env(args, split, args.num_envs), []
    observations, _ = env.reset(seed=12_345)
    while len(rewards) < args.evaluation:
        policy, _ = network(torch.as_tensor(observations))
        observations, reward, *_ = env.step(cast(torch.Tensor, policy.logits).argmax(dim=-1).numpy())
        rewards.extend(reward)
    env.close()
    return float(np.mean(rewards[: args.evaluation]))


def main(args: Args) -> None:
    """Train an agent, and print its accuracy along the way."""
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    print(json.dumps(asdict(args)))
    network = Network(args)
    optimiser = torch.optim.Adam(network.parameters(), lr=args.learning_rate, eps=1e-5)
    env = make_env(args, "train", args.num_envs)
    batch = args.num_envs * args.num_steps
    updates = max(1, args.total_timesteps // batch)
    observation, _ = env.reset(seed=args.seed + 1_000_000)
    observation, rewards = torch.as_tensor(observation), torch.full((1,), torch.nan)
    start = time.time()
    print("riddles seconds  reward  train validation")

    for update in range(updates + 1):
        # evaluate before the first update and at equal intervals
        if update * args.evaluations // updates > (update - 1) * args.evaluations // updates:
            shares = [evaluate(args, network, split) for split in ("train", "validation")]
            seconds, reward = time.time() - start, rewards.mean().item()
            print(f"{update * batch:7} {seconds:7.0f} {reward:7.3f} {shares[0]:6.3f} {shares[1]:10.3f}", flush=True)
        if update == updates:
            break

        # act
        observations = torch.zeros(args.num_steps, args.num_envs, observation.shape[-1])
        actions, log_probabilities, values, rewards = (torch.zeros(args.num_steps, args.num_envs) for _ in range(4))
        for step in range(args.num_steps):
            with torch.no_grad():
                policy, values[step] = network(observation)
            action = policy.sample()
            observations[step], actions[step] = observation, action
            log_probabilities[step] = policy.log_prob(action)
            observation, reward, *_ = env.step(action.numpy())
            observation, rewards[step] = torch.as_tensor(observation), torch.as_tensor(reward)

        # learn
        for group in optimiser.param_groups:
            group["lr"] = args.learning_rate * (1 - update / updates)
        flat = [part.flatten(0, 1) for part in (observations, actions, log_probabilities, rewards, rewards - values)]
        for _ in range(args.update_epochs):
            for index in torch.randperm(batch).split(args.minibatch_size):
                seen, chosen, old, returns, advantages = (part[index] for part in flat)
                policy, value = network(seen)
                ratio = (policy.log_prob(chosen) - old).exp()
                advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
                gain = torch.min(advantages * ratio, advantages * ratio.clamp(1 - args.clip, 1 + args.clip)).mean()
                value_loss = 0.5 * (value - returns).pow(2).mean()
                loss = value_loss - gain - args.entropy * policy.entropy().mean()
                optimiser.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 0.5)
                optimiser.step()

    env.close()


if __name__ == "__main__":
    main(tyro.cli(Args))
