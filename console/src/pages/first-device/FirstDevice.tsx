import { DescribeProvisioningTemplateCommand } from '@aws-sdk/client-iot';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Tabs from '@cloudscape-design/components/tabs';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { iot } from '../../api/clients';
import { useEndpoint, withPort } from '../../api/endpoints';
import { rootCertificate } from '../../api/own';
import type { PageProps } from '../../app/pages';
import { path } from '../../app/route';
import { Command } from '../../parts/Command';
import { Detail } from '../../parts/Detail';
import { save } from '../../parts/download';
import { ErrorBox } from '../../parts/ErrorBox';
import { commands, parametersOf } from './commands';
import { Watch } from './Watch';

/** After the template: what to type on a device, and what becomes of it. */
export function FirstDevice({ names: [templateName = ''] }: PageProps) {
  const template = useQuery({ queryKey: ['template', templateName], queryFn: () => iot().send(new DescribeProvisioningTemplateCommand({ templateName })) });
  const endpoint = useEndpoint('iot:Data-ATS');
  const root = useQuery({ queryKey: ['root-certificate'], queryFn: rootCertificate });
  return (
    <Detail name="Connect a device" above={[templateName, path`/templates/${templateName}`]} query={template}>
      {() => (
        <>
          <Container
            header={
              <Header
                variant="h2"
                description="On the device, beside claim.cert.pem and claim.private.key, which the wizard gave you."
                actions={<Button iconName="download" disabled={!root.data} onClick={() => save('root-ca.pem', root.data ?? '')}>Root CA certificate</Button>}
              >
                1. Run this on a device
              </Header>
            }
          >
            <SpaceBetween size="s">
              <ErrorBox error={endpoint.error} doing="The endpoint could not be read" />
              {endpoint.data && (
                <Tabs
                  ariaLabel="Kinds of device"
                  tabs={commands(withPort(endpoint.data), templateName, parametersOf(template.data?.templateBody ?? '')).map(({ id, label, about, text }) => ({
                    id,
                    label,
                    content: <SpaceBetween size="s"><Box>{about}</Box><Command text={text} /></SpaceBetween>,
                  }))}
                />
              )}
            </SpaceBetween>
          </Container>
          <Watch templateName={templateName} enabled={template.data?.enabled ?? true} />
        </>
      )}
    </Detail>
  );
}
