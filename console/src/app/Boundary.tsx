import Alert from '@cloudscape-design/components/alert';
import { Component, type ReactNode } from 'react';

interface State {
  error: string | null;
}

/** Shows what broke a page instead of an empty one. */
export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <Alert type="error" header="This page broke">
        {this.state.error}. Reload it; if it breaks again, it is a bug.
      </Alert>
    );
  }
}
