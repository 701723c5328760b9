"""Reports of mail servers, read. The corpus is written anew in the shapes that mail servers use; every address is invented."""

import base64
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from clinic.mailer.reports import MOST_BYTES, Kind, Report, Unreadable, read

FOLDER = Path(__file__).parent / "reports"
OURS = ("<letter-1@clinic.example>",)
TAG = "0123456789abcdef" * 3


def corpus(name):
    return (FOLDER / f"{name}.eml").read_bytes()


CORPUS = {
    "postfix-failed": Report(Kind.FAILED, "5.1.1", message_ids=OURS),
    "postfix-delayed": Report(Kind.DELAYED, "4.2.2", message_ids=OURS),
    "postfix-relayed": Report(Kind.DELIVERED, "2.1.5", message_ids=OURS),
    "exim-failed": Report(Kind.FAILED, "5.1.1", message_ids=OURS),
    "exim-old-text": Report(Kind.UNREADABLE, why=Unreadable.OLD_BOUNCE, message_ids=OURS),
    "exchange-failed": Report(Kind.FAILED, "5.1.10", message_ids=OURS),
    "gmail-failed": Report(Kind.FAILED, "5.1.1", message_ids=OURS),
    "full-after-days": Report(Kind.FAILED, "4.4.7", message_ids=OURS),
    "complaint": Report(Kind.COMPLAINED, message_ids=OURS),
    "complaint-taken-back": Report(Kind.DELIVERED, message_ids=OURS),
    "feedback-auth-failure": Report(Kind.UNREADABLE, why=Unreadable.OTHER_FEEDBACK, message_ids=OURS),
    "out-of-office": Report(Kind.REPLIED, message_ids=OURS),
    "read-receipt": Report(Kind.REPLIED, message_ids=OURS),
    "patients-answer": Report(Kind.UNREADABLE, why=Unreadable.NOT_A_REPORT, message_ids=OURS),
    "forwarded-report": Report(Kind.FAILED, "5.1.2", message_ids=OURS),
    "report-about-a-report": Report(Kind.DELAYED, "4.4.1", message_ids=("<inner-report@in.patients.example>",)),
}


@pytest.mark.parametrize("name", CORPUS)
def test_each_shape_says_what_it_says(name):
    assert read(corpus(name)) == CORPUS[name]


def test_no_file_of_the_corpus_is_left_out():
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(CORPUS)


@pytest.mark.parametrize("name", CORPUS)
def test_bare_line_feeds_change_nothing(name):
    assert read(corpus(name).replace(b"\r\n", b"\n")) == CORPUS[name]


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To"])
def test_the_tag_of_the_envelope_s_sender_is_found_where_the_report_was_sent_to(header):
    content = f"{header}: <Bounce+{TAG.upper()}@clinic.example>\r\n".encode() + corpus("postfix-failed").replace(
        b"To: l", b"X: l"
    )
    assert read(content).tags == (TAG,)


def test_the_tag_is_found_in_the_letter_that_came_back_and_in_a_complaint():
    returned = corpus("exim-failed").replace(b"<letters@clinic.example>\r\nMes", f"<b+{TAG}@clinic.example>\r\nMes".encode())
    assert read(returned).tags == (TAG,)
    complaint = corpus("complaint").replace(b"Original-Mail-From: <letters", f"Original-Mail-From: <b+{TAG}".encode())
    assert read(complaint).tags == (TAG,)


def status(*groups, kind="message/delivery-status", more=""):
    fields = "\r\n\r\n".join(["Reporting-MTA: dns; mx.example", *groups])
    return (
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n{more}\r\n{fields}\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("groups", "kind", "code"),
    [
        (["Action: failed\r\nStatus: 5.2.1 (mailbox disabled)"], Kind.FAILED, "5.2.1"),
        (["ACTION:FAILED\r\nSTATUS:5.7.1"], Kind.FAILED, "5.7.1"),
        (["Action: failed"], Kind.FAILED, ""),
        (["Status: 5.1.1"], Kind.FAILED, "5.1.1"),
        (["Status: 4.0.0"], Kind.DELAYED, "4.0.0"),
        (["Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550 User unknown"], Kind.FAILED, "5.0.0"),
        (["Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: x; 452 4.2.2 full"], Kind.FAILED, "5.0.0"),
        (["Action: failed\r\nStatus: 99.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 no"], Kind.FAILED, "5.1.1"),
        (["Action: delayed\r\nStatus: 5.1.1"], Kind.DELAYED, "5.1.1"),
        (["Action: expanded\r\nStatus: 2.0.0"], Kind.DELIVERED, "2.0.0"),
        # A forwarder's second recipient failed; the letter arrived at the first.
        (["Action: failed\r\nStatus: 5.1.1", "Action: delivered\r\nStatus: 2.0.0"], Kind.DELIVERED, "2.0.0"),
        (["Action: delayed\r\nStatus: 4.1.1", "Action: failed\r\nStatus: 5.1.1"], Kind.FAILED, "5.1.1"),
        (["Action: exploded\r\nStatus: 5.1.1"], Kind.UNREADABLE, "5.1.1"),
        ([], Kind.UNREADABLE, ""),
    ],
)
def test_what_is_said_of_the_recipients_is_weighed(groups, kind, code):
    found = read(status(*groups))
    assert (found.kind, found.status) == (kind, code)


def test_fields_that_a_server_wrongly_encoded_are_read_all_the_same():
    fields = b"Reporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    coded = base64.encodebytes(fields).decode()
    content = status(more="Content-Transfer-Encoding: base64\r\n").replace(b"Reporting-MTA: dns; mx.example", coded.encode())
    assert read(content) == Report(Kind.FAILED, "5.1.1")


def test_a_returned_letter_that_a_server_wrongly_encoded_names_itself_all_the_same():
    whole = base64.encodebytes(b"Message-ID: <letter-1@clinic.example>\r\nSubject: x\r\n\r\nDear Anna\r\n").replace(
        b"\n", b"\r\n"
    )
    content = corpus("postfix-failed").partition(b"Content-Type: text/rfc822-headers")[0]
    content += b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + whole
    assert read(content).message_ids == OURS


def test_addresses_in_other_scripts_are_reported_too():
    found = read(status("Final-Recipient: utf-8; größe@пример.example\r\nAction: failed\r\nStatus: 5.6.7",
                        kind="message/global-delivery-status"))  # fmt: skip
    assert (found.kind, found.status) == (Kind.FAILED, "5.6.7")


@pytest.mark.parametrize("charset", ["utf-7", "no-such-charset", "utf-16", '"; drop', "=?utf-8?q?x?="])
@pytest.mark.parametrize("name", ["postfix-failed", "exchange-failed", "complaint"])
def test_no_charset_keeps_a_report_from_being_read(name, charset):
    content = corpus(name)
    for declared in (b"us-ascii", b'"utf-8"', b'"US-ASCII"'):
        content = content.replace(b"charset=" + declared, b"charset=" + charset.encode())
    content = content.replace(
        b"Content-Type: text/rfc822-headers", b"Content-Type: text/rfc822-headers; charset=" + charset.encode()
    )
    assert read(content) == CORPUS[name]


def test_bytes_that_are_no_text_change_nothing():
    content = corpus("postfix-failed").replace(b"could not be delivered", b"\xff\x00\xfe\x80 konnte nicht zugestellt werden")
    assert read(content) == CORPUS["postfix-failed"]


@pytest.mark.parametrize("length", [10 << 20, MOST_BYTES])
def test_a_report_that_returns_ten_megabytes_is_read_by_its_beginning_in_little_time(length):
    content = corpus("exim-failed").replace(b"Dear Anna", b"x" * 70 + b"\r\n" + b"y\r\n" * (length // 3))
    began = time.monotonic()
    assert read(content) == CORPUS["exim-failed"]
    assert time.monotonic() - began < 10


def test_the_end_may_be_missing():
    content = corpus("postfix-failed")
    assert read(content[: content.index(b"Auto-Submitted: auto-gen")]) == CORPUS["postfix-failed"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", Unreadable.EMPTY),
        (b" \r\n\r\n", Unreadable.EMPTY),
        (b"hello", Unreadable.NOT_A_REPORT),
        (b"\x00" * 5000, Unreadable.NOT_A_REPORT),
        (b"Subject: hi\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n", Unreadable.NOT_A_REPORT),
        (b"From: MAILER-DAEMON@x.example\r\n\r\nHi. This is the qmail-send program.", Unreadable.OLD_BOUNCE),
        (b"Content-Type: multipart/report; boundary=b\r\n\r\nnothing", Unreadable.NO_STATUS),
        (b"Content-Type: multipart/report\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n", Unreadable.NO_STATUS),
    ],
)
def test_what_cannot_be_read_says_why(content, why):
    assert read(content) == Report(Kind.UNREADABLE, why=why)


def nested(depth):
    opening = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth))
    return opening.encode() + b"Content-Type: text/plain\r\n\r\nhello\r\n"


@pytest.mark.parametrize("depth", [3, 100, 5000])
def test_parts_within_parts_end_somewhere(depth):
    assert read(nested(depth)).kind is Kind.UNREADABLE


def test_thousands_of_parts_and_names_are_cut_short():
    ids = "".join(f"<a{n}@x.example> " for n in range(5000))
    content = status(*["Action: failed\r\nStatus: 5.1.1"] * 3000).replace(b"MIME", f"References: {ids}\r\nMIME".encode())
    found = read(content)
    assert found.kind is Kind.FAILED
    assert len(found.message_ids) == 20


# -- whatever is sent -------------------------------------------------------------------------------------------------

PIECES = [
    b"\r\n", b"\n", b"\r\n\r\n", b"--", b"--b\r\n", b"--b--\r\n", b"Content-Type: ", b"multipart/report; boundary=b\r\n",
    b"message/delivery-status\r\n", b"message/feedback-report\r\n", b"message/rfc822\r\n", b"text/rfc822-headers\r\n",
    b"message/disposition-notification\r\n", b"message/partial; number=1\r\n", b"multipart/mixed\r\n", b"Action: failed\r\n",
    b"Status: 5.1.1\r\n", b"Feedback-Type: abuse\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: x-uuencode\r\n", b"Content-Type: text/plain; charset*=utf-8''%FF\r\n", b"Message-ID: <a@b>\r\n",
    b"From: =?utf-8?b?AAAA?= <mailer-daemon@x>\r\n", b"To: <b+" + TAG.encode() + b"@c>\r\n", b"=", b"AAAA", b"\xff", b"\x00",
    b" ", b":",
]  # fmt: skip


@hypothesis(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=40).map(b"".join))
def test_whatever_is_sent_it_is_read_without_an_error(content):
    assert isinstance(read(content).kind, Kind)


@hypothesis(deadline=None, max_examples=300)
@given(
    name=st.sampled_from(sorted(CORPUS)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), st.binary(max_size=12)), min_size=1, max_size=6),
)
def test_however_a_report_is_damaged_it_is_read_without_an_error(name, cuts):
    content = corpus(name)
    for place, length, other in cuts:
        start = int(place * len(content))
        content = content[:start] + other + content[start + length :]
    found = read(content)
    assert isinstance(found.kind, Kind)
    assert len(found.status) <= 9
    assert len(found.why) <= 24
