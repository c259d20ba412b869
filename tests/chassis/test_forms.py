"""What may be typed: each type of field with what it takes and what it refuses, and whole forms."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from starlette.datastructures import FormData, UploadFile

from services.chassis import fields
from services.chassis.forms import Form, Typed
from services.chassis.i18n import speaking
from services.chassis.problems import Invalid
from services.chassis.validation import field_errors, invalid


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    """Nothing here touches a database; the sentences are read in English."""
    with speaking("en"):
        yield


def refused(kind: Any, value: object) -> str:
    """The sentence with which a type of field refuses a value."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return str(field_errors(caught.value.errors())[0].message)


GOOD: list[tuple[Any, object, object]] = [
    (fields.Name, "  王芳 ", "王芳"),
    (fields.Name, "Müller-O’Neill", "Müller-O’Neill"),
    (fields.Name, "می‌خواهم", "می‌خواهم"),  # with the joiner that Persian needs
    (fields.Name, "x" * 80, "x" * 80),
    (fields.SingleLine, "", ""),
    (fields.SingleLine, "x" * 200, "x" * 200),
    (fields.MultiLine, " a\r\nb\rc\n\td ", "a\nb\nc\n\td"),
    (fields.Email, " Wang.Fang+x@EXAMPLE.com ", "Wang.Fang+x@example.com"),
    (fields.Email, "ｗａｎｇ＠example。com", "wang@example.com"),
    (fields.Email, "a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s"),
    (fields.Phone, "138 1234 5678", "+8613812345678"),
    (fields.Phone, "１３８１２３４５６７８", "+8613812345678"),
    (fields.Phone, "(010) 6512-3456", "+861065123456"),
    (fields.Phone, "+1 202-456-1414", "+12024561414"),
    (fields.Phone, "＋４４ ２０ ７９４６ ０９５８", "+442079460958"),
    (fields.District, "110102", "110102"),
    (fields.Country, " fr ", "FR"),
    (fields.Country, "HK", "HK"),
    (fields.Topic, "travel", "travel"),
    (fields.Zone, "Asia/Shanghai", "Asia/Shanghai"),
    (fields.Duration, " p1d ", "P1D"),
    (fields.Duration, "PT1H30M", "PT1H30M"),
    (fields.Duration, "P2W", "P2W"),
    (fields.Duration, "P90D", "P90D"),
    (fields.Topics, ["travel", "fraud", "travel"], ["travel", "fraud"]),
    (fields.OptionalEmail, "  ", None),
    (fields.OptionalPhone, "", None),
    (fields.LocalizedLine, "领保", {"zh-CN": "领保"}),
    (fields.LocalizedLine, {"zh-CN": " ", "en": "Safe"}, {"en": "Safe"}),
    (fields.OptionalLocalizedText, {"zh-CN": "", "en": ""}, {}),
]


@pytest.mark.parametrize(("kind", "value", "taken"), GOOD)
def test_what_is_taken_is_normalised(kind: Any, value: object, taken: object) -> None:
    assert TypeAdapter(kind).validate_python(value) == taken


LINE = "Please write this on one line, without special characters."
MAIL = "Please check the e-mail address; it looks like name@example.com."
MAIL_LINE = "An e-mail address is one line, such as name@example.com."
TELEPHONE = "Please check the telephone number; a mobile number looks like"
LEAD = "Write a reminder's lead time like P1D (a day) or PT1H (an hour)."

BAD: list[tuple[Any, object, str]] = [
    (fields.Name, "", "Please fill this in."),
    (fields.Name, " \t ", LINE),
    (fields.Name, "   ", "Please fill this in."),
    (fields.Name, "x" * 81, "Please use at most 80 characters."),
    (fields.Name, "Ada\nBcc: x@y.example", LINE),
    (fields.Name, "Ada\r", LINE),
    (fields.Name, "A\x00da", LINE),
    (fields.Name, "A\x1bda", LINE),
    (fields.Name, "A\x85da", LINE),
    (fields.Name, "A\u2028da", LINE),
    (fields.Name, "A\u202eda", LINE),  # what follows would read from right to left
    (fields.Name, "A\u2066da", LINE),
    (fields.Name, "A\ud800", LINE),
    (fields.Name, 5, "This is not of the kind that is expected here."),
    (fields.Name, None, "Please fill this in."),
    (fields.SingleLine, "x" * 201, "Please use at most 200 characters."),
    (Annotated[fields.SingleLine, StringConstraints(max_length=5)], "123456", "at most 5 char"),
    (fields.MultiLine, "a\x00b", "Please remove the special characters from this text."),
    (fields.MultiLine, "a\u202eb", "Please remove the special characters from this text."),
    (fields.MultiLine, "x" * 20_001, "Please use at most 20000 characters."),
    (fields.Email, "", MAIL),
    (fields.Email, "a@b", MAIL),
    (fields.Email, "a@localhost", MAIL),
    (fields.Email, "a@[127.0.0.1]", MAIL),
    (fields.Email, '"a b"@example.com', MAIL),
    (fields.Email, "a@example.com, b@example.com", MAIL),
    (fields.Email, "Ada <a@example.com>", MAIL),
    (fields.Email, "a@example.com\nBcc: b@example.com", MAIL_LINE),
    (fields.Email, "a@example.com\r\n", MAIL_LINE),
    (fields.Email, "a\x00@example.com", MAIL_LINE),
    (fields.Email, "a\u202e@example.com", MAIL_LINE),
    (fields.Email, "a\u200b@example.com", MAIL),
    (fields.Email, "王芳@example.com", "Please use an e-mail address in Latin letters"),
    (fields.Email, "a" * 250 + "@example.com", "Please use at most 254 characters."),
    (fields.Phone, "123", TELEPHONE),
    (fields.Phone, "12345678901", TELEPHONE),
    (fields.Phone, "+999 12345678", TELEPHONE),
    (fields.Phone, "telephone", TELEPHONE),
    (fields.Phone, "1" * 41, "Please use at most 40 characters."),
    (fields.District, "999999", "We do not know this district"),
    (fields.District, "西城区", "We do not know this district"),
    (fields.Country, "CN", "We do not know this country"),
    (fields.Country, "XX", "We do not know this country"),
    (fields.Country, "France", "We do not know this country"),
    (fields.Topic, "weather", "We do not know this topic"),
    (fields.Zone, "Asia/Peking", "We do not know this time zone"),
    (fields.Zone, "../../etc/passwd", "We do not know this time zone"),
    (fields.LanguageTag, "fr", "Please choose one of the answers offered."),
    (fields.Countries, ["FR", "XX"], "We do not know this country"),
    (fields.LocalizedLine, "", "Please write this in at least one language."),
    (fields.LocalizedLine, {}, "Please write this in at least one language."),
    (fields.LocalizedLine, {"fr": "x"}, "Please choose one of the answers offered."),
    (fields.LocalizedLine, {"en": "x" * 201}, "Please use at most 200 characters."),
    *(
        (fields.Duration, text, LEAD)
        for text in (
            *("", "P", "PT", "P0D", "PT0M", "P1M", "P1Y", "P1DT", "P400D", "P13W", "-P1D", "1D"),
            *(
                "P1.5D",
                "PT30S",
                "P１D",
                "P１W",
                "P99999999999D",
                "P99999999999W",
                f"P{'9' * 5000}D",
            ),
        )
    ),
]


@pytest.mark.parametrize(("kind", "value", "says"), BAD, ids=range(len(BAD)))
def test_what_is_refused_is_refused_with_a_sentence(kind: Any, value: object, says: str) -> None:
    assert says in refused(kind, value)


class Contact(BaseModel):
    email: fields.Email
    phone: fields.OptionalPhone = None


class Consent(BaseModel):
    reminders: bool = False


class Wanted(BaseModel):
    """A form with a field of every shape."""

    name: fields.Name
    note: fields.MultiLine = "as it was"
    contact: Contact
    consent: Consent = Consent()
    title: fields.OptionalLocalizedLine = Field(default_factory=dict)
    answers: dict[str, str | list[str]] = Field(default_factory=dict)
    topics: fields.Topics = Field(default_factory=list)
    times: list[datetime] = Field(default_factory=list, max_length=3)
    seats: int = Field(default=1, ge=1, le=500)
    ratio: float | None = None
    kind: Literal["lecture", "workshop"] | None = None
    day: date | None = None
    at: AwareDatetime | None = None
    agreed: bool = False
    body: fields.SingleLine = ""
    language: fields.LanguageTag = Field(default="zh-CN", alias="language-tag")
    district: str | None = None


LEAST = [("name", "王芳"), ("contact.email", "a@example.com")]


def parse(*more: tuple[str, str], **extra: Any) -> Wanted:
    return Typed(FormData([*LEAST, *more])).parse(Wanted, **extra)


def errors(*more: tuple[str, str], least: bool = True) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        Typed(FormData([*(LEAST if least else ()), *more])).parse(Wanted)
    return {error.field: str(error.message) for error in caught.value.errors}


def test_the_least_that_is_enough() -> None:
    wanted = parse()
    assert wanted == Wanted(name="王芳", contact=Contact(email="a@example.com"))
    assert wanted.note == "as it was"


def test_every_shape_of_field() -> None:
    wanted = parse(
        ("contact.phone", "13812345678"),
        ("consent.reminders", "on"),
        ("title.zh-CN", "安全"),
        ("title.en", ""),
        ("answers.meal", "rice"),
        ("answers.days", "1"),
        ("answers.days", "2"),
        ("topics", "travel"),
        ("topics", ""),
        ("topics", "fraud"),
        ("times", "2026-11-01T14:00"),
        ("seats", " 20 "),
        ("kind", "lecture"),
        ("day", "2026-11-01"),
        ("at", "2026-11-01T14:00+08:00"),
        ("agreed", "true"),
        ("language-tag", "en"),
    )
    assert wanted.contact.phone == "+8613812345678"
    assert wanted.consent.reminders is True
    assert wanted.title == {"zh-CN": "安全"}
    assert wanted.answers == {"meal": "rice", "days": ["1", "2"]}
    assert wanted.topics == ["travel", "fraud"]
    assert wanted.times == [datetime.fromisoformat("2026-11-01T14:00")]
    assert (wanted.seats, wanted.kind, wanted.agreed) == (20, "lecture", True)
    assert wanted.day == date(2026, 11, 1)
    assert wanted.at == datetime.fromisoformat("2026-11-01T14:00+08:00")
    assert wanted.language == "en"


def test_numbers_and_times_may_be_full_width() -> None:
    wanted = parse(("seats", "２０"), ("day", "２０２６－１１－０１"), ("ratio", "０．５"))
    assert (wanted.seats, wanted.day, wanted.ratio) == (20, date(2026, 11, 1), 0.5)


def test_a_text_keeps_its_full_width_characters() -> None:
    assert parse(("note", "２０人（含领队）")).note == "２０人（含领队）"


@pytest.mark.parametrize("blank", ["", " ", "\r\n", "\u3000"])
def test_a_blank_field_is_as_good_as_not_given(blank: str) -> None:
    wanted = parse(*((name, blank) for name in ("note", "seats", "kind", "day", "agreed")))
    assert (wanted.note, wanted.seats, wanted.kind, wanted.day) == ("as it was", 1, None, None)
    assert wanted.agreed is False
    assert errors(("name", blank), ("contact.email", blank), least=False) == {
        "name": "Please fill this in.",
        "contact.email": "Please fill this in.",
    }


def test_nothing_typed_names_every_field_that_is_needed() -> None:
    assert errors(least=False) == {
        "name": "Please fill this in.",
        "contact.email": "Please fill this in.",
    }


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("seats", "many", "Please write a whole number."),
        ("seats", "1.5", "Please write a whole number."),
        ("seats", "0", "Please write a number that is at least 1."),
        ("seats", "501", "Please write a number that is at most 500."),
        ("seats", "9" * 5000, "Please write a whole number."),
        ("kind", "party", "Please choose one of the answers offered."),
        ("agreed", "perhaps", "Please choose one of the answers offered."),
        ("day", "2026-02-30", "Please write a date and time that exist"),
        ("day", "30.11.2026", "Please write a date and time that exist"),
        ("at", "2026-11-01T25:00+08:00", "Please write a date and time that exist"),
        ("at", "2026-11-01T14:00", "Please give the time with its zone"),
        ("times", "2026-02-30T14:00", "Please write a date and time that exist"),
        ("contact.phone", "12", TELEPHONE),
        ("consent.reminders", "maybe", "Please choose one of the answers offered."),
        ("title.fr", "x", "Please choose one of the answers offered."),
        ("title.en", "a\nb", LINE),
        ("topics", "weather", "We do not know this topic"),
        ("body", "a\x00b", LINE),
        ("language-tag", "fr", "Please choose one of the answers offered."),
    ],
)
def test_an_error_stands_beside_its_field(name: str, text: str, says: str) -> None:
    found = errors((name, text))
    assert list(found) == [name]
    assert says in found[name]


def test_too_many_are_counted_not_measured() -> None:
    found = errors(*(("times", f"2026-11-0{day}T10:00") for day in range(1, 5)))
    assert found == {"times": "Please choose at most 3."}


def test_what_the_page_knows_cannot_be_typed() -> None:
    assert parse(("district", "110105"), district="110102").district == "110102"
    assert not hasattr(parse(("is_admin", "1")), "is_admin")


def test_a_file_is_no_text() -> None:
    typed = Typed(FormData([("name", UploadFile(file=io.BytesIO(b"x")))]))
    assert typed.text("name") == ""
    assert typed.texts("name") == []
    assert typed.fields == []


def test_what_was_typed_is_given_back_as_it_was() -> None:
    typed = Typed(FormData([("name", " <b> "), ("topics", "a"), ("topics", "b"), ("seats", "x")]))
    assert typed.values() == {"name": " <b> ", "topics": ["a", "b"], "seats": "x"}
    with pytest.raises(Invalid) as caught:
        typed.parse(Wanted)
    form = Form(typed.values(), caught.value)
    assert form.values["name"] == " <b> "
    assert form.errors["seats"] == ["Please write a whole number."]
    assert [field for field, _ in form.error_list] == [
        "contact.email",
        "topics",
        "seats",
    ]


def test_a_form_is_filled_from_what_is_stored() -> None:
    stored = Wanted(name="王芳", contact=Contact(email="a@example.com"), topics=["travel"])
    values = Form.of(stored).values
    assert values["contact.email"] == "a@example.com"
    assert values["contact.phone"] == ""
    assert values["topics"] == ["travel"]
    assert values["consent.reminders"] is False


def test_the_part_of_a_request_is_no_part_of_a_fields_name() -> None:
    found = invalid(
        [
            {"type": "missing", "loc": ("body", "contact", "email"), "input": {}},
            {"type": "missing", "loc": ("body", "body"), "input": {}},
            {"type": "missing", "loc": ("query", "path"), "input": {}},
            {"type": "missing", "loc": ("body",), "input": None},
        ]
    )
    assert [error.field for error in found.errors] == ["contact.email", "body", "path", ""]
