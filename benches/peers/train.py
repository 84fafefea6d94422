"""Fine-tunes a sequence classifier with PyTorch and Transformers for one epoch and prints one JSON
object: what `cargo xtask bench-peers` sets beside ours.

  plain  float32, every text padded to the maximum length, AdamW as it comes
  best   texts of like length together, bfloat16 autocast, fused AdamW, gradients clipped by one foreach
  best-fp32  the same without autocast, for processors on which bfloat16 only costs
The clock covers tokenizing and every step; imports and loading are left out.
"""

import argparse
import csv
import json
import resource
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["plain", "best", "best-fp32"], required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--train-file", required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--max-seq-length", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


def read(path):
    """Texts, second texts or None, and labels of a .csv or .tsv file with a header."""
    with open(path, encoding="utf-8", newline="") as file:
        if path.endswith(".tsv"):
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        else:
            rows = list(csv.DictReader(file))
    columns = list(rows[0])
    label = next(name for name in columns if name.lower() in ("label", "labels", "category"))
    text = next(name for name in columns if name != label and not name.endswith("_pair"))
    pair = next((name for name in columns if name.endswith("_pair")), None)
    return [row[text] for row in rows], pair and [row[pair] for row in rows], [row[label] for row in rows]


def batches(texts, size, generator, by_length):
    order = torch.randperm(len(texts), generator=generator).tolist()
    if by_length:
        order.sort(key=lambda row: len(texts[row]))
    cut = [order[start : start + size] for start in range(0, len(order), size)]
    shuffled = torch.randperm(len(cut), generator=generator).tolist()
    return [cut[place] for place in shuffled]


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(42)
    texts, pairs, labels = read(options.train_file)
    classes = {name: place for place, name in enumerate(sorted(set(labels)))}
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=len(classes)).train()
    best, autocast = options.mode != "plain", options.mode == "best"
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.0, fused=best)
    generator = torch.Generator().manual_seed(42)

    loss_sum, begin = 0.0, time.perf_counter()
    for rows in batches(texts, options.batch_size, generator, best):
        encoded = tokenizer(
            [texts[row] for row in rows],
            pairs and [pairs[row] for row in rows],
            return_tensors="pt",
            truncation=True,
            max_length=options.max_seq_length,
            padding="longest" if best else "max_length",
        )
        targets = torch.tensor([classes[labels[row]] for row in rows])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = model(**encoded, labels=targets).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizer.step()
        optimizer.zero_grad()
        loss_sum += loss.item() * len(rows)
    seconds = time.perf_counter() - begin
    print(
        json.dumps(
            {
                "samples_per_second": len(texts) / seconds,
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "mean_loss": loss_sum / len(texts),
            }
        )
    )


main()
