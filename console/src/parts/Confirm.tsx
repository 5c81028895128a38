import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ErrorBox } from './ErrorBox';

interface Props {
  /** The button, and what it does: "Delete". */
  verb: string;
  /** What it is done to; typed before it is done when it cannot be undone. */
  name: string;
  typed?: boolean;
  children: ReactNode;
  run: () => Promise<unknown>;
  done?: () => void;
  disabled?: boolean;
}

/** A button that asks first. */
export function Confirm({ verb, name, typed = false, children, run, done, disabled = false }: Props) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const queries = useQueryClient();
  const close = () => {
    setOpen(false);
    setText('');
    action.reset();
  };
  const action = useMutation({
    mutationFn: run,
    onSuccess: async () => {
      close();
      done?.();
      await queries.invalidateQueries();
    },
  });
  return (
    <>
      <Button disabled={disabled} onClick={() => setOpen(true)}>{verb}</Button>
      <Modal
        visible={open}
        onDismiss={close}
        header={`${verb} ${name}?`}
        footer={
          <Box float="right">
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" onClick={close}>Cancel</Button>
              <Button variant="primary" loading={action.isPending} disabled={typed && text !== name} onClick={() => action.mutate()}>{verb}</Button>
            </SpaceBetween>
          </Box>
        }
      >
        <SpaceBetween size="m">
          <div>{children}</div>
          {typed && (
            <FormField label={`Type ${name} to confirm`}>
              <Input value={text} onChange={({ detail }) => setText(detail.value)} autoComplete="off" />
            </FormField>
          )}
          <ErrorBox error={action.error} />
        </SpaceBetween>
      </Modal>
    </>
  );
}
