import { I18nProvider } from '@cloudscape-design/components/i18n';
import messages from '@cloudscape-design/components/i18n/messages/all.en';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { SignIn } from '../session/SignIn';
import { useSession } from '../session/session';
import { Frame } from './Frame';

const queries = new QueryClient({
  // An error is shown, not asked for again: most of them are answers.
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 2000 } },
});

export function App() {
  const session = useSession();
  return (
    <I18nProvider locale="en" messages={[messages]}>
      <QueryClientProvider client={queries}>
        {session ? <Frame key={session.accessKeyId} session={session} /> : <SignIn signedIn={() => queries.clear()} />}
      </QueryClientProvider>
    </I18nProvider>
  );
}
