"""All sources: a new one is added here to stand in saved plans."""

from __future__ import annotations

from syda.sources.company import Company, Prose
from syda.sources.conditional import Case
from syda.sources.derived import Elapsed, Product, Share, Sum
from syda.sources.function import Function
from syda.sources.linked import Discriminator, Ordinal, Reference
from syda.sources.moment import After, Before, Duration, Moment
from syda.sources.person import Person, Phone
from syda.sources.places import Place
from syda.sources.scalar import Choice, Code, Constant, Database, Flag, Identifier, Null, Number, Sequence
from syda.sources.sentence import Sentence
from syda.sources.standards import Standard
from syda.sources.structured import Bytes, Items, JsonObject, Record
from syda.sources.text import Pattern, Template, Titles, Words
from syda.sources.totals import Total
from syda.sources.workflow import Stage, Workflow
from syda.sources.written import Written

AnySource = (
    After | Before | Bytes | Case | Choice | Code | Company | Constant | Database | Discriminator | Duration | Elapsed
    | Flag | Function | Identifier | Items | JsonObject | Moment | Null | Number | Ordinal | Pattern | Person | Phone
    | Place | Product | Prose | Record | Reference | Sentence | Sequence | Share | Stage | Standard | Sum | Template
    | Titles | Total | Words | Workflow | Written
)  # fmt: skip
