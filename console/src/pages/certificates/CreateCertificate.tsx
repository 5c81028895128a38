import { AttachPolicyCommand, CreateKeysAndCertificateCommand, type CreateKeysAndCertificateCommandOutput } from '@aws-sdk/client-iot';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { iot } from '../../api/clients';
import { rootCertificate } from '../../api/own';
import { save } from '../../parts/download';
import { ErrorBox } from '../../parts/ErrorBox';

interface Props {
  button: string;
  /** Attached to the new certificate. */
  policyName?: string;
  disabled?: boolean;
  /** How the files begin: claim, or a piece of the certificate's id. */
  prefix?: string;
  done?: (id: string) => void;
}

/** One-click creation: a key and a certificate, which are handed out here and never again. */
export function CreateCertificate({ button, policyName, disabled = false, prefix, done }: Props) {
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: async () => {
      const made = await iot().send(new CreateKeysAndCertificateCommand({ setAsActive: true }));
      if (policyName && made.certificateArn) {
        await iot().send(new AttachPolicyCommand({ policyName, target: made.certificateArn }));
      }
      return made;
    },
  });
  const close = () => {
    const id = create.data?.certificateId;
    create.reset();
    void queries.invalidateQueries();
    if (id) done?.(id);
  };
  return (
    <>
      <Button loading={create.isPending} disabled={disabled} onClick={() => create.mutate()}>{button}</Button>
      <ErrorBox error={create.error} doing="No certificate was made" />
      {create.data && <Downloads made={create.data} prefix={prefix} close={close} />}
    </>
  );
}

function Downloads({ made, prefix, close }: { made: CreateKeysAndCertificateCommandOutput; prefix: string | undefined; close: () => void }) {
  const root = useQuery({ queryKey: ['root-certificate'], queryFn: rootCertificate });
  const [kept, setKept] = useState(false);
  const name = prefix ?? made.certificateId?.slice(0, 12) ?? 'device';
  const files: [string, string, string | undefined][] = [
    ['Device certificate', `${name}.cert.pem`, made.certificatePem],
    ['Public key file', `${name}.public.key`, made.keyPair?.PublicKey],
    ['Private key file', `${name}.private.key`, made.keyPair?.PrivateKey],
    ['Root CA certificate', 'root-ca.pem', root.data],
  ];
  return (
    <Modal
      visible
      header="Download certificates and keys"
      onDismiss={close}
      footer={<Box float="right"><Button variant="primary" disabled={!kept} onClick={close}>Done</Button></Box>}
    >
      <SpaceBetween size="m">
        <Alert type="warning">This is the only time you can download the key files for this certificate. The server does not keep them.</Alert>
        <Box>Certificate {made.certificateId}, active.</Box>
        <ErrorBox error={root.error} doing="The root CA could not be read" />
        {files.map(([label, file, text]) => (
          <SpaceBetween key={file} direction="horizontal" size="s" alignItems="center">
            <Button
              iconName="download"
              disabled={!text}
              onClick={() => {
                save(file, text ?? '');
                if (file.endsWith('private.key')) setKept(true);
              }}
            >
              {label}
            </Button>
            <Box variant="code">{file}</Box>
          </SpaceBetween>
        ))}
        {!kept && <Box color="text-body-secondary">Done can be pressed once the private key is downloaded.</Box>}
      </SpaceBetween>
    </Modal>
  );
}
