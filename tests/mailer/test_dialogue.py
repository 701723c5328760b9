"""The verdict on a letter, held against a server that misbehaves at every point of the dialogue."""

import ssl
import subprocess
import time
from datetime import timedelta

import pytest

from clinic.mailer import Dialogue, Ended, Outcome, Phase, Unsendable, Verdict, dialogue, judge
from clinic.management.faults.smtp import Act, At, Fault, FaultServer, serving

LETTER = b"Subject: a\r\nMessage-ID: <1@clinic.example>\r\n\r\n.one\r\n..two\r\nthree\r\n"
REPLY, DROP, HANG, TRICKLE = Act.REPLY, Act.DROP, Act.HANG, Act.TRICKLE


@pytest.fixture
def server(settings):
    settings.DEFAULT_FROM_EMAIL = "Letters <letters@clinic.example>"
    settings.SITE_HOST = "clinic.example"
    with serving(FaultServer()) as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def impatient(settings, monkeypatch):
    """Where a server keeps us waiting for ever, wait only a moment; elsewhere, as long as a busy machine may need."""

    def wait_little(fault):
        if fault is not None and fault.act in (HANG, TRICKLE):
            settings.EMAIL_TIMEOUT = 0.3
            monkeypatch.setattr(dialogue, "LONGEST_DIALOGUE", timedelta(seconds=0.6))

    return wait_little


def hand_over(*, recipient="anna@example.org", content=LETTER):
    """One whole dialogue: how it ended."""
    with Dialogue() as speaking:
        try:
            speaking.address(recipient)
        except Ended as ended:
            return ended.outcome
        return speaking.give(content)


#: fault → verdict, phase, code, whether the server has the letter
VERDICTS = [
    (None, "SENT", "accepted", 250, True),
    (Fault(At.BANNER, REPLY, "421 too busy"), "AWAY", "connect", 421, False),
    (Fault(At.BANNER, REPLY, "554 no"), "AWAY", "connect", 554, False),
    (Fault(At.BANNER, HANG), "AWAY", "connect", None, False),
    (Fault(At.BANNER, DROP), "AWAY", "connect", None, False),
    (Fault(At.EHLO, DROP), "AWAY", "connect", None, False),
    (Fault(At.MAIL, REPLY, "421 4.7.0 wait"), "LATER", "mail", 421, False),
    (Fault(At.MAIL, REPLY, "451 4.3.0 later"), "LATER", "mail", 451, False),
    (Fault(At.MAIL, REPLY, "550 5.7.1 not you"), "AWAY", "mail", 550, False),
    (Fault(At.MAIL, DROP), "LATER", "mail", None, False),
    (Fault(At.MAIL, HANG), "LATER", "mail", None, False),
    (Fault(At.RCPT, REPLY, "450 4.2.1 greylisted"), "LATER", "rcpt", 450, False),
    (Fault(At.RCPT, REPLY, "452 4.2.2 full"), "LATER", "rcpt", 452, False),
    (Fault(At.RCPT, REPLY, "421 4.7.0 wait"), "LATER", "rcpt", 421, False),
    (Fault(At.RCPT, REPLY, "550 5.1.1 no such user"), "REFUSED", "rcpt", 550, False),
    (Fault(At.RCPT, REPLY, "552 5.2.2 full"), "REFUSED", "rcpt", 552, False),
    (Fault(At.RCPT, REPLY, "gibberish"), "LATER", "rcpt", None, False),
    (Fault(At.RCPT, DROP), "LATER", "rcpt", None, False),
    (Fault(At.RCPT, HANG), "LATER", "rcpt", None, False),
    (Fault(At.RCPT, TRICKLE), "LATER", "rcpt", None, False),
    (Fault(At.DATA, REPLY, "451 4.3.0 later"), "LATER", "data-command", 451, False),
    (Fault(At.DATA, REPLY, "554 5.6.0 no"), "REFUSED", "data-command", 554, False),
    (Fault(At.DATA, DROP), "LATER", "data-command", None, False),
    (Fault(At.DATA, HANG), "LATER", "data-command", None, False),
    (Fault(At.BODY, DROP), "UNKNOWN", "dot", None, False),
    (Fault(At.DOT, REPLY, "451 4.3.0 later"), "LATER", "dot", 451, False),
    (Fault(At.DOT, REPLY, "421 4.7.0 wait"), "LATER", "dot", 421, False),
    (Fault(At.DOT, REPLY, "554 5.7.1 spam"), "REFUSED", "dot", 554, False),
    (Fault(At.DOT, REPLY, "gibberish", keeps=True), "UNKNOWN", "dot", None, True),
    (Fault(At.DOT, DROP, keeps=True), "UNKNOWN", "dot", None, True),
    (Fault(At.DOT, HANG, keeps=True), "UNKNOWN", "dot", None, True),
    (Fault(At.DOT, TRICKLE, keeps=True), "UNKNOWN", "dot", None, True),
    (Fault(At.QUIT, DROP), "SENT", "accepted", 250, True),
    (Fault(At.QUIT, HANG), "SENT", "accepted", 250, True),
]


@pytest.mark.parametrize(
    ("fault", "verdict", "phase", "code", "has_it"),
    VERDICTS,
    ids=[f"{f.at} {f.act} {f.reply[:3]}".strip() if f else "good" for f, *_rest in VERDICTS],
)
def test_the_verdict_follows_the_phase(server, impatient, fault, verdict, phase, code, has_it):
    impatient(fault)
    server.fault = fault
    outcome = hand_over()
    assert (outcome.verdict, outcome.phase, outcome.code) == (verdict, phase, code)
    assert [letter.recipient for letter in server.taken] == (["anna@example.org"] if has_it else [])


def test_a_refused_connection_says_nothing_about_the_letter(server):
    server.stop()
    assert hand_over() == Outcome(Verdict.AWAY, Phase.CONNECT)


def test_a_host_that_does_not_exist_says_nothing_about_the_letter(server, settings):
    settings.EMAIL_HOST = "no-such-host.invalid"
    assert hand_over() == Outcome(Verdict.AWAY, Phase.CONNECT)


def test_a_body_that_cannot_be_written_leaves_doubt(server):
    server.fault = Fault(At.BODY, DROP)
    outcome = hand_over(content=LETTER + b"x" * 76 * 400_000)
    assert (outcome.verdict, outcome.phase) == ("UNKNOWN", "body")
    assert server.taken == []


def test_a_byte_at_a_time_does_not_keep_a_worker(server, monkeypatch):
    monkeypatch.setattr(dialogue, "LONGEST_DIALOGUE", timedelta(seconds=0.5))
    server.fault = Fault(At.RCPT, TRICKLE)
    began = time.monotonic()
    assert hand_over().verdict == "LATER"
    assert time.monotonic() - began < 2


def test_the_letter_arrives_as_it_was_written(server):
    assert hand_over().verdict == "SENT"
    assert server.taken[0].content == LETTER.replace(b"\r\n.", b"\r\n..").removesuffix(b"\r\n")


def test_one_connection_serves_letter_after_letter(server):
    with Dialogue() as speaking:
        for number in range(5):
            speaking.address(f"p{number}@example.org")
            assert speaking.give(LETTER).verdict == "SENT"
    assert server.connections == 1
    assert len(server.taken) == 5


def test_a_refused_recipient_does_not_end_the_connection(server):
    with Dialogue() as speaking:
        server.fault = Fault(At.RCPT, REPLY, "550 5.1.1 no")
        with pytest.raises(Ended):
            speaking.address("gone@example.org")
        server.fault = None
        speaking.address("anna@example.org")
        assert speaking.give(LETTER).verdict == "SENT"
    assert [letter.recipient for letter in server.taken] == ["anna@example.org"]
    assert server.connections == 1


def test_a_letter_taken_back_is_not_sent_and_the_next_has_its_own_recipient(server):
    with Dialogue() as speaking:
        speaking.address("opted-out@example.org")
        speaking.forget()
        with pytest.raises(RuntimeError):
            speaking.give(LETTER)
        speaking.address("anna@example.org")
        speaking.give(LETTER)
    assert [letter.recipient for letter in server.taken] == ["anna@example.org"]


@pytest.mark.parametrize("fault", [Fault(At.MAIL, DROP, times=1), Fault(At.MAIL, REPLY, "421 4.3.2 enough", times=1)])
def test_a_connection_that_ended_between_two_letters_is_opened_anew(server, fault):
    with Dialogue() as speaking:
        speaking.address("one@example.org")
        speaking.give(LETTER)
        server.fault = fault
        speaking.address("two@example.org")
        assert speaking.give(LETTER).verdict == "SENT"
    assert server.connections == 2
    assert [letter.recipient for letter in server.taken] == ["one@example.org", "two@example.org"]


@pytest.mark.parametrize(
    "recipient", ["a@example.org>\r\nRCPT TO:<b@example.org", "a b@example.org", "größe@example.org", "a@example.org\n"]
)
def test_a_recipient_that_could_not_stand_in_the_dialogue_is_never_spoken(server, recipient):
    with Dialogue() as speaking, pytest.raises(Unsendable):
        speaking.address(recipient)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("outcome", "bad", "waits"),
    [
        (Outcome(Verdict.REFUSED, Phase.RCPT, 550, "5.1.1"), True, False),
        (Outcome(Verdict.REFUSED, Phase.RCPT, 550, "5.2.1"), True, False),
        # About the sender, or a server's standards.
        (Outcome(Verdict.REFUSED, Phase.RCPT, 550, "5.1.8"), False, False),
        (Outcome(Verdict.REFUSED, Phase.RCPT, 550, "5.1.9"), False, False),
        (Outcome(Verdict.REFUSED, Phase.RCPT, 550, "5.7.1"), False, False),
        (Outcome(Verdict.REFUSED, Phase.RCPT, 550), False, False),
        (Outcome(Verdict.LATER, Phase.RCPT, 421), False, True),
        (Outcome(Verdict.LATER, Phase.DOT, 451, "4.7.1"), False, True),
        (Outcome(Verdict.LATER, Phase.RCPT, 450, "4.2.1"), False, False),
    ],
)
def test_codes_tell_a_bad_address_and_a_domain_that_asks_to_wait(outcome, bad, waits):
    assert (outcome.address_is_bad, outcome.domain_asks_to_wait) == (bad, waits)


def test_no_phase_before_the_body_is_ever_in_doubt_and_none_after_it_safe_without_a_reply():
    doubtful = {phase for phase in Phase if judge(phase, None) is Verdict.UNKNOWN}
    assert doubtful == {Phase.BODY, Phase.DOT}


# -- encryption and signing in ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, and a context that serves it."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem", context


@pytest.fixture
def tls_server(server, settings, certificate, monkeypatch):
    path, server.certificate = certificate
    server.offers = ("STARTTLS", "AUTH PLAIN")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    settings.EMAIL_USE_TLS = True
    return server


def test_a_trusted_server_is_spoken_to_in_secret_and_signed_in_to(tls_server, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "clinic", "secret"
    assert hand_over().verdict == "SENT"


@pytest.mark.parametrize("fault", [Fault(At.AUTH, REPLY, "535 5.7.8 wrong"), Fault(At.AUTH, HANG), Fault(At.AUTH, DROP)])
def test_a_refused_sign_in_says_nothing_about_the_letter(tls_server, impatient, settings, fault):
    impatient(fault)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "clinic", "secret"
    tls_server.fault = fault
    outcome = hand_over()
    assert (outcome.verdict, outcome.phase) == ("AWAY", "login")


@pytest.mark.parametrize(
    "fault", [Fault(At.TLS, REPLY, "454 4.7.0 not now"), Fault(At.TLS, HANG), Fault(At.TLS, REPLY, "220 ok")]
)
def test_where_no_secret_can_be_agreed_nothing_is_said(tls_server, impatient, settings, fault):
    impatient(fault)
    if fault.reply.startswith("220"):
        settings.EMAIL_TIMEOUT = 0.3  # the server waits for us and we for it
    tls_server.fault = fault
    outcome = hand_over()
    assert (outcome.verdict, outcome.phase) == ("AWAY", "tls")
    assert tls_server.taken == []


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome = hand_over()
    assert (outcome.verdict, outcome.phase) == ("AWAY", "tls")
    assert tls_server.taken == []


def test_a_server_without_encryption_gets_nothing_where_it_is_asked_for(server, settings):
    settings.EMAIL_USE_TLS = True
    outcome = hand_over()
    assert (outcome.verdict, outcome.phase) == ("AWAY", "tls")
