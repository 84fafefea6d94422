"""Tokenizing by the Python package `tokenizers`, one JSON object a run: what `tokenize-speed` is set beside.

    RAYON_NUM_THREADS=2 python tokenize_texts.py --model DIR --input dev.tsv

`texts_per_s` is that of `encode_batch`, `texts_per_s_fast` that of `encode_batch_fast`, which leaves
out where a token stands in its text; ids are then taken from every encoding, as a model needs them.
Each the median of --passes after one that does not count.
"""

import argparse
import json
import pathlib
import statistics
import time

from tokenizers import Tokenizer

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--input", required=True)
parser.add_argument("--passes", type=int, default=9)
parser.add_argument("--max-seq-length", type=int, default=128)
args = parser.parse_args()

lines = pathlib.Path(args.input).read_text(encoding="utf-8").splitlines()[1:]
texts = [line.split("\t")[0] for line in lines]
tokenizer = Tokenizer.from_file(str(pathlib.Path(args.model) / "tokenizer.json"))
tokenizer.no_padding()
tokenizer.enable_truncation(args.max_seq_length)


def rate(encode):
    seconds = []
    for _ in range(args.passes + 1):
        begin = time.perf_counter()
        ids = [encoding.ids for encoding in encode(texts)]
        seconds.append(time.perf_counter() - begin)
    return len(texts) / statistics.median(seconds[1:]), sum(map(len, ids))


plain, tokens = rate(tokenizer.encode_batch)
fast, _ = rate(tokenizer.encode_batch_fast)
print(json.dumps({"rows": len(texts), "tokens": tokens, "texts_per_s": plain, "texts_per_s_fast": fast}))
