"""What devices do after provisioning: messages that wait in a session, shadows, jobs.

CPU of the server per message, whatever drives it; and the memory that a large rollout takes.
"""

import json
import os
import pathlib
import threading
import time

from awscrt import mqtt5
from awsiot import mqtt5_client_builder

from measuring import LOAD, SERVER_CORE, cpu_seconds, report, resident_kib, settle

MESSAGES = int(os.environ.get("BENCH_MESSAGES", "20000"))
EXECUTIONS = int(os.environ.get("BENCH_EXECUTIONS", "1000000"))
PATIENCE = 60
KEPT = "[mqtt]\nsession-queue-messages = 1000000\nsession-queue-mib = 1024\n"
MORE_MIB = 100


class Client:
    """A connection of AWS's own client, with a certificate that may do everything."""

    def __init__(self, server, identity, client_id, expiry=None):
        host, port = server.mqtt.rsplit(":", 1)
        self.arrived, self.changed = 0, threading.Condition()
        connected, self.stopped = threading.Event(), threading.Event()
        self.client = mqtt5_client_builder.mtls_from_path(
            identity["cert"], identity["key"], endpoint="localhost", port=int(port),
            ca_filepath=str(server.dir / "data/root-ca.pem"), client_id=client_id,
            session_behavior=mqtt5.ClientSessionBehaviorType.REJOIN_ALWAYS,
            # By default it keeps to AWS's 100 messages a second.
            extended_validation_and_flow_control_options=(
                mqtt5.ExtendedValidationAndFlowControlOptions.NONE
            ),
            connect_options=mqtt5.ConnectPacket(
                client_id=client_id, session_expiry_interval_sec=expiry
            ),
            on_publish_received=self._arrived,
            on_lifecycle_connection_success=lambda _: connected.set(),
            on_lifecycle_stopped=lambda _: self.stopped.set(),
        )  # fmt: skip
        self.client.start()
        if not connected.wait(PATIENCE):
            raise TimeoutError(f"{client_id} cannot connect to {host}:{port}")

    def _arrived(self, _):
        with self.changed:
            self.arrived += 1
            self.changed.notify()

    def subscribe(self, topic):
        filters = [mqtt5.Subscription(topic_filter=topic, qos=mqtt5.QoS.AT_LEAST_ONCE)]
        self.client.subscribe(mqtt5.SubscribePacket(filters)).result(PATIENCE)

    def publish(self, topic, payload, count):
        """So many, each acknowledged."""
        packet = mqtt5.PublishPacket(topic=topic, payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE)
        for future in [self.client.publish(packet) for _ in range(count)]:
            future.result(PATIENCE)

    def wait_for(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: self.arrived >= count, 10 * PATIENCE):
                raise TimeoutError(f"{self.arrived} of {count} messages arrived")

    def stop(self):
        self.client.stop()
        self.stopped.wait(PATIENCE)


def identity(server):
    """A certificate whose policy allows everything."""
    document = {"Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}  # fmt: skip
    server.iot.create_policy(policyName="Everything", policyDocument=json.dumps(document))
    made = server.iot.create_keys_and_certificate(setAsActive=True)
    server.iot.attach_policy(policyName="Everything", target=made["certificateArn"])
    files = {"cert": server.dir / "all.pem", "key": server.dir / "all.key"}
    files["cert"].write_text(made["certificatePem"])
    files["key"].write_text(made["keyPair"]["PrivateKey"])
    return {name: str(path) for name, path in files.items()}


def micros(server, count, work):
    """Server CPU microseconds of each of so many, and how many a second."""
    settle(server.process.pid)
    before, begun = cpu_seconds(server.process.pid), time.monotonic()
    work()
    seconds = time.monotonic() - begun
    return (cpu_seconds(server.process.pid) - before) * 1e6 / count, count / seconds


def messages(server):
    """A message for a session that is away, and on its way to it; a shadow's update."""
    own = identity(server)
    publisher = Client(server, own, "publisher")
    publisher.publish("warm", b"x" * 100, 500)
    plain, rate = micros(server, MESSAGES, lambda: publisher.publish("nobody", b"x" * 100, MESSAGES))
    print(f"QoS 1 message, no subscriber      1.00 x   ({plain:.0f} us of server CPU; {rate:.0f}/s)")
    away = Client(server, own, "away", expiry=3600)
    away.subscribe("kept")
    away.stop()
    stored, rate = micros(server, MESSAGES, lambda: publisher.publish("kept", b"x" * 100, MESSAGES))
    print(f"kept for a session that is away {stored / plain:6.2f} x   ({stored:.0f} us; {rate:.0f}/s)")
    back = []

    def read():
        back.append(Client(server, own, "away", expiry=3600))
        back[0].wait_for(MESSAGES)

    read_out, rate = micros(server, MESSAGES, read)
    print(f"delivered from its queue        {read_out / plain:6.2f} x   ({read_out:.0f} us; {rate:.0f}/s)")
    back[0].stop()
    count, topic = MESSAGES // 10, "$aws/things/bench/shadow/update"
    update = b'{"state":{"reported":{"temperature":20.5}}}'
    updated, rate = micros(server, count, lambda: publisher.publish(topic, update, count))
    print(f"update of a shadow              {updated / plain:6.2f} x   ({updated:.0f} us; {rate:.0f}/s)")
    publisher.stop()


def executions(server_class, directory):
    """A job for a large group, until every thing has its execution."""
    server = server_class(directory)
    server.iot.create_thing_group(thingGroupName="everything")
    server.stop()
    print(f"  filling a group with {EXECUTIONS} things …", flush=True)
    report(SERVER_CORE, LOAD, "fill", "--data-dir", directory / "data", "--things", EXECUTIONS,
           "--group", "everything")  # fmt: skip
    server = server_class(directory, prepare=False)
    pid = server.process.pid
    group = server.iot.describe_thing_group(thingGroupName="everything")["thingGroupArn"]
    settle(pid)
    before, cpu, begun, most = resident_kib(pid), cpu_seconds(pid), time.monotonic(), 0
    server.iot.create_job(jobId="all", targets=[group], document="{}")
    queued = 0
    while queued < EXECUTIONS:
        time.sleep(0.5)
        most = max(most, resident_kib(pid))
        details = server.iot.describe_job(jobId="all")["job"]["jobProcessDetails"]
        queued = details["numberOfQueuedThings"]
    seconds = time.monotonic() - begun
    each = (cpu_seconds(pid) - cpu) * 1e6 / EXECUTIONS
    print(f"{EXECUTIONS} executions queued     {(most - before) / 1024:6.1f} MiB more memory at most "
          f"(aim {MORE_MIB}; {EXECUTIONS / seconds:.0f}/s; {each:.0f} us of server CPU each)")  # fmt: skip
    server.stop()


def life(server_class, directory):
    print("after provisioning, server CPU per message over a plain one:")
    for name in ("messages", "executions"):
        (pathlib.Path(directory) / name).mkdir()
    server = server_class(pathlib.Path(directory) / "messages", config=KEPT)
    messages(server)
    server.stop()
    executions(server_class, pathlib.Path(directory) / "executions")
