import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Asked } from './cli';
import { ErrorBox } from './ErrorBox';
import { RequestShown } from './RequestShown';

interface Props<T> {
  /** The button that opens it, and its title. */
  button: string;
  primary?: boolean;
  ready: boolean;
  requests: Asked[];
  run: () => Promise<T>;
  done?: (made: T) => void;
  children: ReactNode;
}

/** A form in a dialog, with the request that it will send. */
export function CreateDialog<T>({ button, primary = true, ready, requests, run, done, children }: Props<T>) {
  const [open, setOpen] = useState(false);
  const queries = useQueryClient();
  const action = useMutation({
    mutationFn: run,
    onSuccess: async (made) => {
      setOpen(false);
      await queries.invalidateQueries();
      done?.(made);
    },
  });
  const close = () => {
    setOpen(false);
    action.reset();
  };
  return (
    <>
      <Button variant={primary ? 'primary' : 'normal'} onClick={() => setOpen(true)}>{button}</Button>
      <Modal
        visible={open}
        size="large"
        header={button}
        onDismiss={close}
        footer={
          <Box float="right">
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" onClick={close}>Cancel</Button>
              <Button variant="primary" disabled={!ready} loading={action.isPending} onClick={() => action.mutate()}>Create</Button>
            </SpaceBetween>
          </Box>
        }
      >
        <SpaceBetween size="l">
          {children}
          <ErrorBox error={action.error} />
          {open && <RequestShown requests={requests} />}
        </SpaceBetween>
      </Modal>
    </>
  );
}
