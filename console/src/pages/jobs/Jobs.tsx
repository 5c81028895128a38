import { ListJobsCommand, type JobSummary } from '@aws-sdk/client-iot';
import { iot } from '../../api/clients';
import { path } from '../../app/route';
import { Command } from '../../parts/Command';
import { Go } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';

export function Jobs() {
  return (
    <Listing<JobSummary>
      title="Jobs"
      description="What devices are told to do, and how far they are."
      list={['jobs']}
      load={async (nextToken) => {
        const found = await iot().send(new ListJobsCommand({ nextToken, maxResults: 50 }));
        return { items: found.jobs ?? [], next: found.nextToken };
      }}
      id={(it) => it.jobId ?? ''}
      columns={[
        { header: 'Job', cell: (it) => <Go to={path`/jobs/${it.jobId ?? ''}`}>{it.jobId}</Go>, text: (it) => it.jobId ?? '' },
        { header: 'Status', cell: (it) => <Status of={it.status} />, text: (it) => it.status ?? '' },
        { header: 'Targets', cell: (it) => it.targetSelection, text: (it) => it.targetSelection ?? '' },
        { header: 'Created', cell: (it) => <Time at={it.createdAt} />, text: (it) => it.createdAt?.toISOString() ?? '' },
        { header: 'Completed', cell: (it) => <Time at={it.completedAt} />, text: (it) => it.completedAt?.toISOString() ?? '' },
      ]}
      empty={
        <Empty what="No jobs" why="A job hands a document to many devices and counts what became of it.">
          <Command text={'aws iot create-job --job-id update-1 --targets arn:aws:iot:REGION:ACCOUNT:thing/NAME \\\n    --document \'{"operation":"update"}\''} />
        </Empty>
      }
    />
  );
}
