"""Which amounts are a share of which other amounts of the same row: tax of a subtotal, cost of a price."""

from __future__ import annotations

from dataclasses import dataclass

SUBTOTAL = r"(\w+_)?sub_?total|net(_amount|_total)?|base_(amount|price|fare)|amount_before_tax|items_total|taxable_amount|merchandise_total"
TOTAL = r"(grand_|order_|invoice_|bill_|booking_|sale_|purchase_|cart_)?total|total_(amount|price|due|cost|charge|charged|value)|(order|invoice|bill|sale|transaction|payment|gross)_amount"
AMOUNT = r"amount|value|sum|charge|fare|gross(_\w+)?"
GROSS = r"gross(_(pay|salary|amount|wage|wages|income|total|earnings))?"
PRICE = r"price|unit_price|selling_price|retail_price|sales_price|list_price|regular_price|standard_price"
TAX = r"(\w+_)?(tax|vat|gst|sales_tax)(es)?(_amount|_total)?"
SHIPPING = r"(shipping|delivery|freight|handling|postage)(_(cost|fee|amount|price|total|charge))?"
FEE = r"(\w+_)?(fees?|surcharge)(_amount|_total)?"
TIP = r"(tip|gratuity)(_amount)?"
DISCOUNT = r"(\w+_)?(discount|rebate|coupon|markdown)s?(_amount|_total|_value)?"
PAID = r"(amount_|total_)?paid(_amount|_total)?|(insurance|plan|payer|insurer)_paid(_amount)?"
DUE = r"(amount|balance|total)_due|due(_amount)?|outstanding(_\w+)?|remaining(_(amount|balance))?|open_(amount|balance)|balance"
BILLED = r"(billed|charged?|submitted|claimed|claim|requested|total_charge)s?(_amount)?|amount_(billed|charged|claimed|requested)"
QUANTITY = r"(quantity_(ordered|requested)|(ordered|requested|order)_quantity|quantity|units_ordered)"
STOCK = r"(stock|on_hand|in_stock|units_in_stock|inventory)(_(quantity|level|count|units))?|(stock|inventory)_on_hand|quantity(_on_hand|_in_stock)?"
SEATS = r"capacity|(total_|number_of_)?seats|seat_(count|capacity)|total_(tickets|capacity|spots|rooms)|max_(\w+)|tickets_total|bed_count|total_beds"


@dataclass(frozen=True, slots=True)
class ShareRule:
    """A column like `words` is a share, `least` to `most`, of the first column that is like one of `bases`."""

    words: str
    bases: tuple[str, ...]
    least: float
    most: float
    none: float = 0.0
    whole: float = 0.0


SHARES = (
    ShareRule(DISCOUNT, (SUBTOTAL, PRICE, AMOUNT, TOTAL), 0.0, 0.3, 0.6),
    ShareRule(TAX, (SUBTOTAL, GROSS, AMOUNT, TOTAL, PRICE), 0.05, 0.21),
    ShareRule(SHIPPING, (SUBTOTAL, TOTAL, AMOUNT), 0.02, 0.15, 0.2),
    ShareRule(TIP, (SUBTOTAL, AMOUNT, TOTAL), 0.05, 0.25, 0.3),
    ShareRule(r"commission(_amount|_fee)?", (SUBTOTAL, AMOUNT, TOTAL, PRICE), 0.02, 0.15),
    ShareRule(FEE, (SUBTOTAL, AMOUNT, TOTAL), 0.01, 0.06),
    ShareRule(r"(total_)?deductions?(_amount)?|withholding(_amount)?|withheld", (GROSS,), 0.05, 0.2),
    ShareRule(
        r"(allowed|covered|eligible)(_amount)?|amount_(allowed|covered)", (BILLED, TOTAL, AMOUNT), 0.5, 1.0, 0.0, 0.1
    ),
    ShareRule(r"approved(_amount)?|amount_approved", (BILLED, TOTAL, AMOUNT), 0.5, 1.0, 0.05, 0.4),
    ShareRule(
        PAID,
        (r"(allowed|approved)(_amount)?|amount_(allowed|approved)", BILLED, TOTAL, SUBTOTAL, AMOUNT),
        0.0,
        1.0,
        0.15,
        0.55,
    ),
    ShareRule(
        r"co_?pay(ment)?(_amount)?|co_?insurance(_amount)?|deductible(_amount)?|patient_(paid|portion|responsibility|share)(_amount)?",
        (r"(allowed|approved)(_amount)?", BILLED, TOTAL, AMOUNT),
        0.05,
        0.3,
        0.1,
    ),
    ShareRule(r"refund(ed)?(_amount|_total)?|amount_refunded", (PAID, TOTAL, AMOUNT, PRICE), 0.0, 1.0, 0.8, 0.1),
    ShareRule(r"(down_payment|deposit|advance)(_amount)?", (TOTAL, PRICE, AMOUNT), 0.1, 0.4),
    ShareRule(
        r"(unit_)?cost(_price)?|(purchase|wholesale|buying?|supplier|supply|dealer)_(price|cost)|cost_of_goods|cogs",
        (PRICE, r"msrp|rrp", r"revenue|sales"),
        0.35,
        0.8,
    ),
    ShareRule(
        r"(sale|discount|discounted|net_sale|deal|special|offer|promo|promotional|member|reduced|clearance)_price",
        (PRICE, r"(original|compare_at|full|base)_price|msrp|rrp"),
        0.6,
        0.95,
    ),
    ShareRule(
        r"msrp|rrp|(list|compare_at|original|regular|retail|full|recommended)_price",
        (r"price|unit_price|selling_price|sale_price|sales_price|current_price",),
        1.0,
        1.4,
    ),
    ShareRule(r"(high|highest|day_high)(_price)?", (r"(low|lowest|day_low)(_price)?",), 1.0, 1.05),
    ShareRule(TOTAL, (SUBTOTAL,), 1.0, 1.25),
    # things that are counted
    ShareRule(
        r"(reserved|allocated|committed)(_(stock|quantity|count|units|inventory))?|(quantity|stock|units)_(reserved|allocated|committed)|damaged(_\w+)?",
        (STOCK,),
        0.0,
        0.5,
        0.4,
    ),
    ShareRule(
        r"quantity_(shipped|received|delivered|picked|invoiced|fulfilled)|(shipped|received|delivered|picked|invoiced|fulfilled)_quantity",
        (QUANTITY,),
        0.3,
        1.0,
        0.0,
        0.7,
    ),
    ShareRule(
        r"quantity_(returned|damaged|cancell?ed|back_?ordered|rejected|refunded)|(returned|damaged|cancell?ed|back_?ordered|rejected|refunded)_quantity",
        (QUANTITY,),
        0.0,
        1.0,
        0.85,
    ),
    ShareRule(
        r"(seats|tickets|spots|rooms|beds)_(sold|booked|taken|reserved|available|left|remaining|filled|occupied)|(booked|available|reserved|sold|occupied|remaining)_(seats|tickets|spots|rooms|beds)"
        r"|enrolled(_count|_students)?|enrol?lment(_count)?|current_(\w+)|occupancy|attendees(_count)?|attendee_count|registered_count",
        (SEATS,),
        0.2,
        1.0,
        0.02,
        0.1,
    ),
    ShareRule(
        r"(times|\w+_)?_?used(_\w+)?|(usage|use|redemption|redeemed)_count|uses|redemptions|current_(usage|uses)",
        (r"max_(uses|usage|redemptions)|(usage|use|redemption)_limit|limit|quota|(total|max)_\w+",),
        0.0,
        1.0,
        0.1,
    ),
    ShareRule(
        r"score|points(_earned)?|earned_points|marks(_obtained)?|obtained_marks|grade",
        (r"(max|maximum|total|possible|full)_(score|points|marks)|points_possible|out_of",),
        0.35,
        1.0,
        0.01,
        0.05,
    ),
    ShareRule(
        r"correct(_answers|_count)?|correct_answer_count",
        (r"total_questions|question_count|number_of_questions|questions",),
        0.2,
        1.0,
        0.0,
        0.1,
    ),
    ShareRule(r"clicks|click_count", (r"impressions?(_count)?|views|view_count|sent_count",), 0.005, 0.12),
    ShareRule(r"conversions?(_count)?|purchases", (r"clicks|click_count|visits|visitors",), 0.0, 0.2),
    ShareRule(r"unique_(\w+)", (r"views|visits|clicks|impressions|page_views|view_count|visit_count",), 0.4, 1.0),
    ShareRule(r"(\w+_)?diastolic(_\w+)?", (r"(\w+_)?systolic(_\w+)?",), 0.6, 0.75),
)

PAIRS = (
    ("minimum", "maximum"),
    ("min", "max"),
    ("lowest", "highest"),
    ("lower", "upper"),
    ("low", "high"),
    ("floor", "ceiling"),
)
"""Words of two columns that are a range, the smaller first."""
ENDS = (("from", "to"), ("start", "end"), ("begin", "end"))
"""Words of two columns that are a range where they count or measure something: nodes have no order."""
MEASURES = r"(years?|pages?|ages?|prices?|amounts?|values?|floors?|levels?|ranges?|quantity|scores?|salary|weights?|heights?|sizes?|hours?|minutes?|days?|weeks?|months?|seconds?|km|miles?|kms|lines?|rows?|chapters?|verses?|positions?|offsets?|index|numbers?|no|num|chars?|bytes?|rates?|points?)"
"""Words of what is counted or measured."""
