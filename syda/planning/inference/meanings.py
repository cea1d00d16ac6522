"""What column names mean: a table from words to sources, the most specific row first.

Each row gives the meaning, a pattern over the column's words joined by ``_`` (camel case split, abbreviations
expanded), the kinds of column it can stand in, and the source. A row with a pattern for the table's name only holds
in such tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from syda.schema.model import Kind
from syda.sources.base import Source
from syda.sources.company import Company, Prose
from syda.sources.moment import Duration, Moment
from syda.sources.person import Person, Phone
from syda.sources.places import Place
from syda.sources.scalar import Choice, Code, Flag, Identifier, Number
from syda.sources.structured import JsonObject
from syda.sources.text import Pattern, Words

TEXT = (Kind.TEXT, Kind.OTHER)
NUMBERS = (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL)
FRACTIONS = (Kind.FLOAT, Kind.DECIMAL)
WHOLE = (Kind.INTEGER,)
MOMENTS = (Kind.DATE, Kind.DATETIME)
TIMES = (Kind.DATE, Kind.DATETIME, Kind.INTEGER, Kind.FLOAT, Kind.TEXT)
FLAGS = (Kind.BOOLEAN, Kind.INTEGER)
LOW, HIGH, HEX = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table; `nulls` is the share of NULL in a column that may be NULL."""

    name: str
    words: str
    kinds: tuple[Kind, ...]
    source: Source
    nulls: float = 0.1
    table: str | None = None


def _words(
    name: str, words: str, vocabulary: str | None = None, table: str | None = None, nulls: float = 0.1
) -> Meaning:
    return Meaning(name, words, TEXT, Words(vocabulary=vocabulary or name), nulls, table)


def _choice(
    name: str, words: str, listed: str, weights: tuple[float, ...] | None = None, table: str | None = None
) -> Meaning:
    return Meaning(name, words, TEXT, Choice(values=tuple(listed.split("|")), weights=weights), 0.05, table)


def _number(
    name: str, words: str, low: float, high: float, shape: str = "uniform", kinds: tuple[Kind, ...] = NUMBERS
) -> Meaning:
    return Meaning(name, words, kinds, Number(low=low, high=high, distribution=shape))  # type: ignore[arg-type]


def _flag(name: str, words: str, probability: float) -> Meaning:
    return Meaning(name, words, FLAGS, Flag(probability=probability), 0.05)


def _moment(name: str, words: str, low: str, high: str = "now", nulls: float = 0.1) -> Meaning:
    return Meaning(name, words, TIMES, Moment(low=low, high=high, recent=0.5, office_hours=True), nulls)


def _code(name: str, words: str, regex: str) -> Meaning:
    return Meaning(name, words, TEXT, Pattern(regex=regex))


MEANINGS: tuple[Meaning, ...] = (
    # names that only their table explains
    _words("product name", "name|title|label|product_name", "product", r"product|item|article|goods|merchandise"),
    Meaning("company name", "name|title|legal_name", TEXT, Company(part="name"), 0.0,
            r"compan|organi[sz]ation|vendor|supplier|manufacturer|account|client|employer|agency|firm|merchant|airline|publisher"),
    Meaning("person name", "name|full_name|display_name", TEXT, Person(part="full_name"), 0.05,
            r"user|customer|person|people|employee|patient|doctor|author|contact|member|student|teacher|staff|guest|passenger|driver|artist|lead|buyer|seller"),
    _words("category name", "name|title|label", "product_category", r"product_categor"),
    _words("category", "name|title|label", "category", r"categor|topic|subject|forum|section"),
    _words("department name", "name|title|label", "department", r"department|division"),
    _words("role name", "name|title|label|role", "role", r"role"),
    _words("permission name", "name|title|label|codename", "permission", r"permission|privilege|scope"),
    _words("team name", "name|title|label", "team", r"team|squad|group|tenant|workspace|project"),
    _words("tag name", "name|title|label|tag", "tag", r"tag|label|keyword"),
    _words("industry name", "name|title", "industry", r"industr|sector"),
    _words("language name", "name|title", "language", r"language"),
    _words("brand name", "name|title", "brand", r"brand"),
    _words("color name", "name|title", "color", r"colou?r"),
    _words("course name", "name|title", "course", r"course|lesson|class"),
    _words("event name", "name|title", "event", r"event|conference|meeting"),
    _words("genre name", "name|title", "genre", r"genre"),
    _words("bank name", "name|title", "bank", r"bank"),
    _words("diagnosis name", "name|title", "diagnosis", r"diagnos|condition|disease"),
    _words("medication name", "name|title", "medication", r"medic|drug"),
    Meaning("country name", "name|title", TEXT, Words(vocabulary="country"), 0.0, r"countr"),
    Meaning("city name", "name|title", TEXT, Place(part="city"), 0.0, r"cit(y|ies)|airport|location|place|store|branch|warehouse"),
    Meaning("state name", "name|title", TEXT, Place(part="state"), 0.0, r"states?$|province|region"),
    _words("currency", "name|code", "currency_code", r"currenc"),
    _words("setting name", "name|key", "setting", r"setting|preference|config|option|parameter"),
    Meaning("article title", "title|subject|headline|name", TEXT, Prose(topic="title"), 0.02,
            r"post|article|thread|page|book|blog|document|news|story|paper|video|song|movie|film|track|album"),
    # person
    Meaning("first name", "first_name|given_name|fore_name|forename|fname|first", TEXT, Person(part="first_name"), 0.02),
    Meaning("middle name", "middle_name|second_name|middle_initial", TEXT, Person(part="middle_name"), 0.5),
    Meaning("last name", "last_name|family_name|surname|sur_name|lname|last|maiden_name", TEXT, Person(part="last_name"), 0.02),
    Meaning("full name", r"(full|display|real|contact|person|customer|user|employee|patient|author|owner|recipient|sender"
            r"|student|doctor|manager|passenger|holder|card_holder|billing|shipping|nick|legal)_name|author|assignee|reporter|cardholder",
            TEXT, Person(part="full_name"), 0.05),
    Meaning("initials", "initials?", TEXT, Person(part="initials")),
    Meaning("gender", "gender|sex", (*TEXT, Kind.INTEGER), Person(part="gender"), 0.05),
    Meaning("salutation", "salutation|honorific|name_prefix|courtesy_title", TEXT, Person(part="prefix"), 0.3),
    Meaning("email", r"(\w+_)?e?mail(_address)?|email_\w*address", TEXT, Person(part="email"), 0.02),
    Meaning("user name", r"user_?name|login(_name)?|user_?id|account_name|handle|screen_name|nick(_?name)?|slack_\w+|alias", TEXT,
            Person(part="username"), 0.02),
    Meaning("phone", r"(\w+_)?(phone|mobile|cell|tele?phone|fax|tel)(_number|_no)?", TEXT, Phone(), 0.1),
    Meaning("phone number", r"(\w+_)?(phone|mobile|fax)(_number)?", WHOLE, Number(low=2_025_550_100, high=2_025_550_199)),
    Meaning("birth date", "birth_?date|date_of_birth|birthday|dob|born(_on|_at)?", TIMES, Moment(low="-85y", high="-18y"), 0.05),
    _number("age", r"age|age_years|\w+_age", 18, 90, "normal"),
    _words("job title", r"job(_title)?|position(_title)?|occupation|profession|designation", "job"),
    _words("marital status", "marital_status|civil_status", "marital_status"),
    _words("education", "education|education_level", "education"),
    _words("degree", "degree|qualification", "degree"),
    _words("blood type", "blood_(type|group)", "blood_type"),
    _code("social security number", "ssn|social_security_number", r"9\d{2}-[1-9]\d-\d{4}"),
    _code("passport", "passport(_number|_no)?", r"[A-Z]\d{8}"),
    _code("tax number", "tax_(id|number|no)|vat(_id|_number)?|ein|tin", r"[A-Z]{2}\d{9}"),
    _number("height in cm", "height(_cm)?", 150, 200, "normal"),
    _number("weight in kg", "weight(_kg)?", 45, 120, "normal"),
    Meaning("biography", "bio|biography|about(_me)?|profile_text", TEXT, Prose(topic="bio"), 0.2),
    # company
    Meaning("company", r"company(_name)?|organi[sz]ation(_name)?|employer|vendor(_name)?|supplier(_name)?|business_name|manufacturer|airline",
            TEXT, Company(part="name"), 0.1),
    _words("department", r"department(_name)?|division|dept", "department"),
    _words("industry", "industry|sector|line_of_business", "industry"),
    _words("brand", "brand(_name)?|make_brand", "brand"),
    _words("slogan", "slogan|tag_?line|catch_?phrase|motto", "catch_phrase"),
    _number("employees", r"(number_of_)?employees|employee_count|head_?count|staff_count", 1, 5_000, "lognormal", WHOLE),
    _code("stock symbol", "ticker|symbol|stock_symbol", r"[A-Z]{3,4}"),
    # address
    Meaning("city", r"(\w+_)?(city|town|locality|municipality|birth_?place|destination|origin)(_name)?", TEXT, Place(part="city"), 0.05),
    Meaning("state", r"(\w+_)?(state|province|region|county)(_name)?", TEXT, Place(part="state"), 0.1),
    Meaning("postal code", r"(\w+_)?(zip|zip_?code|post_?code|postal_?code|plz)", (*TEXT, Kind.INTEGER), Place(part="postcode"), 0.05),
    Meaning("country code", r"(\w+_)?country_(code|iso|iso2)|iso_country|nationality_code", TEXT, Place(part="country_code"), 0.02),
    Meaning("country", r"(\w+_)?(country|nation|nationality)(_name)?", TEXT, Place(part="country"), 0.02),
    Meaning("street", r"(\w+_)?(street|street_address|address|address_line|address_1|address_line_1|addr|line_1)", TEXT, Place(part="street"), 0.05),
    Meaning("second address line", r"(\w+_)?(address_?2|address_line_?2|line_2|unit|suite|apartment|apt)(_number)?", TEXT, Place(part="unit"), 0.7),
    Meaning("street name", "street_name", TEXT, Place(part="street_name")),
    Meaning("building number", r"(building|house|street)_(number|no)", (*TEXT, Kind.INTEGER), Place(part="building")),
    Meaning("full address", "full_address|mailing_address|location_address", TEXT, Place(part="address")),
    Meaning("latitude", "latitude|lat|geo_lat", (*FRACTIONS, Kind.TEXT), Place(part="latitude")),
    Meaning("longitude", "longitude|lng|lon|long|geo_lo?ng?", (*FRACTIONS, Kind.TEXT), Place(part="longitude")),
    Meaning("time zone", r"(\w+_)?(time_?zone|tz)(_name)?", TEXT, Place(part="timezone")),
    Meaning("location", "location|place|venue|site|address_text", TEXT, Place(part="city")),
    # internet and computing
    Meaning("web site", r"web_?site(_url)?|home_?page(_url)?|company_url|blog(_url)?", TEXT, Company(part="website"), 0.2),
    Meaning("url", r"(\w+_)?(url|uri|link|href|endpoint|webhook)", TEXT, Company(part="website"), 0.2),
    Meaning("domain", r"(\w+_)?(domain|host|host_?name|server|fqdn)(_name)?", TEXT, Company(part="domain")),
    Meaning("slug", r"(\w+_)?(slug|permalink)", TEXT, Code(length=10, alphabet=LOW)),
    Meaning("ip address", r"(\w+_)?(ip|ip_?address|ip_?addr|ipv4|remote_addr)", TEXT, Company(part="ipv4")),
    Meaning("ipv6 address", r"(\w+_)?ipv6(_address)?", TEXT, Company(part="ipv6")),
    Meaning("mac address", r"(\w+_)?mac(_address|_addr)?", TEXT, Company(part="mac")),
    _words("user agent", r"(\w+_)?(user_agent|browser|client_agent)", "user_agent"),
    Meaning("path", r"(\w+_)?(path|directory|folder|route|mount_point)", TEXT, Company(part="path")),
    Meaning("file name", r"(\w+_)?(file_?name|file|attachment|document_name)", TEXT, Pattern(regex=r"(report|invoice|summary|photo|scan|notes)-\d{4}\.(pdf|png|csv|txt)")),
    _words("mime type", r"mime(_?type)?|content_type|media_type", "mime_type"),
    _words("file extension", "extension|file_ext|file_type|ext", "extension"),
    _words("http method", "(http_|request_)?method|verb", "http_method"),
    Meaning("http status", "(http_)?(status_code|response_code)", WHOLE, Choice(values=(200, 201, 301, 400, 401, 404, 500), weights=(70, 8, 4, 6, 4, 6, 2))),
    _number("port", r"(\w+_)?port", 1024, 65535, kinds=(*WHOLE, Kind.TEXT)),
    Meaning("password hash", r"(\w+_)?(password|passwd|pwd)(_hash|_digest)?|hashed_password", TEXT, Code(length=60, alphabet=HEX), 0.02),
    Meaning("hash", r"(\w+_)?(hash|digest|checksum|sha1|sha256|md5|fingerprint|etag|signature)", TEXT, Code(length=40, alphabet=HEX)),
    Meaning("token", r"(\w+_)?(token|secret|api_?key|access_key|salt|nonce|session_?(id|key)|cookie(_id)?|client_secret|private_key|public_key)",
            TEXT, Code(length=32, alphabet=HEX), 0.1),
    Meaning("uuid", r"(\w+_)?(uuid|guid)", TEXT, Identifier(), 0.05),
    _code("version", r"(\w+_)?(version|release)(_string|_name)?", r"[0-9]\.(1?\d)\.\d"),
    Meaning("version number", r"(\w+_)?(version|revision|rev)(_number|_no|_id)?", NUMBERS, Number(low=1, high=9, distribution="zipf")),
    _words("environment", "environment|env|deployment", "environment"),
    _words("service", "service(_name)?|component|module|application|app(_name)?", "service"),
    _words("log message", "log_message|event_message", "log_message"),
    _words("error message", r"error(_message|_text)?|exception|failure_reason|status_message|stack_?trace|traceback", "error_message", nulls=0.8),
    _words("action", "action|operation|activity|event(_type|_name)?", "action"),
    _code("colour code", r"(\w+_)?(hex_colou?r|colou?r_(code|hex))", r"#[0-9a-f]{6}"),
    _words("color", r"(\w+_)?colou?r", "color"),
    Meaning("image", r"(\w+_)?(image|photo|picture|avatar|thumbnail|icon|logo|cover)(_url|_path)?", TEXT, Pattern(regex=r"/img/[a-z0-9]{8}\.(png|jpg)"), 0.3),
    # commerce
    _words("product", r"product(_name)?|item(_name)?|article(_name)?", "product"),
    _words("product category", "product_(category|type)", "product_category"),
    _words("category text", "category(_name)?|genre|topic|segment|classification", "category"),
    _code("sku", r"(\w+_)?(sku|product_code|item_code|part_(number|no)|article_(number|no)|model_(number|no))", r"[A-Z]{3}-\d{5}"),
    Meaning("barcode", "(bar_?code|ean|ean_13|upc|gtin)", TEXT, Pattern(regex=r"4\d{12}")),
    _code("isbn", "isbn(_?13)?", r"978-\d-\d{4}-\d{4}-\d"),
    _code("order number", r"(order|invoice|receipt|reference|ref|ticket|case|claim|policy|contract|booking|confirmation|account|document|customer|po)"
          r"_(number|no|num|code|ref|reference)|reference|ref", r"[A-Z]{2}-\d{6}"),
    _code("tracking number", r"tracking(_number|_no|_code)?|waybill", r"1Z\d{12}"),
    _code("coupon", r"coupon(_code)?|voucher(_code)?|promo(_code)?|discount_code", r"(SAVE|GIFT|WELCOME)[A-Z]{4}"),
    _words("payment method", "payment_(method|type)|pay_method|paid_by", "payment_method"),
    _words("carrier", "carrier|shipper|shipping_(company|method|carrier)|courier", "carrier"),
    _words("card brand", "card_(brand|type|network)", "card_brand"),
    _code("card number", r"(credit_)?card_(number|no)|pan", r"4000 00\d{2} \d{4} \d{4}"),
    _code("last four digits", r"last_?(4|four)|card_last\w*", r"\d{4}"),
    _code("iban", r"iban|bank_account(_number)?", r"DE\d{20}"),
    _code("bic", "bic|swift(_code)?|routing_number", r"[A-Z]{4}DE[A-Z0-9]{2}"),
    _words("bank", r"bank(_name)?", "bank"),
    _number("quantity", r"(\w+_)?(quantity|qty|amount_of_items|units|pieces|ordered)", 1, 20, "zipf", NUMBERS),
    _number("stock", r"(\w+_)?(stock|inventory|on_hand|in_stock|units_in_stock|available|reorder_level)(_quantity|_count|_level)?", 0, 500, "exponential", NUMBERS),
    _words("size code", r"(clothing|shirt|garment)?_?size(_code|_label)?", "size"),
    # money
    _number("amount in cents", r"(\w+_)?(cents|pence)|\w+_in_cents", 99, 99_999, "lognormal", WHOLE),
    Meaning("price", r"(\w+_)?(price|unit_price|list_price|cost|msrp|fare|fee|rate_per_\w+)(_\w+)?", NUMBERS,
            Number(low=1, high=900, distribution="lognormal", ending=0.99)),
    _number("salary", r"(\w+_)?(salary|wage|income|compensation)(_\w+)?", 24_000, 180_000, "lognormal"),
    _number("budget", r"(\w+_)?(budget|revenue|turnover|sales|funding|valuation|market_cap)(_\w+)?", 5_000, 2_000_000, "lognormal"),
    _number("balance", r"(\w+_)?(balance|credit|debit|deposit|limit)(_\w+)?", 0, 9_000, "lognormal"),
    _number("discount", r"(\w+_)?(discount|rebate)(_amount)?", 0, 50, "exponential"),
    _number("tax", r"(\w+_)?(tax|vat|gst)(_amount|_total)?", 0.5, 200, "lognormal"),
    _number("amount", r"(\w+_)?(amount|total|sub_?total|sum|gross|net|paid|due|value_total|payment|refund|charge|tip|billed|allowed|shipping_cost|freight)"
            r"(_\w+)?", 5, 2_500, "lognormal", (*FRACTIONS, Kind.INTEGER)),
    Meaning("currency code", r"(\w+_)?currency(_code|_iso)?", TEXT, Choice(values=("USD", "EUR", "GBP", "CAD", "JPY"), weights=(60, 22, 10, 5, 3))),
    # measures
    _number("rate", r"(\w+_)?(rate|ratio|probability|confidence|fraction|similarity|weight_factor|threshold)", 0, 1, "uniform", FRACTIONS),
    _number("percent", r"(\w+_)?(percent|percentage|pct|progress|completion)(_\w+)?", 0, 100),
    _number("rating", r"(\w+_)?(rating|stars|review_score)", 1, 5, "normal"),
    _number("score", r"(\w+_)?(score|points|grade_points|karma|reputation)", 0, 100, "normal"),
    _number("priority number", "priority|importance|urgency|severity|level", 1, 5, "zipf", WHOLE),
    _number("temperature", r"(\w+_)?(temperature|temp)(_\w+)?", -10, 38, "normal"),
    _number("distance", r"(\w+_)?(distance|mileage|odometer|length|width|depth|radius|elevation|altitude)(_\w+)?", 1, 500, "lognormal"),
    _number("size in bytes", r"(\w+_)?(file_size|size_bytes|bytes|byte_size|content_length|size)", 500, 5_000_000, "lognormal", WHOLE),
    _number("width in pixels", r"width|height|\w+_px", 320, 3840, "uniform", WHOLE),
    _number("capacity", r"(\w+_)?(capacity|seats|seat_count|max_\w+|limit)", 2, 400, "lognormal", WHOLE),
    _number("count", r"(\w+_)?(count|number_of_\w+|num_\w+|cnt|views|likes|hits|clicks|visits|downloads|followers|attempts|retries|retry_count)",
            0, 1_000, "exponential", WHOLE),
    _number("position", r"position|pos|sort_order|order|ordinal|rank|index|idx|sequence|seq|line_number|line|row|step|slot", 1, 100, "uniform", WHOLE),
    _number("floor", "floor|storey|room_number|room", 1, 40, "uniform", NUMBERS),
    Meaning("duration", r"(\w+_)?(duration|elapsed|length_seconds|seconds|minutes|runtime|timeout|ttl|interval|latency|response_time|wait_time)(_\w+)?",
            (*NUMBERS, Kind.INTERVAL), Duration(low=1, high=7_200)),
    _words("unit", "unit|uom|unit_of_measure|measure", "unit"),
    # time
    _number("year", r"(\w+_)?(year|yr|vintage)", 1990, 2025, "uniform", NUMBERS),
    _number("month", "month|expiry_month|exp_month", 1, 12, "uniform", WHOLE),
    _number("day", "day|day_of_month", 1, 28, "uniform", WHOLE),
    _number("hour", "hour", 0, 23, "uniform", WHOLE),
    _choice("weekday", "weekday|day_of_week|day_name", "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"),
    Meaning("expiry", r"(\w+_)?(expires?|expiry|expiration|valid_until|valid_to|due|deadline|renewal|next_\w+)(_at|_on|_date|_time)?",
            (*MOMENTS, Kind.INTEGER, Kind.TEXT), Moment(low="now", high="+1y"), 0.3),
    _moment("deleted", r"(\w+_)?(deleted|removed|cancell?ed|archived|revoked|disabled|banned|deactivated)(_at|_on|_date|_time|_timestamp)", "-1y", nulls=0.9),
    _moment("hired", r"hire_?date|hired(_at|_on)?|employed_since|start_of_employment|joined(_at|_on)?|member_since", "-12y"),
    _moment("published", r"publi(shed|cation)(_at|_on|_date)?|release_?date|released(_at|_on)?", "-5y", nulls=0.2),
    _moment("created", r"(\w+_)?(created|inserted|registered|added|signed_up|opened|submitted|ordered|placed|issued|posted|filed|sent|received|started"
            r"|begin|start|from|valid_from|effective|purchased|booked|requested|enrolled|admitted|logged|occurred|recorded|timestamp|date|time|when|at|on)"
            r"(_at|_on|_date|_time|_datetime|_timestamp|_ts|_utc)?|(date|time|datetime)_(\w+)|ctime|ts|\w+_(at|on|ts)", "-2y", nulls=0.05),
    # status and switches
    _choice("order status", r"(order_)?(status|state)", "pending|paid|shipped|delivered|cancelled|refunded", (12, 18, 15, 45, 7, 3), r"order|purchase|cart|shipment|deliver"),
    _choice("payment status", r"(payment_)?(status|state)", "succeeded|pending|failed|refunded", (80, 8, 8, 4), r"payment|transaction|charge|invoice|bill"),
    _choice("task status", r"(\w+_)?(status|state)", "queued|running|succeeded|failed|cancelled", (10, 8, 68, 11, 3), r"job|task|run|build|deploy|execution|queue"),
    _choice("ticket status", r"(\w+_)?(status|state)", "open|in progress|waiting|resolved|closed", (22, 18, 10, 20, 30), r"ticket|issue|case|request|incident|bug"),
    _choice("claim status", r"(\w+_)?(status|state)", "submitted|approved|denied|paid", (20, 25, 10, 45), r"claim|loan|application|approval"),
    _choice("booking status", r"(\w+_)?(status|state)", "confirmed|pending|checked in|cancelled|no-show", (60, 12, 15, 10, 3), r"booking|reservation|appointment|flight|departure|visit"),
    _choice("status", r"(\w+_)?(status|state)", "active|inactive|pending|archived", (70, 12, 12, 6)),
    _choice("severity", "(log_)?severity|log_?level", "info|warning|error|critical", (70, 18, 10, 2)),
    _choice("priority", r"(\w+_)?(priority|importance|urgency|level|risk)", "low|medium|high|urgent", (30, 45, 20, 5)),
    _words("role", r"(\w+_)?roles?(_name)?", "role"),
    _choice("plan", r"(\w+_)?(plan|tier|subscription)(_name|_type)?|edition", "free|basic|pro|enterprise", (50, 25, 18, 7)),
    _choice("visibility", "visibility|privacy|access(_level)?|scope", "public|private|internal", (50, 30, 20)),
    _choice("channel", r"(\w+_)?(channel|source|medium|origin|lead_source|referrer)", "web|mobile|e-mail|partner|referral|phone", (40, 25, 12, 8, 9, 6)),
    _choice("frequency", "frequency|recurrence|billing_cycle|period", "daily|weekly|monthly|quarterly|yearly", (10, 20, 45, 10, 15)),
    _choice("type", r"(\w+_)?(type|kind|class|mode|variant)", "standard|premium|basic|custom", (50, 20, 20, 10)),
    _words("language code", "(lang|language|locale_lang)(_code)?", "language_code"),
    _words("locale", "locale|culture", "locale"),
    _flag("active", r"(is_|has_)?(active|enabled|available|visible|published|current|valid|live|online|open|public|in_stock|approved|confirmed)", 0.85),
    _flag("verified", r"(is_|has_)?(\w+_)?(verified|confirmed|accepted|paid|completed|done|read|seen|subscribed|opt_in|success|passed)", 0.7),
    _flag("deleted flag", r"(is_|has_)?(\w+_)?(deleted|removed|archived|hidden|blocked|banned|locked|disabled|suspended|expired|cancelled|spam|test|draft)", 0.06),
    _flag("admin", r"(is_|has_)?(\w+_)?(admin|superuser|staff|root|owner|moderator|vip|premium|featured|default|primary|system|internal|nan)", 0.08),
    # text
    Meaning("comment", r"(\w+_)?(review|comment|feedback|opinion|testimonial)(_text|_body)?s?", TEXT, Prose(topic="review", sentences=3), 0.2),
    Meaning("description", r"(\w+_)?(description|summary|details?|abstract|overview|info|synopsis|excerpt|intro)(_text)?", TEXT, Prose(topic="description"), 0.15),
    Meaning("note", r"(\w+_)?(notes?|remarks?|memo|reason|instructions?|diagnosis_text|history|observation|justification)", TEXT, Prose(topic="note"), 0.3),
    Meaning("message", r"(\w+_)?(message|body|content|text|question|answer|reply|prompt|query)", TEXT, Prose(topic="message", sentences=3), 0.05),
    Meaning("title", r"(\w+_)?(title|subject|headline|caption|heading|topic)", TEXT, Prose(topic="title"), 0.05),
    _words("diagnosis", r"diagnosis|condition|disease", "diagnosis"),
    _code("medical code", r"(diagnosis|icd|icd_?10)(_code)?", r"[A-TV-Z]\d{2}\.\d"),
    _code("procedure code", r"(procedure|cpt)(_code)?", r"9\d{4}"),
    _words("medication", r"medication|drug(_name)?|medicine", "medication"),
    _words("specialty", "specialty|speciality|specialization", "medical_specialty"),
    _words("vehicle make", "(vehicle_|car_)?make", "vehicle_make"),
    _words("vehicle model", "(vehicle_|car_)?model", "vehicle_model"),
    _code("licence plate", r"(license|licence|registration)_(plate|number)|plate(_number)?", r"[A-Z]{3}-\d{4}"),
    _code("vehicle number", "vin", r"[A-HJ-NPR-Z0-9]{17}"),
    _words("aircraft", "aircraft(_type|_model)?|plane", "aircraft"),
    _code("airport code", r"iata(_code)?|airport(_code)?|(origin|destination|departure|arrival)_(code|airport)", r"[A-Z]{3}"),
    _code("seat", "seat(_number|_no)?", r"[1-3]\d[A-F]"),
    _code("gate", "gate(_number)?", r"[A-D]\d{1,2}"),
    Meaning("tags", r"(\w+_)?(tags|keywords|labels|scopes|items|list)", (Kind.JSON,), JsonObject(listed=True), 0.2),
    _words("tags text", r"(\w+_)?(tags?|keywords?|labels?)", "tag"),
    Meaning("code", r"(\w+_)?(code|abbreviation|abbr|short_name|identifier|key|number|no|serial(_number)?)", TEXT, Code(length=8, alphabet=HIGH + "23456789"), 0.05),
    _words("name", r"(\w+_)?(name|label)", "word", nulls=0.05),
)  # fmt: skip
