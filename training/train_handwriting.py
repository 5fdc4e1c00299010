"""Train the slot reader's network and export it: see README.md beside this file.

Steps, each bounded: ``make`` draws slots into shards, ``train`` learns from whatever shards there are (and goes on
from an earlier model), ``average`` joins two that follow one another, ``recover`` begins with the shipped one.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import nn

from training.slots import Digits, Maker
from workers.ocr.handwriting import VIEWS, network_input, prepare
from workers.ocr.handwriting_ctc import ALPHABET

WIDEST = 288


def block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


class Reader(nn.Module):
    """Fully convolutional: 1×32×W → (1+symbols+1)×W/4: blank, symbols, and the pen-or-print log-odds."""

    def __init__(self) -> None:
        super().__init__()
        self.eye = nn.Sequential(
            *block(1, 16), nn.MaxPool2d(2),
            *block(16, 32), nn.MaxPool2d(2),
            *block(32, 48), *block(48, 48), nn.MaxPool2d((2, 1)),
            *block(48, 64),
            nn.Conv2d(64, 128, (4, 1), bias=False), nn.BatchNorm2d(128), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.context = nn.Sequential(
            nn.Dropout(0.1),
            nn.Conv2d(128, 96, (1, 5), padding=(0, 2), bias=False), nn.BatchNorm2d(96), nn.ReLU(inplace=True),
            nn.Conv2d(96, 64, (1, 5), padding=(0, 4), dilation=(1, 2), bias=False), nn.BatchNorm2d(64),
            nn.ReLU(inplace=True),
            nn.Dropout(0.1),
            nn.Conv2d(64, len(ALPHABET) + 2, 1),
        )  # fmt: skip

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.context(self.eye(image))


def make(digits: Path, work: Path, shards: int, size: int, seed: int, held_out: bool) -> None:
    """Draw shards of ready network inputs into ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    source = Digits(digits, held_out)
    for shard in range(shards):
        rng = np.random.default_rng((seed, shard))
        maker = Maker(source, rng)
        images, texts, pens = [], [], []
        while len(images) < size:
            sample = maker.sample()
            slot = prepare(sample.grey, sample.dpi)
            if not slot.found:
                continue
            grow, shift, shear = VIEWS[rng.integers(len(VIEWS))]
            image = network_input(slot, max(0.02, grow + rng.normal(0, 0.05)), shift + rng.normal(0, 0.03), shear)
            if image.shape[1] > WIDEST:
                continue
            images.append((image * 255).astype(np.uint8))
            texts.append(sample.text)
            pens.append(sample.pen)
        widths = np.array([image.shape[1] for image in images])
        part = work / f"{seed}-{shard:03}.part.npz"
        np.savez(part, flat=np.hstack(images), widths=widths, texts=np.array(texts), pens=np.array(pens))
        part.rename(work / f"{seed}-{shard:03}.npz")


def load(path: Path) -> tuple[list[np.ndarray], list[str], np.ndarray]:
    data = np.load(path)
    images = np.split(data["flat"], np.cumsum(data["widths"])[:-1], axis=1)
    return images, [str(text) for text in data["texts"]], data["pens"]


def vary(image: np.ndarray, widest: int, rng: np.random.Generator) -> np.ndarray:
    """A little other slant, size, pen, gamma and contrast: float32 32×W, W at most ``widest``."""
    height, width = image.shape
    if rng.random() < 0.75:
        across, down, slant = rng.uniform(0.88, 1.12), rng.uniform(0.9, 1.06), rng.normal(0, 0.08)
        new = min(widest, round(width * across))
        matrix = np.array(
            [[1 / across, slant, -slant * height / 2], [0, 1 / down, (1 - 1 / down) * height * rng.uniform(0.2, 0.8)]],
            np.float32,
        )
        image = cv2.warpAffine(image, matrix, (new, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    pen = rng.random()
    if pen < 0.08:
        image = cv2.erode(image, np.ones((2, 2), np.uint8))
    elif pen < 0.2:
        image = cv2.dilate(image, np.ones((2, 2), np.uint8))
    return (image.astype(np.float32) / 255) ** rng.uniform(0.7, 1.4) * rng.uniform(0.8, 1.0)


def batches(path: Path, size: int, rng: np.random.Generator):
    """Batches of similar width, each image varied anew each time."""
    images, texts, pens = load(path)
    order = np.argsort([image.shape[1] + rng.uniform(0, 24) for image in images])
    groups = [order[begin : begin + size] for begin in range(0, len(order), size)]
    for index in rng.permutation(len(groups)):
        group = groups[index]
        width = -(-max(images[i].shape[1] for i in group) // 4) * 4
        batch = np.zeros((len(group), 1, 32, width), np.float32)
        for row, i in enumerate(group):
            image = vary(images[i], width, rng)
            offset = rng.integers(0, width - image.shape[1] + 1)
            batch[row, 0, :, offset : offset + image.shape[1]] = image
        yield torch.from_numpy(batch), [texts[i] for i in group], torch.from_numpy(pens[group])


def loss_of(output: torch.Tensor, texts: list[str], pens: torch.Tensor) -> torch.Tensor:
    columns = output[:, :-1, 0].log_softmax(1).permute(2, 0, 1)
    lengths = torch.full((len(texts),), columns.shape[0], dtype=torch.long)
    targets = torch.tensor([ALPHABET.index(symbol) + 1 for text in texts for symbol in text], dtype=torch.long)
    sizes = torch.tensor([len(text) for text in texts], dtype=torch.long)
    reading = nn.functional.ctc_loss(columns, targets, lengths, sizes, zero_infinity=True, reduction="none")
    weight = (1 - columns[:, :, 0].exp()).detach().T
    odds = (output[:, -1, 0] * weight).sum(1) / weight.sum(1).clamp(min=0.5)
    known = pens >= 0
    ink = nn.functional.binary_cross_entropy_with_logits(odds[known], pens[known].float())
    return reading.mean() + 0.3 * ink


def greedy(output: torch.Tensor) -> list[str]:
    best = output[:, :-1, 0].argmax(1).numpy()
    texts = []
    for row in best:
        kept = row[np.insert(row[1:] != row[:-1], 0, True)]
        texts.append("".join(ALPHABET[index - 1] for index in kept if index))
    return texts


def train(
    work: Path, check: Path, out: Path, minutes: float, deadline: float, size: int, rate: float, start: Path | None
) -> None:
    """Learn until ``minutes`` of CPU or ``deadline`` minutes of the clock are over, the rate falling to the end;
    report on ``check``; write out.pt and out.onnx."""
    torch.set_num_threads(1)
    torch.manual_seed(7)
    rng = np.random.default_rng(7)
    model = Reader().to(memory_format=torch.channels_last)
    if start:
        model.load_state_dict(torch.load(start))
    print("parameters", sum(parameter.numel() for parameter in model.parameters()), flush=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=1e-2)
    began, woke, seen, shown, running = time.process_time(), time.monotonic(), 0, 0.0, []
    queue: list[Path] = []
    spent = 0.0
    while spent < 1:
        queue = queue or list(rng.permutation(sorted(work.glob("*[0-9].npz"))))
        model.train()
        for images, texts, pens in batches(queue.pop(), size, rng):
            spent = max((time.process_time() - began) / 60 / minutes, (time.monotonic() - woke) / 60 / deadline)
            if spent >= 1:
                break
            for group in optimiser.param_groups:
                group["lr"] = rate * min(spent / 0.05 + 0.05, 1.0, (1 - spent) / 0.7 + 0.002)
            loss = loss_of(model(images.to(memory_format=torch.channels_last)), texts, pens)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            seen += len(texts)
            running.append(float(loss.detach()))
            if spent - shown > 0.1:
                shown = spent
                print(f"{spent:.0%} seen {seen} loss {np.mean(running[-100:]):.3f}", flush=True)
    model.eval()
    torch.save(model.state_dict(), out.with_suffix(".pt"))
    right, count = {}, {}
    with torch.inference_mode():
        for path in sorted(check.glob("*[0-9].npz")):
            for images, texts, pens in batches(path, 64, rng):
                for got, text, pen in zip(greedy(model(images)), texts, pens.tolist(), strict=True):
                    right[pen] = right.get(pen, 0) + (got.split("/")[0] == text.split("/")[0])
                    count[pen] = count.get(pen, 0) + 1
    print(json.dumps({f"pen {pen}": right[pen] / count[pen] for pen in sorted(count)}), flush=True)
    export(model, out)


def export(model: Reader, out: Path) -> None:
    """Write ONNX with a free width, batch norms folded into the convolutions."""
    model = model.to(memory_format=torch.contiguous_format).eval()
    torch.onnx.export(
        model, torch.zeros(1, 1, 32, 128), str(out.with_suffix(".onnx")), dynamo=False, opset_version=13,
        input_names=["ink"], output_names=["columns"], dynamic_axes={"ink": {3: "width"}, "columns": {3: "columns"}},
    )  # fmt: skip


def recover(model: Path, work: Path, out: Path) -> None:
    """Write out.pt from a shipped ONNX file, so that training can go on where it ended: the batch norms, folded into
    the convolutions there, get back the means and spreads that drawn slots give them."""
    weights = {one.name: onnx.numpy_helper.to_array(one).copy() for one in onnx.load(model).graph.initializer}
    nodes = [node for node in onnx.load(model).graph.node if node.op_type == "Conv"]
    reader, source = Reader().eval(), sorted(work.glob("*[0-9].npz"))[0]
    rng = np.random.default_rng(7)
    images = torch.cat(
        [batch for batch, _, _ in itertools.islice(batches(source, 48, rng), 40) if batch.shape[3] == 128]
    )
    layers = [*reader.eye, *reader.context]
    flow, folded = images, iter(nodes)
    with torch.inference_mode():
        for index, layer in enumerate(layers):
            if isinstance(layer, nn.Conv2d):
                node = next(folded)
                layer.weight.copy_(torch.from_numpy(weights[node.input[1]]))
                bias = torch.from_numpy(weights[node.input[2]])
                if layer.bias is not None:
                    layer.bias.copy_(bias)
                else:
                    norm, raw = layers[index + 1], layer(flow)
                    norm.running_mean.copy_(raw.mean((0, 2, 3)))
                    norm.running_var.copy_(raw.var((0, 2, 3)))
                    norm.weight.copy_((norm.running_var + norm.eps).sqrt())
                    norm.bias.copy_(bias + norm.running_mean)
            flow = layer(flow)
    torch.save(reader.state_dict(), out.with_suffix(".pt"))
    export(reader, out)


def average(parts: list[Path], out: Path) -> None:
    """Write the mean of models that continue one another's training: steadier than the last of them alone."""
    states = [torch.load(part) for part in parts]
    mean = {name: sum(state[name].float() for state in states) / len(states) for name in states[0]}
    model = Reader()
    model.load_state_dict({name: value.to(states[0][name].dtype) for name, value in mean.items()})
    torch.save(model.state_dict(), out.with_suffix(".pt"))
    export(model, out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    maker = steps.add_parser("make")
    maker.add_argument("--digits", type=Path, required=True)
    maker.add_argument("--work", type=Path, required=True)
    maker.add_argument("--shards", type=int, default=12)
    maker.add_argument("--size", type=int, default=10000)
    maker.add_argument("--seed", type=int, default=1)
    maker.add_argument("--held-out", action="store_true")
    trainer = steps.add_parser("train")
    trainer.add_argument("--work", type=Path, required=True)
    trainer.add_argument("--check", type=Path, required=True)
    trainer.add_argument("--out", type=Path, required=True)
    trainer.add_argument("--minutes", type=float, default=20, help="CPU minutes")
    trainer.add_argument("--deadline", type=float, default=60, help="minutes of the clock")
    trainer.add_argument("--size", type=int, default=48)
    trainer.add_argument("--rate", type=float, default=2e-3)
    trainer.add_argument("--start", type=Path)
    recoverer = steps.add_parser("recover")
    recoverer.add_argument("model", type=Path, help="the ONNX file")
    recoverer.add_argument("--work", type=Path, required=True)
    recoverer.add_argument("--out", type=Path, required=True)
    averager = steps.add_parser("average")
    averager.add_argument("parts", type=Path, nargs="+")
    averager.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.step == "average":
        average(options.parts, options.out)
    elif options.step == "recover":
        recover(options.model, options.work, options.out)
    elif options.step == "make":
        make(options.digits, options.work, options.shards, options.size, options.seed, options.held_out)
    else:
        train(
            options.work,
            options.check,
            options.out,
            options.minutes,
            options.deadline,
            options.size,
            options.rate,
            options.start,
        )


if __name__ == "__main__":
    main()
