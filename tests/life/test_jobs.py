"""Jobs: what operators make, what devices are told and do. Vectors J1–J29 of AWS's behaviour."""

import json
import queue
import time
import uuid

import pytest
from botocore.exceptions import ClientError

from device import Device
from fleet import ALLOW_ALL, Fleet, make_client
from running import arn
from serving import PATIENCE

DOCUMENT = json.dumps({"operation": "reboot"})


class Jobs:
    """A thing with its device; what it is told is kept by topic."""

    def __init__(self, fleet, connection, thing=None):
        self.fleet, self.device = fleet, connection
        self.thing = thing or f"job-thing-{uuid.uuid4().hex[:8]}"
        if thing is None:
            fleet.iot.create_thing(thingName=self.thing)
        self.base = f"$aws/things/{self.thing}/jobs"
        self.device.subscribe(f"{self.base}/notify", f"{self.base}/notify-next")

    @property
    def arn(self):
        return arn_of(self.fleet, "thing", self.thing)

    def create(self, **members):
        return create(self.fleet, [self.arn], **members)

    def told(self):
        """The next message: the end of its topic, and its payload."""
        message = self.device.next()
        assert message.topic.startswith(self.base + "/"), message.topic
        return message.topic.removeprefix(self.base + "/"), json.loads(message.payload)

    def ask(self, what, body=None, raw=None):
        """Asks; the answer must be the very next message."""
        self.device.publish(f"{self.base}/{what}", raw if raw is not None else json.dumps(body or {}))
        topic, answer = self.told()
        assert topic.rpartition("/")[0] == what, (topic, answer)
        return topic.rpartition("/")[2], answer

    def accepted(self, what, body=None):
        outcome, answer = self.ask(what, body)
        assert outcome == "accepted", answer
        return answer

    def rejected(self, what, body=None, raw=None):
        outcome, answer = self.ask(what, body, raw)
        assert outcome == "rejected", answer
        return answer

    def status(self, job, **more):
        found = self.fleet.iot.describe_job_execution(jobId=job, thingName=self.thing, **more)
        return found["execution"]["status"]

    def nothing_more(self):
        """Nothing was told before the answer to a last question."""
        self.accepted("get")


def arn_of(_, kind, name):
    return arn(kind, name)


def create(fleet, targets, job=None, **members):
    job = job or f"j-{uuid.uuid4().hex[:8]}"
    fleet.iot.create_job(**{"jobId": job, "targets": targets, "document": DOCUMENT} | members)
    return job


def group(fleet, *things):
    name = f"g-{uuid.uuid4().hex[:8]}"
    fleet.iot.create_thing_group(thingGroupName=name)
    for thing in things:
        fleet.iot.add_thing_to_thing_group(thingGroupName=name, thingName=thing)
    return name


def eventually(look):
    """Waits until `look` gives something true."""
    deadline = time.monotonic() + PATIENCE
    while True:
        if found := look():
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


@pytest.fixture
def jobs(fleet, someone, device):
    return Jobs(fleet, device(someone))


def test_a_device_is_told_of_its_jobs_starts_them_and_reports(jobs):
    first = jobs.create()
    topic, payload = jobs.told()
    assert topic == "notify"
    [summary] = payload["jobs"].pop("QUEUED")
    assert not payload["jobs"]
    assert (summary["jobId"], summary["versionNumber"], summary["executionNumber"]) == (first, 1, 1)
    assert abs(summary["queuedAt"] - time.time()) < 60
    topic, payload = jobs.told()
    assert topic == "notify-next"
    assert payload["execution"]["status"] == "QUEUED"
    assert payload["execution"]["jobDocument"] == {"operation": "reboot"}
    second = jobs.create()
    topic, payload = jobs.told()
    assert topic == "notify"
    assert [each["jobId"] for each in payload["jobs"]["QUEUED"]] == [first, second]

    pending = jobs.accepted("get", {"clientToken": "c"})
    assert pending["inProgressJobs"] == [] and pending["clientToken"] == "c"
    assert [each["jobId"] for each in pending["queuedJobs"]] == [first, second]
    started = jobs.accepted("start-next", {"statusDetails": {"step": "a"}})["execution"]
    assert (started["jobId"], started["status"], started["versionNumber"]) == (first, "IN_PROGRESS", 2)
    assert started["startedAt"] and started["thingName"] == jobs.thing
    again = jobs.accepted("start-next", {"statusDetails": {"step": "b"}})["execution"]
    assert (again["statusDetails"], again["versionNumber"]) == ({"step": "a"}, 2)
    asked = {"status": "IN_PROGRESS", "expectedVersion": 2, "includeJobExecutionState": True,
             "includeJobDocument": True, "clientToken": "u"}  # fmt: skip
    updated = jobs.accepted(f"{first}/update", asked)
    assert updated["executionState"]["versionNumber"] == 3 and updated["clientToken"] == "u"
    assert updated["jobDocument"] == {"operation": "reboot"}
    mismatch = jobs.rejected(f"{first}/update", {"status": "SUCCEEDED", "expectedVersion": 99})
    assert mismatch["code"] == "VersionMismatch"
    assert mismatch["message"] == "Expected version 99 but found version 3"
    assert mismatch["executionState"]["status"] == "IN_PROGRESS"

    done = jobs.accepted(f"{first}/update", {"status": "SUCCEEDED", "clientToken": "d"})
    assert set(done) == {"timestamp", "clientToken"}
    topic, payload = jobs.told()
    assert topic == "notify" and [e["jobId"] for e in payload["jobs"]["QUEUED"]] == [second]
    topic, payload = jobs.told()
    assert topic == "notify-next" and payload["execution"]["jobId"] == second
    over = jobs.rejected(f"{first}/update", {"status": "FAILED"})
    assert over["code"] == "InvalidStateTransition"
    assert over["executionState"]["status"] == "SUCCEEDED"
    assert jobs.rejected(f"{first}/get")["code"] == "TerminalStateReached"
    following = jobs.accepted("$next/get")["execution"]
    assert (following["jobId"], following["status"]) == (second, "QUEUED")
    assert "startedAt" not in following
    assert "jobDocument" not in jobs.accepted(f"{second}/get", {"includeJobDocument": False})["execution"]
    jobs.accepted(f"{second}/update", {"status": "REJECTED"})
    assert jobs.told()[1]["jobs"] == {}
    topic, payload = jobs.told()
    assert topic == "notify-next" and set(payload) == {"timestamp"}
    assert "execution" not in jobs.accepted("start-next")
    assert "execution" not in jobs.accepted("$next/get")
    described = jobs.fleet.iot.describe_job(jobId=first)["job"]
    assert described["status"] == "COMPLETED" and described["targets"] == [jobs.arn]
    assert described["jobProcessDetails"]["numberOfSucceededThings"] == 1


def test_requests_are_refused_in_the_words_of_the_service(jobs):
    job = jobs.create()
    assert [jobs.told()[0], jobs.told()[0]] == ["notify", "notify-next"]
    assert jobs.rejected("nojob/update", {"status": "SUCCEEDED"})["code"] == "ResourceNotFound"
    for payload in ("[1]", "{bad", b"\xff"):
        assert jobs.rejected("get", raw=payload)["code"] == "InvalidJson"
    many = {f"k{n}": "v" for n in range(11)}
    for body in (
        {},
        {"status": "CANCELED"},
        {"status": "FAILED", "statusDetails": many},
        {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 0},
    ):
        assert jobs.rejected(f"{job}/update", body)["code"] == "InvalidRequest"
    asked = {"status": "FAILED", "executionNumber": 7}
    assert jobs.rejected(f"{job}/update", asked)["code"] == "ResourceNotFound"
    assert jobs.ask("get", raw=b"")[0] == "accepted"
    assert jobs.status(job) == "QUEUED"


def test_answers_are_for_the_device_that_asks_alone(fleet, someone, device, jobs):
    other = device(someone)
    other.subscribe(f"{jobs.base}/#")
    jobs.accepted("get")
    jobs.create()
    assert other.next().topic == f"{jobs.base}/notify"


def test_a_cancelled_job_leaves_what_is_in_progress_unless_it_is_forced(fleet, device, someone):
    one, two = Jobs(fleet, device(someone)), Jobs(fleet, device(someone))
    job = create(fleet, [one.arn, two.arn])
    for each in (one, two):
        assert [each.told()[0], each.told()[0]] == ["notify", "notify-next"]
    two.accepted("start-next")
    with pytest.raises(ClientError, match="InvalidStateTransitionException"):
        fleet.iot.delete_job(jobId=job)
    fleet.iot.cancel_job(jobId=job, reasonCode="ENOUGH", comment="enough")
    assert one.told()[1]["jobs"] == {}
    assert (one.status(job), two.status(job)) == ("CANCELED", "IN_PROGRESS")
    found = fleet.iot.describe_job(jobId=job)["job"]
    assert (found["status"], found["reasonCode"]) == ("CANCELED", "ENOUGH")
    fleet.iot.cancel_job(jobId=job, force=True)
    assert [two.told()[0], two.told()[0]] == ["notify", "notify-next"]
    found = fleet.iot.describe_job_execution(jobId=job, thingName=two.thing)["execution"]
    assert (found["status"], found["versionNumber"], found["forceCanceled"]) == ("CANCELED", 3, True)
    assert two.rejected(f"{job}/update", {"status": "SUCCEEDED"})["code"] == "InvalidStateTransition"
    fleet.iot.delete_job(jobId=job)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        fleet.iot.describe_job(jobId=job)


def test_things_that_join_or_leave_a_group_have_the_continuous_job_alone(fleet, jobs):
    name = group(fleet)
    target = [arn_of(fleet, "thinggroup", name)]
    snapshot = create(fleet, target)
    continuous = create(fleet, target, targetSelection="CONTINUOUS")
    assert fleet.iot.describe_job(jobId=snapshot)["job"]["status"] == "COMPLETED"
    member = {"thingGroupName": name, "thingName": jobs.thing}
    fleet.iot.add_thing_to_thing_group(**member)
    assert [e["jobId"] for e in jobs.told()[1]["jobs"]["QUEUED"]] == [continuous]
    assert jobs.told()[0] == "notify-next"
    fleet.iot.remove_thing_from_thing_group(**member)
    assert jobs.told()[1]["jobs"] == {}
    assert jobs.told()[0] == "notify-next"
    assert jobs.status(continuous) == "REMOVED"
    fleet.iot.add_thing_to_thing_group(**member)
    [summary] = jobs.told()[1]["jobs"]["QUEUED"]
    assert summary["executionNumber"] == 2
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        fleet.iot.describe_job_execution(jobId=snapshot, thingName=jobs.thing)


def test_things_enter_a_continuous_job_by_the_query_of_a_dynamic_group(fleet, jobs):
    fleet.iot.update_indexing_configuration(
        thingIndexingConfiguration={"thingIndexingMode": "REGISTRY"}
    )
    name = f"dynamic-{uuid.uuid4().hex[:8]}"
    fleet.iot.create_dynamic_thing_group(
        thingGroupName=name, queryString=f"attributes.release:{name}"
    )
    job = create(fleet, [arn_of(fleet, "thinggroup", name)], targetSelection="CONTINUOUS")
    fleet.iot.update_thing(thingName=jobs.thing, attributePayload={"attributes": {"release": name}})
    assert [e["jobId"] for e in jobs.told()[1]["jobs"]["QUEUED"]] == [job]


def test_a_failure_is_tried_again_as_often_as_the_job_says(jobs):
    retry = {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]}
    job = jobs.create(jobExecutionsRetryConfig=retry)
    assert [jobs.told()[0], jobs.told()[0]] == ["notify", "notify-next"]
    jobs.accepted(f"{job}/update", {"status": "FAILED"})
    [summary] = jobs.told()[1]["jobs"]["QUEUED"]
    assert (summary["executionNumber"], summary["versionNumber"]) == (2, 1)
    assert jobs.told()[1]["execution"]["executionNumber"] == 2
    assert (jobs.status(job, executionNumber=1), jobs.status(job)) == ("FAILED", "QUEUED")
    jobs.accepted(f"{job}/update", {"status": "FAILED"})
    assert jobs.told()[1]["jobs"] == {}
    listed = jobs.fleet.iot.list_job_executions_for_thing(thingName=jobs.thing, jobId=job)
    attempts = [e["jobExecutionSummary"]["retryAttempt"] for e in listed["executionSummaries"]]
    assert attempts == [0, 1]
    assert jobs.fleet.iot.describe_job(jobId=job)["job"]["jobProcessDetails"]["numberOfFailedThings"] == 1


def test_a_job_is_given_up_when_too_many_fail(fleet, jobs):
    others = [f"abort-{uuid.uuid4().hex[:8]}" for _ in range(3)]
    for other in others:
        fleet.iot.create_thing(thingName=other)
    targets = [arn_of(fleet, "thing", each) for each in [jobs.thing, *others]]
    criteria = {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 50,
                "minNumberOfExecutedThings": 2}  # fmt: skip
    job = create(fleet, targets, abortConfig={"criteriaList": [criteria]})
    assert [jobs.told()[0], jobs.told()[0]] == ["notify", "notify-next"]
    jobs.accepted(f"{job}/update", {"status": "FAILED"})
    assert fleet.iot.describe_job(jobId=job)["job"]["status"] == "IN_PROGRESS"
    data = data_client(fleet)
    data.update_job_execution(jobId=job, thingName=others[0], status="FAILED")
    found = fleet.iot.describe_job(jobId=job)["job"]
    assert found["status"] == "CANCELED" and found["reasonCode"]
    assert found["jobProcessDetails"]["numberOfCanceledThings"] == 2


def data_client(fleet):
    return make_client(fleet.server, "iot-jobs-data")


def test_devices_may_ask_over_http(jobs):
    data = data_client(jobs.fleet)
    assert "execution" not in data.start_next_pending_job_execution(thingName=jobs.thing)
    job = jobs.create(timeoutConfig={"inProgressTimeoutInMinutes": 5})
    pending = data.get_pending_job_executions(thingName=jobs.thing)
    assert [e["jobId"] for e in pending["queuedJobs"]] == [job] and pending["inProgressJobs"] == []
    found = data.describe_job_execution(thingName=jobs.thing, jobId="$next")["execution"]
    assert (found["jobId"], found["jobDocument"]) == (job, DOCUMENT)
    started = data.start_next_pending_job_execution(thingName=jobs.thing)["execution"]
    assert started["status"] == "IN_PROGRESS"
    assert 0 < started["approximateSecondsBeforeTimedOut"] <= 300
    named = {"thingName": jobs.thing, "jobId": job}
    with pytest.raises(ClientError, match="found version 2") as caught:
        data.update_job_execution(status="SUCCEEDED", expectedVersion=9, **named)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    updated = data.update_job_execution(
        status="SUCCEEDED", includeJobExecutionState=True, includeJobDocument=True, **named
    )
    assert updated["executionState"]["status"] == "SUCCEEDED" and updated["jobDocument"] == DOCUMENT
    with pytest.raises(ClientError, match="TerminalStateException") as caught:
        data.describe_job_execution(**named)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        data.get_pending_job_executions(thingName="nobody-has-this-name")


def test_jobs_are_executed_as_fast_as_they_allow(fleet):
    things = [f"rate-{uuid.uuid4().hex[:8]}" for _ in range(5)]
    for thing in things:
        fleet.iot.create_thing(thingName=thing)
    name = group(fleet, *things)
    job = create(
        fleet,
        [arn_of(fleet, "thinggroup", name)],
        jobExecutionsRolloutConfig={"maximumPerMinute": 2},
    )
    listed = fleet.iot.list_job_executions_for_job(jobId=job)["executionSummaries"]
    assert len(listed) == 2
    fleet.iot.update_job(jobId=job, jobExecutionsRolloutConfig={"maximumPerMinute": 1000})
    eventually(
        lambda: len(fleet.iot.list_job_executions_for_job(jobId=job)["executionSummaries"]) == 5
    )
    pages = fleet.iot.get_paginator("list_job_executions_for_job")
    found = [e for page in pages.paginate(jobId=job, PaginationConfig={"PageSize": 2})
             for e in page["executionSummaries"]]  # fmt: skip
    assert {e["thingArn"] for e in found} == {arn_of(fleet, "thing", each) for each in things}
    assert job in [e["jobId"] for e in fleet.iot.list_jobs(thingGroupName=name)["jobs"]]
    fleet.iot.delete_job(jobId=job, force=True)


def test_events_of_jobs_are_published_when_they_are_enabled(fleet, jobs):
    kinds = {"JOB": {"Enabled": True}, "JOB_EXECUTION": {"Enabled": True}}
    fleet.iot.update_event_configurations(eventConfigurations=kinds)
    try:
        job = jobs.create(description="tested")
        assert [jobs.told()[0], jobs.told()[0]] == ["notify", "notify-next"]
        jobs.device.subscribe(f"$aws/events/job/{job}/#", f"$aws/events/jobExecution/{job}/#")
        jobs.device.publish(f"{jobs.base}/{job}/update", json.dumps({"status": "SUCCEEDED"}))
        heard = {}
        while len(heard) < 5:
            message = jobs.device.next()
            heard[message.topic] = json.loads(message.payload)
        execution = heard[f"$aws/events/jobExecution/{job}/succeeded"]
        assert execution["thingArn"] == jobs.arn and execution["eventType"] == "JOB_EXECUTION"
        done = heard[f"$aws/events/job/{job}/completed"]
        assert (done["status"], done["description"]) == ("COMPLETED", "tested")
        assert done["jobProcessDetails"]["numberOfSucceededThings"] == 1
    finally:
        off = {kind: {"Enabled": False} for kind in kinds}
        fleet.iot.update_event_configurations(eventConfigurations=off)


def test_timers_and_schedules_run_by_the_clock_and_survive_a_power_cut(own_server):
    own = own_server()
    fleet = Fleet(own.start())
    identity = fleet.identity(ALLOW_ALL)
    things = [f"timed-{n}" for n in range(4)]
    for thing in things:
        fleet.iot.create_thing(thingName=thing)
    data = data_client(fleet)

    def started(thing, step=None, **members):
        job = create(fleet, [arn_of(fleet, "thing", thing)], **members)
        more = {} if step is None else {"stepTimeoutInMinutes": step}
        data.start_next_pending_job_execution(thingName=thing, **more)
        return job

    minute = {"timeoutConfig": {"inProgressTimeoutInMinutes": 1}}
    retry = {"criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 1}]}
    whole = started(things[0], **minute)
    step = started(things[1], step=1, jobExecutionsRetryConfig=retry)
    never = started(things[2], step=1)
    data.update_job_execution(
        jobId=never, thingName=things[2], status="IN_PROGRESS", stepTimeoutInMinutes=-1
    )
    at = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 31 * 60))
    end = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 90 * 60))
    later = create(
        fleet,
        [arn_of(fleet, "thing", things[3])],
        schedulingConfig={"startTime": at, "endTime": end, "endBehavior": "CANCEL"},
    )
    assert fleet.iot.describe_job(jobId=later)["job"]["status"] == "SCHEDULED"
    own.kill()
    fleet.server = own.start(later="+2m")
    fleet.iot, data = make_client(fleet.server), data_client(fleet)

    def status(job, thing):
        return fleet.iot.describe_job_execution(jobId=job, thingName=thing)["execution"]["status"]

    eventually(lambda: status(whole, things[0]) == "TIMED_OUT")
    eventually(lambda: status(step, things[1]) == "QUEUED")
    assert status(never, things[2]) == "IN_PROGRESS"
    details = fleet.iot.describe_job(jobId=whole)["job"]["jobProcessDetails"]
    assert details["numberOfTimedOutThings"] == 1
    own.kill()
    # Too far ahead for signatures of now: devices have no such bound.
    fleet.server = own.start(later="+33m")
    with Device(fleet.server, identity) as connection:
        waiting = Jobs(fleet, connection, things[3])
        eventually(lambda: waiting.accepted("get")["queuedJobs"])
    own.kill()
    fleet.server = own.start(later="+100m")
    with Device(fleet.server, identity) as connection:
        waiting = Jobs(fleet, connection, things[3])
        eventually(lambda: not waiting.accepted("get")["queuedJobs"])
    own.kill()
    fleet.server = own.start()
    fleet.iot = make_client(fleet.server)
    assert fleet.iot.describe_job(jobId=later)["job"]["status"] == "CANCELED"


def test_the_sdk_for_python_carries_out_a_job(fleet, someone, jobs):
    from awscrt import mqtt5
    from awsiot import iotjobs, mqtt5_client_builder

    job = jobs.create()
    up = queue.Queue()
    host, port = fleet.server.mqtt.rsplit(":", 1)
    client = mqtt5_client_builder.mtls_from_path(
        cert_filepath=str(someone.certificate_file),
        pri_key_filepath=str(someone.key_file),
        ca_filepath=str(fleet.server.root_ca),
        endpoint="localhost",
        port=int(port),
        client_id=f"sdk-{uuid.uuid4().hex[:8]}",
        on_lifecycle_connection_success=lambda data: up.put(data),
    )
    client.start()
    try:
        up.get(timeout=PATIENCE)
        options = mqtt_request_response_options()
        v2 = iotjobs.IotJobsClientV2(client, options)
        pending = v2.get_pending_job_executions(
            iotjobs.GetPendingJobExecutionsRequest(thing_name=jobs.thing)
        ).result(PATIENCE)
        assert [each.job_id for each in pending.queued_jobs] == [job]
        started = v2.start_next_pending_job_execution(
            iotjobs.StartNextPendingJobExecutionRequest(thing_name=jobs.thing)
        ).result(PATIENCE)
        assert started.execution.job_document == {"operation": "reboot"}
        with pytest.raises(Exception) as caught:
            v2.describe_job_execution(
                iotjobs.DescribeJobExecutionRequest(thing_name=jobs.thing, job_id="nojob")
            ).result(PATIENCE)
        assert caught.value.modeled_error.code == iotjobs.RejectedErrorCode.RESOURCE_NOT_FOUND
        v2.update_job_execution(
            iotjobs.UpdateJobExecutionRequest(
                thing_name=jobs.thing, job_id=job, status=iotjobs.JobStatus.SUCCEEDED
            )
        ).result(PATIENCE)
        assert jobs.status(job) == "SUCCEEDED"
    finally:
        client.stop()


def mqtt_request_response_options():
    from awscrt import mqtt_request_response

    return mqtt_request_response.ClientOptions(2, 4, 30)


def test_the_first_client_of_the_sdk_hears_answers_and_notifications(fleet, someone, jobs):
    from awscrt import mqtt
    from awsiot import iotjobs, mqtt_connection_builder

    port = int(fleet.server.mqtt.rsplit(":", 1)[1])
    connection = mqtt_connection_builder.mtls_from_path(
        cert_filepath=str(someone.certificate_file),
        pri_key_filepath=str(someone.key_file),
        ca_filepath=str(fleet.server.root_ca),
        endpoint="localhost",
        port=port,
        client_id=f"sdk-{uuid.uuid4().hex[:8]}",
    )
    connection.connect().result(PATIENCE)
    try:
        v1, heard = iotjobs.IotJobsClient(connection), queue.Queue()
        named, once = {"thing_name": jobs.thing}, mqtt.QoS.AT_LEAST_ONCE
        for subscribe, request in (
            (v1.subscribe_to_next_job_execution_changed_events,
             iotjobs.NextJobExecutionChangedSubscriptionRequest(**named)),
            (v1.subscribe_to_start_next_pending_job_execution_accepted,
             iotjobs.StartNextPendingJobExecutionSubscriptionRequest(**named)),
        ):  # fmt: skip
            subscribe(request, once, heard.put)[0].result(PATIENCE)
        job = jobs.create()
        assert heard.get(timeout=PATIENCE).execution.job_id == job
        v1.publish_start_next_pending_job_execution(
            iotjobs.StartNextPendingJobExecutionRequest(**named), once
        ).result(PATIENCE)
        started = heard.get(timeout=PATIENCE)
        assert started.execution.status == "IN_PROGRESS"
    finally:
        connection.disconnect().result(PATIENCE)


def test_documents_are_read_where_links_point_or_refused(own_server, tmp_path):
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "job.json").write_text('{"a": 1}')
    key = tmp_path / "key"
    key.write_text("aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n")
    key.chmod(0o600)
    own = own_server(
        f'[bulk]\ndirectory = "{tmp_path}"\ns3-endpoint = "https://store.example"\n'
        f's3-credentials-file = "{key}"\n'
    )
    fleet = Fleet(own.start())
    fleet.iot.create_thing(thingName="linked")
    target = [arn("thing", "linked")]
    source = "https://s3.us-east-1.amazonaws.com/bucket/job.json"
    job = f"j-{uuid.uuid4().hex[:8]}"
    fleet.iot.create_job(jobId=job, targets=target, documentSource=source)
    assert fleet.iot.get_job_document(jobId=job)["document"] == '{"a": 1}'
    with pytest.raises(ClientError, match="InvalidRequestException"):
        fleet.iot.create_job(
            jobId="missing", targets=target, documentSource=source.replace("job", "missing")
        )
    holder = "${aws:iot:s3-presigned-url-v2:https://s3.us-east-1.amazonaws.com/b/k%20k}"
    signed = create(
        fleet, target, document=json.dumps({"u": holder}), presignedUrlConfig={"expiresInSec": 60}
    )
    assert holder in fleet.iot.get_job_document(jobId=signed)["document"]
    found = data_client(fleet).describe_job_execution(jobId=signed, thingName="linked")
    url = json.loads(found["execution"]["jobDocument"])["u"]
    assert url.startswith("https://store.example/b/k%20k?") and "X-Amz-Expires=60" in url
    assert "X-Amz-Signature=" in url
    upload = "${aws:iot:s3-presigned-url-upload:https://s3.us-east-1.amazonaws.com/b/${thingName}/${jobId}}"
    sent = create(fleet, target, document=json.dumps({"u": upload}))
    found = data_client(fleet).describe_job_execution(jobId=sent, thingName="linked")
    url = json.loads(found["execution"]["jobDocument"])["u"]
    assert url.startswith(f"https://store.example/b/linked/{sent}?"), url
    for holder, why in [
        ("${aws:iot:s3-presigned-url:nothing}", "names no object"),
        ("${aws:iot:unheard-of:x}", "none of AWS IoT's"),
    ]:
        with pytest.raises(ClientError, match=why):
            create(fleet, target, document=json.dumps({"u": holder}))
    with pytest.raises(ClientError, match="the limit is 100"):
        create(fleet, target, document=json.dumps({"u": "${aws:iot:parameter:p}" * 101}))


def test_a_placeholder_that_nothing_can_fill_is_refused(jobs):
    holder = "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/b/k}"
    with pytest.raises(ClientError, match="s3-endpoint"):
        jobs.create(document=json.dumps({"u": holder}))
