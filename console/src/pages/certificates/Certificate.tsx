import { DeleteCertificateCommand, DescribeCertificateCommand, ListPrincipalThingsCommand, UpdateCertificateCommand, type CertificateStatus } from '@aws-sdk/client-iot';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { iot } from '../../api/clients';
import type { PageProps } from '../../app/pages';
import { go, path } from '../../app/route';
import { Command, Copyable } from '../../parts/Command';
import { Confirm } from '../../parts/Confirm';
import { Detail, Facts } from '../../parts/Detail';
import { Go } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { AttachedPolicies } from './AttachedPolicies';

const MEANS: Record<string, string> = {
  ACTIVE: 'Devices with it may connect again.',
  INACTIVE: 'Devices with it are disconnected and refused until it is active again.',
  REVOKED: 'Devices with it are disconnected and refused.',
};

export function Certificate({ names: [certificateId = ''] }: PageProps) {
  const found = useQuery({ queryKey: ['certificate', certificateId], queryFn: () => iot().send(new DescribeCertificateCommand({ certificateId })) });
  const about = found.data?.certificateDescription;
  const become = (verb: string, newStatus: CertificateStatus) => (
    <Confirm
      verb={verb}
      name="this certificate"
      disabled={!about || about.status === newStatus}
      run={() => iot().send(new UpdateCertificateCommand({ certificateId, newStatus }))}
    >
      {MEANS[newStatus]}
    </Confirm>
  );
  return (
    <Detail
      name={certificateId}
      above={['Certificates', '/certificates']}
      query={found}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {become('Activate', 'ACTIVE')}
          {become('Deactivate', 'INACTIVE')}
          {become('Revoke', 'REVOKED')}
          <Confirm verb="Delete" name={certificateId.slice(0, 8)} typed disabled={!about || about.status === 'ACTIVE'} run={() => iot().send(new DeleteCertificateCommand({ certificateId, forceDelete: true }))} done={() => go('/certificates')}>
            The certificate is forgotten, with its policies. Its device can never use it again.
          </Confirm>
        </SpaceBetween>
      }
    >
      {() => (
        <>
          <Facts
            title="Details"
            facts={[
              ['Status', <Status of={about?.status} />],
              ['Certificate ARN', <Copyable text={about?.certificateArn} />],
              ['Created', <Time at={about?.creationDate} />],
              ['Valid from', <Time at={about?.validity?.notBefore} />],
              ['Expires', <Time at={about?.validity?.notAfter} />],
              ['Issuer', about?.caCertificateId ? <Copyable text={about.caCertificateId} /> : 'this server'],
            ]}
          />
          {about?.certificateArn && <AttachedPolicies target={about.certificateArn} />}
          {about?.certificateArn && <ThingsOf principal={about.certificateArn} />}
          {about?.certificatePem && <Command text={about.certificatePem} label="Copy PEM" />}
        </>
      )}
    </Detail>
  );
}

function ThingsOf({ principal }: { principal: string }) {
  return (
    <Listing<string>
      title="Things"
      list={['certificate', principal, 'things']}
      load={async (nextToken) => {
        const found = await iot().send(new ListPrincipalThingsCommand({ principal, nextToken }));
        return { items: found.things ?? [], next: found.nextToken };
      }}
      id={(it) => it}
      columns={[{ header: 'Thing', cell: (it) => <Go to={path`/things/${it}`}>{it}</Go>, text: (it) => it }]}
      empty={<Empty what="No things" why="A claim certificate has none; a device's own certificate has its thing." />}
    />
  );
}
