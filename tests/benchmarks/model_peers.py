"""A peer writes records with two texts by a model at a URL: `PYTHON model_peers.py PEER URL RECORDS`.

Run by `tests.benchmarks.models` in an interpreter that has the peer, so it knows nothing of syda. Prints a line of JSON
for each way in which the peer is run: seconds of the peer's own call, imports and settings excluded, and what arrived.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from urllib.request import urlopen

PROMPTS = {
    "subject": "Write the subject of a customer's request for help. It is number {number}.",
    "body": "Write the body of a customer's request for help. It is number {number}.",
}


def served(url: str) -> dict[str, object]:
    with urlopen(url + "/told") as found:
        told = json.loads(found.read())
    told["bodies"] = []
    return told


def data_designer(url: str, records: int, at_once: int | None) -> float:
    import data_designer.config as dd
    from data_designer.interface import DataDesigner

    provider = dd.ModelProvider(name="loopback", endpoint=url, provider_type="openai", api_key="good-key")
    parallel = {} if at_once is None else {"max_parallel_requests": at_once}
    model = dd.ModelConfig(
        alias="m", model="peer", provider="loopback", inference_parameters=dd.ChatCompletionInferenceParams(**parallel)
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.add_column(
        dd.SamplerColumnConfig(
            name="number", sampler_type="uniform", params=dd.UniformSamplerParams(low=1, high=10**9), convert_to="int"
        )
    )
    for name, prompt in PROMPTS.items():
        asked = prompt.replace("{number}", "{{ number }}")
        builder.add_column(dd.LLMTextColumnConfig(name=name, prompt=asked, model_alias="m"))
    with tempfile.TemporaryDirectory() as folder:
        designer = DataDesigner(artifact_path=folder, model_providers=[provider])
        started = time.perf_counter()
        made = designer.create(builder, num_records=records).load_dataset()
        seconds = time.perf_counter() - started
    assert len(made) == records, len(made)
    return seconds


def distilabel(url: str, records: int, at_once: int | None) -> float:
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    asked = [{"instruction": prompt.format(number=number)} for number in range(records) for prompt in PROMPTS.values()]
    with Pipeline(name="records") as pipeline:
        load = LoadDataFromDicts(data=asked, batch_size=at_once or 50)
        llm = OpenAILLM(model="peer", base_url=url, api_key="good-key")
        load >> TextGeneration(llm=llm, input_batch_size=at_once or 50)
    started = time.perf_counter()
    made = pipeline.run(use_cache=False)
    seconds = time.perf_counter() - started
    texts = made["default"]["train"]["generation"]
    assert len(list(filter(None, texts))) == 2 * records, len(texts)
    return seconds


def main(peer: str, url: str, records: str) -> None:
    run = {"data-designer": data_designer, "distilabel": distilabel}[peer]
    run(url, 1, None)  # imports
    for how, at_once in (("as it comes", None), ("16 at once", 16)):
        served(url)
        seconds = run(url, int(records), at_once)
        line = {"version": version(peer), "how": how, "seconds": seconds, "served": served(url)}
        sys.__stdout__.write(json.dumps(line) + "\n")
        sys.__stdout__.flush()


if __name__ == "__main__":
    os.environ.setdefault("NEMO_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.stdout = sys.stderr  # peers write there too
    main(*sys.argv[1:])
