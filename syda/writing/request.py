"""The requests for rows: what stands in each row already, and what the model is to write beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syda.llm.examples import EXAMPLES, GIVEN, block
from syda.llm.exchange import Request
from syda.planning.checks import Domain, check_domains
from syda.prompting.facts import QUOTED, as_json, table_facts, wanted
from syda.schema.model import NUMBERS, Column, Kind, Schema, Table
from syda.sources.written import Written

PURPOSE = "rows"
_INSTRUCTIONS = f"""You write rows of a database table that could come from a real organisation.

{QUOTED}

The CONTEXT describes the table. The TASK lists, under "Given:", rows: each with its number as "row", what stands in it
already and, under the names of other tables, what stands in the rows that it belongs to. Write each row's missing
columns so that they agree with all of this: a complaint fits its product, a city its country, an amount what is bought.
- Answer with one object {{"rows": [...]}} with exactly one entry for each listed row, under the same number.
- Values are specific and differ from row to row as they do in real life. No placeholders, no numbered names.
- "spark" is a random word to lead you to different ideas; it need not appear.
- Repeat no value listed under "avoid", and nothing that "refused" complains about.
- Respect each column's type, maximum length and checks. Never leave a value out."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,50}")
_TOKENS_OF_SENTENCES, _TOKENS_OF_WORDS, _TOKENS_OF_NUMBER, _TOKENS_OF_KEY = 60, 12, 5, 5
_TOKENS_OF_REPLY, _MOST_ROWS, _LEAST_ROWS = 2_400, 40, 10


@dataclass(frozen=True, slots=True)
class Form:
    """How one table's rows are asked for; `labels` are the columns' names in replies."""

    table: Table
    sources: Mapping[str, Written]
    labels: Mapping[str, str]
    shapes: Mapping[str, Any]
    context: str
    instructions: str

    def request(self, given: Sequence[Mapping[str, Any]], more: Mapping[str, Any], max_tokens: int) -> Request:
        """Return the request for the rows of which so much is `given`; `more` is what else is to be heeded."""
        task = block(GIVEN, given)
        return Request(
            purpose=PURPOSE,
            table=self.table.key,
            instructions=self.instructions,
            context=self.context,
            task=f"{task}\n\n{as_json(more)}" if more else task,
            answer=self._answer(len(given)),
            max_tokens=max_tokens,
        )

    def _answer(self, rows: int) -> dict[str, Any]:
        number = {"type": "integer", "minimum": 1, "maximum": rows}
        entry = {"type": "object", "properties": {"row": number, **self.shapes}}
        listed = {"type": "array", "items": entry, "minItems": rows, "maxItems": rows}
        return {"type": "object", "properties": {"rows": listed}}

    @property
    def tokens(self) -> int:
        """About how many tokens one row has in a reply."""
        return 8 + sum(_TOKENS_OF_KEY + _tokens(self.table.column(n), self.sources[n]) for n in self.labels)

    @property
    def rows_at_once(self) -> int:
        """How many rows one request asks for."""
        return max(1, min(_MOST_ROWS, _TOKENS_OF_REPLY // self.tokens))


def requests_for(rows: int, most: int, at_once: int) -> int:
    """Return in how many requests to ask for rows, at most so many in each, `at_once` side by side.

    One goes first, alone, and the others follow in rounds. Where some of a round would stay unused, the rows are spread
    over all of it: shorter replies come sooner. No request gets fewer than 10 rows by that.
    """
    fewest = -(-rows // most)
    if fewest <= 1:
        return fewest
    rounds = -(-(fewest - 1) // at_once)
    return max(fewest, min(1 + rounds * at_once, rows // _LEAST_ROWS))


def form_of(
    schema: Schema,
    table: Table,
    sources: Mapping[str, Written],
    prompt: str,
    examples: Sequence[Mapping[str, Any]] = (),
) -> Form:
    """Return how the rows of a table are asked for; `prompt` and the sources' hints are the user's own words.

    `examples` are rows with what is told and what is written, by the columns' names.
    """
    written = list(sources)
    facts = table_facts(schema, table, written)
    hints = [f"{name}: {source.hint}" for name, source in sources.items() if source.hint]
    labels = {name: name if _NAME.fullmatch(name) else f"column_{place}" for place, name in enumerate(written, 1)}
    renamed = {label: name for name, label in labels.items() if label != name}
    context = as_json({**facts, "written_as": renamed} if renamed else facts)
    if examples:
        shown = [{labels.get(name, name): value for name, value in row.items()} for row in examples]
        context = f"{context}\n\n{block(EXAMPLES, shown)}"
    domains = check_domains(table)
    shapes = {label: _shape(table.column(name), domains.get(name)) for name, label in labels.items()}
    return Form(table, sources, labels, shapes, context, _INSTRUCTIONS + wanted([prompt, *hints]))


def _shape(column: Column, domain: Domain | None) -> dict[str, Any]:
    type_ = column.type
    if type_.kind is Kind.TEXT:
        return {"type": "string", "minLength": 1, **({"maxLength": type_.length} if type_.length else {})}
    bounds = {} if domain is None else {"minimum": domain.low, "maximum": domain.high}
    known = {name: bound for name, bound in bounds.items() if isinstance(bound, int | float)}
    return {"type": "integer" if type_.kind is Kind.INTEGER else "number", **known}


def _tokens(column: Column, source: Written) -> int:
    if source.form == "sentences":
        return min(_TOKENS_OF_SENTENCES, (column.type.length or 1_000) // 3 + 1)
    return _TOKENS_OF_NUMBER if column.type.kind in NUMBERS else _TOKENS_OF_WORDS
