"""The CRM and the hospital in a language model's words: it writes names and notes, syda keys, dates and diagnoses.

The replies are in examples/replies: a model of 135 million parameters wrote them once, asked through both of the SDKs.
So this needs no model, no key and no network. Tables of more rows, or other words in the prompts, are other requests:
`record` asks a server for them that listens where ENDPOINT says.
Run it: python examples/with_a_model.py [URL of an empty database [compatible or anthropic [record]]]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import syda
from syda.demo import Base, Contact, Customer, Order, OrderItem, Product
from syda.errors import ModelError
from syda.language import Cache, LanguageModel
from syda.load.report import LoadReport
from syda.schemas import ModelConfig, ProxyConfig

sys.path.append(str(Path(__file__).parent))
import hospital

ENDPOINT = "http://127.0.0.1:8089"
REPLIES = Path(__file__).parent / "replies"
PATHS = {"compatible": "/v1", "anthropic": ""}
CRM: dict[str, Any] = {
    "rows": {Customer: 4, Contact: 3, Product: 4, Order: 5, OrderItem: 6},
    "overrides": {
        # an address that a model writes may be somebody's
        Customer.email: syda.template("office{row}@{name!s}.example"),
        Contact.email: syda.template("{first_name!s}.{last_name!s}{row}@mail.example"),
        OrderItem.quantity: syda.number(1, 20),
    },
    "prompts": {Product: "A shop for camping and hiking."},
}
HOSPITAL: dict[str, Any] = {
    "rows": {hospital.Department: 3, hospital.Doctor: 3, hospital.Patient: 4, hospital.Visit: 3},
    "overrides": {**hospital.OVERRIDES, hospital.Department.floor: syda.number(0, 9)},
    "prompts": {hospital.Visit: "A note is one short sentence that names the diagnosis."},
}


def model(protocol: str, cache: Cache = "replay", endpoint: str = ENDPOINT) -> LanguageModel:
    config = ModelConfig(
        provider=protocol,
        model_name="SmolLM2-135M-Instruct",
        temperature=0.8,
        proxy=ProxyConfig(base_url=endpoint + PATHS[protocol]),
    )
    keys = {protocol: "none"}  # the server wants no key
    return LanguageModel(
        model=config, mode="rows", cache=cache, folder=REPLIES, examples=4, keys=keys, timeout=300, deadline=600
    )


def main(url: str = "sqlite://", protocol: str = "compatible", cache: str = "replay") -> None:
    engine = hospital.connect(url)
    asked = model(protocol, cast("Cache", cache))
    for base, wanted in ((Base, CRM), (hospital.Base, HOSPITAL)):
        show(syda.seed(engine, base, llm=asked, create=True, **wanted))
    hospital.check(engine)


def show(report: LoadReport) -> None:
    print(f"{report.total} rows; {report.usage}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ModelError as error:
        raise SystemExit(str(error)) from None
