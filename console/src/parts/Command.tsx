import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import SpaceBetween from '@cloudscape-design/components/space-between';

/** A command or a text that can be copied. */
export function Command({ text, label = 'Copy' }: { text: string; label?: string }) {
  return (
    <SpaceBetween size="xxs">
      <pre className="text" tabIndex={0}>{text}</pre>
      <CopyToClipboard copyButtonText={label} copyErrorText="It could not be copied" copySuccessText="Copied" textToCopy={text} />
    </SpaceBetween>
  );
}

/** An id or an ARN that can be copied; long ones wrap. */
export function Copyable({ text }: { text: string | undefined }) {
  if (!text) return <>–</>;
  return <CopyToClipboard variant="inline" copyErrorText="It could not be copied" copySuccessText="Copied" textToCopy={text} textToDisplay={text} copyButtonAriaLabel={`Copy ${text}`} />;
}
