import FormField from '@cloudscape-design/components/form-field';
import Textarea from '@cloudscape-design/components/textarea';

/** Why a text is no JSON object; empty when it is one. */
export function flaw(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? '' : 'It must be a JSON object.';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** JSON in a tidy form; what is none stays as it is. */
export function tidy(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Edits a JSON document, and says at once where it is none. */
export function JsonEditor(props: { label: string; value: string; onChange: (text: string) => void; rows?: number }) {
  return (
    <FormField label={props.label} errorText={flaw(props.value)} stretch>
      <div className="json">
        <Textarea value={props.value} rows={props.rows ?? 18} spellcheck={false} ariaLabel={props.label} onChange={({ detail }) => props.onChange(detail.value)} />
      </div>
    </FormField>
  );
}
