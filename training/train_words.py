"""Train the word reader's network and export it: see README.md beside this file.

``make`` draws words into shards; ``train`` learns from whatever shards there are, or goes on from an earlier model.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from samples import typeface
from training.train_handwriting import block
from training.words import Maker
from workers.ocr.word_reader import ALPHABET, HEIGHT, network_inputs

WIDEST = 320
NOT_TYPED_IN = ("Mono", "Cursor", "Display", "Adventor", "Cousine")
"""typefaces for code and posters"""


class WordReader(nn.Module):
    """Fully convolutional: 1×48×W → (1+symbols)×1×W/4, blank first."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = nn.Sequential(
            *block(1, 20), nn.MaxPool2d(2),
            *block(20, 40), nn.MaxPool2d(2),
            *block(40, 64), *block(64, 64), nn.MaxPool2d((2, 1)),
            *block(64, 80),
            nn.Conv2d(80, 192, (6, 1), bias=False), nn.BatchNorm2d(192), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.context = nn.Sequential(
            nn.Conv2d(192, 144, (1, 3), padding=(0, 1), bias=False), nn.BatchNorm2d(144), nn.ReLU(inplace=True),
            nn.Conv2d(144, 144, (1, 3), padding=(0, 1), bias=False), nn.BatchNorm2d(144), nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            nn.Conv2d(144, len(ALPHABET) + 1, 1),
        )  # fmt: skip

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.context(self.eye(image))


def make(work: Path, shards: int, size: int, seed: int, fonts: Path | None) -> None:
    """Draw shards of ready network inputs into ``work``."""
    if fonts:
        typeface.FONT_ROOTS = (*typeface.FONT_ROOTS, fonts)
    faces = [face for face in typeface.installed() if not any(word in face.name for word in NOT_TYPED_IN)]
    work.mkdir(parents=True, exist_ok=True)
    for shard in range(shards):
        maker = Maker(faces, np.random.default_rng((seed, shard)))
        images: list[np.ndarray] = []
        texts: list[str] = []
        while len(images) < size:
            words = maker.line()
            for word, image in zip(words, network_inputs([word.grey for word in words]), strict=True):
                if image.shape[1] <= WIDEST:
                    images.append((image * 255).astype(np.uint8))
                    texts.append(word.text)
        part = work / f"{seed}-{shard:03}.part.npz"
        np.savez(
            part,
            flat=np.hstack(images),
            widths=np.array([image.shape[1] for image in images]),
            texts=np.array(texts),
        )
        part.rename(work / f"{seed}-{shard:03}.npz")


def batches(path: Path, size: int, rng: np.random.Generator, varied: bool = True):
    """Batches of similar width, contrast and place varied anew each time."""
    data = np.load(path)
    images = np.split(data["flat"], np.cumsum(data["widths"])[:-1], axis=1)
    texts = [str(text) for text in data["texts"]]
    order = np.argsort([image.shape[1] + rng.uniform(0, 16) for image in images])
    groups = [order[begin : begin + size] for begin in range(0, len(order), size)]
    for index in rng.permutation(len(groups)):
        group = groups[index]
        width = -(-max(images[i].shape[1] for i in group) // 4) * 4 + 4
        batch = np.zeros((len(group), 1, HEIGHT, width), np.float32)
        for row, i in enumerate(group):
            image = images[i].astype(np.float32) / 255
            if varied:
                image = image ** rng.uniform(0.7, 1.4) * rng.uniform(0.75, 1.0)
            offset = rng.integers(0, width - image.shape[1] + 1)
            batch[row, 0, :, offset : offset + image.shape[1]] = image
        yield torch.from_numpy(batch), [texts[i] for i in group]


def loss_of(output: torch.Tensor, texts: list[str]) -> torch.Tensor:
    columns = output[:, :, 0].log_softmax(1).permute(2, 0, 1)
    lengths = torch.full((len(texts),), columns.shape[0], dtype=torch.long)
    targets = torch.tensor([ALPHABET.index(sign) + 1 for text in texts for sign in text], dtype=torch.long)
    sizes = torch.tensor([len(text) for text in texts], dtype=torch.long)
    return nn.functional.ctc_loss(columns, targets, lengths, sizes, zero_infinity=True, reduction="mean")


def greedy(output: torch.Tensor) -> list[str]:
    texts = []
    for row in output[:, :, 0].argmax(1).numpy():
        kept = row[np.insert(row[1:] != row[:-1], 0, True)]
        texts.append("".join(ALPHABET[index - 1] for index in kept if index))
    return texts


def train(work: Path, check: Path, out: Path, minutes: float, size: int, rate: float, start: Path | None) -> None:
    """Learn until ``minutes`` of the clock are over, the rate falling to the end; write out.pt and out.onnx now and
    then."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    rng = np.random.default_rng(int(time.time()))
    model = WordReader().to(memory_format=torch.channels_last)
    if start:
        known = {
            name: value for name, value in torch.load(start).items() if value.shape == model.state_dict()[name].shape
        }
        model.load_state_dict(known, strict=False)
    print("parameters", sum(parameter.numel() for parameter in model.parameters()), flush=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-2)
    began, seen, shown, running = time.monotonic(), 0, 0.0, []
    queue: list[Path] = []
    spent = 0.0
    while spent < 1:
        queue = queue or list(rng.permutation(sorted(work.glob("*[0-9].npz"))))
        model.train()
        for images, texts in batches(queue.pop(), size, rng):
            spent = (time.monotonic() - began) / 60 / minutes
            if spent >= 1:
                break
            for group in optimiser.param_groups:
                group["lr"] = rate * min(spent / 0.02 + 0.05, 1.0, (1 - spent) / 0.6 + 0.002)
            loss = loss_of(model(images.to(memory_format=torch.channels_last)), texts)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            seen += len(texts)
            running.append(float(loss.detach()))
            if spent - shown > 0.05:
                shown = spent
                print(f"{spent:.0%} seen {seen} loss {np.mean(running[-100:]):.4f}", flush=True)
                torch.save(model.state_dict(), out.with_suffix(".pt"))
                judge(model, check, rng, 2000)
    torch.save(model.state_dict(), out.with_suffix(".pt"))
    judge(model, check, rng, 10**9)
    export(model, out)


def judge(model: WordReader, check: Path, rng: np.random.Generator, most: int) -> None:
    model.eval()
    right = count = 0
    with torch.inference_mode():
        for path in sorted(check.glob("*[0-9].npz")):
            for images, texts in batches(path, 64, rng, varied=False):
                right += sum(a == b for a, b in zip(greedy(model(images)), texts, strict=True))
                count += len(texts)
                if count > most:
                    break
    print(f"words exactly right {right / count:.4f} of {count}", flush=True)
    model.train()


def export(model: WordReader, out: Path) -> None:
    """Write ONNX with a free width, batch norms folded into the convolutions."""
    model = model.to(memory_format=torch.contiguous_format).eval()
    torch.onnx.export(
        model, torch.zeros(1, 1, HEIGHT, 128), str(out.with_suffix(".onnx")), dynamo=False, opset_version=13,
        input_names=["ink"], output_names=["columns"],
        dynamic_axes={"ink": {0: "words", 3: "width"}, "columns": {0: "words", 3: "columns"}},
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    maker = steps.add_parser("make")
    maker.add_argument("--work", type=Path, required=True)
    maker.add_argument("--shards", type=int, default=40)
    maker.add_argument("--size", type=int, default=6000)
    maker.add_argument("--seed", type=int, default=1)
    maker.add_argument("--fonts", type=Path, help="a folder with more typefaces")
    trainer = steps.add_parser("train")
    trainer.add_argument("--work", type=Path, required=True)
    trainer.add_argument("--check", type=Path, required=True)
    trainer.add_argument("--out", type=Path, required=True)
    trainer.add_argument("--minutes", type=float, default=60)
    trainer.add_argument("--size", type=int, default=48)
    trainer.add_argument("--rate", type=float, default=3e-3)
    trainer.add_argument("--start", type=Path)
    options = parser.parse_args()
    if options.step == "make":
        make(options.work, options.shards, options.size, options.seed, options.fonts)
    else:
        train(options.work, options.check, options.out, options.minutes, options.size, options.rate, options.start)


if __name__ == "__main__":
    main()
