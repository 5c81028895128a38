import { CancelJobCommand, DescribeJobCommand, GetJobDocumentCommand, ListJobExecutionsForJobCommand, type JobExecutionSummaryForJob } from '@aws-sdk/client-iot';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import { useQuery } from '@tanstack/react-query';
import { iot } from '../../api/clients';
import type { PageProps } from '../../app/pages';
import { path } from '../../app/route';
import { Copyable } from '../../parts/Command';
import { Confirm } from '../../parts/Confirm';
import { Detail, Facts } from '../../parts/Detail';
import { ErrorBox } from '../../parts/ErrorBox';
import { Go } from '../../parts/Go';
import { tidy } from '../../parts/JsonEditor';
import { Empty, Listing } from '../../parts/Listing';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';

/** How often a job under way is looked at, milliseconds. */
const EVERY = 5000;

export function Job({ names: [jobId = ''] }: PageProps) {
  const found = useQuery({ queryKey: ['job', jobId], queryFn: () => iot().send(new DescribeJobCommand({ jobId })), refetchInterval: EVERY });
  const document = useQuery({ queryKey: ['job', jobId, 'document'], queryFn: () => iot().send(new GetJobDocumentCommand({ jobId })) });
  const job = found.data?.job;
  const counts = job?.jobProcessDetails;
  const ended = (counts?.numberOfSucceededThings ?? 0) + (counts?.numberOfFailedThings ?? 0) + (counts?.numberOfRejectedThings ?? 0) + (counts?.numberOfCanceledThings ?? 0) + (counts?.numberOfTimedOutThings ?? 0) + (counts?.numberOfRemovedThings ?? 0);
  const all = ended + (counts?.numberOfQueuedThings ?? 0) + (counts?.numberOfInProgressThings ?? 0);
  const count = (number: number | undefined) => String(number ?? 0);
  return (
    <Detail
      name={jobId}
      above={['Jobs', '/jobs']}
      query={found}
      actions={
        <Confirm verb="Cancel job" name={jobId} typed disabled={job?.status !== 'IN_PROGRESS' && job?.status !== 'SCHEDULED'} run={() => iot().send(new CancelJobCommand({ jobId }))}>
          Executions that are queued are canceled; those in progress go on.
        </Confirm>
      }
    >
      {() => (
        <>
          <Facts
            title="Details"
            facts={[
              ['Status', <Status of={job?.status} />],
              ['Job ARN', <Copyable text={job?.jobArn} />],
              ['Targets', job?.targets?.map((it) => it.split(':').pop()).join(', ')],
              ['Created', <Time at={job?.createdAt} />],
              ['Completed', <Time at={job?.completedAt} />],
              ['Queued', count(counts?.numberOfQueuedThings)],
              ['In progress', count(counts?.numberOfInProgressThings)],
              ['Succeeded', count(counts?.numberOfSucceededThings)],
              ['Failed', count(counts?.numberOfFailedThings)],
              ['Rejected', count(counts?.numberOfRejectedThings)],
              ['Timed out', count(counts?.numberOfTimedOutThings)],
              ['Canceled', count(counts?.numberOfCanceledThings)],
            ]}
          />
          <ProgressBar label="Executions that ended" value={all ? (100 * ended) / all : 0} additionalInfo={`${ended} of ${all}`} />
          <Container header={<Header variant="h2">Job document</Header>}>
            <ErrorBox error={document.error} />
            <pre className="text" tabIndex={0}>{tidy(document.data?.document ?? '')}</pre>
          </Container>
          <Executions jobId={jobId} />
        </>
      )}
    </Detail>
  );
}

function Executions({ jobId }: { jobId: string }) {
  const thing = (it: JobExecutionSummaryForJob) => it.thingArn?.split(':thing/').pop() ?? '';
  return (
    <Listing<JobExecutionSummaryForJob>
      title="Job executions"
      list={['job', jobId, 'executions']}
      every={EVERY}
      load={async (nextToken) => {
        const found = await iot().send(new ListJobExecutionsForJobCommand({ jobId, nextToken, maxResults: 50 }));
        return { items: found.executionSummaries ?? [], next: found.nextToken };
      }}
      id={thing}
      columns={[
        { header: 'Thing', cell: (it) => <Go to={path`/things/${thing(it)}`}>{thing(it)}</Go>, text: thing },
        { header: 'Status', cell: (it) => <Status of={it.jobExecutionSummary?.status} />, text: (it) => it.jobExecutionSummary?.status ?? '' },
        { header: 'Last updated', cell: (it) => <Time at={it.jobExecutionSummary?.lastUpdatedAt} />, text: (it) => it.jobExecutionSummary?.lastUpdatedAt?.toISOString() ?? '' },
      ]}
      empty={<Empty what="No executions" why="The job has reached no thing yet." />}
    />
  );
}
