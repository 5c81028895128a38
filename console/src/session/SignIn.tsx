import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FileUpload from '@cloudscape-design/components/file-upload';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { problem } from '../api/problem';
import { replace } from '../app/route';
import { Command } from '../parts/Command';
import { farewell, signIn, type Session } from './session';
import { byKey, byLink, ofFile } from './ways';

/** The token of a link, taken out of the address at once: it stays in no history. */
function takeToken(): string {
  const token = window.location.hash.slice(1);
  if (token) window.history.replaceState(null, '', window.location.pathname + window.location.search);
  return token;
}

const linked = takeToken();
let used = false;

export function SignIn({ signedIn }: { signedIn: () => void }) {
  const [id, setId] = useState('');
  const [secret, setSecret] = useState('');
  const [region, setRegion] = useState('us-east-1');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(linked !== '' && !used);

  const enter = (session: Session) => {
    signedIn();
    if (window.location.pathname.endsWith('/sign-in')) replace('/');
    signIn(session);
  };
  const settle = (way: Promise<Session>) => {
    way.then(enter, (refused: unknown) => setError(problem(refused).message)).finally(() => setBusy(false));
  };
  useEffect(() => {
    document.title = 'Sign in · Fleetwright';
    // Once, whatever is rendered again.
    if (linked && !used) {
      used = true;
      settle(byLink(linked));
    }
  });

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    setError('');
    settle(byKey(id.trim(), secret.trim(), region.trim()));
  };
  const take = async (files: File[]) => {
    const found = ofFile((await files[0]?.text()) ?? '');
    if (!found) {
      setError('That file holds no access key.');
      return;
    }
    setId(found.id);
    setSecret(found.secret);
    if (found.region) setRegion(found.region);
  };

  return (
    <main className="sign-in">
      <SpaceBetween size="l">
        {farewell() && !error && <Alert type="info">{farewell()}</Alert>}
        {error && <Alert type="error" header="You are not signed in">{error}</Alert>}
        <form onSubmit={submit}>
          <Form actions={<Button variant="primary" formAction="submit" loading={busy} disabled={!id || !secret}>Sign in</Button>}>
            <Container header={<Header variant="h1" description="The pages do what your access key may do, and nothing else.">Fleetwright</Header>}>
              <SpaceBetween size="m">
                <FormField label="Access key ID">
                  <Input value={id} onChange={({ detail }) => setId(detail.value)} autoComplete="username" spellcheck={false} />
                </FormField>
                <FormField label="Secret access key" description="It is used once, for temporary credentials of at most 12 hours, and not kept.">
                  <Input type="password" value={secret} onChange={({ detail }) => setSecret(detail.value)} autoComplete="off" />
                </FormField>
                <FormField label="Region">
                  <Input value={region} onChange={({ detail }) => setRegion(detail.value)} />
                </FormField>
                <FormField label="Or a credentials file – optional" description="Such as admin.credentials in the server's data directory.">
                  <FileUpload
                    value={[]}
                    onChange={({ detail }) => void take(detail.value)}
                    i18nStrings={{
                      uploadButtonText: () => 'Choose file',
                      dropzoneText: () => 'Drop file here',
                      removeFileAriaLabel: () => 'Remove file',
                      limitShowFewer: 'Show fewer files',
                      limitShowMore: 'Show more files',
                      errorIconAriaLabel: 'Error',
                    }}
                  />
                </FormField>
              </SpaceBetween>
            </Container>
          </Form>
        </form>
        <Box>
          Without typing a key: this prints a link that signs you in once, within a minute.
          <Command text="fleetwright console" />
        </Box>
      </SpaceBetween>
    </main>
  );
}
