"""What provokes the errors that operations on jobs list."""

import json

import asking
from refusals import provokes


@provokes("CreateJob.LimitExceededException")
def a_document_that_is_too_long(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"document": json.dumps({"a": "x" * 40_000})})


@provokes("AssociateTargetsWithJob.LimitExceededException")
def the_101st_target(scene, call):
    targets = [scene.arn("thing", f"absent-{n}") for n in range(101)]
    call(jobId=scene.continuous_job, targets=targets)


@provokes("DeleteJob.InvalidStateTransitionException")
def a_job_in_progress(scene, call):
    call(jobId=scene.job)


@provokes(
    "CancelJobExecution.InvalidStateTransitionException",
    "DeleteJobExecution.InvalidStateTransitionException",
)
def an_execution_in_progress(scene, call):
    scene.jobs_data.update_job_execution(
        jobId=scene.job, thingName=scene.thing, status="IN_PROGRESS"
    )
    number = {"executionNumber": 1} if call.operation == "DeleteJobExecution" else {}
    call(jobId=scene.job, thingName=scene.thing, **number)


@provokes("iot-jobs-data:UpdateJobExecution.InvalidStateTransitionException")
def an_execution_that_is_over(scene, call):
    call(jobId=scene.canceled_job, thingName=scene.thing, status="SUCCEEDED")


@provokes("iot-jobs-data:DescribeJobExecution.TerminalStateException")
def an_execution_that_has_ended(scene, call):
    call(jobId=scene.canceled_job, thingName=scene.thing)


@provokes("ListManagedJobTemplates.InvalidRequestException")
def a_token_of_nobody(_, call):
    call(nextToken="!")


@provokes("CreateJobTemplate.ConflictException")
def a_template_of_that_name(scene, call):
    call(jobTemplateId=scene.job_template, description="again", document="{}")


@provokes("CreateJobTemplate.ResourceNotFoundException")
def a_template_of_a_job_that_is_not_there(scene, call):
    arn = scene.arn("job", "absent")
    call(jobTemplateId=scene.fresh("t"), description="a description", jobArn=arn)


@provokes("CreateJob.ResourceNotFoundException")
def a_job_of_a_thing_that_is_not_there(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"targets": [scene.arn("thing", "absent")]})


@provokes("CreateJob.ResourceAlreadyExistsException")
def a_job_of_that_id(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"jobId": scene.job})


@provokes("CreateJobTemplate.LimitExceededException")
def the_101st_job_template(scene, call):
    made = []
    try:
        for _ in range(102):
            made.append(scene.fresh("job-template"))
            call(jobTemplateId=made[-1], description="one", document="{}", goes_on=True)
    finally:
        for name in made:
            try:
                scene.iot.delete_job_template(jobTemplateId=name)
            except scene.iot.exceptions.ResourceNotFoundException:
                pass
