"""Meanings of names that only their table explains: what a `name`, `title`, `status` or `type` is, and of what."""

from __future__ import annotations

from syda.planning.inference.meaning import TEXT, WHOLE, Meaning, choice, code, number, prose, words_in
from syda.sources.company import Company
from syda.sources.person import Person
from syda.sources.places import Place
from syda.sources.scalar import Choice
from syda.sources.standards import Standard
from syda.sources.text import Pattern

_FILE = Pattern(regex=r"(report|invoice|summary|photo|scan|notes)-\d{4}\.(pdf|png|csv|txt)")
_PEOPLE = (
    r"user|customer|person|people|employee|patient|doctor|physician|nurse|author|contact|member|student|pupil|teacher|instructor|professor|staff|guest"
    r"|passenger|pilot|driver|courier|artist|actor|director|player|lead|buyer|seller|tenant|agent|attendee|participant|applicant|candidate|profile|beneficiar|guardian"
)
_CARS = r"vehicle|car|truck|fleet|auto|automobile|van|rental"
_CLINIC = r"patient|diagnos|medical|clinic|health|visit|encounter|admission|condition|disease|allerg|chart|appointment|prescription|treatment|claim"

NAMED: tuple[Meaning, ...] = (
    # names
    words_in("product name", "name|title|label|product_name", "product", r"product|item|article|goods|merchandise|sku"),
    Meaning("company name", "name|title|legal_name", TEXT, Company(part="name"), 0.0,
            r"compan|organi[sz]ation|vendor|supplier|manufacturer|account|client|employer|agenc|firm|merchant|airline|publisher|insurer|partner|business|shipper|tenant"),
    Meaning("person name", "name|full_name|display_name", TEXT, Person(part="full_name"), 0.05, _PEOPLE),
    words_in("product category name", "name|title|label", "product_category", r"product_categor|item_categor|shop_categor"),
    words_in("category", "name|title|label", "category", r"categor|topic|subject|forum|section|type|kind|classification"),
    words_in("department name", "name|title|label", "department", r"department|division"),
    words_in("role name", "name|title|label|role", "role", r"role"),
    words_in("permission name", "name|title|label|codename", "permission", r"permission|privilege|scope"),
    words_in("team name", "name|title|label", "team", r"team|squad|group|workspace|project|channel"),
    words_in("tag name", "name|title|label|tag", "tag", r"tag|label|keyword"),
    words_in("industry name", "name|title", "industry", r"industr|sector"),
    Meaning("language name", "name|title", TEXT, Standard(list="language", part="name"), 0.0, r"language|lang"),
    words_in("brand name", "name|title", "brand", r"brand"),
    words_in("color name", "name|title", "color", r"colou?r"),
    words_in("course name", "name|title", "course", r"course|lesson|class"),
    words_in("event name", "name|title", "event", r"event|conference|meeting"),
    words_in("genre name", "name|title", "genre", r"genre"),
    words_in("bank name", "name|title", "bank", r"bank"),
    words_in("diagnosis name", "name|title", "diagnosis", r"diagnos|condition|disease"),
    words_in("medication name", "name|title", "medication", r"medication|medicine|drug"),
    words_in("amenity name", "name|title|label", "amenity", r"amenit|facilit"),
    words_in("payment method name", "name|title|label", "payment_method", r"payment_(method|type)"),
    words_in("carrier name", "name|title", "carrier", r"carrier|courier|shipping_method"),
    choice("plan name", "name|title", "Free|Basic|Starter|Pro|Business|Enterprise", None, r"plan|tier|edition"),
    Meaning("country name", "name|title|country_name", TEXT, Standard(list="country", part="name"), 0.0, r"countr"),
    Meaning("country's capital", "capital(_city)?", TEXT, Standard(list="country", part="capital"), 0.05, r"countr"),
    Meaning("country's continent", "continent|region", TEXT, Standard(list="country", part="continent"), 0.05, r"countr"),
    Meaning("country's code 3", "code_?3|iso_?3|alpha_?3|iso_alpha_?3|iso_?code_?3", TEXT, Standard(list="country", part="code3"), 0.0, r"countr"),
    Meaning("city name", "name|title", TEXT, Place(part="city"), 0.0, r"cit|town|airport|location|place|store|branch|warehouse|hub|depot|station|venue|port"),
    Meaning("state name", "name|title", TEXT, Place(part="state"), 0.0, r"state|province|region"),
    Meaning("currency", "code|iso(_code)?|currency_code|abbreviation", TEXT, Standard(list="currency", part="code"), 0.0, r"currenc"),
    Meaning("currency name", "name|title|currency_name", TEXT, Standard(list="currency", part="name"), 0.0, r"currenc"),
    Meaning("currency symbol", "symbol|sign", TEXT, Standard(list="currency", part="symbol"), 0.0, r"currenc"),
    words_in("setting name", "name|key", "setting", r"setting|preference|config|configuration|option|parameter"),
    Meaning("named file", "name|title", TEXT, _FILE, 0.0, r"file|attachment|upload|image|photo|picture|document|blob|download"),
    words_in("job name", "title|name", "job", r"job|position|vacanc|opening|career|occupation|employee|staff|lead|contact|job_title"),
    Meaning("personal title", "title", TEXT, Person(part="prefix"), 0.3,
            r"user|customer|person|people|patient|student|guest|passenger|member|applicant|author|profile"),
    prose("article title", "title|subject|headline|name", "title", 1, 0.02,
          r"post|article|thread|page|book|blog|document|news|stor|paper|video|song|movie|film|track|album|discussion|lecture|chapter|question|note|newsletter|campaign"),
    choice("status name", "name|title|label", "New|Open|In progress|On hold|Completed|Cancelled", None, r"status|state_type|stage|phase"),
    # codes
    code("airport's code", "code", r"[A-Z]{3}", r"airport|station|terminal"),
    code("airline's code", "code|prefix", r"[A-Z]{2}", r"airline|carrier"),
    Meaning("country's code", "code|iso|iso_?2|alpha_?2|abbreviation|abbr|short_code", TEXT, Standard(list="country", part="code"), 0.0, r"countr"),
    Meaning("state's code", "code|iso|abbreviation|abbr|short_code", TEXT, Place(part="state_code"), 0.0, r"state|province|region"),
    Meaning("language's code", "code|iso|iso_code|iso_?639(_?1)?|abbreviation", TEXT, Standard(list="language", part="code"), 0.0, r"language|lang"),
    code("product's code", "code|number|reference|ref", r"[A-Z]{3}-\d{5}", r"product|item|article|sku|part"),
    code("course's code", "code|number", r"[A-Z]{3}[1-4]\d{2}", r"course|class|module"),
    code("flight's number", "number|code|no", r"[A-Z]{2}[1-9]\d{2,3}", r"flight"),
    code("account's number", "number|no", r"[1-9]\d{9}", r"account"),
    code("document's number", "number|no|reference|ref|code", r"[A-Z]{2}-\d{6}",
         r"order|invoice|receipt|ticket|case|claim|policy|policie|contract|booking|reservation|shipment|payment|quote|case_file|purchase|credit_note|delivery_note"),
    # kinds of accounts, numbers and sizes
    code("wallet address", "(wallet_)?address", r"0x[0-9a-f]{40}", r"wallet|crypto|blockchain|token|coin|nft|contract_address"),
    Meaning("listed email", "address", TEXT, Person(part="email"), 0.02, r"email|mail|mailbox|email_address|subscriber"),
    Meaning("listed ip", "address", TEXT, Company(part="ipv4"), 0.02, r"ip|ip_address|host|network|interface|subnet|node"),
    choice("bank account type", "(account_)?type|kind", "checking|savings|credit|loan|business", (50, 30, 10, 5, 5), r"account"),
    choice("transaction type", r"(transaction_|entry_)?(type|kind)", "purchase|payment|transfer|deposit|withdrawal|refund|fee", (35, 20, 15, 12, 10, 4, 4),
           r"transaction|entr|ledger|transfer|posting"),
    number("width in pixels", r"(\w+_)?(width|height)(_px)?", 320, 3840, "uniform", table=r"image|photo|picture|video|media|thumbnail|screen|asset|attachment|file"),
    number("height in cm", "height(_cm)?", 150, 200, "normal", table=_PEOPLE + "|athlete|vital"),
    number("weight in kg", "weight(_kg)?", 45, 120, "normal", table=_PEOPLE + "|athlete|vital"),
    number("body temperature", "(body_)?(temperature|temp)(_c|_celsius)?", 36, 39, "normal", table=_CLINIC + "|vital|observation|measurement"),
    # vehicles and clinics
    words_in("vehicle make", "make|manufacturer|brand", "vehicle_make", _CARS),
    words_in("vehicle model", "model|name", "vehicle_model", _CARS),
    words_in("diagnosis", r"(\w+_)?condition", "diagnosis", _CLINIC),
    choice("dosing", "frequency", "once daily|twice daily|three times daily|every 8 hours|as needed|weekly", (40, 25, 12, 8, 12, 3), r"medication|prescription|drug|treatment|dosage"),
    choice("apartment", "unit(_number)?", "1A|1B|2A|2B|3A|3B|4A|4B|5A|12C", None, r"address|propert|lease|apartment|building|resident|real_estate|listing"),
    choice("cabin class", "class|cabin|fare_class|service_class", "Economy|Premium Economy|Business|First", (72, 12, 13, 3), r"flight|ticket|booking|reservation|seat|passenger|cabin|fare"),
    choice("identity provider", "provider", "password|google|github|microsoft|apple", (50, 25, 10, 10, 5), r"identit|login|auth|oauth|session|social|account"),
    # statuses
    Meaning("response status", "status|code", WHOLE, Choice(values=(200, 201, 301, 400, 401, 404, 500), weights=(70, 8, 4, 6, 4, 6, 2)), 0.1,
            r"request|response|log|call|webhook|access|http|api"),
    choice("shipment status", r"(shipment_|shipping_|delivery_)?(status|state)", "pending|in transit|out for delivery|delivered|returned|lost", (12, 25, 10, 48, 4, 1),
           r"shipment|deliver|parcel|package|tracking|consignment|freight"),
    choice("order status", r"(order_)?(status|state)", "pending|paid|shipped|delivered|cancelled|refunded", (12, 18, 15, 45, 7, 3), r"order|purchase|cart|sale|checkout"),
    choice("invoice status", r"(invoice_|bill_)?(status|state)", "draft|sent|paid|overdue|void", (8, 22, 58, 9, 3), r"invoice|bill"),
    choice("payment status", r"(payment_)?(status|state)", "succeeded|pending|failed|refunded", (80, 8, 8, 4), r"payment|transaction|charge|payout|refund|transfer"),
    choice("task status", r"(\w+_)?(status|state)", "queued|running|succeeded|failed|cancelled", (10, 8, 68, 11, 3), r"job|task|run|build|deploy|deployment|execution|queue|worker|pipeline"),
    choice("ticket status", r"(\w+_)?(status|state)", "open|in progress|waiting|resolved|closed", (22, 18, 10, 20, 30), r"ticket|issue|case|request|incident|bug|work_order"),
    choice("claim status", r"(\w+_)?(status|state)", "submitted|approved|denied|paid", (20, 25, 10, 45), r"claim|loan|application|approval|leave|expense|time_off"),
    choice("flight status", r"(flight_)?(status|state)", "scheduled|boarding|departed|arrived|delayed|cancelled", (30, 4, 8, 45, 9, 4), r"flight|departure|arrival|trip|train"),
    choice("booking status", r"(\w+_)?(status|state)", "confirmed|pending|checked in|cancelled|no-show", (60, 12, 15, 10, 3), r"booking|reservation|appointment|visit|stay"),
    choice("subscription status", r"(subscription_)?(status|state)", "trialing|active|past_due|canceled|paused", (10, 68, 6, 14, 2), r"subscription|membership|licen[sc]e"),
    choice("attendance status", r"(attendance_)?(status|state)", "present|absent|late|excused", (86, 6, 5, 3), r"attendance|absence|roll"),
    choice("enrollment status", r"(enrol?lment_)?(status|state)", "enrolled|completed|dropped|waitlisted", (50, 38, 8, 4), r"enrol?lment|registration"),
    choice("employment status", r"(employment_)?(status|state)", "active|on leave|terminated|retired", (86, 5, 7, 2), r"employee|staff|employment|worker"),
    choice("publication status", r"(\w+_)?(status|state)", "draft|published|archived", (15, 75, 10), r"post|article|page|blog|news|stor|book|content"),
    choice("lead status", r"(lead_)?(status|state)", "new|contacted|qualified|unqualified|converted", (30, 25, 20, 15, 10), r"lead|prospect"),
    choice("project status", r"(project_)?(status|state)", "planned|active|on hold|completed|cancelled", (15, 45, 8, 28, 4), r"project|campaign|milestone"),
)  # fmt: skip
