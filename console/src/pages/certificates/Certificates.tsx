import { ListCertificatesCommand, type Certificate as Row } from '@aws-sdk/client-iot';
import { iot } from '../../api/clients';
import { path } from '../../app/route';
import { Command } from '../../parts/Command';
import { Go } from '../../parts/Go';
import { Empty, Listing } from '../../parts/Listing';
import { Status } from '../../parts/Status';
import { Time } from '../../parts/Time';
import { CreateCertificate } from './CreateCertificate';

export function Certificates() {
  return (
    <Listing<Row>
      title="Certificates"
      description="By a certificate and its private key a device is known."
      list={['certificates']}
      load={async (marker) => {
        const found = await iot().send(new ListCertificatesCommand({ marker, pageSize: 50 }));
        return { items: found.certificates ?? [], next: found.nextMarker };
      }}
      id={(it) => it.certificateId ?? ''}
      actions={<CreateCertificate button="Create certificate" />}
      columns={[
        { header: 'Certificate ID', cell: (it) => <Go to={path`/certificates/${it.certificateId ?? ''}`}>{it.certificateId}</Go>, text: (it) => it.certificateId ?? '' },
        { header: 'Status', cell: (it) => <Status of={it.status} />, text: (it) => it.status ?? '' },
        { header: 'Created', cell: (it) => <Time at={it.creationDate} />, text: (it) => it.creationDate?.toISOString() ?? '' },
      ]}
      empty={
        <Empty what="No certificates" why="Devices that join by a template get theirs there; here you make one by hand.">
          <Command text="aws iot create-keys-and-certificate --set-as-active" />
        </Empty>
      }
    />
  );
}
