"""Prediction of a fine-tuned checkpoint by what a Python user would run; one JSON object a run.

    python predict.py --engine ort --model DIR --input dev.tsv

torch      Transformers, float32
ort        ONNX Runtime, float32
ort-fused  ONNX Runtime after onnxruntime.transformers.optimizer
ort-int8   ONNX Runtime after quantize_dynamic
openvino   OpenVINO, float32 (its own choice of bf16 where the CPU has it is switched off)
openvino-auto  OpenVINO as it comes

Texts are sorted by their number of characters and go in batches padded to their longest; the clock
covers tokenizing and the forward pass of the second of two passes. ONNX files are kept in --cache.
"""
import argparse
import json
import pathlib
import resource
import time

import numpy as np
from transformers import AutoTokenizer

parser = argparse.ArgumentParser()
parser.add_argument("--engine", required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--input", required=True)
parser.add_argument("--cache", default="target/onnx")
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--max-seq-length", type=int, default=128)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--logits-out", help="NumPy file")
args = parser.parse_args()

lines = pathlib.Path(args.input).read_text(encoding="utf-8").splitlines()[1:]
texts = [line.split("\t")[0] for line in lines]
tokenizer = AutoTokenizer.from_pretrained(args.model)


def exported(kind):
    """The checkpoint as ONNX, made once."""
    folder = pathlib.Path(args.cache)
    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / "model.onnx"
    if not plain.exists():
        import torch
        from transformers import AutoModelForSequenceClassification

        model = AutoModelForSequenceClassification.from_pretrained(args.model).eval()
        sample = tokenizer(["one text", "and another one"], return_tensors="pt", padding=True)
        names = ["input_ids", "attention_mask"]
        torch.onnx.export(
            model, tuple(sample[name] for name in names), plain, input_names=names, output_names=["logits"],
            dynamic_axes={name: {0: "batch", 1: "seq"} for name in names}, opset_version=17, dynamo=False,
        )
    file = folder / f"{kind}.onnx"
    if kind == "int8" and not file.exists():
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(plain, file, weight_type=QuantType.QInt8)
    if kind == "fused" and not file.exists():
        from onnxruntime.transformers import optimizer

        config = json.loads((pathlib.Path(args.model) / "config.json").read_text())
        optimizer.optimize_model(
            str(plain), "bert", num_heads=config["num_attention_heads"], hidden_size=config["hidden_size"]
        ).save_model_to_file(str(file))
    return file if kind in ("int8", "fused") else plain


def runner():
    if args.engine == "torch":
        import torch
        from transformers import AutoModelForSequenceClassification

        torch.set_num_threads(args.threads)
        model = AutoModelForSequenceClassification.from_pretrained(args.model).eval()

        def run(ids, mask):
            with torch.inference_mode():
                return model(torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits.numpy()

        return run
    if args.engine.startswith("openvino"):
        import openvino

        settings = {"INFERENCE_NUM_THREADS": args.threads, "PERFORMANCE_HINT": "LATENCY"}
        if args.engine == "openvino":
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        model = openvino.Core().compile_model(exported("plain"), "CPU", settings)
        return lambda ids, mask: model({"input_ids": ids, "attention_mask": mask})[0]
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    kind = args.engine.partition("-")[2] or "plain"
    session = onnxruntime.InferenceSession(exported(kind), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def predict(run):
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    logits = [None] * len(texts)
    for start in range(0, len(order), args.batch_size):
        batch = order[start : start + args.batch_size]
        encoded = tokenizer(
            [texts[i] for i in batch], return_tensors="np", padding=True, truncation=True, max_length=args.max_seq_length
        )
        for i, row in zip(batch, run(encoded["input_ids"], encoded["attention_mask"])):
            logits[i] = row
    return np.array(logits)


run = runner()
predict(run)
begin = time.perf_counter()
logits = predict(run)
seconds = time.perf_counter() - begin
if args.logits_out:
    np.save(args.logits_out, logits)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"engine": args.engine, "rows": len(texts), "texts_per_s": len(texts) / seconds, "peak_rss_mb": peak}))
