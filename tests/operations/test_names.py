"""A server certificate that is issued anew says so: who pinned the one before must know."""

import json


def issued(own):
    lines = [json.loads(line) for line in own.log.read_text().splitlines() if line[:1] == "{"]
    return [(line["names"], line["reason"]) for line in lines
            if "a new server certificate" in line["message"]]  # fmt: skip


def test_a_new_name_is_a_new_certificate_and_a_line_of_the_log(own):
    own.start(options=["--hostname", "one.example"])
    own.stop()
    assert set(issued(own)) == {("one.example", "there was none")}
    own.start(options=["--hostname", "one.example"])
    own.stop()
    assert set(issued(own)) == {("one.example", "there was none")}
    own.start(options=["--hostname", "two.example", "--hostname", "127.0.0.1"])
    assert set(issued(own)[2:]) == {
        ("two.example, 127.0.0.1", "the one before was for one.example")
    }
